"""The plain sections of a profile: model, payload, batch, objective, purchase, and the words of needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from advisor.catalog.regions import REGIONS, known_region, near_regions
from advisor.errors import InputError, UnitError, near
from advisor.units import share as read_share
from advisor.units import show_bytes, show_duration
from advisor.workload.frameworks import Framework
from advisor.workload.quantity import (
    DURATION,
    SHARE,
    SIZE,
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
    refused,
    shown,
)  # fmt: skip
from advisor.workload.recorded import RecordedFile
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
    """A region's name, or a local zone's. A name one slip away from a known one is refused; another may be new."""

    FORM = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}(-[a-z]{3}-[0-9]{1,2})?")

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not self.FORM.fullmatch(value.strip()):
            hint = near(value.strip()[:60].lower(), REGIONS) if isinstance(value, str) else ""
            mend = hint or "write one such as us-east-1 or eu-central-1"
            raise refused(f"{shown(value)} is not the name of a region", mend)
        name = value.strip()
        if not known_region(name) and (hint := near_regions(name)) and not _priced(name):
            raise refused(f"{shown(name)} is not a region that is known here", hint)
        return name

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [{"enum": list(REGIONS)}, {"type": "string", "pattern": f"^ *{self.FORM.pattern} *$"}],
            "examples": ["us-east-1", "eu-central-1"],
        }


def _priced(region: str) -> bool:
    """Whether the user's own price book, renewed since, knows it; asked of unknown names alone, for it takes time."""
    from advisor.catalog.prices import price_book  # reading prices takes longer than reading a profile

    try:
        return region in price_book().regions()
    except InputError:
        return False


class Words(Kind):
    """A list of words out of a vocabulary, each once."""

    def __init__(self, *names: str, noun: str) -> None:
        self.word = Choice(*names, noun=noun)

    def read(self, value: Any) -> tuple[str, ...]:
        value = value.value if isinstance(value, Base) else value
        if not isinstance(value, list | tuple | set | frozenset):
            mend = f"write [{value}]" if isinstance(value, str) and len(value) < 40 else "write a list"
            if isinstance(value, str) and value.startswith("-"):
                mend = "a space follows the dash: - and the word"
            raise refused(f"{shown(value)} where a list is due", mend)
        words: list[str] = []
        flaws: list[Flaw] = []
        for n, item in enumerate(value):
            try:
                word = self.word.read(item)
                if word in words:
                    raise refused(f"{word} stands here for the second time", "name it once")
                words.append(word)
            except Flaws as error:
                flaws += [flaw._replace(path=(n, *flaw.path)) for flaw in error.flaws]
        if flaws:
            raise Flaws(*flaws)
        return tuple(words)

    def show(self, value: Any) -> str:
        return f"[{', '.join(value)}]"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"enum": list(self.word.names)},
            "uniqueItems": True,
            "examples": [list(self.word.names[:2])],
        }


class Shares(Kind):
    """Shares of models in the traffic, most popular first or in the models' order; only proportions count."""

    def read(self, value: Any) -> tuple[float, ...]:
        value = value.value if isinstance(value, Base) else value
        if not isinstance(value, list | tuple) or not value:
            raise refused(
                f"{shown(value)} where a list of shares is due", "write one share a model, such as [50 %, 30 %, 20 %]"
            )
        try:
            # Of these only proportions count, so a plain number misleads nobody.
            shares = tuple(read_share(item, bare=True) for item in value)
        except UnitError as error:
            raise refused(f"among the shares, {error.what}", error.mend) from None
        if abs(sum(shares) - 1) > 0.01:
            raise refused(f"the shares sum to {sum(shares) * 100:g} %", "make them sum to 100 %")
        return tuple(one / sum(shares) for one in shares)

    def schema(self) -> dict[str, Any]:
        share = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, SHARE.schema()["anyOf"][1]]}
        return {"type": "array", "items": share, "minItems": 1}

    def show(self, value: Any) -> str:
        return f"[{', '.join(map(SHARE.show, value))}]"


Needs = Annotated[tuple[str, ...], Words(*NEEDS, noun="a need")]


class Popularity(Section):
    """How requests spread over models: by Zipf's law with an exponent, or by shares."""

    zipf: NumberOrNone = unfilled("The exponent of Zipf's law, such as 1.1; 0 asks every model alike.")
    shares: Annotated[tuple[float, ...] | None, Shares()] = unfilled(
        "One share of the requests a model, such as [50 %, 30 %, 20 %]."
    )

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

    count: Count = unfilled("How many models there are, such as 400.")
    size_bytes: Size = unfilled("Size of one model's artefact as it lies on S3, such as 350 MB.", "size")
    memory_mib: Memory = unfilled("Memory that one copy of the model takes in use, such as 900 MB.", "memory")
    image_bytes: Size = unfilled("Size of the container's image, such as 1.8 GB.", "image")
    framework: Annotated[str, Framework()] = unfilled(
        "What the model is made with, such as xgboost; it decides what is assumed where nothing was measured."
    )
    accelerator: Annotated[str, Choice("none", "optional", "required", noun="a use of accelerators")] = unfilled(
        "Whether the model uses an accelerator: none, optional or required."
    )
    same_container: Annotated[bool, Switch()] = unfilled(
        "Whether all models run in one and the same container image: yes or no."
    )
    popularity: Popularity | None = unfilled("How requests spread over the models, such as {zipf: 1.1}.")

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

    request_bytes: Size = unfilled("Mean size of a request's body, such as 4 KB.", "request")
    request_max_bytes: Size = unfilled("Size of the largest request that must work, such as 30 KB.", "request_max")
    response_bytes: Size = unfilled("Mean size of an answer's body, such as 1 KB.", "response")
    response_max_bytes: Size = unfilled("Size of the largest answer that must work, such as 16 KB.", "response_max")

    def flaws(self) -> Iterator[Flaw]:
        for way, mean, most in (
            ("request", self.request_bytes, self.request_max_bytes),
            ("response", self.response_bytes, self.response_max_bytes),
        ):
            if mean is not None and most is not None and most < mean:
                what = f"the largest {way}, {show_bytes(most)}, is smaller than the mean, {show_bytes(mean)}"
                mend = f"write {way}_max: {SIZE.sure(mean)} or more"
                yield Flaw((f"{way}_max",), what, mend, ((way,), (f"{way}_max",)))


class Batch(Section):
    """A lot of records that is there at once, and comes again."""

    records: Count = unfilled("How many records a lot has, such as 5 million.")
    record_bytes: Size = unfilled("Mean size of one record, such as 2 KB.", "record_size")
    files: Count = unfilled("How many files the lot lies in, such as 50.")
    every_s: Duration = unfilled("How often a lot comes, such as 1 day.", "every")
    deadline_s: Duration = unfilled("How long after it came a lot must be done, such as 4 hours.", "deadline")

    def flaws(self) -> Iterator[Flaw]:
        if self.files is not None and self.records is not None and self.files > self.records:
            what = f"{self.files:,} files hold {self.records:,} records"
            yield Flaw(
                ("files",), what, f"give at most {self.records:,} files, or more records", (("files",), ("records",))
            )


class Objective(Section):
    """What the customer wants; latencies stay ``None`` where none is asked for."""

    p50_s: DurationOrNone = unfilled("The latency that half of the requests must stay below, such as 50 ms.", "p50")
    p90_s: DurationOrNone = unfilled("The latency that 90 % of the requests must stay below, such as 80 ms.", "p90")
    p95_s: DurationOrNone = unfilled("The latency that 95 % of the requests must stay below, such as 100 ms.", "p95")
    p99_s: DurationOrNone = unfilled("The latency that 99 % of the requests must stay below, such as 150 ms.", "p99")
    mean_s: DurationOrNone = unfilled("The mean latency asked for, such as 60 ms.", "mean")
    errors: Share = unfilled("The share of requests that may fail, such as 0.1 %.")
    cold_starts: Annotated[str, Choice("avoid", "allow", noun="a stance on cold starts")] = unfilled(
        "Whether a request may wait for a container to start: avoid or allow."
    )
    prefer: Annotated[str, Choice("cost", "latency", "balanced", noun="a preference")] = unfilled(
        "What decides among patterns that meet the objective: cost, latency or balanced."
    )

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
                yield Flaw((above,), what, f"write {above}: {DURATION.sure(less)} or more", ((above,), (below,)))


class SavingsPlan(Section):
    """A discount for a term, and the patterns whose instances it covers."""

    discount: Share = unfilled("What it takes off the list price, such as 40 %.")
    term_s: Duration = unfilled("How long it binds, such as 1 year.", "term")
    covers: Annotated[tuple[str, ...], Words(*PATTERN_NAMES, noun="a pattern")] = unfilled(
        "The patterns whose instances it covers, such as [real-time, batch-transform]."
    )
    rates: Annotated[Path | None, RecordedFile("plan rates")] = Field(
        default=None,
        description="A CSV of plan rates with columns meter and usd_per_unit, such as plan.csv beside the profile.",
    )
    commitment: Annotated[str, Choice("fits", "best", noun="a commitment")] = Field(
        default="fits",
        description="Whether the commitment fits all covered use (fits), or is the one with the lowest bill (best).",
    )


class Purchase(Section):
    """How AWS is paid."""

    savings_plan: SavingsPlan | None = unfilled("A Savings Plan, such as {discount: 40 %, term: 1 year}.")
    free_tier: Annotated[bool, Switch()] = unfilled("Whether the account still has AWS's free tier: yes or no.")
