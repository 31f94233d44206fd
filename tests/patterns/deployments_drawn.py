"""Deployments drawn for property tests: within AWS's limits, or anything that a setting takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from advisor.catalog.instances import instance, instances, offered
from advisor.patterns import PATTERNS, Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.patterns.clock import reach
from tests.patterns.service_model import operation

WORDS = ("abc", "Überweisung prüfen", "数据", "a" * 120, "-x-", "team/model_v2 (eu)", "9", "fraud scoring  2")
NEEDS = {
    "real-time": ("vpc", "data-capture", "model-monitor", "multi-az", "network-isolation", "shadow", "marketplace",
                  "private-registry", "pipeline", "multi-container", "streaming", "sticky-sessions"),
    "serverless": ("scale-to-zero",),
    "asynchronous": ("vpc", "multi-az", "network-isolation", "marketplace", "private-registry", "notifications",
                     "queueing", "scale-to-zero"),
    "batch-transform": ("vpc", "data-capture", "model-monitor", "marketplace", "private-registry", "pipeline"),
    "multi-model": ("vpc", "multi-az", "network-isolation", "private-registry", "pipeline", "sticky-sessions"),
}  # fmt: skip


def _types(component: str, client_operation: str) -> list[str]:
    shape: Any = operation("sagemaker", client_operation).input_shape
    if component == "BatchTransform":
        known = shape.members["TransformResources"].members["InstanceType"].enum
    else:
        known = shape.members["ProductionVariants"].member.members["InstanceType"].enum
    return [one.name for one in instances() if offered(one.name, component) and one.name in known]


_HOSTED = _types("Hosting", "create_endpoint_config")
_ASYNC = _types("AsyncInf", "create_endpoint_config")
_JOBS = _types("BatchTransform", "create_transform_job")
_TARGETS = st.floats(0.01, 1e6) | st.integers(1, 100_000)


def needs(pattern: type[Pattern]) -> st.SearchStrategy[list[str]]:
    """Needs that this pattern can meet, together."""
    return st.lists(st.sampled_from(NEEDS[pattern.name]), unique=True)


@st.composite
def schedule(draw: st.DrawFn, otherwise: int, least: int, most: int) -> str | None:
    """None, or one or two stretches of the day between these numbers, on all days or on some, that change something."""
    numbers = [n for n in (least, most, (least + most) // 2) if n != otherwise]
    if not numbers or not draw(st.booleans()):
        return None
    days = draw(st.sampled_from(["", "mon-fri ", "sat,sun ", "tue "]))
    one, other = (f"={draw(st.sampled_from(numbers))}" for _ in range(2))
    return draw(
        st.sampled_from(
            [f"{days}08:00-18:00{one}", f"{days}22:30-06:00{one}", f"{days}06:00-09:15{one}; {days}16:00-20:00{other}"]
        )
    )


@st.composite
def _fleet(draw: st.DrawFn, types: list[str], least: int) -> dict[str, Any]:
    name = draw(st.sampled_from(types))
    low = draw(st.integers(least, 20))
    high = draw(st.integers(max(low, 1), 40))
    volume = None if instance(name).nvme_gb else draw(st.none() | st.integers(1, 512))
    return {"instance_type": name, "min_instances": low, "max_instances": high, "volume_gb": volume}


@st.composite
def real_time(draw: st.DrawFn) -> RealTime:
    fleet = draw(_fleet(_HOSTED, 1))
    scaling = draw(st.sampled_from(["none", "invocations", "concurrency"]))
    fleet["schedule"] = draw(schedule(fleet["min_instances"], 1, fleet["max_instances"]))
    if scaling == "none":
        fleet["max_instances"] = reach(fleet["schedule"], fleet["min_instances"])[1]
    target = None if scaling == "none" else draw(_TARGETS)
    routing = draw(st.sampled_from(["RANDOM", "LEAST_OUTSTANDING_REQUESTS"]))
    workers = draw(st.none() | st.integers(1, 200))
    return RealTime(**fleet, scaling=scaling, target=target, routing=routing, workers=workers)


@st.composite
def serverless(draw: st.DrawFn) -> Serverless:
    most = draw(st.integers(1, 200))
    kept = draw(st.integers(0, most))
    memory = 1024 * draw(st.integers(1, 6))
    if not kept or draw(st.booleans()):
        return Serverless(memory_mib=memory, max_concurrency=most, provisioned_concurrency=kept)
    scaled = draw(st.booleans())
    top = draw(st.integers(kept, most)) if scaled else most
    return Serverless(
        memory_mib=memory,
        max_concurrency=most,
        provisioned_concurrency=kept,
        max_provisioned_concurrency=top if scaled else None,
        target_utilisation=draw(st.floats(0.01, 0.99)) if scaled else None,
        schedule=draw(schedule(kept, 1, top)),
    )


@st.composite
def asynchronous(draw: st.DrawFn) -> Asynchronous:
    fleet = draw(_fleet(_ASYNC, 0))
    return Asynchronous(
        **fleet,
        schedule=draw(schedule(fleet["min_instances"], 0, fleet["max_instances"])),
        concurrency_per_instance=draw(st.integers(1, 1000)),
        target_backlog=draw(_TARGETS),
        timeout_s=draw(st.integers(1, 3600)),
        ttl_s=draw(st.integers(60, 21_600)),
        wake_step=draw(st.booleans()),
        inline=draw(st.booleans()),
    )


@st.composite
def batch(draw: st.DrawFn) -> BatchTransform:
    return BatchTransform(
        instance_type=draw(st.sampled_from(_JOBS)),
        instances=draw(st.integers(1, 100)),
        max_payload_mb=draw(st.integers(0, 100)),
        max_concurrent_transforms=draw(st.integers(1, 100)),
        strategy=draw(st.sampled_from(["MultiRecord", "SingleRecord"])),
        split=draw(st.sampled_from(["None", "Line", "RecordIO", "TFRecord"])),
        timeout_s=draw(st.integers(1, 3600)),
        retries=draw(st.integers(0, 3)),
        every_s=60.0 * draw(st.integers(1, 100_000)),
    )


@st.composite
def multi_model(draw: st.DrawFn) -> MultiModel:
    fleet = draw(_fleet(_HOSTED, 1))
    scales = draw(st.booleans())
    fleet["schedule"] = draw(schedule(fleet["min_instances"], 1, fleet["max_instances"]))
    if not scales:
        fleet["max_instances"] = reach(fleet["schedule"], fleet["min_instances"])[1]
    target = draw(_TARGETS) if scales else None
    return MultiModel(
        **fleet, scaling="invocations" if scales else "none", target=target, cached=draw(st.booleans())
    )  # fmt: skip


VALID: dict[type[Pattern], st.SearchStrategy[Any]] = {
    RealTime: real_time(),
    Serverless: serverless(),
    Asynchronous: asynchronous(),
    BatchTransform: batch(),
    MultiModel: multi_model(),
}
assert set(VALID) == set(PATTERNS)

_WILD: dict[str, st.SearchStrategy[Any]] = {
    "memory_mib": st.sampled_from([1, 1000, 1024, 3000, 6144, 7168]),
    "max_concurrency": st.sampled_from([1, 200, 201]),
    "provisioned_concurrency": st.sampled_from([0, 1, 200, 201]),
    "concurrency_per_instance": st.sampled_from([1, 1000, 1001]),
    "timeout_s": st.sampled_from([0.5, 1, 1.5, 3600, 3601]),
    "ttl_s": st.sampled_from([59, 60, 60.5, 21_600, 21_601]),
    "volume_gb": st.sampled_from([None, 1, 512, 513]),
    "instance_type": st.sampled_from(["ml.m5.large", "ml.g5.xlarge", "ml.c5n.large", "ml.p4d.24xlarge", "ml.t3.large"]),
    "instances": st.sampled_from([1, 100, 101]),
    "max_payload_mb": st.sampled_from([0, 1, 100, 101]),
    "max_concurrent_transforms": st.sampled_from([1, 100]),
    "retries": st.sampled_from([0, 3, 4]),
    "every_s": st.sampled_from([0.5, 90, 3600, 86_400, 1e11]),
    "workers": st.sampled_from([None, 1, 10**9]),
    "target_backlog": st.sampled_from([1e-9, 5, 1e11]),
}


@st.composite
def wild(draw: st.DrawFn, pattern: type[Pattern]) -> Any:
    """A valid deployment of which some settings were changed to what lies at AWS's limits and beyond."""
    d = draw(VALID[pattern])
    # What is scaled would contradict another minimum.
    scaled = {"provisioned_concurrency"} if isinstance(d, Serverless) and d.scales else set()
    fields = [field for field in d.to_dict() if field in _WILD and field not in scaled]
    changed = draw(st.lists(st.sampled_from(fields), unique=True, max_size=2))
    return d.with_({field: draw(_WILD[field]) for field in changed})
