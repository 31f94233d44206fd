"""The meters that several patterns share: time of instances, their volumes, data in and out, what S3 takes."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.catalog.instances import instance
from advisor.money import Meter
from advisor.units import HOUR_S, MONTH_S
from advisor.workload import Workload

__all__ = ["captured", "data", "instance_time", "stored", "volume"]

_GB = 10**9


def instance_time(component: str, name: str, granules: Mapping[str, int], assumed: str = "") -> Meter:
    """Seconds of all instances, priced by the hour."""
    return Meter(
        what=f"{name} instances",
        component=component,
        meter=name,
        granules=granules["instance_s"],
        granule="instance-second",
        per_unit=int(HOUR_S),
        assumed=assumed,
    )


def volume(w: Workload, name: str, volume_gb: int | None, granules: Mapping[str, int]) -> tuple[Meter, ...]:
    """The volume beside every instance, by GB and month; none where the type brings disks of its own."""
    if instance(name).nvme_gb:
        return ()
    size = volume_gb or round(float(w.assume("endpoint_volume")) / _GB)
    return (
        Meter(
            what=f"volumes of {size} GB",
            component="HostingStorage",
            meter="gp2 volume",
            granules=size * granules["instance_s"],
            granule="GB-second",
            per_unit=int(MONTH_S),
            assumed="" if volume_gb else "the assumption endpoint_volume",
        ),
    )


def data(granules: Mapping[str, int], assumed: str = "") -> tuple[Meter, ...]:
    """Bytes into and out of an endpoint, priced by the GB."""
    return tuple(
        Meter(
            what=f"data {way}",
            component="DataProcessed",
            meter=f"Hosting:{way.upper()}",
            granules=granules[f"bytes_{way}"],
            granule="byte",
            per_unit=_GB,
            assumed=assumed,
        )
        for way in ("in", "out")
    )


def captured(w: Workload, *, puts: int, granules: Mapping[str, int], unless: str = "") -> tuple[Meter, ...]:
    """What keeping every request and answer in S3 takes, where the needs ask for data capture or its monitor.

    All calls are captured, as `render` asks for it; ``unless`` says why the number of objects is only assumed.
    """
    if not {"data-capture", "model-monitor"} & set(w.needs):
        return ()
    kept = (granules["bytes_in"] + granules["bytes_out"]) * round(float(w.assume("capture_storage")))
    return (
        Meter(
            what="captured data, S3 writes",
            component="S3",
            meter="PUT",
            granules=puts,
            granule="request",
            per_unit=1000,
            assumed=unless,
        ),
        Meter(
            what="captured data, S3 storage",
            component="S3",
            meter="GB-Mo",
            granules=kept,
            granule="byte-second",
            per_unit=_GB * int(MONTH_S),
            assumed="the assumption capture_storage",
        ),
    )


def stored(w: Workload, held: str, *, puts: int, gets: int, kept_bytes: int) -> tuple[Meter, ...]:
    """What S3 takes for writes and reads, and for keeping bytes as long as the assumption ``held`` says.

    Each byte is kept that long, whenever it came: as many byte-seconds, priced by the GB and month.
    """
    return (
        Meter(what="S3 writes", component="S3", meter="PUT", granules=puts, granule="request", per_unit=1000),
        Meter(what="S3 reads", component="S3", meter="GET", granules=gets, granule="request", per_unit=1000),
        Meter(
            what="S3 storage",
            component="S3",
            meter="GB-Mo",
            granules=kept_bytes * round(float(w.assume(held))),
            granule="byte-second",
            per_unit=_GB * int(MONTH_S),
            assumed=f"the assumption {held}",
        ),
    )
