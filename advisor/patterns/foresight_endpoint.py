"""An endpoint of instances as a whole: how many there are, how long requests wait on them, what it uses in a month."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from advisor.patterns.foresight import Foresight, too_much, too_slow
from advisor.patterns.foresight_fleet import Server, offer
from advisor.patterns.foresight_load import Ground, split
from advisor.patterns.foresight_mix import Mix
from advisor.patterns.foresight_scaling import Spell, Tracking, spells
from advisor.units import MONTH_S
from advisor.workload import Workload

__all__ = ["a_minute", "at_once", "backed_off", "delayed", "fixed", "of_fleet"]


def a_minute(ground: Ground, period_s: float) -> Callable[[float, float], tuple[float, float]]:
    """The metric of invocations: what comes in a period, and how that spreads by chance."""
    clumped = 0.0 if ground.even else 2 * ground.clump - 1

    def load(rate_per_s: float, _: float) -> tuple[float, float]:
        return rate_per_s * period_s, math.sqrt(rate_per_s * period_s * clumped)

    return load


def at_once(server: Server, period_s: float) -> Callable[[float, float], tuple[float, float]]:
    """The metric of concurrency: the most at once on each instance in a period, added up.

    In flight are about as many as Erlang's load, by chance more: the largest of so many looks as the period has
    service times, were they normal.
    """

    def load(rate_per_s: float, instances: float) -> tuple[float, float]:
        each = rate_per_s / instances
        mean = server.busy(each)
        looks = max(1.0, period_s * each, 2 * period_s / server.law.mean_s)
        spread = math.sqrt(max(mean, 1e-9))
        most = mean + spread * math.sqrt(2 * math.log(max(looks, 1.0)))
        some = -math.expm1(-each * period_s)
        return instances * max(some, min(most, server.queue + server.places)), 0.5 * spread * math.sqrt(instances)

    return load


def fixed(ground: Ground, instances: int) -> list[Spell]:
    """A fleet that never changes: each level of the load on the same instances."""
    found = []
    for factor, share in ground.curve:
        rate = factor * ground.rate_per_s
        if not ground.share_high:
            found.append(Spell(rate_per_s=rate, share=share, instances=instances, billed=instances, lasts_s=math.inf))
            continue
        high, low, part = rate * ground.high, rate * ground.low, ground.share_high
        relief = (low, float(instances))
        found += [
            Spell(
                rate_per_s=high,
                share=share * part,
                instances=instances,
                billed=instances,
                lasts_s=ground.stay_high_s,
                relief=relief,
            ),
            Spell(
                rate_per_s=low,
                share=share * (1 - part),
                instances=instances,
                billed=instances,
                lasts_s=ground.stay_low_s,
            ),
        ]
    return found


def of_fleet(
    w: Workload,
    ground: Ground,
    server: Server,
    fleet: Tracking | int,
    *,
    overhead_s: float,
    limit_s: float,
    misses: Sequence[tuple[float, float]] = (),
    cold_share: float = 0.0,
    refused: float = 0.0,
) -> Foresight:
    """A fixed number of instances, or a fleet that tracks a target.

    ``misses`` are shares of the requests that come so much later, whatever else they meet (the loads of models);
    ``refused`` is the share whose body is too large.
    """
    every, ground = ground, split(ground, 1 - refused)
    most = fleet if isinstance(fleet, int) else fleet.highest
    mix = Mix(law=server.law, overhead_s=overhead_s, limit_s=limit_s)
    mix.lose(refused / (1 - refused) if refused < 1 else 1.0)
    held = billed = busy = 0.0
    for spell in fixed(ground, fleet) if isinstance(fleet, int) else spells(ground, fleet):
        held += spell.share * spell.instances
        billed += spell.share * spell.billed
        if spell.instances > 0:
            busy += spell.share * spell.instances * server.busy(spell.rate_per_s / spell.instances)
        offer(
            mix,
            server,
            ground,
            spell.rate_per_s,
            spell.instances,
            spell.share * spell.rate_per_s / max(ground.rate_per_s, 1e-300),
            lasts_s=spell.lasts_s,
            short_s=spell.short_s,
            relief=spell.relief,
        )
    requests = ground.rate_per_s * MONTH_S
    later = delayed(mix.later(), misses)
    extra = math.fsum(share * delay for share, delay in misses)
    room = server.capacity_per_s * server.law.mean_s * most
    best = server.at_best
    cannot = too_slow(w, best.longer_than, overhead_s)
    cannot = cannot or too_much(w, ground.rate_per_s * server.law.mean_s, room, f"{most} instances at most")
    return Foresight(
        granules={
            "instance_s": billed * MONTH_S,
            "bytes_in": requests * ground.bytes_in,
            "bytes_out": requests * ground.bytes_out,
        },
        later=later,
        mean_s=mix.mean_s() + extra,
        error_share=later(limit_s),
        cold_share=cold_share,
        utilisation=busy / (held * server.places) if held else 0.0,
        floor_s=lambda share: overhead_s + best.quantile_s(share),
        impossible=cannot,
        requests=every.rate_per_s * MONTH_S,
    )


def backed_off(w: Workload) -> tuple[float, ...]:
    """How long a caller has waited on average before its second attempt, its third and so on: half of the longest."""
    named = {
        "none": 1,
        "legacy": int(w.assume("client_retry_attempts")),
        "standard": int(w.assume("client_retry_attempts_standard")),
    }
    base, cap = float(w.assume("client_backoff_base")), float(w.assume("client_backoff_cap"))
    growth = float(w.assume("client_backoff_growth"))
    waits = [min(cap, base * growth**k) / 2 for k in range(named[w.assume("client_retries")] - 1)]
    return tuple(math.fsum(waits[: n + 1]) for n in range(len(waits)))


def delayed(later: Callable[[float], float], delays: Sequence[tuple[float, float]]) -> Callable[[float], float]:
    """The same where shares of the requests come so much later."""
    if not delays:
        return later
    shares = np.asarray([share for share, _ in delays])
    rest = max(0.0, 1 - float(shares.sum()))

    def found(seconds: float) -> float:
        return rest * later(seconds) + math.fsum(share * later(seconds - delay) for share, delay in delays)

    return found
