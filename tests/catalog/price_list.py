"""Files and answers in the shape of AWS's price list, made for tests, and a server that gives them on loopback."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "20261105194304"
PUBLISHED = "2026-11-05T19:43:04Z"
USAGE = {
    "Hosting": "Host",
    "AsyncInf": "AsyncInf",
    "BatchTransform": "Tsform",
    "Training": "Train",
    "Notebook": "Notebk",
}

Item = dict[str, Any]


def priced(sku: str, *prices: tuple[str, str, str], unit: str) -> Item:
    """The OnDemand term of a SKU: (begin, end, USD) for each price dimension."""
    term = f"{sku}.JRTCKXETXF"
    return {
        term: {
            "offerTermCode": "JRTCKXETXF",
            "sku": sku,
            "effectiveDate": "2026-11-01T00:00:00Z",
            "termAttributes": {},
            "priceDimensions": {
                f"{term}.6YS6EN2CT{number}": {
                    "rateCode": f"{term}.6YS6EN2CT{number}",
                    "description": f"${usd} per {unit}",
                    "beginRange": begin,
                    "endRange": end,
                    "unit": unit,
                    "pricePerUnit": {"USD": usd},
                    "appliesTo": [],
                }
                for number, (begin, end, usd) in enumerate(prices, start=7)
            },
        }
    }


def item(sku: str, family: str, attributes: dict[str, str], *prices: tuple[str, str, str], unit: str) -> Item:
    """One item as GetProducts gives it, before it is made a string."""
    return {
        "product": {"productFamily": family, "attributes": attributes, "sku": sku},
        "serviceCode": "AmazonSageMaker",
        "terms": {"OnDemand": priced(sku, *prices, unit=unit)},
        "version": VERSION,
        "publicationDate": PUBLISHED,
    }


def instance(
    sku: str, name: str, usd: str, component: str = "Hosting", region: str = "us-east-1", suffix: str | None = None
) -> Item:
    """An instance type under a component."""
    attributes = {
        "servicecode": "AmazonSageMaker",
        "servicename": "Amazon SageMaker",
        # As AWS writes it for some families, and not for others: to be read by nobody.
        "location": "EU (Ireland)",
        "locationType": "AWS Region",
        "regionCode": region,
        "component": component,
        "instanceName": name,
        "instanceType": f"{name}-{component}" if suffix is None else f"{name}{suffix}",
        "platoinstancename": name.split(".")[1],
        "platoinstancetype": component,
        "computeType": "Standard Instances",
        "vCpu": "4",
        "memory": "16 GiB",
        "operation": "RunInstance",
        "usagetype": f"USE1-{USAGE.get(component, component)}:{name}",
    }
    return item(sku, "ML Instance", attributes, ("0", "Inf", usd), unit="Hrs")


def serverless(sku: str, size: int, usd: str, group: str = "ServerlessInf", region: str = "us-east-1") -> Item:
    """A memory size of serverless."""
    kind = "Usage" if group.endswith("Usage") else "Mem"
    of = "ServerlessInf" if group == "ServerlessInf" else "ProvisionedConcurrency"
    attributes = {
        "regionCode": region,
        "group": group,
        "memorygb": str(size),
        "operation": "Serverless",
        "usagetype": f"USE1-{of}:{kind}-{size}GB",
    }
    return item(sku, "ML Serverless", attributes, ("0", "Inf", usd), unit="seconds")


def data(sku: str, way: str, usd: str, region: str = "us-east-1") -> Item:
    """Bytes in ("IN") or out ("OUT")."""
    attributes = {"regionCode": region, "group": f"Hosting:{way}", "operation": "Invoke-Endpoint"}
    return item(sku, "ML Instance", attributes, ("0", "Inf", usd), unit="GB")


def volume(sku: str, usd: str, region: str = "us-east-1") -> Item:
    """An endpoint's volume."""
    attributes = {
        "regionCode": region,
        "volumeType": "General Purpose-Hosting",
        "platoclassificationtype": "Host:VolumeUsage",
        "usagetype": "USE1-Host:VolumeUsage.gp2",
        "operation": "CreateVolume-Gp2",
    }
    return item(sku, "Storage", attributes, ("0", "Inf", usd), unit="GB-Mo")


def changed(held: Item, *path: str, to: Any) -> Item:
    """An item with one thing changed, or (``to=...``) taken out; "*" is the first key."""
    made = copy.deepcopy(held)
    at: Any = made
    for key in path[:-1]:
        at = at[next(iter(at)) if key == "*" else key]
    key = next(iter(at)) if path[-1] == "*" else path[-1]
    if to is ...:
        del at[key]
    else:
        at[key] = to
    return made


DIMENSION = ("terms", "OnDemand", "*", "priceDimensions", "*")


def strings(*items: Item) -> list[str]:
    """Items as GetProducts gives them."""
    return [json.dumps(each) for each in items]


def offer(*items: Item) -> Item:
    """Items as the bulk offer file holds them: products and terms keyed by SKU."""
    return {
        "formatVersion": "v1.0",
        "offerCode": "AmazonSageMaker",
        "version": VERSION,
        "publicationDate": PUBLISHED,
        "products": {each["product"]["sku"]: each["product"] for each in items},
        "terms": {
            "OnDemand": {each["product"]["sku"]: each["terms"].get("OnDemand") for each in items},
            "Reserved": {},
        },
    }


def index(*regions: str) -> Item:
    """The index of regions."""
    return {
        "formatVersion": "v1.0",
        "publicationDate": PUBLISHED,
        "regions": {
            name: {
                "regionCode": name,
                "currentVersionUrl": f"/offers/v1.0/aws/AmazonSageMaker/{VERSION}/{name}/index.json",
            }
            for name in regions
        },
    }


INDEX_PATH = "/offers/v1.0/aws/AmazonSageMaker/current/region_index.json"


def path_of(region: str) -> str:
    """Where the offer file of a region is."""
    return f"/offers/v1.0/aws/AmazonSageMaker/{VERSION}/{region}/index.json"


@dataclass
class Answer:
    """What the server gives for a path: status, body, headers; after a pause; with another length than it has."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    stated_length: int | None = None


Answers = dict[str, Answer]


@contextmanager
def served(answers: Answers, post: Callable[[bytes], Answer] | None = None) -> Iterator[str]:
    """A server on loopback; gives its address."""

    class Given(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.give(answers.get(self.path, Answer(b"not here", 404)))

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            self.give(post(asked) if post else Answer(b"not here", 404))

        def give(self, answer: Answer) -> None:
            time.sleep(answer.pause_s)
            try:
                self.send_response(answer.status)
                length = len(answer.body) if answer.stated_length is None else answer.stated_length
                for name, value in {"Content-Length": str(length), "Connection": "close", **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                # The client has hung up, which is what the test is of.
                return
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Given)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
