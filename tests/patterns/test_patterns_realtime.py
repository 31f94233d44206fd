"""Real-time: the deployment a person writes first, and rules at their exact boundaries."""

from __future__ import annotations

import pytest

from advisor.errors import InputError, UnknownName
from advisor.patterns.realtime import RealTime
from advisor.rules import overlay

MIB = 2**20


def _found(profile: str, **settings: str) -> set[str]:
    w = overlay(profile)
    return {one.rule for one in RealTime.start(w).with_(settings).check(w)}


def test_a_quiet_stream_starts_with_one_measured_instance() -> None:
    assert RealTime.start(overlay("")) == RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=1)


def test_a_burst_is_covered_by_scaling_between_mean_and_peak() -> None:
    # One ml.m5.large serves 2 / 40 ms = 50 a second, 35 at 70 %: 60 need 2, 240 need 7; the target is 35 x 60.
    d = RealTime.start(overlay("traffic: {rate: 60 per second, bursts: {peak: 4x, cv: 1, length: 20 min}}"))
    assert (d.min_instances, d.max_instances, d.scaling, d.target) == (2, 7, "invocations", 2100)
    assert d.id == "real-time-m5.large-2to7-invocations2100"


def test_a_stream_scales_on_requests_at_once() -> None:
    d = RealTime.start(overlay("{needs: [streaming], traffic: {rate: 60 per second}}"))
    assert (d.scaling, d.target) == ("concurrency", 1)


def test_several_zones_start_with_two_instances() -> None:
    assert RealTime.start(overlay("needs: [multi-az]")).min_instances == 2


def test_a_large_model_starts_with_a_volume_for_its_archive_and_itself() -> None:
    w = overlay("{model: {size: 40 GB, memory: 20 GB}, work: [{on: ml.m5.4xlarge, mean: 1 s, workers: 1}]}")
    assert RealTime.start(w).volume_gb == 80


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"max_instances": "4"}, "scaling=none with 1 to 4 instances"),
        ({"min_instances": "3"}, "max_instances=1 is below min_instances=3"),
        ({"scaling": "invocations", "max_instances": "4"}, "scaling=invocations with target=none"),
        ({"instance_type": "ml.m5.lrage"}, "not an instance type"),
        ({"scaling": "invocation"}, "not one of none, invocations, concurrency"),
        ({"volume": "30"}, "has no unit"),
        ({"min_instances": "1.5"}, "not a whole number"),
        ({"routing": "round-robin"}, "not one of RANDOM"),
    ],
)
def test_what_could_never_be_meant_is_refused_in_words(settings: dict[str, str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        RealTime.start(overlay("")).with_(settings)


def test_settings_are_read_with_their_units_and_none_takes_one_out() -> None:
    d = RealTime.start(overlay("")).with_({"volume": "80 GB", "workers": "3"})
    assert (d.volume_gb, d.workers) == (80, 3)
    assert d.with_({"volume": "none"}).volume_gb is None
    assert d.with_({"volume_gb": 90}).volume_gb == 90
    assert d.with_({"volume_gb": "90"}).volume_gb == 90


def test_what_is_told_not_to_scale_loses_its_target_unless_one_is_given() -> None:
    scales = RealTime(instance_type="ml.m5.large", max_instances=3, scaling="invocations", target=600)
    two = {"min_instances": 2, "max_instances": 2, "scaling": "none"}
    assert scales.with_(two) == RealTime(instance_type="ml.m5.large", min_instances=2, max_instances=2)
    with pytest.raises(InputError, match="scaling=none with target=700"):
        scales.with_({**two, "target": 700})


def test_an_unknown_instance_type_proposes_near_ones() -> None:
    with pytest.raises(UnknownName, match=r"ml\.m5\.large"):
        RealTime(instance_type="ml.m5.lrage")


@pytest.mark.parametrize(
    ("size", "expected"),
    [(6 * MIB, set()), (6 * MIB + 1, {"RT-02"}), (25 * MIB, {"RT-02"}), (25 * MIB + 1, {"RT-01"})],
)
def test_a_request_is_judged_by_both_of_awss_own_limits(size: int, expected: set[str]) -> None:
    assert _found(f"payload: {{request_max: {size} B}}") & {"RT-01", "RT-02"} == expected


@pytest.mark.parametrize(("mean", "blocked"), [("60 s", False), ("61 s", True)])
def test_an_answer_is_due_in_a_minute(mean: str, blocked: bool) -> None:
    assert ("RT-05" in _found(f"work: [{{on: ml.m5.large, mean: {mean}, cv: 0.001}}]")) == blocked


def test_a_stream_has_a_limit_of_its_own() -> None:
    found = _found("{needs: [streaming], work: [{on: ml.m5.large, mean: 5 min, cv: 0.1}]}")
    assert not found & {"RT-05", "RT-06", "RT-07"}


def test_nothing_is_refused_by_a_borrowed_speed() -> None:
    w = overlay("{work: [{on: ml.m5.large, mean: 3 min, cv: 0.1}], region: us-east-1}")
    told = {one.rule: one for one in RealTime.start(w).with_({"instance_type": "ml.m5.xlarge"}).check(w)}
    assert "RT-05" not in told
    assert "extrapolated" in told["RT-28"].says
    assert "RT-28" not in _found("work: [{on: ml.m5.large, mean: 3 min, cv: 0.1}]")


def test_the_users_own_quota_decides() -> None:
    settings = {"max_instances": "9", "scaling": "invocations", "target": "600"}
    assert "RT-20" in _found("", **settings)
    assert not _found("platform: {quota.instances_per_endpoint: 20}", **settings) & {"RT-20", "RT-44"}
    assert _found("platform: {quota.instances_per_endpoint: 8}", **settings) & {"RT-20", "RT-44"} == {"RT-44"}


def test_bursts_longer_than_hours_leave_time_to_launch() -> None:
    burst = "traffic: {{rate: 60 per second, bursts: {{peak: 2.5x, cv: 0.7, length: {}}}}}"
    objective = "objective: {p90: 400 ms}"
    assert "RT-33" in _found(f"{{{burst.format('5 min')}, {objective}}}")
    assert "RT-33" not in _found(f"{{{burst.format('12 hours')}, {objective}}}")


def test_standing_capacity_for_the_peak_meets_every_burst() -> None:
    profile = "{traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 20 min}}, objective: {p99: 200 ms}}"
    assert "RT-33" in _found(profile)
    assert "RT-33" not in _found(profile, min_instances="5", max_instances="8")


def test_an_accelerator_that_is_optional_is_not_idle() -> None:
    assert "RT-55" not in _found("model: {accelerator: optional}", instance_type="ml.g5.xlarge")


def test_a_type_that_is_not_offered_proposes_ones_of_its_kind() -> None:
    w = overlay("")
    found = next(
        one for one in RealTime.start(w).with_({"instance_type": "ml.c5n.xlarge"}).check(w) if one.rule == "RT-09"
    )
    assert "ml.t2" not in found.mend
    assert "ml.c" in found.mend


@pytest.mark.parametrize(
    ("size", "expected"),
    [(500 * 10**9, set()), (500 * 10**9 + 1, {"RT-26"}), (500 * 2**30, {"RT-26"}), (500 * 2**30 + 1, {"RT-14"})],
)
def test_a_model_is_judged_by_both_readings_of_500_gb(size: int, expected: set[str]) -> None:
    assert _found(f"model: {{size: {size} B}}") & {"RT-14", "RT-26"} == expected


def test_what_aws_states_to_load_is_not_refused_by_an_assumed_download() -> None:
    # 500 GB at 98 MB/s take 5102 s, longer than the 3600 s of either time-out: a warning, as the rate is assumed.
    w = overlay("{model: {size: 500 GB, memory: 100 GB}, work: [{on: ml.g5.48xlarge, mean: 1 s}]}")
    told = {one.rule: one.verdict for one in RealTime.start(w).check(w)}
    assert told["RT-19"].name == "WARNS"
    assert "RT-19" not in _found("{model: {size: 350 GB}}")  # 3571 s


def test_a_model_is_refused_above_all_the_memory_and_warned_of_above_the_usable_part() -> None:
    # ml.m5.large has 8 GiB, and nine tenths of it are counted on for models: 7373 MiB.
    one = {"instance_type": "ml.m5.large"}
    both = {"RT-12", "RT-43"}
    assert _found("model: {memory: 7300 MB}", **one) & both == set()
    assert _found("model: {memory: 8 GB}", **one) & both == {"RT-43"}
    assert _found("model: {memory: 8193 MB}", **one) & both == {"RT-12"}


def test_an_unknown_region_is_warned_of_and_a_type_that_is_not_sold_is_refused() -> None:
    w = overlay("region: eu-east-9")
    told = {one.rule: one for one in RealTime.start(w).check(w)}
    assert "RT-10" not in told
    assert "did you mean" in told["RT-45"].mend
    assert "us-east-1" in told["RT-45"].mend
    assert _found("region: af-south-1", instance_type="ml.g6.xlarge") & {"RT-10", "RT-45"} == {"RT-10"}


def test_a_type_that_is_not_offered_is_said_once() -> None:
    assert _found("", instance_type="ml.c5n.xlarge") & {"RT-09", "RT-10"} == {"RT-09"}


def test_china_is_warned_of_by_one_rule() -> None:
    assert _found("{region: cn-north-1, payload: {request_max: 8 MB}}") & {"RT-01", "RT-02", "RT-25"} == {"RT-25"}
    assert _found("{region: cn-north-1, payload: {request_max: 30 MB}}") & {"RT-01", "RT-02", "RT-25"} == {"RT-01"}


def test_a_stream_has_no_largest_answer_and_no_minute() -> None:
    large = "{needs: [streaming], payload: {response: 1 MB, response_max: 30 MB}}"
    assert not _found(large) & {"RT-03", "RT-04"}
    slow = "{needs: [streaming], work: [{on: ml.m5.large, mean: 40 s, p99: 70 s}]}"
    assert not _found(slow) & {"RT-06", "RT-08", "RT-29"}


def test_a_callers_socket_is_no_matter_where_the_endpoint_gives_up_first() -> None:
    assert "RT-08" in _found("work: [{on: ml.m5.large, mean: 30 s, p99: 50 s}]")
    assert "RT-08" not in _found("work: [{on: ml.m5.large, mean: 30 s, p99: 61 s}]")


def test_a_lot_beside_a_stream_is_told_of() -> None:
    lot = "batch: {records: 1 million, every: 1 day}"
    assert _found(f"{{{lot}}}") & {"RT-61", "RT-67"} == {"RT-67"}
    assert _found(f"{{traffic: null, {lot}}}") & {"RT-61", "RT-67", "RT-32"} == {"RT-61"}


def test_requests_of_minutes_are_not_counted_by_the_minute() -> None:
    # 2 workers of 200 s serve 0.6 a minute: a target below one is none.
    busy = (
        "{work: [{on: ml.m5.large, mean: 200 s, cv: 0.1, workers: 2}],"
        " traffic: {rate: 4 per minute, bursts: {peak: 3x, cv: 0.9, length: 1 hour}}}"
    )
    d = RealTime.start(overlay(busy))
    assert (d.scaling, d.target) == ("concurrency", 1)
    w = overlay(busy)
    told = next(one for one in d.with_({"scaling": "invocations", "target": "2"}).check(w) if one.rule == "RT-37")
    assert "scaling=concurrency" in told.mend


def test_several_models_are_weighed_against_the_quota_of_all_endpoints() -> None:
    both = {"RT-59", "RT-66"}
    assert _found("model: {count: 4}") & both == {"RT-66"}
    assert _found("model: {count: 5}") & both == {"RT-59"}
    assert _found("{model: {count: 5}, platform: {quota.instances_all_endpoints: 10}}") & both == {"RT-66"}


def test_idle_instances_are_those_of_all_models_endpoints() -> None:
    # 10 a second at 40 ms are 0.4 of 2 workers, a fifth; on ten endpoints two in a hundred.
    assert "RT-38" not in _found("traffic: {rate: 10 per second}")
    assert "RT-38" in _found("{traffic: {rate: 10 per second}, model: {count: 10}}")


def test_calls_above_the_accounts_rate_are_said_once() -> None:
    assert _found("traffic: {rate: 12000 per second}") & {"RT-21", "RT-22"} == {"RT-21"}
    assert _found("traffic: {rate: 7000 per second}") & {"RT-21", "RT-22"} == {"RT-22"}


def test_a_rate_that_nobody_has_still_gets_a_deployment() -> None:
    assert RealTime.start(overlay("traffic: {rate: 1000000000000 per second}")).min_instances == 1_000_000


def test_a_fleet_that_counts_requests_at_once_sees_a_burst_sooner() -> None:
    # An alarm after 3 x 10 s instead of 3 x 60 s: 150 s less until new instances serve.
    profile = "{traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 20 min}}, objective: {p99: 200 ms}}"
    w = overlay(profile)
    d = RealTime.start(w)
    slow = next(one for one in d.check(w) if one.rule == "RT-33")
    fast = next(one for one in d.with_({"scaling": "concurrency", "target": "1"}).check(w) if one.rule == "RT-33")
    # 180 s, a lag of 60 s and a launch of 195 s; 30 s instead of the first.
    assert "serve after 7.25 min" in slow.says
    assert "serve after 4.75 min" in fast.says


def test_an_unmeasured_type_says_so_once_and_proposes_an_entry() -> None:
    w = overlay("work: null")
    told = next(one for one in RealTime.start(w).check(w) if one.rule == "RT-58")
    assert told.says.count("nothing") == 1
    assert told.mend.endswith("mean: ..., p95: ...}]")
