"""The keys of numeric templates, worked out a second time: by hand, in other words than the package's own formulas."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

from advisor.catalog.prices import price_book

Given = Mapping[str, Fraction]
_LIMITS = {
    row["key"]: row
    for row in json.loads(
        (Path(__file__).parents[2] / "advisor" / "catalog" / "data" / "limits.json").read_text(encoding="utf-8")
    )
}


def raw(key: str) -> Fraction:
    """A limit as the catalog's file has it, in the unit of the file."""
    value = _LIMITS[key]["value"]
    return Fraction(str(value["median"] if isinstance(value, dict) else value))


def price(where: str) -> Fraction:
    region, component, meter = where.split("/", 2)
    return Fraction(price_book().rate(region, component, meter).usd)


def up(value: Fraction) -> Fraction:
    return Fraction(-((-value.numerator) // value.denominator))


def down(value: Fraction) -> Fraction:
    return Fraction(value.numerator // value.denominator)


# What a template's key comes to; prices that depend on what was drawn are read from the question's sources.
EXPECTED: Mapping[str, Callable[[Given], Fraction]] = {
    "serverless-at-once": lambda g: up(g["rate"] * g["work"]),
    "serverless-new-account-rate": lambda g: raw("serverless.account_concurrency_new") / g["work"],
    "serverless-memory-for-model": lambda g: 1024 * up((g["model"] + g["server"]) / 1024),
    "serverless-quota-endpoints": lambda g: min(
        down(raw("serverless.account_concurrency_new") / g["each"]), raw("serverless.account_endpoints_new")
    ),
    "serverless-parts": lambda g: up(g["size"] / raw("serverless.payload_max")),
    "async-wake": lambda g: 2 * 60 + g["launch"],
    "async-largest-backlog": lambda g: g["count"] * g["calls"] * down(Fraction(6 * 60) / g["minutes"]),
    "transform-idle": lambda g: max(Fraction(0), g["count"] - g["files"]),
    "transform-longest-share": lambda g: 60 * g["minutes"] * up(g["files"] / g["count"]),
    "transform-outputs": lambda g: g["files"] - g["spread"],
    "transform-mini-batch": lambda g: down(Fraction(6000) / g["size"]),
    "transform-retries": lambda g: 4 * 60 * g["minutes"],
    "transform-fleet": lambda g: up(g["hours"] * 3600 / (g["deadline"] * 60 - raw("batch.startup_measured_max"))),
    "multi-model-memory-fleet": lambda g: up(g["models"] / down(g["total"] * 1024 * Fraction(4, 5) / g["each"])),
    "multi-container-endpoints": lambda g: up(g["count"] / 15),
    "component-copies": lambda g: min(down(g["vcpu"] / g["cores"]), down(g["total"] / g["gib"])),
    "endpoint-for-each": lambda g: g["models"] * g["each"] - raw("quota.instances_all_endpoints"),
    "multi-model-least-fleet": lambda g: 2 * down(1024 * g["room"] / g["each"]),
    "scaling-target": lambda g: g["rate"] * 30,
    "scaling-size": lambda g: up(g["now"] * g["seen"] / g["goal"]),
    "scale-out-standard": lambda g: 180 + g["launch"],
    "scale-out-high-resolution": lambda g: g["times"] * (180 - 30),
    "scale-in-threshold": lambda g: g["goal"] * 9 / 10,
    "scale-in-time": lambda g: g["busy"] * 60 + 15 * 60,
    "scale-in-after-out": lambda g: (g["steps"] - 1) * 300,
    "several-policies": lambda g: max(g["one"], g["two"], g["three"]),
    "launch-median": lambda g: 180 + raw("provision.endpoint_cpu_quantiles") - g["burst"],
    "blue-green-fleet": lambda g: 2 * g["fleet"] + g["other"],
    "cost-plan-bill": lambda g: g["covered"] - g["covered"] * g["off"] / 100 + g["rest"],
    "cost-spot-saving": lambda g: (g["ran"] - g["paid"]) / g["ran"],
    "cost-billable-training": lambda g: g["count"] * (g["data"] + g["run"] + g["upload"]),
    "cost-data-processed": lambda g: (
        g["rate"] * 10**6 * (g["inn"] + g["out"]) * 10**3 / 10**9 * price("us-east-1/DataProcessed/Hosting:IN")
    ),
    "cost-free-tier": lambda g: 1000 * g["thousands"] * g["work"] - raw("free_tier.serverless"),
    "training-run-time": lambda g: Fraction(24 * 3600),
    "processing-jobs-needed": lambda g: up(g["count"] / 10),
    "training-start": lambda g: g["jobs"] * (raw("training.create_to_code_median") + 60 * g["run"]),
    "file-mode-copy": lambda g: g["size"] * 1000 / raw("training.file_mode_throughput"),
    "pack-objects": lambda g: up(g["size"] * 1000 / raw("training.fastfile_object_ideal")),
    "file-mode-volume": lambda g: raw("training.volume_quota") - g["size"] / g["count"],
    "channels-needed": lambda g: raw("training.channels_max") - g["years"] - g["extra"],
    "image-pull": lambda g: g["slim"] * 1000 / raw("provision.image_pull_rate"),
    "environment-entries": lambda g: g["count"] - 16,
}

# The same for parts of case studies, by template and part.
PARTS: Mapping[tuple[str, int], Callable[[Given], Fraction]] = {
    ("one-scene-three-questions", 2): lambda g: up(g["rate"] * g["work"] / (1000 * g["workers"])),
    ("study-queue", 2): lambda g: g["count"] * down(Fraction(360) / g["minutes"]),
    ("study-queue", 3): lambda g: 120 + g["launch"] + 60 * g["minutes"],
    ("study-training", 2): lambda g: g["size"] / g["count"],
    ("study-training", 3): lambda g: g["size"] * 1000 / raw("training.file_mode_throughput") + g["count"] * g["run"],
}
