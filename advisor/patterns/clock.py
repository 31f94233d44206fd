"""Numbers by the clock: at least so many units between two times of day, on all days or on some.

    schedule="08:00-18:00=4"                                   # from 8 to 18 o'clock four, else what the minimum says
    schedule="mon-fri 08:00-18:00=4; sat,sun 10:00-14:00=2"
    schedule="22:00-06:00=0"                                   # past midnight: the day is that on which it begins

Times are UTC, as AWS reads a schedule without a time zone, and as a profile's curves are told: a run begins on a Monday
at midnight. A schedule becomes the instants at which the number changes, which is what AWS's scheduled actions are.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from operator import itemgetter

from advisor.errors import InputError
from advisor.patterns.settings import Kind
from advisor.units import DAY_S, WEEK_S

__all__ = [
    "DAYS",
    "SCHEDULE",
    "Edge",
    "Hours",
    "changes",
    "cron",
    "cycle_s",
    "due_s",
    "edges",
    "hours_of",
    "in_name",
    "least_at",
    "reach",
    "refuse",
]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_M = 24 * 60
_WEEK_M = 7 * _DAY_M
_ENTRY = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+)?"
    r"(?P<from>\d{1,2}:\d{2})\s*-\s*(?P<to>\d{1,2}:\d{2})\s*=\s*(?P<least>\d{1,6})"
)
_BETWEEN = re.compile(r"\s*[;,]\s*")
_MEND = 'write such as "08:00-18:00=4" or "mon-fri 08:00-18:00=4; sat,sun 10:00-14:00=2"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """So many from one minute of the day to another, which may lie on the next day; ``days`` count from Monday, 0."""

    days: tuple[int, ...]
    from_m: int
    to_m: int
    least: int

    def spans(self) -> Iterator[tuple[int, int]]:
        """Its minutes of the week, end after beginning; an end may lie in the week after."""
        length = (self.to_m - self.from_m) % _DAY_M or _DAY_M
        for day in self.days or range(7):
            begin = day * _DAY_M + self.from_m
            yield begin, begin + length

    def __str__(self) -> str:
        return f"{_days_text(self.days)}{_time(self.from_m)}-{_time(self.to_m)}={self.least}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From a minute of the day on, on these days, so many."""

    days: tuple[int, ...]
    minute: int
    least: int


@cache
def hours_of(text: str) -> tuple[Hours, ...]:
    """The entries of a schedule; what is no schedule, or says two things of one minute, is refused."""
    found, at, plain = [], 0, text.strip().lower()
    while True:
        match = _ENTRY.match(plain, at)
        if match is None:
            raise InputError(f"schedule={text!r} is no schedule", "", _MEND)
        found.append(_hours(match, text))
        if match.end() == len(plain):
            break
        between = _BETWEEN.match(plain, match.end())
        if between is None:
            raise InputError(f"schedule={text!r} is no schedule", "", _MEND)
        at = between.end()
    return _apart(tuple(found), text)


def _hours(match: re.Match[str], text: str) -> Hours:
    ends = []
    for name in ("from", "to"):
        hour, minute = (int(part) for part in match[name].split(":"))
        at = hour * 60 + minute
        if minute > 59 or at > _DAY_M or (name == "from" and at == _DAY_M):
            raise InputError(f"schedule={text!r}: {match[name]} is no time of day", "", "write 00:00 to 24:00")
        ends.append(at)
    if ends[0] == ends[1]:
        raise InputError(
            f"schedule={text!r}: {match['from']} to {match['to']} is no time", "", "write 00:00-24:00 for a day"
        )
    return Hours(days=_days(match["days"], text), from_m=ends[0], to_m=ends[1], least=int(match["least"]))


def _days(named: str | None, text: str) -> tuple[int, ...]:
    if named is None:
        return ()
    days: list[int] = []
    for part in re.split(r"\s*,\s*", named):
        ends = re.split(r"\s*-\s*", part)
        unknown = [name for name in ends if name not in DAYS]
        if unknown or len(ends) > 2:
            raise InputError(f"schedule={text!r}: {part} is no day", "", f"write {', '.join(DAYS)}, or such as mon-fri")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days += [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]
    if len(set(days)) < len(days):
        raise InputError(f"schedule={text!r}: {named} names a day twice", "", "name each day once")
    return tuple(sorted(days)) if len(days) < 7 else ()


def _apart(found: tuple[Hours, ...], text: str) -> tuple[Hours, ...]:
    spans = sorted((begin, end, n) for n, hours in enumerate(found) for begin, end in hours.spans())
    first = spans[0]
    for (_, end, one), (begin, _, other) in pairwise([*spans, (first[0] + _WEEK_M, first[1] + _WEEK_M, first[2])]):
        if begin < end:
            which = str(found[one]) if one == other else f"{found[one]} and {found[other]}"
            raise InputError(f"schedule={text!r}: {which} overlap", "", "let one end where the other begins")
    return found


def canonical(text: str) -> str:
    """The same schedule in one spelling."""
    return "; ".join(str(hours) for hours in hours_of(text))


def _holds(value: object) -> bool:
    # What is no schedule is refused with its own reason.
    return isinstance(value, str) and bool(hours_of(value))


SCHEDULE: Mapping[str, Kind] = {"kind": Kind("a schedule such as 08:00-18:00=4", canonical, _holds, bare=True)}


def in_name(schedule: str) -> str:
    """For the id of a deployment: letters, digits, hyphens and dots."""
    plain = str.maketrans({":": "", " ": "-", ",": ".", "=": "x"})
    return ".".join(str(hours).translate(plain) for hours in hours_of(schedule))


def cycle_s(schedule: str | None) -> float:
    """After how long it repeats: a day, a week where it names days; 0 without one."""
    if schedule is None:
        return 0.0
    return WEEK_S if any(hours.days for hours in hours_of(schedule)) else DAY_S


def reach(schedule: str | None, otherwise: int) -> tuple[int, int]:
    """The least and the most that it asks for, the time outside its hours among it."""
    asked = [hours.least for hours in hours_of(schedule)] if schedule is not None else []
    outside = [] if schedule is not None and _covered(schedule) else [otherwise]
    return min([*asked, *outside]), max([*asked, *outside])


def refuse(
    schedule: str | None, *, otherwise: int, most: int, what: str, minimum: str, maximum: str, least: int
) -> None:
    """Raise where a schedule contradicts the settings beside it, named ``minimum`` and ``maximum``.

    ``otherwise`` is what holds outside its hours, ``most`` what it may ask for, ``least`` what AWS keeps of ``what``.
    """
    if schedule is None:
        return
    asked = [hours.least for hours in hours_of(schedule)]
    if max(asked) > most:
        told = f"schedule={schedule!r} asks for {max(asked)} {what}, above {maximum}={most}"
        raise InputError(told, "", f"give {maximum}={max(asked)} or more")
    if min(asked) < least:
        raise InputError(
            f"schedule={schedule!r} asks for {min(asked)} {what}, and {least} is the least",
            "",
            f"ask for {least} or more",
        )
    if not changes(schedule, otherwise):
        told = f"schedule={schedule!r} changes nothing beside {minimum}={otherwise}"
        raise InputError(told, "", f"leave the schedule out, or change {minimum}")


def _covered(schedule: str) -> bool:
    return sum(end - begin for hours in hours_of(schedule) for begin, end in hours.spans()) == _WEEK_M


@cache
def changes(schedule: str, otherwise: int) -> tuple[tuple[int, int], ...]:
    """Minutes of the week, from Monday, at which the number becomes another; empty where it never does."""
    spans = sorted((begin, end, hours.least) for hours in hours_of(schedule) for begin, end in hours.spans())
    wanted = {begin % _WEEK_M: least for begin, _, least in spans}
    for _, end, _ in spans:
        wanted.setdefault(end % _WEEK_M, otherwise)
    steps = sorted(wanted.items())
    before = [steps[-1], *steps[:-1]]
    return tuple(step for step, last in zip(steps, before, strict=True) if step[1] != last[1])


def least_at(schedule: str, otherwise: int, minute: int) -> int:
    """The number that holds at a minute of the week."""
    found = changes(schedule, otherwise)
    if not found:
        return hours_of(schedule)[0].least
    # Before the week's first change the last one of the week before holds.
    return found[bisect_right(found, minute, key=itemgetter(0)) - 1][1]


def edges(schedule: str, otherwise: int) -> tuple[Edge, ...]:
    """The same changes by time of day, those of several days together: one scheduled action each."""
    days: dict[tuple[int, int], list[int]] = {}
    for minute, least in changes(schedule, otherwise):
        days.setdefault((minute % _DAY_M, least), []).append(minute // _DAY_M)
    return tuple(Edge(days=tuple(on), minute=minute, least=least) for (minute, least), on in sorted(days.items()))


def cron(edge: Edge) -> str:
    """When an edge comes, as AWS's scheduled actions take it."""
    hour, minute = divmod(edge.minute, 60)
    if len(edge.days) == 7:
        return f"cron({minute} {hour} * * ? *)"
    return f"cron({minute} {hour} ? * {_runs(edge.days).upper()} *)"


def due_s(schedule: str, otherwise: int, until_s: float) -> Iterator[tuple[float, int]]:
    """Seconds from the beginning of a run, and the number from then on; after the beginning itself."""
    found = changes(schedule, otherwise)
    for week in range(math.ceil(until_s / WEEK_S)):
        for minute, least in found:
            at = week * WEEK_S + minute * 60.0
            if 0 < at < until_s:
                yield at, least


def _days_text(days: tuple[int, ...]) -> str:
    return f"{_runs(days)} " if days else ""


def _runs(days: tuple[int, ...]) -> str:
    """Days in a row as one range, from Monday on; Sunday stands alone, as it is AWS's first day."""
    parts: list[list[int]] = []
    for day in days:
        if parts and parts[-1][-1] == day - 1 and day != 6:
            parts[-1].append(day)
        else:
            parts.append([day])
    return ",".join(
        f"{DAYS[part[0]]}-{DAYS[part[-1]]}" if len(part) > 2 else ",".join(DAYS[day] for day in part) for part in parts
    )


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
