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
    [("700 MB", 1024), ("800 MB", 2048), ("3 GB", 4096), ("5.7 GB", 6144), ("6 GB", 7168)],
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
