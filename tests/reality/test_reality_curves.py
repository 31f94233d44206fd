"""Measured load curves: a point is left out, the product foretells the latency there, and the measurement says.

Each load test kept n requests in flight (a closed loop), and so does the simulation (`closed_loop`): with the number of
requests of the measured test, so that a last round with fewer in flight counts as it did there. Requests are alike:
in a closed loop of servers that share their speed the mean latency does not depend on the work's law.

Only points between others are left out: above the last point of a curve the product lets requests queue (MODEL.md,
part 2), which the last test here tries on an endpoint measured far beyond its greatest throughput.

Standard errors come from the spread that the files tell (an upper percentile less the median, as of a normal law) over
the root of the requests; they hold inside one test. From test to test the same endpoint differs by far more, which is
why the criteria are shares of the latency, not standard errors: median within 5 %, nine in ten within 20 %.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from advisor.sim.deployments import FleetSpec, LoadCurve
from tests.reality.closed_loop import endpoint, latencies, left_out
from tests.reality.measured import column, error_of_mean, rows_of, show

_P90, _P95 = 1.2816, 1.6449


def shares(off: list[float]) -> tuple[float, float, float, float]:
    """Median absolute error, and how many lie within 5, 10 and 20 %."""
    away = np.abs(off)
    return float(np.median(away)), *(float((away <= limit).mean()) for limit in (0.05, 0.1, 0.2))


def told(off: list[float]) -> tuple[str, ...]:
    return tuple(f"{100 * share:.1f} %" for share in shares(off))


def percent(share: float) -> str:
    return f"{100 * share:+.1f} %"


def test_a_closed_loop_is_what_the_hand_works_out() -> None:
    """Two together take 1.25 s; the third of three is then alone. One at a time: the others wait a second each."""
    pair = FleetSpec(server=LoadCurve(latency_s=(1.0, 1.25)))
    assert list(latencies(pair, 2, 3)) == pytest.approx([1.25, 1.25, 1.0])
    single = FleetSpec(server=LoadCurve(latency_s=(1.0,)))
    assert list(latencies(single, 2, 3)) == pytest.approx([1.0, 2.0, 2.0])


def test_sagemaker_endpoints_answer_at_a_concurrency_left_out_as_foretold(traces: Path) -> None:
    """Curves without a failed call only: with failures nobody knows how many were in flight."""
    files = defaultdict(list)
    for row in rows_of(traces / "service" / "sagemaker_llm_concurrency_sweep.csv.gz"):
        files[row["source_file"]].append(row)
    by_point, errors = defaultdict(list), defaultdict(list)
    rising, worst = [], []
    for rows in files.values():
        asked, served = column(rows, "total_requests"), column(rows, "successful")
        if len(rows) < 6 or (asked != served).any():
            continue
        # Thirty requests keep thirty in flight, not thirty-two.
        flown = np.minimum(column(rows, "concurrency"), asked).astype(int)
        mean, p50, p90 = (column(rows, f"latency_{name}") / 1000 for name in ("avg", "p50", "p90"))
        curve = dict(zip(flown.tolist(), mean.tolist(), strict=True))
        falls = max(a / b - 1 for a, b in pairwise(mean))
        for place in range(1, len(rows) - 1):
            n, seen = int(flown[place]), float(mean[place])
            found = left_out(curve, n, int(asked[place]), rows[0]["instance_type"])
            by_point[n].append(found / seen - 1)
            errors[n].append((p90[place] - p50[place]) / _P90 / math.sqrt(asked[place]) / seen)
            if falls <= 0:
                rising.append(found / seen - 1)
            worst.append((abs(found / seen - 1), rows[0]["instance_type"], rows[0]["model"], n, seen, found, falls))
    every = [off for some in by_point.values() for off in some]
    rows = [
        (
            f"{n} in flight",
            len(some),
            percent(float(np.median(some))),
            f"{100 * np.median(errors[n]):.1f} %",
            *told(some),
        )
        for n, some in sorted(by_point.items())
    ]
    rows.append(("all", len(every), percent(float(np.median(every))), "", *told(every)))
    rows.append(("of curves that only rise", len(rising), percent(float(np.median(rising))), "", *told(rising)))
    show(
        "SageMaker LLM endpoints, mean latency at a concurrency left out of the load curve",
        ("left out", "points", "median off", "median s.e.", "median abs", "within 5 %", "10 %", "20 %"),
        rows,
        f"{len(by_point[2])} curves of six points, without failed calls; s.e. inside one test.",
    )
    show(
        "The ten worst",
        ("instance", "model", "in flight", "measured s", "foretold s", "off", "curve falls by at most"),
        [(on, model, n, seen, found, percent(found / seen - 1), f"{100 * falls:.0f} %")
         for _, on, model, n, seen, found, falls in sorted(worst)[-10:][::-1]],
        "A curve that falls with more in flight tells that the endpoint, or its prompts, changed during the tests.",
    )  # fmt: skip
    assert len(every) > 250
    median, _, _, within = shares(every)
    assert median <= 0.05
    assert within >= 0.9
    assert abs(float(np.median(every))) <= 0.03
    # Where the endpoint stayed what it was, ten times fewer are off by more than a tenth.
    assert shares(rising)[2] >= 0.95


def test_text_generation_endpoints_answer_at_left_out_numbers_of_users_as_foretold(traces: Path) -> None:
    files = defaultdict(list)
    for row in rows_of(traces / "service" / "sagemaker_tgi_llama2_vu_sweep.csv"):
        files[row["Model Id"].split("/")[-1], row["Instance"]].append(row)
    off, rows = [], []
    for (model, on), tests in sorted(files.items()):
        tests.sort(key=lambda row: int(row["Virtual Users"]))
        users, count = column(tests, "Virtual Users").astype(int), column(tests, "Number of requests").astype(int)
        mean, p50, p95 = (column(tests, f"Latency Request ms {name}") / 1000 for name in ("avg", "med", "p(95)"))
        curve = dict(zip(users.tolist(), mean.tolist(), strict=True))
        for place in range(1, len(tests) - 1):
            found, seen = left_out(curve, int(users[place]), int(count[place]), on), float(mean[place])
            error = (p95[place] - p50[place]) / _P95 / math.sqrt(count[place])
            off.append(found / seen - 1)
            rows.append((model, on, users[place], f"{seen:.3f}", f"{error:.3f}", f"{found:.3f}", percent(off[-1])))
    show(
        "SageMaker text generation (Llama 2), mean latency in seconds at a number of users left out of the curve",
        ("model", "instance", "users", "measured", "s.e.", "foretold", "off"),
        rows,
        "Median abs, within 5, 10, 20 %: " + ", ".join(told(off)),
    )
    assert len(off) == 30
    median, _, _, within = shares(off)
    assert median <= 0.05
    assert within == 1.0


def test_batches_on_gpus_take_the_time_that_the_curve_without_them_foretells(traces: Path) -> None:
    """Repeated measurements of n prompts of 512 tokens answered together with 128 tokens each.

    The rows of a power-capped card repeat the times of the uncapped one and are left out. The curve's last point is
    a cliff in two cases (the cards' memory is full and the time rises ninefold): a straight line to it must miss.
    """
    groups = defaultdict(lambda: defaultdict(list))
    for row in rows_of(traces / "service" / "llm_gpu_latency_splitwise.csv.gz"):
        if (row["prompt_size"], row["token_size"]) == ("512", "128") and "pcap" not in row["hardware"]:
            card = row["model"], row["hardware"], int(row["tensor_parallel"])
            groups[card][int(row["batch_size"])].append(float(row["e2e_time"]) / 1000)
    off, rows = [], []
    for (model, card, cards), times in sorted(groups.items()):
        curve = {n: float(np.mean(some)) for n, some in times.items()}
        inner = sorted(curve)[1:-1]
        for n in inner:
            found = left_out(curve, n, n, "ml.p4d.24xlarge")
            off.append(found / curve[n] - 1)
            rows.append((
                model, f"{cards} x {card}", n, f"{curve[n]:.2f}", f"{error_of_mean(times[n]):.3f}", f"{found:.2f}",
                percent(off[-1]),
            ))  # fmt: skip
    show(
        "Language models on GPUs, seconds for n requests together, n left out of the curve",
        ("model", "cards", "n", "measured", "s.e.", "foretold", "off"),
        rows,
        "Median abs, within 5, 10, 20 %: " + ", ".join(told(off)),
    )
    assert len(off) == 40
    median, _, tenth, _ = shares(off)
    assert median <= 0.03
    assert tenth >= 0.95


def test_an_endpoint_beyond_its_last_point_queues_as_foretold(traces: Path) -> None:
    """One curve up to 512 in flight (AWS sample notebook): inner points left out one by one, and then everything
    above 128 foretold from the curve up to there, where the throughput no longer grows."""
    text = (traces / "service" / "sagemaker_notebook_outputs.txt").read_text()
    # The second part of the notebook's folded table; the third has four columns too, and comes after it.
    latency = re.findall(r"^\d +[\d.]+ +[\d.]+ +[\d.]+ +([\d.]+) *$", text, re.MULTILINE)[:9]
    asked = re.findall(r"^\d +ml\.g7e\.2xlarge +fp8 +sharegpt +(\d+) +(\d+)", text, re.MULTILINE)
    assert len(latency) == len(asked) == 9
    curve = {int(n): float(ms) / 1000 for (n, _), ms in zip(asked, latency, strict=True)}
    count = {int(n): int(requests) for n, requests in asked}
    ways = [("left out", n, left_out(curve, n, count[n], "ml.g7e.2xlarge")) for n in (4, 8, 16, 32, 64, 128, 256)]
    capped = endpoint({n: seconds for n, seconds in curve.items() if n <= 128}, "ml.g7e.2xlarge")
    ways += [("beyond the curve", n, float(latencies(capped, n, count[n]).mean())) for n in (256, 512)]
    show(
        "SageMaker endpoint of a 30-billion-parameter model on ml.g7e.2xlarge, mean latency in seconds",
        ("how", "in flight", "requests", "measured", "foretold", "off"),
        [(how, n, count[n], curve[n], found, percent(found / curve[n] - 1)) for how, n, found in ways],
        "The notebook prints no spread, so there is no standard error.",
    )
    for how, n, found in ways:
        assert abs(found / curve[n] - 1) <= (0.2 if how == "left out" else 0.05), (how, n)
