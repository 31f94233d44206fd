"""Measured arrivals: servers that the fitted section asks for, beside those that the raw file asks for.

Every file of arrivals is given to `advisor fit`, as a user would. Servers needed: the fewest that keep the p99 wait
under a tenth of the mean service, first come first served, where ten are busy on average. The raw file's own chance is
told by its quarters, each asked by itself: their standard error is what another stretch of the traffic might give.

The criteria are the design's: four numbers within a factor of 1.4, and of 2 where single events of the news make the
peak. Poisson arrivals at the same mean rate are shown as what one would do without a fit.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from advisor.fitting import Fit, fit
from advisor.fitting.comparing import SHUFFLED, raw_of, servers_needed
from advisor.fitting.counting import count
from tests.reality.measured import column, error_of_mean, rows_of, show

QUARTERS = 4
#: (file, what it is, factor either way)
FILES = (
    ("azure_llm_conv_2023", "chat requests, own tokens as work", 1.4),
    ("mooncake_conversation", "chat requests, own tokens as work", 1.4),
    ("surf_batch_jobs_oct2022", "batch jobs, own run times as work", 1.4),
    ("servegen_m-small", "43 clients of a language model", 1.4),
    ("servegen_mm-image", "35 clients of an image model", 1.4),
    ("AAPL", "mentions per 5 min, five news spikes", 2.0),
    ("GOOG", "mentions per 5 min, busy", 1.4),
    ("KO", "mentions per 5 min, one news spike", 2.0),
    ("CVS", "mentions per 5 min, sporadic", 2.0),
    ("PFE", "mentions per 5 min, sporadic", 1.4),
)
# Fourteen days of a rate of a thousand per second, thinned so that the comparison sees all days.
THINNED = 1 / 3000


def arrivals_of(traces: Path, folder: Path, name: str) -> Path:
    """A measured file as `advisor fit` reads it: instants with work, or counts per interval."""
    path, source = folder / f"{name}.csv", traces / "arrivals"
    if name.startswith("servegen"):
        rows = rows_of(source / f"{name}_clients_10min.csv.gz")
        place = (column(rows, "t_s") / 600).astype(int)
        counts = np.bincount(place, weights=column(rows, "rate") * 600)
        if name.endswith("m-small"):
            counts *= THINNED
        held = [f"{600 * k},{round(count)}\n" for k, count in enumerate(counts)]
        path.write_text("start_s,count\n" + "".join(held))
        return path
    if name in ("azure_llm_conv_2023", "mooncake_conversation", "surf_batch_jobs_oct2022"):
        rows = rows_of(source / f"{name}.csv.gz")
        jobs = name.startswith("surf")
        at = column(rows, "submit_s" if jobs else "arrival_s")
        # A language model: 0.3 s for the prompt and 30 ms a token, of which only the proportions count.
        work = np.maximum(1.0, column(rows, "run_s")) if jobs else 0.3 + 0.03 * column(rows, "output_tokens")
        held = [f"{a},{w:.8f}\n" for a, w in zip(at, work / work.mean(), strict=True)]
        path.write_text("arrival_s,work\n" + "".join(held))
        return path
    held = [f"{row['bin_start_s']},{row[name]}\n" for row in rows_of(source / "nab_tweets_5min_a.csv.gz")]
    path.write_text("start_s,count\n" + "".join(held))
    return path


def compared(found: Fit) -> tuple[float, float, float]:
    """Servers needed by the raw file (with its work drawn anew, where the file has its own), by section, by Poisson."""
    named = {one.form: one.servers for one in found.predictions}
    return named.get(SHUFFLED, named["raw file"]), named["this section"], named["Poisson"]


def quarters(found: Fit) -> list[float]:
    """Servers needed by each quarter of the compared span of a raw file, at the same mean service."""
    counted = count(found.path)
    raw = raw_of(found.path, has_work=counted.has_work, grain_s=counted.grain_s or 0, seed=0)
    place = np.minimum(raw.at_s / raw.span_s * QUARTERS, QUARTERS - 1).astype(int)
    needed = []
    for quarter in range(QUARTERS):
        at, work = raw.at_s[place == quarter], raw.work[place == quarter]
        needed.append(float(servers_needed(at, work * found.service_s, found.service_s)))
    return needed


@pytest.fixture(scope="module")
def fits(traces: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fit]:
    folder = tmp_path_factory.mktemp("arrivals")
    return {name: fit(arrivals_of(traces, folder, name)) for name, _, _ in FILES}


def test_the_fitted_section_asks_for_about_as_many_servers_as_the_measured_arrivals(fits: dict[str, Fit]) -> None:
    rows, missed, better = [], [], []
    for name, what, off in FILES:
        raw, section, poisson = compared(fits[name])
        ratio = section / raw
        missed += [name] if not 1 / off <= ratio <= off else []
        better.append(abs(math.log(ratio)) <= abs(math.log(poisson / raw)) + 0.05)
        error = error_of_mean(quarters(fits[name]))
        hours = f"{fits[name].span_s / 3600:.1f}"
        own = fits[name].predictions[0].servers
        rows.append(
            (name, what, hours, own if own != raw else "", raw, error, section, poisson, ratio, poisson / raw, off)
        )
    show(
        "Servers needed (ten busy on average)",
        (
            "file",
            "what",
            "hours",
            "own order",
            "raw",
            "s.e.",
            "fitted",
            "Poisson",
            "fitted / raw",
            "Poisson / raw",
            "criterion",
        ),
        rows,
        "Where a file has its own work, raw is its arrivals with that work drawn anew: a section cannot tell which "
        "request is long. Own order: with each request's own work, where that differs; the s.e. is of that one.",
    )
    assert missed == []
    assert all(better)
