"""Where the endpoint that stands for the stream may work off the lot, too: tried by simulation wherever that may win.

An endpoint that takes the lot costs no less than it does for the stream alone. So of the stream's options only those
are looked at that cost less than the best pair of an endpoint and a job, the cheapest first; of each as it is, and with
as many instances more as the records would fill, sent over most of the time that the lot has, and over half of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from advisor.advice.once import horizon_for
from advisor.advice.recommendation import Option
from advisor.advice.settings import of_fixed_size
from advisor.advice.shared import MOST_ROWS, Shared, all_per_s, longest_s, sent_per_s
from advisor.advice.simulating import simulate
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.realtime import RealTime
from advisor.rules import BLOCKS
from advisor.rules.estimates import capacity_per_s
from advisor.rules.popularity import one_endpoint
from advisor.workload import Workload

__all__ = ["shared_options"]

# How much of a worker's time records may fill while they are sent, where instances are added for them.
_FILLED = 0.7


def shared_options(w: Workload, stream: Sequence[Option], *, bar: float, seed: int, threads: int) -> Iterator[Option]:
    """Those that meet the objective and cost less than ``bar`` USD a month, each less than the one before."""
    if not one_endpoint(w) or (w.traffic is not None and w.traffic.spikes):
        return
    for option in sorted((one for one in stream if one.meets_objective), key=lambda one: (one.usd_per_month, one.id)):
        for one, usd in _tries(w, option):
            if usd >= bar or _too_long(w, one) or any(found.verdict is BLOCKS for found in one.check(w)):
                continue
            # What one replication finds too late or too dear is not run again.
            first = simulate(w, one, seed=seed, replications=1, threads=1, timeline=False)
            if not first.meets_objective or float(first.usd_per_month.value) >= bar:
                continue
            outcome = simulate(w, one, seed=seed, threads=threads)
            if outcome.meets_objective and float(outcome.usd_per_month.value) < bar:
                bar = float(outcome.usd_per_month.value)
                yield Option(rank=0, deployment=one, outcome=outcome)
                break


def _too_long(w: Workload, one: Shared) -> bool:
    """Whether its shortest run has more requests than can be held."""
    horizon = horizon_for(w, one, None)
    return (horizon.warmup_s + horizon.window_s) * all_per_s(w) > MOST_ROWS


def _tries(w: Workload, option: Option) -> Iterator[tuple[Shared, float]]:
    """What is tried of one option of the stream, the cheapest first, and what each costs at least."""
    usd, longest = float(option.usd_per_month), longest_s(w)
    for over in (longest, longest / 2):
        for stream, times in _sizes(w, option.deployment, over):
            yield Shared(stream=stream, sent_over_s=over), usd * times


def _sizes(w: Workload, one: object, over_s: float) -> Iterator[tuple[RealTime | Asynchronous, float]]:
    """As it is, and with instances for the records; how many times as much it costs at least."""
    if not isinstance(one, RealTime | Asynchronous):
        return
    yield one, 1.0
    more = math.ceil(sent_per_s(w, over_s) / (_FILLED * capacity_per_s(one.work_on(w))))
    if one.schedule is not None:
        return
    most = one.max_instances + more
    if of_fixed_size(one):
        yield replace(one, min_instances=one.min_instances + more, max_instances=most), most / one.max_instances
    else:
        yield replace(one, max_instances=most), 1.0
