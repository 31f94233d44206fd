"""What an asynchronous endpoint is billed for: instances from launch to end, their volumes, and S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.money import Usage
from advisor.patterns.meters import data, instance_time, stored, volume
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous
    from advisor.sim.run_record import Run

__all__ = ["usage"]


def usage(w: Workload, d: Asynchronous, run: Run) -> Usage:
    """Meters of one run. A body that is sent in the call itself is neither written to S3 nor read from it."""
    granules, calls = run.granules, run.ledger.attempts
    inputs = 0 if d.inline else calls
    # Beside the input and the answer, an assumption may count further requests of each call.
    more = {way: round(float(w.assume(f"async_{way}_per_request"))) - 2 for way in ("puts", "gets")}
    return Usage(
        meters=(
            instance_time("AsyncInf", d.instance_type, granules),
            *volume(w, d.instance_type, d.volume_gb, granules),
            *(data(granules, "the assumption async_data_billed") if w.assume("async_data_billed") else ()),
            *stored(
                w,
                "async_storage",
                puts=max(0, inputs + run.ledger.served + more["puts"] * calls),
                gets=max(0, inputs + run.ledger.served + more["gets"] * calls),
                kept_bytes=granules["bytes_out"] + (0 if d.inline else granules["bytes_in"]),
            ),
        ),
        window_s=run.window_s[1] - run.window_s[0],
    )
