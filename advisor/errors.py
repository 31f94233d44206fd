"""Every error that the package raises on purpose, in one family.

    AdvisorError            what, where, how to mend
    ├── InputError          the user's input is wrong: exit code 2
    │   ├── UnitError       a quantity without a unit, or with a wrong one
    │   ├── UnknownName     a name that the catalog, a profile or a verb does not know
    │   ├── ProfileError    a profile, or a combination's settings, with all problems at once
    │   ├── TraceError      a file of arrivals or measurements that does not read
    │   ├── PriceMissing    a price that is not in the price book
    │   └── RefreshError    the price list could not be fetched or stored
    └── BugError            ours, never the user's: exit code 3

The fields go by position: SimPy and pickle rebuild an error from its ``args``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

# So many like names are looked at for the nearest ones.
_LOOKED_AT = 20

__all__ = [
    "AdvisorError",
    "BugError",
    "InputError",
    "PriceMissing",
    "Problem",
    "ProfileError",
    "RefreshError",
    "TraceError",
    "UnitError",
    "UnknownName",
    "near",
]


class AdvisorError(Exception):
    """An error that says what is wrong, where, and how to mend it."""

    exit_code = 3

    def __init__(self, what: str, where: str = "", mend: str = "") -> None:
        super().__init__(what, where, mend)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        return _told(self.what, self.where, self.mend)

    def _repr_html_(self) -> str:
        import html  # a notebook asks for it, and no command that starts

        return f"<pre>{html.escape(str(self))}</pre>"


class InputError(AdvisorError):
    """The input is wrong; the user can mend it."""

    exit_code = 2


class UnitError(InputError):
    """A quantity does not parse: no unit, an unknown unit, or not a number."""


class UnknownName(InputError):
    """A name that is not known here; near names are proposed."""


class TraceError(InputError):
    """A file of arrivals or measurements that cannot be used as it is."""


class PriceMissing(InputError):
    """The price book holds no such price; it is never taken as zero."""


class RefreshError(InputError):
    """The price list could not be fetched, read or stored."""


class BugError(AdvisorError):
    """A fault of this package, reported as such."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: what, where (file:line), how to mend."""

    what: str
    where: str
    mend: str

    def __str__(self) -> str:
        return _told(self.what, self.where, self.mend)


class ProfileError(InputError):
    """A profile, or a combination's settings, that do not read; ``problems`` holds all that was found, in order."""

    def __init__(self, what: str, where: str = "", mend: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(what, where, mend)
        self.args = (what, where, mend, problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems) or super().__str__()


def near(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """``did you mean ...?`` with the nearest known names, or an empty string where none is near."""
    names = sorted(set(known))
    found = difflib.get_close_matches(name, names, n=_LOOKED_AT, cutoff=0.6)
    if not found:
        folded = {candidate.casefold(): candidate for candidate in names}
        close = difflib.get_close_matches(name.casefold(), folded, n=_LOOKED_AT, cutoff=0.6)
        found = [folded[hit] for hit in close]
    # What begins with the name or has it inside comes first, since it is the name cut short; then the most alike.
    found.sort(key=lambda one: (not one.startswith(name), name not in one))
    return f"did you mean {' or '.join(found[:most])}?" if found else ""


def _told(what: str, where: str, mend: str) -> str:
    head = f"{where}: {what}" if where else what
    return f"{head}\n  to mend: {mend}" if mend else head
