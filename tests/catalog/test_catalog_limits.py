"""Limits: the figures of AWS's own pages, read by hand into the tables below, against what the catalog holds."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys

import pytest

from advisor.catalog import limits as room
from advisor.catalog.limits import Limit, limit, limits
from advisor.errors import BugError, UnitError, UnknownName

MB, MIB, GB, GIB = 10**6, 2**20, 10**9, 2**30

# key, in base units, date of the source
FIGURES = [
    ("realtime.payload_max", 25 * MB, "2026"),
    ("realtime.payload_warn", 6_291_456, "2026-08"),
    ("realtime.invoke_timeout", 60, "2026"),
    ("realtime.stream_timeout", 8 * 60, "2026"),
    ("realtime.first_ping_window", 8 * 60, "2026"),
    ("realtime.container_accept_timeout", 0.25, "2026"),
    ("realtime.model_size_max", 500 * GB, "2026"),
    ("realtime.production_variants_max", 10, "2026-08"),
    ("realtime.volume_gb_max", 512 * GB, "2026-08"),
    ("realtime.containers_max", 15, "2026-08"),
    ("realtime.account_invoke_rate_max", 10_000, "2026"),
    ("deploy.canary_size_max", 0.5, "2026"),
    ("deploy.max_execution_timeout_max", 8 * 3600, "2026-08"),
    ("mme.not_ready_after", 60, "2026"),
    ("mme.load_timeout", 6 * 60, "2026"),
    ("mme.instances_min_advised", 2, "2026"),
    ("mme.measured_cold_call", 1.307, "2020-2023"),
    ("pipeline.inter_container_payload_max", 5 * MB, "2023-05"),
    ("ic.cpu_cores_min", 0.25, "2026-08"),
    ("ic.memory_min", 128, "2026-08"),
    ("ic.scale_in_cooldown_default", 20 * 60, "2026-08"),
    ("ic.zero.wake_measured_g5_small", 9 * 60 + 24, "2026-07"),
    ("serverless.memory_min", 1024, "2026-08"),
    ("serverless.memory_max", 6 * 1024, "2026-08"),
    ("serverless.memory_quota_new_account", 3 * 1024, "2026"),
    ("serverless.max_concurrency_max", 200, "2026-08"),
    ("serverless.payload_max", 4 * MB, "2026"),
    ("serverless.invoke_timeout", 60, "2026"),
    ("serverless.container_start_timeout", 3 * 60, "2026"),
    ("serverless.image_size_max", 10 * GB, "2026"),
    ("serverless.ephemeral_disk", 5 * GB, "2026"),
    ("serverless.account_concurrency_new", 10, "2026"),
    ("serverless.account_endpoints_new", 5, "2026"),
    ("serverless.cold_start_xgb_4096mb", 6.0, "2023-05"),
    ("serverless.cold_model_setup_xgb_2048mb", 8.6, "2026"),
    ("async.payload_max", 1 * GB, "2026"),
    ("async.inline_body_max", 128_000, "2026-08"),
    ("async.timeout_max", 3600, "2026-08"),
    ("async.timeout_default", 900, "2026"),
    ("async.ttl_max", 6 * 3600, "2026-08"),
    ("async.concurrency_per_instance_max", 1000, "2026-08"),
    ("async.zero.wake_time", 7.5 * 60, "2026"),
    ("batch.payload_max", 100 * MB, "2026-08"),
    ("batch.payload_default", 6 * MB, "2026-08"),
    ("batch.payload_times_concurrency_max", 100 * MB, "2026-08"),
    ("batch.timeout_default", 600, "2026-08"),
    ("batch.retries_max", 3, "2026-08"),
    ("batch.instances_max", 100, "2026-08"),
    ("batch.volume_gb", 30 * GB, "2026"),
    ("batch.machine_history_max", 25_000, "2026"),
    ("batch.startup_measured_plain", 270, "2020-2024"),
    ("training.max_runtime_quota", 5 * 86400, "2026"),
    ("training.spot_saving_max", 0.9, "2026"),
    ("training.create_to_downloading_median", 102, "2020-2024"),
    ("training.file_mode_throughput", 170 * MB, "2026"),
    ("processing.max_runtime_max", 9 * 86400, "2026-08"),
    ("scaling.metric_period", 60, "2026"),
    ("scaling.out_datapoints", 3, "2024-2026"),
    ("scaling.in_datapoints", 15, "2024-2026"),
    ("scaling.in_threshold_ratio", 0.9, "2024-2026"),
    ("scaling.out_cooldown_default", 300, "2026"),
    ("provision.endpoint_cpu_quantiles", 195, "2020-2024"),
    ("provision.endpoint_gpu_quantiles", 330, "2020-2024"),
    ("provision.image_pull_rate", 53 * MB, "2026-06"),
    ("quota.instances_per_endpoint", 4, "2026"),
    ("quota.instances_all_transform_jobs", 4, "2026"),
    ("quota.create_calls_rate", 1, "2026"),
    ("free_tier.serverless", 150_000, "undated"),
    ("savings_plan.discount_max", 0.64, "2026"),
]

# Feature matrix of the developer guide: real-time, serverless, asynchronous, batch transform.
MATRIX = {
    "gpu": "yes no yes yes",
    "multi_model": "yes no no no",
    "multi_container": "yes no no no",
    "pipeline": "yes no no yes",
    "variants": "yes no no no",
    "shadow": "yes no no no",
    "inference_recommender": "yes no no no",
    "vpc": "yes no yes yes",
    "network_isolation": "yes no yes no",
    "data_capture": "yes no no yes",
    "model_monitor": "yes no no yes",
    "marketplace": "yes no yes yes",
    "inf1": "yes no no no",
    "local_nvme": "yes no yes yes",
}

# What facts mark as not found must not stand here as a figure.
NOT_FOUND = [
    "realtime.image_size_max",
    "serverless.vcpu",
    "feature.streaming.serverless",
    "async.concurrency_per_instance_default",
    "training.fastfile_throughput",
    "mme.models_max",
]


@pytest.mark.parametrize(("key", "base", "as_of"), FIGURES, ids=[key for key, _, _ in FIGURES])
def test_a_figure_is_the_one_of_the_source_and_dated_as_it_is(key: str, base: float, as_of: str) -> None:
    assert limit(key).base == pytest.approx(base, rel=1e-12)
    assert limit(key).as_of == as_of


@pytest.mark.parametrize("feature", MATRIX)
def test_the_feature_matrix_is_the_guides(feature: str) -> None:
    patterns = ("realtime", "serverless", "async", "batch")
    held = [limit(f"feature.{feature}.{pattern}") for pattern in patterns]
    assert [one.shown for one in held] == MATRIX[feature].split()
    assert [one.allowed for one in held] == [word == "yes" for word in MATRIX[feature].split()]


def test_a_plain_real_time_variant_does_not_scale_to_zero_and_async_and_serverless_do() -> None:
    assert not limit("feature.scale_to_zero.realtime").allowed
    assert limit("feature.scale_to_zero.async").allowed
    assert limit("feature.scale_to_zero.serverless").allowed


def test_multi_model_endpoints_exclude_what_the_guide_says() -> None:
    for feature in ("shadow", "variants", "inference_recommender", "data_capture"):
        assert not limit(f"feature.{feature}.mme").allowed, feature
    assert limit("mme.gpu_families").value == ("p2", "p3", "g4dn", "g5")


@pytest.mark.parametrize("key", NOT_FOUND)
def test_what_no_source_states_is_no_limit(key: str) -> None:
    with pytest.raises(UnknownName):
        limit(key)


def test_prices_are_not_limits() -> None:
    assert not [one.key for one in limits() if one.key.startswith("price")]


def test_every_limit_has_a_title_a_source_a_date_a_confidence_and_a_scope() -> None:
    for one in limits():
        assert one.title
        assert one.title[-1] not in ".:", one.key
        assert one.source, one.key
        assert re.fullmatch(r"\d{4}(-\d{2}|-\d{4})?|undated", one.as_of), one.key
        assert one.confidence in ("high", "medium", "low", "assumption"), one.key
        assert one.scope, one.key
        assert all(other.source for other in one.alternatives), one.key


def test_sources_are_cited_by_kind_page_and_date_without_names_of_people_or_repositories() -> None:
    kinds = ("AWS ", "third-party ", "no source found")
    for one in limits():
        for source in (one.source, *(other.source for other in one.alternatives)):
            assert source.startswith(kinds), (one.key, source)
            assert not re.search(r"github|gitlab|blog/|http|www|\.com|\w/\w|@", source, re.IGNORECASE), (
                one.key,
                source,
            )


def test_keys_are_unique_and_sorted() -> None:
    keys = [one.key for one in limits()]
    assert keys == sorted(set(keys))
    assert len(keys) > 250


def test_quotas_are_adjustable_and_service_limits_are_not() -> None:
    for one in limits():
        assert one.adjustable == (one.scope == "account quota"), one.key
        if one.key.startswith("quota."):
            assert one.adjustable, one.key
    for key in ("account_concurrency_new", "account_endpoints_new", "memory_quota_new_account"):
        assert limit(f"serverless.{key}").adjustable, key
    for key in ("realtime.account_invoke_rate_max", "serverless.memory_max", "batch.payload_max", "async.ttl_max"):
        assert not limit(key).adjustable, key


def test_a_size_in_mb_is_read_low_as_decimal_and_high_as_binary() -> None:
    held = limit("serverless.payload_max")
    assert (held.base, held.low_bytes, held.high_bytes) == (4 * MB, 4 * MB, 4 * MIB)
    assert (limit("async.payload_max").low_bytes, limit("async.payload_max").high_bytes) == (GB, GIB)
    assert limit("async.sns_inline_response_max").high_bytes == 128 * 1024


def test_every_ambiguous_size_has_a_low_reading_below_its_high_one() -> None:
    ambiguous = [one for one in limits() if one.unit in ("KB", "MB", "GB") and ".memory" not in one.key]
    assert len(ambiguous) > 15
    for one in ambiguous:
        assert one.low_bytes < one.high_bytes or one.value == 0, one.key
        assert one.low_bytes % 1000 == 0, one.key
        assert one.high_bytes % 1024 == 0, one.key


def test_a_size_in_bytes_and_a_memory_have_one_reading() -> None:
    assert limit("async.inline_body_max").low_bytes == limit("async.inline_body_max").high_bytes == 128_000
    assert limit("serverless.memory_max").low_bytes == limit("serverless.memory_max").high_bytes == 6144
    assert limit("realtime.invoke_timeout").low_bytes == 60


def test_where_aws_disagrees_with_itself_both_ends_are_kept() -> None:
    payload = limit("realtime.payload_max")
    assert {(other.value, other.unit) for other in payload.alternatives} == {(6_291_456, "bytes"), (6, "MB")}
    assert payload.largest == 25 * MIB
    assert payload.smallest == 6 * MB
    concurrency = limit("serverless.account_concurrency_new")
    assert (concurrency.smallest, concurrency.largest) == (10, 1000)
    assert {other.value for other in concurrency.alternatives} == {500, 1000}
    assert (limit("training.keep_alive_max").smallest, limit("training.keep_alive_max").largest) == (3600, 6 * 3600)
    assert (limit("realtime.first_ping_window").smallest, limit("realtime.first_ping_window").largest) == (240, 480)
    assert limit("batch.volume_gb").largest == 1024 * GIB


def test_the_smallest_is_never_above_the_largest() -> None:
    for one in limits():
        if isinstance(one.value, int | float):
            assert one.smallest <= one.base <= one.largest, one.key


def test_a_range_gives_its_middle_and_its_ends() -> None:
    held = limit("batch.startup_measured_plain")
    assert held.value == (222, 318)
    assert (held.smallest, held.base, held.largest) == (222, 270, 318)


def test_quantiles_give_their_median_and_keep_the_rest() -> None:
    held = limit("provision.endpoint_cpu_quantiles")
    assert held.value == {"min": 90, "p25": 180, "median": 195, "p75": 330, "max": 510}
    assert (held.smallest, held.base, held.largest) == (90, 195, 510)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("serverless.payload_max", "4 MB"),
        ("realtime.invoke_timeout", "60 s"),
        ("serverless.max_concurrency_max", "200"),
        ("serverless.gpu", "no"),
        ("deploy.canary_size_max", "50 %"),
        ("async.in_flight_standard_max", "120,000"),
        ("async.inline_body_max", "128,000 bytes"),
        ("async.zero.wake_time", "300 to 600 s"),
        ("realtime.account_invoke_rate_max", "10,000 per second"),
        ("realtime.routing_strategies", "RANDOM, LEAST_OUTSTANDING_REQUESTS, PREFIX_AWARE"),
        ("realtime.routing_default", "RANDOM"),
        ("provision.endpoint_gpu_quantiles", "330 s (150 to 480)"),
        ("provision.image_cache_saving_example", "525 and 258 s"),
    ],
)
def test_a_limit_is_shown_as_a_person_reads_it(key: str, shown: str) -> None:
    assert limit(key).shown == shown


def test_every_limit_can_be_shown_and_pickled() -> None:
    for one in limits():
        assert one.shown.strip(), one.key
        assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize(
    "key", ["realtime.routing_default", "batch.instance_families", "provision.image_cache_customers_p50"]
)
def test_a_word_or_an_enumeration_has_no_single_figure(key: str) -> None:
    with pytest.raises(BugError, match="no single figure"):
        _ = limit(key).base


def test_allowed_is_for_a_yes_or_no_only() -> None:
    with pytest.raises(BugError):
        _ = limit("realtime.invoke_timeout").allowed


@pytest.mark.parametrize(
    ("key", "text", "base"),
    [
        ("quota.instances_per_endpoint", 20, 20),
        ("serverless.memory_quota_new_account", "6 GB", 6144),
        ("training.max_runtime_quota", "5 days", 432_000),
        ("training.volume_quota", "2 TB", 2 * 10**12),
        ("quota.create_calls_rate", "5 per second", 5),
        ("serverless.account_concurrency_new", "1 thousand", 1000),
    ],
)
def test_a_quota_given_by_the_user_is_read_by_its_own_unit(key: str, text: object, base: float) -> None:
    assert limit(key).parse(text) == base


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("serverless.memory_quota_new_account", 6144),
        ("training.max_runtime_quota", "5"),
        ("quota.instances_per_endpoint", "2.5"),
    ],
)
def test_a_quota_given_without_its_unit_is_refused(key: str, text: object) -> None:
    with pytest.raises(UnitError) as refused:
        limit(key).parse(text)
    assert refused.value.mend


def test_a_quota_shown_reads_back_to_itself_where_a_profile_can_override_it() -> None:
    for one in limits():
        if one.adjustable:
            assert one.parse(one.value if one.unit == "count" else one.shown) == one.base, one.key


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("serverless.payload", "serverless.payload_max"), ("realtime.invoke_time", "realtime.invoke_timeout")],
)
def test_an_unknown_key_proposes_near_ones(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownName) as unknown:
        limit(wrong)
    assert wrong in unknown.value.what
    assert meant in unknown.value.mend


def test_a_key_like_no_other_still_says_where_to_look() -> None:
    with pytest.raises(UnknownName) as unknown:
        limit("zzz")
    assert "advisor list limits" in unknown.value.mend


def test_a_limit_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        limit("serverless.payload_max").value = 6  # type: ignore[misc]  # that is the point


def test_instance_families_of_transform_are_those_of_the_instances_room() -> None:
    from advisor.catalog.instances import families

    assert frozenset(limit("batch.instance_families").value) == families("BatchTransform")


def test_importing_the_catalog_reads_no_data_and_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pydantic", "yaml", "numba", "pandas", "scipy", "matplotlib", "boto3", "botocore")
    code = (
        "import sys, json\n"
        "from advisor.catalog import assumptions, instances, limits\n"
        "caches = [limits._book, instances._types, instances._families, assumptions._book]\n"
        f"print(json.dumps([[n for n in {heavy!r} if n in sys.modules], [c.cache_info().currsize for c in caches]]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == [[], [0, 0, 0, 0]]


def test_a_range_with_alternatives_takes_the_ends_of_all() -> None:
    held = Limit(
        key="x.y", title="t", value=(2, 4), unit="min", source="AWS x", as_of="2026", confidence="low",
        adjustable=False, scope="measurement", note="",
        alternatives=(room.Alternative(value=30, unit="s", source="AWS y"),),
    )  # fmt: skip
    assert (held.smallest, held.base, held.largest) == (30, 180, 240)
