"""The architecture review of a workload: what was decided and why, with every figure that it rests on.

    document = review(ad.recommend(w, seed=7))

The figures are those of the recommendation, the very ones that ``recommend`` prints. What is simulated beside it is the
decision map's close places.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from advisor.advice.recommendation import Recommendation
from advisor.reports.document import Document
from advisor.reports.review.closing import reproduce, request, risks
from advisor.reports.review.considered import options
from advisor.reports.review.figures import costs, reliability
from advisor.reports.review.opening import context, decision
from advisor.reports.review.turning import changes, map_of
from advisor.workload import Workload

__all__ = ["review"]


def review(
    answer: Recommendation,
    *,
    profile: str = "",
    threads: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Document:
    """The document of an answer; ``profile`` is the text of the profile, else written anew from the workload.

    The places of the decision map are spread over ``threads``, or over an ``executor``, best of processes; ``progress``
    is told how many places of the decision map are done, and how many there are.
    """
    w = answer.workload
    mapped = map_of(answer, threads=threads, executor=executor, progress=progress)
    sections = (
        decision(answer),
        context(w),
        options(answer),
        *((costs(answer), reliability(answer)) if answer.options else ()),
        changes(answer, mapped, executor=executor),
        risks(answer),
        *((request(answer),) if answer.options else ()),
        reproduce(answer, profile or w.to_yaml()),
    )
    return Document(
        title=f"Architecture review: {w.name}",
        about=w.about,
        facts=_facts(w, answer),
        sections=sections,
        day=answer.prices_as_of.split(" ")[0],
    )


def _facts(w: Workload, answer: Recommendation) -> tuple[tuple[str, str], ...]:
    return (
        ("Question", "how to host the model on Amazon SageMaker"),
        ("Region", w.region),
        ("Prices of", answer.prices_as_of),
        ("Made by", f"advisor {answer.version}, seed {answer.seed}"),
    )
