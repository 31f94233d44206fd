"""Money: what a deployment used (Meter, Usage), what it is bought with (PurchaseOptions), what it costs (Bill).

Granules are whole numbers, rates are Decimal, sums are exact; nothing is rounded on the way. A usage of any
window is scaled to a month of 730 hours, tiers and free allowances are by the month, and a line of the bill is
one quantity at one rate. Quantities and amounts that do not end as decimals (a month is not a whole number of
30-day windows) are cut at 12 places line by line, and the total is the sum of the lines as cut: the lines of a
bill sum to its total exactly.

A Savings Plan gives a lower rate for a commitment in USD per hour, paid whether it is used or not. It works hour by
hour: in each hour the covered meters are taken at plan rates, the largest saving first, until the commitment is
spent, and what is left is paid on demand (AWS Savings Plans, user guide, 2026). Without a stated
commitment the plan is taken to fit: a share of each covered meter is at plan rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from advisor.catalog.prices import PriceBook, Rate
from advisor.catalog.rates import as_decimal, plain
from advisor.errors import InputError, near
from advisor.show import Table
from advisor.units import HOURS_PER_MONTH

if TYPE_CHECKING:
    from advisor.workload.demand import Purchase

__all__ = ["Bill", "Line", "Meter", "PurchaseOptions", "SavingsPlan", "Usage", "bill", "together"]

_HOUR_S = 3600
_MONTH_S = HOURS_PER_MONTH * _HOUR_S

# What a Savings Plan could cover of each pattern.
_INSTANCES_OF = {
    "real-time": "Hosting",
    "multi-model": "Hosting",
    "asynchronous": "AsyncInf",
    "batch-transform": "BatchTransform",
    "serverless": "ServerlessInf",
    "training": "Training",
    "processing": "Processing",
}
_COVERED = ("Hosting", "BatchTransform", "Training", "Processing", "AsyncInf")
# Components whose cover is not stated by AWS: covered only by assumption.
_COVER_ASSUMED = ("AsyncInf", "ServerlessInf")
# Free tier: the limit's key (in priced units), the component, the types (any where empty).
_FREE = (
    ("free_tier.serverless", "ServerlessInf", ()),
    ("free_tier.realtime", "Hosting", ("ml.m4.xlarge", "ml.m5.xlarge")),
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsPlan:
    """A Savings Plan: plan rates by a ``discount`` (0.4 is 40 % off), or stated in ``rates``.

    ``rates`` is USD per unit by meter ("ml.m5.xlarge") or by component and meter ("BatchTransform/ml.m5.xlarge").

    ``covers`` names components: AWS lists real-time inference, batch transform, training and processing; asynchronous
    is assumed covered and serverless not (AWS's pages do not say). ``commitment_usd_per_h`` is what is committed and
    paid; without it ``share`` of each covered meter is at plan rates and the commitment is taken to fit it.
    """

    discount: Decimal = Decimal(0)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    covers: frozenset[str] = frozenset(_COVERED)
    commitment_usd_per_h: Decimal | None = None
    share: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        for name, value in (("discount", self.discount), ("share", self.share)):
            if not 0 <= value <= 1:
                raise InputError(f"a {name} of {value} is not between 0 and 1", "savings plan", "write one such as 0.4")
        if self.commitment_usd_per_h is not None and self.commitment_usd_per_h < 0:
            raise InputError(
                f"a commitment of {self.commitment_usd_per_h} USD an hour", "savings plan", "write 0 or more"
            )
        for name in self.covers:
            if name not in _INSTANCES_OF.values():
                hint = near(name, _INSTANCES_OF.values()) or f"the components are {', '.join(_COVERED)}, ServerlessInf"
                raise InputError(f'"{name}" is not a component that a plan could cover', "savings plan", hint)

    @classmethod
    def of(cls, covers: Iterable[str], discount: Decimal | str | float) -> SavingsPlan:
        """From a profile's words: pattern names (or components), and the discount as a share."""
        names = frozenset(_INSTANCES_OF.get(name, name) for name in covers)
        return cls(discount=Decimal(str(discount)), covers=names)

    def plan_rate(self, rate: Rate) -> Decimal | None:
        """USD per unit under the plan, ``None`` where the meter is not covered or the plan would not be lower."""
        if rate.sku.component not in self.covers:
            return None
        stated = self.rates.get(f"{rate.sku.component}/{rate.sku.meter}", self.rates.get(rate.sku.meter))
        if stated is None:
            stated = rate.usd * (1 - self.discount)
        return stated if stated < rate.usd else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOptions:
    """How AWS is paid: on demand unless a Savings Plan is given, and without the free tier unless it is claimed."""

    savings_plan: SavingsPlan | None = None
    free_tier: bool = False

    @classmethod
    def of(cls, purchase: Purchase | None) -> PurchaseOptions:
        """From the ``purchase:`` section of a workload, in which nothing is left unfilled."""
        if purchase is None:
            return cls()
        held = purchase.savings_plan
        plan = None if held is None else SavingsPlan.of(held.covers, held.discount)
        return cls(savings_plan=plan, free_tier=bool(purchase.free_tier))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One quantity at one rate: ``usd`` is their product, cut at 12 places where it does not end."""

    what: str
    sku: str
    quantity: Decimal
    unit: str
    rate_usd: Decimal
    usd: Decimal
    assumed: str = ""

    def to_json(self) -> dict[str, str]:
        """Names and decimal strings."""
        held = {name: getattr(self, name) for name in self.__slots__}
        return {name: plain(value) if isinstance(value, Decimal) else value for name, value in held.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Lines that sum to ``usd``: of a month of 730 hours, or of the window as simulated."""

    region: str
    lines: tuple[Line, ...]
    month: bool
    prices_as_of: str
    notes: tuple[str, ...] = ()

    @property
    def usd(self) -> Decimal:
        """The sum of the lines, exactly."""
        return as_decimal(sum((Fraction(line.usd) for line in self.lines), Fraction(0)))

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the bill assumes, each once."""
        return tuple(dict.fromkeys(f"{line.sku}: {line.assumed}" for line in self.lines if line.assumed))

    def to_json(self) -> list[dict[str, str]]:
        """The lines: what, sku, quantity, unit, rate_usd, usd, assumed."""
        return [line.to_json() for line in self.lines]

    def table(self) -> Table:
        """The bill as printed: amounts rounded to cents here and nowhere before, small ones to what shows them."""
        rows = []
        reasons = list(dict.fromkeys(line.assumed for line in self.lines if line.assumed))
        for line in self.lines:
            mark = f" [{reasons.index(line.assumed) + 1}]" if line.assumed else ""
            rows.append((line.what + mark, _short(line.quantity), line.unit, plain(line.rate_usd), _money(line.usd)))
        rows.append(("total", "", "", "", _money(self.usd)))
        period = f"a month of {HOURS_PER_MONTH} hours" if self.month else "the window"
        return Table.of(
            ["what", "quantity", "unit", "USD per unit", "USD"],
            rows,
            title=f"Bill for {period}, {self.region}",
            notes=[
                *(f"[{number}] assumed: {reason}" for number, reason in enumerate(reasons, start=1)),
                *self.notes,
                f"Prices of {self.prices_as_of}.",
            ],
            right=["quantity", "USD per unit", "USD"],
        )

    def _repr_html_(self) -> str:
        return self.table().html()


def bill(
    usage: Usage, book: PriceBook, region: str, purchase: PurchaseOptions | None = None, *, month: bool = True
) -> Bill:
    """Price a usage: scaled to a month of 730 hours, or (``month=False``) that month's share of the window.

    Raises PriceMissing where a meter has no price, listed or borrowed.
    """
    options = purchase or PurchaseOptions()
    scale = Fraction(_MONTH_S) / Fraction(usage.window_s)
    used = [_Used(meter, book.rate(region, meter.component, meter.meter), scale) for meter in usage.meters]
    notes = []
    if options.free_tier:
        notes += _take_free(used)
    unused = Fraction(0)
    if options.savings_plan is not None:
        unused = _take_planned(used, options.savings_plan, usage, scale)
        notes.append(_told(options.savings_plan))
    if not notes:
        notes.append("On demand: no Savings Plan and no free tier is counted.")
    shown = Fraction(1) if month else 1 / scale
    lines: list[Line] = []
    sold: dict[str, Fraction] = {}
    for each in used:
        lines += each.lines(shown, sold)
    if options.savings_plan is not None and options.savings_plan.commitment_usd_per_h is not None:
        what = "savings plan: commitment not used"
        lines.append(_line(what, "SavingsPlan/commitment", unused * shown, "USD", Decimal(1), ""))
    dated = book.published(region).isoformat()
    return Bill(region=region, lines=tuple(lines), month=month, prices_as_of=dated, notes=tuple(notes))


def together(bills: Iterable[Bill]) -> Bill:
    """Several bills as one: the parts of a deployment, or one deployment in several regions."""
    parts = tuple(bills)
    if len({part.month for part in parts}) != 1:
        raise ValueError("bills of a month and of a window do not add up" if parts else "no bills to put together")
    return Bill(
        region=" and ".join(dict.fromkeys(part.region for part in parts)),
        lines=tuple(line for part in parts for line in part.lines),
        month=parts[0].month,
        prices_as_of=" and ".join(dict.fromkeys(part.prices_as_of for part in parts)),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


class _Used:
    """A meter on its way to the bill: how much of a month's units is free, at plan rate, on demand."""

    def __init__(self, meter: Meter, rate: Rate, scale: Fraction) -> None:
        self.meter = meter
        self.listed = rate
        self.rate = rate.without_allowance()
        self.units = Fraction(meter.granules, meter.per_unit) * scale
        self.free = Fraction(0)
        self.planned = Fraction(0)
        self.plan_usd: Decimal | None = None

    @property
    def unpaid(self) -> Fraction:
        return self.units - self.free - self.planned

    def hour(self, index: int, share: Fraction) -> Fraction:
        """Units of one hour of the window, not scaled; spread evenly where no hours are known."""
        meter = self.meter
        granules = Fraction(meter.granules) * share if meter.hourly is None else Fraction(meter.hourly[index])
        return granules / meter.per_unit

    def lines(self, shown: Fraction, sold: dict[str, Fraction]) -> list[Line]:
        what, sku, unit = self.meter.what, str(self.rate.sku), self.rate.unit
        why = "; ".join(reason for reason in (self.meter.assumed, self.rate.assumed) if reason)
        found = []
        if self.free:
            found.append(_line(f"{what} (free tier)", sku, self.free * shown, unit, Decimal(0), why))
        if self.planned and self.plan_usd is not None:
            covered = f"that a Savings Plan covers {self.rate.sku.component}"
            told = f"{why}; {covered}".removeprefix("; ") if self.rate.sku.component in _COVER_ASSUMED else why
            found.append(_line(f"{what} (savings plan)", sku, self.planned * shown, unit, self.plan_usd, told))
        for quantity, usd in self.rate.parts(self.unpaid, after=sold.get(sku, Fraction(0))):
            found.append(_line(what, sku, quantity * shown, unit, usd, why))
        sold[sku] = sold.get(sku, Fraction(0)) + self.unpaid
        return found or [_line(what, sku, Fraction(0), unit, self.rate.usd, why)]


def _take_free(used: Iterable[_Used]) -> list[str]:
    """Take the month's free units off, in the order of the meters; one allowance for all meters that share it."""
    from advisor.catalog.limits import limit

    left: dict[str, Fraction] = {}
    for each in used:
        sku = each.rate.sku
        for key, component, types in _FREE:
            if sku.component == component and (not types or sku.meter in types):
                pool = left.setdefault(key, Fraction(each.listed.allowance or Decimal(str(limit(key).value))))
                each.free = min(each.units, pool)
                left[key] = pool - each.free
    serverless, hours = (plain(Decimal(str(limit(key).value))) for key, _, _ in _FREE)
    small = " or ".join(_FREE[1][2])
    told = f"The free tier is counted: {serverless} s of serverless and {hours} h of {small} real-time a month"
    return [f"{told}, for the first {limit('free_tier.months').value} months of an account."]


def _take_planned(used: list[_Used], plan: SavingsPlan, usage: Usage, scale: Fraction) -> Fraction:
    """Put covered units at plan rates; the commitment of a month that nothing used, in USD."""
    covered = []
    for each in used:
        each.plan_usd = plan.plan_rate(each.rate)
        if each.plan_usd is not None:
            covered.append(each)
    if plan.commitment_usd_per_h is None:
        for each in covered:
            each.planned = (each.units - each.free) * Fraction(plan.share)
        return Fraction(0)
    # The largest saving first, as AWS applies a plan; equal savings in the order of the bill.
    covered.sort(key=lambda each: Fraction(each.plan_usd or 0) / Fraction(each.rate.usd))
    paid = {id(each): (each.units - each.free) / each.units for each in covered if each.units}
    window = Fraction(usage.window_s)
    unused = Fraction(0)
    # Without known hours every hour is like the others, and the window can be taken as one.
    step = Fraction(_HOUR_S) if any(each.meter.hourly is not None for each in covered) else window
    for index in range(-(-window // step)):
        length = min(step, window - index * step)
        left = Fraction(plan.commitment_usd_per_h) * length / _HOUR_S
        for each in covered:
            units = each.hour(index, length / window) * paid.get(id(each), Fraction(0))
            rate = Fraction(each.plan_usd or 0)
            taken = min(units, left / rate) if rate else units
            left -= taken * rate
            each.planned += taken * scale
        unused += left
    return unused * scale


def _told(plan: SavingsPlan) -> str:
    """A plan in words, with what it assumes."""
    terms = [f"{plain(plan.discount * 100)} % off"] if plan.discount or not plan.rates else []
    terms += [f"stated rates for {len(plan.rates)} meters"] if plan.rates else []
    whose = ", ".join(sorted(plan.covers))
    if plan.commitment_usd_per_h is None:
        how = f"{plain(plan.share * 100)} % of their use is at plan rates, and the commitment is assumed to fit it"
    else:
        how = f"{plain(plan.commitment_usd_per_h)} USD an hour is committed, and paid whether used or not"
    assumed = [name for name in _COVER_ASSUMED if name in plan.covers]
    doubt = (
        f"; that {' and '.join(assumed)} {'is' if len(assumed) == 1 else 'are'} covered is assumed" if assumed else ""
    )
    return f"Savings Plan: {' and '.join(terms)} on {whose}; {how}{doubt}."


def _line(what: str, sku: str, quantity: Fraction, unit: str, rate: Decimal, assumed: str) -> Line:
    usd = as_decimal(quantity * Fraction(rate))
    return Line(what=what, sku=sku, quantity=as_decimal(quantity), unit=unit, rate_usd=rate, usd=usd, assumed=assumed)


def _money(value: Decimal) -> str:
    """Cents, or three digits of what is less than a cent."""
    if value and abs(value) < Decimal("0.01"):
        return f"{value:.3g}" if abs(value) >= Decimal("0.0001") else f"{value:.2e}"
    return f"{value:,.2f}"


def _short(value: Decimal) -> str:
    """A quantity with at most three decimals, or three digits of a smaller one."""
    if value and abs(value) < Decimal("0.001"):
        return f"{value:.3g}"
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")
