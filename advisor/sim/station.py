"""Where the planes meet: a station brings the requests to an instant that the control plane names, over blocks.

The kernels move the requests; a station feeds them blocks, grows their arrays when they ask for room, and translates
what the control plane wants. Where kernel calls are cut changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from advisor.errors import BugError
from advisor.sim.agenda import FINISH, looks, moment
from advisor.sim.control import Fleet
from advisor.sim.deployments import Client
from advisor.sim.kernels import Floats, Ints, Keys, layout
from advisor.sim.kernels.lookout import NO_LOOKOUT, W_FIRST, W_ROW, Lookout
from advisor.sim.kernels.settle import by_request
from advisor.sim.kernels.sleep import nobody, with_room
from advisor.sim.kernels.state import Common
from advisor.sim.ledger import Columns, Ledger
from advisor.sim.longer import longer
from advisor.sim.timeline import Sample
from advisor.sim.trace import DRAWS, Block, Trace

__all__ = ["Station", "Window", "drive", "run_to", "window_of"]

_SETTLING_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Requests that arrive in [from_s, to_s) count; the run ends at `stop_s`, or once those are settled (None).

    Those before `split_s` are counted by themselves too.
    """

    from_s: float
    to_s: float
    stop_s: float | None = None
    split_s: float = 0.0

    @property
    def end_s(self) -> float:
        """The end of what is billed."""
        return self.to_s if self.stop_s is None else min(self.to_s, self.stop_s)


def window_of(trace: Trace) -> Window:
    """The window that a trace says."""
    return Window(from_s=trace.warmup_s, to_s=trace.warmup_s + trace.horizon_s, split_s=trace.split_s)


class Station:
    """The state that all stations share; a pattern's station adds its own and calls its kernel in `step`."""

    #: columns of the trace that the kernel reads beside arrivals and works
    needs: tuple[str, ...] = ()
    #: how many of the trace's kinds of draws the kernel reads: route, back-off, failure, cold start, load
    draw_kinds = 3
    #: whether `close` always knows when the unit will have nothing left to do; else the kernel tells as it comes there
    foretells = False
    #: whether a request has its slot from its start on (else from the instant at which it is let in)
    slot_at_start = True

    def __init__(self, trace: Trace, client: Client, window: Window, *, mean_s: float, columns: bool = False) -> None:
        if client.attempts > trace.attempts:
            raise BugError(f"a client of {client.attempts} attempts, a trace with draws for {trace.attempts}")
        self.client, self.window = client, window
        # Two ledgers one behind the other where the window is split; what belongs to no request is in the first.
        self.split = window.split_s > window.from_s
        many = 2 if self.split else 1
        self.counts: Ints = np.zeros(many * layout.L_SIZE, np.int64)
        self.sums: Floats = np.zeros(many * layout.S_SIZE)
        self.bins: Ints = np.zeros(many * layout.BINS, np.int64)
        self.ledger = Ledger(
            counts=self.counts[: layout.L_SIZE], sums=self.sums[: layout.S_SIZE], bins=self.bins[: layout.BINS]
        )
        self.p: Floats = np.zeros(layout.P_SIZE)
        self.q: Ints = np.zeros(layout.Q_SIZE, np.int64)
        p, q = self.p, self.q
        p[layout.P_MEAN], p[layout.P_LIMIT], p[layout.P_BASE] = mean_s, client.limit_s, client.base_s
        p[layout.P_GROWTH], p[layout.P_CAP], p[layout.P_PAYLOAD_MAX] = client.growth, client.cap_s, client.payload_max
        p[layout.P_FAIL_SHARE], p[layout.P_OVERHEAD] = client.fail_share, client.overhead_s
        p[layout.P_FROM], p[layout.P_TO] = window.from_s, window.to_s
        p[layout.P_STOP] = math.inf if window.stop_s is None else window.stop_s
        p[layout.P_SPLIT] = window.split_s
        q[layout.Q_ATTEMPTS], q[layout.Q_RECORD] = client.attempts, columns
        self.draws_needed = {"route", "cold", "load", "backoff"}
        if client.attempts == 1:
            self.draws_needed.discard("backoff")
        if client.fail_share > 0:
            self.draws_needed.add("fail")
        self._blocks: Iterator[Block] = trace.blocks()
        self._block: Block | None = None
        self.arrivals: Floats = np.zeros(0)
        self.works: Floats = np.zeros(0)
        self.bytes_in: Floats = np.zeros(0)
        self.bytes_out: Floats = np.zeros(0)
        self.route: Floats = np.zeros(0)
        self.lucks: Ints = np.zeros(0, np.int64)
        self.keys: Keys = np.zeros((0, client.attempts), np.uint64)
        self._draw_room: Floats = np.empty((0, self.draw_kinds, client.attempts))
        self.draws_of: Floats = np.zeros((0, self.draw_kinds, client.attempts))
        self.models: Ints = np.zeros(0, np.int64)
        self._room = 0
        self.sleep = nobody()
        self.free_rows: Ints = np.zeros(0, np.int64)
        self.carried: Floats = np.zeros((0, layout.C_COLUMNS))
        self.numbers: Ints = np.zeros((0, layout.N_COLUMNS), np.int64)
        self.draws: Floats = np.zeros((0, self.draw_kinds, client.attempts))
        self.floats: Floats = np.zeros((0, layout.R_FLOATS))
        self.ints: Ints = np.zeros((0, layout.R_INTS), np.int64)
        self.at, self._through, self._more = 0.0, False, True
        # What the kernel may take by itself, where the control plane leaves it to it.
        self.lookout = NO_LOOKOUT
        # What a pattern's station keeps of what it hands to its kernel, as long as no array has been replaced.
        self.handed: tuple[Any, ...] = ()

    # What a pattern's station says

    def step(self, until: float, through: bool) -> int:
        """Call the kernel; its answer is one of layout.REACHED and the others."""
        raise NotImplementedError

    def waiting(self) -> int:
        """Requests that wait now."""
        raise NotImplementedError

    def in_process(self) -> int:
        """Requests in service now."""
        raise NotImplementedError

    def grow(self) -> None:
        """Make room in the arrays of the pattern's own."""

    def cut(self, number: int, at: float) -> None:
        """The drain limit of a unit is over; most stations have none."""
        raise BugError(f"unit {number} has no drain limit, yet was cut at {at} s")

    def lose(self, number: int, at: float) -> None:
        """A unit is lost; not every station can lose one."""
        raise BugError(f"unit {number} cannot be lost, yet was at {at} s")

    def unit_ended(self, number: int) -> None:
        """The kernel found that a draining unit has nothing left to do."""

    def forsake(self, at: float) -> None:
        """After the window nothing is in service: what may wait for ever gets the status that it can only have."""

    def wind_up(self, stop: float) -> None:
        """The run is over: count what is still under way."""

    # Time

    def before(self, at: float) -> tuple[int, float] | None:
        """Bring the requests to `at`, its finishes included, its arrivals not; a unit that ended earlier stops it."""
        if at > self.at or self._more:
            return self._advance(at, through=False)
        return None

    def through(self, at: float) -> None:
        """Bring the requests to `at`, its arrivals included."""
        if at > self.at or not self._through:
            self._advance(at, through=True)

    def _advance(self, at: float, *, through: bool) -> tuple[int, float] | None:
        while True:
            answer = self.step(at, through)
            if answer == layout.REACHED:
                self.at, self._through, self._more = at, through, False
                return None
            if not self._served(answer):
                self.at, self._through, self._more = float(self.p[layout.P_SPARE]), False, True
                self.unit_ended(int(self.q[layout.Q_ENDED]))
                return int(self.q[layout.Q_ENDED]), self.at

    def ahead(self, lookout: Lookout) -> None:
        """Bring the requests on, period by period, as long as what the lookout's alarms see changes nothing."""
        self.lookout, row = lookout, int(lookout.q[W_ROW])
        while (answer := self.step(math.inf, True)) != layout.REACHED:
            if not self._served(answer):
                raise BugError("a unit ended where none was draining")
        self.lookout = NO_LOOKOUT
        if lookout.q[W_ROW] > row:
            self.at = float(lookout.q[W_FIRST] + lookout.q[W_ROW] - 1) * float(lookout.period_s[0])
            self._through, self._more = True, False

    def _served(self, answer: int) -> bool:
        """Whether the kernel has been given what it came back for."""
        self.handed = ()
        if answer == layout.BLOCK_ENDS:
            self._next_block()
        elif answer == layout.NEEDS_ROOM:
            self._grow()
        elif answer == layout.NEEDS_DRAWS:
            self._draw()
        return answer != layout.UNIT_ENDED

    @property
    def in_detail(self) -> bool:
        return bool(self.q[layout.Q_RECORD])

    @property
    def settled(self) -> bool:
        """Has every request of the window its final status?"""
        size = layout.L_SIZE
        return bool(self.counts[layout.L_ARRIVED :: size].sum() == self.counts[layout.L_CLOSED :: size].sum())

    @property
    def early(self) -> Ledger | None:
        """What became of the requests before the split."""
        if not self.split:
            return None
        return Ledger(
            counts=self.counts[layout.L_SIZE :], sums=self.sums[layout.S_SIZE :], bins=self.bins[layout.BINS :]
        )

    @property
    def told(self) -> Ledger:
        """All that became of the requests of the window."""
        early = self.early
        return self.ledger if early is None else self.ledger + early

    def attempted(self) -> int:
        """Attempts so far that the metric counts."""
        return int(self.ledger.counts[layout.L_ATTEMPTS])

    def data(self) -> dict[str, int]:
        """Bytes in and out, where the trace was asked for them."""
        ledger = self.ledger
        return {"bytes_in": ledger.bytes_in, "bytes_out": ledger.bytes_out} if "bytes" in self.needs else {}

    def columns(self) -> Columns:
        """Every request of the run; where the run was cut short, what lies after that has not happened."""
        total = int(self.ledger.counts[layout.L_TOTAL])
        stop = math.inf if self.window.stop_s is None else self.window.stop_s
        return Columns.of(self.floats[:total], self.ints[:total], stop, slot_at_start=self.slot_at_start)

    # Blocks and room

    def _next_block(self) -> None:
        q = self.q
        first = int(q[layout.Q_FIRST] + q[layout.Q_ROWS])
        block = next(self._blocks, None)
        q[layout.Q_ROW], q[layout.Q_FIRST] = 0, first
        self._block = block
        if block is None:
            q[layout.Q_ROWS], q[layout.Q_TRACE_ENDS] = 0, 1
            return
        q[layout.Q_ROWS] = block.n
        self.arrivals, self.works = block.arrival, block.work
        self.take(block)
        self.draws_of = self.draws_of[:0]
        self.lucks = block.number
        if block.keyed:
            self.keys = block.keys[: self.draw_kinds, : self.client.attempts].copy()
            self.p[layout.P_SPREADS : layout.P_SPREADS + 2] = block.spreads
        if q[layout.Q_RECORD]:
            need = first + block.n
            self.floats = longer(self.floats, need, math.nan)
            self.ints = longer(self.ints, need, -1)

    def take(self, block: Block) -> None:
        """Take what the kernel reads beside arrivals and works."""
        if "bytes" in self.needs:
            self.bytes_in, self.bytes_out = block.bytes_in, block.bytes_out
        if "route" in self.needs:
            self.route = block.route_first
        if "model" in self.needs:
            self.models = block.model.astype(np.int64)

    def _draw(self) -> None:
        """The draws of all attempts of the block's requests: a retry has asked for them."""
        assert self._block is not None
        kinds, attempts, rows = self.draw_kinds, self.client.attempts, self._block.n
        if self._draw_room.shape[0] < rows:
            self._draw_room = np.zeros((rows, kinds, attempts))
        for kind in range(kinds):
            if DRAWS[kind] in self.draws_needed:
                by_request(getattr(self._block, DRAWS[kind]), kind, rows, self._draw_room)
        self.draws_of = self._draw_room

    def common(self) -> Common:
        """The arrays that every event-driven kernel reads."""
        return Common(
            self.p, self.q, self.counts, self.sums, self.bins,
            self.arrivals, self.works, self.bytes_in, self.bytes_out, self.models, self.lucks, self.keys,
            self.draws_of,
            self.sleep, self.free_rows, self.carried, self.numbers, self.draws,
            self.floats, self.ints,
        )  # fmt: skip

    def _grow(self) -> None:
        """More rows for carried requests and back-offs, then whatever the pattern's own arrays need."""
        self.reserve(max(2, self._room // 8))
        self.grow()

    def reserve(self, rows: int) -> None:
        """At least so many free rows in the table of carried requests."""
        while self.q[layout.Q_FREE_ROWS] < rows:
            old, new = self._room, max(64, 2 * self._room)
            self.sleep = with_room(self.sleep, new)
            self.free_rows = longer(self.free_rows, new, 0)
            self.carried = longer(self.carried, new, 0.0)
            self.numbers = longer(self.numbers, new, 0)
            self.draws = longer(self.draws, new, 0.0)
            free = int(self.q[layout.Q_FREE_ROWS])
            self.free_rows[free : free + new - old] = np.arange(old, new)[::-1]
            self.q[layout.Q_FREE_ROWS] += new - old
            self._room = new


def drive(env: simpy.Environment, fleet: Fleet, station: Station, *, sample_s: float | None = None) -> float:
    """Run both planes to the end of the window, and on until all of its requests are settled; the last instant."""
    window = station.window
    if sample_s is not None:
        env.process(_sampled(env, fleet, station, sample_s))
    if window.stop_s is not None:
        run_to(env, fleet, station, window.stop_s)
        station.wind_up(window.stop_s)
        return window.stop_s
    stop = window.to_s
    run_to(env, fleet, station, stop)
    while not station.settled:
        stop += _SETTLING_S
        run_to(env, fleet, station, stop)
        if not (fleet.in_service or fleet.draining):
            station.forsake(stop)
    station.wind_up(stop)
    return stop


def run_to(env: simpy.Environment, fleet: Fleet, station: Station, stop: float) -> None:
    """Run both planes to an instant, its arrivals included."""
    fleet.until = stop
    while True:
        while station.foretells and env.peek() <= stop:
            env.step()
        at = min(env.peek(), stop)
        # What only measures and decides looks at the requests itself, arrivals of its instant included; until then
        # nothing can come up but the end of a draining unit.
        waits = station.foretells or (at < stop and not fleet.draining and looks(env))
        ended = None if waits else station.before(at)
        if ended is not None:
            unit, when = ended
            env.process(_ended(env, fleet, unit, when))
            continue
        if env.peek() > stop:
            station.through(stop)
            if env.peek() > stop:
                return
            continue
        env.step()


def _ended(env: simpy.Environment, fleet: Fleet, unit: int, when: float) -> Generator[simpy.Event, None, None]:
    yield moment(env, when, FINISH, unit)
    fleet.ended(unit)


def _sampled(
    env: simpy.Environment, fleet: Fleet, station: Station, every_s: float
) -> Generator[simpy.Event, None, None]:
    k = 0
    while True:
        yield moment(env, k * every_s, 9)
        station.through(env.now)
        fleet.timeline.samples.append(
            Sample(
                env.now,
                len(fleet.in_service),
                len(fleet.launching),
                len(fleet.draining),
                station.waiting(),
                station.in_process(),
                station.attempted(),
                int(station.ledger.counts[layout.L_COLD_STARTS]),
            )
        )
        k += 1
