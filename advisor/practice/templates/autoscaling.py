"""Questions on autoscaling: metrics, alarms, cooldowns, targets, roll-outs."""

from __future__ import annotations

from advisor.practice.arithmetic import Sum
from advisor.practice.draft import Draft, Draw, Piece, compared, figures, paired, picked
from advisor.practice.facts import fact
from advisor.practice.judging import rule_of
from advisor.practice.reasons import Documented, Listed, Refused
from advisor.practice.show import per, seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


@declare("scaling-target", "autoscaling", "choice", "metric: target", limits="scaling.safety_factor_start")
def target(d: Draw) -> Draft:
    """A target from a load test."""
    rate = d.pick((8, 10, 12, 14, 16, 18, 22, 24, 26, 30, 34, 36, 40))
    stem = (
        f"{d.scene().text} In a load test one instance serves {rate} requests a second before latency suffers. Which "
        "target of SageMakerVariantInvocationsPerInstance follows with the safety factor that AWS advises to start "
        "with?"
    )
    return figures(
        stem,
        "rate * 60 * {scaling.safety_factor_start}",
        {
            "rate * 60": "the safety factor is left out",
            "rate * {scaling.safety_factor_start}": "the metric counts a minute, not a second",
            "rate": "the metric counts a minute, and the safety factor is left out",
            "rate * 60 / {scaling.safety_factor_start}": "the safety factor lowers the target",
            "rate * 3600 * {scaling.safety_factor_start}": "the metric counts a minute, not an hour",
        },
        per("invocations"),
        lead="Requests a second of one instance, times the safety factor, times 60.",
        rate=rate,
    )


@declare("scaling-size", "autoscaling", "choice", "count: instances after scale-out", limits="scaling.metric_period")
def size(d: Draw) -> Draft:
    """How far target tracking scales out."""
    now, goal, load = d.pick((2, 3, 4, 5)), d.pick((300, 400, 600, 800)), d.pick((1.25, 1.4, 1.6, 1.9, 2.3, 2.6))
    seen = int(goal * load)
    stem = (
        f"{d.scene().text} Its endpoint has {now} instances and tracks {goal} invocations a minute on each. The alarm "
        f"fires while the metric stands at {seen}. The maximum is far away. How many instances does target tracking "
        "ask for?"
    )
    return figures(
        stem,
        "ceil(now * seen / goal)",
        {
            "now + 1": "target tracking scales in proportion, not by one",
            "floor(now * seen / goal)": "it rounds up, so that the metric falls to the target",
            "ceil(seen / goal)": "the metric is an average for each instance, so it is multiplied by their number",
            "now * 2": "it does not double",
            "ceil(now * seen / goal) + 1": "one fewer brings the metric to the target",
            "ceil(now * seen / goal) + 2": "two fewer bring the metric to the target",
        },
        whole("instance"),
        lead="Instances times metric over target, rounded up.",
        notes=[compared("", Sum.of("{scaling.metric_period}"), "above", Sum.of("0"), "").reason],
        now=now, seen=seen, goal=goal,
    )  # fmt: skip


_STANDARD = "scaling.out_datapoints scaling.metric_period"


@declare(
    "scale-out-standard", "autoscaling", "choice", "duration",
    limits=f"{_STANDARD} scaling.metric_period_high_resolution scaling.in_datapoints",
)  # fmt: skip
def out_standard(d: Draw) -> Draft:
    """Time until a new instance serves, with the standard metric."""
    launch = d.pick((90, 120, 150, 180, 210, 240, 270, 300, 330))
    stem = (
        f"{d.scene().text} Load jumps far above the target of a real-time endpoint that scales on invocations per "
        f"instance. A launch takes {launch} s. How long until new instances serve at the earliest, with the "
        "datapoints that AWS's alarms use and no lag of the metric?"
    )
    return figures(
        stem,
        "{scaling.out_datapoints} * {scaling.metric_period} + launch",
        {
            "{scaling.metric_period} + launch": "the alarm needs more than one datapoint",
            "{scaling.out_datapoints} * {scaling.metric_period_high_resolution} + launch": "this is another metric",
            "launch": "the alarm comes before the launch",
            "{scaling.out_datapoints} * {scaling.metric_period}": "the launch comes after the alarm",
            "{scaling.in_datapoints} * {scaling.metric_period} + launch": "these are the datapoints of scaling in",
        },
        seconds,
        lead="The alarm needs {scaling.out_datapoints} datapoints; then instances launch.",
        launch=launch,
    )


@declare(
    "scale-out-high-resolution", "autoscaling", "choice", "duration: saved",
    limits="scaling.out_datapoints scaling.metric_period_high_resolution scaling.metric_period",
)  # fmt: skip
def out_high(d: Draw) -> Draft:
    """What the high-resolution metric saves."""
    times = d.pick((1, 2, 3, 4, 5, 6))
    stem = (
        f"{d.scene('text', 'table').text} Its endpoint moves from invocations per instance to the high-resolution "
        f"metric of concurrent requests. On a day with {times} sudden {'jumps' if times > 1 else 'jump'} of load, how "
        "much sooner do alarms fire, all jumps together?"
    )
    both = "{scaling.out_datapoints} * ({scaling.metric_period} - {scaling.metric_period_high_resolution})"
    return figures(
        stem,
        f"times * {both}",
        {
            "times * ({scaling.metric_period} - {scaling.metric_period_high_resolution})": "the alarm needs several "
            "datapoints",
            "times * {scaling.out_datapoints} * {scaling.metric_period_high_resolution}": "this is the time that is "
            "left",
            "times * {scaling.out_datapoints} * {scaling.metric_period}": "the new alarm takes some time, too",
            "times * {scaling.metric_period}": "this is one period for each jump",
            f"2 * times * {both}": "twice what is saved",
        },
        seconds,
        lead="{scaling.out_datapoints} datapoints of {scaling.metric_period_high_resolution} instead of "
        "{scaling.metric_period}.",
        times=times,
    )


@declare(
    "scale-in-threshold", "autoscaling", "choice", "metric: threshold",
    limits="scaling.in_threshold_ratio scaling.safety_factor_start",
)  # fmt: skip
def threshold(d: Draw) -> Draft:
    """Below which value a fleet shrinks."""
    goal = d.pick((200, 300, 400, 500, 600, 700, 800, 900, 1200, 1500, 2000))
    stem = (
        f"{d.scene().text} Target tracking holds {goal:,} invocations a minute on each instance. Below which value of "
        "the metric does the alarm for scaling in count its datapoints?"
    )
    return figures(
        stem,
        "goal * {scaling.in_threshold_ratio}",
        {
            "goal": "a margin below the target keeps the fleet from swinging",
            "goal * {scaling.safety_factor_start}": "this is the safety factor for choosing a target",
            "goal * 0.8": "the margin is smaller",
            "goal * 1.1": "this is above the target",
            "goal / 60": "the metric counts a minute",
        },
        per("invocations"),
        lead="The alarms that AWS makes for scaling in stand at {scaling.in_threshold_ratio} of the target.",
        goal=goal,
    )


@declare(
    "scale-in-time", "autoscaling", "choice", "duration",
    limits="scaling.in_datapoints scaling.metric_period scaling.out_datapoints",
)  # fmt: skip
def in_time(d: Draw) -> Draft:
    """How long instances stay after load has gone."""
    busy = d.pick((5, 8, 10, 12, 20, 25, 30, 40, 45))
    stem = (
        f"{d.scene().text} A burst keeps an extra instance busy for {busy} min. Then load falls far below the target. "
        "How long is the extra instance in service at least, with the datapoints of the standard metric and no lag?"
    )
    stays = "{scaling.in_datapoints} * {scaling.metric_period}"
    return figures(
        stem,
        f"busy * 60 + {stays}",
        {
            "busy * 60": "scaling in waits for its alarm",
            "busy * 60 + {scaling.out_datapoints} * {scaling.metric_period}": "these are the datapoints of scaling out",
            stays: "the burst itself comes before",
            "busy * 60 + {scaling.metric_period}": "one datapoint is not enough",
            f"busy * 60 + 2 * {stays}": "half of the wait is enough",
        },
        seconds,
        lead="Scaling in needs {scaling.in_datapoints} datapoints below the threshold.",
        busy=busy,
    )


@declare(
    "scale-in-after-out", "autoscaling", "choice", "duration: cooldown",
    limits="scaling.in_cooldown_default scaling.out_cooldown_default",
)  # fmt: skip
def cooldown(d: Draw) -> Draft:
    """Two scale-ins in a row."""
    steps = d.pick((2, 3, 4, 5))
    stem = (
        f"{d.scene().text} After a quiet evening an endpoint scales in {steps} times, one after another, and the "
        "alarm stays on all the time. Cooldowns are at their defaults, and an activity itself takes no time. How "
        "long from the first to the last of them?"
    )
    return figures(
        stem,
        "(steps - 1) * {scaling.in_cooldown_default}",
        {
            "steps * {scaling.in_cooldown_default}": "the first needs no cooldown before it",
            "(steps - 1) * ({scaling.in_cooldown_default} + "
            "{scaling.out_cooldown_default})": "nothing scales out in between",
            "{scaling.in_cooldown_default} / 2": "each waits for a whole cooldown",
            "(steps - 1) * 60": "60 s is the metric's period",
            "(steps + 1) * {scaling.in_cooldown_default}": "there are fewer waits than activities",
        },
        seconds,
        lead="The default cooldown of scaling in is {scaling.in_cooldown_default}.",
        steps=steps,
    )


@declare("scaling-metric-pairs", "autoscaling", "matching", "metric: pairs")
def metric_pairs(d: Draw) -> Draft:
    """Which metric for what."""
    stem = f"{d.scene().text} Match each thing that it scales with the metric that serves."
    return paired(d, stem, "scaling-metric", 3)


@declare("scaling-metric-choice", "autoscaling", "choice", "metric")
def metric_choice(d: Draw) -> Draft:
    """The metric for one thing."""
    subject = d.pick(list(fact("scaling-metric").pairs))
    return picked(d, f"{d.scene().text} It scales {subject}. Which metric serves?", "scaling-metric", subject)


@declare("scaling-dimension", "autoscaling", "matching", "pairs: scalable dimension")
def dimension(d: Draw) -> Draft:
    """Which dimension is registered."""
    from dataclasses import replace

    stem = f"{d.scene().text} Match each thing that it scales with its scalable dimension."
    return replace(paired(d, stem, "scaling-dimension", 3), wrong=(), most=3)


@declare(
    "down-to-zero", "autoscaling", "response", "covered item", rules="MM-06",
    limits="feature.scale_to_zero.async feature.scale_to_zero.realtime feature.scale_to_zero.serverless ic.copies_min "
    "serverless.pc_scaling_min",
)  # fmt: skip
def to_zero(d: Draw) -> Draft:
    """What can stand at none."""
    many = "needs: [scale-to-zero]\nmodel: {count: 40, size: 60 MB, memory: 200 MB, same_container: true}"
    none, one = Sum.of("0"), Sum.of("1")
    right = [
        Piece(
            "The instances of an asynchronous endpoint", "Its minimum may be 0.", Listed("feature.scale_to_zero.async")
        ),
        Piece(
            "The containers of an on-demand serverless endpoint",
            "They go when nothing comes.",
            Listed("feature.scale_to_zero.serverless"),
        ),
        compared(
            "The copies of an inference component",
            Sum.of("{ic.copies_min}"),
            "equal",
            none,
            "Their least number is {ic.copies_min}.",
        ),
    ]
    wrong = [
        Piece(
            "The instances of a plain real-time endpoint",
            "It keeps at least one.",
            Listed("feature.scale_to_zero.realtime", wanted=False),
        ),
        Piece(
            "The instances of a multi-model endpoint",
            f"{rule_of('MM-06').title} (MM-06)",
            Refused("MM-06", "multi-model", many),
        ),
        compared(
            "Provisioned concurrency under an autoscaling policy",
            Sum.of("{serverless.pc_scaling_min}"),
            "at least",
            one,
            "Its least number is {serverless.pc_scaling_min}.",
        ),
    ]
    stem = f"{d.scene().text} Which TWO of these can scale down to zero while no request comes?"
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5)


@declare("several-policies", "autoscaling", "choice", "count: several policies")
def policies(d: Draw) -> Draft:
    """Policies that do not agree."""
    one, two, three = d.some((2, 3, 4, 5, 6, 7, 8, 9, 10, 12), 3)
    stem = (
        f"{d.scene().text} Three scaling policies of one endpoint ask for {one}, {two} and {three} instances at the "
        "same time. How many does the endpoint get?"
    )
    return figures(
        stem,
        "max(one, two, three)",
        {
            "min(one, two, three)": "the smallest does not decide",
            "ceil((one + two + three) / 3)": "they are not averaged",
            "one + two + three": "they are not added up",
            "one + two + three - max(one, two, three) - min(one, two, three)": "the middle one does not decide",
        },
        whole("instance"),
        lead="Any policy may scale out, all must agree to scale in: the largest capacity wins.",
        notes=[Documented("policies", "scale out", "the policy with the largest capacity decides")],
        one=one, two=two, three=three,
    )  # fmt: skip


@declare("launch-median", "autoscaling", "choice", "duration", limits=f"{_STANDARD} provision.endpoint_cpu_quantiles")
def launch_median(d: Draw) -> Draft:
    """Alarm and the measured launch."""
    burst = d.pick((60, 90, 120, 150, 180, 240, 300, 360))
    stem = (
        f"{d.scene().text} A sudden burst begins. Count {'{n}'} datapoints of the standard metric, then a launch; the "
        f"median measured for a CPU endpoint is {'{m}'}. The burst lasts {burst} s. How long after its end do the new "
        "instances serve?"
    )
    told = Sum.of("{scaling.out_datapoints}").value
    both = "{scaling.out_datapoints} * {scaling.metric_period} + {provision.endpoint_cpu_quantiles}"
    return figures(
        stem.replace("{n}", str(told)).replace("{m}", seconds(Sum.of("{provision.endpoint_cpu_quantiles}").value)),
        f"{both} - burst",
        {
            both: "this counts from the start of the burst",
            "{provision.endpoint_cpu_quantiles}": "the alarm comes before the launch",
            "{scaling.out_datapoints} * {scaling.metric_period}": "the launch comes after the alarm",
            f"{both} + burst": "the burst runs while the alarm counts",
            "{scaling.metric_period} + {provision.endpoint_cpu_quantiles}": "one datapoint is not enough",
        },
        seconds,
        lead="Measured launches of CPU endpoints: {provision.endpoint_cpu_quantiles}.",
        burst=burst,
    )


TEMPLATES = (
    target, size, out_standard, out_high, threshold, in_time, cooldown, metric_pairs, metric_choice, dimension, to_zero,
    policies, launch_median,
)  # fmt: skip
