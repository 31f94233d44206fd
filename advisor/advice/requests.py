"""Every request of a short run as columns, and as a file: CSV, or Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.errors import BugError, InputError
from advisor.files import write_atomically
from advisor.sim.run_record import Run
from advisor.sim.statuses import NAMES, PENDING

__all__ = ["request_rows", "write_csv", "write_parquet"]

_INSTANTS = ("first_arrival", "arrival", "start", "finish", "answered")


def request_rows(run: Run) -> Mapping[str, list[Any]]:
    """Columns by name, one value a request in the order of arrival; ``None`` for an instant that never came.

    Instants are seconds from the beginning of the run, its warm-up included (``in_window`` tells them apart); a request
    that never came to an instance has -1 for it.
    """
    held = run.columns
    if held is None:
        raise BugError("a run without columns has no requests to list")
    low, high = run.window_s
    names = {**dict(enumerate(NAMES)), PENDING: "pending"}
    instants = {
        f"{name}_s": [None if math.isnan(at) else at for at in getattr(held, name).tolist()] for name in _INSTANTS
    }
    return {
        **instants,
        "status": [names[status] for status in held.status.tolist()],
        "instance": held.instance.tolist(),
        "slot": held.slot.tolist(),
        "attempts": held.attempts.tolist(),
        "in_window": [low <= at < high for at in held.first_arrival.tolist()],
    }


def write_csv(rows: Mapping[str, list[Any]], path: Path) -> int:
    """One line a request under a line of names; how many were written. What never came is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows)
    writer.writerows(zip(*rows.values(), strict=True))
    write_atomically(path, text.getvalue())
    return len(rows["status"])


def write_parquet(rows: Mapping[str, list[Any]], path: Path) -> int:
    """The same as Parquet; how many were written."""
    import pandas as pd

    held = io.BytesIO()
    try:
        pd.DataFrame(dict(rows)).to_parquet(held, engine="pyarrow", index=False)
    except ImportError as error:
        mend = "python -m pip install pyarrow, or name a file that ends in .csv"
        raise InputError(f"{path.name} needs pyarrow, which is not installed", "--columns", mend) from error
    write_atomically(path, held.getvalue())
    return len(rows["status"])
