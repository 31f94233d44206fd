"""What a deployment used: whole granules of each meter, in a window."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Meter", "Usage"]

_HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One line of usage: whole ``granules``, ``per_unit`` of which make one priced unit of (component, meter).

    3600 instance-seconds make one of "Hrs", 1000 ms one "second". ``hourly`` gives the granules of each hour of the
    window (the last may be short), where a commitment needs them. ``assumed`` says why, where the quantity rests on
    an assumption.
    """

    what: str
    component: str
    meter: str
    granules: int
    granule: str
    per_unit: int
    assumed: str = ""
    hourly: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        counts = (self.granules, *(self.hourly or ()))
        if any(type(count) is not int or count < 0 for count in counts):
            raise ValueError(f"{self.what}: granules are whole and not negative, not {self.granules!r}")
        if type(self.per_unit) is not int or self.per_unit < 1:
            raise ValueError(f"{self.what}: {self.per_unit!r} granules make no unit")
        if self.hourly is not None and sum(self.hourly) != self.granules:
            raise ValueError(f"{self.what}: its hours hold {sum(self.hourly)} granules, the whole {self.granules}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used in a window of ``window_s`` seconds (binary fractions of a second are exact)."""

    meters: tuple[Meter, ...]
    window_s: int | float | Fraction

    def __post_init__(self) -> None:
        if not 0 < self.window_s < float("inf"):
            raise ValueError(f"a window of {self.window_s} s")
        for meter in self.meters:
            if meter.hourly is not None and len(meter.hourly) != self.hours:
                raise ValueError(f"{meter.what}: {len(meter.hourly)} hours in a window of {self.hours}")

    @property
    def hours(self) -> int:
        """Hours of the window, the last may be short."""
        return -(-Fraction(self.window_s) // _HOUR_S)
