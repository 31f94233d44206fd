"""What a serverless endpoint will be, by arithmetic: containers as a loss system, the cold ones among them.

At each level of the load the n-th container carries what n-1 others leave (Erlang B), and is cold after a gap longer
than the keep-alive time. A table of what each container carries at each level serves all deployments on a memory size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.limits import limit
from advisor.patterns.foresight import Foresight, mixed, parts_of, too_much, too_slow
from advisor.patterns.foresight_clock import by_clock
from advisor.patterns.foresight_endpoint import backed_off, delayed
from advisor.patterns.foresight_load import Ground, ground_of, split
from advisor.patterns.foresight_mix import Mix
from advisor.patterns.serverless.cold import uncalled, uncalled_in_states
from advisor.rules.estimates import cold_start_s, overflowing
from advisor.units import MONTH_S
from advisor.workload import Workload
from advisor.workload.lognormal import sigma_of_cv, z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.patterns.serverless.deployment import Serverless

    Floats = NDArray[np.float64]

__all__ = ["foresee"]

# Half a millisecond of rounding up, on average.
_ROUNDED_S = 0.0005
_SPREADS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
_NOTHING = 1e-13


def foresee(w: Workload, d: Serverless) -> Foresight:
    """Each model has an endpoint of its own, unless one does for all."""
    ground = ground_of(w)
    return mixed(w, [(part, many, _by_clock(w, d, split(ground, part))) for part, many in parts_of(w)])


def _by_clock(w: Workload, d: Serverless, ground: Ground) -> Foresight:
    """A schedule's hours apart."""

    def one(part: Ground, least: int) -> Foresight:
        return _one(w, d if d.schedule is None else replace(d, provisioned_concurrency=least, schedule=None), part)

    return by_clock(ground, d.schedule, d.provisioned_concurrency, one)


@dataclass(frozen=True, slots=True)
class _Table:
    """By number of containers and level: the share that overflows them, and cold starts a second beyond them."""

    rates: Floats
    times: Floats
    over: Floats
    cold: Floats


def _one(w: Workload, d: Serverless, every: Ground) -> Foresight:
    body = limit("serverless.payload_max").high_bytes
    refused = every.beyond_bytes(body)
    ground = split(every, 1 - refused)
    law = ground.law(d.place, body)
    overhead = float(w.assume("serverless_overhead"))
    most_s = limit("serverless.invoke_timeout").base
    setup_s = cold_start_s(w, d.memory_mib)
    table = _table(w, d, ground)
    requests = ground.rate_per_s * MONTH_S
    kept = _kept(d, table, law.mean_s)
    weight = table.rates * table.times / max(ground.rate_per_s, 1e-300)

    # A call that is throttled comes back a little later, into a load that has grown by such calls.
    waited = backed_off(w)
    lost, again = _throttled(table, weight, d.max_concurrency, len(waited) + 1)
    cold = _cold(w, ground, table, kept, law.mean_s)
    on_kept = float(weight @ (1 - _of(table.over, kept)))
    mix = Mix(law=law, overhead_s=overhead, limit_s=most_s, lost=lost + refused / max(1 - refused, 1e-9))
    warm_s = float(w.assume("serverless_provisioned_overhead"))
    mix.add(max(0.0, 1 - lost - on_kept))
    mix.add(min(1 - lost, on_kept), delay_s=warm_s)
    delays = [*_setups(w, setup_s, cold), *_backed_off(waited, again)]
    later = delayed(mix.later(), delays)
    billed = law.cut_mean_s(most_s) + _ROUNDED_S
    setup = setup_s * cold if w.assume("serverless_cold_billed") else 0.0
    served = 1 - lost
    cannot = too_slow(w, law.longer_than, overhead)
    cannot = cannot or too_much(
        w, ground.rate_per_s * law.cut_mean_s(most_s), d.max_concurrency, f"{d.max_concurrency} containers at most"
    )
    return Foresight(
        granules={
            "on_demand_ms": 1000 * requests * (max(0.0, served - on_kept) * billed + setup),
            "provisioned_ms": 1000 * requests * min(served, on_kept) * billed,
            "provisioned_s": float(table.times @ kept) * MONTH_S,
            "bytes_in": requests * served * ground.bytes_in,
            "bytes_out": requests * served * ground.bytes_out,
        },
        later=later,
        mean_s=mix.mean_s() + math.fsum(share * delay for share, delay in delays),
        error_share=later(most_s),
        cold_share=cold,
        utilisation=ground.rate_per_s * law.mean_s * served / d.max_concurrency,
        floor_s=lambda share: overhead + law.quantile_s(share),
        impossible=cannot,
        requests=every.rate_per_s * MONTH_S,
    )


def _table(w: Workload, d: Serverless, ground: Ground) -> _Table:
    key = ("containers", d.place, ground.rate_per_s, ground.curve)
    if key in ground.held:
        found: _Table = ground.held[key]
        return found
    levels = ground.levels()
    rates, times = (np.asarray(column) for column in zip(*levels, strict=True))
    keep = float(w.assume("serverless_keep_alive"))
    mean = ground.law(d.place, limit("serverless.payload_max").high_bytes).mean_s
    over = np.ones(rates.size)
    overs, colds = [over], []
    most = int(max(w.limit("serverless.max_concurrency_max"), 1))
    for left in islice(overflowing(rates * mean), most):
        carried = rates * (over - left)
        colds.append(carried * _uncalled(ground, carried, keep))
        over = left
        overs.append(over)
        if float((rates * over).max()) < _NOTHING:
            break
    beyond = np.concatenate([np.cumsum(np.asarray(colds)[::-1], axis=0)[::-1], np.zeros((1, rates.size))])
    found = _Table(rates=rates, times=times, over=np.asarray(overs), cold=beyond)
    ground.held[key] = found
    return found


def _uncalled(ground: Ground, carried: Floats, keep_s: float) -> Floats:
    """The share of a container's calls at each level that come after no call for so long."""
    found = np.empty(carried.size)
    if ground.share_high:
        # Levels are pairs of the low state and the high one.
        stays = ground.stay_low_s, ground.stay_high_s
        found[::2], found[1::2] = uncalled_in_states(carried[::2], carried[1::2], *stays, keep_s)
    else:
        found[:] = uncalled(carried, keep_s)
    return found


def _kept(d: Serverless, table: _Table, mean_s: float) -> NDArray[np.int64]:
    """Containers kept warm at each level: a fixed number, or as many as their use asks for."""
    least = np.full(table.rates.size, d.provisioned_concurrency)
    if d.target_utilisation is not None and d.max_provisioned_concurrency is not None:
        wanted = np.ceil(table.rates * mean_s / d.target_utilisation - 1e-9).astype(np.int64)
        least = np.clip(wanted, d.provisioned_concurrency, d.max_provisioned_concurrency)
    kept: NDArray[np.int64] = np.minimum(least, d.max_concurrency).astype(np.int64)
    return kept


def _of(rows: Floats, numbers: NDArray[np.int64]) -> Floats:
    """Of each level the row of its own number of containers; beyond the last one nothing is left."""
    inside = np.minimum(numbers, rows.shape[0] - 1)
    return np.where(numbers < rows.shape[0], rows[inside, np.arange(rows.shape[1])], 0.0)


def _at(rows: Floats, number: int) -> Floats:
    """The row of so many containers; beyond the last one nothing is left."""
    return rows[number] if number < rows.shape[0] else np.zeros(rows.shape[1])


def _throttled(table: _Table, weight: Floats, most: int, attempts: int) -> tuple[float, list[float]]:
    """The share that is lost after all attempts, and the shares that succeed at the second, third and so on."""
    over = _at(table.over, most)
    # What comes back raises the load: in a loss system at load a (1 + b + b^2 ...) b is found by a few steps.
    lost_at = over.copy()
    if float(weight @ over) > 1e-9:
        mean_load = _load_of(table)
        for _ in range(6):
            tries = sum(lost_at**k for k in range(attempts))
            lost_at = _erlang(mean_load * tries, most)
    gone = float(weight @ lost_at**attempts)
    again = [float(weight @ (lost_at**k * (1 - lost_at))) for k in range(1, attempts)]
    return gone, again


def _load_of(table: _Table) -> Floats:
    """Erlang's load of each level, from the table's second row: over after one container is a / (1 + a)."""
    first = np.minimum(table.over[1], 1 - 1e-15)
    return np.asarray(first / (1 - first))


def _erlang(load: Floats, servers: int) -> Floats:
    return np.asarray(next(islice(overflowing(load), servers - 1, None)))


def _cold(w: Workload, ground: Ground, table: _Table, kept: NDArray[np.int64], mean_s: float) -> float:
    """The share of requests that meet a cold container."""
    rate = ground.rate_per_s
    if not rate > 0:
        return 0.0
    keep = float(w.assume("serverless_keep_alive"))
    if ground.even:
        return float(1 / rate > keep + mean_s) if not kept.any() else 0.0
    return min(1.0, float(table.times @ _of(table.cold, kept)) / rate)


def _setups(w: Workload, setup_s: float, cold: float) -> Sequence[tuple[float, float]]:
    """Shares of the requests by the length of the set-up that they wait for."""
    if not cold > 0:
        return ()
    sigma = sigma_of_cv(float(w.assume("serverless_setup_cv")))
    each = 1 / len(_SPREADS)
    return [(cold * each, setup_s * math.exp(z(share) * sigma - sigma * sigma / 2)) for share in _SPREADS]


def _backed_off(waited: Sequence[float], again: Sequence[float]) -> Sequence[tuple[float, float]]:
    """Shares of the requests by how long they waited between their attempts, half of the longest on average."""
    found, before = [], 0.0
    for share, after in zip(again, waited, strict=True):
        step = after - before
        found += [(share / 2, before + step / 2), (share / 2, before + step * 3 / 2)]
        before = after
    return [(share, delay) for share, delay in found if share > _NOTHING]
