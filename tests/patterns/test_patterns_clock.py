"""A schedule: how it is written, what it refuses, when it changes, and what AWS is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.patterns import Asynchronous, MultiModel, Pattern, RealTime, Serverless
from advisor.patterns.clock import (
    DAYS,
    SCHEDULE,
    changes,
    cron,
    cycle_s,
    due_s,
    edges,
    hours_of,
    in_name,
    least_at,
    reach,
)
from advisor.units import DAY_S, HOUR_S, WEEK_S

HOUR, DAY = 60, 24 * 60


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("8:00-18:00=4", "08:00-18:00=4"),
        (" Mon-Fri 08:00 - 18:00 = 4,sat , sun 10:00-14:00=2 ", "mon-fri 08:00-18:00=4; sat,sun 10:00-14:00=2"),
        ("mon-sun 00:00-08:00=1", "00:00-08:00=1"),
        ("fri-mon 00:00-24:00=3", "mon,fri,sat,sun 00:00-24:00=3"),
        ("mon,tue,wed 01:00-02:00=1", "mon-wed 01:00-02:00=1"),
        ("22:00-06:00=0", "22:00-06:00=0"),
    ],
)
def test_a_schedule_is_read_as_people_write_it_and_told_in_one_way(given: str, plain: str) -> None:
    kind = SCHEDULE["kind"]
    assert kind.value(given, "schedule", base=False) == plain
    assert kind.read(plain) == plain


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "no schedule"),
        ("daily", "no schedule"),
        ("08:00-18:00", "no schedule"),
        ("08:00-18:00=4;", "no schedule"),
        ("08:00-18:00=4 19:00-20:00=2", "no schedule"),
        ("08:00-18:00=-4", "no schedule"),
        ("24:00-02:00=4", "24:00 is no time"),
        ("08:60-09:00=4", "08:60 is no time"),
        ("08:00-24:01=4", "24:01 is no time"),
        ("08:00-08:00=4", "no time"),
        ("foo 08:00-09:00=4", "foo is no day"),
        ("mon-tue-wed 08:00-09:00=4", "no day"),
        ("mon,mon 08:00-09:00=4", "twice"),
        ("08:00-18:00=4; 17:59-19:00=2", "overlap"),
        ("sun 22:00-02:00=4; mon 01:00-03:00=2", "overlap"),
        ("mon-fri 08:00-18:00=4; fri 10:00-11:00=4", "overlap"),
    ],
)
def test_what_is_no_schedule_or_says_two_things_at_once_is_refused(given: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        hours_of(given)
    assert raised.value.mend


def test_the_number_changes_at_the_ends_of_the_hours() -> None:
    schedule = "mon-fri 08:00-18:00=4; sat 10:00-14:00=2"
    weekdays = [step for day in range(5) for step in ((day * DAY + 8 * HOUR, 4), (day * DAY + 18 * HOUR, 1))]
    assert changes(schedule, 1) == (*weekdays, (5 * DAY + 10 * HOUR, 2), (5 * DAY + 14 * HOUR, 1))
    assert [least_at(schedule, 1, minute) for minute in (0, 8 * HOUR - 1, 8 * HOUR, 18 * HOUR)] == [1, 1, 4, 1]


def test_hours_that_meet_change_once_and_equal_ones_not_at_all() -> None:
    assert changes("mon 06:00-12:00=3, mon 12:00-18:00=5", 1) == ((6 * HOUR, 3), (12 * HOUR, 5), (18 * HOUR, 1))
    assert changes("mon 06:00-12:00=3, mon 12:00-18:00=3", 1) == ((6 * HOUR, 3), (18 * HOUR, 1))
    assert changes("08:00-18:00=2", 2) == ()


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    assert changes("sun 22:00-02:00=4", 1) == ((2 * HOUR, 1), (6 * DAY + 22 * HOUR, 4))
    assert least_at("sun 22:00-02:00=4", 1, 0) == 4
    assert changes("22:00-06:00=0", 3)[:2] == ((6 * HOUR, 3), (22 * HOUR, 0))


def test_a_schedule_repeats_by_day_or_where_it_names_days_by_week() -> None:
    assert (cycle_s(None), cycle_s("08:00-18:00=4"), cycle_s("mon 08:00-18:00=4")) == (0, DAY_S, WEEK_S)
    assert reach(None, 2) == (2, 2)
    assert reach("08:00-18:00=4; 22:00-23:00=0", 2) == (0, 4)
    assert reach("08:00-18:00=4; 18:00-08:00=3", 1) == (3, 4)


def test_instants_of_a_run_begin_on_a_monday_at_midnight() -> None:
    assert list(due_s("tue 08:00-18:00=4", 1, 2 * WEEK_S)) == [
        (DAY_S + 8 * HOUR_S, 4), (DAY_S + 18 * HOUR_S, 1),
        (WEEK_S + DAY_S + 8 * HOUR_S, 4), (WEEK_S + DAY_S + 18 * HOUR_S, 1),
    ]  # fmt: skip
    # What begins with the run is its first state.
    assert list(due_s("00:00-12:00=4", 1, DAY_S)) == [(12 * HOUR_S, 1)]


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("08:00-18:30=4", [("cron(0 8 * * ? *)", 4), ("cron(30 18 * * ? *)", 1)]),
        ("mon-fri 08:00-18:00=4", [("cron(0 8 ? * MON-FRI *)", 4), ("cron(0 18 ? * MON-FRI *)", 1)]),
        ("sat,sun 00:00-24:00=2", [("cron(0 0 ? * MON *)", 1), ("cron(0 0 ? * SAT *)", 2)]),
        ("tue-sun 01:00-02:00=2", [("cron(0 1 ? * TUE-SAT,SUN *)", 2), ("cron(0 2 ? * TUE-SAT,SUN *)", 1)]),
        ("mon,wed 22:00-01:00=2", [("cron(0 1 ? * TUE,THU *)", 1), ("cron(0 22 ? * MON,WED *)", 2)]),
    ],
)
def test_aws_is_told_each_change_once(schedule: str, told: list[tuple[str, int]]) -> None:
    assert [(cron(edge), edge.least) for edge in edges(schedule, 1)] == told


@st.composite
def schedules(draw: st.DrawFn) -> str:
    ends = sorted(draw(st.lists(st.integers(0, 48), min_size=2, max_size=8, unique=True)))
    days = draw(st.sampled_from(["", "mon-fri ", "sat,sun ", "wed "]))
    spans = [(low, high) for low, high in zip(ends[::2], ends[1::2], strict=False)]
    return "; ".join(
        f"{days}{low // 2:02d}:{low % 2 * 30:02d}-{high // 2:02d}:{high % 2 * 30:02d}={draw(st.integers(0, 9))}"
        for low, high in spans
    )


@given(schedule=schedules(), otherwise=st.integers(0, 9))
def test_what_holds_at_a_minute_is_what_its_hours_say(schedule: str, otherwise: int) -> None:
    entries = hours_of(schedule)
    for minute in range(0, 7 * DAY, 30):
        day, time = divmod(minute, DAY)
        said = [
            one.least for one in entries if day in (one.days or range(7)) and one.from_m <= time < (one.to_m or DAY)
        ]
        assert least_at(schedule, otherwise, minute) == (said[0] if said else otherwise)
    # The scheduled actions, one after another over the week, come to the same.
    told = sorted((day * DAY + edge.minute, edge.least) for edge in edges(schedule, otherwise) for day in edge.days)
    assert tuple(told) == changes(schedule, otherwise)


TYPE = "ml.m5.large"
SCALED: dict[str, Any] = {"instance_type": TYPE, "max_instances": 4, "scaling": "invocations", "target": 600}


@pytest.mark.parametrize(
    ("pattern", "fields", "words"),
    [
        (RealTime, {"instance_type": TYPE, "schedule": "08:00-18:00=4"}, "above max_instances=1"),
        (RealTime, {**SCALED, "schedule": "08:00-18:00=5"}, "above max_instances=4"),
        (RealTime, {**SCALED, "schedule": "08:00-18:00=0"}, "1 is the least"),
        (RealTime, {**SCALED, "schedule": "08:00-18:00=1"}, "changes nothing"),
        (RealTime, {"instance_type": TYPE, "max_instances": 4, "schedule": "08:00-18:00=3"}, "scaling=none"),
        (RealTime, {"instance_type": TYPE, "schedule": "at night"}, "no schedule"),
        (MultiModel, {"instance_type": TYPE, "schedule": "08:00-18:00=4"}, "above max_instances=1"),
        (MultiModel, {**SCALED, "schedule": "08:00-18:00=0"}, "1 is the least"),
        (Asynchronous, {"instance_type": TYPE, "schedule": "08:00-18:00=4"}, "above max_instances=1"),
        (Serverless, {"memory_mib": 2048, "max_concurrency": 5, "schedule": "08:00-18:00=0"}, "changes nothing"),
    ],
)
def test_a_schedule_that_contradicts_the_other_settings_is_refused(
    pattern: type[Pattern], fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as raised:
        pattern(**fields)
    assert raised.value.mend


@pytest.mark.parametrize(
    "d",
    [
        RealTime(instance_type=TYPE, max_instances=4, schedule="08:00-18:00=4"),
        RealTime(instance_type=TYPE, min_instances=4, max_instances=4, schedule="18:00-08:00=1"),
        RealTime(**SCALED, schedule="mon-fri 08:00-18:00=2"),
        MultiModel(**SCALED, schedule="mon-fri 08:00-18:00=2"),
        Asynchronous(instance_type=TYPE, min_instances=1, max_instances=1, schedule="sat,sun 00:00-24:00=0"),
        Serverless(memory_mib=2048, max_concurrency=5, provisioned_concurrency=1, schedule="08:00-18:00=4"),
    ],
    ids=lambda d: d.id,
)
def test_a_scheduled_deployment_reads_back_and_is_told_apart_from_another(d: Pattern) -> None:
    assert eval(repr(d), {type(d).__name__: type(d)}) == d
    assert d.with_(d.to_dict()) == d
    schedule = d.to_dict()["schedule"]
    assert d.id.endswith(in_name(schedule))
    assert set(in_name(schedule)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert in_name("mon-wed 08:00-18:00=4") != in_name("mon,wed 08:00-18:00=4")
    assert d.cycle_s == (WEEK_S if schedule[:3] in DAYS else DAY_S)
