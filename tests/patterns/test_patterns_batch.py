"""Batch transform: each limit just below, at and above; the arithmetic of a job by hand; the first guess.

The lot of these tests: a million records of 2 KB in 50 files, 40 ms each on ml.m5.large with two workers. A file has
20,000 records, a mini-batch of 6 MB 3,000 of them: seven mini-batches of 120.005 s, two at once, so four rounds a file.
On one instance that is 50 x 4 x 120.005 s = 24,001 s; start-up takes 270 s (222 s at least), wrapping up 20 s.
"""

from __future__ import annotations

import pytest

from advisor.patterns.batch import BatchTransform
from advisor.patterns.batch.job import lot, records_at_once, share_s, together_s, work_s
from advisor.rules import Finding, overlay
from advisor.workload import Workload


def lots(records: str = "1 million", size: str = "2 KB", files: int = 50, rest: str = "", **more: str) -> Workload:
    held = {"every": "1 day", "deadline": "1 day", **more}
    lines = ", ".join(f"{key}: {value}" for key, value in held.items())
    return overlay(
        f"traffic: null\nbatch: {{records: {records}, record_size: {size}, files: {files}, {lines}}}\n{rest}"
    )


def found(w: Workload, **sets: object) -> dict[str, Finding]:
    deployment = BatchTransform.start(w).with_(sets)
    return {finding.rule: finding for finding in deployment.check(w)}


def says(rule: str, w: Workload, **sets: object) -> str:
    return found(w, **sets)[rule].says


@pytest.mark.parametrize(
    ("payload", "at_once", "refused"),
    [(25, 4, False), (25, 5, True), (33, 3, False), (34, 3, True), (100, 1, False), (1, 101, True)],
)
def test_payload_times_concurrency_is_at_most_a_hundred(payload: int, at_once: int, refused: bool) -> None:
    assert ("BT-14" in found(lots(), max_payload_mb=payload, max_concurrent_transforms=at_once)) == refused


def test_the_product_is_told_with_both_ways_out() -> None:
    finding = found(lots(), max_payload_mb=30, max_concurrent_transforms=5)["BT-14"]
    assert finding.says == "5 at once with 30 MB each are 150 MB, and AWS takes 100 MB"
    assert finding.mend == "give max_concurrent_transforms=3, or max_payload=20"


@pytest.mark.parametrize(("payload", "refused"), [(0, False), (100, False), (101, True)])
def test_max_payload_is_at_most_a_hundred(payload: int, refused: bool) -> None:
    assert ("BT-15" in found(lots(), max_payload_mb=payload, max_concurrent_transforms=1)) == refused


@pytest.mark.parametrize(
    ("size", "refused", "warned"),
    [(10**8, False, False), (10**8 + 1, False, True), (100 * 2**20, False, True), (100 * 2**20 + 1, True, False)],
)
def test_a_record_of_a_hundred_megabytes_has_two_readings(size: int, refused: bool, warned: bool) -> None:
    rules = found(
        lots(records="1000").with_({"batch.record_bytes": size}), max_payload_mb=100, max_concurrent_transforms=1
    )
    assert ("BT-16" in rules, "BT-17" in rules) == (refused, warned)


def test_larger_records_go_in_chunks_to_a_container_that_reads_those() -> None:
    w = lots(records="1000", size="110 MB")
    assert BatchTransform.start(w).max_payload_mb == 0
    rules = found(w)
    assert {"BT-16", "BT-17", "BT-31", "BT-52"} & set(rules) == {"BT-52"}
    assert rules["BT-52"].verdict.name == "WARNS"
    assert "max_payload=0" in found(w, max_payload_mb=100, max_concurrent_transforms=1)["BT-16"].mend


@pytest.mark.parametrize(("payload", "refused"), [(7, True), (8, False), (9, False)])
def test_the_largest_record_fits_the_payload_that_is_set(payload: int, refused: bool) -> None:
    w = lots(records="1000", size="8 MB")
    assert ("BT-18" in found(w, max_payload_mb=payload, max_concurrent_transforms=1)) == refused


@pytest.mark.parametrize(("payload", "refused"), [(6, True), (38, True), (39, False)])
def test_an_object_that_is_not_split_goes_as_a_whole(payload: int, refused: bool) -> None:
    # 20,000 records of 2 KB are 40 MB, which 38 MiB do not hold and 39 MiB do.
    assert ("BT-19" in found(lots(), split="None", max_payload_mb=payload, max_concurrent_transforms=1)) == refused
    assert "BT-19" not in found(lots(), split="Line", max_payload_mb=payload, max_concurrent_transforms=1)


@pytest.mark.parametrize(("seconds", "refused"), [(0.5, True), (1, False), (3600, False), (3601, True)])
def test_the_time_out_lies_between_a_second_and_an_hour(seconds: float, refused: bool) -> None:
    assert ("BT-22" in found(lots(), timeout_s=seconds)) == refused


@pytest.mark.parametrize(("seconds", "refused"), [(120, True), (121, False)])
def test_a_mini_batch_takes_the_sum_of_its_records(seconds: float, refused: bool) -> None:
    assert ("BT-24" in found(lots(), timeout_s=seconds)) == refused


@pytest.mark.parametrize(("retries", "refused"), [(0, False), (3, False), (4, True)])
def test_three_retries_are_the_most(retries: int, refused: bool) -> None:
    assert ("BT-26" in found(lots(), retries=retries)) == refused


@pytest.mark.parametrize(
    ("size", "refused", "warned"),
    [
        (30 * 10**9, False, False),
        (30 * 10**9 + 1, False, True),
        (1024 * 2**30, False, True),
        (1024 * 2**30 + 1, True, False),
    ],
)
def test_the_volume_is_doubted_above_the_smaller_figure_and_refused_above_the_larger(
    size: int, refused: bool, warned: bool
) -> None:
    rules = found(lots(size="1 B", files=1).with_({"batch.records": size}))
    assert ("BT-29" in rules, "BT-30" in rules) == (refused, warned)


@pytest.mark.parametrize(("instances", "refused"), [(99, False), (100, False), (101, True)])
def test_a_job_has_a_hundred_instances_at_most(instances: int, refused: bool) -> None:
    assert ("BT-41" in found(lots(files=200), instances=instances)) == refused


@pytest.mark.parametrize(
    ("quota", "instances", "rules"), [(None, 4, set()), (None, 5, {"BT-40"}), (8, 8, set()), (8, 9, {"BT-57"})]
)
def test_the_accounts_own_quota_refuses_and_a_new_accounts_warns(
    quota: int | None, instances: int, rules: set[str]
) -> None:
    w = lots() if quota is None else lots(rest=f"platform: {{quota.instances_all_transform_jobs: {quota}}}")
    assert {"BT-40", "BT-57"} & set(found(w, instances=instances)) == rules


def test_fewer_objects_than_instances_leave_some_idle() -> None:
    assert says("BT-42", lots(files=3), instances=4) == "3 objects on 4 instances leave 1 idle, and paid for"
    assert "BT-42" not in found(lots(files=4), instances=4)


def test_objects_that_do_not_divide_keep_the_others_waiting() -> None:
    # Nine on four: one works off three, the mean is 2.25, so a quarter of what is paid for stands idle.
    finding = found(lots(files=9), instances=4)["BT-43"]
    assert finding.says == "9 objects on 4 instances: one works off 3, 25 % of what is paid for stands idle"
    assert "instances=3, which takes as long" in finding.mend
    # Ten on four: three against 2.5 is a fifth more, and that is borne.
    assert "BT-43" not in found(lots(files=10), instances=4)
    assert "BT-43" not in found(lots(files=8), instances=4)


def test_a_jobs_work_by_hand() -> None:
    w = lots()
    one = BatchTransform.start(w).with_({"instances": 1})
    assert records_at_once(lot(w, one.every_s), one) == 3000
    assert share_s(w, one) == pytest.approx(50 * 4 * 120.005)
    assert share_s(w, one.with_({"instances": 4})) == pytest.approx(13 * 4 * 120.005)
    assert share_s(w, one.with_({"max_concurrent_transforms": 1})) == pytest.approx(50 * 7 * 120.005)
    assert share_s(w, one.with_({"strategy": "SingleRecord"})) == pytest.approx(50 * 10_000 * 0.045)
    assert work_s(w, one, 1) == pytest.approx(1e6 * 0.04 / 2)


def test_objects_side_by_side_waste_no_round() -> None:
    w = lots(rest="platform: {batch_objects_serial: no}")
    one = BatchTransform.start(w).with_({"instances": 1})
    assert share_s(w, one) == pytest.approx(175 * 120.005)


def test_a_load_curve_and_a_models_own_batches_are_counted() -> None:
    curve = lots(rest="work: [{on: ml.m5.large, at: {1: 40 ms, 4: 80 ms}}]")
    d = BatchTransform.start(curve).with_({"instances": 1, "strategy": "SingleRecord"})
    # Four in flight take 80 ms: 20 ms a record, and a quarter of each call's 5 ms.
    assert d.max_concurrent_transforms == 4
    assert share_s(curve, d) == pytest.approx(1e6 * (0.020 + 0.005 / 4))
    batched = lots(
        rest="work: [{on: ml.m5.large, mean: 40 ms, cv: 0.2, workers: 1, batching: {max: 8, marginal: 25 %}}]"
    )
    d = BatchTransform.start(batched).with_({"instances": 1})
    # 3,000 records are 375 groups of eight, each of 40 ms and seven quarters of it more.
    assert share_s(batched, d) == pytest.approx(50 * 7 * (375 * 0.04 * 2.75 + 0.005))


_GROUPS = "work: [{on: ml.m5.large, mean: 40 ms, cv: 0.2, workers: 1, batching: {max: 8, marginal: 25 %}}]"


@pytest.mark.parametrize(
    ("records", "firsts"), [(1, 1), (2, 1.25), (8, 2.75), (9, 3.75), (17, 6.5), (20, 2.75 + 2.75 + 1.75)]
)
def test_a_model_takes_a_mini_batch_in_groups_of_its_own_size(records: int, firsts: float) -> None:
    assert together_s(lots(rest=_GROUPS).work_on("ml.m5.large"), records) == pytest.approx(0.04 * firsts)


def test_no_job_beats_the_bound_by_its_work() -> None:
    # Eight records in 40 ms x 2.75: a million on one worker take 13,750 s, however they are cut.
    w = lots(rest=_GROUPS)
    d = BatchTransform.start(w).with_({"instances": 1})
    assert work_s(w, d, 1) == pytest.approx(13_750)
    assert share_s(w, d) >= work_s(w, d, 1)


@pytest.mark.parametrize(("deadline", "refused"), [("621 s", True), ("623 s", False)])
def test_a_deadline_that_no_job_can_meet_is_refused(deadline: str, refused: bool) -> None:
    # 222 s, and a million records of 40 ms over two workers of 50 instances: 400 s.
    assert ("BT-44" in found(lots(deadline=deadline))) == refused


@pytest.mark.parametrize(("deadline", "warned"), [("24290 s", True), ("24292 s", False)])
def test_a_deadline_that_this_job_misses_is_warned_of(deadline: str, warned: bool) -> None:
    assert ("BT-45" in found(lots(deadline=deadline), instances=1)) == warned


@pytest.mark.parametrize(("every", "refused"), [("20221 s", True), ("20223 s", False)])
def test_a_job_that_outlasts_its_period_grows_without_end(every: str, refused: bool) -> None:
    # 222 s at least to start, and a million records of 40 ms on two workers: 20,000 s.
    assert ("BT-46" in found(lots(every=every, deadline=every), instances=1)) == refused


@pytest.mark.parametrize(
    ("objective", "refused"), [("1 s", True), ("221 s", True), ("222 s", False), ("1 hour", False)]
)
def test_an_answer_wanted_before_any_job_was_ever_ready_is_refused(objective: str, refused: bool) -> None:
    assert ("BT-08" in found(overlay(f"objective: {{p95: {objective}}}"))) == refused


def test_a_stream_beside_a_lot_is_warned_of_and_not_refused() -> None:
    rules = found(overlay("batch: {records: 1 million}\nobjective: {p95: 1 s}"))
    assert "BT-08" not in rules
    assert rules["BT-10"].says == (
        "only the lot is served here: 2 per second come one by one beside it, and are to be answered within 1 s (p95)"
    )


def test_a_stream_that_nobody_can_wait_for_is_refused_and_nothing_else_is_said() -> None:
    assert set(found(overlay("objective: {p95: 1 s}"))) == {"BT-08"}


def test_a_job_that_may_still_run_when_the_next_is_due_is_warned_of() -> None:
    # 3,456,000 objects a day, one after another 45 ms each: 155,520 s. All workers busy: 69,120 s, less than a day.
    w = overlay("traffic: {rate: 40 per second}")
    assert {"BT-46", "BT-51"} & set(found(w, instances=1, every_s=86400)) == {"BT-51"}
    assert "BT-51" not in found(w, instances=2, every_s=86400)


@pytest.mark.parametrize(("size", "refused"), [(250 * 10**9, False), (250 * 10**9 + 1, True)])
def test_a_type_with_a_local_disk_has_that_instead_of_the_volume(size: int, refused: bool) -> None:
    # ml.g5.xlarge has one NVMe disk of 250 GB.
    rules = found(lots(size="1 B", files=1).with_({"batch.records": size}), instance_type="ml.g5.xlarge")
    assert ("BT-29" in rules) == refused
    assert "BT-30" not in rules


def test_a_model_has_the_room_of_a_jobs_fixed_volume() -> None:
    # 15 GB and as much again fill 30 GB.
    assert "BT-54" not in found(lots(rest="model: {size: 15 GB}"))
    assert "BT-54" in found(lots(rest="model: {size: 15.1 GB}"))
    assert "BT-54" not in found(lots(rest="model: {size: 15.1 GB}"), instance_type="ml.g5.xlarge")


def test_a_large_model_outlasts_the_first_health_check_of_a_job() -> None:
    # 98 MB a second for 480 s are 47.04 GB.
    assert "BT-55" not in found(lots(rest="model: {size: 47 GB}"))
    assert "BT-55" in found(lots(rest="model: {size: 47.1 GB}"))


def test_mini_batches_of_a_pipeline_stay_below_what_containers_hand_on() -> None:
    # 3,000 records of 2 KB are 6 MB; the first guess sends 5 MB.
    w = lots(rest="needs: [pipeline]")
    assert BatchTransform.start(w).max_payload_mb == 5
    assert "BT-60" not in found(w)
    assert "BT-60" in found(w, max_payload_mb=6)
    assert "BT-60" not in found(lots(), max_payload_mb=6)


def test_a_borrowed_time_warns_where_a_measured_one_refuses() -> None:
    w = lots(records="100", rest="work: [{on: ml.m5.large, mean: 70 min, cv: 0.1, workers: 2}]")
    assert {"BT-23", "BT-53"} & set(found(w)) == {"BT-23"}
    assert {"BT-23", "BT-53"} & set(found(w, instance_type="ml.m5.xlarge")) == {"BT-53"}


def test_a_type_that_is_listed_for_queues_only_is_doubted() -> None:
    w = lots(rest="region: eu-west-3\nmodel: {accelerator: required}")
    assert "BT-58" in found(w, instance_type="ml.g6.xlarge")
    assert "BT-58" not in found(w, instance_type="ml.g4dn.xlarge")


def test_a_huge_rate_gets_a_deployment() -> None:
    assert BatchTransform.start(overlay("traffic: {rate: 1000000000000 per second}")).instances == 100


def test_one_worker_of_two_is_told_and_the_product_may_excuse_it() -> None:
    assert says("BT-48", lots(), max_concurrent_transforms=1) == "mini-batches at once: 1, workers on ml.m5.large: 2"
    large = found(lots(), max_payload_mb=60, max_concurrent_transforms=1)
    assert "BT-48" not in large
    assert large["BT-49"].mend.startswith("give max_payload=50")


@pytest.mark.parametrize("need", ["streaming", "network-isolation", "shadow", "variants", "multi-container"])
def test_what_the_feature_matrix_excludes_is_refused(need: str) -> None:
    assert any(finding.verdict.name == "BLOCKS" for finding in found(lots(rest=f"needs: [{need}]")).values())


@pytest.mark.parametrize("need", ["data-capture", "model-monitor", "pipeline", "vpc", "marketplace", "scale-to-zero"])
def test_what_the_feature_matrix_grants_is_not_refused(need: str) -> None:
    refusals = [one for one in found(lots(rest=f"needs: [{need}]")).values() if one.verdict.name == "BLOCKS"]
    assert not refusals


@pytest.mark.parametrize("name", ["ml.m6g.large", "ml.c7g.xlarge", "ml.g6e.xlarge", "ml.p4d.24xlarge", "ml.m5d.large"])
def test_families_that_only_endpoints_have_are_refused(name: str) -> None:
    assert "BT-32" in found(lots(), instance_type=name)


def test_the_first_guess_makes_the_deadline_with_a_fifth_to_spare() -> None:
    # (14,400 - 290) x 0.8 = 11,288 s. Two instances take 25 x 480.02 = 12,000.5 s, three 17 x 480.02 = 8,160.3 s.
    d = BatchTransform.start(lots(deadline="4 hours"))
    assert (d.instance_type, d.instances, d.max_payload_mb, d.max_concurrent_transforms) == ("ml.m5.large", 3, 6, 2)
    assert (d.strategy, d.split, d.timeout_s, d.retries, d.every_s) == ("MultiRecord", "Line", 600, 3, 86400)


def test_the_first_guess_leaves_no_instance_idle_at_the_end() -> None:
    # No job makes five minutes; a hundred instances would work off two of 150 objects at most, and so do 75.
    assert BatchTransform.start(lots(files=150, deadline="5 min")).instances == 75


def test_the_first_guess_sends_single_records_where_a_mini_batch_would_time_out() -> None:
    d = BatchTransform.start(lots(rest="work: [{on: ml.m5.large, mean: 2 s, cv: 0.2, workers: 2}]"))
    assert (d.strategy, d.timeout_s) == ("SingleRecord", 600)


def test_the_first_guess_gathers_a_stream_for_half_of_what_the_objective_leaves() -> None:
    # (7,200 - 270 - 20) / 2 = 3,455 s, in whole minutes 3,420 s; each request is an object of its own.
    d = BatchTransform.start(overlay("objective: {p95: 2 hours}"))
    assert (d.every_s, d.split, d.strategy) == (3420, "None", "SingleRecord")
    assert lot(overlay(""), 3600).files == 7200


def test_a_deployment_reads_back_and_takes_sizes_with_or_without_their_unit() -> None:
    d = BatchTransform(instance_type="ml.m5.xlarge", instances=2, split="Line", max_concurrent_transforms=4)
    assert eval(repr(d)) == d
    assert d.id == "batch-transform-m5.xlarge-x2-6mb-c4-MultiRecord-Line-t600-r3-every86400"
    assert d.with_({"max_payload": "20 MB"}) == d.with_({"max_payload": "20"}) == d.with_({"max_payload_mb": 20})


@pytest.mark.parametrize("task", ["training", "processing"])
def test_jobs_that_are_no_inference_are_refused(task: str) -> None:
    assert says("BT-01", lots(rest=f"task: {task}")) == f"the task is {task}"
