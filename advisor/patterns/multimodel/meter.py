"""What a multi-model endpoint is billed for: instances as a real-time endpoint's, their volumes, data in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.money import Usage
from advisor.patterns.meters import data, instance_time, volume
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel
    from advisor.sim.run_record import Run

__all__ = ["usage"]


def usage(w: Workload, d: MultiModel, run: Run) -> Usage:
    """Meters of one run."""
    granules = run.granules
    return Usage(
        meters=(
            instance_time("Hosting", d.instance_type, granules),
            *volume(w, d.instance_type, d.volume_gb, granules),
            *data(granules),
        ),
        window_s=run.window_s[1] - run.window_s[0],
    )
