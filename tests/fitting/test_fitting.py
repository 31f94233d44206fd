"""Fitting: numbers put into a trace are read out of it; a section reads as a profile; queues say how good it is."""

from __future__ import annotations

import csv
import gzip
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from advisor.errors import TraceError
from advisor.fitting import fit
from advisor.fitting.comparing import servers_needed
from advisor.fitting.estimates import estimates
from advisor.sim.arrivals import Clumps, Points, points_of
from advisor.sim.trace import Trace
from advisor.workload import reads
from advisor.workload.bursts import two_state

DAY = 86400.0
OFFICE = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 12, 13, 14, 13, 11, 8, 5, 4, 3, 2, 2, 1)


def drawn(until, *, seed=1, rate=5.0, **form):
    kept = []
    for block in Trace([Points(name="", rate_per_s=rate, **form)], seed=seed).blocks():
        kept.append(block.arrival[: block.n].copy())
        if kept[-1][-1] > until:
            break
    at = np.concatenate(kept)
    return at[at < until]


def file_of(tmp_path, at, work=None):
    path = tmp_path / "trace.csv"
    with path.open("w") as file:
        file.write("arrival_s\n" if work is None else "arrival_s,work\n")
        rows = map("{:.6f}\n".format, at) if work is None else map("{:.6f},{:.6f}\n".format, at, work)
        file.writelines(rows)
    return path


def traffic(found):
    return reads(f"name: fitted\n{found.yaml()}").traffic


class TestNumbers:
    def test_poisson_traffic_is_called_steady(self, tmp_path):
        found = fit(file_of(tmp_path, drawn(0.5 * DAY, rate=2.0)))
        section = traffic(found)
        assert section.shape == "steady"
        assert section.bursts is None
        assert section.rate_per_s == pytest.approx(2.0, rel=5 / math.sqrt(2.0 * 0.5 * DAY))

    def test_bursts_come_back(self, tmp_path):
        states = two_state(3.0, 3.0, 0.7, 300.0)
        found = fit(file_of(tmp_path, drawn(5 * DAY, rate=3.0, bursts=states)))
        bursts = traffic(found).bursts
        assert bursts.peak == pytest.approx(3.0, rel=0.12)
        assert bursts.cv == pytest.approx(0.7, rel=0.12)
        assert bursts.length_s == pytest.approx(300.0, rel=0.3)

    def test_a_day_curve_comes_back_and_is_divided_out_of_the_bursts(self, tmp_path):
        states = two_state(3.0, 3.0, 0.6, 300.0)
        found = fit(file_of(tmp_path, drawn(8 * DAY, rate=3.0, bursts=states, curve=OFFICE)))
        section = traffic(found)
        truth = np.array(OFFICE) / np.mean(OFFICE)
        assert np.corrcoef(section.day_weights, truth)[0, 1] > 0.97
        assert section.bursts.cv == pytest.approx(0.6, rel=0.3)

    def test_a_week_comes_back(self):
        level = np.repeat([1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5] * 4, 24 * 6)
        counts = np.random.default_rng(1).poisson(600 * level).astype(float)
        found = estimates(counts, 600.0)
        assert np.allclose(found.week, np.array([1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5]), atol=0.05)
        assert not found.day

    def test_a_day_too_few_is_no_repeating_day(self, tmp_path):
        found = fit(file_of(tmp_path, drawn(2.5 * DAY, rate=1.0, curve=OFFICE)))
        assert traffic(found).day is None

    def test_clusters_come_back(self, tmp_path):
        found = fit(file_of(tmp_path, drawn(DAY, rate=2.0, clumps=Clumps(size=4.0, within_s=0.05))))
        assert traffic(found).clusters.size == pytest.approx(4.0, rel=0.1)

    def test_an_event_comes_back_as_a_spike(self, tmp_path):
        quiet = drawn(8 * DAY, rate=0.5)
        event = DAY + 50_400 + drawn(1200.0, rate=0.5 * 39, seed=2)
        found = fit(file_of(tmp_path, np.sort(np.concatenate([quiet, event]))))
        (spike,) = traffic(found).spikes
        assert abs(spike.at_s - DAY - 50_400) <= 60
        assert spike.height == pytest.approx(40, rel=0.1)
        assert abs(spike.lasts_s - 1200) <= 60
        assert traffic(found).rate_per_s == pytest.approx(0.5, rel=0.03)

    def test_counts_of_intervals_are_fitted_too(self, tmp_path):
        states = two_state(3.0, 3.0, 0.7, 1800.0)
        at = drawn(20 * DAY, rate=3.0, bursts=states)
        counts = np.bincount((at / 300).astype(int))
        path = tmp_path / "counts.csv"
        path.write_text("start_s,count\n" + "".join(f"{300 * k},{c}\n" for k, c in enumerate(counts)))
        found = fit(path)
        bursts = traffic(found).bursts
        assert bursts.of == "rate"
        assert bursts.cv == pytest.approx(0.7, rel=0.2)
        assert "5 min" in " ".join(found.notes)

    def test_steps_of_whole_seconds_are_seen_through(self, tmp_path):
        at = np.floor(drawn(0.25 * DAY, rate=2.0) / 3) * 3
        found = fit(file_of(tmp_path, at))
        assert any("steps of 3 s" in note for note in found.notes)
        assert traffic(found).clusters is None
        raw, section = found.predictions[0], found.predictions[-2]
        assert abs(section.servers / raw.servers - 1) < 0.1

    def test_work_that_depends_on_the_minute_is_told(self, tmp_path):
        at = drawn(0.5 * DAY, rate=3.0, bursts=two_state(3.0, 3.0, 0.9, 600.0))
        busy = np.bincount((at / 60).astype(int))[(at / 60).astype(int)]
        found = fit(file_of(tmp_path, at, 100.0 / (20 + busy)))
        assert any("depends on when they come" in note for note in found.notes)
        assert any(one.form == "raw arrivals, work drawn anew" for one in found.predictions)

    def test_twenty_intervals_are_needed_to_speak_of_bursts(self):
        assert not estimates(np.full(30, 5.0), 60.0).bursty
        assert "say nothing" in " ".join(estimates(np.full(10, 5.0), 60.0).notes)

    def test_bursts_too_rare_for_their_peak_keep_their_spread(self):
        counts = np.full(20_000, 10_000.0)
        counts[::199] = 30_000.0
        found = estimates(counts, 60.0)
        two_state(found.rate_per_s, found.peak, found.cv, found.length_s)


class TestPredictions:
    def test_its_own_kind_of_traffic_is_predicted(self, tmp_path):
        states = two_state(3.0, 2.5, 0.5, 300.0)
        found = fit(file_of(tmp_path, drawn(2 * DAY, rate=3.0, bursts=states)))
        raw, section, poisson = (found.predictions[k] for k in (0, -2, -1))
        assert raw.form == "raw file"
        assert abs(section.servers / raw.servers - 1) < 0.15
        assert poisson.servers < 0.85 * raw.servers

    def test_servers_needed_are_the_fewest(self):
        rng = np.random.default_rng(2)
        at, services = np.cumsum(rng.exponential(0.1, 20_000)), rng.exponential(1.0, 20_000)
        least = servers_needed(at, services, 1.0)
        # Erlang's delay formula for ten busy servers: P(wait > 0.1) = C(c, 10) exp(-(c - 10) 0.1).
        late = {c: _erlang_c(c, 10.0) * math.exp(-(c - 10) * 0.1) for c in range(11, 40)}
        by_theory = min(c for c, share in late.items() if share <= 0.01)
        assert abs(least - by_theory) <= 1
        assert {servers_needed(at, services, 1.0, guess) for guess in (1, 5, least, 100)} == {least}

    def test_the_same_seed_gives_the_same_fit(self, tmp_path):
        path = file_of(tmp_path, drawn(20_000.0))
        assert fit(path, seed=3) == fit(path, seed=3)

    def test_table_yaml_and_dict_show_it(self, tmp_path):
        found = fit(file_of(tmp_path, drawn(20_000.0)), service_s=2.0)
        assert "servers needed" in found.table().text(100)
        assert max(len(line) for line in found.table().text(100).splitlines()) <= 100
        assert found.yaml().startswith("traffic:\n  rate: ")
        assert found.to_dict()["service_s"] == 2.0


def _erlang_c(c, load):
    blocked = 1.0
    for k in range(1, c + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - load / c * (1 - blocked))


@pytest.mark.parametrize(
    ("text", "what"),
    [("", "no column"), ("arrival_s\n", "no rows"), ("arrival_s\n1\n", "no rate"), ("arrival_s\n2\n1\n", "falls"),
     ("start_s,count\n0,0\n60,0\n", "no rate"), ("arrival_s\n1\nx\n", "no number"), ("arrival_s\n5\n5\n", "no rate")],
)  # fmt: skip
def test_a_bad_file_is_refused(tmp_path, text, what):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(TraceError, match=what):
        fit(path)


_MEMORY = """
import resource, sys
from pathlib import Path
from advisor.fitting.counting import count
for path in map(Path, sys.argv[1:]):
    print(count(path).requests, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_fifty_megabytes_are_counted_in_bounded_memory(tmp_path):
    paths = [tmp_path / "small.csv", tmp_path / "large.csv"]
    for path, parts in zip(paths, (1, 20), strict=True):
        with path.open("wb") as file:
            file.write(b"arrival_s\n")
            for part in range(parts):
                file.write(b"".join(b"%07d.%06d\n" % (part * 1000 + k // 200, k % 200 * 5000) for k in range(200_000)))
    assert paths[1].stat().st_size > 50e6
    command = [sys.executable, "-c", _MEMORY, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    (_, before), (n, after) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert n == 4_000_000
    assert after - before < 20_000


def recorded(traces, tmp_path, name):
    """A measured file as (arrival_s, work) or (start_s, count)."""
    path = tmp_path / "trace.csv"

    def rows(file):
        with gzip.open(traces / "arrivals" / f"{file}.csv.gz", "rt") as opened:
            return list(csv.DictReader(opened))

    if name in ("azure_llm_conv_2023", "mooncake_conversation"):
        # Prefill and decode: 0.3 s and 30 ms a token, of which only the proportions count.
        held = [(float(r["arrival_s"]), 0.3 + 0.03 * float(r["output_tokens"])) for r in rows(name)]
    elif name == "surf_batch_jobs_oct2022":
        held = [(float(r["submit_s"]), max(1.0, float(r["run_s"]))) for r in rows(name)]
    else:
        counts = [(r["bin_start_s"], r[name]) for r in rows("nab_tweets_5min_a")]
        path.write_text("start_s,count\n" + "".join(f"{a},{b}\n" for a, b in counts))
        return path
    mean = sum(work for _, work in held) / len(held)
    path.write_text("arrival_s,work\n" + "".join(f"{at},{work / mean:.8f}\n" for at, work in held))
    return path


# (trace, how far off the section may be, either way). The design's own figure for four numbers is 1.4, and 2 for
# news spikes. Batch jobs come in arrays of short jobs, so there the raw arrivals with work drawn anew are the mark.
MEASURED = [
    ("azure_llm_conv_2023", 1.25), ("mooncake_conversation", 1.25), ("surf_batch_jobs_oct2022", 1.4),
    ("GOOG", 1.4), ("KO", 2.0), ("CVS", 2.0), ("PFE", 1.4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "off"), MEASURED)
def test_servers_needed_by_the_fitted_section_are_near_those_of_the_measured_file(traces, tmp_path, name, off):
    found = fit(recorded(traces, tmp_path, name))
    print(f"\n{name}\n{found.yaml()}{found.table().text(110)}")
    shuffled = [one for one in found.predictions if one.form == "raw arrivals, work drawn anew"]
    mark = shuffled[0] if shuffled else found.predictions[0]
    section, poisson = found.predictions[-2:]
    assert 1 / off <= section.servers / mark.servers <= off
    # Poisson alone is never the nearer stand-in.
    assert abs(math.log(section.servers / mark.servers)) <= abs(math.log(poisson.servers / mark.servers)) + 0.1


def test_points_of_a_fitted_section_carry_its_rate(tmp_path):
    found = fit(file_of(tmp_path, drawn(20_000.0)))
    (points,) = points_of(reads(f"name: fitted\n{found.yaml()}"))
    assert points.rate_per_s == pytest.approx(found.rate_per_s, rel=1e-4)
