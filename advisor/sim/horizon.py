"""How long a run is: warm-up and window, in whole periods of the rate curve and of the batch schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.errors import InputError
from advisor.sim.replay import cycle_s
from advisor.units import DAY_S, HOUR_S, MONTH_S, WEEK_S, show_count, show_duration
from advisor.workload import Workload

__all__ = [
    "PRINTED_BUDGET",
    "SEARCH_BUDGET",
    "Horizon",
    "a_day_of",
    "horizon_of",
    "in_whole_times",
    "spike_horizon_of",
    "typical_day",
    "with_whole_lots",
]

# Requests of one replication: while searching, and for what is printed.
SEARCH_BUDGET = 20_000_000
PRINTED_BUDGET = 10 * SEARCH_BUDGET
_FOUR_WEEKS_S, _THIRTY_DAYS_S = 4 * WEEK_S, 30 * DAY_S
# Requests of a week that show what a deployment is like.
_ENOUGH = 2_000
# A warm-up is made longer by so many days at most, and by so many times of what an endpoint does again and again.
_DAYS_LONGER, _TIMES_LONGER = 7, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """The window is [warmup_s, warmup_s + window_s): whole times ``period_s``; what an answer says about it.

    ``spikes_from_s`` is where the time begins that one-off spikes are told in; ``None``: where the window does.
    ``curve`` are hourly weights that stand for the workload's own.
    """

    period_s: float
    warmup_s: float
    window_s: float
    notes: tuple[str, ...] = ()
    spikes_from_s: float | None = None
    curve: tuple[float, ...] | None = None


def horizon_of(workload: Workload, *, budget: int = SEARCH_BUDGET, by_weeks: bool = False) -> Horizon:
    """Four weeks where a week curve is given, thirty days where a day curve is, else a month of 730 hours.

    Rounded down to whole periods of the curve and of the batch schedule, and shortened to the budget of requests, but
    never below a week where a week curve is given, else a day. The warm-up is one period, at least a day; of a week
    its last day does, since nothing that a deployment remembers is older (tested): but for a memory of many models,
    of which some are asked for once in days, where a week has no more requests than the budget.
    ``by_weeks``: a week, where enough requests come in it; more and shorter replications say more of a fleet that
    scales than a few long ones, and take as long.
    """
    traffic, rate, notes = workload.traffic, workload.rate_per_s, []
    every = workload.batch.every_s if workload.batch is not None else 0.0
    if traffic is not None and traffic.replay is not None:
        period, whole = cycle_s(traffic.replay.path), MONTH_S
        least, warmup = DAY_S, DAY_S
    elif traffic is not None and len(set(traffic.week_weights)) > 1:
        period, whole, least = WEEK_S, _FOUR_WEEKS_S, WEEK_S
        slow = workload.model.count > 1 and rate * WEEK_S <= budget
        warmup = WEEK_S if slow else DAY_S
    elif traffic is not None and len(set(traffic.day_weights)) > 1:
        period, whole, least, warmup = DAY_S, _THIRTY_DAYS_S, DAY_S, DAY_S
    else:
        period, whole, least, warmup = 0.0, MONTH_S, DAY_S, DAY_S
    if every > 0:
        together = float(math.lcm(max(1, round(period)), max(1, round(every)))) if period > 0 else every
        if period > 0:
            warmup = math.ceil(max(warmup, every) / warmup - 1e-9) * warmup
        else:
            warmup = math.ceil(warmup / every - 1e-9) * every
        if together > whole and period > 0:
            notes.append(
                f"the batch schedule and the traffic meet only every {show_duration(together)}: "
                "whole periods of the schedule are run"
            )
            together = every
        period = together
    if by_weeks and rate * WEEK_S >= _ENOUGH and workload.batch is None:
        whole = min(whole, WEEK_S)
    window = whole
    if rate > 0 and window * rate > budget:
        window = budget / rate
    # Without a period of its own a run that is cut short still ends on a whole day.
    unit = period if period > 0 else (DAY_S if window < whole else whole)
    periods = max(1, math.floor(min(window, whole) / unit + 1e-9), math.ceil(least / unit - 1e-9))
    window = periods * unit
    if rate > 0 and window < min(whole, max(1, math.floor(whole / unit + 1e-9)) * unit) * (1 - 1e-9):
        notes.append(
            f"{show_duration(window)} are run instead of {show_duration(whole)}: {show_count(rate * window)} requests "
            f"a replication, where the budget is {show_count(budget)}"
        )
    return Horizon(period_s=period or unit, warmup_s=warmup, window_s=window, notes=tuple(notes))


def spike_horizon_of(workload: Workload, *, every_s: float = 0.0) -> Horizon:
    """For the pair of runs with the one-off spikes and without: from the first spike to hours after the last.

    What a spike leaves behind, a backlog or instances that are not needed any more, is gone in twice its length or in
    eight hours; a day at most is waited for.

    Nothing differs before the first, so the run begins two hours or more before it: at the begin of a day where there
    is a curve, of a file that is played again, and of what else comes ``every_s``; the window is then of whole times of
    that. The curve of the week goes on from the day that the run begins with.
    """
    traffic = workload.traffic
    if traffic is None or not traffic.spikes:
        return horizon_of(workload)
    if traffic.replay is not None:
        period = cycle_s(traffic.replay.path)
    else:
        period = DAY_S if len(set(traffic.curve)) > 1 else HOUR_S
    first = min(spike.at_s for spike in traffic.spikes)
    end = max(spike.at_s + spike.lasts_s + _after(spike.lasts_s) for spike in traffic.spikes)
    if every_s:
        period = float(math.lcm(max(1, round(period)), max(1, round(every_s))))
    begin = math.floor((first - max(2 * HOUR_S, every_s)) / period) * period
    warmup, stop = first - begin, end - begin
    if every_s:
        # What comes at the very end is taken by the time after.
        warmup, stop = math.floor(warmup / every_s) * every_s, (math.ceil(stop / every_s) + 1) * every_s
    return Horizon(period_s=period, warmup_s=warmup, window_s=stop - warmup, spikes_from_s=-begin)


def _after(lasts_s: float) -> float:
    return min(DAY_S, max(8 * HOUR_S, 2 * lasts_s))


def in_whole_times(workload: Workload, given: Horizon, every_s: float) -> Horizon:
    """The same in whole times of what comes ``every_s``; where spikes come, up to the time after them."""
    if given.spikes_from_s is not None:
        return spike_horizon_of(workload, every_s=every_s)
    window = max(1, math.floor(given.window_s / every_s + 1e-9)) * every_s
    warmup = math.ceil(given.warmup_s / every_s - 1e-9) * every_s
    notes = given.notes
    if window > given.window_s:
        notes += (
            f"{show_duration(window)} are run all the same, for what comes every {show_duration(every_s)} to be whole",
        )
    return replace(given, period_s=every_s, warmup_s=warmup, window_s=window, notes=notes)


def with_whole_lots(workload: Workload, given: Horizon, *, every_s: float, over_s: float, cycle_s: float) -> Horizon:
    """The same where each lot that comes inside the window, and is sent over a time, is sent in full when it ends.

    Lots come at whole times of ``every_s`` from the begin of the run. The warm-up is longer for that: by whole times of
    ``cycle_s``; without one (0) by days, or else up to when a lot comes.
    """
    for times in range(_TIMES_LONGER if cycle_s else _DAYS_LONGER):
        warmup = given.warmup_s + times * (cycle_s or DAY_S)
        end = warmup + given.window_s
        last = math.ceil(end / every_s)
        while last * every_s >= end:
            last -= 1
        if last * every_s + over_s <= end + 1e-6:
            return replace(given, warmup_s=warmup)
    if not cycle_s:
        return in_whole_times(workload, given, every_s)
    raise InputError(
        f"a lot that is sent over {show_duration(over_s)}, every {show_duration(every_s)}, is never sent in full where "
        f"a run of whole times of {show_duration(cycle_s)} ends",
        workload.where("batch.every"),
        "send it over a shorter time",
    )


def a_day_of(workload: Workload, whole: Horizon) -> Horizon:
    """A typical day of a week that differs from day to day; else the very same horizon."""
    traffic = workload.traffic
    if (
        traffic is None
        or traffic.replay is not None
        or workload.batch is not None
        or len(set(traffic.week_weights)) < 2
    ):
        return whole
    return replace(whole, period_s=DAY_S, window_s=DAY_S, curve=typical_day(traffic.curve))


def typical_day(week: Sequence[float]) -> tuple[float, ...]:
    """The hourly weights of one day that has a week's quiet and busy hours in the same shares.

    The week's hours are sorted and taken seven at a time; each seven are one hour of the day, the busiest where the
    mean day is busiest.
    """
    days = len(week) // 24
    levels = sorted(week)
    means = [math.fsum(levels[days * n : days * (n + 1)]) / days for n in range(24)]
    busier = sorted(range(24), key=lambda hour: (math.fsum(week[hour::24]), hour))
    day = dict(zip(busier, means, strict=True))
    return tuple(day[hour] for hour in range(24))
