"""Questions on asynchronous inference, and on what it shares with batch transform."""

from __future__ import annotations

from advisor.practice.draft import Draft, Draw, Piece, by_settings, figures, matched, ordered
from advisor.practice.judging import rule_of
from advisor.practice.reasons import Allowed, Listed, Reason, Refused
from advisor.practice.show import seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


_FEATURES = {
    "a VPC configuration": "vpc", "GPUs": "gpu", "data capture": "data_capture", "Model Monitor": "model_monitor",
    "network isolation": "network_isolation", "AWS Marketplace packages": "marketplace",
    "a serial inference pipeline": "pipeline", "a streamed answer": "streaming", "shadow tests": "shadow",
    "several production variants": "variants", "spot instances": "spot",
    "Inference Recommender": "inference_recommender",
    "types with local NVMe disks": "local_nvme",
}  # fmt: skip


@declare("async-settings", "async-batch", "choice", "accepted setting", rules="AS-21 AS-23 AS-49")
def async_settings(d: Draw) -> Draft:
    """Time-out, time to live and calls at once have ends."""

    def one(timeout: int, ttl: int, calls: int) -> tuple[str, str]:
        text = f"Time-out {timeout:,} s, time to live {ttl:,} s, {calls:,} calls at once"
        return text, f"timeout={timeout} s, ttl={ttl} s, concurrency_per_instance={calls}"

    timeouts, ttls, calls = (900, 1800, 3600), (3600, 7200, 21600), (4, 16)
    shown = [one(d.pick(timeouts), d.pick(ttls), d.pick(calls)) for _ in range(2)]
    shown += [one(d.pick((4500, 5400, 7200)), d.pick(ttls), d.pick(calls)) for _ in range(2)]
    shown += [one(d.pick(timeouts), d.pick((30, 45, 28800, 43200)), d.pick(calls)) for _ in range(2)]
    shown += [one(d.pick(timeouts), d.pick(ttls), d.pick((1500, 2000))) for _ in range(2)]
    right, wrong = by_settings("asynchronous", "", dict(shown))
    stem = (
        f"{d.scene('large').text} Which settings of its asynchronous endpoint does the API accept? (Time-out of a "
        "call, time to live in the queue, concurrent calls an instance.)"
    )
    return Draft(stem=stem, right=right, wrong=wrong, lead="Each of the three has a least and a greatest value.")


@declare("async-input-way", "async-batch", "matching", "pairs", rules="AS-10 AS-12")
def input_way(d: Draw) -> Draft:
    """In the call, through S3, or not at all."""
    ways = {
        "in the call itself, or through S3": [f"{size} KB" for size in (20, 45, 60, 90, 110, 120)],
        "through S3 only": ["400 KB", "3 MB", "18 MB", "70 MB", "250 MB", "600 MB", "900 MB"],
        "not at all": ["1.5 GB", "2 GB", "3 GB", "5 GB"],
    }
    pairs, notes = [], list[Reason]()
    for text, sizes in ways.items():
        size = d.pick(sizes)
        profile = f"payload: {{request: 1 KB, request_max: {size}}}"
        inline: Reason = Allowed("asynchronous", profile, "inline=yes")
        if text != "in the call itself, or through S3":
            inline = Refused("AS-12", "asynchronous", profile, "inline=yes")
        through: Reason = Allowed("asynchronous", profile, "inline=no")
        if text == "not at all":
            through = Refused("AS-10", "asynchronous", profile, "inline=no")
        pairs.append((f"an input of {size}", Piece(text, "", inline)))
        notes += [inline, through]
    drawn = matched(
        f"{d.scene('large').text} How can each of these inputs reach its asynchronous endpoint?", d.mixed(pairs)
    )
    told = " ".join(f"{rule_of(rule).title} ({rule})" for rule in ("AS-12", "AS-10"))
    return Draft(
        stem=drawn.stem,
        right=drawn.right,
        count=drawn.count,
        most=drawn.most,
        pairs=drawn.pairs,
        notes=notes,
        lead=told,
    )


@declare(
    "async-wake", "async-batch", "choice", "duration",
    limits="async.zero.alarm_datapoints async.zero.alarm_period async.zero.step_cooldown",
)  # fmt: skip
def wake(d: Draw) -> Draft:
    """Alarm and launch after the first request."""
    launch = d.pick((150, 180, 200, 240, 270, 300, 330, 390, 420, 450))
    stem = (
        f"{d.scene('large').text} Its asynchronous endpoint stands at zero instances and has the step policy on "
        f"HasBacklogWithoutCapacity, set as AWS's guide shows it. A launch takes {launch} s. How long does the first "
        "request wait at least, if the lag of the metric is left aside?"
    )
    return figures(
        stem,
        "{async.zero.alarm_datapoints} * {async.zero.alarm_period} + launch",
        {
            "{async.zero.alarm_period} + launch": "the alarm needs more than one datapoint",
            "launch": "the alarm comes first",
            "{async.zero.alarm_datapoints} * {async.zero.alarm_period} + {async.zero.step_cooldown} + launch": (
                "a cooldown follows a step; it does not come before it"
            ),
            "{async.zero.alarm_datapoints} * {async.zero.alarm_period}": "the launch comes after the alarm",
        },
        seconds,
        lead="First the alarm has to see its datapoints, then an instance has to launch.",
        launch=launch,
    )


@declare("async-largest-backlog", "async-batch", "choice", "count", limits="async.ttl_default async.timeout_default")
def largest_backlog(d: Draw) -> Draft:
    """What can be worked off before requests expire."""
    count, calls, minutes = d.pick((1, 2, 3, 4)), d.pick((1, 2, 4)), d.pick((1, 2, 3, 4, 5, 6))
    stem = (
        f"{d.scene('large').text} Its asynchronous endpoint has {count} {'instances' if count > 1 else 'instance'} "
        f"and sets no time to live. Each instance works on {calls} {'requests' if calls > 1 else 'request'} at once, "
        f"for {minutes} min each. How many requests can it complete before one that came at the start would expire in "
        "the queue?"
    )
    return figures(
        stem,
        "count * calls * floor({async.ttl_default:min} / minutes)",
        {
            "count * floor({async.ttl_default:min} / minutes)": "an instance works on several requests at once",
            "calls * floor({async.ttl_default:min} / minutes)": "all instances work, not one",
            "count * calls * floor({async.timeout_default:min} / minutes)": "this is the time-out of one call, not "
                "the queue's",
            "count * calls * floor({async.ttl_default:h})": "this takes an hour for each request",
            "floor({async.ttl_default:min} / minutes)": "this is one request at a time",
            "2 * count * calls * floor({async.ttl_default:min} / minutes)": "twice the time to live would be needed",
        },
        whole("request"),
        lead="A request may wait {async.ttl_default} where nothing is set.",
        count=count, calls=calls, minutes=minutes,
    )  # fmt: skip


@declare("async-order", "async-batch", "ordering", "order of steps: asynchronous call")
def async_order(d: Draw) -> Draft:
    """The course of an asynchronous call."""
    stem = f"{d.scene('large').text} Put the steps of a call to its asynchronous endpoint in order."
    return ordered(d, stem, "async-steps", d.pick((4, 5)))


@declare(
    "async-and-batch-share", "async-batch", "response", "covered item",
    limits=" ".join(f"feature.{name}.async" for name in _FEATURES.values() if name != "network_isolation")
    + " feature.network_isolation.batch feature.vpc.batch feature.gpu.batch feature.marketplace.batch "
        "feature.local_nvme.batch",
)  # fmt: skip
def shared(d: Draw) -> Draft:
    """What both support."""
    right, wrong = [], []
    for text, name in _FEATURES.items():
        asked = [Listed(f"feature.{name}.{kind}") for kind in ("async", "batch")]
        shown = text[0].upper() + text[1:]
        if all(one.holds() for one in asked):
            right.append((Piece(shown, "Both support it.", asked[0]), asked[1]))
        else:
            lacks = next(one for one in asked if not one.holds())
            kind = "asynchronous endpoints do" if lacks.key.endswith("async") else "transform jobs do"
            no = Listed(lacks.key, wanted=False)
            wrong.append(Piece(shown, f"AWS's feature matrix says that {kind} not support it.", no))
    kept = d.some(right, 2)
    stem = (
        f"{d.scene('large').text} It wants to be free to move between an asynchronous endpoint and a transform job. "
        "Which TWO features do both support?"
    )
    return Draft(
        stem=stem, right=[piece for piece, _ in kept], wrong=wrong, count=2, most=5, notes=[other for _, other in kept],
        lead="By AWS's matrix of deployment features.",
    )  # fmt: skip


TEMPLATES = (
    async_settings,
    input_way,
    wake,
    largest_backlog,
    async_order,
    shared,
)
