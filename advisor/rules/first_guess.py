"""The instance type that a person would try first: one that was measured, else the cheapest that fits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import islice

from advisor.catalog.instances import Instance, instance, instances, offered, siblings
from advisor.catalog.prices import PriceBook, price_book
from advisor.rules.estimates import BURSTABLE, copies_memory_mib, has_accelerator, usable_memory_mib
from advisor.workload import Workload

__all__ = ["first_type", "measured_types", "types_in_play"]

_SMALLEST_VCPU = 2
# So many of the cheapest types are looked at where none was measured.
_CHEAPEST = 5


def measured_types(w: Workload) -> list[str]:
    """The instance types that the profile has measured work on, in its order."""
    return [entry.instance for n, entry in enumerate(w.work) if entry.instance and w.given(f"work.{n}.on")]


def first_type(w: Workload, component: str) -> str:
    """A type for the component of the price list: measured, offered, sold in the region and large enough, if one is.

    Where nothing fits, the first measured type or the one with the most memory, so that rules can say what is wrong.
    """
    measured = measured_types(w)
    book = price_book()
    for name in measured:
        if offered(name, component) and _sold(w, component, name, book) is not None and _fits(w, instance(name)):
            return name
    usual = _usual(accelerated=w.accelerator == "required")
    by_price = [one for one in _by_price(w, component, usual, book) if _fits(w, one)]
    # The cheapest that has room, and a look at no other: how long work takes on each of them is worked out for it.
    found = next((one for one in by_price if _roomy(w, one)), by_price[0] if by_price else None)
    if found is not None:
        return found.name
    if measured:
        return measured[0]
    listed = [one for one in usual if offered(one.name, component)]
    return max(listed, key=lambda one: usable_memory_mib(w, one.name)).name


@cache
def _usual(*, accelerated: bool) -> tuple[Instance, ...]:
    """What a person would look at, with accelerators or without."""
    right = (one for one in instances() if has_accelerator(one) == accelerated and (not accelerated or one.gpu_count))
    return tuple(
        one for one in right if not one.graviton and one.family not in BURSTABLE and one.vcpu >= _SMALLEST_VCPU
    )


def _fits(w: Workload, one: Instance) -> bool:
    if w.accelerator == "required" and not has_accelerator(one):
        return False
    return w.model.memory_mib <= usable_memory_mib(w, one.name)


def _roomy(w: Workload, one: Instance) -> bool:
    """Whether the copies of the model that its workers need fit into its memory."""
    return copies_memory_mib(w, w.work_on(one.name)) <= usable_memory_mib(w, one.name)


def _by_price(w: Workload, component: str, candidates: Iterable[Instance], book: PriceBook) -> list[Instance]:
    """Those that are offered and sold for it, the cheapest first."""
    priced = [
        (price, one.name)
        for one in candidates
        if offered(one.name, component) and (price := _sold(w, component, one.name, book)) is not None
    ]
    return [instance(name) for _, name in sorted(priced)]


def _sold(w: Workload, component: str, name: str, book: PriceBook) -> float | None:
    rate = book.find(w.region, component, name)
    return None if rate is None else float(rate.usd)


def types_in_play(w: Workload, component: str) -> tuple[str, ...]:
    """Types that a search looks at: those measured, their families where the model fits, the one to try first.

    Where nothing was measured on an instance, the cheapest usual types that fit stand beside that one. Only what is
    offered and sold in the region; the type to try first is there in any case. Measured ones come first.
    """
    book = price_book()
    measured = measured_types(w)

    def roomy(one: Instance) -> bool:
        return _fits(w, one) and _roomy(w, one)

    if measured:
        families = dict.fromkeys(instance(name).family for name in measured)
        kin = [one for name in measured if instance(name).family in families for one in siblings(name)]
        open_ones = {one.name for one in _by_price(w, component, kin, book)}
        found = [name for name in measured if name in open_ones]
        found += [one.name for one in kin if one.name in open_ones and roomy(one)]
    else:
        usual = _by_price(w, component, _usual(accelerated=w.accelerator == "required"), book)
        found = [one.name for one in islice(filter(roomy, usual), _CHEAPEST)]
    return tuple(dict.fromkeys([*found, first_type(w, component)]))
