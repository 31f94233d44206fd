"""A queue of several servers, first come first served: what a fitted and a raw file of arrivals are compared by."""

from __future__ import annotations

from advisor.sim.kernels import Floats, kernel


@kernel
def waits(arrivals: Floats, services: Floats, free_at: Floats, out: Floats, late_s: float, most_late: int) -> int:
    """Waits of all requests in ``out``; the number later than ``late_s``, ending early once it passes ``most_late``.

    ``free_at`` is a heap of the instants at which servers are free, zeros to begin with.
    """
    servers = free_at.size
    late = 0
    for n in range(arrivals.size):
        now = arrivals[n]
        start = max(now, free_at[0])
        out[n] = start - now
        if out[n] > late_s:
            late += 1
            if late > most_late:
                return late
        free = start + services[n]
        place = 0
        while True:
            child = 2 * place + 1
            if child >= servers:
                break
            if child + 1 < servers and free_at[child + 1] < free_at[child]:
                child += 1
            if free_at[child] >= free:
                break
            free_at[place] = free_at[child]
            place = child
        free_at[place] = free
    return late
