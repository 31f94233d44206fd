"""What a usage costs: a bill, line by line, exact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from advisor.catalog.prices import PriceBook, Rate
from advisor.catalog.rates import as_decimal, plain
from advisor.money.plan import COVER_ASSUMED, Hour, PurchaseOptions, SavingsPlan, best_commitment, told
from advisor.money.usage import Meter, Usage
from advisor.show import Shown, Table, show_digits
from advisor.units import HOURS_PER_MONTH

__all__ = ["Bill", "Line", "bill", "together"]

_HOUR_S = 3600
_MONTH_S = HOURS_PER_MONTH * _HOUR_S

# Free tier: the limit's key (in priced units), the component, the types (any where empty).
_FREE = (
    ("free_tier.serverless", "ServerlessInf", ()),
    ("free_tier.realtime", "Hosting", ("ml.m4.xlarge", "ml.m5.xlarge")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Shown):
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
        """The bill as printed: rounded here and nowhere before, to cents, or to three digits of a total below ten.

        All amounts have as many decimals as the total, so that what is seen adds up; what is less than these show is
        said to be less.
        """
        rows = []
        places = _places(self.usd)
        reasons = list(dict.fromkeys(line.assumed for line in self.lines if line.assumed))
        for line in self.lines:
            mark = f" [{reasons.index(line.assumed) + 1}]" if line.assumed else ""
            rows.append(
                (line.what + mark, _short(line.quantity), line.unit, plain(line.rate_usd), _money(line.usd, places))
            )
        rows.append(("total", "", "", "", _money(self.usd, places)))
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
    committed, unused = None, Fraction(0)
    if options.savings_plan is not None:
        committed, unused = _take_planned(used, options.savings_plan, usage, scale)
        hourly = any(each.meter.hourly is not None for each in used if each.plan_usd is not None)
        notes.append(told(options.savings_plan, committed, hourly=hourly))
    if not notes:
        notes.append("On demand: no Savings Plan and no free tier is counted.")
    shown = Fraction(1) if month else 1 / scale
    lines: list[Line] = []
    sold: dict[str, Fraction] = {}
    for each in used:
        lines += each.lines(shown, sold)
    if committed is not None:
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
            told = f"{why}; {covered}".removeprefix("; ") if self.rate.sku.component in COVER_ASSUMED else why
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


def _take_planned(
    used: list[_Used], plan: SavingsPlan, usage: Usage, scale: Fraction
) -> tuple[Decimal | None, Fraction]:
    """Put covered units at plan rates; the commitment an hour, and what of a month's nothing used, in USD."""
    covered = []
    for each in used:
        each.plan_usd = plan.plan_rate(each.rate)
        if each.plan_usd is not None:
            covered.append(each)
    if plan.commitment_usd_per_h is None and not plan.best:
        for each in covered:
            each.planned = (each.units - each.free) * Fraction(plan.share)
        return None, Fraction(0)
    # The largest saving first, as AWS applies a plan; equal savings in the order of the bill.
    covered.sort(key=lambda each: Fraction(each.plan_usd or 0) / Fraction(each.rate.usd))
    hours = _hours(covered, Fraction(usage.window_s))
    committed = best_commitment(hours) if plan.commitment_usd_per_h is None else plan.commitment_usd_per_h
    unused = Fraction(0)
    for hour in hours:
        left = Fraction(committed) * hour.length
        for each, (_, rate, units) in zip(covered, hour.used, strict=True):
            taken = min(units, left / rate) if rate else units
            left -= taken * rate
            each.planned += taken * scale
        unused += left
    return committed, unused * scale


def _hours(covered: list[_Used], window: Fraction) -> list[Hour]:
    """What is paid of each covered meter in each hour; without known hours all are alike, and the window is one."""
    paid = [(each.units - each.free) / each.units if each.units else Fraction(0) for each in covered]
    step = Fraction(_HOUR_S) if any(each.meter.hourly is not None for each in covered) else window
    found = []
    for index in range(-(-window // step)):
        length = min(step, window - index * step)
        rows = tuple(
            (Fraction(each.rate.usd), Fraction(each.plan_usd or 0), each.hour(index, length / window) * part)
            for each, part in zip(covered, paid, strict=True)
        )
        found.append(Hour(length=length / _HOUR_S, used=rows))
    return found


def _line(what: str, sku: str, quantity: Fraction, unit: str, rate: Decimal, assumed: str) -> Line:
    usd = as_decimal(quantity * Fraction(rate))
    return Line(what=what, sku=sku, quantity=as_decimal(quantity), unit=unit, rate_usd=rate, usd=usd, assumed=assumed)


def _places(total: Decimal) -> int:
    """Decimals that show cents, or three digits of less than ten of them."""
    return 2 if not total or total >= Decimal("0.1") else 2 - total.adjusted()


def _money(value: Decimal, places: int) -> str:
    least = Decimal(1).scaleb(-places)
    return f"< {least:f}" if 0 < value < least / 2 else f"{value:,.{places}f}"


def _short(value: Decimal) -> str:
    """A quantity with at most three decimals, or three digits of a smaller one."""
    if value and abs(value) < Decimal("0.001"):
        return show_digits(float(value), 3)
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")
