"""Measured launches and model loads against the assumptions that add download and load to a launch.

Launches: AWS's four published cases of container image caching on accelerator instances (AWS blog, 2026-06): one with
image and model sizes, three medians of customers whose models are not told. Loads: thirty cold loads each of two
language models on research machines with local disks (third-party measurement, 2024 and 2025).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from advisor.catalog.assumptions import assumption
from advisor.catalog.instances import instance
from advisor.rules.estimates import launch_s
from advisor.workload import Workload, reads
from tests.reality.measured import column, error_of_mean, rows_of, show

#: (type, image GB, model GB, seconds without and with the cached image); NaN where AWS does not tell
CASES = (
    ("ml.g6.2xlarge", 17.7, 16.4, 525.0, 258.0),
    ("ml.g4dn.xlarge", 15.7, math.nan, 381.0, 134.0),
    ("ml.g5.2xlarge", math.nan, math.nan, 346.0, 164.0),
    ("ml.g5.xlarge", math.nan, math.nan, 346.0, 216.0),
)
WITHIN = 0.25


def served(on: str, image_gb: float, model_gb: float) -> Workload:
    return reads(
        f"name: launched\nregion: us-east-1\nwork: [{{on: {on}, mean: 100 ms}}]\n"
        f"model: {{image: {image_gb:g} GB, size: {model_gb:g} GB, accelerator: required}}\n"
    )


def off(found: float, seen: float) -> str:
    return f"{100 * (found / seen - 1):+.0f} %"


def test_cached_launches_fit_the_four_published_cases_within_a_quarter() -> None:
    """The one case with a told model as it is. The three others must all fit with one and the same model size, and
    the size that would fit each exactly must fit into the memory of its accelerator."""
    rate = float(assumption("launch_cached_model_per_s").base)
    same_gb, rows = 6.5, []
    for on, image, model, _, seen in CASES:
        size = same_gb if math.isnan(model) else model
        found = launch_s(served(on, 2.0 if math.isnan(image) else image, size), on)
        exact_gb = (seen - float(assumption("launch_cached").base)) * rate / 1e9
        rows.append((on, f"{size:g} GB" + (" (not told)" if math.isnan(model) else ""), seen, found, off(found, seen),
                     f"{exact_gb:.1f} GB"))  # fmt: skip
        assert found == pytest.approx(seen, rel=WITHIN), on
        if math.isnan(model):
            assert 0 <= exact_gb * 1e9 <= instance(on).device_memory_mib * 2**20, (on, exact_gb)
    show(
        "Launch of an accelerator instance with its image cached, seconds",
        ("instance", "model", "measured", "foretold", "off", "model that would fit exactly"),
        rows,
        "AWS's medians, without a spread: no standard error.",
    )


def test_a_first_launch_is_never_foretold_sooner_than_published() -> None:
    """Both cases with a told image; the second model is not told and does not matter while the image takes longer."""
    rows = []
    for on, image, model, seen, _ in CASES[:2]:
        size = 6.5 if math.isnan(model) else model
        found = launch_s(served(on, image, size), on, first=True)
        rows.append((on, f"{image:g} GB", seen, found, off(found, seen)))
        assert seen <= found <= 1.6 * seen, on
    show(
        "First launch of an accelerator instance, the image pulled, seconds",
        ("instance", "image", "measured", "foretold", "off"),
        rows,
        "AWS's medians, without a spread: no standard error. On the safe side, and by too much where the median launch "
        "already held a large image.",
    )


def test_loads_from_disk_are_never_foretold_sooner_than_a_local_disk_allows(traces: Path) -> None:
    """Weights of two bytes a parameter. What is assumed is a multi-model endpoint's volume over the network, so the
    measured local disks must be faster; how much is what the table tells."""
    gigabytes = {"facebook_opt-6.7b": 13.3, "meta-llama_Llama-3.1-8B-Instruct": 16.1}
    base, per_s = (float(assumption(key).base) for key in ("mme_load_base", "mme_load_per_s"))
    told = assumption("mme_load_cv")
    cv, low, high = (float(told.parse(value)) for value in (told.value, told.low, told.high))
    runs: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows_of(traces / "service" / "model_load_seconds_serverlessllm.csv"):
        runs.setdefault((row["hardware"], row["run"]), []).append(row)
    rows, plain = [], []
    for (hardware, run), loads in sorted(runs.items()):
        (size,) = (held for name, held in gigabytes.items() if run.startswith(name))
        took = column(loads, "loading_s")
        found, seen = base + size * 1e9 / per_s, float(took.mean())
        spread = float(took.std(ddof=1)) / seen
        way = "safetensors" if "safetensors" in run else "loader of its own"
        if way == "safetensors":
            plain.append(spread)
        rows.append((
            f"{hardware}, {size:g} GB", way, len(took), f"{seen:.2f}", f"{error_of_mean(took):.3f}",
            f"{size / seen:.2f}", f"{found:.1f}", f"{found / seen:.1f}x", f"{spread:.3f}",
            f"{spread / math.sqrt(2 * len(took)):.3f}",
        ))  # fmt: skip
        assert found >= seen
    show(
        f"Cold model loads from disk, seconds (assumed: {base:g} s and {per_s / 1e6:.0f} MB a second, cv {cv:g})",
        ("machine, model", "way", "loads", "measured", "s.e.", "GB/s", "foretold", "over measured", "cv", "s.e. of cv"),
        rows,
    )
    assert len(plain) == 2
    assert all(low <= one <= high for one in plain)
    assert float(np.mean(plain)) == pytest.approx(cv, abs=0.1)
