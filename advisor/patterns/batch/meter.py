"""What jobs are billed for: every instance until the last one ends, S3, and of a stream what looks before each job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.money import Meter, Usage
from advisor.patterns.meters import captured, instance_time, stored
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform
    from advisor.sim.run_record import Run

__all__ = ["usage"]


def usage(w: Workload, d: BatchTransform, run: Run) -> Usage:
    """Meters of the jobs of one run: an object is read once, and one result is written for it.

    A lot lies there already; each request of a stream is written first, as one to an asynchronous endpoint is.
    """
    granules = run.granules
    inputs = granules["objects_in"] if w.batch is None else 0
    return Usage(
        meters=(
            instance_time("BatchTransform", d.instance_type, granules),
            *stored(
                w,
                "batch_storage",
                puts=inputs + granules["objects_out"],
                gets=granules["objects_in"],
                kept_bytes=granules["bytes_in"] + granules["bytes_out"],
            ),
            # Each object and each result once more.
            *captured(w, puts=granules["objects_in"] + granules["objects_out"], granules=granules),
            *(_looks(granules) if w.batch is None else ()),
        ),
        window_s=run.window_s[1] - run.window_s[0],
    )


def _looks(granules: Mapping[str, int]) -> tuple[Meter, ...]:
    """The machine that starts a stream's jobs: its listings of S3, which are priced as writes, and its steps."""
    return (
        Meter(
            what="S3 listings of what has come",
            component="S3",
            meter="PUT",
            granules=granules["lists"],
            granule="request",
            per_unit=1000,
        ),
        Meter(
            what="steps of the machine that starts jobs",
            component="StepFunctions",
            meter="StateTransition",
            granules=granules["transitions"],
            granule="transition",
            per_unit=1000,
        ),
    )
