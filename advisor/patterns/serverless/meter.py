"""What a serverless endpoint is billed for: its work, provisioned containers kept warm, data in and out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from advisor.money import Meter, Usage
from advisor.patterns.meters import data
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless
    from advisor.sim.run_record import Run

__all__ = ["usage"]

_MIB_A_GB = 1024


def usage(w: Workload, d: Serverless, run: Run) -> Usage:
    """Meters of one run: milliseconds, each call rounded up; seconds for what is kept warm."""
    size = f"Mem-{math.ceil(d.memory_mib / _MIB_A_GB)}GB"
    setup = "set-up is billed" if w.assume("serverless_cold_billed") else "set-up is not billed"
    work = Meter(
        what="work on demand",
        component="ServerlessInf",
        meter=size,
        granules=run.granules["on_demand_ms"],
        granule="ms",
        per_unit=1000,
        assumed=f"the assumption serverless_cold_billed: {setup}",
    )
    kept = Meter(
        what="provisioned concurrency",
        component="ServerlessProvisionedUsage",
        meter=size,
        granules=run.granules["provisioned_s"],
        granule="container-second",
        per_unit=1,
    )
    provisioned = Meter(
        what="work on provisioned concurrency",
        component="ServerlessProvisionedDuration",
        meter=size,
        granules=run.granules["provisioned_ms"],
        granule="ms",
        per_unit=1000,
    )
    return Usage(
        meters=(work, *((kept, provisioned) if d.most_provisioned else ()), *data(run.granules)),
        window_s=run.window_s[1] - run.window_s[0],
    )
