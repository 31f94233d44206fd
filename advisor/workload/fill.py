"""What a profile leaves out, filled by named assumptions; every filled path is recorded with its assumption's key.

A value that follows from what was given by plain arithmetic (a count of models from their list of shares) is filled
without a record; a value that follows through an assumed factor is recorded under that factor's key.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from advisor.catalog.assumptions import assumption
from advisor.catalog.instances import Instance, instance
from advisor.catalog.limits import limit
from advisor.units import MIB
from advisor.workload import lognormal
from advisor.workload.demand import Batch, Model, Objective, Payload, Popularity, Purchase
from advisor.workload.frameworks import archetype
from advisor.workload.section import Fixed
from advisor.workload.service import Work
from advisor.workload.traffic import CALM, Bursts, Traffic

if TYPE_CHECKING:
    from advisor.workload.model import Workload

__all__ = ["filled"]

# A mean keeps a limit with room to spare where the limit is so many times as large.
_ROOM = 1.5
# Fewer errors than this are none.
_SELDOM = 1e-6


class _Filler:
    """Looks assumptions up and remembers which path took which."""

    def __init__(self, assume: Callable[[str], Any], overridden: Callable[[str], bool]) -> None:
        self.assume, self.overridden = assume, overridden
        self.assumed: dict[str, str] = {}
        self.held_back: set[str] = set()

    def __call__(self, path: str, key: str) -> Any:
        self.assumed[path] = key
        return self.assume(key)


def filled(w: Workload) -> tuple[dict[str, Any], Fixed[str, str], frozenset[str]]:
    """The attributes to fill, path to assumption, and where an assumption was held back by a limit."""
    fill = _Filler(w.assume, w.overridden)
    values: dict[str, Any] = {}
    for key in ("region", "task"):
        if getattr(w, key) is None:
            values[key] = fill(key, key)
    model = values["model"] = _model(w.model or Model(), w.needs or (), fill)
    errors = w.objective.errors if w.objective is not None else None
    values["work"] = _works(w.work, model, fill, fill.assume("objective_errors") if errors is None else errors)
    values["needs"] = w.needs or ()
    traffic = w.traffic
    if traffic is None and w.batch is None:
        traffic = Traffic()
    payload = values["payload"] = _payload(w.payload or Payload(), traffic, w.batch, fill)
    values["traffic"] = None if traffic is None else _traffic(traffic, payload, fill)
    values["batch"] = None if w.batch is None else _batch(w.batch, w.payload, fill)
    values["objective"] = _objective(w.objective or Objective(), w.needs or (), fill)
    values["purchase"] = _purchase(w.purchase or Purchase(), fill)
    values["platform"] = Fixed({}) if w.platform is None else w.platform
    return values, Fixed(fill.assumed), frozenset(fill.held_back)


def _model(model: Model, needs: tuple[str, ...], fill: _Filler) -> Model:
    values: dict[str, Any] = {}
    if model.lacks("count"):
        shares = model.popularity.shares if model.popularity else None
        values["count"] = len(shares) if shares else 1
    if model.lacks("framework"):
        values["framework"] = fill("model.framework", "model_framework")
    if model.lacks("size_bytes"):
        values["size_bytes"] = round(fill("model.size", "model_size"))
    if model.lacks("memory_mib"):
        size = values.get("size_bytes", model.size_bytes)
        values["memory_mib"] = size / MIB * fill("model.memory", "model_memory_factor")
    if model.lacks("image_bytes"):
        values["image_bytes"] = round(fill("model.image", "model_image"))
    if model.lacks("accelerator"):
        kind = archetype(values.get("framework", model.framework))
        values["accelerator"] = (
            "required" if "gpu" in needs else fill("model.accelerator", f"archetype_{kind}_accelerator")
        )
    several = values.get("count", model.count) > 1
    if model.lacks("same_container"):
        values["same_container"] = fill("model.same_container", "model_same_container") if several else True
    if model.lacks("popularity") and several:
        values["popularity"] = Popularity(zipf=fill("model.popularity", "model_popularity_zipf"))
    return model._filled(values)


def _works(works: tuple[Work, ...], model: Model, fill: _Filler, errors: float) -> tuple[Work, ...]:
    kind = archetype(model.framework)
    return tuple(_work(work, kind, f"work.{n}", fill, errors) for n, work in enumerate(works or (Work(),)))


def _work(work: Work, kind: str, path: str, fill: _Filler, errors: float) -> Work:
    values: dict[str, Any] = {}
    if work.lacks("on"):
        values["on"] = fill(f"{path}.on", f"archetype_{kind}_on")
    if not work.has_time:
        values["mean_s"] = fill(f"{path}.mean", f"archetype_{kind}_mean")
    if not work.has_shape and not (work.percentiles and not work.has_time):
        cv = values["cv"] = fill(f"{path}.cv", "work_cv" if work.has_time else f"archetype_{kind}_cv")
        if work.mean_s is not None and not fill.overridden("work_cv"):
            values["cv"] = _spread_within(cv, work.mean_s, errors)
            if values["cv"] < cv:
                fill.held_back.add(f"{path}.cv")
    if work.at_p50 is not None:
        sigma = lognormal.sigma_of_cv(values.get("cv", work.spread))
        values["at"] = Fixed({n: seconds * lognormal.mean_over_median(sigma) for n, seconds in work.at_p50.items()})
    if work.batching is not None:
        batching = {}
        if work.batching.lacks("wait_s"):
            batching["wait_s"] = fill(f"{path}.batching.wait", "batching_wait")
        if work.batching.lacks("marginal"):
            batching["marginal"] = fill(f"{path}.batching.marginal", "batching_marginal")
        values["batching"] = work.batching._filled(batching)
    work = work._filled(values)
    if work.workers is not None:
        return work
    if work.at is not None:
        return work._filled({"workers": max(work.at)})
    own = 1 if work.instance is None else _workers(instance(work.instance), f"{path}.workers", fill)
    return work._filled({"workers": own})


def _spread_within(cv: float, mean_s: float, errors: float) -> float:
    """An assumed spread, or the largest plausible one with which so few errors come of the longest time there is.

    What a mean keeps, an assumption is not to break: nothing serves what takes longer than an hour. Most of the errors
    are left to other causes.
    """
    room = limit("async.timeout_max").base / mean_s
    if room <= 1:
        return cv
    sigma = lognormal.sigma_of_ratio(1 - max(errors, _SELDOM) / 4, room)
    fits = math.floor(100 * lognormal.cv_of_sigma(sigma)) / 100
    least = assumption("work_cv").low
    return min(cv, fits) if isinstance(least, int | float) and fits >= least else cv


def _size_within(assumed: int, mean: int) -> int:
    """An assumed largest size, or the next limit that the mean keeps with room to spare."""
    limits = (limit(f"{pattern}.payload_max").low_bytes for pattern in ("serverless", "realtime", "async"))
    return min([assumed, *(int(most) for most in limits if most >= _ROOM * mean)])


def _workers(one: Instance, path: str, fill: _Filler) -> int:
    if one.accelerator != "none":
        return max(1, math.floor(max(1, one.device_count) * float(fill(path, "workers_per_gpu"))))
    return max(1, math.floor(one.vcpu * float(fill(path, "workers_per_vcpu"))))


def _payload(payload: Payload, traffic: Traffic | None, batch: Batch | None, fill: _Filler) -> Payload:
    classes = [(one.rate_per_s, one.payload) for one in (traffic.classes if traffic else ()) if one.payload is not None]
    every = traffic is not None and len(classes) == len(traffic.classes) > 0
    values: dict[str, Any] = {}
    for way in ("request", "response"):
        held = [(rate, getattr(own, f"{way}_bytes")) for rate, own in classes]
        largest = [
            size
            for _, own in classes
            for size in (getattr(own, f"{way}_bytes"), getattr(own, f"{way}_max_bytes"))
            if size is not None
        ]
        mean = getattr(payload, f"{way}_bytes")
        most = getattr(payload, f"{way}_max_bytes")
        if mean is None:
            if every and all(size is not None for _, size in held):
                mean = round(math.fsum(rate * size for rate, size in held) / math.fsum(rate for rate, _ in held))
            elif way == "request" and batch is not None and batch.record_bytes is not None:
                mean = round(batch.record_bytes * fill("payload.request", "records_per_request"))
            else:
                mean = round(fill(f"payload.{way}", f"payload_{way}"))
            # An assumed mean never passes a stated maximum.
            mean = values[f"{way}_bytes"] = mean if most is None else min(mean, most)
        if most is None:
            values[f"{way}_max_bytes"] = max([_largest(mean, f"payload.{way}_max", way, fill), mean, *largest])
    return payload._filled(values)


def _class_payload(own: Payload, whole: Payload, path: str, fill: _Filler) -> Payload:
    values: dict[str, Any] = {}
    for way in ("request", "response"):
        mean, most = getattr(own, f"{way}_bytes"), getattr(own, f"{way}_max_bytes")
        if mean is None:
            mean = getattr(whole, f"{way}_bytes")
            mean = values[f"{way}_bytes"] = mean if most is None else min(mean, most)
        if most is None:
            values[f"{way}_max_bytes"] = max(mean, _largest(mean, f"{path}.{way}_max", way, fill))
    return own._filled(values)


def _largest(mean: int, path: str, way: str, fill: _Filler) -> int:
    key = f"payload_{way}_max_factor"
    assumed: int = round(mean * fill(path, key))
    if fill.overridden(key):
        return assumed
    within = _size_within(assumed, mean)
    if within < assumed:
        fill.held_back.add(path)
    return within


def _traffic(traffic: Traffic, payload: Payload, fill: _Filler) -> Traffic:
    values: dict[str, Any] = {}
    if traffic.replay is not None:
        return traffic
    rate = traffic.rate_per_s
    if traffic.classes:
        values["classes"] = tuple(
            one
            if one.payload is None
            else one._filled({"payload": _class_payload(one.payload, payload, f"traffic.classes.{n}.payload", fill)})
            for n, one in enumerate(traffic.classes)
        )
        rate = values["rate_per_s"] = math.fsum(one.rate_per_s for one in traffic.classes) if rate is None else rate
    elif rate is None:
        rate = values["rate_per_s"] = fill("traffic.rate", "traffic_rate")
    if traffic.shape in ("daily", "weekly") and traffic.day is None:
        values["day"] = fill("traffic.day", f"shape_{traffic.shape}_day")
    if traffic.shape == "weekly" and traffic.week is None:
        values["week"] = fill("traffic.week", "shape_weekly_week")
    if traffic.shape not in CALM:
        values["bursts"] = _bursts(traffic.bursts, traffic.shape, fill)
    return traffic._filled(values)


def _bursts(given: Bursts | None, shape: str | None, fill: _Filler) -> Bursts:
    given = given or Bursts()
    kind = f"shape_{shape}" if shape in ("bursty", "on_off") else "bursts"
    values: dict[str, Any] = {}
    if given.lacks("length_s"):
        values["length_s"] = fill("traffic.bursts.length", f"{kind}_length")
    peak, cv = _held(given, "peak"), _held(given, "cv")
    if cv is None and "of" not in given.to_dict():
        # An assumed cv is of the rate itself: minute counts at a low rate have more by chance alone.
        values["of"] = "rate"
    if kind == "shape_on_off":
        # Silence in between: the variance at which the low rate is zero, v = f - 1.
        if peak is None and cv is None:
            peak = values["peak"] = float(fill("traffic.bursts.peak", "shape_on_off_peak"))
        if cv is None and peak is not None:
            values["cv"] = math.sqrt(peak - 1)
        elif peak is None and cv is not None:
            values["peak"] = 1 + max(cv * cv, 1e-3)
        return given._filled(values)
    if peak is None and cv is None:
        values["peak"] = fill("traffic.bursts.peak", f"{kind}_peak")
        values["cv"] = fill("traffic.bursts.cv", f"{kind}_cv")
        return given._filled(values)
    # Where one of the two is given the other keeps the assumed share of time spent high: v = (f-1)^2 p / (1-p).
    usual_peak, usual_cv = fill.assume(f"{kind}_peak"), fill.assume(f"{kind}_cv")
    odds = usual_cv * usual_cv / ((usual_peak - 1) * (usual_peak - 1))
    if cv is None and peak is not None:
        fill("traffic.bursts.cv", f"{kind}_cv")
        values["cv"] = math.sqrt(min(odds * (peak - 1) * (peak - 1), peak - 1))
    elif peak is None and cv is not None:
        fill("traffic.bursts.peak", f"{kind}_peak")
        values["peak"] = 1 + max(cv / math.sqrt(odds), cv * cv, 1e-3)
    return given._filled(values)


def _held(bursts: Bursts, name: str) -> float | None:
    value: float | None = getattr(bursts, name)
    return value


def _batch(batch: Batch, payload: Payload | None, fill: _Filler) -> Batch:
    values: dict[str, Any] = {}
    if batch.lacks("records"):
        values["records"] = max(int(fill("batch.records", "batch_records")), batch.files or 0)
    if batch.lacks("record_bytes"):
        own = payload.request_bytes if payload is not None else None
        values["record_bytes"] = round(fill("batch.record_size", "batch_record_size")) if own is None else own
    if batch.lacks("files"):
        values["files"] = min(int(fill("batch.files", "batch_files")), values.get("records", batch.records))
    if batch.lacks("every_s"):
        values["every_s"] = fill("batch.every", "batch_every")
    if batch.lacks("deadline_s"):
        values["deadline_s"] = values.get("every_s", batch.every_s) * fill("batch.deadline", "batch_deadline_share")
    return batch._filled(values)


def _objective(objective: Objective, needs: tuple[str, ...], fill: _Filler) -> Objective:
    values: dict[str, Any] = {}
    for key in ("errors", "cold_starts", "prefer"):
        if getattr(objective, key) is None:
            sure = key == "cold_starts" and "no-cold-start" in needs
            values[key] = "avoid" if sure else fill(f"objective.{key}", f"objective_{key}")
    return objective._filled(values)


def _purchase(purchase: Purchase, fill: _Filler) -> Purchase:
    values: dict[str, Any] = {}
    if purchase.lacks("free_tier"):
        values["free_tier"] = fill("purchase.free_tier", "free_tier")
    plan = purchase.savings_plan
    if plan is not None:
        held: dict[str, Any] = {}
        if plan.lacks("discount") and plan.rates is not None:
            # Stated rates are all that is known: other meters are not taken to have one.
            held["discount"] = 0.0
        elif plan.lacks("discount"):
            held["discount"] = fill("purchase.savings_plan.discount", "savings_plan_discount")
        if plan.lacks("term_s"):
            held["term_s"] = fill("purchase.savings_plan.term", "savings_plan_term")
        if plan.lacks("covers"):
            held["covers"] = tuple(
                str(fill("purchase.savings_plan.covers", "savings_plan_covers")).replace(",", " ").split()
            )
        values["savings_plan"] = plan._filled(held)
    return purchase._filled(values)
