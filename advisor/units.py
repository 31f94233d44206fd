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
    "BYTES", "DAY_S", "HOURS_PER_MONTH", "HOUR_S", "MEMORY_MIB", "MIB", "MONTH_S", "NUMBER", "SCALES", "SECONDS",
    "SPOKEN_RATES", "THINGS", "WEEK_S", "count", "duration_s", "factor", "memory_mib", "number", "rate_per_s", "share",
    "show_bytes", "show_count", "show_duration", "show_factor", "show_memory", "show_number", "show_rate", "show_share",
    "size_bytes",
]  # fmt: skip

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S
HOURS_PER_MONTH = 730
MONTH_S = HOURS_PER_MONTH * HOUR_S
MIB = 2**20

NUMBER = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9][0-9_]*)(?:\.[0-9]*)?|\.[0-9]+)"

_LARGEST = 1e18
_SIGNED = rf"[+-]?{NUMBER}(?:[eE][+-]?[0-9]{{1,3}})?"
_SPLIT = re.compile(rf"\s*({_SIGNED})\s*(.*?)\s*", re.DOTALL)
_PART = re.compile(rf"\s*({_SIGNED})\s*([^\W\d_]+)\s*")
_MOST_PARTS = 4
_RATE = re.compile(r"(.+?)\s*(?:/|\bper\b|\ban?\b)\s*([^\W\d_]+)", re.DOTALL | re.IGNORECASE)


def _plurals(units: Mapping[str, float], alone: tuple[str, ...]) -> Mapping[str, float]:
    return {**units, **{f"{name}s": scale for name, scale in units.items() if name not in alone}}


# Read in any case; sizes are not, for "mb" may mean megabits.
SECONDS: Mapping[str, float] = _plurals(
    {
        "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "usec": 1e-6, "microsecond": 1e-6, "ms": 1e-3, "msec": 1e-3,
        "millisecond": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": HOUR_S,
        "hr": HOUR_S, "hour": HOUR_S, "d": DAY_S, "day": DAY_S, "week": WEEK_S, "month": MONTH_S, "year": 12 * MONTH_S,
    },
    alone=("us", "µs", "μs", "ms", "s", "h", "d"),
)  # fmt: skip
BYTES: Mapping[str, float] = {
    "B": 1, "byte": 1, "bytes": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
MEMORY_MIB: Mapping[str, float] = {
    "KB": 2**-10, "KiB": 2**-10, "MB": 1, "MiB": 1, "GB": 2**10, "GiB": 2**10, "TB": 2**20, "TiB": 2**20,
}  # fmt: skip
# Rates said in one word, by the seconds that they count over.
SPOKEN_RATES: Mapping[str, float] = {"rps": 1, "qps": 1, "rpm": 60, "qpm": 60, "rph": HOUR_S, "rpd": DAY_S}
SCALES: Mapping[str, float] = {"k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9}
THINGS: Mapping[str, float] = _plurals(
    dict.fromkeys(
        (
            "request", "req", "record", "call", "query", "queries", "image", "file", "model", "document", "message",
            "event", "invocation", "inference", "prediction", "object", "item", "row",
        ),
        1.0,
    ),
    alone=("query", "queries"),
)  # fmt: skip
_MILLIONS = ("m", "mn", "mio", "mil", "mln")
_TIMES = "us, ms, s, min, h, day, week, month or year"


def duration_s(text: object) -> float:
    """ "250 ms", "8 min", "1 h 30 min" as seconds; zero or more.

    >>> duration_s("250 ms")
    0.25
    >>> duration_s("1 h 30 min")
    5400.0
    """
    written = _written(text, "a duration", ("250 ms", "8 min"))
    total, at, parts = 0.0, 0, 0
    while at < len(written) or not parts:
        found = _PART.match(written, at)
        if found is None or parts == _MOST_PARTS:
            raise _no_duration(written)
        total += _number(found[1]) * _seconds(found[2], found[1], written)
        at, parts = found.end(), parts + 1
        if found[1].startswith("-"):
            return _bounded(-1.0, written, "a duration")
    return _bounded(total, written, "a duration")


def size_bytes(text: object) -> int:
    """ "6 MB" (10^6) or "6 MiB" (2^20) as whole bytes; zero or more.

    >>> size_bytes("6 MB"), size_bytes("6 MiB")
    (6000000, 6291456)
    """
    written = _written(text, "a size", ("4 KB", "6 MB"))
    value, unit = _split(written, "a size")
    scale = _unit(unit, BYTES, written, "a size", (f"{written} KB", f"{written} MB"))
    return round(_bounded(value * scale, written, "a size"))


def memory_mib(text: object) -> float:
    """ "4 GB" or "4 GiB" of memory as MiB: memory is binary however it is written.

    >>> memory_mib("4 GB"), memory_mib("900 MB")
    (4096.0, 900.0)
    """
    written = _written(text, "a memory size", ("900 MB", "4 GB"))
    value, unit = _split(written, "a memory size")
    scale = _unit(unit, MEMORY_MIB, written, "a memory size", (f"{written} MB", f"{written} GB"))
    return _bounded(value * scale, written, "a memory size")


def rate_per_s(text: object) -> float:
    """ "40 per second", "30 requests a minute", "12/h", "3 rps", "3 million per day" as events per second.

    >>> rate_per_s("30 per minute"), rate_per_s("180 rpm")
    (0.5, 3.0)
    """
    written = _written(text, "a rate", ("40 per second", "30 per minute"))
    found = _RATE.fullmatch(written)
    if found is not None:
        amount, per = _amount(found[1]), SECONDS.get(found[2].lower())
        if amount is not None and per is None:
            raise _no_rate(written, found[1], found[2])
    else:
        spoken = next((word for word in SPOKEN_RATES if written.lower().endswith(word)), "")
        amount, per = _amount(written[: -len(spoken)]) if spoken else None, SPOKEN_RATES.get(spoken)
    if amount is None or per is None:
        raise _no_rate(written)
    return _bounded(amount / per, written, "a rate")


def count(text: object) -> int:
    """A whole number of things: 50, "5 million", "120k"; zero or more.

    >>> count("5 million")
    5000000
    """
    written = _written(text, "a count", ("50", "5 million"), bare=True)
    amount = _amount(written)
    if amount is None:
        raise _no_count(written)
    value = _bounded(amount, written, "a count")
    if abs(value - round(value)) > 1e-9 * value:
        mend = f"write {math.floor(value)} or {math.ceil(value)}"
        raise UnitError(f"{_quoted(written)} is not a whole number", "", mend)
    return round(value)


def share(text: object, *, bare: bool = False) -> float:
    """A share from 0 to 1: "0.1 %". A number without the sign is refused, unless ``bare``: 1 could mean 1 or 100 %.

    >>> share("40 %")
    0.4
    """
    written = _written(text, "a share", ("0.1 %", "40 %"), bare=True)
    value, unit = _split(written, "a share")
    if unit not in ("", "%", "percent"):
        raise UnitError(f"{_quoted(written)} is not a share", "", 'write "0.1 %" or "40 %"')
    if not unit and not bare and value > 0:
        raise UnitError(f"{written} has no unit, and a share needs one", "", _share_mend(value))
    value = value / 100 if unit else value
    if not 0 <= value <= 1:
        raise UnitError(f"{_quoted(written)} is not between 0 and 100 %", "", 'write a share such as "0.1 %"')
    return value


def factor(text: object) -> float:
    """A factor: "3x", "3.2 x" or 3.2; zero or more.

    >>> factor("3x")
    3.0
    """
    written = _written(text, "a factor", ("3x", "3.2"), bare=True)
    value, unit = _split(written, "a factor")
    if unit not in ("", "x", "X", "×"):
        raise UnitError(f"{_quoted(written)} is not a factor", "", 'write "3x" or 3.2')
    return _bounded(value, written, "a factor")


def number(text: object) -> float:
    """A plain number without a unit, zero or more: 0.4."""
    written = _written(text, "a number", ("0.4", "2"), bare=True)
    value, unit = _split(written, "a number")
    if unit:
        raise UnitError(f"{_quoted(written)} is not a plain number", "", f"write {value:g}, without a unit")
    return _bounded(value, written, "a number")


def show_duration(seconds: float) -> str:
    """Seconds in the unit that reads best, to three digits: 0.25 is "250 ms", 5400 is "90 min"."""
    steps = ((1e-3, 1e-6, "us"), (1, 1e-3, "ms"), (120, 1, "s"), (2 * HOUR_S, 60, "min"), (2 * DAY_S, HOUR_S, "h"))
    return _shown(seconds, (*steps, (math.inf, DAY_S, "days")), exact=3)


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
        if per_s * scale >= 1 - 1e-9:
            return f"{show_number(per_s * scale)} per {unit}"
    return f"{show_number(per_s * DAY_S)} per day"


def show_count(value: float) -> str:
    """A whole number with thousands apart: 5000000 is "5,000,000"."""
    return f"{value:,.0f}"


def show_share(value: float) -> str:
    """A share as a percentage: 0.99987 is "99.987 %" and not "100 %", one in millions is written out: "0.0000173 %"."""
    lacks = 100 - value * 100
    if 0 < lacks < 0.05:
        return f"{round(value * 100, min(12, 1 - math.floor(math.log10(lacks)))):.15g} %"
    if 1e-11 < value < 1e-6:
        return f"{value * 100:.{2 - math.floor(math.log10(value * 100))}f}".rstrip("0") + " %"
    return f"{show_number(value * 100)} %"


def show_factor(value: float) -> str:
    """A factor: 3 is "3x"."""
    return f"{show_number(value)}x"


def show_number(value: float) -> str:
    """Three digits that count; whole numbers keep all of theirs up to 9999.

    >>> show_number(3.837), show_number(1234), show_number(1234.5), show_number(45678)
    ('3.84', '1234', '1230', '45,700')
    """
    size = abs(value)
    if size < 9999.5 and abs(value - round(value)) <= 1e-9 * size:
        return f"{round(value)}"
    text = f"{value:.3g}"
    if "e" not in text or size < 1 or not math.isfinite(value):
        return text
    return f"{float(text):,.0f}" if abs(float(text)) >= 1e4 else f"{float(text):.0f}"


def _shown(value: float, steps: tuple[tuple[float, float, str], ...], exact: int = 4) -> str:
    if value == 0:
        return f"0 {'s' if steps[0][2] == 'us' else steps[0][2]}"
    for below, scale, unit in steps:
        # Compared as printed, so that 999.9996 ms reads "1 s" and not "1000 ms".
        text = f"{value / scale:.{exact}g}"
        if float(text) * scale != value:
            text = f"{value / scale:.3g}"
        if float(text) * scale < below:
            return f"{float(text):,.0f} {unit}" if "e" in text and value >= scale else f"{text} {unit}"
    return f"{value}"


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


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))


def _split(text: str, kind: str) -> tuple[float, str]:
    found = _SPLIT.fullmatch(text)
    if found is None:
        raise UnitError(f"{_quoted(text)} is not {kind}", "", "begin with a number, such as 250")
    if found[2].startswith((",", ".", "_")):
        raise UnitError(f"{_quoted(text)} is not {kind}", "", _comma(text) or "write the number with one point")
    return _number(found[1]), found[2]


def _comma(text: str) -> str:
    found = re.match(r"\s*[+-]?[0-9]+,[0-9]", text)
    return f'write "{text.replace(",", ".", 1)}": the point parts decimals, commas part thousands' if found else ""


def _unit(unit: str, units: Mapping[str, float], whole: str, kind: str, proposals: tuple[str, str]) -> float:
    if not unit:
        raise UnitError(f"{whole} has no unit, and {kind} needs one", "", f'write "{proposals[0]}" or "{proposals[1]}"')
    if unit in units:
        return units[unit]
    hint = near(unit, units) or f"the units are {', '.join(units)}"
    raise UnitError(f"{_quoted(whole)} is not {kind}: {_quoted(unit)} is not a unit of it", "", hint)


def _seconds(unit: str, number: str, whole: str) -> float:
    name = unit.lower()
    if name in SECONDS:
        return SECONDS[name]
    if name == "m":
        what = f"{_quoted(whole)} is not a duration: m could be minutes or months"
        raise UnitError(what, "", f'write "{number} min", or "{number} month" if that is meant')
    # A unit that begins with another letter is a thousand times off sooner than it is a slip of the pen.
    hint = near(name, [known for known in SECONDS if known[0] == name[0]]) or f"the units are {_TIMES}"
    raise UnitError(f"{_quoted(whole)} is not a duration: {_quoted(unit)} is not a unit of it", "", hint)


def _no_duration(written: str) -> UnitError:
    if re.fullmatch(_SIGNED, written):
        mend = f'write "{written} ms" or "{written} s"'
        return UnitError(f"{written} has no unit, and a duration needs one", "", mend)
    mend = _comma(written) or f"write a number and one of {_TIMES}"
    return UnitError(f"{_quoted(written)} is not a duration", "", mend)


def _no_rate(written: str, amount: str = "", per: str = "") -> UnitError:
    number = re.match(_SIGNED, written)
    figure = amount or (number[0] if number is not None else "40")
    mend = f'write "{figure} per second" or "{figure} per minute"'
    if number is not None and number[0] == written:
        return UnitError(f"{written} has no unit, and a rate needs one", "", mend)
    if per.lower() == "m":
        mend = f'write "{figure} per minute", or "{figure} per month" if that is meant'
        return UnitError(f"{_quoted(written)} is not a rate: m could be minutes or months", "", mend)
    why = f": {_quoted(per)} is not a unit of time" if per else ""
    return UnitError(f"{_quoted(written)} is not a rate{why}", "", _comma(written) or mend)


def _no_count(written: str) -> UnitError:
    found = _SPLIT.fullmatch(written)
    if found is None:
        return UnitError(f"{_quoted(written)} is not a count", "", "begin with a number, such as 50")
    scale = (found[2].lower().split() or [""])[0]
    if scale in _MILLIONS:
        what = f"{_quoted(written)} is not a count: {scale} could be thousands or millions"
        return UnitError(what, "", f'write "{found[1]} million", or "{found[1]} thousand" if that is meant')
    mend = f"write a number, with {', '.join(SCALES)} behind it if need be"
    return UnitError(f"{_quoted(written)} is not a count", "", _comma(written) or mend)


def _amount(text: str) -> float | None:
    found = _SPLIT.fullmatch(text)
    if found is None:
        return None
    words = found[2].lower().split()
    if words and words[-1] in THINGS:
        words = words[:-1]
    scale = {"": 1.0, **SCALES}.get(" ".join(words))
    return None if scale is None else _number(found[1]) * scale


def _share_mend(value: float) -> str:
    if value > 100:
        return 'write a share such as "0.1 %"'
    return f'write "{value:g} %"' + (f' or "{value * 100:g} %"' if value <= 1 else "")


def _bounded(value: float, written: str, kind: str) -> float:
    if not math.isfinite(value) or value > _LARGEST:
        raise UnitError(f"{_quoted(written)} is too large for {kind}", "", "check the number and its unit")
    if value < 0:
        mend = f"write {_quoted(written.lstrip('-'))}"
        raise UnitError(f"{_quoted(written)} is negative, and {kind} cannot be", "", mend)
    return value


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else _short_int(value) if type(value) is int else repr(value)
    text = text if len(text) <= 40 else f"{text[:37]}..."
    return f'"{text}"' if isinstance(value, str) else text
