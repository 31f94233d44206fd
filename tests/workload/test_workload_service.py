"""Service times: the laws that the figures imply, the figures that contradict one another, and borrowing."""

from __future__ import annotations

import math

import pytest

from advisor.catalog.assumptions import assumption
from advisor.errors import ProfileError, TraceError, UnknownName
from advisor.workload import Work, Workload
from advisor.workload.recorded import measured


def refusal(**work) -> str:
    with pytest.raises(ProfileError) as raised:
        Work(**{"on": "ml.m5.large", **work})
    return str(raised.value)


def test_mean_and_p95_imply_the_log_normal_law_that_has_both() -> None:
    work = Work(on="ml.c5.xlarge", mean="22 ms", p95="41 ms", workers=4)
    sigma = math.sqrt(math.log(1 + work.spread**2))
    assert 22 * math.exp(1.644853627 * sigma - sigma**2 / 2) == pytest.approx(41)
    assert work.mean == work.mean_s == 0.022


def test_percentiles_alone_imply_mean_and_spread() -> None:
    work = Work(on="ml.c5.xlarge", p50="20 ms", p95="40 ms")
    sigma = math.log(2) / 1.644853627
    assert work.mean == pytest.approx(0.020 * math.exp(sigma**2 / 2))
    assert work.spread == pytest.approx(math.sqrt(math.exp(sigma**2) - 1))


def test_a_median_with_a_cv_implies_the_mean() -> None:
    # For a log-normal law, mean / median = sqrt(1 + cv^2).
    assert Work(on="ml.m5.large", p50="20 ms", cv=0.75).mean == pytest.approx(0.020 * 1.25)


def test_a_mean_and_a_median_imply_the_spread() -> None:
    assert Work(on="ml.m5.large", mean="25 ms", p50="20 ms").spread == pytest.approx(0.75)


def test_a_load_curve_begins_with_one_alone() -> None:
    work = Work(on="ml.g5.xlarge", at={1: "120 ms", 4: "170 ms", 16: "390 ms"})
    assert dict(work.at or {}) == {1: 0.120, 4: 0.170, 16: 0.390}
    assert work.mean == 0.120
    assert Work(on="ml.g5.xlarge", at={"1": "120 ms"}) == Work(on="ml.g5.xlarge", at={1: "120 ms"})


def test_medians_under_load_become_means_by_the_spread() -> None:
    w = Workload(name="x", work=[{"on": "ml.g5.xlarge", "at_p50": {1: "100 ms", 8: "200 ms"}, "cv": 0.75}])
    assert dict(w.work[0].at or {}) == {1: pytest.approx(0.125), 8: pytest.approx(0.25)}
    assert w.work[0].workers == 8


def test_quantiles_are_read_in_all_their_spellings() -> None:
    work = Work(on="ml.m5.large", quantiles={"p50": "20 ms", "90 %": "30 ms", 0.99: "60 ms"})
    assert dict(work.quantiles or {}) == {0.5: 0.020, 0.9: 0.030, 0.99: 0.060}


def test_growth_with_the_payload_is_seconds_per_megabyte() -> None:
    assert Work(on="ml.m5.large", mean="1 s", grows="12 ms per MB").grows == 0.012
    assert Work(on="ml.m5.large", mean="1 s", grows="1 ms/KB").grows == 1.0


def test_a_file_of_measurements_is_found_beside_the_profile_and_read_on_use(tmp_path) -> None:
    path = tmp_path / "latencies.csv"
    path.write_text("latency_ms,other\n10,a\n20,b\n30,c\n")
    work = Work(on="ml.m5.large", file=path)
    assert work.mean == pytest.approx(0.020)
    # The sample standard deviation of 10, 20, 30 is 10.
    assert work.spread == pytest.approx(0.5)
    path.write_text("latency_ms,other\n10,a\nten,b\n")
    with pytest.raises(TraceError, match="csv:3"):
        measured(path)


@pytest.mark.parametrize(
    ("work", "what"),
    [
        ({"mean": "22 ms", "p95": "300 ms"}, "at most 3.87 times the mean"),
        ({"mean": "22 ms", "p99": "400 ms"}, "at most 14.97 times the mean"),
        ({"mean": "22 ms", "p95": "20 ms"}, "not below the mean"),
        ({"mean": "22 ms", "p50": "30 ms"}, "median above the mean"),
        ({"mean": "22 ms", "p95": "30 ms", "cv": 0.4}, "p95 and cv both say"),
        ({"p95": "30 ms", "p99": "20 ms"}, "p99 of 20 ms is below p95 of 30 ms"),
        ({"mean": "22 ms", "at": {1: "22 ms"}}, "mean and at both say"),
        ({"quantiles": {"p50": "20 ms", "p95": "10 ms"}}, "10 ms at 95 % is below 20 ms at 50 %"),
        ({"quantiles": {"p50": "20 ms"}}, "one quantile gives no shape"),
        ({"quantiles": {"p50": "20 ms", "p0": "10 ms"}}, "not between 0 and 100 %"),
        ({"quantiles": {"p50": "20 ms", "p95": "40 ms"}, "p99": "50 ms"}, "both say how service times spread"),
        ({"at": {2: "20 ms", 4: "30 ms"}}, "begins at 2 in flight"),
        ({"at": {4: "30 ms", 1: "20 ms"}}, "do not rise"),
        ({"at": {1: "20 ms"}, "workers": 4}, "by its last point"),
        ({"at": {1: 20}}, "20 has no unit"),
        ({"at": 20}, "where a load curve is due"),
        ({"on": "serverless 4 GB", "mean": "1 s", "workers": 2}, "one request at a time"),
        ({"on": "serverless 4 GB", "at": {1: "1 s"}}, "at has no meaning"),
        ({"on": "serverless four", "mean": "1 s"}, "after serverless"),
        ({"on": "ml.c5.xlrge", "mean": "1 s"}, "did you mean ml.c5.xlarge"),
        ({"on": "m5.xlarge", "mean": "1 s"}, "write ml.m5.xlarge"),
        ({"mean": "1 s", "grows": "12 ms"}, "12 ms per MB"),
        ({"mean": 22}, "22 has no unit"),
        ({"mean": "0 ms"}, "is zero"),
        ({"file": "nowhere.csv"}, "nowhere.csv does not exist"),
    ],
)
def test_figures_that_contradict_one_another_are_refused_with_both(work, what) -> None:
    assert what in refusal(**work)


def test_a_file_without_the_column_says_which_it_needs(tmp_path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("seconds\n1\n")
    assert "no column latency_ms or latency_s" in refusal(file=path)
    assert "is a folder" in refusal(file=tmp_path)
    (tmp_path / "b.csv.gz").write_bytes(b"not gzip")
    assert "does not read" in refusal(file=tmp_path / "b.csv.gz")


def test_two_entries_on_the_same_type_are_refused() -> None:
    entries = [{"on": "ml.m5.large", "mean": "1 s"}, {"on": "ml.m5.large", "mean": "2 s"}]
    with pytest.raises(ProfileError, match=r"work\.1\.on: two entries of work are on ml\.m5\.large"):
        Workload(name="x", work=entries)


def borrowed(name: str, *work, **sections):
    return Workload(name="x", work=list(work), **sections).work_on(name)


CPU = {"on": "ml.c5.xlarge", "mean": "20 ms", "cv": 0.5, "workers": 4}
GPU = {"on": "ml.g5.xlarge", "at": {1: "120 ms", 4: "170 ms", 16: "390 ms"}, "cv": 0.2}


def test_what_was_measured_is_taken_as_measured() -> None:
    on = borrowed("ml.c5.xlarge", CPU)
    assert (on.mean_s, on.workers, on.cv, on.evidence) == (0.020, 4, 0.5, "measured")
    sigma = math.sqrt(math.log(1.25))
    assert on.p95_s == pytest.approx(0.020 * math.exp(1.644853627 * sigma - sigma**2 / 2))


def test_inside_a_family_the_speed_stays_and_workers_follow_the_vcpus() -> None:
    # ml.c5.xlarge has 4 vCPUs, ml.c5.4xlarge 16, ml.c5.large 2.
    assert [borrowed(f"ml.c5.{size}", CPU).workers for size in ("4xlarge", "large")] == [16, 2]
    on = borrowed("ml.c5.4xlarge", CPU)
    assert (on.mean_s, on.evidence) == (0.020, "extrapolated")
    assert "ml.c5.xlarge" in on.says


def test_inside_an_accelerated_family_workers_follow_the_accelerators() -> None:
    # ml.g5.xlarge has one accelerator, ml.g5.12xlarge four.
    on = borrowed("ml.g5.12xlarge", GPU)
    assert (on.mean_s, on.workers, on.evidence) == (0.120, 64, "extrapolated")
    assert dict(on.at or {}) == {1: 0.120, 16: 0.170, 64: 0.390}


def test_across_families_the_speed_per_vcpu_is_borrowed_and_said_to_be_assumed() -> None:
    on = borrowed("ml.m5.2xlarge", CPU)
    assert (on.mean_s, on.workers, on.evidence) == (0.020, 8, "assumed")
    # A worker that had four vCPUs gets two: it takes twice as long.
    slow = borrowed("ml.m5.large", {**CPU, "workers": 1})
    assert (slow.mean_s, slow.workers) == (pytest.approx(0.040), 1)


def test_a_serverless_container_has_vcpu_by_its_memory() -> None:
    whole = assumption("serverless_mib_per_vcpu").base
    assert isinstance(whole, float)
    on = borrowed("serverless 1 GB", CPU)
    # Measured with one vCPU a worker; 1024 MiB have less than one.
    assert on.mean_s == pytest.approx(0.020 * whole / 1024)
    assert (on.workers, on.evidence) == (1, "assumed")
    assert borrowed("serverless 4 GB", CPU).mean_s == 0.020


def test_serverless_entries_are_borrowed_for_instances_and_other_sizes() -> None:
    entry = {"on": "serverless 4 GB", "mean": "60 ms"}
    same = borrowed("serverless 4096 MB", entry)
    assert (same.mean_s, same.evidence) == (0.060, "measured")
    assert borrowed("serverless 2 GB", entry).evidence == "assumed"
    assert borrowed("ml.m5.large", entry).workers == 2


def test_a_container_size_that_was_not_measured_has_the_speed_of_the_vcpus_that_a_request_puts_to_use() -> None:
    # One vCPU comes with 1769 MB, and a request uses one at most: 1 GB has 1024 / 1769 of one.
    share = 1024 / 1769
    one = {"on": "serverless 1 GB", "mean": "240 ms"}
    larger = [borrowed(f"serverless {gb} GB", one) for gb in (2, 3, 6)]
    assert [on.mean_s for on in larger] == [pytest.approx(0.240 * share)] * 3
    assert {on.evidence for on in larger} == {"assumed"}
    assert "of which a request uses 1 at most" in larger[0].says
    assert borrowed("serverless 1 GB", one).mean_s == 0.240
    two = {"on": "serverless 2 GB", "mean": "90 ms"}
    assert borrowed("serverless 1 GB", two).mean_s == pytest.approx(0.090 / share)
    assert borrowed("serverless 4 GB", two).mean_s == pytest.approx(0.090)
    # Where both are measured, each is as measured.
    both = [borrowed(f"serverless {gb} GB", one, two).mean_s for gb in (1, 2)]
    assert both == [0.240, 0.090]


def test_a_profile_may_say_that_a_request_uses_more_vcpus_of_a_container() -> None:
    # 4 GB bring 4096 / 1769 = 2.32 vCPUs, 2 GB half of that, 6 GB half as much again: all put to use.
    entry, threads = {"on": "serverless 4 GB", "mean": "60 ms"}, {"serverless_vcpu_used": 6}
    means = [borrowed(f"serverless {gb} GB", entry, platform=threads).mean_s for gb in (2, 4, 6)]
    assert means == [pytest.approx(0.120), 0.060, pytest.approx(0.040)]
    # On an instance with a worker a vCPU each has one of the 2.32.
    on = borrowed("ml.m5.large", entry, platform=threads)
    assert (on.mean_s, on.workers) == (pytest.approx(0.060 * 4096 / 1769), 2)


def test_what_was_measured_in_a_small_container_is_faster_on_an_instance_with_a_vcpu_a_worker() -> None:
    on = borrowed("ml.m5.large", {"on": "serverless 1 GB", "mean": "240 ms"})
    assert (on.mean_s, on.workers) == (pytest.approx(0.240 * 1024 / 1769), 2)


def test_the_nearest_measured_entry_of_the_same_kind_is_borrowed() -> None:
    near = {"on": "ml.m4.2xlarge", "mean": "30 ms", "cv": 0.5, "workers": 8}
    far = {"on": "ml.r5.24xlarge", "mean": "10 ms", "cv": 0.5, "workers": 96}
    assert borrowed("ml.c5.2xlarge", far, near, {"on": "serverless 4 GB", "mean": "60 ms"}).mean_s == 0.030


def test_a_cpu_measurement_is_never_taken_as_measured_for_an_accelerator() -> None:
    as_vcpus = assumption("gpu_as_vcpus").base
    assert isinstance(as_vcpus, float)
    on = borrowed("ml.g5.xlarge", CPU, model={"accelerator": "optional"})
    assert (on.mean_s, on.evidence) == (pytest.approx(0.020 / as_vcpus), "assumed")
    back = borrowed("ml.c5.xlarge", {"on": "ml.g4dn.xlarge", "mean": "40 ms"}, model={"accelerator": "optional"})
    assert back.evidence == "assumed"
    assert back.mean_s == pytest.approx(0.040 * as_vcpus)


def test_a_load_curve_goes_with_its_kind_of_processor_and_a_request_alone_had_the_whole_accelerator() -> None:
    other = borrowed("ml.p3.2xlarge", GPU)
    assert (dict(other.at or {}), other.evidence) == ({1: 0.120, 4: 0.170, 16: 0.390}, "assumed")
    as_vcpus = float(assumption("gpu_as_vcpus").base)
    slow = borrowed("ml.m5.xlarge", GPU, model={"accelerator": "optional"})
    assert (slow.mean_s, slow.workers, slow.at) == (pytest.approx(0.120 * as_vcpus), 4, None)
    curve = {"on": "ml.c5.xlarge", "at": {1: "10 ms", 8: "30 ms"}, "cv": 0.2}
    assert dict(borrowed("ml.m5.2xlarge", curve).at or {}) == {1: 0.010, 16: 0.030}
    assert borrowed("serverless 4 GB", curve).mean_s == 0.010


def test_a_model_without_use_for_accelerators_runs_on_the_vcpus_beside_them() -> None:
    # ml.g4dn.xlarge has 4 vCPUs.
    on = borrowed("ml.g4dn.xlarge", CPU, model={"accelerator": "none"})
    assert (on.mean_s, on.workers) == (0.020, 4)


def test_with_nothing_measured_an_archetype_is_assumed_and_named() -> None:
    w = Workload(name="x", model={"framework": "xgboost"})
    on = w.work_on("ml.m5.xlarge")
    assert on.mean_s == assumption("archetype_trees_mean").base
    assert on.evidence == "assumed"
    assert "archetype" in on.says
    assert w.assumed["work.0.mean"] == "archetype_trees_mean"


def test_a_time_without_a_place_is_never_called_measured() -> None:
    assert borrowed("ml.c5.xlarge", {"mean": "20 ms"}).evidence == "assumed"


def test_an_unknown_place_is_refused() -> None:
    with pytest.raises(UnknownName):
        borrowed("ml.c5.huge", CPU)
    with pytest.raises(UnknownName):
        borrowed("serverless lots", CPU)
