"""Factories of rules about a model on its way to an instance: its size, the disk it is unpacked on, the time it takes.

Endpoints of every kind create their models by the same call, so these limits are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import model_ready_s, roughly
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, WARNS, Ill
from advisor.rules.of_size import above_every_reading, between_readings
from advisor.units import show_bytes, show_duration
from advisor.workload import Workload

__all__ = [
    "disk_holds_model", "model_size_between", "model_size_refused", "ready_at_all", "ready_for_ping",
    "volume_beside_nvme", "volume_within_most",
]  # fmt: skip

_SMALLER = "quantise or split the model"
_SLOW = "load faster (uncompressed parts in parallel, platform: {launch_model_per_s: ...}), or quantise the model"


def _size(w: Workload) -> float:
    return w.model.size_bytes


def model_size_refused(
    rule_id: str,
    what: str = "an endpoint",
    *,
    passes: str = "model: {size: 100 GB, memory: 110 GB}",
    fails: str = "model: {size: 700 GB}",
) -> Rule[Any]:
    """A model above every reading of the largest size; ``what`` loads it, as in "a real-time endpoint"."""
    return above_every_reading(
        rule_id, "realtime.model_size_max", _size, "the model",
        where="model.size", reason="AWS does not raise this limit; a larger model is split or quantised.",
        title=f"{what[0].upper()}{what[1:]} loads models of up to {{realtime.model_size_max}}.",
        mend=_SMALLER, passes=passes, fails=fails,
    )  # fmt: skip


def model_size_between(
    rule_id: str,
    *,
    passes: str = "model: {size: 100 GB, memory: 110 GB}",
    fails: str = "model: {size: 510 GB, memory: 520 GB}",
) -> Rule[Any]:
    """A model that one reading of the largest size allows and another does not."""
    return between_readings(
        rule_id, "realtime.model_size_max", _size, "the model",
        where="model.size", title="A model close to {realtime.model_size_max} may be refused.",
        reason="AWS does not say whether it counts in thousands or in 1024s; what lies between is a risk.",
        mend=_SMALLER, passes=passes, fails=fails,
    )  # fmt: skip


def volume_within_most(
    rule_id: str, *, passes_set: str = "volume=500 GB", fails_set: str = "volume=600 GB", what: str = "an instance"
) -> Rule[Any]:
    """A volume larger than AWS attaches; the deployment has a field volume_gb."""

    def body(w: Workload, d: Any) -> Ill | None:
        if d.volume_gb is None or d.volume_gb * 1e9 <= limit("realtime.volume_gb_max").base:
            return None
        return Ill(
            f"a volume of {d.volume_gb} GB, and AWS attaches {told(w, 'realtime.volume_gb_max')} at most",
            mend="take a type with local NVMe disks, such as ml.g5.12xlarge, or a smaller model",
        )

    body.__doc__ = f"""The volume of {what} has at most {{realtime.volume_gb_max}}.

    A model that needs more goes on a type with NVMe disks of its own."""
    return rule(
        rule_id,
        BLOCKS,
        where="deployment.volume_gb",
        reads=("realtime.volume_gb_max",),
        passes_set=passes_set,
        fails_set=fails_set,
    )(body)


def _instance_disk(w: Workload, d: Any) -> float:
    nvme = instance(d.instance_type).nvme_gb
    return nvme * 1e9 if nvme else (d.volume_gb or 0) * 1e9 or float(w.assume("endpoint_volume"))


def disk_holds_model(
    rule_id: str,
    *,
    passes: str = "",
    fails: str = "model: {size: 40 GB}",
    passes_set: str = "",
    fails_set: str = "",
    disk: Callable[[Workload, Any], float] = _instance_disk,
    reads: tuple[str, ...] = ("endpoint_volume",),
    has: str = "Where no volume is asked for, one of {endpoint_volume} is counted on, or the type's own NVMe disk.",
    mend: str = "ask for a larger volume, store the model uncompressed, or take a type with NVMe disks",
) -> Rule[Any]:
    """A model whose archive and content together exceed the disk; ``disk`` says what it has, ``has`` so in words."""

    def body(w: Workload, d: Any) -> Ill | None:
        needed, there = w.model.size_bytes * float(w.assume("artefact_unpack_factor")), disk(w, d)
        if needed <= there:
            return None
        return Ill(
            f"the model unpacks to {show_bytes(needed)} with its archive, and the disk has {show_bytes(there)}",
            mend=mend,
        )

    body.__doc__ = f"""A model's archive and what is unpacked from it need room on the disk together.

    While it unpacks, a model takes {{artefact_unpack_factor}} its size. {has}"""
    return rule(
        rule_id,
        WARNS,
        where="model.size",
        reads=("artefact_unpack_factor", *reads),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=4,
    )(body)


def _longest_s(w: Workload) -> float:
    return min(w.limit("realtime.model_download_timeout_max"), w.limit("realtime.startup_health_timeout_max"))


def ready_for_ping(
    rule_id: str, *, passes: str = "model: {size: 20 GB}", fails: str = "model: {size: 80 GB, memory: 90 GB}"
) -> Rule[Any]:
    """A model that is not there when the first health check gives up, unless time-outs are raised."""

    def body(w: Workload, _: object) -> Ill | None:
        ready = model_ready_s(w)
        if not w.limit("realtime.first_ping_window") < ready <= _longest_s(w):
            return None
        return Ill(
            f"the model is ready after about {show_duration(roughly(ready))}, and the first health check waits "
            f"{told(w, 'realtime.first_ping_window')}",
            mend="raise ContainerStartupHealthCheckTimeoutInSeconds and ModelDataDownloadTimeoutInSeconds, "
            "or load faster",
        )

    body.__doc__ = """The first health check gives up {realtime.first_ping_window} after a container's start.

    Download and load of a large model take longer, at an assumed {launch_model_per_s} a second; both time-outs can be
    raised, to {realtime.startup_health_timeout_max}."""
    return rule(
        rule_id,
        WARNS,
        where="model.size",
        reads=("realtime.first_ping_window", "realtime.startup_health_timeout_max", "launch_model_per_s"),
        passes=passes,
        fails=fails,
        facts=2,
    )(body)


def ready_at_all(
    rule_id: str,
    *,
    passes: str = "model: {size: 100 GB, memory: 110 GB}",
    fails: str = "model: {size: 450 GB, memory: 460 GB}",
) -> Rule[Any]:
    """A model whose download, at the assumed rate, takes longer than any time-out that can be set."""

    def body(w: Workload, _: object) -> Ill | None:
        ready = model_ready_s(w)
        if ready <= _longest_s(w) or w.model.size_bytes > limit("realtime.model_size_max").largest:
            return None
        return Ill(
            f"at {told(w, 'launch_model_per_s')} a second the model is there after about "
            f"{show_duration(roughly(ready))}, and the download may take "
            f"{told(w, 'realtime.model_download_timeout_max')}",
            mend=_SLOW,
        )

    body.__doc__ = """A model's download and its start-up have up to {realtime.model_download_timeout_max} each.

    These are two time-outs, ModelDataDownloadTimeoutInSeconds and ContainerStartupHealthCheckTimeoutInSeconds
    ({realtime.startup_health_timeout_max} at most). The rate is an assumption, {launch_model_per_s} a second for
    one stream: AWS states that models of {realtime.model_size_max} load, so measure it."""
    return rule(
        rule_id,
        WARNS,
        where="model.size",
        reads=(
            "realtime.model_download_timeout_max",
            "realtime.startup_health_timeout_max",
            "realtime.model_size_max",
            "launch_model_per_s",
        ),
        passes=passes,
        fails=fails,
        facts=2,
    )(body)


def volume_beside_nvme(rule_id: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """A volume size cannot be set on types that carry their own disk; the deployment has a field volume_gb."""

    def body(_: Workload, d: Any) -> Ill | None:
        one = instance(d.instance_type)
        if d.volume_gb is None or not one.nvme_gb:
            return None
        return Ill(
            f"{d.instance_type} has {one.nvme_gb:g} GB of its own NVMe disk, and a volume of {d.volume_gb} GB "
            "is asked for",
            mend="leave volume out (volume=none), or take a type without a local disk",
        )

    body.__doc__ = """The API takes no volume size for types that have a local disk.

    Types with NVMe keep the model there."""
    return rule(
        rule_id,
        BLOCKS,
        where="deployment.volume_gb",
        source="AWS developer guide, host instance storage volumes, 2026",
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)
