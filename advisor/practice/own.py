"""Questions about a workload of the user's own: what the advisor's check finds is the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.advice.checking import Checked, PatternCheck, check
from advisor.advice.combination import Combination
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.patterns.base import Pattern
from advisor.practice.arithmetic import exact, number
from advisor.practice.draft import NAMES, Draft, Draw, Piece, figures
from advisor.practice.question import Question
from advisor.practice.reasons import Reason
from advisor.practice.show import money, whole
from advisor.practice.template import Template, declare
from advisor.rules import Finding, Rule, Verdict
from advisor.units import show_duration, show_rate
from advisor.workload import Workload

__all__ = ["own_questions"]

_TOPIC = {
    "real-time": "hosting",
    "serverless": "serverless",
    "asynchronous": "async-batch",
    "batch-transform": "async-batch",
    "multi-model": "many-models",
}
# Wrong options that a question needs.
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class _Finds(Reason):
    """A rule speaks of the user's workload with this deployment, or does not; ``verdict`` alone: any such rule."""

    workload: Workload
    deployment: Pattern | Combination
    rule: str = ""
    wanted: bool = True

    @property
    def rules(self) -> tuple[str, ...]:
        return (self.rule,) if self.rule else ()

    @property
    def sources(self) -> tuple[str, ...]:
        known: tuple[Rule[Any], ...] = self.deployment.RULES
        return tuple(f"{rule.id}: {rule.source}" for rule in known if rule.id == self.rule)

    def holds(self) -> bool:
        found = self.deployment.check(self.workload)
        if not self.rule:
            return any(one.verdict is Verdict.BLOCKS for one in found) is self.wanted
        return any(one.rule == self.rule for one in found) is self.wanted


def own_questions(w: Workload, *, seed: int = 0) -> tuple[Question, ...]:
    """Every question that the workload gives rise to, in an order of the seed."""
    made = [question for template in _templates(w) for question in template.make(seed)]
    if not made:
        raise InputError(f"{w.name} gives rise to no question", w.where(), "practise without a profile")
    return tuple(Draw(seed, "own", w.name).mixed(made))


def _templates(w: Workload) -> Iterator[Template]:
    checked = check(w)
    if 0 < len(checked.feasible) < len(checked.patterns):
        yield _left(w, checked)
    for one in checked.patterns:
        blocking = [finding for finding in one.findings if finding.verdict is Verdict.BLOCKS]
        warning = [finding for finding in one.findings if finding.verdict is Verdict.WARNS]
        told, verdict = (blocking, Verdict.BLOCKS) if blocking else (warning, Verdict.WARNS)
        if told and len(_silent(one, verdict)) >= _FEWEST:
            yield _told(w, one, told, verdict)
        if one.fits and one.pattern in ("real-time", "multi-model") and w.streams:
            yield from _fleet(w, one)
    if w.streams and not w.has_batch:
        yield _load(w)


def _left(w: Workload, checked: Checked) -> Template:
    """Which patterns the profile leaves, or refuses."""
    fits = [one for one in checked.patterns if one.fits]
    refused = [one for one in checked.patterns if not one.fits]
    # Asked the way round that has one key.
    left = len(fits) == 1 or len(refused) > 1

    @declare("own-options", "hosting", "choice", "hosting option")
    def body(d: Draw) -> Draft:
        right = [_pattern(w, one) for one in (fits if left else refused)]
        wrong = [_pattern(w, one) for one in (refused if left else fits)]
        ask = "Which of these hosting options does the profile leave?" if left else "Which of these does it refuse?"
        most = min(4, len(wrong) + 1)
        return Draft(stem=f"{_head(w)} {ask}", right=d.some(right, 1), wrong=wrong, most=most)

    return body


def _pattern(w: Workload, one: PatternCheck) -> Piece:
    text = NAMES[one.pattern][0].upper() + NAMES[one.pattern][1:]
    blocking = [finding for finding in one.findings if finding.verdict is Verdict.BLOCKS]
    if not blocking:
        return Piece(text, "No rule refuses it.", _Finds(w, one.deployment, wanted=False))
    return Piece(text, _finding(blocking[0]), _Finds(w, one.deployment, blocking[0].rule))


def _told(w: Workload, one: PatternCheck, found: list[Finding], verdict: Verdict) -> Template:
    """Which rule refuses a pattern, or warns of it."""
    silent = _silent(one, verdict)
    known: tuple[Rule[Any], ...] = one.deployment.RULES
    titles = {rule.id: rule.title for rule in known}
    what = "refuses" if verdict is Verdict.BLOCKS else "warns"

    @declare(f"own-{what}-{one.pattern}", _TOPIC[one.pattern], "choice", "excluding need")
    def body(d: Draw) -> Draft:
        finding = d.pick(found)
        right = [Piece(titles[finding.rule], _finding(finding), _Finds(w, one.deployment, finding.rule))]
        wrong = [
            Piece(
                rule.title,
                f"{rule.id} has nothing to say of this profile.",
                _Finds(w, one.deployment, rule.id, wanted=False),
            )
            for rule in silent
        ]
        ask = (
            f"The check refuses {NAMES[one.pattern]}. Which of these is a reason?"
            if verdict is Verdict.BLOCKS
            else f"{NAMES[one.pattern][0].upper() + NAMES[one.pattern][1:]} fits. Which of these does the check warn "
            "of?"
        )
        return Draft(stem=f"{_head(w)} {ask}", right=right, wrong=wrong)

    return body


def _silent(one: PatternCheck, verdict: Verdict) -> list[Rule[Any]]:
    """The rules of that verdict that have nothing to say of the workload, each title once."""
    spoken = {finding.rule for finding in one.findings}
    known: tuple[Rule[Any], ...] = one.deployment.RULES
    told = {rule.title for rule in known if rule.id in spoken}
    silent = {rule.title: rule for rule in known if rule.verdict is verdict and rule.title not in told}
    return list(silent.values())


def _fleet(w: Workload, one: PatternCheck) -> Iterator[Template]:
    """What the standing instances of the first guess cost."""
    settings = one.deployment.to_dict()
    kind, count = str(settings["instance_type"]), int(settings["min_instances"])
    key = f"{w.region}/Hosting/{kind}"
    held = price_book().find(w.region, "Hosting", kind)
    if held is None:
        return

    @declare(f"own-bill-{one.pattern}", "cost", "choice", "money")
    def body(d: Draw) -> Draft:
        del d
        price = f"{{{key}}}"
        return figures(
            f"{_head(w)} As {NAMES[one.pattern]} it would begin with {whole('instance')(exact(count))} of {kind} at "
            f"USD {number(exact(str(held.usd)))} an hour in {w.region}. What do they cost, standing a month of 730 "
            "hours?",
            f"count * 730 * {price}",
            {
                f"(count + 1) * 730 * {price}": "this is one instance more",
                f"count * 30 * {price}": "the price is by the hour, not by the day",
                f"count * 365 * {price}": "a month has 730 hours",
                f"count * 24 * {price}": "this is one day",
                f"count * 30 * 8 * {price}": "an instance is paid at night, too",
            },
            money,
            count=count,
        )

    yield body


def _load(w: Workload) -> Template:
    """Requests of a month."""
    rate = exact(f"{w.rate_per_s:.6g}")

    @declare("own-load", "cost", "choice", "count")
    def body(d: Draw) -> Draft:
        del d
        latency = "".join(
            f" Its objective is {name} of {show_duration(value)}." for name, value in w.objective.latencies
        )
        return figures(
            f"{_head(w)} Requests arrive at {show_rate(w.rate_per_s)} on average.{latency} About how many does a month "
            "of 730 hours bring?",
            "rate * 730 * 3600",
            {
                "rate * 730 * 60": "an hour has 3,600 seconds",
                "rate * 30 * 3600": "this takes an hour for each day",
                "rate * 24 * 3600": "this is one day",
                "rate * 7 * 24 * 3600": "this is one week",
            },
            lambda value: f"{float(value):,.0f}" if value >= 10 else f"{float(value):.3g}",
            rate=rate,
        )

    return body


def _head(w: Workload) -> str:
    about = f" {' '.join(w.about.split())}" if w.about else ""
    return f"Your profile {w.name}:{about}"


def _finding(finding: Finding) -> str:
    return f"{finding.rule} at {finding.where}: {finding.says}. To mend: {finding.mend}."
