"""Factories of rules about sizes against limits.

AWS writes limits in MB and GB and does not say whether it counts in thousands or in 1024s; sometimes its own pages
disagree. So each limit has two rules: one refuses what is above every reading, one warns of what lies between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from advisor.catalog.limits import limit
from advisor.rules.declared import Rule, rule
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, WARNS, Ill, Verdict
from advisor.units import show_bytes
from advisor.workload import Workload

__all__ = ["above_every_reading", "between_readings", "china_takes_less", "request_max", "response_max"]

Size = Callable[[Workload], float]


def request_max(w: Workload) -> float:
    """The largest request body."""
    return w.payload.request_max_bytes


def response_max(w: Workload) -> float:
    """The largest answer."""
    return w.payload.response_max_bytes


def above_every_reading(
    rule_id: str,
    key: str,
    size: Size,
    noun: str,
    *,
    where: str,
    title: str,
    mend: str,
    passes: str,
    fails: str,
    reason: str = "",
    verdict: Verdict = BLOCKS,
    facts: int = 1,
    unless: str = "",
) -> Rule[Any]:
    """A size above a limit, read in the largest way: binary, and by the largest of AWS's own values.

    The need ``unless`` has no such limit.
    """

    def body(w: Workload, _: object) -> Ill | None:
        if size(w) <= limit(key).largest or unless in w.needs:
            return None
        return Ill(f"{noun} {_reach(noun)} {show_bytes(size(w))}, and the limit is {told(w, key)}", mend=mend)

    body.__doc__ = f"{title}\n\n{reason}"
    return rule(rule_id, verdict, where=where, reads=(key,), passes=passes, fails=fails, facts=facts)(body)


def between_readings(
    rule_id: str,
    key: str,
    size: Size,
    noun: str,
    *,
    where: str,
    title: str,
    mend: str,
    passes: str,
    fails: str,
    reason: str = "",
    lower: str = "",
    unless: str = "",
    not_in: str = "",
) -> Rule[Any]:
    """A size that one reading allows and another does not; ``lower`` is the key of a stricter limit, if any.

    Silent with the need ``unless``, and in regions that begin with ``not_in``, which have a rule of their own.
    """

    def body(w: Workload, _: object) -> Ill | None:
        least = limit(lower or key).low_bytes
        if not least < size(w) <= limit(key).largest or unless in w.needs:
            return None
        if not_in and w.region.startswith(not_in):
            return None
        most = told(w, key) if lower else show_bytes(limit(key).largest)
        return Ill(f"{noun} {_reach(noun)} {show_bytes(size(w))}: above {show_bytes(least)}, within {most}", mend=mend)

    body.__doc__ = f"{title}\n\n{reason}"
    keys = (key, lower) if lower else (key,)
    return rule(rule_id, WARNS, where=where, reads=keys, passes=passes, fails=fails, facts=2 if lower else 1)(body)


def china_takes_less(rule_id: str, *, passes: str = "", fails: str = "") -> Rule[Any]:
    """A body between the limit of China's regions and that of all others; beyond both another rule refuses it."""

    def body(w: Workload, _: object) -> Ill | None:
        largest = max(request_max(w), response_max(w))
        least, most = limit("realtime.payload_max_china").high_bytes, limit("realtime.payload_max").largest
        if not w.region.startswith("cn-") or not least < largest <= most:
            return None
        return Ill(
            f"bodies reach {show_bytes(largest)}, and in {w.region} AWS takes up to "
            f"{told(w, 'realtime.payload_max_china')}",
            mend="pass a pointer to the body in S3, compress it, or use asynchronous, whose bodies go through S3",
        )

    body.__doc__ = """In regions of China a body has at most {realtime.payload_max_china}.

    Elsewhere the guide says {realtime.payload_max}; China keeps the older figure, by one page of it."""
    return rule(
        rule_id,
        WARNS,
        where="payload.request_max",
        reads=("realtime.payload_max_china", "realtime.payload_max"),
        passes=passes or "{region: us-east-1, payload: {request_max: 8 MB}}",
        fails=fails or "{region: cn-north-1, payload: {request_max: 8 MB}}",
        facts=2,
    )(body)


def _reach(noun: str) -> str:
    return "reach" if noun.endswith("s") else "is"
