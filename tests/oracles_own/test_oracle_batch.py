"""The batch oracle against hand-worked jobs, one for each rule."""

from __future__ import annotations

import math

import pytest

from tests.oracles.batch import calls_of, simulate
from tests.oracles.case import FAILED, GRID, PENDING, REFUSED, SERVED, Client, Record, Request
from tests.oracles.case_patterns import BatchCase


def records(count: int, *works: float, at: float = 0.0, **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, work=works[n] if works else 1.0, **fields) for n in range(count))


def case(rows: tuple[Request, ...], **fields: object) -> BatchCase:
    fields = {
        "mean_s": 1.0,
        "workers": 4,
        "due_s": (0.0,),
        "files": 1,
        "strategy": "single",
        "provision_s": (100.0,),
        "setup_s": 20.0,
        "upload_s": 5.0,
        "stop_s": 10_000.0,
        **fields,
    }
    return BatchCase(requests=rows, **fields)


def column(record: Record, name: str) -> list[float]:
    return [getattr(outcome, name) for outcome in record.requests]


def lines(record: Record) -> list[tuple[float, float, float, float]]:
    return [(job.launch, job.ready, job.draining, job.end) for job in record.jobs]


def test_a_job_provisions_works_and_uploads_and_is_billed_without_the_provisioning() -> None:
    record = simulate(case(records(3)))
    assert lines(record) == [(0, 120, 123, 128)]
    assert column(record, "start") == [120, 121, 122]
    assert column(record, "answered") == [128, 128, 128]
    assert record.billed == {"instance_s": 28, "objects_in": 1, "objects_out": 1}


def test_three_objects_on_four_instances_leave_one_idle_and_all_are_billed_until_the_last_ends() -> None:
    record = simulate(case(records(3, 1.0, 2.0, 7.5), files=3, instances=4))
    assert column(record, "instance") == [0, 1, 2]
    assert lines(record) == [(0, 120, 127.5, 132.5)]
    assert record.billed["instance_s"] == 4 * 33  # 132.5 - 100, rounded up


def test_objects_are_dealt_round_robin_and_taken_one_after_another() -> None:
    record = simulate(case(records(6), files=3, instances=2, max_transforms=4))
    # objects {0, 1}, {2, 3}, {4, 5}; the first and the third on instance 0, two calls at a time
    assert column(record, "instance") == [0, 0, 1, 1, 0, 0]
    assert column(record, "start") == [120, 120, 120, 120, 121, 121]


def test_objects_side_by_side_share_the_slots_of_their_instance_in_order() -> None:
    rows = records(6, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    record = simulate(case(rows, files=2, max_transforms=2, one_by_one=False))
    # Slot 0 is busy until 123 s; all others go through slot 1, those of the second object from 122 s on.
    assert column(record, "start") == [120, 120, 121, 122, 123, 123]
    assert column(record, "slot") == [0, 1, 1, 1, 0, 1]
    assert column(simulate(case(rows, files=2, max_transforms=2)), "start") == [120, 120, 121, 123, 123, 124]


def test_an_object_that_fails_leaves_those_beside_it_alone() -> None:
    fails, good = (0.0,) * 5, (0.9,) * 5
    rows = tuple(
        Request(number=n, arrival=0.0, work=work, fail=fail)
        for n, (work, fail) in enumerate([(2.0, fails), (3.0, good), (1.0, good), (2.0, good)])
    )
    told = case(rows, files=2, max_transforms=2, retries=0, client=Client(fail_share=0.5), one_by_one=False)
    record = simulate(told)
    # The first fails its object at 122 s; what runs of that ends; the second object begins in its slot.
    assert column(record, "status") == [FAILED, FAILED, SERVED, SERVED]
    assert column(record, "start") == [120, 120, 122, 123]


def test_records_fill_objects_evenly_in_order() -> None:
    record = simulate(case(records(5), files=3, instances=3))
    assert column(record, "instance") == [0, 0, 1, 1, 2]  # floor(i x 3 / 5)


def test_more_files_than_records_make_one_object_a_record() -> None:
    assert simulate(case(records(2), files=9)).billed["objects_in"] == 2


def test_an_instance_runs_as_many_calls_at_once_as_workers_and_the_job_allow() -> None:
    assert column(simulate(case(records(4), max_transforms=9, workers=2)), "start") == [120, 120, 121, 121]
    assert column(simulate(case(records(4), max_transforms=3, workers=9)), "start") == [120, 120, 120, 121]


def test_free_slots_are_taken_lowest_first_after_all_ends_of_the_instant() -> None:
    record = simulate(case(records(4, 2.0, 2.0, 1.0, 1.0), max_transforms=2))
    assert column(record, "slot") == [0, 1, 0, 1]


def test_an_object_waits_for_the_last_call_of_the_one_before() -> None:
    record = simulate(case(records(4, 1.0, 5.0, 1.0, 1.0), files=2, max_transforms=2))
    assert column(record, "start") == [120, 120, 125, 125]


def test_calls_hold_as_many_records_as_fit() -> None:
    rows = tuple(Request(number=n, arrival=0, bytes_in=size) for n, size in enumerate([40, 60, 1, 99, 100, 50]))
    cut = [
        [r.number for r in call] for call in calls_of(case(rows, strategy="multi", max_payload_bytes=100), list(rows))
    ]
    assert cut == [[0, 1], [2, 3], [4], [5]]


def test_a_call_takes_the_sum_of_its_works_or_what_the_marginal_says() -> None:
    rows = records(3, 1.0, 3.0, 2.0)
    assert column(simulate(case(rows, strategy="multi")), "finish") == [126] * 3
    assert column(simulate(case(rows, strategy="multi", marginal=0.5)), "finish") == [126] * 3  # 3 x (1 + 0.5 x 2)
    assert column(simulate(case(rows, strategy="whole", marginal=0.0)), "finish") == [123] * 3


def test_an_object_with_a_call_too_large_is_refused_and_takes_no_time() -> None:
    rows = tuple(Request(number=n, arrival=0, bytes_in=size) for n, size in enumerate([10, 10, 101, 10]))
    record = simulate(case(rows, files=2, max_payload_bytes=100))
    assert column(record, "status") == [SERVED, SERVED, REFUSED, REFUSED]
    assert lines(record) == [(0, 120, 122, 127)]
    assert math.isnan(record.requests[3].start)


def test_a_call_as_long_as_its_time_out_is_in_time() -> None:
    assert column(simulate(case(records(1, 6.0), timeout_s=6.0)), "status") == [SERVED]


def test_a_late_call_is_retried_in_its_slot_and_then_its_object_fails_and_the_job_goes_on() -> None:
    record = simulate(case(records(4, 1.0, 6.0 + GRID, 1.0, 1.0), files=2, timeout_s=6.0, retries=2))
    # object {0, 1}: 1 tries at 121, 127, 133 and the object fails at 139; {2, 3} from then on
    assert column(record, "status") == [FAILED, FAILED, SERVED, SERVED]
    assert [(o.start, o.finish, o.attempts) for o in record.requests[:2]] == [(120, 121, 1), (133, 139, 3)]
    assert column(record, "start")[2:] == [139, 140]
    assert record.billed["objects_out"] == 1


def test_a_failing_attempt_is_drawn_from_the_first_record_of_the_call() -> None:
    rows = (Request(number=0, arrival=0, fail=(0.0, 0.9, 0.9, 0.9, 0.9)), Request(number=1, arrival=0, fail=(0.0,) * 5))
    record = simulate(case(rows, strategy="multi", client=Client(fail_share=0.5)))
    assert [(o.start, o.attempts, o.status) for o in record.requests] == [(122, 2, SERVED)] * 2


def test_after_a_failure_nothing_of_the_object_begins_and_what_runs_ends() -> None:
    rows = (
        Request(number=0, arrival=0, fail=(0.0,) * 5),
        Request(number=1, arrival=0, work=4.0, fail=(0.0,) * 5),
        Request(number=2, arrival=0),
    )
    record = simulate(case(rows, max_transforms=2, retries=0, client=Client(fail_share=0.5)))
    assert [(o.finish, o.attempts) for o in record.requests[:2]] == [(121, 1), (124, 1)]
    assert (record.requests[2].attempts, record.requests[2].instance, record.requests[2].status) == (0, -1, FAILED)


def test_ends_at_one_instant_go_by_slot() -> None:
    # Slot 0 fails for the first time and begins again before slot 1 fails for good at the same instant.
    rows = (
        Request(number=0, arrival=0, work=2.0, fail=(0.0, 0.9, 0.9, 0.9, 0.9)),
        Request(number=1, arrival=0, work=1.0, fail=(0.0,) * 5),
    )
    record = simulate(case(rows, max_transforms=2, retries=1, client=Client(fail_share=0.5)))
    assert [(o.start, o.finish, o.attempts) for o in record.requests] == [(122, 124, 2), (121, 122, 2)]


@pytest.mark.parametrize(("at", "taken"), [(50.0, 0), (50.0 + GRID, 1)])
def test_a_job_takes_what_has_arrived_by_its_instant(at: float, taken: int) -> None:
    record = simulate(case(records(1, at=at), due_s=(50.0, 500.0)))
    assert lines(record)[0][0] == (50, 500)[taken]
    assert len(record.jobs) == 1


def test_a_late_job_delays_the_next_which_gathers_until_it_begins() -> None:
    rows = (Request(number=0, arrival=0), Request(number=1, arrival=60), Request(number=2, arrival=126))
    record = simulate(case(rows, due_s=(0.0, 50.0, 100.0), provision_s=(100.0, 10.0)))
    assert [job.launch for job in record.jobs] == [0, 126]  # the third finds nothing, and takes no ordinal
    assert record.jobs[1].ready == 126 + 10 + 20
    assert record.requests[2].status == SERVED


def test_records_without_a_job_have_no_answer() -> None:
    assert column(simulate(case(records(1, at=9.0))), "status") == [PENDING]


def test_a_job_counts_where_its_billing_begins() -> None:
    assert simulate(case(records(1), window_from_s=100.0, window_to_s=101.0)).billed["instance_s"] == 26
    assert simulate(case(records(1), window_from_s=101.0)).billed["instance_s"] == 0
