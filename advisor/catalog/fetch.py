"""``advisor prices refresh``: fetch the price list of some regions, by one of two doors, and put it into use.

- ``api``: GetProducts of the AWS Price List API through boto3; needs AWS credentials.
- ``bulk``: the public bulk offer files over HTTPS; needs none.

The only place of the package that loads boto3, and only when the first door is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.catalog import fetch_bulk
from advisor.catalog.changes import Changes, difference
from advisor.catalog.fetch_bulk import Progress
from advisor.catalog.fetch_parse import OFFER, ListProblem, Parsed, parse_bulk, parse_products
from advisor.catalog.prices import SECONDARY, price_book
from advisor.catalog.rates import Rate
from advisor.catalog.snapshot import RegionPrices, Snapshot, merged, store
from advisor.errors import RefreshError, near
from advisor.show import Table

__all__ = ["DOORS", "Fetched", "Refreshed", "fetch", "refresh"]

DOORS = ("api", "bulk")

_OTHER_DOOR = "take the other door with --door bulk, which needs no credentials"
# The API answers at few addresses; this one serves all regions' prices.
_API_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The prices of the regions asked for, and what was met on the way.

    ``read`` counts entries of the price list, ``left_out`` those that bill no endpoint or job (Studio, notebooks,
    clusters, other regions), ``repeated`` those that say again what another said. ``problems`` do not read.
    """

    snapshot: Snapshot
    problems: tuple[ListProblem, ...]
    read: int
    left_out: int
    repeated: int

    def problems_table(self, most: int = 40) -> Table:
        """The entries that were left out because they do not read."""
        rows = [(each.region, each.sku, each.reason) for each in self.problems[:most]]
        more = len(self.problems) - len(rows)
        notes = [f"{more} more are not shown here"] if more else []
        return Table.of(["region", "sku", "left out because"], rows, title="Entries that do not read", notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: the file it wrote, what was fetched, what changed against the prices in use before.

    ``kept`` are prices of secondary meters (data, volumes, provisioned concurrency) that the new list does not hold:
    the old ones stay, with their old date, since every bill of every region rests on them.
    """

    path: Path
    fetched: Fetched
    changes: Changes
    kept: tuple[Rate, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell beside the changes."""
        if not self.kept:
            return ()
        shown = ", ".join(f"{rate.sku} of {rate.as_of}" for rate in self.kept)
        return (f"not in the new list, and kept with their old date: {shown}",)


def refresh(
    regions: Iterable[str],
    door: str = "api",
    *,
    progress: Progress | None = None,
    client: Any = None,
    base_url: str | None = None,
    timeout_s: float = 30.0,
) -> Refreshed:
    """Fetch regions, merge them into the prices in use, and store the whole as the newest; all of it or nothing.

    A fetched region replaces what was held of it, but for secondary meters that the new list does not hold.
    """
    held = price_book().snapshot
    fetched = fetch(regions, door, progress=progress, client=client, base_url=base_url, timeout_s=timeout_s)
    kept = _kept(held, fetched.snapshot)
    whole = merged(held, _with(fetched.snapshot, kept))
    return Refreshed(path=store(whole), fetched=fetched, changes=difference(held, whole), kept=kept)


def fetch(
    regions: Iterable[str],
    door: str = "api",
    *,
    progress: Progress | None = None,
    client: Any = None,
    base_url: str | None = None,
    timeout_s: float = 30.0,
) -> Fetched:
    """The price list of some regions as AWS has it now.

    ``progress`` is called with (done, total or ``None``, what). ``client`` is a boto3 pricing client, made where it
    is not given; ``base_url`` is where the bulk files are, else ADVISOR_PRICE_LIST_URL, else AWS's own address.
    Raises RefreshError, with how to mend it, where a region cannot be had.
    """
    wanted = sorted(set(regions))
    if not wanted:
        raise RefreshError("no region is named", "", "name one, such as --region us-east-1")
    if door not in DOORS:
        raise RefreshError(f'"{door}" is not a door', "", near(door, DOORS) or f"the doors are {', '.join(DOORS)}")
    parse = _by_api(client, timeout_s, progress) if door == "api" else _by_bulk(base_url, timeout_s, progress)
    parsed = {region: parse(region) for region in wanted}
    return Fetched(
        snapshot=Snapshot(regions={region: _had(region, held) for region, held in parsed.items()}),
        problems=tuple(problem for held in parsed.values() for problem in held.problems),
        read=sum(held.read for held in parsed.values()),
        left_out=sum(held.left_out for held in parsed.values()),
        repeated=sum(held.repeated for held in parsed.values()),
    )


def _kept(old: Snapshot, new: Snapshot) -> tuple[Rate, ...]:
    return tuple(
        rate
        for region, now in new.regions.items()
        if (was := old.regions.get(region)) is not None
        for key, rate in sorted(was.rates.items())
        if rate.sku.component in SECONDARY and key not in now.rates
    )


def _with(snapshot: Snapshot, kept: tuple[Rate, ...]) -> Snapshot:
    regions = {}
    for region, held in snapshot.regions.items():
        stay = {(rate.sku.component, rate.sku.meter): rate for rate in kept if rate.sku.region == region}
        regions[region] = replace(held, rates={**stay, **held.rates})
    return Snapshot(regions=regions)


def _had(region: str, parsed: Parsed) -> RegionPrices:
    if parsed.prices is not None:
        return parsed.prices
    what = f"the price list of {region} holds no price that reads ({parsed.read} entries"
    what += f"; the first problem: {parsed.problems[0]})" if parsed.problems else ")"
    known = price_book().regions()
    hint = "" if region in known else near(region, known)
    raise RefreshError(what, "", hint or "try the other door, or keep the prices in use")


def _by_bulk(base: str | None, timeout_s: float, progress: Progress | None) -> Callable[[str], Parsed]:
    chosen = fetch_bulk.base_url(base)
    index = fetch_bulk.region_index(chosen, timeout_s=timeout_s, progress=progress)

    def parse(region: str) -> Parsed:
        offer = fetch_bulk.offer_file(chosen, index, region, timeout_s=timeout_s, progress=progress)
        return parse_bulk(offer, region, origin="bulk offer file")

    return parse


def _by_api(client: Any, timeout_s: float, progress: Progress | None) -> Callable[[str], Parsed]:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise RefreshError("boto3 is not installed", "", f"install it, or {_OTHER_DOOR}") from error

    def parse(region: str) -> Parsed:
        try:
            return parse_products(_products(pricing, region, progress), region, origin="GetProducts")
        except (BotoCoreError, ClientError) as error:
            raise _api_error(error) from error

    try:
        config = Config(
            connect_timeout=timeout_s, read_timeout=timeout_s, retries={"total_max_attempts": 3, "mode": "standard"}
        )
        pricing = client if client is not None else boto3.client("pricing", region_name=_API_REGION, config=config)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise _api_error(error) from error
    return parse


def _products(pricing: Any, region: str, progress: Progress | None) -> Iterator[object]:
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode=OFFER,
        Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        FormatVersion="aws_v1",
        PaginationConfig={"PageSize": 100},
    )
    done = 0
    for page in pages:
        items = page.get("PriceList", [])
        yield from items
        done += len(items)
        if progress is not None:
            progress(done, None, f"{region}: entries of the price list")


def _api_error(error: Exception) -> RefreshError:
    told = type(error).__name__
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if told in (
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "CredentialRetrievalError",
        "TokenRetrievalError",
    ):
        what, mend = f"no AWS credentials: {error}", "give credentials, or "
    elif code in ("AccessDeniedException", "AccessDenied"):
        what, mend = f"these credentials may not read the price list: {code}", "allow them pricing:GetProducts, or "
    elif code:
        what, mend = f"the price list refused: {error}", "renew the credentials or try again, or "
    else:
        what, mend = f"no answer from the price list: {error}", "check the network, or "
    return RefreshError(what, "GetProducts", mend + _OTHER_DOOR)
