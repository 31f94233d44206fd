"""Questions on ways of paying: provisioned concurrency, Savings Plans, spot, the free tier, what is billed."""

from __future__ import annotations

from advisor.practice.arithmetic import Sum, number
from advisor.practice.draft import Draft, Draw, Piece, figures
from advisor.practice.reasons import Documented, Listed
from advisor.practice.show import money, seconds, share
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


def _rate(key: str) -> str:
    """The price as it is told in a stem."""
    return number(Sum.of(f"{{{key}}}").value)


@declare("cost-keep-warm", "cost", "choice", "money: provisioned concurrency")
def keep_warm(d: Draw) -> Draft:
    """Warm containers are paid for by the clock."""
    memory, slots, hours = d.pick((1, 2, 3, 4)), d.pick((2, 4, 5, 8, 10)), d.pick((6, 8, 10, 12))
    key = f"us-east-1/ServerlessProvisionedUsage/Mem-{memory}GB"
    stem = (
        f"{d.scene('table', 'text').text} A schedule keeps {slots} containers of {memory} GB warm for {hours} hours a "
        f"day, 22 days a month, in us-east-1. Keeping one of them warm costs USD {_rate(key)} a second. What is paid "
        "for this, before any request?"
    )
    return figures(
        stem,
        f"slots * hours * 22 * 3600 * {{{key}}}",
        {
            f"hours * 22 * 3600 * {{{key}}}": "this is one container",
            f"slots * 730 * 3600 * {{{key}}}": "the schedule lets them go at other hours",
            f"slots * hours * 22 * 60 * {{{key}}}": "the price is by the second",
            f"slots * hours * 22 * 3600 * {{us-east-1/ServerlessInf/Mem-{memory}GB}}": "this is the price of work on "
                "demand",
            f"slots * hours * 30 * 3600 * {{{key}}}": "the schedule has 22 days",
        },
        money,
        lead="Provisioned concurrency is billed for as long as it is kept, busy or not.",
        slots=slots, hours=hours,
    )  # fmt: skip


@declare("cost-warm-break-even", "cost", "choice", "share: break-even")
def warm_break_even(d: Draw) -> Draft:
    """From which use a warm container is cheaper."""
    memory = d.pick((1, 2, 3, 4, 5, 6))
    keep, warm, cold = (
        f"{{us-east-1/ServerlessProvisionedUsage/Mem-{memory}GB}}",
        f"{{us-east-1/ServerlessProvisionedDuration/Mem-{memory}GB}}",
        f"{{us-east-1/ServerlessInf/Mem-{memory}GB}}",
    )
    stem = (
        f"{d.scene('table', 'text').text} For a container of {memory} GB in us-east-1 a second costs USD "
        f"{_rate(keep[1:-1])} to keep warm, USD {_rate(warm[1:-1])} of work while provisioned and USD "
        f"{_rate(cold[1:-1])} of work on demand. Cost alone decides. From which share of its time at work is a "
        "provisioned container cheaper?"
    )
    return figures(
        stem,
        f"{keep} / ({cold} - {warm})",
        {
            f"{keep} / {cold}": "work on a warm container costs something, too",
            f"{keep} / {warm}": "what is saved is the difference of the two prices of work",
            f"{warm} / {cold}": "the price of keeping it warm is left out",
            f"{keep} / ({cold} + {warm})": "the saving is a difference, not a sum",
        },
        share,
        lead="Keeping it warm pays where the saving on work is larger than the price of keeping.",
    )


@declare("cost-plan-covers", "cost", "response", "covered item", limits="savings_plan.components")
def plan_covers(d: Draw) -> Draft:
    """What AWS lists for a Savings Plan."""
    names = {
        "Real-time inference": "Real-Time Inference", "Batch transform": "Batch Transform", "Training jobs": "Training",
        "Processing jobs": "Processing",
    }  # fmt: skip
    right = [
        Piece(text, "AWS's guide lists it.", Listed("savings_plan.components", word)) for text, word in names.items()
    ]
    wrong = [
        Piece(text, "AWS's guide does not list it.", Listed("savings_plan.components", text, wanted=False))
        for text in ("Serverless inference", "S3 storage", "Data transfer", "Spot training", "CloudWatch metrics")
    ]
    stem = f"{d.scene().text} It buys a SageMaker Savings Plan. Which TWO does AWS's guide list as covered?"
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5)


@declare("cost-plan-bill", "cost", "choice", "money: savings plan", limits="savings_plan.components")
def plan_bill(d: Draw) -> Draft:
    """A discount on what is covered, not on the rest."""
    covered, rest, off = (
        d.pick((400, 600, 800, 1200, 1500, 2000)),
        d.pick((100, 150, 250, 300)),
        d.pick((20, 25, 30, 40)),
    )
    stem = (
        f"{d.scene().text} On demand a month costs USD {covered:,} for real-time instances and USD {rest} for "
        f"serverless work. A SageMaker Savings Plan takes {off} % off what AWS's guide lists, and its commitment fits "
        "exactly. What does a month cost?"
    )
    return figures(
        stem,
        "covered * (100 - off) / 100 + rest",
        {
            "(covered + rest) * (100 - off) / 100": "serverless is not in AWS's list",
            "covered * (100 - off) / 100": "serverless is still paid for",
            "covered + rest * (100 - off) / 100": "it is the other way round",
            "covered + rest": "the plan covers real-time instances",
            "(covered + rest) * off / 100": "the discount is what is taken off",
        },
        money,
        lead="AWS's guide lists real-time inference for the plan, and serverless inference not.",
        notes=[
            Listed("savings_plan.components", "Real-Time Inference"),
            Listed("savings_plan.components", "Serverless Inference", wanted=False),
        ],
        covered=covered, rest=rest, off=off,
    )  # fmt: skip


@declare("cost-spot-saving", "cost", "choice", "share", limits="feature.spot.training training.spot_saving_max")
def spot_saving(d: Draw) -> Draft:
    """Billable over training seconds."""
    ran = d.pick((1800, 2400, 3600, 5400, 7200))
    paid = int(ran * d.pick((0.2, 0.25, 0.3, 0.35, 0.4)))
    stem = (
        f"{d.scene().text} A spot training job reports {ran:,} training seconds and {paid:,} billable seconds. What "
        "does SageMaker report as the saving?"
    )
    return figures(
        stem,
        "1 - paid / ran",
        {
            "paid / ran": "this is what is paid",
            "{training.spot_saving_max}": "this is the most that AWS names, not this job's",
            "paid / (ran + paid)": "the saving is seen against the training seconds alone",
            "(1 - paid / ran) / 2": "the whole difference is saved",
        },
        share,
        lead="Saving = 1 - billable seconds / training seconds.",
        notes=[Listed("feature.spot.training")], ran=ran, paid=paid,
    )  # fmt: skip


@declare(
    "cost-billable-training",
    "cost",
    "choice",
    "duration: billed instance time",
    limits="training.create_to_downloading_median",
)
def billable_training(d: Draw) -> Draft:
    """Which part of a training job is billed."""
    count, data, run, upload = (
        d.pick((1, 2, 4)),
        d.pick((60, 120, 180)),
        d.pick((1200, 1800, 2400, 3000)),
        d.pick((20, 40)),
    )
    stem = (
        f"{d.scene().text} A training job on {count} {'instances' if count > 1 else 'instance'} waits the median time "
        f"for its instances ({number(Sum.of('{training.create_to_downloading_median}').value)} s), downloads data for "
        f"{data} s, runs its code for {run:,} s and uploads the artefact for {upload} s. How much instance time is "
        "billed?"
    )
    return figures(
        stem,
        "count * (data + run + upload)",
        {
            "count * ({training.create_to_downloading_median} + data + run + upload)": "waiting for instances is not "
                "billed",
            "count * run": "downloads and uploads on the instances are billed, too",
            "data + run + upload + 1 - 1 / count": "every instance is billed",
            "count * (run + upload)": "the download of the data is billed, too",
            "2 * count * (data + run + upload)": "twice what is billed",
        },
        seconds,
        lead="Billed is from the start on the instances to the upload's end, times the number of instances.",
        notes=[
            Documented("billed-span", "waiting for instances", "free"),
            Documented("billed-span", "downloading the data", "billed"),
        ],
        count=count, data=data, run=run, upload=upload,
    )  # fmt: skip


@declare("cost-free-tier", "cost", "choice", "duration: free tier", limits="free_tier.serverless")
def free_tier(d: Draw) -> Draft:
    """What the free tier leaves to pay."""
    thousands, work = d.pick((200, 250, 300, 400, 500, 600)), d.pick(("0.8", "1.2", "1.5", "2"))
    stem = (
        f"{d.scene('table', 'text').text} In its first month in AWS a serverless endpoint answers {thousands},000 "
        f"requests with {work} s of work each, and the free tier is counted. How many seconds of work are paid for?"
    )
    return figures(
        stem,
        "thousands * 1000 * work - {free_tier.serverless}",
        {
            "thousands * 1000 * work": "the free tier takes some off",
            "{free_tier.serverless}": "these are the free seconds",
            "thousands * 1000 - {free_tier.serverless}": "seconds are counted, not requests",
            "thousands * 1000 * work + {free_tier.serverless}": "the free seconds are taken off",
            "thousands * 1000 * work - 2 * {free_tier.serverless}": "the allowance is counted once a month",
        },
        lambda value: f"{number(value)} s",
        lead="The free tier holds {free_tier.serverless} for serverless work.",
        thousands=thousands, work=work,
    )  # fmt: skip


TEMPLATES = (
    keep_warm,
    warm_break_even,
    plan_covers,
    plan_bill,
    spot_saving,
    billable_training,
    free_tier,
)
