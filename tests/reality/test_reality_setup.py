"""Measured set-up times of AWS Lambda against the assumed spread of cold starts.

Ten starts each of some 12,700 configurations (runtime, package, memory, architecture; third-party measurement, 2023 to
2025). Only the spread is compared: these are hello-world functions, whose lengths say nothing of a model server.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advisor.catalog.assumptions import assumption
from advisor.sim.arrivals import Points
from advisor.sim.block import Laws
from advisor.sim.service import Sizes, constant
from advisor.sim.trace import Trace
from tests.reality.measured import column, error_of_mean, error_of_quantile, rows_of, show

STARTS = 10


def spread(starts: np.ndarray) -> np.ndarray:
    """Standard deviation over mean, a row a configuration."""
    return np.asarray(starts.std(axis=1, ddof=1) / starts.mean(axis=1))


def drawn(cv: float, sets: int) -> np.ndarray:
    """Sets of ten cold starts as the simulator draws them."""
    laws = Laws(shape=constant(), sizes_in=(Sizes.of(0.0),), sizes_out=(Sizes.of(0.0),), cold_cv=cv)
    trace = Trace([Points(name="", rate_per_s=1.0)], seed=1, laws=laws, horizon_s=float(sets * STARTS))
    draws = np.empty(0)
    for block in trace.blocks():
        draws = np.concatenate([draws, block.cold[0, : block.n]])
        if len(draws) >= sets * STARTS:
            break
    return draws[: sets * STARTS].reshape(sets, STARTS)


@pytest.fixture(scope="module")
def configurations(traces: Path) -> list[tuple[str, int, np.ndarray]]:
    """Package, memory and ten lengths each; rows without ten lengths are left out."""
    kept = []
    for row in rows_of(traces / "service" / "lambda_perf_init_ms.csv.gz"):
        lengths = np.array(row["init_ms_x10"].split(), float)
        if len(lengths) == STARTS:
            kept.append((row["package"], int(float(row["memory_mb"])), lengths))
    return kept


def test_the_assumed_spread_of_cold_starts_is_the_measured_median_of_images(
    configurations: list[tuple[str, int, np.ndarray]],
) -> None:
    told = assumption("serverless_setup_cv")
    ours, low, high = (float(told.parse(value)) for value in (told.value, told.low, told.high))
    groups = {"all": [lengths for _, _, lengths in configurations]}
    for package, memory, lengths in configurations:
        groups.setdefault(f"{package}, all", []).append(lengths)
        groups.setdefault(f"{package}, {memory} MB", []).append(lengths)
    rows = []
    for name in ("all", *sorted(name for name in groups if name != "all")):
        cv = spread(np.stack(groups[name]))
        rows.append((name, len(cv), *np.quantile(cv, (0.1, 0.5)).tolist(), f"{error_of_quantile(cv, 0.5):.4f}",
                     float(np.quantile(cv, 0.9))))  # fmt: skip
    for name, cv in (("drawn at the assumed", ours), ("drawn at the highest assumed", high)):
        ten = spread(drawn(cv, 4000))
        rows.append((name, len(ten), *np.quantile(ten, (0.1, 0.5)).tolist(), f"{error_of_quantile(ten, 0.5):.4f}",
                     float(np.quantile(ten, 0.9))))  # fmt: skip
    show(
        f"Spread of ten cold starts of one configuration (assumed {ours:g}, from {low:g} to {high:g})",
        ("configurations", "n", "10 %", "median", "s.e. of median", "90 %"),
        rows,
        "Ten draws show a little less than their law's own spread; the last two lines are what the simulator draws.",
        "A serverless endpoint starts container images: theirs is the spread assumed.",
    )
    cv = spread(np.stack(groups["all"]))
    assert len(cv) > 12_000
    # What the assumption says of itself: the middle of the configurations that start an image, its range their middle
    # four fifths.
    images = spread(np.stack(groups["image, all"]))
    assert len(images) > 5_000
    assert float(np.median(images)) == pytest.approx(float(np.median(spread(drawn(ours, 4000)))), abs=0.02)
    assert float(np.quantile(images, 0.1)) == pytest.approx(low, abs=0.02)
    assert float(np.quantile(images, 0.9)) == pytest.approx(high, abs=0.02)


def test_set_up_lengths_seen_by_a_client_spread_by_more_than_assumed(traces: Path) -> None:
    """What cold calls of the six Poisson runs took longer than warm ones: short set-ups of 0.3 to 0.6 s."""
    told = assumption("serverless_setup_cv")
    ours, high = float(told.base), float(told.parse(told.high))
    rows, spreads = [], []
    for per_hour in ("6.7", "10.3", "15.3", "28.2", "359.5", "361.3"):
        calls = rows_of(traces / "service" / f"aws_lambda_poisson_{per_hour}_per_hour.csv.gz")
        cold, took = column(calls, "is_cold") == 1, column(calls, "client_s")
        setup = took[cold] - took[~cold].mean()
        spreads.append(float(setup.std(ddof=1) / setup.mean()))
        rows.append((per_hour, len(setup), float(setup.mean()), error_of_mean(setup), spreads[-1], ours))
    show(
        "AWS Lambda, by how much a cold call took longer than a warm one",
        ("calls per hour", "cold calls", "mean s", "s.e.", "cv", "assumed cv"),
        rows,
        "The network's own spread is in it; a model server's set-up of several seconds has less of that.",
    )
    assert len(spreads) == 6
    # Rare traffic, where cold starts decide, lies at the upper end of the range that sensitivity tries.
    assert ours < min(spreads)
    assert sorted(spreads)[0] <= high
