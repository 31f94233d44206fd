"""How quantities are written, as regular expressions for editors: made of the very units that reading knows.

They are in the dialect of JSON Schema, which has no switch for upper and lower case. What matches reads; only figures
out of all bounds ("99999999999 years") match and are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from advisor import units

__all__ = ["COUNT", "DURATION", "FACTOR", "GROWTH", "MEMORY", "NUMBER", "RATE", "SHARE", "SIZE", "folded", "whole"]


def _case(text: str) -> str:
    return "".join(f"[{one}{one.upper()}]" if one.isascii() and one.isalpha() else one for one in text)


def folded(words: Iterable[str]) -> str:
    """Any of these words, in upper or lower case; a plural in s is told by its singular."""
    held = list(words)
    singular = [word for word in held if not (word.endswith("s") and word[:-1] in held)]
    parts = [_case(word) + ("[sS]?" if f"{word}s" in held else "") for word in singular]
    return f"(?:{'|'.join(sorted(parts, key=len, reverse=True))})"


def whole(form: str, *, above_zero: bool = False) -> str:
    """The form as a whole value, blanks around it; ``above_zero`` refuses what says nothing but zero."""
    zero = r"(?! *\+?[0.][0_,.]*(?:[eE][+-]?[0-9]+)?[^0-9.]*(?:[0.][0_,.]*[^0-9.]+)*$)" if above_zero else ""
    return f"^{zero} *{form} *$"


_WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9][0-9_]*)"
_SCALES = (("", 0), ("k", 3), ("thousand", 3), ("million", 6), ("billion", 9))
_TIME = folded(units.SECONDS)
_THING = folded(units.THINGS)
_SCALE = folded(units.SCALES)

NUMBER = rf"\+?{units.NUMBER}(?:[eE][+-]?[0-9]{{1,2}})?"
DURATION = rf"{NUMBER} *{_TIME}(?: *{units.NUMBER} *{_TIME}){{0,3}}"
SIZE = rf"{NUMBER} *(?:{'|'.join(map(re.escape, units.BYTES))})"
MEMORY = rf"{NUMBER} *(?:{'|'.join(units.MEMORY_MIB)})"
_PER = "(?: */ *| +(?:per|PER|Per|an?) +)"
RATE = rf"{NUMBER} *(?:(?:{_SCALE}(?: +{_THING})?|{_THING})?{_PER}{_TIME}|(?:{_SCALE} +)?{folded(units.SPOKEN_RATES)})"
COUNT = (
    "(?:"
    + "|".join(
        rf"\+?{_WHOLE}"
        + (rf"(?:\.[0-9]{{0,{digits}}})? *{_case(scale)}(?: +{_THING})?" if scale else rf"(?: *{_THING})?")
        for scale, digits in _SCALES
    )
    + ")"
)
SHARE = r"(?:\+?(?:0*[0-9]{1,2}(?:\.[0-9]*)?|\.[0-9]+|0*100(?:\.0*)?) *(?:%|percent)|\+?0+(?:\.0*)?)"
FACTOR = rf"{NUMBER} *[xX×]?"
GROWTH = rf"{DURATION}{_PER}(?:KB|kB|MB|MiB|GB)"
