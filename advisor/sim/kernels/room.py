"""Room for one more model: those in memory are a chain, and the least recently used leaves first.

Where nothing has ever had to leave an instance it has no chain: many never need one.
"""

from __future__ import annotations

from advisor.sim.kernels.part import part
from advisor.sim.kernels.shelf import (
    IN_MEMORY,
    LEAVES_DISK,
    LEAVES_MEMORY,
    O_MODEL,
    O_SEAT,
    O_STATE,
    ON_DISK,
    P_CACHE,
    P_DISK,
    PENDING,
    Q_CACHED,
    T_CHAINED,
    T_NEWEST,
    T_OLDEST,
    V_DISK,
    V_MEMORY,
    Shelf,
)
from advisor.sim.kernels.state import Common


@part
def oldest(m: Shelf, seat: int, wanted: int) -> int:
    """The model least recently used among those on disk whose flags are as wanted, and that are not being loaded."""
    found = -1
    for model in range(m.size.size):
        if (m.flags[seat, model] & (ON_DISK | IN_MEMORY | LEAVES_MEMORY | LEAVES_DISK)) != wanted:
            continue
        if m.load_of[seat, model] >= 0 and m.loads[m.load_of[seat, model], O_STATE] != PENDING:
            continue
        if found < 0 or m.last_used[seat, model] < m.last_used[seat, found]:
            found = model
    return found


@part
def make_room(c: Common, m: Shelf, load: int) -> bool:
    """Room in memory and on disk for one more, the least recently used leaving; or nothing changes."""
    p, o = c.p, m.loads
    seat, model = o[load, O_SEAT], o[load, O_MODEL]
    cached = c.q[Q_CACHED] != 0
    memory = m.clocks[seat, V_MEMORY] + m.memory[model]
    on_disk = cached and (m.flags[seat, model] & ON_DISK) != 0
    disk = 0.0 if on_disk else m.clocks[seat, V_DISK] + m.size[model]
    leaving, deleted = 0, 0
    if cached:
        while memory > p[P_CACHE]:
            leaves = least_used(m, seat)
            if leaves < 0:
                break
            leaving += 1
            m.flags[seat, leaves] |= LEAVES_MEMORY
            memory -= m.memory[leaves]
        while disk > p[P_DISK]:
            leaves = oldest(m, seat, ON_DISK)
            other = oldest(m, seat, ON_DISK | IN_MEMORY | LEAVES_MEMORY)
            if leaves < 0 or (
                other >= 0
                and (
                    m.last_used[seat, other] < m.last_used[seat, leaves]
                    or (m.last_used[seat, other] == m.last_used[seat, leaves] and other < leaves)
                )
            ):
                leaves = other
            if leaves < 0:
                break
            deleted += 1
            m.flags[seat, leaves] |= LEAVES_DISK
            disk -= m.size[leaves]
    fits = bool(memory <= p[P_CACHE] and disk <= p[P_DISK])
    settle_memory(m, seat, leaving, fits)
    if deleted > 0:
        settle_disk(m, seat, fits)
    if fits:
        m.clocks[seat, V_MEMORY] = memory
        if not on_disk:
            m.clocks[seat, V_DISK] = disk
    return fits


@part
def settle_memory(m: Shelf, seat: int, leaving: int, fits: bool) -> None:
    """Those that are to leave memory do, or stay after all."""
    model = m.seats[seat, T_OLDEST]
    while leaving > 0:
        following = m.newer[seat, model]
        if (m.flags[seat, model] & LEAVES_MEMORY) != 0:
            leaving -= 1
            m.flags[seat, model] &= ~LEAVES_MEMORY
            if fits:
                m.flags[seat, model] &= ~IN_MEMORY
                unchain(m, seat, model)
        model = following


@part
def settle_disk(m: Shelf, seat: int, fits: bool) -> None:
    """The same for the disk."""
    for model in range(m.size.size):
        if (m.flags[seat, model] & LEAVES_DISK) != 0:
            m.flags[seat, model] &= ~LEAVES_DISK
            if fits:
                m.flags[seat, model] &= ~ON_DISK


@part
def in_use(m: Shelf, seat: int, model: int, now: float) -> None:
    """The model is asked for now, or was used until now."""
    m.last_used[seat, model] = now
    if m.seats[seat, T_CHAINED] == 0 or m.seats[seat, T_NEWEST] == model:
        return
    if (m.flags[seat, model] & IN_MEMORY) != 0:
        unchain(m, seat, model)
        chain(m, seat, model)


@part
def comes_in(m: Shelf, seat: int, model: int) -> None:
    """The model is in memory from now on."""
    m.flags[seat, model] |= IN_MEMORY
    if m.seats[seat, T_CHAINED] != 0:
        chain(m, seat, model)


@part
def least_used(m: Shelf, seat: int) -> int:
    """The model in memory least recently used, of those that nobody uses and that are not to leave; else -1.

    The first time that one has to leave an instance, its models are put in order.
    """
    if m.seats[seat, T_CHAINED] == 0:
        m.seats[seat, T_CHAINED] = 1
        m.seats[seat, T_OLDEST] = m.seats[seat, T_NEWEST] = -1
        for model in range(m.size.size):
            if (m.flags[seat, model] & IN_MEMORY) != 0:
                chain(m, seat, model)
    found, model = -1, m.seats[seat, T_OLDEST]
    # Of those used last at the very same instant the first by number.
    while model >= 0 and (found < 0 or m.last_used[seat, model] == m.last_used[seat, found]):
        if (m.flags[seat, model] & LEAVES_MEMORY) == 0 and m.used[seat, model] == 0 and (found < 0 or model < found):
            found = model
        model = m.newer[seat, model]
    return int(found)


@part
def chain(m: Shelf, seat: int, model: int) -> None:
    """Put a model behind those that were used no later: seldom anywhere but at the end."""
    before, behind = m.seats[seat, T_NEWEST], -1
    while before >= 0 and m.last_used[seat, before] > m.last_used[seat, model]:
        before, behind = m.older[seat, before], before
    link(m, seat, before, model)
    link(m, seat, model, behind)


@part
def unchain(m: Shelf, seat: int, model: int) -> None:
    """Take a model out."""
    link(m, seat, m.older[seat, model], m.newer[seat, model])


@part
def link(m: Shelf, seat: int, one: int, other: int) -> None:
    """One comes right before the other; -1 is what is beyond either end."""
    if one >= 0:
        m.newer[seat, one] = other
    else:
        m.seats[seat, T_OLDEST] = other
    if other >= 0:
        m.older[seat, other] = one
    else:
        m.seats[seat, T_NEWEST] = one
