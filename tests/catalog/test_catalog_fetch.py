"""Refreshing prices: the two doors, their failures, and what a refresh leaves behind."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from advisor.catalog.fetch import fetch, refresh
from advisor.catalog.fetch_bulk import BASE_URL, base_url
from advisor.catalog.prices import price_book
from advisor.errors import RefreshError
from tests.catalog.price_list import (
    DIMENSION,
    INDEX_PATH,
    Answer,
    Answers,
    changed,
    data,
    index,
    instance,
    offer,
    path_of,
    served,
    serverless,
    strings,
    volume,
)

LARGE = instance("SKU1", "ml.m5.large", "0.1150000000")
XLARGE = instance("SKU2", "ml.m5.xlarge", "0.2400000000")
ASYNC = instance("SKU3", "ml.m5.xlarge", "0.2300000000", component="AsyncInf")
STUDIO = instance("SKU4", "ml.m5.xlarge", "0.2300000000", component="Studio-Notebook", suffix="-Notebook")
MEMORY = serverless("SKU5", 4, "0.0000800000")
BYTES = data("SKU6", "IN", "0.0160000000")
DISK = volume("SKU7", "0.1120000000")
WRONG = changed(instance("SKU8", "ml.c5.xlarge", "0.2"), *DIMENSION, "pricePerUnit", "USD", to="NaN")
ALL = (LARGE, XLARGE, ASYNC, STUDIO, MEMORY, BYTES, DISK, WRONG)

FIRST = {
    "ServiceCode": "AmazonSageMaker",
    "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}],
    "FormatVersion": "aws_v1",
    "MaxResults": 100,
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, no credentials from anywhere, no address of a price list."""
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("ADVISOR_PRICE_LIST_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "prices"


def pricing(endpoint: str | None = None) -> Any:
    return boto3.client(
        "pricing",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="not-a-key",
        aws_secret_access_key="not-a-secret",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2),
    )


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = pricing()
    with Stubber(client) as stubber:
        yield client, stubber


def files(*regions: str, items: tuple[dict[str, Any], ...] = ALL) -> Answers:
    return {
        INDEX_PATH: Answer(json.dumps(index(*regions)).encode()),
        **{path_of(name): Answer(json.dumps(offer(*items)).encode()) for name in regions},
    }


def us_prices(as_of: str = "2026-11-05") -> dict[tuple[str, str], str]:
    listed = price_book().rates("us-east-1")
    return {(one.sku.component, one.sku.meter): str(one.usd) for one in listed if one.as_of == as_of}


EXPECTED = {
    ("Hosting", "ml.m5.large"): "0.115",
    ("Hosting", "ml.m5.xlarge"): "0.24",
    ("AsyncInf", "ml.m5.xlarge"): "0.23",
    ("ServerlessInf", "Mem-4GB"): "0.00008",
    ("DataProcessed", "Hosting:IN"): "0.016",
    ("HostingStorage", "gp2 volume"): "0.112",
}


def test_the_api_door_reads_every_page(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    told: list[tuple[int, int | None, str]] = []
    first = {"FormatVersion": "aws_v1", "PriceList": [*strings(LARGE, XLARGE, WRONG), "{"], "NextToken": "more"}
    stubber.add_response("get_products", first, FIRST)
    second = {"FormatVersion": "aws_v1", "PriceList": strings(ASYNC, STUDIO, MEMORY, BYTES, DISK)}
    stubber.add_response("get_products", second, {**FIRST, "NextToken": "more"})
    got = fetch(["us-east-1"], "api", client=client, progress=lambda *each: told.append(each))
    stubber.assert_no_pending_responses()
    held = got.snapshot.regions["us-east-1"]
    assert {key: str(one.usd) for key, one in held.rates.items()} == EXPECTED
    assert (held.published.isoformat(), held.version, held.origin) == ("2026-11-05", "20261105194304", "GetProducts")
    assert {one.as_of for one in held.rates.values()} == {"2026-11-05"}
    assert {one.basis for one in held.rates.values()} == {"AWS price list, version 20261105194304"}
    assert [(problem.sku, problem.reason.split(":")[0]) for problem in got.problems] == [
        ("SKU8", '"NaN" is not a decimal number'),
        ("item 4", "it is not JSON"),
    ]
    assert (got.read, got.left_out, got.repeated) == (9, 1, 0)
    assert told == [
        (4, None, "us-east-1: entries of the price list"),
        (9, None, "us-east-1: entries of the price list"),
    ]
    assert "SKU8" in got.problems_table().text()


def test_the_api_door_speaks_to_a_server_page_by_page() -> None:
    pages = {None: strings(LARGE), "p2": strings(XLARGE), "p3": strings(MEMORY)}

    def post(asked: bytes) -> Answer:
        token = json.loads(asked).get("NextToken")
        following = {None: "p2", "p2": "p3"}.get(token)
        body = {"FormatVersion": "aws_v1", "PriceList": pages[token], **({"NextToken": following} if following else {})}
        return Answer(json.dumps(body).encode(), headers={"Content-Type": "application/x-amz-json-1.1"})

    with served({}, post) as address:
        got = fetch(["us-east-1"], "api", client=pricing(address))
    assert len(got.snapshot.regions["us-east-1"].rates) == 3


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDeniedException", "may not read the price list"),
        ("ExpiredTokenException", "ExpiredTokenException"),
        ("ThrottlingException", "ThrottlingException"),
        ("InternalErrorException", "InternalErrorException"),
    ],
)
def test_an_api_that_refuses_proposes_the_other_door(stubbed: tuple[Any, Stubber], code: str, says: str) -> None:
    client, stubber = stubbed
    stubber.add_client_error("get_products", code, "no", 400)
    with pytest.raises(RefreshError, match=says) as error:
        fetch(["us-east-1"], client=client)
    assert "--door bulk" in error.value.mend


def test_without_credentials_the_other_door_is_proposed() -> None:
    with pytest.raises(RefreshError, match="no AWS credentials") as error:
        fetch(["us-east-1"], "api")
    assert "--door bulk" in error.value.mend


def test_a_profile_that_is_not_there_proposes_the_other_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(RefreshError, match="nobody") as error:
        fetch(["us-east-1"], "api")
    assert "--door bulk" in error.value.mend


def test_without_a_network_the_api_proposes_the_other_door() -> None:
    with pytest.raises(RefreshError, match="no answer from the price list") as error:
        fetch(["us-east-1"], "api", client=pricing(f"http://127.0.0.1:{closed_port()}"))
    assert "--door bulk" in error.value.mend


def test_an_api_that_knows_no_such_region_is_an_error_with_near_names(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    stubber.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": []})
    with pytest.raises(RefreshError, match="us-esat-1 holds no price") as error:
        fetch(["us-esat-1"], client=client)
    assert "us-east-1" in error.value.mend


@pytest.mark.parametrize("packed", [False, True])
def test_the_bulk_door_reads_the_file_of_each_region(packed: bool) -> None:
    here = files("us-east-1", "eu-west-1")
    here[path_of("eu-west-1")].body = json.dumps(
        offer(instance("SKU9", "ml.m5.large", "0.128", region="eu-west-1"))
    ).encode()
    if packed:
        for answer in here.values():
            answer.body, answer.headers = gzip.compress(answer.body), {"Content-Encoding": "gzip"}
    told: list[tuple[int, int | None, str]] = []
    with served(here) as address:
        got = fetch(["us-east-1", "eu-west-1"], "bulk", base_url=address, progress=lambda *each: told.append(each))
    held = got.snapshot.regions
    assert {key: str(one.usd) for key, one in held["us-east-1"].rates.items()} == EXPECTED
    assert [str(one.usd) for one in held["eu-west-1"].rates.values()] == ["0.128"]
    assert held["us-east-1"].published.isoformat() == "2026-11-05"
    assert [what for _, _, what in told] == [
        "the index of regions",
        "eu-west-1: the price list",
        "us-east-1: the price list",
    ]
    assert all(done == total for done, total, _ in told)


def test_the_address_of_the_bulk_files_is_given_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base_url() == BASE_URL == "https://pricing.us-east-1.amazonaws.com"
    with served(files("us-east-1")) as address:
        monkeypatch.setenv("ADVISOR_PRICE_LIST_URL", f"{address}/")
        assert fetch(["us-east-1"], "bulk").read == 8


@pytest.mark.parametrize("wrong", ["file:///etc", "ftp://somewhere", "somewhere", "http://"])
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(RefreshError, match="is not an address"):
        fetch(["us-east-1"], "bulk", base_url=wrong)


def elsewhere(url: str) -> Answer:
    held = index("us-east-1")
    held["regions"]["us-east-1"]["currentVersionUrl"] = url
    return Answer(json.dumps(held).encode())


WHOLE = json.dumps(offer(*ALL)).encode()
SQUEEZED = gzip.compress(WHOLE)


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        (INDEX_PATH, Answer(b"", 404), "answers 404"),
        (INDEX_PATH, Answer(b"<html>", 503), "answers 503"),
        (INDEX_PATH, Answer(b"<html>hello</html>"), "not JSON"),
        (INDEX_PATH, Answer(b"[]"), "not an object"),
        (INDEX_PATH, Answer(b"{}"), "holds none"),
        (INDEX_PATH, Answer(b'{"regions": {"us-east-1": {"currentVersionUrl": 5}, "a": 1}}'), "holds none"),
        (INDEX_PATH, elsewhere("https://elsewhere.example/index.json"), "leads elsewhere"),
        (INDEX_PATH, elsewhere("//elsewhere.example/index.json"), "leads elsewhere"),
        (INDEX_PATH, elsewhere("file:///etc/passwd"), "leads elsewhere"),
        (INDEX_PATH, Answer(b"", 302, {"Location": "file:///etc/passwd"}), "answers 302"),
        (INDEX_PATH, Answer(b"", 302, {"Location": "ftp://127.0.0.1/x"}), "unknown url type"),
        (INDEX_PATH, Answer(b"\xff\xfe{}"), "not JSON"),
        (path_of("us-east-1"), Answer(b"", 403), "answers 403"),
        (path_of("us-east-1"), Answer(WHOLE[:-100]), "not JSON, or cut short"),
        (path_of("us-east-1"), Answer(WHOLE[:-100], stated_length=len(WHOLE)), "cut short"),
        (path_of("us-east-1"), Answer(SQUEEZED[:-50], headers={"Content-Encoding": "gzip"}), "cut short"),
        (path_of("us-east-1"), Answer(b"no gzip", headers={"Content-Encoding": "gzip"}), "not gzip"),
        (path_of("us-east-1"), Answer(b'{"offerCode": "AmazonEC2", "products": {}, "terms": {}}'), "but of AmazonEC2"),
        (path_of("us-east-1"), Answer(b'{"offerCode": "AmazonSageMaker"}'), "not a price list"),
        (path_of("us-east-1"), Answer(json.dumps(offer()).encode()), "holds no price that reads"),
        (path_of("us-east-1"), Answer(json.dumps(offer(WRONG)).encode()), "SKU8"),
        (path_of("us-east-1"), Answer(b"[" * 100_000), "not JSON"),
        (path_of("us-east-1"), Answer(WHOLE, pause_s=1.0), "no answer within 0.3 s"),
    ],
)
def test_a_bulk_file_that_cannot_be_had_is_an_error_that_says_why(
    cache: Path, path: str, answer: Answer, says: str
) -> None:
    with served({**files("us-east-1"), path: answer}) as address, pytest.raises(RefreshError, match=says) as error:
        refresh(["us-east-1"], "bulk", base_url=address, timeout_s=0.3)
    assert error.value.mend
    assert not cache.exists()


def test_a_swelling_file_is_not_unpacked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.catalog.fetch_bulk._LARGEST", 1_000_000)
    bomb = Answer(gzip.compress(b" " * 5_000_000), headers={"Content-Encoding": "gzip"})
    with served({INDEX_PATH: bomb}) as address, pytest.raises(RefreshError, match="more than 1 MB"):
        fetch(["us-east-1"], "bulk", base_url=address)


def test_without_a_network_the_bulk_door_proposes_the_other() -> None:
    with pytest.raises(RefreshError, match="no connection") as error:
        fetch(["us-east-1"], "bulk", base_url=f"http://127.0.0.1:{closed_port()}")
    assert "--door api" in error.value.mend


def test_a_region_that_the_bulk_files_lack_is_an_error_with_near_names() -> None:
    with served(files("us-east-1")) as address, pytest.raises(RefreshError, match='"us-esat-1"') as error:
        fetch(["us-esat-1"], "bulk", base_url=address)
    assert "us-east-1" in error.value.mend


@pytest.mark.parametrize(
    ("regions", "door", "says"),
    [([], "bulk", "no region is named"), (["us-east-1"], "bluk", '"bluk" is not a door')],
)
def test_what_is_asked_wrongly_is_refused(regions: list[str], door: str, says: str) -> None:
    with pytest.raises(RefreshError, match=says):
        fetch(regions, door)


def test_a_refresh_stores_the_regions_and_keeps_all_others(cache: Path) -> None:
    before = price_book()
    with served(files("us-east-1")) as address:
        done = refresh(["us-east-1"], "bulk", base_url=address)
    assert done.path == cache / "prices-2026-11-05.json"
    book = price_book()
    assert book.where == str(done.path)
    assert us_prices() == EXPECTED
    assert book.published("us-east-1").isoformat() == "2026-11-05"
    assert book.published("eu-west-1").isoformat() == "2026-09-22"
    assert book.rates("eu-west-1") == before.rates("eu-west-1")
    moved = {str(each.new.sku): (str(each.old.usd), str(each.new.usd)) for each in done.changes.moved}
    assert moved == {
        "us-east-1/Hosting/ml.m5.xlarge": ("0.23", "0.24"),
        "us-east-1/HostingStorage/gp2 volume": ("0.14", "0.112"),
    }
    assert [str(one.sku) for one in done.changes.added] == ["us-east-1/AsyncInf/ml.m5.xlarge"]
    # Of the region's 296 packaged prices, five are in the new list, and the secondary ones that are not in it are kept:
    # data out, six sizes of each meter of provisioned concurrency, the volumes of two kinds of jobs.
    assert len(done.kept) == 1 + 12 + 2
    assert len(done.changes.removed) == 296 - 5 - 15
    instances_and_serverless = {"Hosting", "AsyncInf", "Training", "Processing", "ServerlessInf"}
    assert {one.sku.component for one in done.changes.removed} == instances_and_serverless
    assert book.rate("eu-west-2", "DataProcessed", "Hosting:OUT").as_of == "2026-02-15"
    assert "us-east-1/DataProcessed/Hosting:OUT of 2026-02-15" in done.notes[0]
    assert not any(part.name.endswith(".part") for part in cache.iterdir())


def test_refreshing_twice_writes_the_same_bytes_and_changes_nothing() -> None:
    with served(files("us-east-1")) as address:
        first = refresh(["us-east-1"], "bulk", base_url=address)
        written = first.path.read_bytes()
        second = refresh(["us-east-1"], "bulk", base_url=address)
    assert second.path == first.path
    assert second.path.read_bytes() == written
    assert not second.changes


def test_both_doors_give_the_same_prices(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    stubber.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": strings(*reversed(ALL))})
    api = fetch(["us-east-1"], "api", client=client)
    with served(files("us-east-1")) as address:
        bulk = fetch(["us-east-1"], "bulk", base_url=address)
    assert dict(api.snapshot.regions["us-east-1"].rates) == dict(bulk.snapshot.regions["us-east-1"].rates)
    assert api.problems == bulk.problems


def test_an_older_list_is_used_for_its_regions_all_the_same() -> None:
    old = changed(LARGE, "publicationDate", to="2026-01-02T00:00:00Z")
    held = offer(old)
    held["publicationDate"] = "2026-01-02T00:00:00Z"
    here = {**files("us-east-1"), path_of("us-east-1"): Answer(json.dumps(held).encode())}
    with served(here) as address:
        done = refresh(["us-east-1"], "bulk", base_url=address)
    assert done.path.name == "prices-2026-09-22.json"
    assert us_prices("2026-01-02") == {("Hosting", "ml.m5.large"): "0.115"}
    assert {one.sku.meter for one in price_book().rates("us-east-1", "Hosting")} == {"ml.m5.large"}
    assert price_book().rate("us-east-1", "Hosting", "ml.m5.large").usd == Decimal("0.115")


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
