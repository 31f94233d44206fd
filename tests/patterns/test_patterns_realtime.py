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


def test_an_extrapolated_service_time_says_so() -> None:
    w = overlay("{work: [{on: ml.m5.large, mean: 3 min, cv: 0.1}], region: us-east-1}")
    d = RealTime.start(w).with_({"instance_type": "ml.m5.xlarge"})
    told = next(one for one in d.check(w) if one.rule == "RT-05")
    assert "extrapolated" in told.says


def test_the_users_own_quota_decides() -> None:
    settings = {"max_instances": "9", "scaling": "invocations", "target": "600"}
    assert "RT-20" in _found("", **settings)
    assert "RT-20" not in _found("platform: {quota.instances_per_endpoint: 20}", **settings)


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
