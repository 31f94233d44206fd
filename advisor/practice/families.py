"""The simulated cases behind questions that turn on figures: a few families of deployments, each along one axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["FAMILIES", "Family", "Member", "members"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One deployment to simulate: where it stands on the axis, the piece of profile, pattern and settings."""

    id: str
    x: str
    profile: str
    pattern: str
    sets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Deployments along one axis, of one situation; ``figures`` are those that questions may ask for."""

    id: str
    about: str
    axis: str
    figures: tuple[str, ...]
    members: tuple[Member, ...]


def members() -> Iterator[Member]:
    """Every case, by family."""
    for family in FAMILIES.values():
        yield from family.members


def _along(family: str, pattern: str, points: dict[str, tuple[str, str]]) -> tuple[Member, ...]:
    return tuple(
        Member(id=f"{family}/{x}", x=x, profile=profile, pattern=pattern, sets=sets)
        for x, (profile, sets) in points.items()
    )


def _replicas(family: str, profile: str, kind: str, counts: range) -> tuple[Member, ...]:
    held = {str(n): (profile, f"instance_type={kind}, min_instances={n}, max_instances={n}") for n in counts}
    return _along(family, "real-time", held)


_SCORING = """\
work: [{on: ml.c5.large, mean: 60 ms, p95: 130 ms, workers: 2}]
traffic: {rate: 30 per second, bursts: {peak: 2x, cv: 0.4, length: 10 min}}
"""
_RANKING = """\
work: [{on: ml.c5.xlarge, mean: 200 ms, p95: 450 ms, workers: 4}]
traffic: {rate: 30 per second, bursts: {peak: 1.8x, cv: 0.3, length: 10 min}}
"""
_RARE = """\
work: [{{on: serverless 2 GB, mean: 200 ms, p95: 400 ms}}]
traffic: {{rate: {rate} per hour, shape: steady, bursts: null}}
"""
_EITHER = """\
work: [{{on: serverless 2 GB, mean: 150 ms, p95: 300 ms}}, {{on: ml.m5.large, mean: 100 ms, p95: 200 ms, workers: 2}}]
traffic: {{rate: {rate} per second, shape: steady, bursts: null}}
"""
_QUEUED = """\
work: [{{on: ml.m5.large, mean: 20 s, p95: 40 s, workers: 1}}]
traffic: {{rate: {rate} per hour, shape: steady, bursts: null}}
payload: {{request: 5 MB, request_max: 20 MB}}
"""
_TENANTS = """\
model: {count: 200, size: 60 MB, memory: 200 MB, same_container: true, popularity: {zipf: 0.8}}
work: [{on: ml.m5.xlarge, mean: 30 ms, p95: 70 ms, workers: 4}]
traffic: {rate: 2 per second, shape: steady, bursts: null}
"""
_NIGHT = """\
traffic: null
work: [{on: ml.m5.xlarge, mean: 8 ms, cv: 0.3, workers: 4}]
batch: {records: 2 million, record_size: 2 KB, files: 8, every: 1 day, deadline: 8 hours}
"""
_CHOICES = """\
work:
  - {{on: ml.c5.large, mean: 80 ms, p95: 170 ms, workers: 2}}
  - {{on: ml.c5.xlarge, mean: 55 ms, p95: 120 ms, workers: 4}}
  - {{on: serverless 2 GB, mean: 140 ms, p95: 280 ms}}
  - {{on: serverless 4 GB, mean: 90 ms, p95: 190 ms}}
traffic: {{rate: {rate} per second, bursts: {{peak: 2x, cv: 0.4, length: 10 min}}}}
"""


def _choices(family: str, rate: int) -> tuple[Member, ...]:
    profile = _CHOICES.format(rate=rate)
    fleet = "instance_type={kind}, min_instances={n}, max_instances={n}, scaling=none, target=none"
    warm = f"max_concurrency=40, provisioned_concurrency={2 * rate}"
    held = {
        "1 × ml.c5.large": ("real-time", fleet.format(kind="ml.c5.large", n=1)),
        "2 × ml.c5.large": ("real-time", fleet.format(kind="ml.c5.large", n=2)),
        "1 × ml.c5.xlarge": ("real-time", fleet.format(kind="ml.c5.xlarge", n=1)),
        "2 × ml.c5.xlarge": ("real-time", fleet.format(kind="ml.c5.xlarge", n=2)),
        "serverless 2 GB": ("serverless", "memory=2 GB, max_concurrency=40"),
        "serverless 4 GB": ("serverless", "memory=4 GB, max_concurrency=40"),
        "serverless 4 GB, warm": ("serverless", f"memory=4 GB, {warm}"),
    }
    return tuple(
        Member(id=f"{family}/{x}", x=x, profile=profile, pattern=pattern, sets=sets)
        for x, (pattern, sets) in held.items()
    )


def _of_rates(family: str, template: str, pattern: str, sets: str, rates: tuple[float, ...]) -> tuple[Member, ...]:
    return _along(family, pattern, {f"{rate:g}": (template.format(rate=f"{rate:g}"), sets) for rate in rates})


_HOURLY = (1, 3, 10, 30, 120, 600)
_SECONDLY = (0.5, 1, 2, 4, 8, 12)
_QUEUE_RATES = (1, 4, 12, 40)
_READY = "instance_type=ml.m5.large, min_instances={n}, max_instances=1"
_ONE = "instance_type=ml.m5.large, min_instances=1, max_instances=1, scaling=none, target=none"

FAMILIES: dict[str, Family] = {
    family.id: family
    for family in (
        Family(
            id="replicas-scoring",
            about="a real-time endpoint on ml.c5.large, 30 requests a second on average, 60 ms of work each",
            axis="instances",
            figures=("p50", "p95", "p99"),
            members=_replicas("replicas-scoring", _SCORING, "ml.c5.large", range(2, 8)),
        ),
        Family(
            id="replicas-ranking",
            about="a real-time endpoint on ml.c5.xlarge, 30 requests a second on average, 200 ms of work each",
            axis="instances",
            figures=("p50", "p95", "p99"),
            members=_replicas("replicas-ranking", _RANKING, "ml.c5.xlarge", range(2, 7)),
        ),
        Family(
            id="rare-calls",
            about="a serverless endpoint of 2 GB, 200 ms of work a request, evenly over the day",
            axis="requests an hour",
            figures=("p50", "p95", "p99"),
            members=_of_rates("rare-calls", _RARE, "serverless", "memory=2 GB, max_concurrency=5", _HOURLY),
        ),
        Family(
            id="calls-serverless",
            about="a serverless endpoint of 2 GB, 150 ms of work a request",
            axis="requests a second",
            figures=("p95", "usd"),
            members=_of_rates("calls-serverless", _EITHER, "serverless", "memory=2 GB, max_concurrency=20", _SECONDLY),
        ),
        Family(
            id="calls-instance",
            about="one ml.m5.large behind a real-time endpoint, 100 ms of work a request",
            axis="requests a second",
            figures=("p95", "usd"),
            members=_of_rates("calls-instance", _EITHER, "real-time", _ONE, _SECONDLY),
        ),
        Family(
            id="queue-zero",
            about="an asynchronous endpoint that scales to zero, 20 s of work a request",
            axis="requests an hour",
            figures=("p50", "p95", "usd"),
            members=_of_rates("queue-zero", _QUEUED, "asynchronous", _READY.format(n=0), _QUEUE_RATES),
        ),
        Family(
            id="queue-ready",
            about="an asynchronous endpoint that keeps one instance, 20 s of work a request",
            axis="requests an hour",
            figures=("p50", "p95", "usd"),
            members=_of_rates("queue-ready", _QUEUED, "asynchronous", _READY.format(n=1), _QUEUE_RATES),
        ),
        Family(
            id="tenants",
            about="a multi-model endpoint on ml.m5.xlarge with 200 models of 200 MB, 2 requests a second in all",
            axis="instances",
            figures=("p50", "p95", "p99"),
            members=_along(
                "tenants",
                "multi-model",
                {
                    str(n): (_TENANTS, f"instance_type=ml.m5.xlarge, min_instances={n}, max_instances={n}")
                    for n in range(1, 6)
                },
            ),
        ),
        Family(
            id="night-job",
            about="a nightly transform job on ml.m5.xlarge over 2 million records in 8 objects",
            axis="instances",
            figures=("mean", "usd"),
            members=_along(
                "night-job",
                "batch-transform",
                {str(n): (_NIGHT, f"instance_type=ml.m5.xlarge, instances={n}") for n in (1, 2, 4, 8, 12, 16)},
            ),
        ),
        Family(
            id="choices-quiet",
            about="3 requests a second on average, with bursts up to twice as many",
            axis="deployment",
            figures=("p50", "p95", "p99", "usd"),
            members=_choices("choices-quiet", 3),
        ),
        Family(
            id="choices-busy",
            about="10 requests a second on average, with bursts up to twice as many",
            axis="deployment",
            figures=("p50", "p95", "p99", "usd"),
            members=_choices("choices-busy", 10),
        ),
    )
}
