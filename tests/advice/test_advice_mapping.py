"""Maps and curves: cells by a made-up arithmetic whose borders are known, and what becomes of fields of a profile."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

import advisor as ad
from advisor.advice import curves as curving
from advisor.advice import mapping
from advisor.advice.axes import axis, with_value
from advisor.advice.curves import cost_curves
from advisor.advice.mapping import Cell, decide_map
from advisor.errors import InputError
from advisor.workload import Workload

PLAIN = """
name: plain
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}, {on: ml.m5.large, mean: 120 ms, workers: 2}]
traffic: {rate: 1 per second}
payload: {request: 10 KB, request_max: 40 KB}
"""


@dataclass(frozen=True)
class Named:
    name: str


@dataclass(frozen=True)
class Guess:
    """What the made-up arithmetic says of one pattern."""

    deployment: Named
    usd: float
    meets: bool = True
    yardstick_s: float = 1.0
    error_share: float = 0.0

    @property
    def pattern(self) -> str:
        return self.deployment.name

    @property
    def id(self) -> str:
        return self.pattern

    shortfall = 1.0
    away = 1.0


def guessed(w: Workload) -> tuple[Guess, ...]:
    """Serverless costs 30 USD a request a second, real-time 150 USD; neither takes more than 1 MB, none more than 6."""
    size = w.payload.request_bytes
    found = [Guess(Named("asynchronous"), 400.0)] if size <= 6_000_000 else []
    if size <= 1_000_000:
        found += [Guess(Named("serverless"), 30 * w.rate_per_s), Guess(Named("real-time"), 150.0)]
    return tuple(sorted(found, key=lambda one: one.usd))


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> Workload:
    monkeypatch.setattr(mapping, "foresee_all", guessed)
    monkeypatch.setattr(curving, "foresee_all", guessed)
    return ad.reads(PLAIN)


RATES = [10 ** (n / 4) for n in range(-4, 9)]
SIZES = [10 ** (3 + n / 3) for n in range(13)]


def wanted(rate: float, size: float) -> str:
    if size > 6_000_000:
        return ""
    if size > 1_000_000:
        return "asynchronous"
    return "serverless" if rate < 5 else "real-time"


def test_every_place_of_a_map_names_the_pattern_that_the_arithmetic_puts_first(w: Workload) -> None:
    found = decide_map(w, x=("traffic.rate", RATES), y=("payload.request", SIZES), simulate_close=False)
    assert [[cell.best for cell in row] for row in found.cells] == [
        [wanted(rate, round(size)) for rate in RATES] for size in SIZES
    ]
    hows = {cell.how for row in found.cells for cell in row}
    assert hows == {"estimated", "inferred"}
    assert sum(found.shares.values()) == pytest.approx(1)


def test_the_margin_is_by_how_much_the_second_is_dearer(w: Workload) -> None:
    found = decide_map(w, x=("traffic.rate", [1.0, 10.0]), y=("payload.request", [1e3, 2e6]), simulate_close=False)
    assert found.cells[0][0].margin == pytest.approx(150 / 30 - 1)
    assert found.cells[0][0].usd == pytest.approx(30)
    assert found.cells[0][1].margin == pytest.approx(300 / 150 - 1)
    assert (found.cells[1][0].second, found.cells[1][0].margin) == ("", math.inf)


def test_close_places_are_simulated_the_closest_first(w: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def simulated(there: Workload, cell: Cell, seed: int) -> Cell:
        asked.append((round(there.rate_per_s, 3), seed))
        return Cell(best="multi-model", second=cell.best, usd=1.0, margin=0.5, how="simulated")

    monkeypatch.setattr(mapping, "simulated_cell", simulated)
    rates = [4.0, 4.6, 4.9, 5.5, 20.0]
    found = decide_map(w, x=("traffic.rate", rates), y=("payload.request", [1e3]), seed=9, most_simulated=2, threads=1)
    assert asked == [(4.9, 9), (4.6, 9)]
    assert [cell.best for cell in found.cells[0]] == [
        "serverless", "multi-model", "multi-model", "real-time", "real-time",
    ]  # fmt: skip
    assert found.simulated == 2


def test_the_answer_does_not_depend_on_the_threads_and_progress_counts_all_places(w: Workload) -> None:
    told: list[tuple[int, int]] = []
    one, two = (
        decide_map(
            w, x=("traffic.rate", RATES), y=("payload.request", SIZES), simulate_close=False, threads=threads,
            progress=lambda done, of: told.append((done, of)),
        )
        for threads in (1, 2)
    )  # fmt: skip
    assert one == two
    assert told[-1] == (len(RATES) * len(SIZES), len(RATES) * len(SIZES))


def test_a_close_place_is_decided_by_simulation() -> None:
    plain = ad.reads(PLAIN).with_({"traffic.rate": "2 per minute"})
    guess = Cell(best="serverless", second="real-time", usd=1.0, margin=0.01, how="estimated")
    found = mapping.simulated_cell(plain, guess, 3)
    assert found.how == "simulated"
    # Two calls a minute of 0.3 s keep a container of 2 GB busy for 26,280 s a month: about a dollar; an instance
    # that never sleeps costs a hundred.
    assert found.best == "serverless"
    assert found.margin > 10


def test_curves_cross_where_both_cost_the_same(w: Workload) -> None:
    found = cost_curves(w, "traffic.rate", [1.0, 4.0, 6.25, 100.0])
    [crossing] = found.crossings
    assert crossing.at == pytest.approx(5)
    assert (crossing.before, crossing.after) == ("serverless", "real-time")
    assert found.usd["serverless"] == pytest.approx((30, 120, 187.5, 3000))
    assert "batch-transform" not in found.usd


def test_a_rate_moves_all_classes_alike_and_a_size_takes_its_largest_along() -> None:
    plain = ad.reads(PLAIN)
    larger = with_value(plain, "payload.request", "30 KB")
    assert (larger.payload.request_bytes, larger.payload.request_max_bytes) == (30_000, 120_000)
    classes = ad.read("workloads/document-ocr.yaml")
    doubled = with_value(classes, "traffic.rate", 2 * classes.rate_per_s)
    assert doubled.rate_per_s == pytest.approx(2 * classes.rate_per_s)
    assert doubled.traffic is not None
    assert doubled.traffic.classes[0].rate_per_s == pytest.approx(6)


def test_an_axis_takes_text_and_numbers_in_any_order_each_once() -> None:
    found = axis(ad.reads(PLAIN), "payload.request", ["1 MB", 2000, "2 KB"])
    assert found.values == (2000.0, 1e6)
    assert found.shown == ("2 KB", "1 MB")
    assert (found.now, found.now_shown) == (10_000.0, "10 KB")


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (("traffic.rate", []), ("payload.request", [1e3]), "no values"),
        (("traffic.rate", [1.0]), ("traffic.rate", [2.0]), "both axes"),
        (("traffic.rate", ["fast"]), ("payload.request", [1e3]), "rate"),
        (("model.framework", ["pytorch"]), ("payload.request", [1e3]), "no number"),
        (("traffic.rat", [1.0]), ("payload.request", [1e3]), "rat"),
    ],
)
def test_what_makes_no_map_is_said(w: Workload, x: tuple, y: tuple, says: str) -> None:
    with pytest.raises(InputError, match=says):
        decide_map(w, x=x, y=y)
