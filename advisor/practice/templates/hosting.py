"""Questions on choosing a hosting option: the key is the pattern that the advisor's rules leave."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.practice.draft import NAMES, Draft, Draw, Piece, by_rules, figures, matched
from advisor.practice.judging import PATTERN_NAMES, blocked_by, found, rule_of
from advisor.practice.reasons import Allowed, Reason, Refused
from advisor.practice.show import money, whole
from advisor.practice.template import declare
from advisor.rules import Verdict

__all__ = ["TEMPLATES"]

_WHICH = (
    "Which hosting option serves this workload?",
    "Which option meets these requirements?",
    "Which way of hosting should be chosen?",
)
_MINUTES = (2, 3, 4, 5, 8, 10, 15, 20)


def _choose(d: Draw, facts: Sequence[str], profile: str, scene_kinds: tuple[str, ...], lead: str) -> Draft:
    right, wrong = by_rules(profile)
    # Where several fit, only what fits without a warning is offered as the key.
    calm = [piece for piece in right if not _warned(piece)]
    right = calm or right
    scene = d.scene(*scene_kinds)
    return Draft(stem=" ".join([scene.text, *facts, d.pick(_WHICH)]), right=right, wrong=wrong, lead=lead)


def _warned(piece: Piece) -> bool:
    fits = piece.reason
    assert isinstance(fits, Allowed)
    return any(one.verdict is Verdict.WARNS for one in found(fits.pattern, fits.profile))


@declare("large-inputs", "hosting", "choice", "hosting option", rules="BT-13 MM-07 RT-01 SL-01")
def large_inputs(d: Draw) -> Draft:
    """Inputs too large for any call, which may wait."""
    size = d.pick((40, 60, 90, 150, 200, 300, 400, 500, 700, 900))
    facts = [
        f"Inputs arrive one by one through the day, and the largest has {size} MB.",
        d.pick(
            (
                "They must be kept in a queue until there is capacity.",
                "A burst of them must wait in a queue, and none may be lost.",
                "Callers do not wait; a queue has to hold what comes at once.",
            )
        ),
    ]
    profile = f"needs: [queueing]\npayload: {{request_max: {size} MB}}"
    return _choose(
        d, facts, profile, ("large",), "An input of this size goes through S3, and the work through a queue."
    )


@declare("long-calls", "hosting", "choice", "hosting option", rules="MM-15 RT-05 SL-05")
def long_calls(d: Draw) -> Draft:
    """Work that takes minutes a request."""
    minutes = d.pick(_MINUTES)
    facts = [
        f"One request keeps the model busy for {minutes} minutes on any machine that was tried.",
        f"About {d.pick((5, 8, 10))} requests an hour arrive, one by one, and each answer is due within an hour.",
    ]
    work = f"work: [{{on: ml.m5.large, mean: {minutes} min}}, {{on: serverless 6 GB, mean: {minutes} min}}]"
    profile = f"{work}\nobjective: {{p95: 1 h}}\ntraffic: {{rate: 5 per hour}}"
    return _choose(d, facts, profile, ("large", "text"), "What counts is how long one call may take.")


@declare("private-and-fast", "hosting", "choice", "hosting option", rules="AS-25 BT-08 MM-19 SL-31")
def private_and_fast(d: Draw) -> Draft:
    """A VPC and a tight percentile."""
    p99 = d.pick((100, 150, 200, 250, 300, 400))
    facts = [
        d.pick(
            (
                "The model must run inside the company's own VPC.",
                "Security demands that the endpoint is attached to a VPC.",
                "Its container has to reach a database in a private subnet of a VPC.",
            )
        ),
        f"There is one model, and 99 % of the answers must come within {p99} ms.",
    ]
    profile = f"needs: [vpc]\nobjective: {{p99: {p99} ms}}"
    return _choose(d, facts, profile, ("table",), "Two requirements decide: the network and the latency.")


@declare("lot-at-once", "hosting", "choice", "hosting option", rules="AS-17 MM-19 RT-61 SL-58")
def lot_at_once(d: Draw) -> Draft:
    """A data set that lies ready."""
    millions, every = d.pick((2, 3, 5, 8)), d.pick((("night", "1 day"), ("week", "7 days"), ("month", "30 days")))
    facts = [
        f"Once a {every[0]}, {millions} million records lie ready in S3, and all of them are scored.",
        d.pick(
            (
                "Nobody calls the model in between.",
                "Between two runs nothing may be paid for.",
                "No caller waits for a single record; only the end of the run counts.",
            )
        ),
    ]
    lot = f"batch: {{records: {millions} million, record_size: 2 KB, files: 50, every: {every[1]}}}"
    profile = f"traffic: null\nwork: [{{on: ml.m5.xlarge, mean: 2 ms, workers: 4}}]\n{lot}"
    return _choose(d, facts, profile, ("table",), "The whole data set is there at once, and no one calls.")


@declare("rare-and-idle", "hosting", "choice", "hosting option", rules="AS-29 BT-08 MM-06 RT-50")
def rare_and_idle(d: Draw) -> Draft:
    """Rare calls, nothing paid in between, an answer within seconds."""
    rate, seconds = d.pick((1, 2, 3, 4)), d.pick((8, 10, 12, 15, 20))
    facts = [
        f"About {rate} requests an hour arrive, at hours that nobody can foresee.",
        d.pick(("While none arrives, no instance may be paid for.", "Idle hours must cost nothing for compute.")),
        f"95 % of the answers must come within {seconds} s; a cold start of a few seconds is acceptable.",
    ]
    traffic = f"traffic: {{rate: {rate} per hour, shape: steady, bursts: null}}"
    profile = f"needs: [scale-to-zero]\nobjective: {{p95: {seconds} s}}\n{traffic}"
    return _choose(d, facts, profile, ("table", "text"), "It has to scale to zero and still wake within seconds.")


@declare("stream-on-gpu", "hosting", "choice", "hosting option", rules="AS-02 BT-02 MM-19 SL-30")
def stream_on_gpu(d: Draw) -> Draft:
    """Streaming from an accelerator."""
    facts = [
        d.pick(
            (
                "The text model needs a GPU, and readers see the words of an answer as they are made.",
                "A language model on a GPU sends its answer word by word while it is still writing.",
                "The model runs on a GPU only; the first words must reach the caller before the last are written.",
            )
        ),
        f"About {d.pick((20, 40, 60, 90))} callers a minute use the one model.",
    ]
    work = "work: [{on: ml.g5.xlarge, mean: 2 s}]"
    profile = f"needs: [streaming, gpu]\nmodel: {{accelerator: required}}\n{work}\ntraffic: {{rate: 20 per minute}}"
    return _choose(d, facts, profile, ("text",), "Two requirements decide: the GPU and the streamed answer.")


_WATCH = {
    "data-capture": ("the requests and answers of the endpoint are captured in S3", "data capture"),
    "model-monitor": ("Model Monitor watches the endpoint for drift", "Model Monitor"),
    "shadow": ("a new version runs as a shadow of the old one on live traffic", "a shadow test"),
    "variants": ("two versions share the live traffic 90 to 10 as production variants", "production variants"),
}


@declare(
    "watched-endpoint", "hosting", "choice", "hosting option",
    rules="AS-03 AS-04 AS-05 AS-06 BT-04 BT-05 BT-08 MM-02 MM-03 MM-04 MM-05 SL-33 SL-34 SL-35 SL-36",
)  # fmt: skip
def watched_endpoint(d: Draw) -> Draft:
    """Features that only some patterns have, with a caller who waits."""
    need = d.pick(list(_WATCH))
    p95 = d.pick((300, 400, 500, 600))
    facts = [
        f"It is required that {_WATCH[need][0]}.",
        f"Callers wait for each answer; 95 % of them must come within {p95} ms.",
    ]
    profile = f"needs: [{need}]\nobjective: {{p95: {p95} ms}}"
    return _choose(d, facts, profile, ("table", "text"), f"What decides is {_WATCH[need][1]} beside the latency.")


_QUEUED = "needs: [queueing]\npayload: {{request_max: {}}}"
_TOOL = "needs: [scale-to-zero]\nobjective: {{p95: {} s}}\ntraffic: {{rate: {} per hour, shape: steady, bursts: null}}"
_LOT = """\
traffic: null
work: [{{on: ml.m5.xlarge, mean: 2 ms, workers: 4}}]
batch: {{records: {} million, record_size: 2 KB, files: 50, every: {}}}
"""
_SITUATIONS = {
    "real-time": [
        ("Answers within 200 ms, all day long, from inside a VPC", "needs: [vpc]\nobjective: {p99: 200 ms}"),
        ("A shadow test on live traffic with answers in 300 ms", "needs: [shadow]\nobjective: {p99: 300 ms}"),
        ("Data capture of every call, answers within 400 ms", "needs: [data-capture]\nobjective: {p99: 400 ms}"),
    ],
    "serverless": [
        (
            "Two calls an hour at unforeseen times, nothing paid in between, answers within 10 s",
            _TOOL.format(10, 2),
        ),
        (
            "A tool used three times an hour; idle time is free; an answer within 15 s is soon enough",
            _TOOL.format(15, 3),
        ),
    ],
    "asynchronous": [
        ("Files of 400 MB that arrive at any time and wait in a queue", _QUEUED.format("400 MB")),
        ("Pictures of 90 MB whose callers hang up; bursts must queue", _QUEUED.format("90 MB")),
    ],
    "batch-transform": [
        (
            "5 million records that lie ready every night, with no caller",
            _LOT.format(5, "1 day"),
        ),
        (
            "A table of 2 million rows, scored once a week",
            _LOT.format(2, "7 days"),
        ),
    ],
}  # fmt: skip


@declare(
    "situations-to-options", "hosting", "matching", "hosting option",
    rules="AS-03 AS-05 AS-17 AS-25 AS-29 BT-04 BT-08 BT-13 RT-01 RT-50 RT-61 SL-01 SL-31 SL-33 SL-36 SL-58",
)  # fmt: skip
def situations_to_options(d: Draw) -> Draft:
    """Three or four situations, each with the one option that no rule refuses."""
    patterns = list(_SITUATIONS)
    pairs, notes = [], list[Reason]()
    for pattern in d.some(patterns, 3):
        text, profile = d.pick(_SITUATIONS[pattern])
        name = NAMES[pattern].partition(" ")[2]
        pairs.append((text, Piece(name, "", Allowed(pattern, profile))))
        notes += [Refused(blocked_by(other, profile)[0], other, profile) for other in patterns if other != pattern]
    used = {piece.text for _, piece in pairs}
    spare = [
        Piece(name, "", note)
        for other in patterns
        if (name := NAMES[other].partition(" ")[2]) not in used
        for note in [next(one for one in notes if isinstance(one, Refused) and one.pattern == other)]
    ]
    asked = matched(
        f"{d.scene().text} It has several workloads beside this one. Match each with the hosting option that serves "
        "it.",
        pairs,
        spare,
    )
    told = [f"{rule_of(note.rule).title} ({note.rule})" for note in notes if isinstance(note, Refused)]
    return Draft(
        stem=asked.stem, right=asked.right, wrong=asked.wrong, count=asked.count, most=asked.most, pairs=asked.pairs,
        notes=notes, lead="What refuses the others: " + " ".join(dict.fromkeys(told)),
    )  # fmt: skip


@declare(
    "one-scene-three-questions",
    "hosting",
    "case",
    "hosting option: with fleet and bill",
    rules="AS-25 BT-08 MM-19 SL-31",
    parts=3,
)
def one_scene(d: Draw) -> list[Draft]:
    """A case study: which option, how many instances, what a month costs."""
    scene, p99, rate = d.scene("table"), d.pick((150, 200, 250, 300)), d.pick((60, 90, 120, 150, 200, 260))
    work, workers, kind = d.pick((40, 50, 60)), d.pick((2, 4)), d.pick(("ml.c5.xlarge", "ml.m5.xlarge"))
    told = (
        f"{scene.text} At the peak {rate} requests a second arrive, evenly spread. One request keeps one worker busy "
        f"for {work} ms on {kind}, which runs {workers} workers. 99 % of the answers must come within {p99} ms, from "
        "inside a VPC."
    )
    right, wrong = by_rules(f"needs: [vpc]\nobjective: {{p99: {p99} ms}}")
    first = Draft(stem=f"{told} Which hosting option meets this?", right=right, wrong=wrong)
    second = figures(
        f"{told} What is the smallest number of instances whose workers can do the work of the peak?",
        "ceil(rate * work / 1000 / workers)",
        {
            "floor(rate * work / 1000 / workers)": "rounding down leaves less capacity than the peak needs",
            "ceil(rate * work / 1000)": "each instance has several workers, not one",
            "ceil(rate * work / 1000 / workers) + 2": "two fewer can do the work already",
            "ceil(rate / workers / 4)": "the time that a request takes is left out",
            "ceil(rate * work / 1000 / workers) * 2": "half as many can do the work already",
            "ceil(rate * work / 1000 / workers) + 4": "four fewer can do the work already",
        },
        whole("instance"),
        lead="Work that arrives in a second, in worker-seconds, against the workers of one instance.",
        rate=rate, work=work, workers=workers,
    )  # fmt: skip
    count = d.pick((2, 3, 4))
    price = f"{{us-east-1/Hosting/{kind}}}"
    third = figures(
        f"{told} Suppose {count} instances run all month in us-east-1 (730 hours, USD {{rate}} an hour each). What "
        "do the instances cost?",
        f"count * 730 * {price}",
        {
            f"730 * {price}": "this is one instance",
            f"count * 30 * {price}": "30 are days, and the price is by the hour",
            f"count * 365 * {price}": "365 hours are half a month",
            f"count * 24 * {price}": "this is one day",
            f"count * 1460 * {price}": "this is two months",
        },
        money,
        lead="Instances are paid by the second for as long as they stand, with work or without.",
        count=count,
    )  # fmt: skip
    return [first, second, _priced(third, price)]


def _priced(draft: Draft, price: str) -> Draft:
    from dataclasses import replace

    from advisor.practice.arithmetic import Sum, number

    return replace(draft, stem=draft.stem.replace("{rate}", number(Sum.of(price).value)))


TEMPLATES = (
    large_inputs, long_calls, private_and_fast, lot_at_once, rare_and_idle, stream_on_gpu, watched_endpoint,
    situations_to_options, one_scene,
)  # fmt: skip
assert set(PATTERN_NAMES) == set(NAMES)
