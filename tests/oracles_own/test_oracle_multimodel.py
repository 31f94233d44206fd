"""The multi-model oracle against hand-worked examples, one for each rule."""

from __future__ import annotations

import math

from tests.oracles.case import (
    FAILED,
    GRID,
    NOT_READY,
    REJECTED,
    SERVED,
    TIMED_OUT,
    Client,
    Loss,
    Record,
    Request,
    Scaling,
    Scheduled,
)
from tests.oracles.case_patterns import Model, MultiModelCase
from tests.oracles.multimodel import simulate

ONCE = Client(attempts=1)


def requests(*rows: tuple[float, int], **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, model=model, **fields) for n, (at, model) in enumerate(rows))


def case(rows: tuple[Request, ...], **fields: object) -> MultiModelCase:
    """Models of 4,000 bytes and 4 MiB: 4 s of download alone, 1 s into memory, two of them fit."""
    fields = {
        "models": (Model(size_bytes=4000, memory_mib=4),) * 6,
        "workers": 1,
        "mean_s": 1.0,
        "cache_mib": 8,
        "disk_bytes": 100_000,
        "download_bytes_per_s": 1000.0,
        "into_memory_bytes_per_s": 4000.0,
        "parallel_loads": 2,
        "client": ONCE,
        "stop_s": 1000.0,
        **fields,
    }
    return MultiModelCase(requests=rows, **fields)


def fleet(count: int, **fields: object) -> Scaling:
    return Scaling(**{"initial": count, "lowest": count, "highest": count, **fields})


def column(record: Record, name: str) -> list[float]:
    return [getattr(outcome, name) for outcome in record.requests]


def test_the_first_request_waits_for_download_and_load_and_later_ones_join_it() -> None:
    record = simulate(case(requests((0, 0), (2, 0), (5, 0), (50, 0))))
    assert column(record, "start") == [5, 6, 7, 50]
    assert record.loads == [(0, 0, 0, 0, 5)]


def test_two_downloads_share_the_bandwidth() -> None:
    # 0 alone till 2 (half), then both at half speed: 0 at 6, 1 has 2 s of work left and is alone: 8; then into memory
    record = simulate(case(requests((0, 0), (2, 1))))
    assert [load[4] for load in record.loads] == [7, 9]


def test_no_more_loads_than_allowed_are_under_way() -> None:
    record = simulate(case(requests((0, 0), (0, 1)), parallel_loads=1))
    assert [load[3:] for load in record.loads] == [(0, 5), (5, 10)]


def test_the_load_draw_of_the_request_that_asks_scales_both_stages() -> None:
    rows = (
        Request(number=0, arrival=0, load=(2.0,) * 5),
        Request(number=1, arrival=0, load=(9.0,) * 5),
    )
    assert simulate(case(rows)).loads == [(0, 0, 0, 0, 10)]


def test_the_least_recently_used_model_leaves_memory_and_its_file_stays() -> None:
    record = simulate(case(requests((0, 0), (10, 1), (20, 0), (30, 2), (40, 0), (50, 1))))
    # at 30 model 1 leaves (last used 16), so 0 is still there at 40; at 50 it comes from disk: 1 s
    assert column(record, "start") == [5, 15, 20, 35, 40, 51]


def test_of_models_last_used_at_one_instant_the_lowest_number_leaves() -> None:
    rows = requests((0, 1), (0, 0), (30, 2), (40, 1))
    record = simulate(case(rows, workers=2))
    assert [load[1] for load in record.loads] == [1, 0, 2]  # both used at 10; 0 has left at 30, 1 is there at 40


def test_a_model_in_use_does_not_leave_and_the_load_waits_until_one_is_free() -> None:
    rows = (
        Request(number=0, arrival=0, model=0, work=20),
        Request(number=1, arrival=0, model=1, work=20),
        Request(number=2, arrival=12, model=2),
    )
    record = simulate(case(rows, workers=2))
    # both loaded at 9 (shared), busy until 29; then model 0 leaves and 2 loads from 29 on
    assert record.loads[2][2:] == (12, 29, 34)


def test_a_load_that_cannot_begin_holds_those_behind_it() -> None:
    models = (
        Model(size_bytes=1000, memory_mib=6),
        Model(size_bytes=1000, memory_mib=6),
        Model(size_bytes=1000, memory_mib=1),
    )
    rows = tuple(Request(number=n, arrival=a, model=n, work=10) for n, a in enumerate([0, 2, 3]))
    record = simulate(case(rows, models=models, into_memory_bytes_per_s=1000.0))
    assert [load[3] for load in record.loads] == [0, 12, 12]


def test_a_full_disk_loses_the_files_least_recently_used() -> None:
    record = simulate(case(requests((0, 0), (20, 1), (40, 2), (60, 0), (80, 1)), disk_bytes=12_000, cache_mib=4))
    # three files fit; 0 and 1 are still on disk: 1 s each instead of 5
    assert column(record, "start") == [5, 25, 45, 61, 81]
    tight = simulate(case(requests((0, 0), (20, 1), (40, 2), (60, 0), (80, 1)), disk_bytes=8000, cache_mib=4))
    assert column(tight, "start") == [5, 25, 45, 65, 85]


def test_requests_go_to_the_holder_and_others_to_the_least_loaded() -> None:
    rows = requests((0, 0), (10, 1), (20, 0), (30, 1), (40, 2))
    record = simulate(case(rows, scaling=fleet(2)))
    assert column(record, "instance") == [0, 0, 0, 0, 0]
    busy = simulate(case(requests((0, 0), (1, 1), (2, 0), (2, 2)), scaling=fleet(2)))
    assert column(busy, "instance") == [0, 1, 0, 1]


def test_a_busy_holder_spills_only_where_another_has_fewer_outstanding() -> None:
    rows = requests((0, 0), (0, 0), (0, 0), (0, 0), (0, 0))
    record = simulate(case(rows, scaling=fleet(2), spill_depth=2))
    # the third finds 2 on the holder and none on the other, which holds it too from then on
    assert column(record, "instance") == [0, 0, 1, 1, 0]
    equal = simulate(case(requests((0, 0), (0, 1), (0, 0)), scaling=fleet(2), spill_depth=1))
    assert column(equal, "instance") == [0, 1, 0]


def test_a_request_is_not_ready_after_its_limit_and_the_load_goes_on() -> None:
    slow = {"download_bytes_per_s": 40.0}  # 100 s
    record = simulate(case(requests((0, 0), (101, 0)), **slow))
    assert column(record, "status") == [NOT_READY, SERVED]
    assert (record.requests[0].answered, record.requests[0].instance, record.requests[0].slot) == (60, 0, -1)
    assert record.requests[1].start == 101


def test_a_not_ready_request_comes_again_and_joins_the_load() -> None:
    rows = requests((0, 0), backoff=(0.5,) * 5)
    record = simulate(case(rows, client=Client(), download_bytes_per_s=40.0))
    assert (record.requests[0].attempts, record.requests[0].start) == (2, 101)
    assert len(record.loads) == 1


def test_a_load_that_ends_at_the_limit_is_in_time_and_the_call_is_then_timed_out() -> None:
    record = simulate(case(requests((0, 0)), download_bytes_per_s=4000 / 59))
    assert (record.requests[0].status, record.requests[0].answered, record.requests[0].start) == (TIMED_OUT, 60, 60)


def test_a_load_is_given_up_after_its_limit_and_frees_its_room() -> None:
    rows = requests((0, 0), (30, 0), (110, 0))
    record = simulate(case(rows, download_bytes_per_s=40.0, load_limit_s=99.0, client=Client(attempts=1, limit_s=80.0)))
    # given up at 99, its file not yet there: the second, who waits, hears it then; the third asks anew
    assert column(record, "answered") == [80, 99, 190]
    assert [load[2:4] for load in record.loads] == [(0, 0), (110, 110)]
    stored = simulate(case(rows, download_bytes_per_s=40.0, load_limit_s=100.0))
    assert stored.loads[1] == (0, 0, 110, 110, 111)  # the download itself had ended at 100: the file stays
    in_time = simulate(case(requests((0, 0)), load_limit_s=5.0))
    assert column(in_time, "status") == [SERVED]


def test_a_load_that_nobody_waits_for_any_more_is_dropped_before_it_begins() -> None:
    rows = requests((0, 0), (0, 1))
    record = simulate(case(rows, parallel_loads=1, download_bytes_per_s=40.0))
    assert [math.isnan(load[3]) for load in record.loads] == [False, True]


def test_a_given_up_download_leaves_its_share_to_the_others() -> None:
    rows = requests((0, 0), (5, 1))
    record = simulate(case(rows, download_bytes_per_s=400.0, load_limit_s=12.0))
    # 10 s of work each: 0 has 5 left at 5 and needs 10 more shared, is given up at 12; 1 has then 6.5 left
    # and would end at 18.5, past its own 5 + 12
    assert [math.isnan(load[4]) for load in record.loads] == [True, True]
    assert column(record, "answered") == [12, 17]
    longer = simulate(case(rows, download_bytes_per_s=400.0, load_limit_s=14.5))
    # 0 is given up at 14.5; 1 has done 4.75, ends its download at 19.75 > 19.5: given up as well
    assert [math.isnan(load[4]) for load in longer.loads] == [True, True]


def test_a_full_queue_counts_those_who_wait_for_loads() -> None:
    record = simulate(case(requests((0, 0), (1, 1), (2, 2), (9, 0)), container_queue=2))
    assert column(record, "status") == [SERVED, SERVED, REJECTED, SERVED]
    assert len(record.loads) == 2


def test_with_the_cache_disabled_every_call_loads_its_own() -> None:
    record = simulate(case(requests((0, 0), (20, 0), (21, 0)), cache_enabled=False))
    # alone 5 s; then two at once: 3 s left at 21 take 6, till 27, the other ends at 28; each 1 s into memory
    assert [load[4] for load in record.loads] == [5, 28, 29]
    assert column(record, "start") == [5, 28, 29]


def test_with_the_cache_disabled_memory_is_free_at_the_finish() -> None:
    record = simulate(case(requests((0, 0), (0, 0), (0, 0)), cache_enabled=False, workers=2, parallel_loads=3))
    # two share: downloads done at 8, in memory at 9, calls till 10; the third begins then
    assert [load[3] for load in record.loads] == [0, 0, 10]


def test_models_ready_at_one_instant_queue_by_the_order_asked_for() -> None:
    record = simulate(case(requests((0, 1), (0, 0), (0, 1))))
    assert column(record, "start") == [9, 11, 10]


def test_a_draining_instance_loads_for_those_who_wait_and_a_new_one_holds_nothing() -> None:
    scaling = fleet(2, lowest=1, schedule=(Scheduled(at_s=1.0, lowest=1, highest=1),))
    record = simulate(case(requests((0, 1), (0, 0)), scaling=scaling))
    assert column(record, "instance") == [0, 1]
    assert record.instances[1].end == 6
    lost = simulate(
        case(requests((0, 0), (3, 0)), scaling=fleet(1, launch_s=(1.0,), losses=(Loss(at_s=2.0, which=0.0),)))
    )
    assert column(lost, "status") == [FAILED, SERVED]
    assert lost.requests[1].start == 8


def test_a_drain_ends_with_the_last_call_and_its_loads_with_it() -> None:
    scaling = fleet(2, lowest=1, schedule=(Scheduled(at_s=61.0, lowest=1, highest=1),))
    record = simulate(case(requests((0, 1), (0, 0)), scaling=scaling, download_bytes_per_s=40.0))
    assert record.instances[1].end == 61  # both callers left at 60
    assert [math.isnan(load[4]) for load in record.loads] == [False, True]


def test_an_idle_worker_takes_the_step_after_the_load() -> None:
    models = (Model(size_bytes=1, memory_mib=1),)
    record = simulate(case(requests((0, 0)), models=models, download_bytes_per_s=1e9, into_memory_bytes_per_s=1e9))
    assert record.requests[0].start == GRID  # a download below half a step takes none, the memory stage at least one
