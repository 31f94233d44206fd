"""Multi-model endpoints: the cache against theory, each limit just below and above, the first guess.

ml.m5.large has 8 GB, of which the container keeps a fifth: 6553.6 MiB, or 21 models of 300 MiB. A model of 100 MB takes
1.2 s + 100/400 s to open, and 100/200 s to fetch before: 1.95 s.
"""

from __future__ import annotations

import math

import pytest

from advisor.errors import InputError
from advisor.patterns.multimodel import MultiModel
from advisor.patterns.multimodel.cache import (
    cache_mib,
    fetch_s,
    hit_share,
    load_s,
    models_held,
    open_s,
)
from advisor.rules import Finding, overlay
from advisor.rules.popularity import popularity, top_share
from advisor.workload import Workload

M5 = {"instance_type": "ml.m5.large"}
TRITON = """
    model: {count: 5, memory: 2 GB, framework: triton, accelerator: required}
    work: [{on: ml.g5.xlarge, mean: 80 ms}]
"""
PAIR = {**M5, "min_instances": 2, "max_instances": 2, "scaling": "none", "target": None}


def many(count: int = 200, popularity: str = "{zipf: 0}", rest: str = "", size: str = "100 MB") -> Workload:
    return overlay(f"model: {{count: {count}, size: {size}, memory: 300 MB, popularity: {popularity}}}\n{rest}")


def found(w: Workload, **sets: object) -> dict[str, Finding]:
    deployment = MultiModel.start(w).with_(sets)
    return {finding.rule: finding for finding in deployment.check(w)}


def test_a_load_is_fetched_and_opened() -> None:
    w = many()
    assert (fetch_s(w), open_s(w), load_s(w)) == pytest.approx((0.5, 1.45, 1.95))
    assert models_held(w, "ml.m5.large") == 21


def test_an_accelerators_own_memory_is_the_cache_where_models_need_it() -> None:
    # 22.4 GiB, nine tenths of them usable: 20,643.84 MiB.
    w = overlay(TRITON)
    assert models_held(w, "ml.g5.xlarge") == 10


@pytest.mark.parametrize("held", [1, 42, 100, 199])
def test_equally_popular_models_hit_in_proportion_to_what_fits(held: int) -> None:
    assert hit_share(many(), held) == pytest.approx(held / 200)


def test_two_models_and_room_for_one_hit_by_the_golden_ratio() -> None:
    # Shares 2/3 and 1/3: with x = exp(-t/3), Che's equation is x^2 + x = 1, and the hits are (x + 1)/3.
    x = (math.sqrt(5) - 1) / 2
    assert hit_share(many(2, "{shares: [33.3333333333 %, 66.6666666667 %]}"), 1) == pytest.approx((x + 1) / 3)


def test_all_that_fit_hit_and_nothing_hits_without_room() -> None:
    assert hit_share(many(), 200) == 1
    assert hit_share(many(), 0) == 0
    shares = [hit_share(many(popularity="{zipf: 1.1}"), held) for held in range(1, 201, 10)]
    assert shares == sorted(shares)


def test_models_far_down_the_list_may_be_taken_together() -> None:
    # Zipf with exponent 1 over 20,000 models: the sum of 1/k is ln n + 0.5772 + 1/(2n).
    w = many(20_000, "{zipf: 1}")
    assert top_share(w) == pytest.approx(1 / (math.log(20_000) + 0.5772156649 + 1 / 40_000), rel=1e-4)
    assert sum(many_of for _, many_of in popularity(w)) == 20_000
    assert sum(share * many_of for share, many_of in popularity(w)) == pytest.approx(1)


def test_che_agrees_with_the_direct_sum_where_models_are_taken_together() -> None:
    count, held = 6000, 500
    weights = [1 / k for k in range(1, count + 1)]
    shares = [weight / sum(weights) for weight in weights]
    low, high = 0.0, 1e9
    for _ in range(100):
        t = (low + high) / 2
        low, high = (t, high) if sum(-math.expm1(-share * t) for share in shares) < held else (low, t)
    expected = sum(share * -math.expm1(-share * t) for share in shares)
    assert hit_share(many(count, "{zipf: 1}"), held) == pytest.approx(expected, abs=1e-4)


def test_models_that_do_not_fit_are_told_with_the_share_that_waits() -> None:
    expected = "42 of 200 models fit 2 x ml.m5.large: about 79 % of requests wait for a load"
    assert found(many(), **PAIR)["MM-31"].says == expected
    assert "MM-31" not in found(many(42), **PAIR)


def test_an_objective_below_a_load_forgives_as_many_as_its_percentile_leaves_out() -> None:
    # 42 models fit two instances: of 44 alike 1 - 42/44 = 4.5 % of requests wait, of 45 6.7 %.
    strict = "objective: {p95: 500 ms}"
    assert "MM-32" not in found(many(44, rest=strict), **PAIR)
    assert found(many(45, rest=strict), **PAIR)["MM-32"].says == (
        "42 of 45 models fit: about 6.7 % of requests wait 1.95 s for theirs; p95 of 500 ms leaves that to 5 %"
    )
    assert "MM-32" not in found(many(45, rest="objective: {p95: 2 s}"), **PAIR)
    assert {"MM-31", "MM-32"} & set(found(many(45, rest=strict), **PAIR)) == {"MM-32"}


@pytest.mark.parametrize(
    ("size", "refused", "warned"),
    [("7.83 GB", False, False), ("7.85 GB", False, True), ("102.7 GB", False, True), ("102.8 GB", True, False)],
)
def test_a_call_waits_a_minute_for_a_load_and_the_load_ends_after_six(size: str, refused: bool, warned: bool) -> None:
    # 1.2 s + 7.5 s a GB: 60 s at 7.84 GB. At the very fastest 0.5 s + 3.5 s a GB: 360 s at 102.71 GB.
    rules = found(many(5, size=size))
    assert ("MM-35" in rules, "MM-34" in rules) == (refused, warned)


@pytest.mark.parametrize(
    ("memory", "rule"), [("6553 MB", None), ("6554 MB", "MM-70"), ("7372 MB", "MM-70"), ("7373 MB", "MM-30")]
)
def test_one_model_fits_what_the_container_leaves(memory: str, rule: str | None) -> None:
    # Of 8192 MiB the container is assumed to keep a fifth, and a tenth at least.
    w = overlay(f"model: {{count: 5, memory: {memory}}}")
    assert {"MM-30", "MM-70"} & set(found(w, **M5)) == ({rule} if rule else set())
    assert rule is None or "MM-31" not in found(w, **M5)


@pytest.mark.parametrize(("volume", "refused"), [(512, False), (513, True)])
def test_a_volume_has_512_gigabytes_at_most(volume: int, refused: bool) -> None:
    assert ("MM-36" in found(many(), **M5, volume_gb=volume)) == refused


def test_models_that_fall_off_the_disk_are_downloaded_again() -> None:
    # 400 models of 500 MB over two instances: 100 GB each.
    w = many(400, size="500 MB")
    expected = (
        "an instance's part of the models is 100 GB, and its disk 50 GB: "
        "what falls off it is downloaded again, 2.5 s each time"
    )
    assert found(w, **PAIR, volume_gb=50)["MM-37"].says == expected
    assert "MM-37" in found(w, **PAIR, volume_gb=99)
    assert "MM-37" not in found(w, **PAIR, volume_gb=100)
    # A hundred of 300 MB fit the usual 30 GB of one instance.
    assert "MM-37" not in found(many(200, size="300 MB"), **PAIR, volume_gb=None)


def test_loads_that_queue_behind_loads_are_told_with_both_rates() -> None:
    # 21 of 200 fit: 89.5 % of 30 a second miss; two vCPUs open 2 / 1.45 s a second.
    w = many(rest="traffic: {rate: 30 per second}")
    single = {**PAIR, "min_instances": 1, "max_instances": 1}
    expected = "26.9 per second miss their model, and 1 x ml.m5.large load 1.38 per second at best"
    assert found(w, **single)["MM-40"].says == expected


def test_without_the_cache_every_call_loads() -> None:
    strict = many(10, rest="objective: {p95: 1 s}")
    assert "MM-38" in found(strict, cached=False)
    assert "MM-38" not in found(strict, cached=True)
    assert "MM-38" not in found(many(10, rest="objective: {p95: 2 s}"), cached=False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ml.g5.xlarge", None),
        ("ml.g4dn.2xlarge", None),
        ("ml.g5.12xlarge", "MM-66"),
        ("ml.g6.xlarge", "MM-74"),
        ("ml.inf2.xlarge", "MM-74"),
        ("ml.inf1.6xlarge", "MM-66"),
    ],
)
def test_many_models_share_one_gpu_and_aws_lists_older_families(name: str, rule: str | None) -> None:
    w = overlay(TRITON)
    assert {"MM-66", "MM-74"} & set(found(w, instance_type=name)) == ({rule} if rule else set())


def test_accelerators_of_aws_are_counted_too() -> None:
    # inf1.6xlarge has four Inferentia chips and no GPU.
    finding = found(overlay(TRITON), instance_type="ml.inf1.6xlarge")["MM-66"]
    assert finding.says.startswith("ml.inf1.6xlarge carries 4 x ")


def test_a_model_that_was_measured_on_an_optional_accelerator_has_the_larger_memory() -> None:
    # ml.g5.xlarge: 16 GiB, four fifths of them 13,107.2 MiB; its GPU nine tenths of 22.4 GiB, 20,643.84 MiB.
    work = "work: [{on: ml.g5.xlarge, mean: 80 ms}]"
    assert cache_mib(overlay(f"model: {{accelerator: optional}}\n{work}"), "ml.g5.xlarge") == pytest.approx(20_643.84)
    assert cache_mib(overlay(f"model: {{accelerator: none}}\n{work}"), "ml.g5.xlarge") == pytest.approx(13_107.2)
    assert cache_mib(overlay("model: {accelerator: optional}"), "ml.g5.xlarge") == pytest.approx(13_107.2)


def test_one_model_or_several_containers_are_refused() -> None:
    assert found(overlay("model: {count: 1}"))["MM-19"].says == "there is one model, so there is nothing to share"
    assert (
        found(overlay("model: {count: 3, same_container: no}"))["MM-20"].says == "3 models run in different containers"
    )


@pytest.mark.parametrize(
    "need", ["shadow", "variants", "data-capture", "model-monitor", "scale-to-zero", "multi-container"]
)
def test_what_a_multi_model_endpoint_excludes_is_refused(need: str) -> None:
    refusals = [one for one in found(many(5, rest=f"needs: [{need}]")).values() if one.verdict.name == "BLOCKS"]
    assert len(refusals) == 1


@pytest.mark.parametrize(
    ("size", "refused", "warned"),
    [(6 * 2**20, False, False), (6 * 2**20 + 1, False, True), (25 * 2**20, False, True), (25 * 2**20 + 1, True, False)],
)
def test_a_body_has_two_limits_by_awss_own_words(size: int, refused: bool, warned: bool) -> None:
    rules = found(many(5).with_({"payload.request_max_bytes": size}))
    assert ("MM-12" in rules, "MM-13" in rules) == (refused, warned)


def test_the_first_guess_stands_on_two_instances_and_takes_more_where_models_need_them() -> None:
    plain = MultiModel.start(many(5))
    assert (plain.instance_type, plain.min_instances, plain.max_instances, plain.scaling) == (
        "ml.m5.large",
        2,
        2,
        "none",
    )
    # On two instances 1 - 42/60 = 30 % of requests would wait for a load, on three none.
    assert MultiModel.start(many(60, rest="objective: {p95: 500 ms}")).min_instances == 3
    # Four instances are the quota, and 84 of 200 are not enough: the rule says so, the guess stays small.
    assert MultiModel.start(many(200, rest="objective: {p95: 500 ms}")).min_instances == 2


def test_the_first_guess_takes_the_measured_type_with_the_most_room() -> None:
    works = "work: [{on: ml.m5.large, mean: 40 ms}, {on: ml.r5.large, mean: 40 ms}, {on: ml.c5.large, mean: 40 ms}]"
    assert MultiModel.start(many(rest=works)).instance_type == "ml.r5.large"


def test_the_first_guess_switches_the_cache_off_for_models_that_are_asked_for_less_than_daily() -> None:
    # Five a minute are 7,200 a day.
    assert MultiModel.start(many(7200, rest="traffic: {rate: 5 per minute}")).cached
    assert not MultiModel.start(many(7201, rest="traffic: {rate: 5 per minute}")).cached


def test_the_first_guess_keeps_the_cache_where_popular_models_hit_or_the_objective_is_below_a_load() -> None:
    # By Zipf's law with exponent 1 the 42 models that fit have some 40 % of the calls to 50,000.
    seldom = "traffic: {rate: 5 per minute}"
    assert MultiModel.start(many(50_000, "{zipf: 1}", rest=seldom)).cached
    assert "MM-39" not in found(many(50_000, "{zipf: 1}", rest=seldom))
    strict = many(50_000, rest=f"{seldom}\nobjective: {{p95: 500 ms}}")
    assert MultiModel.start(strict).cached
    assert not {"MM-38", "MM-39"} & set(found(strict))


def test_with_one_model_only_that_is_said() -> None:
    w = overlay("{needs: [streaming], traffic: {rate: 60 per second, bursts: {peak: 4x, cv: 1, length: 5 min}}}")
    assert set(found(w)) == {"MM-19"}


@pytest.mark.parametrize(
    ("rate", "rule"), [("4000 per second", None), ("7000 per second", "MM-64"), ("10001 per second", "MM-69")]
)
def test_ten_thousand_calls_a_second_are_an_accounts_most(rate: str, rule: str | None) -> None:
    # Bursts of twice the rate: 7,000 a second peak above 10,000, 4,000 do not.
    w = many(5, rest=f"traffic: {{rate: {rate}}}")
    assert {"MM-64", "MM-69"} & set(found(w)) == ({rule} if rule else set())


def test_a_spike_is_told_where_the_standing_fleet_does_not_meet_it() -> None:
    # Two instances serve 100 a second; 20 times 4 are 80, 20 times 6 are 120.
    spike = "traffic: {{rate: 20 per second, spikes: [{{at: day 3 14:00, height: {}x, lasts: 20 min}}]}}"
    assert "MM-72" not in found(many(5, rest=spike.format(4)), **PAIR)
    assert "MM-72" in found(many(5, rest=spike.format(6)), **PAIR)


@pytest.mark.parametrize(("mean", "rule"), [("2 min", "MM-11"), ("9 min", "MM-78")])
def test_a_stream_gets_one_finding(mean: str, rule: str) -> None:
    w = many(5, rest=f"needs: [streaming]\nwork: [{{on: ml.m5.large, mean: {mean}, cv: 0.2, workers: 2}}]")
    assert {"MM-11", "MM-15", "MM-16", "MM-75", "MM-78"} & set(found(w)) == {rule}


def test_a_borrowed_time_warns_where_a_measured_one_refuses() -> None:
    w = many(5, rest="work: [{on: ml.m5.large, mean: 70 s, cv: 0.1, workers: 2}]")
    assert {"MM-15", "MM-75"} & set(found(w)) == {"MM-15"}
    assert {"MM-15", "MM-75"} & set(found(w, instance_type="ml.m5.xlarge")) == {"MM-75"}


def test_quotas_of_instances_are_told_once_and_refuse_only_where_they_are_the_accounts_own() -> None:
    scaled = {"max_instances": 9, "scaling": "invocations", "target": 600}
    assert {"MM-57", "MM-71"} & set(found(many(5), **scaled)) == {"MM-57"}
    own = many(5, rest="platform: {quota.instances_per_endpoint: 8, quota.instances_all_endpoints: 20}")
    assert {"MM-57", "MM-71"} & set(found(own, **scaled)) == {"MM-71"}
    assert not {"MM-57", "MM-71"} & set(found(own, **{**scaled, "max_instances": 8}))


def test_a_pipeline_of_one_multi_model_container_is_only_noted() -> None:
    assert found(many(5, rest="needs: [pipeline]"))["MM-10"].verdict.name == "NOTES"


def test_a_lot_beside_the_requests_is_not_served_here() -> None:
    assert found(many(5, rest="batch: {records: 3 million, every: 1 week}"))["MM-77"].verdict.name == "NOTES"


def test_a_huge_rate_gets_a_deployment_that_quotas_speak_of() -> None:
    assert {"MM-57", "MM-69"} <= set(found(many(5, rest="traffic: {rate: 1000000000000 per second}")))


def test_a_huge_quota_is_searched_at_once() -> None:
    w = many(200, rest="objective: {p95: 500 ms}\nplatform: {quota.instances_per_endpoint: 1000000}")
    # 21 models an instance: ten hold 210; nine hold 189 of 200, of which 5.5 % of the calls miss.
    assert MultiModel.start(w).min_instances == 10


def test_a_deployment_reads_back_and_refuses_what_makes_no_sense() -> None:
    d = MultiModel(instance_type="ml.m5.xlarge", min_instances=2, max_instances=4, scaling="invocations", target=420)
    assert eval(repr(d)) == d
    assert d.id == "multi-model-m5.xlarge-2to4-invocations420"
    assert d.with_({"volume": "80 GB", "cached": "no"}).id == "multi-model-m5.xlarge-2to4-invocations420-v80-uncached"
    with pytest.raises(InputError, match="below min_instances=5"):
        d.with_({"min_instances": "5"})
    with pytest.raises(InputError, match="scaling=none with 2 to 4"):
        d.with_({"scaling": "none", "target": "none"})


@pytest.mark.parametrize("task", ["training", "processing"])
def test_jobs_that_are_no_inference_are_refused(task: str) -> None:
    assert found(many(5, rest=f"task: {task}"))["MM-01"].says == f"the task is {task}"
