"""How figures are shown in options: sizes, durations, counts, shares and money, each with its unit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from advisor.practice.arithmetic import number
from advisor.units import show_duration, show_share

__all__ = ["gigabytes", "megabytes", "money", "per", "seconds", "share", "whole"]


def whole(noun: str) -> Callable[[Fraction], str]:
    """A count with its noun: "1 instance", "3 instances"."""

    def shown(value: Fraction) -> str:
        many = noun[:-1] + "ies" if noun.endswith("y") else f"{noun}s"
        return f"{number(value)} {noun if value == 1 else many}"

    return shown


def per(unit: str) -> Callable[[Fraction], str]:
    """A figure with a unit behind it: "120 a minute"."""
    return lambda value: f"{number(value)} {unit}"


def seconds(value: Fraction) -> str:
    """A duration in the unit that reads best: "90 s", "15 min"; whole seconds are not rounded away."""
    whole_seconds = value.denominator == 1
    if whole_seconds and 120 <= value < 86400 and value % 60:
        minutes, rest = divmod(int(value), 60)
        hours, minutes = divmod(minutes, 60)
        parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest)
        return " ".join(parts)
    return show_duration(float(value))


def megabytes(value: Fraction) -> str:
    """A number of MB."""
    return f"{number(value)} MB"


def gigabytes(value: Fraction) -> str:
    """A number of GB."""
    return f"{number(value)} GB"


def money(value: Fraction) -> str:
    """An amount in USD, to the cent, or to two digits where it is smaller than a cent."""
    if 0 < value < Fraction(1, 100):
        return f"USD {float(value):.2g}"
    return f"USD {float(value):,.2f}"


def share(value: Fraction) -> str:
    """A share as a percentage."""
    return show_share(float(value))
