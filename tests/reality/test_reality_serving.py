"""Model-serving measurements: batches on accelerators, a language-model server in overload, overhead, spread of work.

What is used, and what is not:

* MLPerf (rounds 2.0 and 3.0). One request alone (single stream) and the saturated throughput (offline) of systems with
  ONE accelerator give the product's batching law its two numbers; the law then foretells the time of eight together
  (multi-stream) and the tail under Poisson load (server). Percentiles only: the files' means are of other samples.
  Not used: systems of several accelerators (a stream runs on one of them, offline on all), recommendation and speech
  (a sample is not a request, or requests differ in length by a factor that the files do not tell), and language
  understanding under Poisson load: a batch takes as long as its longest text, offline sorts texts by length, and the
  submitter's wait for a batch to fill, up to a hundred milliseconds, is not in the files.
* A language-model server in overload: the first third of the requests foretells the other two.
* AWS sample notebooks: the overhead that CloudWatch shows; the endpoint of 512 requests in flight is in the curves.
  Not used: Inference Recommender's tables (greatest rate and latency at that rate, but not how many were in flight nor
  the latency alone), the text encoder's clients (one request at a time: nothing to foretell), the swap of adapters
  (nothing in the product swaps adapters), hosted APIs (what serves behind them is unknown).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from advisor.catalog.assumptions import assumption
from advisor.sim.arrivals import Points
from advisor.sim.deployments import Batching, FleetSpec, LoadCurve, Workers
from advisor.sim.fleets import simulate_fleet
from advisor.sim.laws import insist
from advisor.sim.scaling import Scaling
from advisor.sim.trace import Trace
from tests.reality.closed_loop import PATIENT
from tests.reality.measured import Row, column, error_of_mean, error_of_quantile, rows_of, show

# "x1" or one MIG slice at the end of the system's name: one accelerator.
ONE_ACCELERATOR = re.compile(r"(x1|1xMIG|MIG_1x[\w.]+?)(_|$)")
IMAGES = ("resnet50", "retinanet", "ssd-mobilenet", "ssd-resnet34")
ALONE, EIGHT, SATURATED, POISSON = "singlestream", "multistream", "offline", "server"


def systems(folder: Path) -> Iterator[tuple[str, dict[str, Row]]]:
    """Image benchmarks of systems with one accelerator: a name, and the rows by scenario."""
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows_of(folder / "service" / "mlperf_inference_latency.csv.gz"):
        if ONE_ACCELERATOR.search(row["system"]) and row["benchmark"] in IMAGES:
            key = tuple(row[name] for name in ("round", "submitter", "system", "benchmark"))
            found.setdefault(key, {}).setdefault(row["scenario"].lower(), row)
    for key, rows in sorted(found.items()):
        yield f"{key[3]} on {key[2]} ({key[0]})", rows


def seconds(row: Row, name: str) -> float:
    return float(row[f"{name}_ns"]) / 1e9


def law(rows: dict[str, Row], *, most: int, wait_s: float) -> FleetSpec:
    """The batching server that one request alone and the saturated throughput describe.

    A large batch of n takes about n times mean x marginal, so the throughput tends to 1 / (mean x marginal).
    """
    alone = seconds(rows[ALONE], "p50")
    marginal = 1 / (float(rows[SATURATED]["samples_per_s"]) * alone)
    batching = Batching(most=most, wait_s=wait_s, marginal=marginal)
    return FleetSpec(server=Workers(workers=1, mean_s=alone, batching=batching), container_queue=1_000_000)


def test_eight_images_together_take_what_one_alone_and_the_throughput_foretell(traces: Path) -> None:
    off, rows, marginals = [], [], []
    for name, by_scenario in systems(traces):
        if not {ALONE, EIGHT, SATURATED} <= set(by_scenario):
            continue
        alone, seen = seconds(by_scenario[ALONE], "p50"), seconds(by_scenario[EIGHT], "p50")
        if alone == seen:
            # One submission repeats its single-stream figures to the nanosecond.
            continue
        # Eight at once: the wait ends when the batch is full, which is at once.
        spec = law(by_scenario, most=8, wait_s=1.0)
        trace = Trace.from_columns(np.zeros(8), horizon_s=1.0)
        run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, columns=True, meter_bytes=False))
        assert run.columns is not None
        found = float(run.columns.finish.max())
        off.append(found / seen - 1)
        marginals.append((seen / alone - 1) / 7)
        rows.append((
            abs(off[-1]), name, f"{1000 * alone:.3f}", f"{1000 * seen:.3f}", f"{1000 * found:.3f}",
            f"{100 * off[-1]:+.1f} %",
        ))  # fmt: skip
    told = assumption("batching_marginal")
    share, low, high = (float(told.parse(value)) for value in (told.value, told.low, told.high))
    inside = float(np.mean([low <= one <= high for one in marginals]))
    tenth, middle, ninth = np.quantile(marginals, (0.1, 0.5, 0.9))
    away = np.abs(off)
    show(
        "MLPerf, one accelerator: milliseconds for eight images together; every eighth system from best to worst",
        ("system", "one alone", "eight measured", "eight foretold", "off"),
        [line for _, *line in sorted(rows)[::-8][::-1]],
        f"Median abs {100 * np.median(away):.1f} %, within 10 % {100 * np.mean(away <= 0.1):.0f} %, within 20 % "
        f"{100 * np.mean(away <= 0.2):.0f} %, of {len(off)}. Medians of thousands of queries; the files tell no spread "
        "of repeats, so no standard error.",
        f"What one more costs, over the first: measured 10 % {tenth:.3f}, median {middle:.3f}, 90 % {ninth:.3f}; "
        f"assumed {share:g}, from {low:g} to {high:g}, which holds {100 * inside:.0f} % of the measured ones.",
    )
    assert len(off) > 80
    assert np.median(away) <= 0.1
    assert np.mean(away <= 0.2) >= 0.8
    assert low <= tenth
    assert share / 1.5 <= middle <= share * 1.5


def test_the_tail_under_poisson_load_is_foretold_within_a_factor_of_two(traces: Path) -> None:
    """A server that takes what waits as soon as it is free; how long the submitters' servers wait is not told."""
    off, rows = [], []
    for name, by_scenario in systems(traces):
        if not {ALONE, SATURATED, POISSON} <= set(by_scenario):
            continue
        rate = float(by_scenario[POISSON]["scheduled_per_s"])
        load = rate / float(by_scenario[SATURATED]["samples_per_s"])
        trace = Trace([Points(name="", rate_per_s=rate)], seed=1, warmup_s=5000 / rate, horizon_s=60_000 / rate)
        spec = law(by_scenario, most=2048, wait_s=0.0)
        ledger = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False)).ledger
        (p50, p99), found = (seconds(by_scenario[POISSON], q) for q in ("p50", "p99")), ledger.latency_s
        off.append(found(0.99) / p99)
        rows.append((
            name, f"{rate:.0f}", f"{load:.2f}", f"{1000 * p50:.2f}", f"{1000 * found(0.5):.2f}", f"{1000 * p99:.2f}",
            f"{1000 * found(0.99):.2f}", f"{off[-1]:.2f}",
        ))  # fmt: skip
    middle = float(np.exp(np.mean(np.log(off))))
    show(
        "MLPerf, one accelerator under Poisson load: latency in milliseconds",
        ("system", "per s", "load", "p50", "p50 foretold", "p99", "p99 foretold", "over measured"),
        rows,
        f"Geometric mean of foretold over measured p99: {middle:.2f}. One run a system: no standard error.",
    )
    assert len(off) >= 10
    assert 1 / 1.25 <= middle <= 1.25
    assert np.mean([0.5 <= one <= 2 for one in off]) >= 0.8


def test_the_first_third_of_an_overload_foretells_the_other_two(traces: Path) -> None:
    """A language-model server that gets ten requests a second and can do two: 300 requests, one queue, one card.

    From what was seen until the hundredth request began: how many are worked on at once (the card's memory sets it)
    and the time a token takes then. The others' waits follow from arrivals and output tokens.
    """
    rows = rows_of(traces / "service" / "vllm_requests_rtx4090_llama-3.1-8b.csv.gz")
    at, tokens, queued, took = (
        column(rows, name) for name in ("arrival_s", "output_tokens", "engine_queue_s", "e2e_s")
    )
    begun, ended = at + queued, at + took
    until = float(np.sort(begun)[100])
    known = ended <= until
    per_token = float((took - queued)[known].sum() / tokens[known].sum())
    # From the first answer on: before it the queue had not filled.
    busy = np.linspace(float(ended.min()), until, 200)
    at_once = round(float(np.mean([((begun <= t) & (ended > t)).sum() for t in busy])))
    mean = float(tokens.mean())
    spec = FleetSpec(server=LoadCurve(latency_s=(per_token * mean,) * at_once), container_queue=1000)
    trace = Trace.from_columns(at, work=tokens / mean, horizon_s=float(at[-1]) + 1)
    run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, columns=True, meter_bytes=False))
    assert run.columns is not None
    found, later = run.columns.finish - run.columns.arrival, begun > until
    lines = []
    for what, measure in (
        ("mean", np.mean), ("p50", lambda x: np.quantile(x, 0.5)), ("p90", lambda x: np.quantile(x, 0.9)),
    ):  # fmt: skip
        seen, foretold = float(measure(took[later])), float(measure(found[later]))
        share = {"p50": 0.5, "p90": 0.9}.get(what)
        error = error_of_mean(took[later]) if share is None else error_of_quantile(took[later], share)
        lines.append((what, f"{seen:.1f}", f"{error:.1f}", f"{foretold:.1f}", f"{100 * (foretold / seen - 1):+.1f} %"))
    show(
        "A language-model server in overload, end-to-end seconds of the requests begun later",
        ("of latency", "measured", "s.e.", "foretold", "off"),
        lines,
        f"Read from the first {until:.0f} s: {at_once} requests at once, {1000 * per_token:.1f} ms a token. "
        f"{int(later.sum())} requests foretold. The s.e. takes them as independent, which one queue's waits are not.",
    )
    for what, seen, _, foretold, _ in lines:
        assert float(foretold) == pytest.approx(float(seen), rel=0.15), what


def test_the_endpoint_overhead_lies_where_cloudwatch_shows_it(traces: Path) -> None:
    text = (traces / "service" / "sagemaker_notebook_outputs.txt").read_text()
    minutes = [float(ms) for ms in re.findall(r"^\d{4}-\d\d-\d\d [\d:+]+ +[\d.]+ +([\d.]+) *$", text, re.MULTILINE)]
    assert len(minutes) == 3
    told = assumption("endpoint_overhead")
    ours, low, high = (1000 * float(told.parse(value)) for value in (told.value, told.low, told.high))
    mean, error = float(np.mean(minutes)), error_of_mean(minutes)
    show(
        "CloudWatch OverheadLatency of a SageMaker endpoint, milliseconds, means of three minutes",
        ("minutes", "mean", "s.e.", "median", "assumed", "from", "to"),
        [(", ".join(f"{one:.1f}" for one in minutes), mean, error, float(np.median(minutes)), ours, low, high)],
    )
    assert abs(mean - ours) <= 2 * error
    assert low <= float(np.median(minutes)) <= high


def test_the_assumed_spread_of_generated_text_lies_among_the_measured_ones(traces: Path) -> None:
    """Work goes with the tokens generated; the spread of those is the least that the work's can be."""
    files = {
        "service/token_lengths_sharegpt": "num_decode_tokens", "service/token_lengths_arxiv": "num_decode_tokens",
        "arrivals/azure_llm_conv_2023": "output_tokens", "arrivals/mooncake_conversation": "output_tokens",
    }  # fmt: skip
    told = assumption("archetype_llm_cv")
    ours, low, high = (float(told.parse(value)) for value in (told.value, told.low, told.high))
    rows, spreads = [], []
    for name, tokens in files.items():
        some = column(rows_of(traces / f"{name}.csv.gz"), tokens)
        cv = float(some.std() / some.mean())
        # Of a cv, by the delta method, from the file's own third and fourth moments.
        z = (some - some.mean()) / some.std()
        error = cv * math.sqrt(max(0.0, (cv**2 - cv * np.mean(z**3) + (np.mean(z**4) - 1) / 4) / len(some)))
        spreads.append(cv)
        rows.append((name, len(some), float(some.mean()), cv, error, ours))
    show(
        "Spread of output tokens (standard deviation over mean)",
        ("file", "requests", "mean tokens", "measured cv", "s.e.", "assumed"),
        rows,
    )
    assert float(np.median(spreads)) == pytest.approx(ours, rel=0.25)
    assert sum(low <= one <= high for one in spreads) >= 3
