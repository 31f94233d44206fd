"""Factories of rules about what a workload is and needs: a need that a pattern excludes, a task that no pattern
serves."""

from __future__ import annotations

from typing import Any

from advisor.rules.declared import Rule, rule
from advisor.rules.finding import BLOCKS, NOTES, Ill, Verdict
from advisor.units import show_count, show_duration
from advisor.workload import Workload

__all__ = ["excludes", "lot_beside", "serves_a_stream", "serves_inference"]

_LOT = "batch: {records: 1 million, record_size: 2 KB, files: 50, every: 1 day}"
_MATRIX = "AWS developer guide, model deployment feature matrix, 2026"


def excludes(
    rule_id: str,
    need: str,
    title: str,
    mend: str,
    *,
    verdict: Verdict = BLOCKS,
    reason: str = "",
    says: str = "",
    source: str = "",
    reads: tuple[str, ...] = (),
    passes: str = "",
) -> Rule[Any]:
    """A need that the pattern does not answer. ``title`` is one sentence; ``says`` is said of the workload."""

    def body(w: Workload, _: object) -> Ill | None:
        return Ill(says or f"the workload needs {need}", mend=mend) if need in w.needs else None

    body.__doc__ = f"{title}\n\n{reason}"
    stated = source or ("" if reads else _MATRIX)
    return rule(
        rule_id,
        verdict,
        where="needs",
        reads=reads,
        source=stated,
        passes=passes,
        fails=f"needs: [{need}]",
        excludes=verdict is BLOCKS,
    )(body)


def serves_inference(rule_id: str, pattern: str) -> Rule[Any]:
    """A hosting pattern answers requests or lots; it neither trains nor prepares data."""

    def body(w: Workload, _: object) -> Ill | None:
        if w.task == "inference":
            return None
        return Ill(
            f"the task is {w.task}",
            mend=f"use a SageMaker {w.task} job, or describe the inference that follows it with task: inference",
        )

    body.__doc__ = f"""{pattern[0].upper()}{pattern[1:]} runs inference only.

    Training and data preparation run as jobs of their own, which none of the hosting patterns replaces."""
    return rule(
        rule_id,
        BLOCKS,
        where="task",
        source="AWS developer guide, deploy models for inference, 2026",
        fails="task: training",
        excludes=True,
    )(body)


def serves_a_stream(rule_id: str, why: str, *, model: str = "{count: 1}") -> Rule[Any]:
    """An endpoint is judged by the requests that come to it, and a lot that lies ready at once sends none."""

    def body(w: Workload, _: object) -> Ill | None:
        if w.streams or w.batch is None:
            return None
        every = show_duration(w.batch.every_s)
        return Ill(
            f"there is no traffic, only a lot of {show_count(w.batch.records)} records every {every}",
            mend="use batch-transform, or describe the requests that come one by one under traffic",
        )

    body.__doc__ = f"""An endpoint answers requests, and a lot that lies ready at once is a job's work.

    {why}"""
    return rule(
        rule_id,
        BLOCKS,
        where="batch",
        source="AWS developer guide, model deployment options, 2026",
        facts=2,
        passes=f"model: {model}\n{_LOT}",
        fails=f"model: {model}\ntraffic: null\n{_LOT}",
        excludes=True,
    )(body)


def lot_beside(rule_id: str, *, model: str = "{count: 1}") -> Rule[Any]:
    """A stream and a lot: an endpoint is judged, sized and priced by the stream alone."""

    def body(w: Workload, _: object) -> Ill | None:
        if not w.streams or w.batch is None:
            return None
        return Ill(
            f"the lot of {show_count(w.batch.records)} records every {show_duration(w.batch.every_s)} is not served "
            "here",
            mend="run it as a batch transform job beside the endpoint, or add its records to traffic",
        )

    body.__doc__ = """An endpoint serves the stream, and a lot beside it needs a job of its own.

    Fleet, latency and cost are those of the requests under traffic; the records under batch are none of them."""
    return rule(
        rule_id,
        NOTES,
        where="batch",
        source="AWS developer guide, model deployment options, 2026",
        facts=2,
        passes=f"model: {model}",
        fails=f"model: {model}\n{_LOT}",
    )(body)
