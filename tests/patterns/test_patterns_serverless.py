"""Serverless: the deployment a person writes first, and rules at their exact boundaries."""

from __future__ import annotations

import pytest

from advisor.errors import InputError
from advisor.patterns.serverless import Serverless
from advisor.rules import overlay
from advisor.rules.estimates import erlang_b


def _found(profile: str, **settings: str) -> set[str]:
    w = overlay(profile)
    return {one.rule for one in Serverless.start(w).with_(settings).check(w)}


def test_the_measured_memory_is_taken_where_the_model_fits_it() -> None:
    assert Serverless.start(overlay("")).memory_mib == 2048


@pytest.mark.parametrize(
    ("memory", "expected"),
    # The model and 300 MB of container, up to the next step of 1024 MB.
    [("700 MB", 1024), ("800 MB", 2048), ("3 GB", 4096), ("5.7 GB", 6144), ("6 GB", 6144), ("20 GB", 6144)],
)
def test_memory_is_model_and_container_up_to_the_next_step(memory: str, expected: int) -> None:
    w = overlay(f"{{work: [{{on: ml.m5.large, mean: 40 ms}}], model: {{memory: {memory}}}}}")
    assert Serverless.start(w).memory_mib == expected


def test_concurrency_leaves_a_tenth_of_the_errors_to_throttling_at_the_peak() -> None:
    # 20 a second at 60 ms, bursts of twice: 2.4 in service; errors of 1 % leave 0.1 % to throttling.
    d = Serverless.start(overlay("traffic: {rate: 20 per second}"))
    assert erlang_b(d.max_concurrency, 2.4) <= 0.001 < erlang_b(d.max_concurrency - 1, 2.4)


def test_all_concurrency_is_provisioned_where_cold_starts_are_to_be_avoided() -> None:
    d = Serverless.start(overlay("{traffic: {rate: 20 per second}, objective: {cold_starts: avoid}}"))
    assert d.provisioned_concurrency == d.max_concurrency
    assert d.id == f"serverless-2048mib-c{d.max_concurrency}-p{d.max_concurrency}"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"memory": "4"}, "has no unit"),
        ({"memory": "0 MB"}, "not a whole number of MiB"),
        ({"max_concurrency": "0"}, "at least 1"),
        ({"provisioned_concurrency": "-1"}, "negative"),
        ({"memory_mib": "4 bananas"}, "bananas"),
    ],
)
def test_what_could_never_be_meant_is_refused_in_words(settings: dict[str, str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        Serverless.start(overlay("")).with_(settings)


def test_memory_is_binary_however_it_is_written() -> None:
    d = Serverless.start(overlay(""))
    assert d.with_({"memory": "4 GB"}) == d.with_({"memory": "4096 MB"}) == d.with_({"memory_mib": 4096})


@pytest.mark.parametrize(
    ("size", "expected"),
    [(4_000_000, set()), (4_000_001, {"SL-02"}), (4 * 2**20, {"SL-02"}), (4 * 2**20 + 1, {"SL-01"})],
)
def test_a_request_is_judged_by_both_readings_of_mb(size: int, expected: set[str]) -> None:
    assert _found(f"payload: {{request_max: {size} B}}") & {"SL-01", "SL-02"} == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(10 * 10**9, set()), (10 * 10**9 + 1, {"SL-13"}), (10 * 2**30, {"SL-13"}), (10 * 2**30 + 1, {"SL-12"})],
)
def test_an_image_is_judged_by_both_readings_of_gb(size: int, expected: set[str]) -> None:
    assert _found(f"model: {{image: {size} B}}") & {"SL-12", "SL-13"} == expected


@pytest.mark.parametrize(("memory", "expected"), [("3 GB", False), ("4 GB", True), ("6 GB", True), ("7 GB", False)])
def test_a_new_accounts_memory_quota_warns_up_to_the_limit(memory: str, expected: bool) -> None:
    assert ("SL-08" in _found("", memory=memory)) == expected


def test_the_users_own_memory_quota_decides() -> None:
    assert "SL-08" not in _found("platform: {serverless.memory_quota_new_account: 6 GB}", memory="6 GB")


@pytest.mark.parametrize(("concurrency", "blocked"), [("200", False), ("201", True)])
def test_an_endpoint_serves_two_hundred_at_once(concurrency: str, blocked: bool) -> None:
    assert ("SL-17" in _found("", max_concurrency=concurrency)) == blocked


@pytest.mark.parametrize(("provisioned", "blocked"), [("8", False), ("9", True)])
def test_no_more_is_provisioned_than_may_run(provisioned: str, blocked: bool) -> None:
    assert ("SL-19" in _found("", max_concurrency="8", provisioned_concurrency=provisioned)) == blocked


@pytest.mark.parametrize(
    ("sets", "rules"),
    [
        ({"max_provisioned_concurrency": "8", "target_utilisation": "0.7"}, set()),
        ({"max_provisioned_concurrency": "9", "target_utilisation": "0.7"}, {"SL-19"}),
        ({"schedule": "08:00-18:00=8"}, set()),
        ({"schedule": "08:00-18:00=9"}, {"SL-19"}),
        ({"schedule": "22:00-06:00=0"}, {"SL-28"}),
        ({"provisioned_concurrency": "0", "schedule": "08:00-18:00=8"}, {"SL-28"}),
        (
            {"provisioned_concurrency": "0", "max_provisioned_concurrency": "8", "target_utilisation": "70 %"},
            {"SL-28"},
        ),
    ],
)
def test_scaled_provisioned_concurrency_stays_between_one_and_what_may_run(
    sets: dict[str, str], rules: set[str]
) -> None:
    found = _found("", **{"max_concurrency": "8", "provisioned_concurrency": "1", **sets})
    assert {rule for rule in found if rule in ("SL-19", "SL-28")} == rules


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ({"max_provisioned_concurrency": "8"}, "target_utilisation=none"),
        ({"target_utilisation": "70 %"}, "max_provisioned_concurrency=none"),
        ({"max_provisioned_concurrency": "1", "target_utilisation": "70 %"}, "below provisioned_concurrency=2"),
        ({"max_provisioned_concurrency": "8", "target_utilisation": "100 %"}, "not a share"),
        ({"max_provisioned_concurrency": "8", "target_utilisation": "70 %", "schedule": "08:00-09:00=9"}, "above"),
        ({"schedule": "08:00-18:00=2"}, "changes nothing"),
    ],
)
def test_settings_of_provisioned_concurrency_that_contradict_are_refused(sets: dict[str, str], words: str) -> None:
    d = Serverless(memory_mib=2048, max_concurrency=20, provisioned_concurrency=2)
    with pytest.raises(InputError, match=words) as raised:
        d.with_(sets)
    assert raised.value.mend


def test_the_id_tells_how_provisioned_concurrency_moves() -> None:
    d = Serverless(memory_mib=2048, max_concurrency=20, provisioned_concurrency=2)
    scaled = d.with_({"max_provisioned_concurrency": "8", "target_utilisation": "70 %"})
    assert scaled.id == "serverless-2048mib-c20-p2to8-u0.7"
    assert scaled.with_({"schedule": "mon-fri 8:00-18:00=4"}).id == f"{scaled.id}-mon-fri-0800-1800x4"
    assert d.with_({"schedule": "8:00-18:00=4"}).id == "serverless-2048mib-c20-p2-0800-1800x4"


@pytest.mark.parametrize(
    ("need", "rule"),
    [
        ("vpc", "SL-31"), ("network-isolation", "SL-32"), ("data-capture", "SL-33"), ("model-monitor", "SL-34"),
        ("variants", "SL-35"), ("marketplace", "SL-37"), ("private-registry", "SL-38"), ("pipeline", "SL-39"),
    ],
)  # fmt: skip
def test_what_aws_excludes_is_refused_at_the_need(need: str, rule: str) -> None:
    w = overlay(f"needs: [{need}]")
    found = next(one for one in Serverless.start(w).check(w) if one.rule == rule)
    assert (found.path, found.says) == ("needs", f"the workload needs {need}")


def test_a_gpu_named_among_the_needs_is_refused_at_the_needs() -> None:
    w = overlay("{needs: [gpu], model: {accelerator: required}}")
    found = next(one for one in Serverless.start(w).check(w) if one.rule == "SL-30")
    assert found.path == "needs"


def test_cold_starts_warn_where_they_are_rare_enough_not_to() -> None:
    # 6 an hour: exp(-6 x 11/60) = 33 % cold. A p50 bears up to half, a p99 one in a hundred.
    rare = "traffic: {rate: 6 per hour, bursts: null, shape: steady}"
    assert "SL-50" in _found(f"{{{rare}, objective: {{p99: 400 ms}}}}")
    assert "SL-50" not in _found(f"{{{rare}, objective: {{p50: 400 ms}}}}")
    assert "SL-50" not in _found(f"{{{rare}, objective: {{p99: 60 s}}}}")


def test_a_cold_start_in_the_mean_counts_by_its_share() -> None:
    # A third of requests wait about 9 s more: 3 s in the mean.
    rare = "traffic: {rate: 6 per hour, bursts: null, shape: steady}"
    assert "SL-50" in _found(f"{{{rare}, objective: {{mean: 1 s}}}}")
    assert "SL-50" not in _found(f"{{{rare}, objective: {{mean: 10 s}}}}")


def test_provisioned_concurrency_answers_cold_starts() -> None:
    profile = "{traffic: {rate: 6 per hour}, objective: {p99: 400 ms}}"
    assert "SL-50" not in _found(profile, max_concurrency="4", provisioned_concurrency="2")


def test_throttling_is_judged_by_the_errors_allowed() -> None:
    # 2.4 in service at the peak and 6 places: Erlang B loses 2.5 %.
    assert erlang_b(6, 2.4) == pytest.approx(0.0244, abs=5e-4)
    profile = "{{traffic: {{rate: 20 per second}}, objective: {{errors: {}}}}}"
    assert "SL-20" in _found(profile.format("1 %"), max_concurrency="6")
    assert "SL-20" not in _found(profile.format("3 %"), max_concurrency="6")


def test_a_model_above_the_largest_memory_is_refused_and_nothing_is_said_of_containers_that_cannot_be() -> None:
    assert _found("model: {memory: 20 GB}") == {"SL-07"}
    assert _found("model: {memory: 6 GB}") & {"SL-07", "SL-10", "SL-11", "SL-23"} == {"SL-11"}


def test_memory_rises_until_a_request_ends_in_time() -> None:
    # 100 s with one of two vCPUs each: a container of 1 GB has 1024/1769 = 0.58 vCPU and takes 173 s, one of 2 GB
    # has more than one and takes 100 s, as any larger one.
    w = overlay("{work: [{on: ml.m5.large, mean: 100 s, cv: 0.1, workers: 2}], model: {memory: 500 MB}}")
    d = Serverless.start(w)
    assert d.memory_mib == 2048
    assert {one.rule for one in d.check(w)} & {"SL-05", "SL-22"} == {"SL-22"}
    # 40 s take 69 s at 1 GB and 40 s at 2 GB.
    w = overlay("{work: [{on: ml.m5.large, mean: 40 s, cv: 0.1, workers: 2}], model: {memory: 500 MB}}")
    assert Serverless.start(w).memory_mib == 2048


def test_memory_rises_until_the_objective_is_met() -> None:
    # 100 ms take 173 ms at 1 GB.
    work = "work: [{on: ml.m5.large, mean: 100 ms, cv: 0.1, workers: 2}], model: {memory: 500 MB}"
    assert Serverless.start(overlay(f"{{{work}}}")).memory_mib == 1024
    assert Serverless.start(overlay(f"{{{work}, objective: {{mean: 150 ms}}}}")).memory_mib == 2048


def test_the_first_guess_asks_for_no_more_than_there_is() -> None:
    # 1400 a second at 60 ms, twice at the peak: 168 in service, of which 200 places throttle more than a tenth of 1 %.
    assert erlang_b(200, 168.0) > 0.001
    w = overlay("traffic: {rate: 1400 per second}")
    d = Serverless.start(w)
    assert d.max_concurrency == 200
    assert not {one.rule for one in d.check(w)} & {"SL-17"}


def test_more_in_service_than_there_may_be_is_refused_where_it_was_measured() -> None:
    # 60 ms x 2 x rate: 200 at 1667 a second.
    assert "SL-17" not in _found("traffic: {rate: 1660 per second}")
    assert "SL-17" in _found("traffic: {rate: 1670 per second}")
    borrowed = _found("{work: [{on: ml.m5.large, mean: 60 ms, workers: 2}], traffic: {rate: 3000 per second}}")
    assert "SL-17" not in borrowed
    assert "SL-20" in borrowed


def test_a_spike_that_finds_too_few_containers_is_told_of() -> None:
    # 25 a second x 30 at 45 ms: 33.75 in service. 20 containers throttle 44 % (Erlang B).
    assert erlang_b(20, 33.75) == pytest.approx(0.44, abs=0.01)
    profile = (
        "{work: [{on: serverless 2 GB, mean: 45 ms}], "
        "traffic: {rate: 25 per second, bursts: null, shape: steady,"
        " spikes: [{at: day 3 14:00, height: 30x, lasts: 45 min}]}}"
    )
    w = overlay(profile)
    d = Serverless.start(w)
    assert "SL-24" not in {one.rule for one in d.check(w)}
    assert erlang_b(d.max_concurrency, 33.75) <= 0.001 < erlang_b(d.max_concurrency - 1, 33.75)
    told = next(one for one in d.with_({"max_concurrency": 20}).check(w) if one.rule == "SL-24")
    assert "33.8 requests in service" in told.says
    assert "44 %" in told.says


def test_each_model_has_an_endpoint_with_its_part_of_the_traffic() -> None:
    # 80 a second over 4 alike are 20 a second each, as in one endpoint of 20 a second; the quota counts all four.
    many = overlay(
        "{model: {count: 4, popularity: {shares: [0.25, 0.25, 0.25, 0.25]}},"
        " traffic: {rate: 80 per second, bursts: null, shape: steady}}"
    )
    one = overlay("traffic: {rate: 20 per second, bursts: null, shape: steady}")
    assert Serverless.start(many) == Serverless.start(one)
    c = Serverless.start(many).max_concurrency
    told = next(found for found in Serverless.start(many).check(many) if found.rule == "SL-18")
    assert told.says.startswith(f"{4 * c} serverless calls at once")


def test_the_accounts_rate_of_calls_holds_for_serverless_too() -> None:
    both = {"SL-26", "SL-27"}
    assert _found("traffic: {rate: 12000 per second}") & both == {"SL-26"}
    assert _found("traffic: {rate: 7000 per second}") & both == {"SL-27"}


def test_the_concurrency_quota_is_refused_only_where_the_profile_states_it() -> None:
    both = {"SL-18", "SL-63"}
    assert _found("", max_concurrency="60") & both == {"SL-18"}
    assert _found("platform: {serverless.account_concurrency_new: 50}", max_concurrency="60") & both == {"SL-63"}
    assert _found("platform: {serverless.account_concurrency_new: 60}", max_concurrency="60") & both == set()


def test_an_accelerator_ends_all_further_talk() -> None:
    w = overlay("{model: {accelerator: required, image: 10.4 GB}, traffic: {rate: 40 per second}}")
    assert {one.rule for one in Serverless.start(w).check(w)} == {"SL-30"}


def test_a_stream_that_takes_too_long_is_told_of_once() -> None:
    slow = "{needs: [streaming], work: [{on: serverless 2 GB, mean: 3 min, cv: 0.1}]}"
    assert _found(slow) & {"SL-05", "SL-06", "SL-43"} == {"SL-05"}


def test_a_region_without_prices_is_unknown_and_china_has_none() -> None:
    both = {"SL-21", "SL-25"}
    assert _found("region: eu-east-9") & both == {"SL-25"}
    assert _found("region: cn-north-1") & both == {"SL-21"}


def test_busy_hours_matter_where_cold_starts_do() -> None:
    hours = "{{traffic: {{day: office, rate: {}}}, objective: {{p95: 1 s}}}}"
    assert "SL-54" in _found(hours.format("12 per hour"))
    assert "SL-54" not in _found(hours.format("20 per second"))
