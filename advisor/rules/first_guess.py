"""The instance type that a person would try first: one that was measured, else the cheapest that fits."""

from __future__ import annotations

from collections.abc import Iterable

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
    usual = [one for one in instances() if _usual(w, one) and offered(one.name, component)]
    roomy = [one for one in usual if _fits(w, one)]
    spacious = [one for one in roomy if copies_memory_mib(w, w.work_on(one.name)) <= usable_memory_mib(w, one.name)]
    found = _cheapest(w, component, spacious) or _cheapest(w, component, roomy)
    if found is not None:
        return found
    if measured:
        return measured[0]
    return max(usual, key=lambda one: usable_memory_mib(w, one.name)).name


def _usual(w: Workload, one: Instance) -> bool:
    right = has_accelerator(one) == (w.accelerator == "required") and (not has_accelerator(one) or one.gpu_count > 0)
    return right and not one.graviton and one.family not in BURSTABLE and one.vcpu >= _SMALLEST_VCPU


def _fits(w: Workload, one: Instance) -> bool:
    if w.accelerator == "required" and not has_accelerator(one):
        return False
    return w.model.memory_mib <= usable_memory_mib(w, one.name)


def _cheapest(w: Workload, component: str, candidates: Iterable[Instance]) -> str | None:
    book = price_book()
    priced = [(price, one.name) for one in candidates if (price := _sold(w, component, one.name, book)) is not None]
    return min(priced)[1] if priced else None


def _sold(w: Workload, component: str, name: str, book: PriceBook) -> float | None:
    if w.region not in book.regions():
        return None
    rate = book.find(w.region, component, name)
    return None if rate is None else float(rate.usd)


def types_in_play(w: Workload, component: str) -> tuple[str, ...]:
    """Types that a search looks at: those measured, their families where the model fits, the one to try first.

    Where nothing was measured on an instance, the cheapest usual types that fit stand beside that one. Only what is
    offered and sold in the region; the type to try first is there in any case. Measured ones come first.
    """
    book = price_book()
    measured = measured_types(w)

    def open_to(one: Instance) -> bool:
        return offered(one.name, component) and _sold(w, component, one.name, book) is not None

    def roomy(one: Instance) -> bool:
        return _fits(w, one) and copies_memory_mib(w, w.work_on(one.name)) <= usable_memory_mib(w, one.name)

    found = [name for name in measured if open_to(instance(name))]
    if measured:
        families = dict.fromkeys(instance(name).family for name in measured)
        kin = (one for name in measured if instance(name).family in families for one in siblings(name))
        found += [one.name for one in kin if open_to(one) and roomy(one)]
    else:
        usual = [one for one in instances() if _usual(w, one) and open_to(one) and roomy(one)]
        priced = sorted((_sold(w, component, one.name, book) or 0.0, one.name) for one in usual)
        found += [name for _, name in priced[:_CHEAPEST]]
    return tuple(dict.fromkeys([*found, first_type(w, component)]))
