"""Named assumptions: each reads by its own kind, lies within its range and says why."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from advisor.catalog import assumptions as room
from advisor.catalog.assumptions import assumption, assumptions
from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.errors import UnitError, UnknownName

MB, GB = 10**6, 10**9
DATA = Path(room.__file__).with_name("data")

# key, base value
STATED = [
    ("serverless_keep_alive", 660.0),
    ("container_queue", 100),
    ("timed_out_still_runs", True),
    ("client_retries", "legacy"),
    ("client_retry_attempts", 5),
    ("endpoint_overhead", 0.01),
    ("async_overhead", 1.0),
    ("async_zero_divides_by", 1),
    ("billing_start", "launch"),
    ("scaling_serial", True),
    ("metric_lag", 60.0),
    ("launch_cached", 134.0),
    ("launch_cached_model_per_s", 213 * MB),
    ("launch_image_included", 2 * GB),
    ("s3_put_price", 0.005),
    ("s3_get_price", 0.0004),
    ("s3_storage_price", 0.023),
    ("state_transition_price", 0.025),
    ("serverless_cold_billed", False),
    ("batch_objects_serial", True),
    ("request_budget_search", 600_000),
    ("request_budget_final", 30_000_000),
    ("precision_cost", 0.02),
    ("precision_objective", 0.05),
    ("region", "us-east-1"),
    ("payload_request", 4000),
    ("objective_errors", 0.001),
    ("objective_prefer", "cost"),
    ("serverless_mib_per_vcpu", 1769.0),
    ("savings_plan_term", 365 * 86400.0),
]
NUMBERS = ("count", "duration", "factor", "memory", "number", "rate", "share", "size")
KINDS = (*NUMBERS, "choice", "switch", "instance", "weights", "text")
AFFECTS = {
    "real-time", "serverless", "asynchronous", "batch-transform", "multi-model", "combination", "simulation",
    "profile", "model", "work", "traffic", "payload", "batch", "objective", "purchase", "data-capture", "model-monitor",
}  # fmt: skip


@pytest.mark.parametrize(("key", "base"), STATED, ids=[key for key, _ in STATED])
def test_an_assumption_stands_at_the_value_the_design_gives(key: str, base: float | str | bool) -> None:
    assert assumption(key).base == base
    assert isinstance(assumption(key).base, bool) == isinstance(base, bool)


def test_keys_are_flat_names_unique_and_sorted_and_none_is_a_limits() -> None:
    keys = [one.key for one in assumptions()]
    assert keys == sorted(set(keys))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", key) for key in keys)
    for key in keys:
        with pytest.raises(UnknownName):
            limit(key)


def test_every_assumption_says_what_why_whence_and_what_it_touches() -> None:
    for one in assumptions():
        assert one.title, one.key
        assert one.title[-1] != ".", one.key
        assert one.why.endswith("."), one.key
        assert one.kind in KINDS, one.key
        assert one.evidence in ("assumed", "measured", "derived"), one.key
        assert one.source, one.key
        assert re.fullmatch(r"\d{4}(-\d{2}|-\d{4})?", one.as_of), one.key
        assert one.affects, one.key
        assert set(one.affects) <= AFFECTS, one.key


def test_a_measured_or_derived_figure_names_what_it_comes_from() -> None:
    for one in assumptions():
        if one.evidence == "measured":
            assert "no AWS figure" not in one.source, one.key


def test_every_value_and_range_reads_by_its_kind_and_the_value_lies_within() -> None:
    for one in assumptions():
        base = one.base
        if one.kind in NUMBERS:
            assert isinstance(base, int | float), one.key
            assert math.isfinite(base), one.key
            assert not isinstance(base, bool), one.key
        if one.low is not None:
            assert one.base_low is not None, one.key
            assert one.base_high is not None, one.key
            assert one.base_low <= base <= one.base_high, one.key
            assert one.kind in NUMBERS, one.key
        else:
            assert one.high is None, one.key
            assert one.base_low is None, one.key
            assert one.base_high is None, one.key


def test_every_uncertain_number_has_a_range_for_sensitivity() -> None:
    assert all(one.low is not None for one in assumptions() if one.kind in NUMBERS)


def test_the_value_parses_to_its_base_and_choices_hold_it() -> None:
    for one in assumptions():
        assert one.parse(one.value) == one.base
        if one.choices:
            assert one.kind == "choice", one.key
            assert one.value in one.choices, one.key
            assert all(one.parse(word) == word for word in one.choices), one.key
        else:
            assert one.kind != "choice", one.key


@pytest.mark.parametrize(
    ("key", "text", "base"),
    [
        ("serverless_keep_alive", "10 min", 600.0),
        ("endpoint_overhead", "5 ms", 0.005),
        ("container_queue", 50, 50),
        ("serverless_mib_per_vcpu", "2 GB", 2048.0),
        ("client_retries", "none", "none"),
        ("timed_out_still_runs", "no", False),
        ("timed_out_still_runs", False, False),
        ("timed_out_still_runs", " On ", True),
        ("model_memory_factor", "3x", 3.0),
        ("objective_errors", "1 %", 0.01),
        ("traffic_rate", "30 per minute", 0.5),
        ("region", "eu-west-3", "eu-west-3"),
        ("archetype_deep_on", "ml.g5.xlarge", "ml.g5.xlarge"),
        ("week_flat", "1, 1, 1, 1, 1, 0, 0", "1, 1, 1, 1, 1, 0, 0"),
        # A bare `none` stays a word in YAML, but a bare `no` among choices is read as False.
        ("client_retries", False, "none"),
    ],
)
def test_what_a_profile_gives_is_read_by_the_kind(key: str, text: object, base: object) -> None:
    assert assumption(key).parse(text) == base


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("serverless_keep_alive", 10),
        ("serverless_keep_alive", "10 parsecs"),
        ("container_queue", "2.5"),
        ("objective_errors", "101 %"),
        ("timed_out_still_runs", "perhaps"),
        ("timed_out_still_runs", 1),
        ("client_retries", 3),
        ("client_retries", True),
        ("region", ""),
        ("region", None),
        ("day_office", "1 2 3"),
        ("week_flat", "0 0 0 0 0 0 0"),
        ("week_flat", "1 1 1 1 1 1 x"),
        ("payload_request", [1]),
    ],
)
def test_what_is_not_of_the_kind_is_refused_with_a_mend(key: str, text: object) -> None:
    with pytest.raises(UnitError) as refused:
        assumption(key).parse(text)
    assert refused.value.mend


def test_a_wrong_choice_proposes_the_near_one_and_names_all() -> None:
    with pytest.raises(UnknownName) as refused:
        assumption("client_retries").parse("legcy")
    assert '"legcy"' in refused.value.what
    assert "did you mean legacy?" in refused.value.mend
    assert "none, legacy, standard" in refused.value.mend


def test_a_wrong_instance_proposes_the_near_one() -> None:
    with pytest.raises(UnknownName) as refused:
        assumption("archetype_deep_on").parse("ml.c5.xlarg")
    assert "ml.c5.xlarge" in refused.value.mend


@pytest.mark.parametrize(
    ("wrong", "meant"), [("serverless_keepalive", "serverless_keep_alive"), ("burst_peak", "bursts_peak")]
)
def test_an_unknown_key_proposes_near_ones(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownName) as unknown:
        assumption(wrong)
    assert wrong in unknown.value.what
    assert meant in unknown.value.mend


def test_named_curves_have_a_weight_an_hour_or_a_day_and_a_mean_near_one() -> None:
    for one in assumptions():
        if one.kind == "weights":
            weights = [float(part) for part in str(one.value).split()]
            assert len(weights) == (24 if one.key.startswith("day_") else 7), one.key
            assert sum(weights) / len(weights) == pytest.approx(1, abs=0.01), one.key
            assert min(weights) > 0, one.key


def test_the_curves_are_what_their_names_say() -> None:
    def weights(key: str) -> list[float]:
        return [float(part) for part in str(assumption(key).value).split()]

    assert set(weights("day_flat")) == set(weights("week_flat")) == {1.0}
    office, evening, overnight = weights("day_office"), weights("day_evening"), weights("day_overnight")
    assert 9 <= office.index(max(office)) <= 16
    assert office[12] < min(office[11], office[14])
    assert 19 <= evening.index(max(evening)) <= 22
    assert overnight.index(max(overnight)) <= 4
    assert sum(weights("week_workweek")[5:]) < 1 < sum(weights("week_weekend")[5:])


def test_shapes_name_curves_that_there_are() -> None:
    for key in ("shape_daily_day", "shape_weekly_day"):
        assert all(assumption(f"day_{name}") for name in assumption(key).choices)
    assert all(assumption(f"week_{name}") for name in assumption("shape_weekly_week").choices)


@pytest.mark.parametrize("kind", ["trees", "deep", "transformer", "llm"])
def test_an_archetype_is_measured_on_a_type_that_is_there(kind: str) -> None:
    one = instance(str(assumption(f"archetype_{kind}_on").base))
    needs = assumption(f"archetype_{kind}_accelerator").base
    assert (one.accelerator == "gpu") == (needs == "required")
    assert float(assumption(f"archetype_{kind}_mean").base) > 0


def test_the_default_bursts_show_in_the_busiest_half_percent_of_minutes() -> None:
    """p = v / (v + (f-1)^2), the share of time high, is at least 0.005, and v is at most f-1."""
    for kind in ("bursts", "shape_bursty"):
        f, cv = float(assumption(f"{kind}_peak").base), float(assumption(f"{kind}_cv").base)
        assert cv * cv / (cv * cv + (f - 1) ** 2) > 0.005
        assert cv * cv <= f - 1


def _cold_start_s(memory_mib: float, image_bytes: float) -> float:
    base, rate, work, share = (
        float(assumption(key).base)
        for key in (
            "serverless_setup_base",
            "serverless_pull_per_s",
            "serverless_setup_work",
            "serverless_mib_per_vcpu",
        )
    )
    return base + image_bytes / rate + work / (memory_mib / share)


def test_the_cold_start_model_meets_both_measured_figures() -> None:
    assert _cold_start_s(4096, 2 * GB) == pytest.approx(limit("serverless.cold_start_xgb_4096mb").base, abs=0.1)
    measured = limit("serverless.cold_model_setup_xgb_2048mb")
    assert measured.smallest <= _cold_start_s(2048, 2 * GB) <= measured.largest


def test_loading_a_5_gb_model_takes_what_is_reported() -> None:
    base, download, load = (
        float(assumption(key).base) for key in ("mme_load_base", "mme_download_per_s", "mme_load_per_s")
    )
    reported = limit("mme.measured_load_5gb")
    assert reported.smallest <= base + 5 * GB / download + 5 * GB / load <= reported.largest


def test_a_cached_launch_is_within_a_quarter_of_the_published_example() -> None:
    """16.4 GB of weights: 258 s with cached image, as AWS published."""
    took = float(assumption("launch_cached").base) + 16.4 * GB / float(assumption("launch_cached_model_per_s").base)
    assert took == pytest.approx(258, rel=0.25)


def test_ranges_are_those_of_the_measured_lag_start_and_overhead() -> None:
    lag = limit("scaling.metric_lag")
    assert (assumption("metric_lag").base_low, assumption("metric_lag").base_high) == (lag.smallest, lag.largest)
    start = assumption("batch_startup")
    assert start.base == limit("batch.startup_measured_plain").base
    assert (start.base_low, start.base_high) == (222.0, limit("batch.startup_measured_max").base)
    overhead = assumption("endpoint_overhead")
    assert (overhead.base_low, overhead.base_high) == (0.005, 0.02)


def test_no_data_file_names_repositories_people_or_addresses() -> None:
    files = [DATA / name for name in ("limits.json", "assumptions.json", "families.json", "instances.csv")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        found = re.search(
            r"github|gitlab|https?:|www\.|\.com\b|[\w-]+@\w|issue \d|commit [0-9a-f]{7}", text, re.IGNORECASE
        )
        assert found is None, (file.name, found)


def test_sources_and_reasons_have_no_owner_slash_repository() -> None:
    for one in assumptions():
        assert not re.search(r"\w+/\w+", one.source), one.key
