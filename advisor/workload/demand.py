"""The plain sections of a profile: model, payload, batch, objective, purchase, and the words of needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

from advisor.errors import UnitError
from advisor.units import share as read_share
from advisor.units import show_bytes, show_duration
from advisor.workload.quantity import (
    Base,
    Choice,
    Count,
    Duration,
    DurationOrNone,
    Flaw,
    Flaws,
    Kind,
    Memory,
    NumberOrNone,
    Share,
    Size,
    Switch,
    Text,
    refused,
    shown,
)  # fmt: skip
from advisor.workload.section import Section, unfilled

__all__ = [
    "NEEDS",
    "PATTERN_NAMES",
    "Batch",
    "Model",
    "Needs",
    "Objective",
    "Payload",
    "Popularity",
    "Purchase",
    "Region",
    "SavingsPlan",
]

NEEDS = (
    "streaming", "gpu", "vpc", "data-capture", "model-monitor", "multi-az", "scale-to-zero", "queueing",
    "network-isolation", "shadow", "variants", "marketplace", "private-registry", "pipeline", "multi-container",
    "notifications", "sticky-sessions", "no-cold-start",
)  # fmt: skip
# What a Savings Plan may cover, in the names of the patterns.
PATTERN_NAMES = ("real-time", "serverless", "asynchronous", "batch-transform", "multi-model")
LATENCIES = ("p99", "p95", "p90", "p50", "mean")


class Region(Kind):
    """A region's name; whether prices are known there is a question to the price book."""

    FORM = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}")

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not self.FORM.fullmatch(value.strip()):
            raise refused(f"{shown(value)} is not the name of a region", "write one such as us-east-1 or eu-central-1")
        return value.strip()

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^\\s*{self.FORM.pattern}\\s*$",
            "examples": ["us-east-1", "eu-central-1"],
        }


class Words(Kind):
    """A list of words out of a vocabulary, each once."""

    def __init__(self, *names: str, noun: str) -> None:
        self.word = Choice(*names, noun=noun)

    def read(self, value: Any) -> tuple[str, ...]:
        value = value.value if isinstance(value, Base) else value
        if not isinstance(value, list | tuple | set | frozenset):
            raise refused(
                f"{shown(value)} where a list is due",
                f"write [{value}]" if isinstance(value, str) and len(value) < 40 else "write a list",
            )
        words, flaws = [], []
        for n, item in enumerate(value):
            try:
                words.append(self.word.read(item))
            except Flaws as error:
                flaws += [flaw._replace(path=(n, *flaw.path)) for flaw in error.flaws]
        if flaws:
            raise Flaws(*flaws)
        return tuple(dict.fromkeys(words))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"enum": list(self.word.names)}, "uniqueItems": True}


class Shares(Kind):
    """Shares of models in the traffic, most popular first or in the models' order; only proportions count."""

    def read(self, value: Any) -> tuple[float, ...]:
        value = value.value if isinstance(value, Base) else value
        if not isinstance(value, list | tuple) or not value:
            raise refused(
                f"{shown(value)} where a list of shares is due", "write one share a model, such as [50 %, 30 %, 20 %]"
            )
        try:
            shares = tuple(read_share(item) for item in value)
        except UnitError as error:
            raise refused(f"among the shares, {error.what}", error.mend) from None
        if abs(sum(shares) - 1) > 0.01:
            raise refused(f"the shares sum to {sum(shares) * 100:g} %", "make them sum to 100 %")
        return tuple(one / sum(shares) for one in shares)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": ["number", "string"]}, "minItems": 1}


Needs = Annotated[tuple[str, ...], Words(*NEEDS, noun="a need")]


class Popularity(Section):
    """How requests spread over models: by Zipf's law with an exponent, or by shares."""

    zipf: NumberOrNone = None
    shares: Annotated[tuple[float, ...] | None, Shares()] = None

    def flaws(self) -> Iterator[Flaw]:
        if (self.zipf is None) == (self.shares is None):
            yield Flaw(
                (),
                "popularity is by zipf or by shares, and one of them",
                "write {zipf: 1.1} or {shares: [50 %, 30 %, 20 %]}",
                (("zipf",), ("shares",)),
            )


class Model(Section):
    """What is loaded: how many models, how large on disk and in memory, in what image."""

    count: Count = unfilled()
    size_bytes: Size = unfilled("size")
    memory_mib: Memory = unfilled("memory")
    image_bytes: Size = unfilled("image")
    framework: Annotated[str, Text(60, one_line=True)] = unfilled()
    accelerator: Annotated[str, Choice("none", "optional", "required", noun="a use of accelerators")] = unfilled()
    same_container: Annotated[bool, Switch()] = unfilled()
    popularity: Popularity | None = None

    def flaws(self) -> Iterator[Flaw]:
        shares = self.popularity.shares if self.popularity else None
        if shares is not None and self.count is not None and len(shares) != self.count:
            reads = (("popularity", "shares"), ("count",))
            yield Flaw(
                ("popularity", "shares"),
                f"{len(shares)} shares for {self.count} models",
                "give one share a model",
                reads,
            )


class Payload(Section):
    """Bytes of one request and its answer: the mean for meters, the largest for rules."""

    request_bytes: Size = unfilled("request")
    request_max_bytes: Size = unfilled("request_max")
    response_bytes: Size = unfilled("response")
    response_max_bytes: Size = unfilled("response_max")

    def flaws(self) -> Iterator[Flaw]:
        for way, mean, most in (
            ("request", self.request_bytes, self.request_max_bytes),
            ("response", self.response_bytes, self.response_max_bytes),
        ):
            if mean is not None and most is not None and most < mean:
                what = f"the largest {way}, {show_bytes(most)}, is smaller than the mean, {show_bytes(mean)}"
                yield Flaw(
                    (f"{way}_max",), what, f"write {way}_max: {show_bytes(mean)} or more", ((way,), (f"{way}_max",))
                )


class Batch(Section):
    """A lot of records that is there at once, and comes again."""

    records: Count = unfilled()
    record_bytes: Size = unfilled("record_size")
    files: Count = unfilled()
    every_s: Duration = unfilled("every")
    deadline_s: Duration = unfilled("deadline")

    def flaws(self) -> Iterator[Flaw]:
        if self.files is not None and self.records is not None and self.files > self.records:
            what = f"{self.files:,} files hold {self.records:,} records"
            yield Flaw(
                ("files",), what, f"give at most {self.records:,} files, or more records", (("files",), ("records",))
            )


class Objective(Section):
    """What the customer wants; latencies stay ``None`` where none is asked for."""

    p50_s: DurationOrNone = unfilled("p50")
    p90_s: DurationOrNone = unfilled("p90")
    p95_s: DurationOrNone = unfilled("p95")
    p99_s: DurationOrNone = unfilled("p99")
    mean_s: DurationOrNone = unfilled("mean")
    errors: Share = unfilled()
    cold_starts: Annotated[str, Choice("avoid", "allow", noun="a stance on cold starts")] = unfilled()
    prefer: Annotated[str, Choice("cost", "latency", "balanced", noun="a preference")] = unfilled()

    @property
    def latencies(self) -> tuple[tuple[str, float], ...]:
        """Every latency asked for, as (name, seconds), the highest percentile first, the mean last."""
        held = ((name, getattr(self, f"{name}_s")) for name in LATENCIES)
        return tuple((name, seconds) for name, seconds in held if seconds is not None)

    @property
    def latency(self) -> tuple[str, float] | None:
        """The strictest: the highest percentile asked for, else the mean, else ``None``."""
        return self.latencies[0] if self.latencies else None

    def flaws(self) -> Iterator[Flaw]:
        rising = [(name, seconds) for name, seconds in reversed(self.latencies) if name != "mean"]
        for (below, less), (above, more) in pairwise(rising):
            if more < less:
                what = f"{above} of {show_duration(more)} is below {below} of {show_duration(less)}"
                yield Flaw((above,), what, f"write {above}: {show_duration(less)} or more", ((above,), (below,)))


class SavingsPlan(Section):
    """A discount for a term, and the patterns whose instances it covers."""

    discount: Share = unfilled()
    term_s: Duration = unfilled("term")
    covers: Annotated[tuple[str, ...], Words(*PATTERN_NAMES, noun="a pattern")] = unfilled()


class Purchase(Section):
    """How AWS is paid."""

    savings_plan: SavingsPlan | None = None
    free_tier: Annotated[bool, Switch()] = unfilled()
