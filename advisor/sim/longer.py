"""Arrays that grow as rows are needed."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["longer"]

S = TypeVar("S", np.float64, np.int64)


def longer(array: NDArray[S], rows: int, fill: float) -> NDArray[S]:
    """The array with at least so many rows; at least doubled, so that growing costs nothing on average."""
    if array.shape[0] >= rows:
        return array
    new = np.full((max(rows, 2 * array.shape[0]), *array.shape[1:]), fill, dtype=array.dtype)
    new[: array.shape[0]] = array
    return new
