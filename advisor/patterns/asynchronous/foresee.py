"""What an asynchronous endpoint will be, by arithmetic: one queue, a fleet that its backlog scales, down to none.

At a steady load a scaled fleet works at the number of instances at which the backlog of each is its target, or what
the load needs. A burst meets the fleet of the calm until it is seen and instances are launched; what has gathered by
then decides how many. At zero the first request waits until it is seen and an instance is there, and the instance stays
until a datapoint finds it idle. What busy hours leave over is carried into the hours after them as a fluid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.asynchronous.pace import Pace, Swing
from advisor.patterns.fleet import at_best_s, busy_place
from advisor.patterns.foresight import Foresight, mixed, parts_of, too_much, too_slow
from advisor.patterns.foresight_clock import by_clock
from advisor.patterns.foresight_endpoint import delayed, fixed
from advisor.patterns.foresight_fleet import Server, offer
from advisor.patterns.foresight_load import Ground, ground_of, split
from advisor.patterns.foresight_mix import Mix
from advisor.patterns.foresight_scaling import Spell, two_states
from advisor.patterns.foresight_time import Law
from advisor.units import HOUR_S, MONTH_S
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["foresee", "never"]

_ATOMS = 8
# A use from which on chance alone makes the backlog pass any target.
_NEARLY = 0.95
# No instance at all would never end; a burst that lasts longer than its fleet's way up and down is seldom.
_HARDLY, _SELDOM = 1e-3, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reacts:
    """How fast a fleet reacts, in seconds."""

    seen_s: float
    launch_s: float
    in_s: float


def foresee(w: Workload, d: Asynchronous) -> Foresight:
    """Each model has an endpoint of its own, unless one does for all."""
    ground = ground_of(w)
    return mixed(w, [(part, many, _by_clock(w, d, split(ground, part))) for part, many in parts_of(w)])


def never(w: Workload, d: Asynchronous) -> str:
    """Queue and work alone may take too long, at any load and however many instances there are."""
    let_in = _LetIn.of(w, d, ground_of(w))
    return too_slow(w, let_in.alone.longer_than, float(w.assume("async_overhead")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _LetIn:
    """What is let in, the share that is not, its work, and how many are worked at.

    The work of a request ``alone`` on its instance, and as the ``law`` has it where all places are taken: slower on a
    load curve and in batches.
    """

    ground: Ground
    refused: float
    alone: Law
    law: Law
    places: int

    @classmethod
    def of(cls, w: Workload, d: Asynchronous, every: Ground) -> _LetIn:
        """By the largest body that the deployment takes."""
        body = limit("async.inline_body_max" if d.inline else "async.payload_max").high_bytes
        refused = every.beyond_bytes(body)
        ground = split(every, 1 - refused)
        on = d.work_on(w)
        places, mean_s = busy_place(on, d.concurrency_per_instance)
        law = ground.law(d.place, body)
        return cls(
            ground=ground,
            refused=refused,
            alone=law.scaled(at_best_s(on) / on.mean_s),
            law=law.scaled(mean_s / on.mean_s),
            places=places,
        )


def _by_clock(w: Workload, d: Asynchronous, ground: Ground) -> Foresight:
    """A schedule's hours apart; a fleet that does not scale has the number itself."""

    def one(part: Ground, least: int) -> Foresight:
        if d.schedule is None:
            return _One(w, d, part).seen()
        most = d.max_instances if d.scales else max(1, least)
        return _One(w, replace(d, min_instances=least, max_instances=most, schedule=None), part).seen()

    return by_clock(ground, d.schedule, d.min_instances, one)


class _One:
    """One endpoint: its fleet over the levels of the load, and the latency of what it meets there."""

    def __init__(self, w: Workload, d: Asynchronous, every: Ground) -> None:
        let_in = _LetIn.of(w, d, every)
        refused, ground, places = let_in.refused, let_in.ground, let_in.places
        self.w, self.d, self.ground, self.law, self.alone = w, d, ground, let_in.law, let_in.alone
        self.server = Server(
            law=self.law,
            workers=places,
            at=None,
            batch=1,
            batch_wait_s=0.0,
            marginal=1.0,
            queue=math.inf,
            pooled=True,
        )
        self.pace = Pace.of(w, d, places, self.law.cut_mean_s(d.timeout_s), even=ground.even)
        self.overhead = float(w.assume("async_overhead"))
        self.mix = Mix(law=self.law, overhead_s=self.overhead)
        self.mix.lose(refused / max(1 - refused, 1e-9))
        self.billed = self.held = 0.0

    def seen(self) -> Foresight:
        """All of it."""
        w, d, ground, pace = self.w, self.d, self.ground, self.pace
        for factor, share in ground.curve:
            self._level(factor * ground.rate_per_s, share)
        load, room = ground.rate_per_s * pace.work_s, float(pace.highest * pace.places)
        inner = delayed(self.mix.later(), list(self._left_over()))
        cut = self.law.longer_than(d.timeout_s)
        refused = self.mix.lost / (1 + self.mix.lost)
        lost = min(1.0, inner(d.ttl_s + self.overhead) + cut * (1 - refused))
        if load >= room:
            lost = max(lost, 1 - room / load)
        cannot = too_slow(w, self.alone.longer_than, self.overhead)
        cannot = cannot or too_much(w, load, room, f"{pace.highest} instances at most")
        requests = ground.rate_per_s * MONTH_S
        # Whatever is worked off keeps a place busy: no fleet is billed less than that.
        billed = max(self.billed, min(load, room) / pace.places)
        return Foresight(
            granules={
                "instance_s": billed * MONTH_S,
                "puts": requests,
                "bytes_in": requests * ground.bytes_in,
                "bytes_out": requests * (1 - lost) * ground.bytes_out,
            },
            later=self._cut(inner, cut, load >= room),
            mean_s=self.mix.mean_s() if load < room else math.inf,
            error_share=lost,
            cold_share=0.0,
            utilisation=min(1.0, load / max(self.held * pace.places, 1e-12)),
            floor_s=lambda share: self.overhead + self.alone.quantile_s(share),
            impossible=cannot,
            requests=requests,
        )

    def _cut(self, inner: Callable[[float], float], cut: float, swamped: bool) -> Callable[[float], float]:
        """Requests that run into the time-out, or expire, never come."""
        longest = self.d.ttl_s + self.d.timeout_s + self.overhead

        def later(seconds: float) -> float:
            if swamped:
                return 1.0
            most = inner(min(seconds, longest))
            return most if seconds < self.d.timeout_s else min(1.0, max(most, cut))

        return later

    def _level(self, rate_per_s: float, share: float) -> None:
        """One level of the curve: steady, or calm and burst."""
        ground, pace = self.ground, self.pace
        if pace.lowest == pace.highest:
            for spell in fixed(self._alone(rate_per_s), pace.highest):
                self._count(spell.share * share, spell.billed, spell.instances)
                self._offer(spell, share * self._part(spell))
            return
        if not ground.share_high:
            self._steady(rate_per_s, share, math.inf)
            return
        low, high = ground.low * rate_per_s, ground.high * rate_per_s
        calm = pace.least(low * pace.work_s)
        if high * pace.work_s <= calm * pace.places * _NEARLY:
            self._steady(high, share * ground.share_high, ground.stay_high_s)
            self._steady(low, share * (1 - ground.share_high), ground.stay_low_s)
            return
        self._burst(rate_per_s, share, float(calm))

    def _alone(self, rate_per_s: float) -> Ground:
        """The same where the curve is this level alone."""
        held = split(self.ground, rate_per_s / self.ground.rate_per_s if self.ground.rate_per_s else 1.0)
        held.curve = ((1.0, 1.0),)
        return held

    def _part(self, spell: Spell) -> float:
        """The part of all requests in a spell of this share of time."""
        return spell.share * spell.rate_per_s / max(self.ground.rate_per_s, 1e-300)

    def _count(self, share: float, billed: float, held: float) -> None:
        self.billed += share * billed
        self.held += share * held

    def _steady(self, rate_per_s: float, share: float, lasts_s: float) -> None:
        """A load that stays, on the fleet that it comes to have, or that sleeps between requests."""
        pace = self.pace
        weight = share * rate_per_s / max(self.ground.rate_per_s, 1e-300)
        load = rate_per_s * pace.work_s
        count = pace.least(load)
        if pace.lowest == 0 and count == 1 and load < pace.alone:
            nap = pace.nap(rate_per_s, even=self.ground.even)
            self._count(share, nap.billed, nap.up)
            self.mix.add_late(weight * nap.shares, nap.delays_s)
            self._waiting(rate_per_s, 1, weight * (1 - nap.late), lasts_s)
        elif load > count * pace.places * _NEARLY and count < pace.highest:
            begin = float(count) if load > count * pace.places else _NEARLY * load / pace.places
            swing = pace.swing(rate_per_s, begin)
            self._count(share, swing.billed, swing.up)
            for part, delay in swing.waits:
                self.mix.add(weight * part, delay_s=delay)
            calm = 1 - math.fsum(part for part, _ in swing.waits)
            self._waiting(rate_per_s, math.ceil(swing.many), weight * max(0.0, calm), lasts_s)
        else:
            more = pace.by_chance(rate_per_s, count)
            self._count(share, count + more, count + more)
            self._waiting(rate_per_s, count, weight, lasts_s)

    def _waiting(self, rate_per_s: float, count: int, weight: float, lasts_s: float) -> None:
        """So many instances, where chance alone makes requests wait."""
        spell = Spell(rate_per_s=rate_per_s, share=1.0, instances=count, billed=count, lasts_s=lasts_s)
        self._offer(spell, weight)

    def _offer(self, spell: Spell, weight: float) -> None:
        """A fleet that does not change while this lasts."""
        pace, rate = self.pace, spell.rate_per_s
        mean_rate = rate if not self.ground.share_high else rate / max(self.ground.high, 1e-9)
        if rate * pace.work_s >= spell.instances * pace.places and (
            not math.isfinite(spell.lasts_s) or mean_rate * pace.work_s >= spell.instances * pace.places
        ):
            # Too much for hours: the hours are followed one by one, and what is left over is counted there.
            self.mix.add(weight, waits=1.0, wait_s=pace.work_s)
            return
        offer(
            self.mix,
            self.server,
            self.ground,
            rate,
            spell.instances,
            weight,
            lasts_s=spell.lasts_s,
            short_s=spell.short_s,
            relief=spell.relief,
        )

    def _burst(self, rate_per_s: float, share: float, calm: float) -> None:
        """A burst that the fleet of the calm cannot carry: gathered until more instances are there, then worked off."""
        ground, pace = self.ground, self.pace
        low, high = ground.low * rate_per_s, ground.high * rate_per_s
        # Asleep at the burst's begin, where nothing comes for long enough.
        sleeps = pace.lowest == 0 and low * pace.work_s < pace.alone
        awake = pace.nap(low).up if sleeps else 1.0
        begin = calm * min(1.0, awake) if sleeps else calm
        swing = pace.swing(high, max(begin, _HARDLY))
        reaction = swing.few_s + (1 - min(1.0, awake)) * pace.wake_s
        reacts = _Reacts(seen_s=max(1.0, reaction - pace.launch_s), launch_s=pace.launch_s, in_s=pace.in_s)
        fresh, up, calm_up, calm_low = list(
            two_states(ground, reacts, rate_per_s, share, min(begin, swing.many - 1e-6), swing.many)
        )
        # A burst that outlasts all that goes to and fro like a steady load.
        long = math.exp(-(swing.few_s + swing.drain_s + pace.in_s) / ground.stay_high_s)
        steady = (
            pace.swing(high, float(pace.least(high * pace.work_s)))
            if long > _SELDOM and high * pace.work_s > pace.least(high * pace.work_s) * pace.places
            else None
        )
        many = swing.many if steady is None else (1 - long) * swing.many + long * steady.billed
        self._count(fresh.share, fresh.billed, fresh.instances)
        self._count(up.share, many, many)
        self._count(calm_up.share, swing.many, swing.many)
        self._gather(high, self._part(fresh) + self._part(up), swing, reaction)
        self._waiting(low, math.ceil(swing.many), self._part(calm_up), ground.stay_low_s)
        self._steady(low, calm_low.share, ground.stay_low_s)

    def _gather(self, rate_per_s: float, weight: float, swing: Swing, reaction: float) -> None:
        """Requests of a burst by when they come in it: before there are more instances, or after."""
        pace, stay = self.pace, self.ground.stay_high_s
        many_per_s = swing.many * pace.per_s
        grows = swing.gathered / swing.few_s
        few_per_s = max(rate_per_s - grows, 1e-12)
        for n in range(_ATOMS):
            at = -stay * math.log1p(-(n + 0.5) / _ATOMS)
            if at < reaction:
                ahead = grows * at
                before = few_per_s * (reaction - at)
                wait = ahead / few_per_s if ahead <= before else reaction - at + (ahead - before) / many_per_s
            else:
                ahead = max(0.0, grows * reaction + (rate_per_s - many_per_s) * (at - reaction))
                wait = ahead / many_per_s
            self.mix.add(weight / _ATOMS, delay_s=wait)

    def _left_over(self) -> Iterator[tuple[float, float]]:
        """Shares of all requests by how long they wait for what the hours before left over."""
        hours, pace = self.ground.hours, self.pace
        if not hours:
            return
        step = HOUR_S if self.w.traffic is None or self.w.traffic.replay is None else 600.0
        total = math.fsum(hours)
        room = pace.highest * pace.per_s
        rates = [self.ground.rate_per_s * hour * len(hours) / total for hour in hours]
        if max(rates) <= room or math.fsum(rates) >= room * len(rates):
            return
        left, waits = 0.0, [0.0] * len(rates)
        for n in (*range(len(rates)), *range(len(rates))):
            after = max(0.0, left + (rates[n] - room) * step)
            waits[n] = (left + after) / 2 / room
            left = after
        for rate, wait in zip(rates, waits, strict=True):
            if wait > 0:
                yield rate / math.fsum(rates), wait
