"""Binary heaps in arrays: by an instant, then by a key, with a number beside each entry; or by the instant only."""

from __future__ import annotations

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.part import part

# The earliest of so many slots is found by looking at each; of more, by a heap.
SCANNED = 16


@part
def push(times: Floats, keys: Ints, values: Ints, size: int, time: float, key: int, value: int) -> None:
    """Put one entry into a heap of `size` entries; the caller has made room."""
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if times[parent] < time or (times[parent] == time and keys[parent] <= key):
            break
        times[i] = times[parent]
        keys[i] = keys[parent]
        values[i] = values[parent]
        i = parent
    times[i] = time
    keys[i] = key
    values[i] = value


@part
def pop(times: Floats, keys: Ints, values: Ints, size: int) -> None:
    """Take the first entry of a heap of `size` entries away; the caller has read it."""
    last = size - 1
    time = times[last]
    key = keys[last]
    value = values[last]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= last:
            break
        right = child + 1
        if right < last and (
            times[right] < times[child] or (times[right] == times[child] and keys[right] < keys[child])
        ):
            child = right
        if time < times[child] or (time == times[child] and key <= keys[child]):
            break
        times[i] = times[child]
        keys[i] = keys[child]
        values[i] = values[child]
        i = child
    times[i] = time
    keys[i] = key
    values[i] = value


@part
def sink(heap: Floats, at: int, size: int, time: float) -> None:
    """The first of the `size` instants of row `at` becomes this later one."""
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        right = child + 1
        if right < size and heap[at, right] < heap[at, child]:
            child = right
        if time <= heap[at, child]:
            break
        heap[at, i] = heap[at, child]
        i = child
    heap[at, i] = time
