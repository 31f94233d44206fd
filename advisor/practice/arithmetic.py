"""Sums in words: a formula over the figures of a question, the catalog's limits and the price book.

    Sum.of("ceil(rate * seconds / {serverless.max_concurrency_max})", rate=40, seconds=1.5).value

``{key}`` is a limit in base units (seconds, bytes, MiB of memory), ``{key:MB}`` the same in that unit, ``{a/b/c}`` the
price of region, component and meter. All arithmetic is exact, in fractions; a limit that changes, changes the value.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from advisor.catalog.assumptions import assumption
from advisor.catalog.limits import find_limit
from advisor.errors import BugError
from advisor.practice.pricing import usd

__all__ = ["Given", "Sum", "exact", "number"]

Given = int | float | str | Fraction

_FIGURE = re.compile(r"\{([^{}/:]+(?=[:}])|[^{}]*/[^{}]*)(?::([A-Za-z]+))?\}")
_PER: Mapping[str, int] = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "min": 60, "h": 3600, "days": 86400, "GiB": 1024}
_CALLS: Mapping[str, Callable[..., int | Fraction]] = {"ceil": math.ceil, "floor": math.floor, "min": min, "max": max}
_SPOKEN = {"ceil": "round up", "floor": "round down", "min": "least of", "max": "greatest of"}


def exact(value: Given) -> Fraction:
    """A number as it is written: 0.1 is a tenth."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


def number(value: Fraction) -> str:
    """A fraction as people write it: whole, or with at most six digits that count."""
    if value.denominator == 1:
        return f"{value.numerator:,}" if abs(value) >= 10_000 else f"{value.numerator}"
    text = f"{float(value):.6g}"
    return f"{float(value):.8f}".rstrip("0") if "e" in text else text


@dataclass(frozen=True, slots=True)
class Sum:
    """A formula and the figures that a question gives it by name."""

    formula: str
    givens: tuple[tuple[str, Fraction], ...]

    @classmethod
    def of(cls, formula: str, **givens: Given) -> Sum:
        """A formula with its figures: ``Sum.of("a * b", a=3, b="0.5")``."""
        return cls(formula, tuple((name, exact(value)) for name, value in givens.items()))

    @property
    def value(self) -> Fraction:
        """What it comes to today."""
        tree, figures = _parsed(self.formula)
        names = {**dict(self.givens), **{f"_{at}": _figure(*one) for at, one in enumerate(figures)}}
        return _worth(tree, names, self.formula)

    @property
    def keys(self) -> tuple[str, ...]:
        """The limits and assumptions that it reads."""
        return tuple(dict.fromkeys(key for key, _ in _parsed(self.formula)[1] if "/" not in key))

    @property
    def prices(self) -> tuple[str, ...]:
        """The prices that it reads, as region/component/meter."""
        return tuple(dict.fromkeys(key for key, _ in _parsed(self.formula)[1] if "/" in key))

    @property
    def told(self) -> str:
        """The sum with its figures: "round up (40 × 1.5) = 60"."""
        figures = iter(_parsed(self.formula)[1])
        text = _FIGURE.sub(lambda _: number(_figure(*next(figures))), self.formula)
        for name, given in self.givens:
            text = re.sub(rf"\b{name}\b", number(given), text)
        for call, spoken in _SPOKEN.items():
            text = text.replace(f"{call}(", f"{spoken} (")
        worth = number(self.value)
        return worth if text == worth else f"{text.replace('*', '×')} = {worth}"


@lru_cache(maxsize=1024)
def _parsed(formula: str) -> tuple[ast.expr, tuple[tuple[str, str], ...]]:
    figures: list[tuple[str, str]] = []

    def named(found: re.Match[str]) -> str:
        figures.append((found[1], found[2] or ""))
        return f"_{len(figures) - 1}"

    return ast.parse(_FIGURE.sub(named, formula), mode="eval").body, tuple(figures)


def _figure(key: str, unit: str) -> Fraction:
    if "/" in key:
        return usd(key)
    held = find_limit(key)
    base = exact(held.base) if held is not None else exact(assumption(key).base)
    return base / _PER[unit] if unit else base


def _worth(node: ast.expr, names: Mapping[str, Fraction], formula: str) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return exact(node.value)
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.BinOp):
        left, right = _worth(node.left, names, formula), _worth(node.right, names, formula)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        return Fraction(_CALLS[node.func.id](*(_worth(part, names, formula) for part in node.args)))
    raise BugError(f'"{formula}" is no sum that practice can do', "", "use + - * / ceil floor min max, and known names")
