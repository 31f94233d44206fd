"""Asynchronous inference: each limit just below, at and above; messages by hand arithmetic; the first guess.

The base profile takes 40 ms on ml.m5.large with two workers, so one instance serves 50 a second, and wakes from zero in
2 x 60 s of datapoints + 60 s of lag + the median launch of 195 s = 375 s.
"""

from __future__ import annotations

import math

import pytest

from advisor.errors import InputError, UnknownName
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.asynchronous.waking import idle_share, seen_s, wake_s
from advisor.rules import Finding, overlay
from advisor.workload import Workload

GPU = """
    model: {framework: pytorch, accelerator: required}
    work: [{on: ml.g5.xlarge, mean: 80 ms, p95: 160 ms, workers: 1}]
"""


def found(w: Workload, **sets: object) -> dict[str, Finding]:
    deployment = Asynchronous.start(w).with_(sets)
    return {finding.rule: finding for finding in deployment.check(w)}


def says(rule: str, w: Workload, **sets: object) -> str:
    return found(w, **sets)[rule].says


@pytest.mark.parametrize(
    ("size", "refused", "warned"),
    [
        (999_999_999, False, False),
        (1_000_000_000, False, False),
        (1_000_000_001, False, True),
        (2**30, False, True),
        (2**30 + 1, True, False),
    ],
)
def test_a_gigabyte_is_refused_above_its_binary_reading_and_doubted_above_its_decimal_one(
    size: int, refused: bool, warned: bool
) -> None:
    w = overlay("").with_({"payload.request_max_bytes": size})
    assert ("AS-10" in found(w), "AS-11" in found(w)) == (refused, warned)


@pytest.mark.parametrize(("size", "refused"), [(127_999, False), (128_000, False), (128_001, True)])
def test_a_body_in_the_call_has_128_thousand_bytes(size: int, refused: bool) -> None:
    w = overlay("").with_({"payload.request_max_bytes": size})
    assert ("AS-12" in found(w, inline=True)) == refused
    assert Asynchronous.start(w).inline != refused


@pytest.mark.parametrize(("seconds", "refused"), [(0.5, True), (1, False), (3600, False), (3601, True)])
def test_the_time_out_lies_between_a_second_and_an_hour(seconds: float, refused: bool) -> None:
    assert ("AS-21" in found(overlay(""), timeout_s=seconds)) == refused


@pytest.mark.parametrize(("seconds", "refused"), [(59, True), (60, False), (21600, False), (21601, True)])
def test_the_time_to_live_lies_between_a_minute_and_six_hours(seconds: float, refused: bool) -> None:
    assert ("AS-23" in found(overlay(""), ttl_s=seconds)) == refused


@pytest.mark.parametrize(("calls", "refused"), [(999, False), (1000, False), (1001, True)])
def test_an_instance_takes_a_thousand_calls_at_once(calls: int, refused: bool) -> None:
    assert ("AS-49" in found(overlay(""), concurrency_per_instance=calls)) == refused


@pytest.mark.parametrize(("minutes", "refused"), [("59 min", False), ("60 min", False), ("61 min", True)])
def test_a_call_that_usually_takes_more_than_an_hour_is_refused(minutes: str, refused: bool) -> None:
    w = overlay(f"traffic: {{rate: 1 per hour}}\nwork: [{{on: ml.m5.large, mean: {minutes}, cv: 0.1, workers: 2}}]")
    assert ("AS-19" in found(w)) == refused


@pytest.mark.parametrize(
    ("rate", "refused"), [("99 per second", False), ("100 per second", False), ("101 per second", True)]
)
def test_a_lasting_surplus_is_refused_from_the_capacity_of_the_whole_fleet(rate: str, refused: bool) -> None:
    # Two instances with two workers of 40 ms each serve 100 a second.
    w = overlay(f"traffic: {{rate: {rate}}}")
    assert ("AS-53" in found(w, min_instances=1, max_instances=2)) == refused


@pytest.mark.parametrize(("calls", "rules"), [(1, {"AS-51"}), (2, set()), (3, {"AS-50"})])
def test_calls_at_once_are_as_many_as_workers(calls: int, rules: set[str]) -> None:
    assert {"AS-50", "AS-51"} & set(found(overlay(""), concurrency_per_instance=calls)) == rules


@pytest.mark.parametrize(
    ("objective", "refused"), [("400 ms", True), ("500 ms", True), ("501 ms", False), ("1 s", False)]
)
def test_an_objective_is_refused_within_the_least_that_the_queue_may_take_and_warned_of_above(
    objective: str, refused: bool
) -> None:
    # The queue is assumed to take 1 s, half a second at the very least.
    rules = found(overlay(f"objective: {{p99: {objective}}}"))
    assert ("AS-25" in rules) == refused
    assert ("AS-26" in rules) == (not refused)


def test_a_queue_that_was_measured_refuses_by_its_own_figure() -> None:
    assert "AS-25" in found(overlay("{objective: {p99: 900 ms}, platform: {async_overhead: 1 s}}"))
    assert "AS-25" not in found(overlay("{objective: {p99: 300 ms}, platform: {async_overhead: 200 ms}}"))


def test_where_the_queue_alone_is_too_slow_nothing_else_is_said() -> None:
    w = overlay(
        "{objective: {p99: 300 ms}, traffic: {rate: 30 per second, bursts: {peak: 4x, cv: 0.6, length: 4 min}}}"
    )
    assert set(found(w)) == {"AS-25"}


@pytest.mark.parametrize("need", ["streaming", "data-capture", "model-monitor", "shadow", "variants", "pipeline"])
def test_what_the_feature_matrix_excludes_is_refused(need: str) -> None:
    assert any(finding.verdict.name == "BLOCKS" for finding in found(overlay(f"needs: [{need}]")).values())


@pytest.mark.parametrize(
    "need", ["vpc", "network-isolation", "queueing", "notifications", "scale-to-zero", "marketplace"]
)
def test_what_the_feature_matrix_grants_is_not_refused(need: str) -> None:
    assert not [finding for finding in found(overlay(f"needs: [{need}]")).values() if finding.verdict.name == "BLOCKS"]


def test_waking_takes_two_datapoints_the_lag_and_a_launch() -> None:
    assert seen_s(overlay("")) == 180
    assert wake_s(overlay(""), "ml.m5.large") == 375


def test_an_accelerator_wakes_from_its_cached_image_and_loads_its_model() -> None:
    # 134 s, and 200 MB at 213 MB a second.
    assert wake_s(overlay(GPU), "ml.g5.xlarge") == pytest.approx(180 + 134 + 200 / 213)


def test_requests_find_no_instance_after_a_pause_longer_than_scale_in() -> None:
    # Fifteen minutes of datapoints and a minute of lag: 960 s. Poisson at one an hour: exp(-960/3600).
    assert idle_share(overlay("traffic: {rate: 1 per hour}")) == pytest.approx(math.exp(-960 / 3600))
    even = "traffic: {{shape: regular, bursts: null, rate: {}}}"
    assert idle_share(overlay(even.format("4 per hour"))) == 0
    assert idle_share(overlay(even.format("3 per hour"))) == 1
    assert idle_share(overlay("traffic: null\nbatch: {records: 10}")) == 0


def test_scale_to_zero_against_a_strict_objective_is_refused_where_most_requests_wake_it() -> None:
    w = overlay("needs: [scale-to-zero]\nobjective: {p95: 1 min}\ntraffic: {rate: 1 per hour}")
    assert (
        says("AS-29", w)
        == "76.6 % of requests find no instance and wait 6.25 min for one; p95 of 60 s leaves that to 5 %"
    )
    patient = overlay("needs: [scale-to-zero]\nobjective: {p95: 375 s}\ntraffic: {rate: 1 per hour}")
    assert "AS-29" not in found(patient)
    busy = overlay("needs: [scale-to-zero]\nobjective: {p95: 1 min}\ntraffic: {rate: 30 per hour}")
    assert "AS-29" not in found(busy)
    assert "AS-28" in found(busy)


@pytest.mark.parametrize(("ttl", "warned"), [(374, True), (375, True), (376, False)])
def test_a_request_outlives_the_wake(ttl: float, warned: bool) -> None:
    assert ("AS-32" in found(overlay(""), min_instances=0, ttl_s=ttl)) == warned


def test_a_backlog_without_the_step_policy_wakes_only_above_its_target() -> None:
    # Six hours at one an hour: six wait together before the first expires.
    w = overlay("traffic: {rate: 1 per hour, shape: regular, bursts: null}")
    assert "AS-34" in found(w, min_instances=0, wake_step=False, target_backlog=6)
    assert "AS-34" not in found(w, min_instances=0, wake_step=False, target_backlog=5.9)
    assert "AS-34" not in found(w, min_instances=0, wake_step=True, target_backlog=6)


def test_a_backlog_target_that_outlasts_the_objective_is_told_with_its_time() -> None:
    # 400 requests at 50 a second are 8 s, and the queue's own second.
    w = overlay("objective: {p95: 3 s}")
    expected = "a backlog of 400 an instance takes 9 s to work off, and the objective is 3 s (p95)"
    assert says("AS-33", w, max_instances=4, target_backlog=400) == expected


def test_many_large_inputs_at_once_pass_the_instances_memory() -> None:
    # 8 x 900 MB are 6866.5 MiB; two copies take 1800 MiB; of 8192 MiB nine tenths are 7372.8: the rest holds six.
    w = overlay("payload: {request: 200 MB, request_max: 900 MB}")
    finding = found(w, concurrency_per_instance=8)["AS-16"]
    assert finding.says == "8 inputs of 900 MB take 6.71 GB beside 1.76 GB of models, and ml.m5.large has 7.2 GB"
    assert "admit 6 at once" in finding.mend
    assert "AS-16" not in found(w, concurrency_per_instance=6)
    assert "AS-16" in found(w, concurrency_per_instance=7)


def test_all_calls_in_work_stay_below_120_thousand() -> None:
    assert "AS-52" not in found(overlay(""), concurrency_per_instance=1000, max_instances=120)
    assert says("AS-52", overlay(""), concurrency_per_instance=1000, max_instances=121).startswith(
        "121 instances with 1,000 calls each are 121,000 in work"
    )


def test_the_first_guess_keeps_one_instance_for_steady_traffic_and_none_where_zero_is_asked_for() -> None:
    plain = Asynchronous.start(overlay(""))
    assert (plain.instance_type, plain.min_instances, plain.max_instances) == ("ml.m5.large", 1, 1)
    assert (plain.concurrency_per_instance, plain.target_backlog, plain.timeout_s, plain.ttl_s) == (2, 5, 900, 21600)
    assert Asynchronous.start(overlay("needs: [scale-to-zero]")).min_instances == 0
    assert Asynchronous.start(overlay("traffic: {rate: 1 per hour}")).min_instances == 0
    assert Asynchronous.start(overlay("traffic: {rate: 1 per hour}\nobjective: {p95: 1 min}")).min_instances == 1
    zones = Asynchronous.start(overlay("needs: [multi-az, scale-to-zero]"))
    assert (zones.min_instances, zones.max_instances) == (2, 2)


def test_the_first_guess_sizes_the_fleet_for_the_busiest_minutes() -> None:
    # A peak of 2 x 60 a second over 0.7 x 50 an instance: four. The mean of 60 keeps one and a fifth busy: one stands.
    guess = Asynchronous.start(overlay("traffic: {rate: 60 per second}"))
    assert (guess.min_instances, guess.max_instances) == (1, 4)


def test_the_first_guess_lengthens_the_time_out_where_the_slowest_thousandth_needs_it() -> None:
    def timeout(mean: str) -> float:
        work = f"traffic: {{rate: 1 per hour}}\nwork: [{{on: ml.m5.large, mean: {mean}, cv: 0.4, workers: 2}}]"
        return Asynchronous.start(overlay(work)).timeout_s

    # Log-normal with cv 0.4: the slowest thousandth takes 3.05 times the mean or more.
    assert timeout("4 min") == 900
    assert timeout("7 min") == 2 * math.ceil(420 * 3.05 / 30) * 30
    assert timeout("40 min") == 3600


def test_a_deployment_reads_back_and_says_what_it_does_not_know() -> None:
    deployment = Asynchronous(instance_type="ml.g5.xlarge", min_instances=0, max_instances=3, wake_step=False)
    assert eval(repr(deployment)) == deployment
    assert deployment.id == "asynchronous-g5.xlarge-0to3-c1-b5-t900-ttl21600-nostep"
    assert deployment.with_({"timeout": "30 min", "inline": "yes"}).timeout_s == 1800
    with pytest.raises(UnknownName, match="not a setting of asynchronous"):
        deployment.with_({"time_out": "30 min"})
    with pytest.raises(InputError, match="max_instances=3 is below min_instances=4"):
        deployment.with_({"min_instances": "4"})


@pytest.mark.parametrize("task", ["training", "processing"])
def test_jobs_that_are_no_inference_are_refused(task: str) -> None:
    assert says("AS-01", overlay(f"task: {task}")) == f"the task is {task}"


def test_a_lot_without_requests_is_a_jobs_work() -> None:
    w = overlay("traffic: null\nbatch: {records: 3 million, every: 1 week}")
    assert says("AS-17", w) == "there is no traffic, only a lot of 3,000,000 records every 7 days"


def test_a_lot_beside_the_requests_is_not_served_here() -> None:
    w = overlay("batch: {records: 3 million, every: 1 week}")
    assert says("AS-67", w).startswith("the lot of 3,000,000 records every 7 days")
    assert "AS-17" not in found(w)


def test_zero_and_two_zones_exclude_each_other_and_serverless_has_both() -> None:
    finding = found(overlay("needs: [scale-to-zero, multi-az]"))["AS-57"]
    assert finding.says == "the workload needs scale-to-zero, and min_instances=2 always stand, as multi-az asks"
    assert "serverless" in finding.mend
    assert "AS-57" not in found(overlay("needs: [scale-to-zero]"))
    assert "AS-57" not in found(overlay("needs: [multi-az]"))


@pytest.mark.parametrize(
    ("size", "refused", "warned"),
    [
        (500 * 10**9, False, False),
        (500 * 10**9 + 1, False, True),
        (500 * 2**30, False, True),
        (500 * 2**30 + 1, True, False),
    ],
)
def test_a_model_of_five_hundred_gigabytes_has_two_readings(size: int, refused: bool, warned: bool) -> None:
    rules = found(overlay("").with_({"model.size_bytes": size}))
    assert ("AS-58" in rules, "AS-59" in rules) == (refused, warned)


def test_a_model_needs_room_beside_its_archive_and_the_first_guess_asks_for_it() -> None:
    # 15 GB and as much again fill the usual 30 GB; 20 GB need 40.
    assert Asynchronous.start(overlay("model: {size: 15 GB}")).volume_gb is None
    assert Asynchronous.start(overlay("model: {size: 20 GB}")).volume_gb == 40
    assert "AS-61" in found(overlay("model: {size: 20 GB}"), volume_gb=39)
    assert "AS-61" not in found(overlay("model: {size: 20 GB}"))
    assert "AS-60" in found(overlay(""), volume_gb=513)
    assert "AS-60" not in found(overlay(""), volume_gb=512)


def test_a_large_model_outlasts_the_first_health_check() -> None:
    # 98 MB a second for 480 s are 47.04 GB.
    assert "AS-62" not in found(overlay("model: {size: 47 GB}"))
    assert "AS-62" in found(overlay("model: {size: 47.1 GB}"))


def test_a_borrowed_time_warns_where_a_measured_one_refuses() -> None:
    w = overlay("traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.large, mean: 70 min, cv: 0.1, workers: 2}]")
    assert "AS-19" in found(w)
    assert {"AS-19", "AS-64"} & set(found(w, instance_type="ml.m5.xlarge")) == {"AS-64"}


@pytest.mark.parametrize(
    ("memory", "rule"), [("7372 MB", None), ("7373 MB", "AS-69"), ("8192 MB", "AS-69"), ("8193 MB", "AS-40")]
)
def test_memory_refuses_above_all_of_it_and_warns_above_the_usable_share(memory: str, rule: str | None) -> None:
    # ml.m5.large has 8192 MiB, of which nine tenths, 7372.8, are usable.
    w = overlay(f"model: {{memory: {memory}}}\nwork: [{{on: ml.m5.large, mean: 40 ms, workers: 1}}]")
    assert {"AS-40", "AS-69"} & set(found(w, instance_type="ml.m5.large")) == ({rule} if rule else set())


def test_quotas_of_instances_are_told_once_and_refuse_only_where_they_are_the_accounts_own() -> None:
    rules = found(overlay(""), max_instances=5)
    assert rules["AS-46"].says == "5 instances, and a new account may have 4 on one endpoint"
    # Thirty models are thirty endpoints, of two instances each.
    many = "model: {count: 30, same_container: true}"
    assert found(overlay(many), max_instances=2)["AS-46"].says == (
        "60 instances on 30 endpoints, and a new account may have 4 on all endpoints together"
    )
    raised = overlay(f"{many}\nplatform: {{quota.instances_all_endpoints: 60}}")
    assert not {"AS-46", "AS-66"} & set(found(raised, max_instances=2))
    assert found(raised, max_instances=3)["AS-66"].mend.startswith("give max_instances=2 or fewer")
    own = overlay("platform: {quota.instances_per_endpoint: 20, quota.instances_all_endpoints: 6}")
    assert "AS-66" not in found(own, max_instances=6)
    assert found(own, max_instances=7)["AS-66"].says == (
        "7 instances, and this account may have 6 on all endpoints together"
    )
    assert "AS-46" not in found(own, max_instances=7)
    # One quota stated: the other is still a new account's.
    half = overlay("platform: {quota.instances_per_endpoint: 20}")
    assert found(half, max_instances=7)["AS-46"].says.endswith("may have 4 on all endpoints together")


def test_a_time_to_live_cannot_be_longer_than_six_hours_whatever_the_objective() -> None:
    assert "AS-24" not in found(overlay("objective: {p95: 12 hours}"), ttl_s=21600)
    assert "AS-24" in found(overlay("objective: {p95: 12 hours}"), ttl_s=21599)


def test_a_target_of_one_is_not_told_to_be_lowered() -> None:
    # 100 s of work on two workers: one waiting is worked off in 50 s, and the queue's second.
    w = overlay("objective: {p95: 45 s}\nwork: [{on: ml.m5.large, mean: 100 s, cv: 0.2, workers: 2}]")
    assert "lower" in found(w, max_instances=200, target_backlog=2)["AS-33"].mend
    assert "lower" not in found(w, max_instances=200, target_backlog=1)["AS-33"].mend


def test_late_requests_are_those_of_the_hours_at_which_a_burst_exceeds_what_stands() -> None:
    # Twelve hours at 1.5 of the mean carry three quarters of it, twelve at 0.5 the rest. New instances serve after
    # three datapoints, the lag and a launch: 180 + 60 + 195 = 435 s.
    bursts = "bursts: {peak: 2x, cv: 0.6, length: 20 min, of: rate}"
    day = ", ".join(["1.5"] * 12 + ["0.5"] * 12)
    w = overlay(f"objective: {{p95: 10 s}}\ntraffic: {{rate: 30 per second, {bursts}, day: [{day}]}}")
    states = w.burst_states
    assert states is not None
    assert 0.5 * states.high_per_s < 50 < 1.5 * states.high_per_s
    share = 435 / states.mean_high_s * states.share_high * states.high_per_s / 30 * 0.75
    told = found(w, min_instances=1, max_instances=4)["AS-54"].says
    assert f"{float(f'{100 * share:.2g}'):g} % of all requests" in told
    assert "AS-54" not in found(w, min_instances=0, max_instances=4)


def test_notifications_are_not_asked_for_beside_the_advice_to_answer_in_the_call() -> None:
    assert {"AS-15", "AS-27"} & set(found(overlay("objective: {p95: 10 s}"))) == {"AS-27"}
    assert {"AS-15", "AS-27"} & set(found(overlay("objective: {p95: 61 s}"))) == {"AS-15"}


def test_a_fleet_that_may_never_wake_is_told_once() -> None:
    w = overlay("traffic: {rate: 1 per hour, shape: regular, bursts: null}")
    rules = found(w, min_instances=0, wake_step=False, target_backlog=6)
    assert {"AS-34", "AS-35"} & set(rules) == {"AS-34"}
    assert rules["AS-34"].verdict.name == "WARNS"


def test_a_type_that_is_listed_for_jobs_only_is_doubted() -> None:
    # The price list of eu-west-3 has ml.g4dn.xlarge for jobs, not for asynchronous endpoints.
    w = overlay(GPU).with_({"region": "eu-west-3"})
    assert "AS-68" in found(w, instance_type="ml.g4dn.xlarge")
    assert "AS-68" not in found(w, instance_type="ml.g6.xlarge")
    assert "AS-68" not in found(overlay(GPU))


def test_a_region_without_prices_is_unknown_and_not_refused() -> None:
    rules = found(overlay("region: cn-north-1"))
    assert rules["AS-65"].verdict.name == "WARNS"
    assert "AS-37" not in rules


@pytest.mark.parametrize("rate", ["1000000 per second", "1000000000000 per second"])
def test_a_huge_rate_gets_a_deployment_that_quotas_speak_of(rate: str) -> None:
    assert "AS-46" in found(overlay(f"traffic: {{rate: {rate}}}"))
