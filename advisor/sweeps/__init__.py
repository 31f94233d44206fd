"""What if: a workload's and a deployment's fields varied over a grid, every cell answered, stored as it comes.

fields     which fields there are, and how a number of each is read
varying    the values of each field: "1..1000:log20", "1, 2, 5", "4 GB, 6 GB"
cells      one cell: its workload, and its answer as rows
store      answers as they come, in a file that a killed sweep goes on from
stamp      what else answers hang on: version, prices, recorded files
sweeping   the sweep: cells over threads, any executor, or a cluster
cluster    the same cells on a Dask cluster
"""

from __future__ import annotations

from advisor.sweeps.sweeping import whatif

__all__ = ["whatif"]
