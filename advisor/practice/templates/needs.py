"""Questions on what excludes a pattern: every option is a requirement, judged alone by the pattern's own rules."""

from __future__ import annotations

from collections.abc import Callable

from advisor.practice.draft import NAMES, Draft, Draw, Piece
from advisor.practice.judging import blocked_by, rule_of
from advisor.practice.reasons import Allowed, Refused
from advisor.practice.template import Template, declare

__all__ = ["TEMPLATES"]

_SIZES = (5, 8, 12, 18, 30, 60, 200, 700)
_P99 = (150, 250, 350)

# A requirement in words, and the same as a piece of profile.
_NEEDS: dict[str, str] = {
    "a network interface in the company's VPC": "needs: [vpc]",
    "isolation of the container from all networks": "needs: [network-isolation]",
    "capture of requests and answers in S3": "needs: [data-capture]",
    "a watch for drift by Model Monitor": "needs: [model-monitor]",
    "a shadow variant that sees the live traffic": "needs: [shadow]",
    "two production variants that share the traffic": "needs: [variants]",
    "a model package from AWS Marketplace": "needs: [marketplace]",
    "three containers in a row as an inference pipeline": "needs: [pipeline]",
    "several containers, each called by its name": "needs: [multi-container]",
    "sessions that stay on the same instance": "needs: [sticky-sessions]",
    "a queue that holds requests until there is capacity": "needs: [queueing]",
    "a notification when an answer is ready": "needs: [notifications]",
    "no instance at all while no request arrives": "needs: [scale-to-zero]",
    "answers that are streamed word by word": "needs: [streaming]",
}
_SIZED: dict[str, str] = {f"requests of up to {size} MB": f"payload: {{request_max: {size} MB}}" for size in _SIZES}
_TIMED: dict[str, str] = {f"99 % of the answers within {p99} ms": f"objective: {{p99: {p99} ms}}" for p99 in _P99}
_LONG: dict[str, str] = {
    f"work of {minutes} minutes for every request": (
        f"work: [{{on: ml.m5.large, mean: {minutes} min}}, {{on: serverless 6 GB, mean: {minutes} min}}]\n"
        "traffic: {rate: 2 per hour}"
    )
    for minutes in (3, 6, 12)
}
_ALL = {**_NEEDS, **_SIZED, **_TIMED, **_LONG}
# A multi-model endpoint needs models to share.
_MANY = "\nmodel: {count: 40, size: 60 MB, memory: 200 MB, same_container: true}"


def _excluding(pattern: str, count: int) -> Callable[[Draw], Draft]:
    def body(d: Draw) -> Draft:
        right, wrong = [], []
        for text, profile in _one_of_each(d).items():
            judged = profile + (_MANY if pattern == "multi-model" else "")
            refused = blocked_by(pattern, judged)
            shown = text[0].upper() + text[1:]
            if refused:
                why = f"{rule_of(refused[0]).title} ({refused[0]})"
                right.append(Piece(shown, why, Refused(refused[0], pattern, judged)))
            else:
                wrong.append(Piece(shown, "No rule refuses it for this.", Allowed(pattern, judged)))
        scene = d.scene()
        ask = d.pick(
            (
                f"Which {'TWO of these requirements exclude' if count > 1 else 'of these requirements excludes'} it?",
                f"Which {'TWO requirements' if count > 1 else 'requirement'} would make it impossible?",
            )
        )
        many = " It has 40 models of one kind." if pattern == "multi-model" else ""
        stem = f"{scene.text}{many} The team would like to use {NAMES[pattern]}. {ask}"
        lead = "Each requirement is judged alone."
        return Draft(stem=stem, right=right, wrong=wrong, count=count, most=5 if count > 1 else 4, lead=lead)

    return body


def _one_of_each(d: Draw) -> dict[str, str]:
    """Every need once, and one size, one percentile and one length of work."""
    picked = dict(_NEEDS)
    for table in (_SIZED, _TIMED, _LONG):
        text = d.pick(list(table))
        picked[text] = table[text]
    return picked


def _template(pattern: str, topic: str, kind: str, rules: str) -> Template:
    count = 2 if kind == "response" else 1
    return declare(f"excludes-{pattern}", topic, kind, "excluding need", rules=rules)(_excluding(pattern, count))


TEMPLATES = (
    _template("real-time", "hosting", "choice", "RT-01 RT-05 RT-50 RT-51 RT-52"),
    _template(
        "serverless", "serverless", "response",
        "SL-01 SL-05 SL-31 SL-32 SL-33 SL-34 SL-35 SL-36 SL-37 SL-39 SL-40 SL-41 SL-42 SL-44",
    ),
    _template(
        "asynchronous", "async-batch", "response", "AS-02 AS-03 AS-04 AS-05 AS-06 AS-07 AS-08 AS-09 AS-25"
    ),
    _template("batch-transform", "async-batch", "choice", "BT-02 BT-03 BT-04 BT-05 BT-06 BT-07 BT-08 BT-13"),
    _template("multi-model", "many-models", "response", "MM-02 MM-03 MM-04 MM-05 MM-06 MM-07 MM-08 MM-09 MM-12 MM-15"),
)  # fmt: skip
