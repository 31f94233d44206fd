"""Quantities with their units: read at the edge, held as plain numbers in base units, printed back.

Durations are seconds, sizes are bytes, memory is MiB, rates are per second, shares and factors are plain
ratios. MB is 10^6 and MiB is 2^20 bytes, except memory, which is binary however it is written: a container
of "4 GB" has 4096 MiB. A month is 730 hours, here and nowhere else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from advisor.errors import UnitError, near

__all__ = [
    "DAY_S",
    "HOURS_PER_MONTH",
    "HOUR_S",
    "MIB",
    "MONTH_S",
    "WEEK_S",
    "count",
    "duration_s",
    "factor",
    "memory_mib",
    "number",
    "rate_per_s",
    "share",
    "show_bytes",
    "show_count",
    "show_duration",
    "show_factor",
    "show_memory",
    "show_rate",
    "show_share",
    "size_bytes",
]

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S
HOURS_PER_MONTH = 730
MONTH_S = HOURS_PER_MONTH * HOUR_S
MIB = 2**20

_LARGEST = 1e18
_NUMBER = re.compile(r"\s*([+-]?(?:\d[\d_,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*?)\s*", re.DOTALL)

_SECONDS: Mapping[str, float] = {
    "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0,
    "h": HOUR_S, "hour": HOUR_S, "day": DAY_S, "d": DAY_S, "week": WEEK_S, "month": MONTH_S, "year": 12 * MONTH_S,
}  # fmt: skip
_BYTES: Mapping[str, int] = {
    "B": 1, "byte": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_MEMORY_MIB: Mapping[str, float] = {
    "KB": 2**-10, "KiB": 2**-10, "MB": 1, "MiB": 1, "GB": 2**10, "GiB": 2**10, "TB": 2**20, "TiB": 2**20,
}  # fmt: skip
_SCALES: Mapping[str, float] = {"": 1, "k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_COUNTED = frozenset(
    {"request", "record", "call", "image", "file", "model", "document", "message", "event", "invocation", "object"}
)


def duration_s(text: object) -> float:
    """ "250 ms", "8 min", "1 h 30 min" as seconds; zero or more.

    >>> duration_s("250 ms")
    0.25
    >>> duration_s("1 h 30 min")
    5400.0
    """
    written = _written(text, "a duration", ("250 ms", "8 min"))
    total, rest, parts = 0.0, written, 0
    while rest:
        head = re.match(r"\s*(\S+?)\s*([^\W\d_]+)\.?\s*", rest)
        if head is None:
            raise _no_unit(written, "a duration", (f"{written} ms", f"{written} s"), _SECONDS)
        value, _ = _split(head.group(1), written, "a duration")
        total += value * _unit(
            head.group(2), _SECONDS, written, "a duration", (f"{head.group(1)} ms", f"{head.group(1)} s")
        )
        rest, parts = rest[head.end() :], parts + 1
        if parts > 4:
            raise UnitError(f"{_quoted(written)} is not a duration", "", 'write a number and a unit, such as "250 ms"')
    return _bounded(total, written, "a duration")


def size_bytes(text: object) -> int:
    """ "6 MB" (10^6) or "6 MiB" (2^20) as whole bytes; zero or more.

    >>> size_bytes("6 MB"), size_bytes("6 MiB")
    (6000000, 6291456)
    """
    written = _written(text, "a size", ("4 KB", "6 MB"))
    value, unit = _split(written, written, "a size")
    scale = _unit(unit, _BYTES, written, "a size", (f"{written} KB", f"{written} MB"))
    return round(_bounded(value * scale, written, "a size"))


def memory_mib(text: object) -> float:
    """ "4 GB" or "4 GiB" of memory as MiB: memory is binary however it is written.

    >>> memory_mib("4 GB"), memory_mib("900 MB")
    (4096.0, 900.0)
    """
    written = _written(text, "a memory size", ("900 MB", "4 GB"))
    value, unit = _split(written, written, "a memory size")
    scale = _unit(unit, _MEMORY_MIB, written, "a memory size", (f"{written} MB", f"{written} GB"))
    return _bounded(value * scale, written, "a memory size")


def rate_per_s(text: object) -> float:
    """ "40 per second", "30 per minute", "12/h", "3 million per day" as events per second.

    >>> rate_per_s("30 per minute")
    0.5
    """
    written = _written(text, "a rate", ("40 per second", "30 per minute"))
    found = re.fullmatch(r"(.+?)\s*(?:/|\bper\b|\ban?\b)\s*([^\W\d_]+)", written, re.DOTALL)
    if found is None:
        raise _no_unit(written, "a rate", (f"{written} per second", f"{written} per minute"), _SECONDS)
    per = _unit(found.group(2), _SECONDS, written, "a rate", ("40 per second", "30 per minute"))
    return _bounded(_counted(found.group(1), written, "a rate") / per, written, "a rate")


def count(text: object) -> int:
    """A whole number of things: 50, "5 million", "120k"; zero or more.

    >>> count("5 million")
    5000000
    """
    written = _written(text, "a count", ("50", "5 million"), bare=True)
    value = _bounded(_counted(written, written, "a count"), written, "a count")
    if value != math.floor(value):
        raise UnitError(
            f"{_quoted(written)} is not a whole number", "", f"write {math.floor(value)} or {math.ceil(value)}"
        )
    return int(value)


def share(text: object) -> float:
    """A share from 0 to 1: "0.1 %" or 0.001.

    >>> share("40 %")
    0.4
    """
    written = _written(text, "a share", ("0.1 %", "0.001"), bare=True)
    value, unit = _split(written, written, "a share")
    if unit not in ("", "%", "percent"):
        raise UnitError(f"{_quoted(written)} is not a share", "", 'write "0.1 %" or 0.001')
    value = value / 100 if unit else value
    if not 0 <= value <= 1:
        raise UnitError(f"{_quoted(written)} is not between 0 and 100 %", "", 'write a share such as "0.1 %" or 0.001')
    return value


def factor(text: object) -> float:
    """A factor: "3x", "3.2 x" or 3.2; zero or more.

    >>> factor("3x")
    3.0
    """
    written = _written(text, "a factor", ("3x", "3.2"), bare=True)
    value, unit = _split(written, written, "a factor")
    if unit not in ("", "x", "X", "×"):
        raise UnitError(f"{_quoted(written)} is not a factor", "", 'write "3x" or 3.2')
    return _bounded(value, written, "a factor")


def number(text: object) -> float:
    """A plain number without a unit, zero or more: 0.4."""
    written = _written(text, "a number", ("0.4", "2"), bare=True)
    value, unit = _split(written, written, "a number")
    if unit:
        raise UnitError(f"{_quoted(written)} is not a plain number", "", f"write {value:g}, without a unit")
    return _bounded(value, written, "a number")


def show_duration(seconds: float) -> str:
    """Seconds in the unit that reads best, to three digits: 0.25 is "250 ms", 5400 is "90 min"."""
    return _shown(
        seconds,
        (
            (1e-3, 1e-6, "us"),
            (1, 1e-3, "ms"),
            (120, 1, "s"),
            (2 * HOUR_S, 60, "min"),
            (2 * DAY_S, HOUR_S, "h"),
            (math.inf, DAY_S, "days"),
        ),
        digits=3,
    )


def show_bytes(size: float) -> str:
    """Bytes in decimal units, or in binary ones where only those are exact: 6000000 is "6 MB", 6291456 is "6 MiB"."""
    for power, unit in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB")):
        if size >= power and size % power == 0 and size % 10**6:
            return f"{size / power:g} {unit}"
    return _shown(size, ((1e3, 1, "B"), (1e6, 1e3, "KB"), (1e9, 1e6, "MB"), (1e12, 1e9, "GB"), (math.inf, 1e12, "TB")))


def show_memory(mib: float) -> str:
    """MiB as memory is spoken of: 4096 is "4 GB", 900 is "900 MB"; binary both."""
    return _shown(mib, ((1024, 1, "MB"), (2**20, 1024, "GB"), (math.inf, 2**20, "TB")))


def show_rate(per_s: float) -> str:
    """A rate in the unit that reads best: 40 is "40 per second", 0.5 is "30 per minute"."""
    if per_s == 0:
        return "0 per second"
    for scale, unit in ((1, "second"), (60, "minute"), (3600, "hour")):
        if per_s * scale >= 1:
            return f"{_digits(per_s * scale)} per {unit}"
    return f"{_digits(per_s * DAY_S)} per day"


def show_count(value: float) -> str:
    """A whole number with thousands apart: 5000000 is "5,000,000"."""
    return f"{value:,.0f}"


def show_share(value: float) -> str:
    """A share as a percentage: 0.001 is "0.1 %"."""
    return f"{_digits(value * 100)} %"


def show_factor(value: float) -> str:
    """A factor: 3 is "3x"."""
    return f"{_digits(value)}x"


def _shown(value: float, steps: tuple[tuple[float, float, str], ...], digits: int = 4) -> str:
    if value == 0:
        return f"0 {'s' if steps[0][2] == 'us' else steps[0][2]}"
    for below, scale, unit in steps:
        # Compared as printed, so that 999.9996 ms reads "1 s" and not "1000 ms".
        if float(f"{value / scale:.{digits}g}") * scale < below:
            return f"{_digits(value / scale, digits)} {unit}"
    return f"{value}"


def _digits(value: float, digits: int = 4) -> str:
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text):,.0f}" if abs(value) >= 1 else text
    return text


def _written(text: object, kind: str, examples: tuple[str, str], *, bare: bool = False) -> str:
    proposals = f'write "{examples[0]}" or "{examples[1]}"'
    if isinstance(text, bool) or text is None or not isinstance(text, str | int | float):
        raise UnitError(f"{_quoted(text)} is not {kind}", "", proposals)
    if isinstance(text, int | float) and not bare:
        shown = f"{text:g}" if isinstance(text, float) else _short_int(text)
        units = [example.split(" ", 1)[1] for example in examples]
        raise UnitError(
            f"{shown} has no unit, and {kind} needs one", "", f'write "{shown} {units[0]}" or "{shown} {units[1]}"'
        )
    if isinstance(text, int):
        return _short_int(text)
    written = str(text).strip()
    if not written or len(written) > 80:
        raise UnitError(f"{_quoted(written)} is not {kind}", "", proposals)
    return written


def _short_int(value: int) -> str:
    # Python refuses to print integers of more than 4300 digits.
    return str(value) if abs(value) < 10**30 else f"{'-' if value < 0 else ''}1e999"


def _split(text: str, whole: str, kind: str) -> tuple[float, str]:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise UnitError(f"{_quoted(whole)} is not {kind}", "", "begin with a number, such as 250")
    return float(found.group(1).replace(",", "").replace("_", "")), found.group(2)


def _unit(unit: str, units: Mapping[str, float], whole: str, kind: str, proposals: tuple[str, str]) -> float:
    if not unit:
        raise _no_unit(whole, kind, proposals, units)
    names = [unit, unit.removesuffix("s")] if len(unit) > 2 else [unit]
    if units is _SECONDS:
        # Only durations fold case: "mb" may mean megabits, so sizes keep theirs.
        names += [name.lower() for name in names]
    for name in names:
        if name in units:
            return units[name]
    hint = near(unit, units) or f"the units are {', '.join(units)}"
    raise UnitError(f"{_quoted(whole)} is not {kind}: {_quoted(unit)} is not a unit of it", "", hint)


def _no_unit(whole: str, kind: str, proposals: tuple[str, str], units: Mapping[str, float]) -> UnitError:
    if _NUMBER.fullmatch(whole) and not whole.strip(" 0123456789.,_+-eE"):
        return UnitError(
            f"{whole} has no unit, and {kind} needs one", "", f'write "{proposals[0]}" or "{proposals[1]}"'
        )
    return UnitError(f"{_quoted(whole)} is not {kind}", "", f"write a number and one of {', '.join(units)}")


def _counted(text: str, whole: str, kind: str) -> float:
    value, rest = _split(text, whole, kind)
    words = rest.lower().split()
    if words and (words[-1].removesuffix("s") in _COUNTED):
        words = words[:-1]
    scale = " ".join(words)
    if scale not in _SCALES:
        raise UnitError(
            f"{_quoted(whole)} is not {kind}",
            "",
            f"write a number, with {', '.join(name for name in _SCALES if name)} behind it if need be",
        )
    return value * _SCALES[scale]


def _bounded(value: float, written: str, kind: str) -> float:
    if not math.isfinite(value) or value > _LARGEST:
        raise UnitError(f"{_quoted(written)} is too large for {kind}", "", "check the number and its unit")
    if value < 0:
        raise UnitError(
            f"{_quoted(written)} is negative, and {kind} cannot be", "", f"write {_quoted(written.lstrip('-'))}"
        )
    return value


def _quoted(value: object) -> str:
    text = (
        value
        if isinstance(value, str)
        else repr(value)
        if not isinstance(value, int) or isinstance(value, bool)
        else _short_int(value)
    )
    text = text if len(text) <= 40 else f"{text[:37]}..."
    return f'"{text}"' if isinstance(value, str) else text
