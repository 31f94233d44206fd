"""Questions on reading a plot of latency or cost: every figure is simulated, and wrong at 95 % is what counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from advisor.practice.cases import Simulated, family_cases
from advisor.practice.draft import Draft, Draw, Piece, Unfit
from advisor.practice.families import FAMILIES
from advisor.practice.reasons import Measured, Together
from advisor.practice.template import declare
from advisor.units import show_duration

__all__ = ["TEMPLATES"]

_WIDE = 32
_TITLES = {
    "p50": "p50 of the latency",
    "p95": "p95 of the latency",
    "p99": "p99 of the latency",
    "mean": "mean time",
    "usd": "USD a month",
}
_BOUNDS_S = (
    0.12, 0.15, 0.16, 0.18, 0.2, 0.22, 0.23, 0.25, 0.28, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1,
    1.1, 1.2, 1.5, 1.6, 2, 3, 5, 8, 10, 12, 13, 14, 15, 16, 17, 18, 20, 25, 30, 45, 50, 60, 300, 600, 840, 900, 960,
    1080, 1200, 1380, 1500, 1800, 2100, 2400, 2700, 3000, 3600, 4200, 4500, 4800, 5400,
)  # fmt: skip


def _shown(case: Simulated, figure: str) -> str:
    value = case.interval(figure).value
    if figure == "usd":
        return f"USD {value:,.2f}"
    return show_duration(value) if value < float("inf") else "not served in time"


def _bars(label: Callable[[Simulated], str], cases: Sequence[Simulated], figure: str) -> str:
    """A plot of bars in text, with the figure behind each."""
    values = [case.interval(figure).value for case in cases]
    top = max(value for value in values if value < float("inf"))
    names = [label(case) for case in cases]
    wide = max(map(len, names))
    lines = [_TITLES[figure]]
    for case, name, value in zip(cases, names, values, strict=True):
        bar = "█" * max(1, round(_WIDE * min(1.0, value / top))) + ("▶" if value > top else "")
        lines.append(f"{name:>{wide}} |{bar} {_shown(case, figure)}")
    return "\n".join(lines)


def _decided(cases: Sequence[Simulated], figure: str) -> list[float]:
    """The bounds that at least one case meets and one misses, each with its whole interval."""
    spans = [case.interval(figure) for case in cases]
    return [
        bound
        for bound in _BOUNDS_S
        if all(span.high <= bound or span.low > bound for span in spans)
        and min(span.high for span in spans) <= bound < max(span.low for span in spans)
    ]


def _named(axis: str) -> Callable[[Simulated], str]:
    if axis == "deployment":
        return lambda case: case.member.x
    things, _, rest = axis.partition(" ")
    one = " ".join(part for part in (things.removesuffix("s"), rest) if part)
    return lambda case: f"{case.member.x} {one if case.member.x == '1' else axis}"


def _first_under(
    d: Draw, families: Mapping[str, str], figures: Mapping[str, Sequence[str]], ask: str, smallest: str
) -> Draft:
    """The first case along an axis whose figure is below a bound."""
    family = FAMILIES[d.pick(list(families))]
    figure = d.pick(figures[family.id])
    cases = family_cases(family.id)
    bounds = _decided(cases, figure)
    if not bounds:
        raise Unfit
    bound = d.pick(bounds)
    met = [case for case in cases if Measured(case.member.id, figure, "below", bound).holds()]
    first = met[0]
    if met != list(cases[cases.index(first) :]):
        raise Unfit
    name = _named(family.axis)
    right = Piece(name(first), f"It has {_shown(first, figure)}.", Measured(first.member.id, figure, "below", bound))
    wrong = [
        Piece(
            name(case),
            f"It has {_shown(case, figure)}, which is too much.",
            Measured(case.member.id, figure, "above", bound),
        )
        for case in cases
        if case not in met
    ]
    wrong += [
        Piece(
            name(case),
            f"{name(first)}: that is {smallest}, and it is enough.",
            Measured(first.member.id, figure, "below", bound),
        )
        for case in met[1:]
    ]
    told = families[family.id]
    limit = show_duration(bound)
    stem = f"{d.scene().text} The plot is of {family.about}.{told} {ask.format(figure=figure, bound=limit)}"
    return Draft(stem=stem, right=[right], wrong=wrong, exhibit=_bars(name, cases, figure))


@declare("plot-fewest-instances", "plots", "choice", "count: fewest instances off a plot")
def fewest(d: Draw) -> Draft:
    """The smallest fleet that meets a percentile."""
    families = dict.fromkeys(("replicas-scoring", "replicas-ranking", "tenants"), "")
    figures = {"replicas-scoring": ("p95", "p99"), "replicas-ranking": ("p95", "p99"), "tenants": ("p50", "p95")}
    ask = "What is the smallest fleet that keeps {figure} at {bound} or less?"
    return _first_under(d, families, figures, ask, "fewer")


@declare("plot-first-rate", "plots", "choice", "rate: first under a bound off a plot")
def first_rate(d: Draw) -> Draft:
    """From which rate on cold starts no longer show."""
    ask = "Which is the lowest of the rates shown at which {figure} is {bound} or less?"
    told = {"rare-calls": " At low rates most requests meet a cold start, at high rates few."}
    return _first_under(d, told, {"rare-calls": ("p50", "p95", "p99")}, ask, "a lower rate")


@declare("plot-job-size", "plots", "choice", "count: cheapest job in time off a plot")
def job_size(d: Draw) -> Draft:
    """The cheapest job that is done in time."""
    cases = family_cases("night-job")
    bound = d.pick(_decided(cases, "mean"))
    met = [case for case in cases if Measured(case.member.id, "mean", "below", bound).holds()]
    best = min(met, key=lambda case: case.usd)
    name = _named("instances")
    cheaper = [Measured(best.member.id, "usd", "below", other.member.id) for other in met if other is not best]
    if not all(one.holds() for one in cheaper):
        raise Unfit
    in_time = Measured(best.member.id, "mean", "below", bound)
    right = Piece(name(best), f"{_shown(best, 'mean')}, {_shown(best, 'usd')}.", Together((in_time, *cheaper)))
    wrong = [
        Piece(
            name(case),
            f"{_shown(case, 'mean')}, {_shown(case, 'usd')}: "
            + ("in time, but dearer." if case in met else "too late."),
            Measured(case.member.id, "usd", "above", best.member.id)
            if case in met
            else Measured(case.member.id, "mean", "above", bound),
        )
        for case in cases
        if case is not best
    ]
    stem = (
        f"{d.scene('table').text} The plots are of {FAMILIES['night-job'].about}: the mean time from the creation of "
        "the job to its end, and what the jobs cost. Which is the cheapest job whose mean time is "
        f"{show_duration(bound)} or less?"
    )
    exhibit = f"{_bars(name, cases, 'mean')}\n\n{_bars(name, cases, 'usd')}"
    return Draft(stem=stem, right=[right], wrong=wrong, exhibit=exhibit)


@declare("plot-crossing", "plots", "choice", "rate: crossing off a plot")
def crossing(d: Draw) -> Draft:
    """The highest rate at which serverless costs less."""
    calls, hosts = family_cases("calls-serverless"), family_cases("calls-instance")
    kept = sorted(d.some(range(len(calls)), d.pick((4, 5))))
    pairs = [(calls[at], hosts[at]) for at in kept]
    less = [pair for pair in pairs if Measured(pair[0].member.id, "usd", "below", pair[1].member.id).holds()]
    more = [pair for pair in pairs if Measured(pair[0].member.id, "usd", "above", pair[1].member.id).holds()]
    high = d.pick((True, False))
    if not less or not more or len(less) + len(more) < len(pairs):
        raise Unfit
    best = less[-1] if high else more[0]
    name = _named("requests a second")

    def told(pair: tuple[Simulated, Simulated]) -> str:
        return f"Serverless {_shown(pair[0], 'usd')}, instance {_shown(pair[1], 'usd')}."

    def reason(pair: tuple[Simulated, Simulated]) -> Measured:
        return Measured(pair[0].member.id, "usd", "below" if pair in less else "above", pair[1].member.id)

    right = Piece(name(best[0]), told(best), reason(best))
    wrong = [
        Piece(
            name(pair[0]),
            told(pair) + ("" if (pair in less) != (best in less) else f" {name(best[0])} is the limit."),
            reason(pair) if (pair in less) != (best in less) else reason(best),
        )
        for pair in pairs
        if pair is not best
    ]
    ask = (
        "Which is the highest of the rates shown at which the serverless endpoint costs less?"
        if high
        else "Which is the lowest of the rates shown at which the instance costs less?"
    )
    both = f"{FAMILIES['calls-serverless'].about}, and of {FAMILIES['calls-instance'].about}"
    stem = f"{d.scene('table', 'text').text} The plots are of {both}. {ask}"
    plots = [
        f"{title}, {_bars(name, [pair[at] for pair in pairs], 'usd')}"
        for at, title in enumerate(("serverless", "instance"))
    ]
    return Draft(stem=stem, right=[right], wrong=wrong, exhibit="\n\n".join(plots))


def _both(cases: Sequence[Simulated], figure: str) -> str:
    return f"{_bars(_named('deployment'), cases, figure)}\n\n{_bars(_named('deployment'), cases, 'usd')}"


@declare("plot-cheapest", "plots", "choice", "hosting option: cheapest off a plot")
def cheapest(d: Draw) -> Draft:
    """The cheapest deployment that meets a percentile."""
    family = FAMILIES[d.pick(("choices-quiet", "choices-busy"))]
    cases = d.some(family_cases(family.id), d.pick((4, 5)))
    figure = d.pick(("p95", "p99"))
    bounds = _decided(cases, figure)
    if not bounds:
        raise Unfit
    bound = d.pick(bounds)
    met = [case for case in cases if Measured(case.member.id, figure, "below", bound).holds()]
    best = min(met, key=lambda case: case.usd)
    cheaper = [Measured(best.member.id, "usd", "below", other.member.id) for other in met if other is not best]
    if not all(one.holds() for one in cheaper):
        raise Unfit
    in_time = Measured(best.member.id, figure, "below", bound)
    right = Piece(best.member.x, f"{_shown(best, figure)}, {_shown(best, 'usd')}.", Together((in_time, *cheaper)))
    wrong = [
        Piece(
            case.member.x,
            f"{_shown(case, figure)}, {_shown(case, 'usd')}: "
            + ("fast enough, but dearer." if case in met else "too slow."),
            Measured(case.member.id, "usd", "above", best.member.id)
            if case in met
            else Measured(case.member.id, figure, "above", bound),
        )
        for case in cases
        if case is not best
    ]
    stem = (
        f"{d.scene('table', 'text').text} The load is {family.about}. Which is the cheapest of these deployments "
        f"whose {figure} is {show_duration(bound)} or less?"
    )
    return Draft(stem=stem, right=[right], wrong=wrong, exhibit=_both(cases, figure))


@declare("plot-dominated", "plots", "choice", "hosting option: dominated off a plot")
def dominated(d: Draw) -> Draft:
    """What is slower and dearer than another."""
    family = FAMILIES[d.pick(("choices-quiet", "choices-busy"))]
    # The dearest deployment is beaten so often that it is left out of most draws.
    pool = [
        case for case in family_cases(family.id) if not case.member.x.endswith("warm") or d.pick((True, False, False))
    ]
    cases, figure = d.some(pool, 4), d.pick(("p50", "p95", "p99"))

    def beats(one: Simulated, other: Simulated) -> Together:
        return Together(tuple(Measured(other.member.id, what, "above", one.member.id) for what in (figure, "usd")))

    beaten = {
        case.member.id: [other for other in cases if other is not case and beats(other, case).holds()] for case in cases
    }
    losers = [case for case in cases if beaten[case.member.id]]
    if len(losers) != 1:
        raise Unfit
    loser = losers[0]
    winner = beaten[loser.member.id][0]

    def stands(case: Simulated, other: Simulated) -> Measured | None:
        for what in (figure, "usd"):
            one = Measured(case.member.id, what, "below", other.member.id)
            if one.holds():
                return one
        return None

    wrong = []
    for case in cases:
        if case is loser:
            continue
        better = [stands(case, other) for other in cases if other is not case]
        if any(one is None for one in better):
            raise Unfit
        why = "Each of the others is slower or dearer than it."
        wrong.append(Piece(case.member.x, why, Together(tuple(one for one in better if one is not None))))
    told = f"{winner.member.x} has {_shown(winner, figure)} and {_shown(winner, 'usd')}."
    right = Piece(loser.member.x, told, beats(winner, loser))
    stem = (
        f"{d.scene('table', 'text').text} The load is {family.about}. Which of these deployments is both slower and "
        "dearer than another one in the plots, and can be struck off?"
    )
    return Draft(stem=stem, right=[right], wrong=wrong, exhibit=_both(cases, figure))


@declare("plot-statements", "plots", "response", "what happens: statements off a plot")
def statements(d: Draw) -> Draft:
    """What two plots of a queue say."""
    zero, ready = family_cases("queue-zero"), family_cases("queue-ready")
    figure = d.pick(("p50", "p95"))
    right, wrong = [], []
    for one, other in zip(zero, ready, strict=True):
        at = f"At {one.member.x} {'request' if one.member.x == '1' else 'requests'} an hour"
        for what, words in (("usd", "costs less"), (figure, f"has the lower {figure}")):
            for first, second, name in ((one, other, "scaling to zero"), (other, one, "one instance that stays")):
                text = f"{at}, {name} {words}"
                shown = f"{_shown(first, what)} against {_shown(second, what)}."
                if Measured(first.member.id, what, "below", second.member.id).holds():
                    right.append(Piece(text, shown, Measured(first.member.id, what, "below", second.member.id)))
                elif Measured(first.member.id, what, "above", second.member.id).holds():
                    wrong.append(Piece(text, shown, Measured(first.member.id, what, "above", second.member.id)))
    stem = (
        f"{d.scene('large').text} The plots are of an asynchronous endpoint with 20 s of work a request, once scaling "
        "to zero, once with one instance that stays. Which TWO statements do they support?"
    )
    label = _named("requests an hour")
    plots = [
        f"{title}, {_bars(label, cases, what)}"
        for what in (figure, "usd")
        for title, cases in (("scaling to zero", zero), ("one instance that stays", ready))
    ]
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5, exhibit="\n\n".join(plots))


@declare("plot-objectives", "plots", "response", "covered item: objectives off a table")
def objectives(d: Draw) -> Draft:
    """Which objectives a table of percentiles meets."""
    family = FAMILIES[d.pick(("replicas-scoring", "replicas-ranking", "rare-calls", "choices-quiet", "choices-busy"))]
    case = d.pick(family_cases(family.id))
    right, wrong = [], []
    for figure in ("p50", "p95", "p99"):
        value = case.interval(figure).value
        if value == float("inf"):
            raise Unfit
        for bound in (bound for bound in _BOUNDS_S if value / 2.2 < bound < value * 2.2):
            text = f"{figure} of {show_duration(bound)} or less"
            if Measured(case.member.id, figure, "below", bound).holds():
                right.append(
                    Piece(text, f"It is {_shown(case, figure)}.", Measured(case.member.id, figure, "below", bound))
                )
            elif Measured(case.member.id, figure, "above", bound).holds():
                wrong.append(
                    Piece(text, f"It is {_shown(case, figure)}.", Measured(case.member.id, figure, "above", bound))
                )
    name = _named(family.axis)(case)
    told = (
        f"The load is {family.about}; it is served by {name}"
        if family.axis == "deployment"
        else f"It runs {family.about}; here at {name}"
    )
    stem = f"{d.scene('table', 'text').text} {told}. Latency has these percentiles. Which TWO objectives are met?"
    rows = "\n".join(f"{figure}  {_shown(case, figure)}" for figure in ("p50", "p95", "p99"))
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5, exhibit=rows)


TEMPLATES = (fewest, first_rate, job_size, crossing, cheapest, dominated, statements, objectives)
