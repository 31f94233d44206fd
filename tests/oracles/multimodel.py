"""Oracle of a multi-model endpoint: a real-time fleet whose instances hold a changing set of models.

Fleet, client, queue, drains, losses, metrics and bill are those of real-time Workers without batching (R-03, R-04, R-07
and those of `case.py`); outstanding (routing, CONCURRENCY, drains) counts in flight + waiting for a worker + waiting
for a load.

M-01  An instance holds a model that is in its memory, being loaded, or asked for. Every model fits an empty instance.
M-02  Routing: h = the holder in service with the fewest outstanding, ties to the lowest number. Where h has at least
      spill_depth outstanding, o = the same among those in service that do not hold it, and o is taken where it has
      fewer outstanding than h. With no holder: fewest outstanding of all in service. None in service: rejected.
M-03  Where the model is in memory and a slot is free the attempt starts; else, where container_queue already wait on
      the instance (for a worker or a load), it is rejected and asks for nothing; else it waits: for a worker if the
      model is in memory, else for the model's load, which it asks for unless another did.
M-04  Loads of an instance begin in the order asked for, the first one only, as long as fewer than parallel_loads are
      under way and room can be made. Looked at when one is asked for, and at DISPATCH (after the workers) of every
      instant with a finish, an end of a load or a departure on the instance.
M-05  Room in memory: memory_mib of models in memory or loading, plus this, is at most cache_mib; else models in
      memory not in use leave by (last used, model) until it is. In use: a call of it waits for a worker or is in
      flight, abandoned ones too. Last used: the latest arrival for it (not rejected) or finish of it on this
      instance.
M-06  Room on disk, where the model is not there: the same with size_bytes, disk_bytes and files of models neither in
      memory (after M-05) nor loading; a model that has left memory keeps its file. If either room cannot be made
      nothing leaves and the load waits, and with it those behind it.
M-07  Download, unless on disk: work load[attempt - 1] * (size_bytes / download_bytes_per_s) of the attempt that
      asked, all downloads of the instance sharing as on a load curve (R-05) with latency_s[n - 1] = n. The next
      download to finish does so in phase LOADED. Then into memory, alone: max(GRID, to_grid(load[..] * (size_bytes /
      into_memory_bytes_per_s))), which begins at the instant of the download's end (or of the load's begin) and ends
      in LOADED, several by the order asked for.
M-08  At its end those who waited for it join the instance's worker queue, in the order in which they came; DISPATCH
      follows.
M-09  At arrival + limit (GIVE_UP) an attempt that still waits for a load is `not_ready` and leaves; a load not begun
      that nobody waits for is dropped. An attempt past its load is timed_out and goes on. A load that ends at that
      instant is in time.
M-10  A load not in memory at begin + load_limit_s (GIVE_UP, after the clients) is given up: its memory is free, an
      unfinished file is gone (V moves as at an admission, before n falls), those who wait are `not_ready`. In time at
      the limit.
M-11  cache_enabled false: no instance holds a model for another attempt (M-02: no holder); each attempt asks for its
      own load, with its own memory and file, both gone at its finish, or at the load's end where its caller has left.
M-12  A draining instance loads on for those who wait; it ends with its last outstanding, its loads with it.
      Record.loads: for each load asked for: (instance, model, asked, begun, in memory), by (instance, order asked),
      NaN: never by then. `start` is the start on a worker.
M-13  Load curve (latency_s): the calls of all models on the instance progress together, as in R-05; "a slot is free"
      (M-03) then means fewer than len(latency_s) in flight.
M-14  Batching: only calls of one model are taken together (with the cache disabled every call has a model of its
      own). At DISPATCH, and for each arrival, a free worker (lowest slot) takes, in the order of the worker queue, the
      first call of which `most` of its model wait for a worker, or whose arrival (its attempt's) + wait_s has come,
      and with it the next of its model, up to `most` in all; what waits for a load counts for nothing. M-03 then asks
      for a free slot and nobody waiting for a worker. Service as in R-06.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

import simpy

from . import clock
from .case import GRID, NOT_READY, REJECTED, TIMED_OUT, Lifetime, Record, to_grid
from .case_patterns import LoadCurve, MultiModelCase, Workers
from .client import Call
from .realtime import Instance, LoadCurveInstance, RealTime, WorkersInstance


class Load:
    """One load of one model on one instance."""

    def __init__(self, call: Call, order: int) -> None:
        self.model, self.order, self.asked = call.request.model, order, call.env.now
        self.multiplier = call.request.load[call.attempt - 1]
        self.waiting: list[Call] = []
        self.begun = self.in_memory = math.nan
        self.over = False


class Downloads:
    """The downloads of one instance, which share its bandwidth (M-07)."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.heap: list[tuple[float, int, Load, simpy.Event]] = []
        self.virtual = self.last = 0.0
        self.admitted = self.version = 0

    def move(self) -> None:
        """Virtual time comes up to now, before the number of downloads changes."""
        if self.heap:
            self.virtual += (self.env.now - self.last) / len(self.heap)
        self.last = self.env.now

    def add(self, load: Load, work: float) -> simpy.Event:
        """An event that happens when the download is done."""
        self.move()
        done = simpy.Event(self.env)
        self.admitted += 1
        heapq.heappush(self.heap, (self.virtual + work, self.admitted, load, done))
        self.env.process(self.next_finish())
        return done

    def drop(self, load: Load) -> None:
        """This one will not be finished (M-10)."""
        self.move()
        self.heap = [entry for entry in self.heap if entry[2] is not load]
        heapq.heapify(self.heap)
        self.env.process(self.next_finish())

    def next_finish(self) -> Iterator[simpy.Event]:
        """The first to finish, unless something changes before."""
        self.version += 1
        version = self.version
        if not self.heap:
            return
        target, _, _, done = self.heap[0]
        left = max(0.0, target - self.virtual) * len(self.heap)
        yield clock.moment(self.env, self.last + to_grid(left), clock.LOADED)
        if version != self.version:
            return
        heapq.heappop(self.heap)
        self.virtual, self.last = target, self.env.now
        self.env.process(self.next_finish())
        done.succeed()


class ModelInstance(Instance):
    """One instance: a memory full of models, a disk full of files; what serves is said below."""

    def __init__(self, *args: object, case: MultiModelCase) -> None:
        workers = Workers(workers=case.workers, mean_s=case.mean_s, batching=case.batching)
        super().__init__(*args, server=LoadCurve(latency_s=case.latency_s) if case.latency_s else workers)
        self.case = case
        self.loads: list[Load] = []  # every one asked for
        self.pending: list[Load] = []  # not begun
        self.loading: list[Load] = []  # under way
        self.memory: set[int] = set()  # models; with the cache disabled: orders of loads
        self.disk: set[int] = set()
        self.last_used: dict[int, float] = {}
        self.downloads = Downloads(self.env)
        self.key_of: dict[Call, int] = {}

    # What the router asks

    @property
    def outstanding(self) -> int:
        """In flight + waiting for a worker + waiting for a load."""
        return super().outstanding + sum(len(load.waiting) for load in (*self.pending, *self.loading))

    def holds(self, model: int) -> bool:
        """In memory, being loaded or asked for (M-01)."""
        wanted = {load.model for load in (*self.pending, *self.loading)}
        return self.case.cache_enabled and (model in self.memory or model in wanted)

    # Attempts

    def send(self, call: Call) -> None:
        """An attempt arrives (M-03)."""
        model = call.request.model
        call.instance = self.unit.number
        ready = self.case.cache_enabled and model in self.memory
        alone = self.has_room() and not (self.case.batching and self.waiting)
        if not (ready and alone) and self.outstanding - len(self.running) >= self.room:
            call.answer(REJECTED)
            return
        call.let_in = True
        self.last_used[model] = self.env.now
        self.key_of[call] = model
        if ready:
            self.waiting.append(call)
        else:
            self.ask(call)
        self.peak = max(self.peak, self.outstanding)
        self.dispatch()
        if self.case.batching:
            self.env.process(self.dispatch_later(call.arrival + self.case.batching.wait_s))

    def ask(self, call: Call) -> None:
        """Join the load of the model, or ask for one."""
        for load in (*self.pending, *self.loading):
            if self.case.cache_enabled and load.model == call.request.model:
                break
        else:
            load = Load(call, len(self.loads))
            self.loads.append(load)
            self.pending.append(load)
        if not self.case.cache_enabled:
            self.key_of[call] = load.order
        load.waiting.append(call)

    def over(self, call: Call) -> None:
        """A call is finished: its model was used just now, or is of no more use (M-11)."""
        super().over(call)
        self.last_used[call.request.model] = self.env.now
        if not self.case.cache_enabled:
            self.memory.discard(self.key_of[call])
            self.disk.discard(self.key_of[call])

    def give_up(self, call: Call) -> None:
        """The client's limit is over (M-09)."""
        for load in (*self.pending, *self.loading):
            if call in load.waiting:
                load.waiting.remove(call)
                if load in self.pending and not load.waiting:
                    self.pending.remove(load)
                call.answer(NOT_READY)
                self.after()
                return
        call.answer(TIMED_OUT)

    # Loads

    def dispatch(self) -> None:
        super().dispatch()
        while self.pending and len(self.loading) < self.case.parallel_loads and self.make_room(self.pending[0]):
            load = self.pending.pop(0)
            load.begun = self.env.now
            self.loading.append(load)
            self.env.process(self.carry_out(load))
            self.env.process(self.limit(load))

    def key(self, load: Load) -> int:
        """What stands in memory and on disk for a load."""
        return load.model if self.case.cache_enabled else load.order

    def model_of(self, key: int) -> int:
        """The model behind such a key."""
        return key if self.case.cache_enabled else self.loads[key].model

    def make_room(self, load: Load) -> bool:
        """Room in memory and on disk for one more, or nothing changes (M-05, M-06)."""
        case, models = self.case, self.case.models
        coming = {self.key(other) for other in self.loading}
        busy = {self.key_of[call] for call in (*self.waiting, *self.running)}
        idle = sorted(self.memory - busy, key=lambda key: (self.last_used[self.model_of(key)], key))
        need = models[load.model].memory_mib + sum(models[self.model_of(k)].memory_mib for k in self.memory | coming)
        leave_memory = set()
        while need > case.cache_mib and idle:
            leave_memory.add(idle[0])
            need -= models[self.model_of(idle.pop(0))].memory_mib
        leave_disk = set()
        size = 0
        if self.key(load) not in self.disk:
            size = models[load.model].size_bytes + sum(models[self.model_of(k)].size_bytes for k in self.disk | coming)
        files = sorted(
            self.disk - coming - (self.memory - leave_memory), key=lambda k: (self.last_used[self.model_of(k)], k)
        )
        while size > case.disk_bytes and files:
            leave_disk.add(files[0])
            size -= models[self.model_of(files.pop(0))].size_bytes
        if need > case.cache_mib or size > case.disk_bytes:
            return False
        self.memory -= leave_memory
        self.disk -= leave_disk
        return True

    def carry_out(self, load: Load) -> Iterator[simpy.Event]:
        """Download, into memory, ready (M-07, M-08)."""
        case, key = self.case, self.key(load)
        size = case.models[load.model].size_bytes
        if key not in self.disk:
            yield self.downloads.add(load, load.multiplier * (size / case.download_bytes_per_s))
            self.disk.add(key)
        length = max(GRID, to_grid(load.multiplier * (size / case.into_memory_bytes_per_s)))
        yield clock.moment(self.env, self.env.now + length, clock.LOADED, 1 + load.order)
        if load.over:
            return
        load.over, load.in_memory = True, self.env.now
        self.loading.remove(load)
        if load.waiting or case.cache_enabled:
            self.memory.add(key)
        else:
            self.disk.discard(key)
        self.waiting.extend(load.waiting)
        load.waiting = []
        self.wake()

    def limit(self, load: Load) -> Iterator[simpy.Event]:
        """A load that takes too long is given up (M-10)."""
        order = (1 << 32) + self.unit.number * (1 << 20) + load.order
        yield clock.moment(self.env, load.begun + self.case.load_limit_s, clock.GIVE_UP, order)
        if load.over:
            return
        load.over = True
        self.loading.remove(load)
        if any(entry[2] is load for entry in self.downloads.heap):
            self.downloads.drop(load)
        elif not self.case.cache_enabled:
            self.disk.discard(load.order)
        for call in load.waiting:
            call.answer(NOT_READY)
        load.waiting = []
        self.after()

    def lose(self) -> None:
        for load in (*self.pending, *self.loading):
            load.over = True
            self.waiting.extend(load.waiting)
        self.pending, self.loading = [], []
        super().lose()


class OfWorkers(ModelInstance, WorkersInstance):
    """Workers, one by one."""


class OfCurve(ModelInstance, LoadCurveInstance):
    """A load curve that the calls of all models share (M-13)."""


class ByModel(WorkersInstance):
    """Workers that take calls of one model together (M-14)."""

    def dispatch(self) -> None:
        while self.waiting and not all(self.slots) and (members := self.ready()):
            self.waiting = [call for call in self.waiting if call not in members]
            slot = next(number for number, calls in enumerate(self.slots) if not calls)
            self.slots[slot] = members
            for call in members:
                call.start, call.slot = self.env.now, slot
                self.running.add(call)
            self.env.process(self.work(members, slot))

    def ready(self) -> list[Call]:
        """What a free worker may take now."""
        batching = self.server.batching
        for call in self.waiting:
            together = [other for other in self.waiting if self.key_of[other] == self.key_of[call]]
            if len(together) >= batching.most or self.env.now >= call.arrival + batching.wait_s:
                return together[: batching.most]
        return []


class OfBatches(ModelInstance, ByModel):
    """Workers that answer several calls of a model together."""


class MultiModel(RealTime):
    """The endpoint: a router that knows who holds what."""

    case: MultiModelCase
    instances: dict[int, ModelInstance]

    def send(self, call: Call) -> None:
        """Route one attempt (M-02)."""
        self.fleet.attempted()
        units = [self.instances[unit.number] for unit in self.fleet.in_service]
        if not units:
            call.answer(REJECTED)
            return
        model = call.request.model
        holders = [instance for instance in units if instance.holds(model)]
        others = [instance for instance in units if instance not in holders]
        chosen = min(holders or others, key=lambda instance: instance.outstanding)
        if holders and others and chosen.outstanding >= self.case.spill_depth:
            other = min(others, key=lambda instance: instance.outstanding)
            if other.outstanding < chosen.outstanding:
                chosen = other
        chosen.send(call)

    def give_up(self, call: Call) -> None:
        """The client's limit is over (M-09)."""
        self.instances[call.instance].give_up(call)

    def opened(self, unit: Lifetime) -> None:
        """A new instance holds nothing yet."""
        room = self.case.container_queue
        kind = OfCurve if self.case.latency_s else OfBatches if self.case.batching else OfWorkers
        self.instances[unit.number] = kind(self.env, unit, room, self.emptied, case=self.case)

    def emptied(self, instance: ModelInstance) -> None:
        """Where it drains, it ends, and with it the loads that nobody waits for (M-12)."""
        super().emptied(instance)
        if not math.isnan(instance.unit.end):
            instance.lose()

    def closing(self, unit: Lifetime) -> None:
        """It takes nothing new; idle ones end at once."""
        if not self.instances[unit.number].outstanding:
            self.emptied(self.instances[unit.number])

    def run(self) -> Record:
        """All that happens up to the stop, and the loads."""
        record = super().run()
        record.loads = [
            (number, load.model, load.asked, load.begun, load.in_memory)
            for number, instance in sorted(self.instances.items())
            for load in instance.loads
        ]
        return record


def simulate(case: MultiModelCase) -> Record:
    """The record of one case."""
    return MultiModel(case).run()
