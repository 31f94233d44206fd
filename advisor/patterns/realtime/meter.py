"""What a real-time endpoint is billed for: instances from launch to end, their volumes, data in and out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.money import Usage
from advisor.patterns.meters import captured, data, instance_time, volume
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime
    from advisor.sim.run_record import Run

__all__ = ["usage"]

_SHADOW = "the shadow variant runs as many instances as the one that it shadows"


def usage(w: Workload, d: RealTime, run: Run) -> Usage:
    """Meters of one run. A shadow variant comes on top of the production variant, instance by instance."""
    standing = (
        instance_time("Hosting", d.instance_type, run.granules),
        *volume(w, d.instance_type, d.volume_gb, run.granules),
    )
    shadow = (
        tuple(replace(meter, what=f"shadow: {meter.what}", assumed=_SHADOW) for meter in standing)
        if "shadow" in w.needs
        else ()
    )
    files = math.ceil(run.ledger.served / float(w.assume("capture_calls_per_file")))
    kept = captured(w, puts=files, granules=run.granules, unless="the assumption capture_calls_per_file")
    return Usage(meters=(*standing, *shadow, *data(run.granules), *kept), window_s=run.window_s[1] - run.window_s[0])
