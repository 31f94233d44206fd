"""What a sweep varies: fields and values from the command line and from Python."""

from __future__ import annotations

import numpy as np
import pytest

import advisor as ad
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.sweeps.varying import axes, axis, grid, settings_of, workload_of
from tests.small import SMALL

SERVERLESS = next(pattern for pattern in PATTERNS if pattern.name == "serverless")


def test_a_range_spaced_by_ratio_has_its_ends_and_equal_ratios() -> None:
    one = axis("traffic.rate=1..1000:log4")
    assert one.field == "traffic.rate"
    assert one.values == (1, 10, 100, 1000)


def test_a_range_spaced_evenly_has_its_ends_and_equal_steps() -> None:
    assert axis("traffic.bursts.cv=0.2..1:lin5").values == (0.2, 0.4, 0.6, 0.8, 1)
    assert axis("traffic.bursts.cv=0.2..1:5").values == (0.2, 0.4, 0.6, 0.8, 1)


def test_ends_of_a_range_may_have_units_and_become_base_units() -> None:
    assert axis("payload.request=1 KB..5 KB:lin5").values == (1000, 2000, 3000, 4000, 5000)
    assert axis("traffic.rate=60 per minute..100 per second:log3").values == (1, 10, 100)
    assert axis("objective.p99=100 ms..1 s:lin2").values == (0.1, 1)


def test_a_list_keeps_its_texts_and_reads_bare_numbers() -> None:
    assert axis("objective.prefer=cost, latency").values == ("cost", "latency")
    assert axis("model.count=1,2,5").values == (1, 2, 5)
    assert axis("deployment.memory=2 GB, 4 GB", SERVERLESS).values == ("2 GB", "4 GB")


def test_ends_of_a_range_are_read_as_the_field_reads_them() -> None:
    # Memory is binary and held in MiB; sizes are decimal and held in bytes; a share is no duration.
    assert axis("model.memory=1 GB..4 GB:log3").values == (1024, 2048, 4096)
    assert axis("model.size=1 GB..4 GB:log3").values == (1e9, 2e9, 4e9)
    assert axis("objective.errors=1 %..3 %:3").values == (0.01, 0.02, 0.03)
    assert axis("deployment.memory=1 GB..4 GB:log3", SERVERLESS).values == (1024, 2048, 4096)
    assert axis("platform.serverless_keep_alive=1 min..3 min:3").values == (60, 120, 180)


def test_whole_numbers_stay_whole_and_stand_once() -> None:
    # Between 1 and 4, five evenly spaced values are 1, 1.75, 2.5, 3.25, 4.
    assert axis("model.count=1..4:5").values == (1, 2, 3, 4)
    assert axis("deployment.max_concurrency=1..4:log3", SERVERLESS).values == (1, 2, 4)


def test_a_list_or_a_mapping_is_one_value() -> None:
    assert axis("needs=[], [vpc, gpu]").values == ([], ["vpc", "gpu"])
    assert axis("traffic.bursts={peak: 3x, cv: 0.4}, {peak: 5x, cv: 0.4}").values == (
        {"peak": "3x", "cv": 0.4},
        {"peak": "5x", "cv": 0.4},
    )
    [one] = axes({"needs": [[], ["vpc"], []]})
    assert one.values == ([], ["vpc"])


def test_a_truth_and_a_one_are_two_values() -> None:
    [one] = axes({"purchase.free_tier": [True, 1, "yes"]})
    assert one.values == (True, 1, "yes")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("traffic.rate", "no values"),
        ("=1,2", "no values"),
        ("traffic.rate=", "no values"),
        ("traffic.rate=1,,2", "empty"),
        ("traffic.rate=10..1:log5", "lower one first"),
        ("traffic.rate=1..10:log1", "two values"),
        ("traffic.rate=0..10:log5", "above zero"),
        ("objective.prefer=cost..latency", "not a number"),
        ("traffic.rate=1 KB..1 MB:5", "not a rate"),
        ("payload.request=1..2000000:1500000", "vary less"),
        ("needs=[vpc", "does not read"),
        ("traffic.rte=1,2", "rate"),
        ("platform.serverless_keep_alife=1 min, 2 min", "serverless_keep_alive"),
        ("deployment.memory=2 GB, 4 GB", "no pattern is named"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_way_to_mend(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        axis(text)
    assert caught.value.mend


def test_a_setting_that_the_pattern_has_not_is_told_with_near_names() -> None:
    with pytest.raises(InputError, match="did you mean memory"):
        axis("deployment.memry=2 GB, 4 GB", SERVERLESS)


@pytest.mark.parametrize("given", [[], 5, {"a": 1}, [float("nan")], [object()], [1 + 2j]])
def test_python_values_that_no_profile_holds_are_refused(given: object) -> None:
    with pytest.raises(InputError):
        axes({"traffic.rate": given})


def test_python_values_are_plain_and_each_stands_once() -> None:
    [one] = axes({"traffic.rate": np.array([1.0, 2.5, 2.5])})
    assert one.values == (1, 2.5)
    assert all(type(value) in (int, float) for value in one.values)


def test_the_last_axis_moves_fastest() -> None:
    cells = grid(axes({"model.count": [1, 2], "traffic.rate": [3, 4]}))
    assert [tuple(cell.values()) for cell in cells] == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_a_field_twice_and_too_many_cells_are_refused() -> None:
    with pytest.raises(InputError, match="varied twice"):
        grid((axis("traffic.rate=1,2"), axis("traffic.rate=3")))
    with pytest.raises(InputError, match="cells"):
        grid((axis("traffic.rate=1..2:1001"), axis("payload.request=1000..900000:1001")))
    with pytest.raises(InputError, match="nothing is varied"):
        axes({})


PROFILE = f"""{SMALL}payload: {{request: 4 KB}}
"""


@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        ("traffic.rate", 2, "2 per second"),
        ("traffic.rate_per_s", 2, "2 per second"),
        ("traffic.rate", "90 per minute", "1.5 per second"),
        ("payload.request", 5000, "5 KB"),
        ("model.memory", 2048, "2 GB"),
        ("work.0.mean", 0.5, "500 ms"),
        ("needs", ["vpc"], ["vpc"]),
        ("platform.serverless_keep_alive", 300, "300 s"),
        ("platform.serverless_keep_alive", "5 min", "5 min"),
        ("objective.cold_starts", "avoid", "avoid"),
        ("region", "eu-west-1", "eu-west-1"),
    ],
)
def test_a_number_is_in_base_units_whatever_field_it_is_for(path: str, value: object, written: object) -> None:
    w = ad.reads(PROFILE)
    canonical = path.removesuffix("_per_s")
    assert workload_of(w, {path: value}) == w.with_({canonical: written})
    assert w == ad.reads(PROFILE)


def test_settings_of_a_deployment_are_kept_from_the_profile() -> None:
    w = ad.reads(PROFILE)
    cell = {"traffic.rate": 2, "deployment.memory": 4096}
    assert settings_of(cell) == {"memory": 4096}
    assert workload_of(w, cell) == w.with_({"traffic.rate": "2 per second"})
