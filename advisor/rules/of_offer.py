"""Factories of rules about what can be had: the types that the API lists, the regions whose price list names them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import Instance, enumerated, instance, instances, offered
from advisor.catalog.prices import price_book
from advisor.errors import near
from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import BURSTABLE, has_accelerator
from advisor.rules.finding import BLOCKS, WARNS, Ill
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.rules.of_instance import OnInstances

__all__ = ["family_offered", "region_priced", "sold_in_region"]

_WHERE = "deployment.instance_type"
_BOOK = "AWS price list, as packaged, 2026"


def family_offered(rule_id: str, component: str, what: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """The API lists types by kind of endpoint or job; ``what`` is the kind, as in "a batch transform job"."""

    def body(_: Workload, d: OnInstances) -> Ill | None:
        if offered(d.instance_type, component):
            return None
        alike = _alike(d.instance_type, component)
        return Ill(
            f"{d.instance_type} is not offered for {what}",
            mend=f"take one that is, such as {' or '.join(alike[:3])}",
        )

    date, source = enumerated()
    body.__doc__ = f"""The API takes only the instance types that it lists for {what}.

    The lists differ: the longest is that of endpoints; batch transform knows no Graviton and few of the newest
    accelerators. A type newer than {date} may be missing here."""
    return rule(rule_id, BLOCKS, where=_WHERE, source=source, passes_set=passes_set, fails_set=fails_set)(body)


def sold_in_region(
    rule_id: str, component: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """The region's price list names the type."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        book = price_book()
        if w.region not in book.regions() or not offered(d.instance_type, component):
            return None
        if book.find(w.region, component, d.instance_type) is not None:
            return None
        alike = [name for name in _alike(d.instance_type, component) if book.find(w.region, component, name)]
        mend = f"take one that is, such as {' or '.join(alike[:3])}" if alike else "take another region"
        return Ill(
            f"{d.instance_type} is not in the price list of {w.region}",
            mend=f"{mend}; advisor prices show --region {w.region} lists them",
        )

    body.__doc__ = """A type that the region's price list does not name is not sold there.

    Not every type is sold in every region. For asynchronous endpoints
    and batch jobs the Hosting price of the same type stands in where theirs is not listed."""
    return rule(
        rule_id,
        BLOCKS,
        where=_WHERE,
        source=_BOOK,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def region_priced(
    rule_id: str,
    *,
    what: str = "",
    passes: str = "region: us-east-1",
    fails: str = "region: cn-north-1",
    unless: str = "-none-",
) -> Rule[Any]:
    """A region of which the book has nothing; ``what`` is the kind of endpoint, as in "a batch transform job".

    Silent in regions that begin with ``unless``, of which another rule knows more.
    """

    def body(w: Workload, _: object) -> Ill | None:
        known = price_book().regions()
        if w.region in known or w.region.startswith(unless):
            return None
        meant = near(w.region, known)
        return Ill(
            f"the price book has no prices of {w.region}: whether {what or 'the type'} can be had there is unknown, "
            "and what it costs",
            mend=f"{f'{meant} Else ' if meant else ''}run advisor prices refresh --region {w.region}, "
            "or take a region that advisor prices show lists",
        )

    body.__doc__ = """The price book has prices of some regions only.

    It tells what is sold where. Of a region that it does not know, such as a new one or those of China, which AWS
    prices apart, it can say neither."""
    return rule(rule_id, WARNS, where="region", source=_BOOK, passes=passes, fails=fails)(body)


def _alike(name: str, component: str) -> list[str]:
    """Types offered for a component, those most like one type first: kind, architecture, vCPU, memory."""
    own = instance(name)
    listed = [
        one for one in instances() if offered(one.name, component) and one.name != name and one.vcpu and one.memory_mib
    ]
    listed = [one for one in listed if has_accelerator(one) == has_accelerator(own) and one.family not in BURSTABLE]

    def unlike(one: Instance) -> tuple[bool, float]:
        sizes = ((one.vcpu, own.vcpu or 1), (one.memory_mib, own.memory_mib or 1))
        return (one.arch != own.arch, sum(abs(math.log(there / here)) for there, here in sizes))

    return [one.name for one in sorted(listed, key=unlike)]
