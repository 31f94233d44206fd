"""One price of AWS: what it is of (Sku), how it runs with the quantity (Tier), where it comes from (Rate)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

__all__ = ["Quantity", "Rate", "Sku", "Tier", "as_decimal", "plain", "usd"]

Quantity = int | Decimal | Fraction

_PLACES = 12
_USD = re.compile(r"\d{1,12}(\.\d{1,20})?([eE][+-]?\d{1,2})?")


def usd(text: object) -> Decimal:
    """A price or a quantity from the decimal string of a price list; zero or more, never a float.

    >>> usd("0.2300000000")
    Decimal('0.23')
    """
    if not isinstance(text, str):
        raise ValueError(f"{str(text)[:40]!r} is not a decimal string")
    if not _USD.fullmatch(text):
        raise ValueError(f'"{text[:40]}" is not a decimal number')
    return Decimal(plain(Decimal(text)))


def plain(value: Decimal) -> str:
    """A decimal in full, without an exponent and without trailing zeros: 0.0000200000 is "0.00002"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_decimal(value: Fraction) -> Decimal:
    """A fraction as a decimal: exactly where it ends within 30 places, else cut at 12 (half to even)."""
    for places in (_PLACES, 30):
        scaled = value * 10**places
        if scaled.denominator == 1:
            return _at(scaled.numerator, places)
    return _at(round(value * 10**_PLACES), _PLACES)


def _at(digits: int, places: int) -> Decimal:
    # Built from its digits: the context of decimal arithmetic would cut at 28.
    return Decimal(plain(Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), -places))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """What a price is of: a meter (an instance type, a memory size, a direction) of a component in a region."""

    region: str
    component: str
    meter: str

    def __str__(self) -> str:
        return f"{self.region}/{self.component}/{self.meter}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A price per unit for the month's quantity from ``start`` up to ``end`` (``None``: without end)."""

    start: Decimal
    end: Decimal | None
    usd: Decimal

    def within(self, quantity: Fraction) -> Fraction:
        """How much of the quantity lies in this tier."""
        top = quantity if self.end is None else min(quantity, Fraction(self.end))
        return max(Fraction(0), top - Fraction(self.start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A price with its tiers, unit, date and basis; ``assumed`` is empty where it is listed, else says why it is taken.

    A free allowance is a first tier at 0. ``as_of`` is the date as known: "2026-09-22", or only "2023-12".
    """

    sku: Sku
    unit: str
    tiers: tuple[Tier, ...]
    as_of: str
    basis: str
    assumed: str = ""

    @property
    def usd(self) -> Decimal:
        """USD per unit at the first tier that costs anything."""
        return next((tier.usd for tier in self.tiers if tier.usd), Decimal(0))

    @property
    def allowance(self) -> Decimal:
        """The units of a month that are free, 0 without a free tier."""
        free = Decimal(0)
        for tier in self.tiers:
            if tier.usd or tier.end is None:
                break
            free = tier.end
        return free

    def parts(self, quantity: Quantity, after: Quantity = 0) -> Iterator[tuple[Fraction, Decimal]]:
        """A quantity cut at the tiers, as (quantity, USD per unit), without empty parts.

        ``after`` is what the month has already used of the same rate.
        """
        start, end = Fraction(after), Fraction(after) + Fraction(quantity)
        if start < 0 or end < start:
            raise ValueError(f"a quantity of {quantity} after {after} is negative")
        for tier in self.tiers:
            if part := tier.within(end) - tier.within(start):
                yield part, tier.usd

    def cost(self, quantity: Quantity) -> Fraction:
        """USD of a month's quantity over the tiers, exactly."""
        return sum((part * Fraction(price) for part, price in self.parts(quantity)), Fraction(0))

    def without_allowance(self) -> Rate:
        """The same rate for who has no free tier: the free units cost what the next tier costs."""
        free = self.allowance
        if not free:
            return self
        paid = tuple(tier for tier in self.tiers if tier.start >= free)
        return replace(self, tiers=(replace(paid[0], start=Decimal(0)), *paid[1:]))

    def to_json(self) -> dict[str, object]:
        """Names and decimal strings, as ``advisor prices show --json`` prints them."""
        return {
            "region": self.sku.region,
            "component": self.sku.component,
            "meter": self.sku.meter,
            "unit": self.unit,
            "usd": plain(self.usd),
            "tiers": [
                {
                    "start": plain(tier.start),
                    "end": None if tier.end is None else plain(tier.end),
                    "usd": plain(tier.usd),
                }
                for tier in self.tiers
            ],
            "as_of": self.as_of,
            "basis": self.basis,
            "assumed": self.assumed,
        }
