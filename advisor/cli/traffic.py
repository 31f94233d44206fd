"""``advisor explain traffic FILE``: the traffic of a profile, drawn, so that it can be held against one's own chart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli.output import answer, answer_json, assumed_lines

if TYPE_CHECKING:
    from advisor.workload import Workload

__all__ = ["explain_traffic"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
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
        return [*lines, "", f"replayed from {traffic.replay.path}, at {show_factor(traffic.replay.scale)} its rate"]
    lines += ["", f"mean rate   {show_rate(workload.rate_per_s)}"]
    curve = _hourly(traffic.curve)
    lines += _drawn(curve, workload.rate_per_s)
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
        "hourly_per_s": [weight * workload.rate_per_s for weight in _hourly(traffic.curve)],
        "two_state": workload.burst_states,
        "clusters": {"size": traffic.clusters.size, "within_s": traffic.clusters.within_s}
        if traffic.clusters
        else None,
        "spikes": [{"at_s": s.at_s, "height": s.height, "lasts_s": s.lasts_s} for s in traffic.spikes],
        "classes": [{"name": c.name, "rate_per_s": c.rate_per_s, "work": c.work} for c in traffic.classes],
    }
