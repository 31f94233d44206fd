"""``advisor explain traffic FILE``: the traffic of a profile, drawn, so that it can be held against one's own chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli.output import answer, answer_json, assumed_lines

if TYPE_CHECKING:
    from advisor.workload import Workload
    from advisor.workload.traffic import Replay

__all__ = ["explain_traffic"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOUR_S = 3600.0
# A file is drawn by hour where that gives a picture, else by minutes or seconds; a fortnight of it at most.
_EVERY_S, _FEWEST = (_HOUR_S, 600.0, 60.0, 10.0, 1.0), 12
_FINE, _ROWS = 48, 14
_LONGEST_S = 10 * 365 * 24 * _HOUR_S
_HOURS = "0     3     6     9     12    15    18    21"


def explain_traffic(file: Path, *, as_json: bool) -> None:
    """Draw the mean rate by hour and tell the bursts, clusters, spikes and classes on top of it."""
    from advisor.workload import read

    workload = read(file)
    if as_json:
        answer_json([_fields(workload)])
    else:
        answer("\n".join(_told(workload)))


def _told(workload: Workload) -> list[str]:
    from advisor.units import show_count, show_duration, show_factor, show_rate, show_share

    traffic = workload.traffic
    lines = [f"{workload.name}: traffic"]
    if traffic is None:
        return [*lines, "", "no requests come one by one: the profile has only a batch section"]
    if traffic.replay is not None:
        lines += ["", f"replayed from {traffic.replay.path}, at {show_factor(traffic.replay.scale)} its rate"]
        lines += _replayed(workload, traffic.replay)
    else:
        lines += ["", f"mean rate   {show_rate(workload.rate_per_s)}"]
        lines += _drawn(_hourly(traffic.curve), workload.rate_per_s)
    state = workload.burst_states
    if state is not None:
        calm = f"low {show_rate(state.low_per_s)} for {show_duration(state.mean_low_s)}"
        burst = f"high {show_rate(state.high_per_s)} for {show_duration(state.mean_high_s)}"
        lines += [
            "",
            "bursts      on top of the curve the rate switches at random between two states:",
            f"            {burst} on average, {show_share(state.share_high)} of the time",
            f"            {calm} on average",
        ]
        lines += [f"            note: {state.warning}"] if state.warning else []
    if traffic.clusters is not None:
        size, within = traffic.clusters.size, show_duration(traffic.clusters.within_s)
        lines += ["", f"clusters    about {size:g} requests within {within} of each other"]
    for spike in traffic.spikes:
        height, lasts = show_factor(spike.height), show_duration(spike.lasts_s)
        lines += [
            "",
            f"spike       {height} the usual rate for {lasts}, from {show_duration(spike.at_s)} after the start",
        ]
    for part in traffic.classes:
        work = "" if part.work == 1 else f", {show_factor(part.work)} the usual work"
        lines += ["", f"class       {part.name}: {show_rate(part.rate_per_s)}{work}"]
    day = workload.rate_per_s * 86400
    lines += [
        "",
        f"in all      about {show_count(day)} requests a day; busiest minutes near {show_rate(workload.peak_per_s)}",
    ]
    lines += assumed_lines(workload, under="traffic")
    return lines


def _replayed(workload: Workload, replay: Replay) -> list[str]:
    """A file's requests as they came, hour by hour, and where it is longer than two days its mean day."""
    from advisor.show import sparkline
    from advisor.units import show_count, show_duration, show_rate
    from advisor.workload.recorded import arrivals, per_interval

    held = arrivals(replay.path)
    span = f"{show_count(held.count)} requests in {show_duration(held.span_s)}"
    lines = [f"the file    {span}, from its first instant on", "", f"mean rate   {show_rate(workload.rate_per_s)}"]
    if held.span_s > _LONGEST_S:
        return [*lines, f"by hour     not drawn: longer than {show_duration(_LONGEST_S)}"]
    every = next((each for each in _EVERY_S if held.span_s / each >= _FEWEST), _EVERY_S[-1])
    counts = [count * replay.scale for count in per_interval(replay.path, every)]
    width = 24 if every == _HOUR_S else _FINE
    shown = counts[: width * _ROWS]
    marks = sparkline(shown)
    label = "by hour" if every == _HOUR_S else f"by {show_duration(every)}"
    for row in range(math.ceil(len(shown) / width)):
        bar = marks[width * row : width * (row + 1)]
        day = f"day {row + 1}" if every == _HOUR_S else show_duration(row * width * every)
        lines.append(f"{label if row == 0 else '':12}{day:8}{''.join(mark * (48 // width) for mark in bar)}")
    if every == _HOUR_S:
        lines.append(f"{'':20}{_HOURS}")
    if len(shown) < len(counts):
        lines.append(f"{'':12}and so on, up to day {math.ceil(len(counts) / width)}")
    ends = f"most {show_rate(max(counts) / every)}, least {show_rate(min(counts) / every)}"
    parts = "hours" if every == _HOUR_S else f"times {show_duration(every)}"
    lines.append(f"{'':12}{ends}, of {len(counts):,} {parts}")
    whole = len(counts) // 24 * 24
    if every == _HOUR_S and whole >= 48:
        mean = [sum(counts[hour:whole:24]) / (whole / 24) for hour in range(24)]
        top = f"highest {show_rate(max(mean) / every)}, lowest {show_rate(min(mean) / every)}"
        lines += ["", f"mean day    {'':8}{''.join(mark * 2 for mark in sparkline(mean))}", f"{'':20}{_HOURS}"]
        lines.append(f"{'':12}{top}, over {whole // 24} whole days")
    return lines


def _drawn(curve: Sequence[float], rate_per_s: float) -> list[str]:
    from advisor.show import sparkline
    from advisor.units import show_rate

    if max(curve) == min(curve):
        return ["by hour     the same at all hours"]
    top = f"highest {show_rate(max(curve) * rate_per_s)}, lowest {show_rate(min(curve) * rate_per_s)}"
    if len(curve) == 24:
        bar = "".join(mark * 2 for mark in sparkline(curve))
        return [f"by hour     {bar}", f"            {_HOURS}", f"            {top}"]
    week = sparkline(curve)
    rows = [
        ("by hour     " if day == 0 else " " * 12)
        + f"{name} "
        + "".join(mark * 2 for mark in week[24 * day : 24 * day + 24])
        for day, name in enumerate(_DAYS)
    ]
    return [*rows, f"                {_HOURS}", f"            {top}"]


def _hourly(curve: Sequence[float]) -> tuple[float, ...]:
    return tuple(curve) or (1.0,) * 24


def _fields(workload: Workload) -> dict[str, Any]:
    traffic = workload.traffic
    if traffic is None:
        return {"kind": "traffic", "workload": workload.name, "rate_per_s": 0.0}
    return {
        "kind": "traffic",
        "workload": workload.name,
        "rate_per_s": workload.rate_per_s,
        "peak_per_s": workload.peak_per_s,
        "replay": traffic.replay.path if traffic.replay else None,
        "hourly_per_s": _hourly_per_s(workload),
        "two_state": workload.burst_states,
        "clusters": {"size": traffic.clusters.size, "within_s": traffic.clusters.within_s}
        if traffic.clusters
        else None,
        "spikes": [{"at_s": s.at_s, "height": s.height, "lasts_s": s.lasts_s} for s in traffic.spikes],
        "classes": [{"name": c.name, "rate_per_s": c.rate_per_s, "work": c.work} for c in traffic.classes],
    }


def _hourly_per_s(workload: Workload) -> list[float]:
    """The mean rate hour by hour: of the curve, or of a file from its first instant on; none of one above ten years."""
    from advisor.workload.recorded import arrivals, per_interval

    traffic = workload.traffic
    if traffic is None or traffic.replay is None:
        return [weight * workload.rate_per_s for weight in _hourly(traffic.curve if traffic else ())]
    replay = traffic.replay
    if arrivals(replay.path).span_s > _LONGEST_S:
        return []
    return [count * replay.scale / _HOUR_S for count in per_interval(replay.path, _HOUR_S)]
