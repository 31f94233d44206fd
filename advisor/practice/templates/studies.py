"""Case studies: one situation, three questions, each answered and counted for itself."""

from __future__ import annotations

from advisor.practice.arithmetic import Sum, number
from advisor.practice.draft import Draft, Draw, Piece, by_rules, figures
from advisor.practice.facts import fact
from advisor.practice.reasons import Documented
from advisor.practice.show import gigabytes, seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


@declare(
    "study-queue",
    "async-batch",
    "case",
    "hosting option: with backlog and waking",
    rules="BT-13 MM-07 RT-01 SL-01",
    limits="async.ttl_default async.timeout_default async.zero.alarm_datapoints async.zero.alarm_period "
    "async.zero.step_cooldown",
    parts=3,
)
def queue(d: Draw) -> list[Draft]:
    """Large inputs: which option, how large a backlog, how long the first one waits."""
    scene, size, minutes = d.scene("large"), d.pick((80, 120, 200, 350, 500)), d.pick((2, 3, 4, 5))
    count, launch = d.pick((2, 3, 4)), d.pick((150, 180, 240, 300, 360))
    told = (
        f"{scene.text} Inputs of up to {size} MB arrive at any time and have to wait in a queue. One keeps an "
        f"instance busy for {minutes} min, one at a time, and a launch takes {launch} s. At most {count} instances "
        "are allowed."
    )
    right, wrong = by_rules(f"needs: [queueing]\npayload: {{request_max: {size} MB}}")
    first = Draft(stem=f"{told} Which hosting option meets this?", right=right, wrong=wrong)
    second = figures(
        f"{told} An asynchronous endpoint is chosen, without a time to live of its own. All instances are up. How "
        "many inputs can be completed before one that came at the start would expire in the queue?",
        "count * floor({async.ttl_default:min} / minutes)",
        {
            "floor({async.ttl_default:min} / minutes)": "all instances work, not one",
            "count * floor({async.timeout_default:min} / minutes)": "this is the time-out of one call, not the queue's",
            "count * floor({async.ttl_default:h})": "this takes an hour for each input",
            "2 * count * floor({async.ttl_default:min} / minutes)": "twice the time to live would be needed",
            "count * {async.ttl_default:min}": "this takes a minute for each input",
        },
        whole("input"),
        lead="A request may wait {async.ttl_default} where nothing is set.",
        count=count,
        minutes=minutes,
    )
    third = figures(
        f"{told} At night the asynchronous endpoint stands at zero instances, with the step policy on "
        "HasBacklogWithoutCapacity as AWS's guide shows it. How long is it at least from the first input to its "
        "answer, if the lag of the metric is left aside?",
        "{async.zero.alarm_datapoints} * {async.zero.alarm_period} + launch + minutes * 60",
        {
            "launch + minutes * 60": "the alarm comes first",
            "{async.zero.alarm_datapoints} * {async.zero.alarm_period} + launch": "the work itself takes time, too",
            "{async.zero.alarm_period} + launch + minutes * 60": "the alarm needs more than one datapoint",
            "{async.zero.alarm_datapoints} * {async.zero.alarm_period} + {async.zero.step_cooldown} + launch "
            "+ minutes * 60": "a cooldown follows a step; it does not come before it",
            "minutes * 60": "no instance is there yet",
        },
        seconds,
        lead="First the alarm, then the launch, then the work.",
        launch=launch,
        minutes=minutes,
    )
    return [first, second, third]


@declare(
    "study-training",
    "data",
    "case",
    "duration: with input mode and share",
    limits="training.file_mode_throughput training.create_to_downloading_median",
    parts=3,
)
def training(d: Draw) -> list[Draft]:
    """A training job: how its data comes, what an instance holds, what is billed."""
    scene, count, run = d.scene(), d.pick((2, 4, 5)), d.pick((1200, 1800, 2400))
    share = d.pick((17, 34, 51))
    size = share * count
    told = (
        f"{scene.text} {size} GB of training data lie in S3 as equal objects. The code needs all of an instance's "
        f"files on its disk before it starts, and reads them many times. The job runs on {count} instances; the code "
        f"then works for {run:,} s."
    )
    held = fact("input-mode")
    subject = "{small} GB in S3, and an algorithm that expects all of its files on the local disk"
    first = Draft(
        stem=f"{told} How should the data reach the job?",
        right=[
            Piece(word, "The files are copied before the code starts.", Documented("input-mode", subject, word))
            for word in held.pairs[subject]
        ],
        wrong=[
            Piece(word, "It is for other needs.", Documented("input-mode", subject, word, wanted=False))
            for word in held.words
            if word not in held.pairs[subject]
        ],
        lead=f"{held.title}.",
    )
    way = "ShardedByS3Key"
    second = figures(
        f"{told} The channel is distributed by {way}. How much data does each instance copy?",
        "size / count",
        {
            "size": "every instance gets a share only",
            "size * count": "every instance gets a share only, once",
            "size / count / 2": "the shares together are all of the data",
            "size - size / count": "this is what the others copy",
            "2 * size / count": "the share is copied once",
        },
        gigabytes,
        lead=f"{way}: {fact('distribution').pairs[way][0]}.",
        notes=[Documented("distribution", way, fact("distribution").pairs[way][0])],
        size=size,
        count=count,
    )
    copy = "size / count / {training.file_mode_throughput:GB}"
    took = Sum.of(copy, size=size, count=count)
    third = figures(
        f"{told} With shares of {share} GB, AWS's own rate of File mode gives a copy of {number(took.value)} s. "
        "Instances were waited for before; the upload at the end is left aside. How much instance time is billed?",
        f"count * ({copy} + run)",
        {
            "count * run": "the copy runs on the instances, and is billed",
            f"{copy} + run": "every instance is billed",
            f"count * ({copy} + run + {{training.create_to_downloading_median}})": "waiting for instances is not "
            "billed",
            f"count * {copy}": "the code is billed, too",
            f"2 * count * ({copy} + run)": "twice what is billed",
        },
        seconds,
        lead="Billed is from the start on the instances to the end, times the number of instances.",
        notes=[
            Documented("billed-span", "waiting for instances", "free"),
            Documented("billed-span", "downloading the data", "billed"),
        ],
        size=size,
        count=count,
        run=run,
    )
    return [first, second, third]


TEMPLATES = (queue, training)
