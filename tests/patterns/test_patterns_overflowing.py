"""What overflows a row of containers, by Erlang's own formula."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest

from advisor.rules.estimates import overflowing


def by_formula(load: float, containers: int) -> float:
    """Erlang B written out: a^n / n! over the sum of a^k / k! up to n."""
    terms = [load**k / math.factorial(k) for k in range(containers + 1)]
    return terms[-1] / math.fsum(terms)


def test_what_overflows_is_erlangs_loss_for_a_number_and_for_an_array_alike() -> None:
    loads = (0.01, 1.0, 7.5, 40.0)
    together = list(islice(overflowing(np.array(loads)), 50))
    for at, load in enumerate(loads):
        alone = list(islice(overflowing(load), 50))
        assert alone == pytest.approx([by_formula(load, n) for n in range(1, 51)], rel=1e-12)
        assert [float(row[at]) for row in together] == alone
