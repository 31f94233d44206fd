"""Measured data as the comparisons read them: rows of a file, standard errors of what was measured, a printed table."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from advisor.show import Table

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    """The rows of a CSV file, gzipped or not; the test fails where the folder lacks the file."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", newline="") as packed:
            return list(csv.DictReader(packed))
    with path.open(newline="") as plain:
        return list(csv.DictReader(plain))


def column(rows: Sequence[Row], name: str) -> np.ndarray:
    """One column as numbers; what is empty is NaN."""
    return np.array([float(row[name] or "nan") for row in rows])


def error_of_mean(values: Sequence[float] | np.ndarray) -> float:
    """The standard error of a mean of independent values; NaN for fewer than two."""
    some = np.asarray(values, float)
    return float(some.std(ddof=1) / math.sqrt(len(some))) if len(some) > 1 else math.nan


def error_of_share(hits: float, n: float) -> float:
    """The standard error of a share of n independent trials."""
    share = hits / n
    return math.sqrt(share * (1 - share) / n)


def error_by_batches(at_s: np.ndarray, hit: np.ndarray, batches: int) -> float:
    """The standard error of the share of hits where neighbours depend on each other: ratio of sums over equal spans."""
    place = np.minimum((at_s - at_s[0]) / (at_s[-1] - at_s[0]) * batches, batches - 1).astype(int)
    n = np.bincount(place, minlength=batches).astype(float)
    hits = np.bincount(place, weights=hit.astype(float), minlength=batches)
    left = hits - hits.sum() / n.sum() * n
    return math.sqrt(batches / (batches - 1) * float((left**2).sum())) / n.sum()


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *notes: str) -> None:
    """Print predicted beside measured; pytest shows it with -s."""
    written = [tuple(_written(cell) for cell in row) for row in rows]
    print("\n" + Table.of(tuple(columns), written, title=title, notes=notes, right=tuple(columns[1:])).text(140))


def _written(cell: object) -> str:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:.0f}"
    return str(cell)


def error_of_quantile(values: np.ndarray, share: float) -> float:
    """The standard error of a quantile of independent values: half the gap between ranks one binomial error away."""
    n = len(values)
    off = math.sqrt(n * share * (1 - share))
    ranks = np.clip([share * n - off, share * n + off], 0, n - 1).astype(int)
    low, high = np.sort(values)[ranks]
    return float(high - low) / 2
