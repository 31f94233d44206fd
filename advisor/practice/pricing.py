"""The price book as questions read it: looked for once a question, as one question asks it many times."""

from __future__ import annotations

from fractions import Fraction

from advisor.catalog.prices import PriceBook, price_book

__all__ = ["book", "renew", "usd"]


class _Held:
    """The book that was found last, and the prices that were read from it."""

    book: PriceBook | None = None
    prices: dict[str, Fraction] = {}  # noqa: RUF012 - emptied with the book, never shared


def renew() -> PriceBook:
    """Look for the book anew: prices may have been refreshed since."""
    found = price_book()
    if found is not _Held.book:
        _Held.book, _Held.prices = found, {}
    return found


def book() -> PriceBook:
    """The book of the question at hand."""
    return _Held.book or renew()


def usd(key: str) -> Fraction:
    """The price of region/component/meter in USD a unit; `PriceMissing` where there is none."""
    held = book()
    if key not in _Held.prices:
        region, component, meter = key.split("/", 2)
        _Held.prices[key] = Fraction(held.rate(region, component, meter).usd)
    return _Held.prices[key]
