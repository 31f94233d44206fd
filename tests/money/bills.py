"""Meters and bills as tests write them."""

from __future__ import annotations

from advisor.catalog.prices import price_book
from advisor.catalog.snapshot import packaged_path
from advisor.money import Bill, Meter, PurchaseOptions, Usage, bill

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 730 * HOUR
GB = 10**9
BORROWED = "the Hosting price of the same type; availability is assumed too"

BOOK = price_book(packaged_path())


def instances(
    meter: str, seconds: int, component: str = "Hosting", hourly: tuple[int, ...] | None = None, assumed: str = ""
) -> Meter:
    return Meter(
        what=f"{meter} instances", component=component, meter=meter, granules=seconds, granule="instance-second",
        per_unit=3600, hourly=hourly, assumed=assumed,
    )  # fmt: skip


def milliseconds(gb: int, count: int, component: str = "ServerlessInf") -> Meter:
    return Meter(
        what=f"{component} at {gb} GB", component=component, meter=f"Mem-{gb}GB", granules=count,
        granule=f"ms x {gb} GB", per_unit=1000,
    )  # fmt: skip


def volume(gb_seconds: int) -> Meter:
    return Meter(
        what="volume",
        component="HostingStorage",
        meter="gp2 volume",
        granules=gb_seconds,
        granule="GB-second",
        per_unit=MONTH,
    )


def data(way: str, count: int) -> Meter:
    return Meter(
        what=f"data {way.lower()}",
        component="DataProcessed",
        meter=f"Hosting:{way}",
        granules=count,
        granule="byte",
        per_unit=GB,
    )


def s3(meter: str, requests: int) -> Meter:
    return Meter(what=f"S3 {meter}", component="S3", meter=meter, granules=requests, granule="request", per_unit=1000)


def billed(*meters: Meter, window_s: float = MONTH, region: str = "us-east-1", **options: object) -> Bill:
    month = bool(options.pop("month", True))
    purchase = PurchaseOptions(**options) if options else None  # type: ignore[arg-type]  # each test names its options
    return bill(Usage(meters=meters, window_s=window_s), BOOK, region, purchase, month=month)


def amounts(held: Bill) -> list[str]:
    return [line["usd"] for line in held.to_json()]
