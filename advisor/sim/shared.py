"""A stream and a lot at one endpoint: the lot's records are sent as requests, in equal steps from when the lot came.

The endpoint meets one trace, the union of both, in the order of arrival, and knows nothing of who sent what: records
wait behind requests and requests behind records. Which is which is told afterwards, row by row, so that latency and
errors are those of the stream's requests alone, and the lot is judged by its deadline. Every row is held for that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import count

import numpy as np

from advisor.errors import BugError
from advisor.sim.arrivals import Sent
from advisor.sim.kernels import Floats, Shorts, layout
from advisor.sim.laws import insist
from advisor.sim.ledger import Columns, Ledger
from advisor.sim.run_record import Run
from advisor.sim.service import Sizes
from advisor.sim.shared_record import LotSent, SharedRun
from advisor.sim.statuses import NAMES, SERVED
from advisor.sim.trace import Trace

__all__ = ["told_apart", "with_lot"]


def with_lot(stream: Trace, lot: Sent, record_bytes: float) -> Trace:
    """The union of a stream and of the records that are sent; these are a class of their own, the last."""
    laws, last = stream.laws, len(stream.laws.sizes_in)
    union = Trace(
        (*stream.sources, replace(lot, klass=last)), seed=stream.seed,
        laws=replace(
            laws, sizes_in=(*laws.sizes_in, Sizes.of(record_bytes)), sizes_out=(*laws.sizes_out, laws.sizes_out[0]),
            fixed_models=(*laws.fixed_models, -1),
        ),
        warmup_s=stream.warmup_s, horizon_s=stream.horizon_s, attempts=stream.attempts, notes=stream.notes,
    )  # fmt: skip
    union.share = stream.share
    return union


def told_apart(run: Run, trace: Trace, *, columns: bool) -> SharedRun:
    """A run on such a trace, every row of it held, with the ledger of the stream's requests and the fate of each lot.

    All else is the endpoint's as a whole, and so are its bills.
    """
    insist(run)
    rows, lot = run.columns, trace.sources[-1]
    if rows is None or not isinstance(lot, Sent):
        raise BugError("a stream is told apart from a lot by every row of a run that had both")
    of_lot = _classes(trace, rows) == lot.klass
    low, high = run.window_s
    inside = (rows.first_arrival >= low) & (rows.first_arrival < high)
    served = inside & (rows.status == SERVED)
    # A row ends with the container's answer; what each call costs beside that is in the ledger alone, and always alike.
    latency = rows.answered - rows.first_arrival
    overhead = run.ledger.mean_s - float(latency[served].mean()) if served.any() else 0.0
    held = {field.name: getattr(run, field.name) for field in fields(run)}
    whole = replace(run, columns=None)
    return SharedRun(
        **{
            **held,
            "ledger": _ledger(run, rows, inside & ~of_lot, latency + overhead),
            "early": None,
            "columns": rows if columns else None,
        },
        whole=whole,
        lots=tuple(_lots(rows, of_lot, lot, run.window_s, overhead)),
    )


def _classes(trace: Trace, rows: Columns) -> Shorts:
    """The class of each row: that of the trace's request at its place."""
    found: list[Shorts] = []
    known = 0
    for block in trace.blocks():
        more = min(block.n, rows.status.size - known)
        if not np.array_equal(block.arrival[:more], rows.first_arrival[known : known + more]):
            raise BugError("the rows of a run are not in the order of its trace")
        found.append(block.klass[:more].copy())
        known += more
        if known == rows.status.size:
            break
    return np.concatenate(found) if found else np.zeros(0, np.int16)


def _ledger(run: Run, rows: Columns, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], latency: Floats) -> Ledger:
    """The ledger of some rows; the meters of time and bytes in it are of all."""
    counts, sums = run.ledger.counts.copy(), run.ledger.sums.copy()
    status = rows.status[chosen]
    counts[: len(NAMES)] = np.bincount(status[status >= 0], minlength=len(NAMES))
    counts[layout.L_ARRIVED] = status.size
    counts[layout.L_CLOSED] = counts[: len(NAMES)].sum()
    counts[layout.L_PENDING] = status.size - counts[layout.L_CLOSED]
    served = chosen & (rows.status == SERVED)
    own = np.ascontiguousarray(latency[served])
    sums[layout.S_LATENCY] = math.fsum(own)
    sums[layout.S_WAIT] = math.fsum(rows.start[served] - rows.arrival[served])
    at = np.clip((own.view(np.int64) >> layout.BIN_SHIFT) - layout.FIRST_BIN, 0, layout.BINS - 1)
    return Ledger(counts=counts, sums=sums, bins=np.bincount(at, minlength=layout.BINS).astype(np.int64))


def _lots(
    rows: Columns, of_lot: np.ndarray[tuple[int], np.dtype[np.bool_]], lot: Sent, window_s: tuple[float, float],
    overhead: float,
) -> Iterator[LotSent]:  # fmt: skip
    """Each lot that came inside the window: its rows are the next so many of the lot's own."""
    own = np.flatnonzero(of_lot)
    for n in count():
        due = n * lot.every_s
        if due >= window_s[1]:
            return
        if due < window_s[0]:
            continue
        mine = own[n * lot.count : (n + 1) * lot.count]
        if mine.size < lot.count or rows.first_arrival[mine[-1]] >= window_s[1]:
            raise BugError("a lot of the window is still being sent where the window ends")
        answered = rows.answered[mine]
        done = math.inf if np.isnan(answered).any() else float(answered.max()) + overhead
        unserved = int((rows.status[mine] != SERVED).sum())
        yield LotSent(due=due, records=lot.count, done=done, unserved=unserved)
