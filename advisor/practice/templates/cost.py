"""Questions on cost: every amount is worked out with the price book of today."""

from __future__ import annotations

from advisor.practice.arithmetic import Sum, number
from advisor.practice.draft import Draft, Draw, Unfit, compared, figures
from advisor.practice.judging import rule_of
from advisor.practice.reasons import Warned
from advisor.practice.show import money, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]

_TYPES = (
    "ml.m5.large",
    "ml.m5.xlarge",
    "ml.m5.2xlarge",
    "ml.c5.large",
    "ml.c5.xlarge",
    "ml.c5.2xlarge",
    "ml.g4dn.xlarge",
)
_JOB_TYPES = ("ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge")
_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")


def _rate(key: str) -> str:
    """The price as it is told in a stem."""
    return number(Sum.of(f"{{{key}}}").value)


@declare("cost-endpoint-month", "cost", "choice", "money")
def endpoint_month(d: Draw) -> Draft:
    """Instances that stand all month."""
    kind, region, count = d.pick(_TYPES), d.pick(_REGIONS), d.pick((2, 3, 4, 5, 6))
    key = f"{region}/Hosting/{kind}"
    stem = (
        f"{d.scene().text} Its real-time endpoint in {region} has {count} instances of {kind} at USD {_rate(key)} an "
        "hour, and they stand all month (730 hours). What do the instances cost?"
    )
    price = f"{{{key}}}"
    return figures(
        stem,
        f"count * 730 * {price}",
        {
            f"730 * {price}": "this is one instance",
            f"count * 30 * {price}": "the price is by the hour, not by the day",
            f"count * 24 * {price}": "this is one day",
            f"count * 365 * {price}": "a month has 730 hours",
            f"count * 30 * 8 * {price}": "an instance is paid at night, too",
            f"count * 30 * 12 * {price}": "an instance is paid for 24 hours a day",
        },
        money,
        lead="An instance is paid for as long as it stands, with work or without.",
        count=count,
    )


@declare("cost-serverless-month", "cost", "choice", "money: serverless")
def serverless_month(d: Draw) -> Draft:
    """Milliseconds times memory."""
    memory, region = d.pick((1, 2, 3, 4, 6)), d.pick(_REGIONS)
    thousands, work = d.pick((80, 120, 200, 300, 450, 600, 900)), d.pick(("0.2", "0.4", "0.5", "0.8", "1.5"))
    key = f"{region}/ServerlessInf/Mem-{memory}GB"
    price = f"{{{key}}}"
    stem = (
        f"{d.scene('table', 'text').text} A serverless endpoint of {memory} GB in {region} answers {thousands},000 "
        f"requests a month, each with {work} s of work. A second costs USD {_rate(key)} at this memory. Data and cold "
        "starts are left aside. What does a month of work cost?"
    )
    return figures(
        stem,
        f"thousands * 1000 * work * {price}",
        {
            f"thousands * 1000 * {price}": "the duration of the work is left out",
            f"730 * 3600 * {price}": "idle time is not paid for",
            f"thousands * 1000 * work * {price} * memory": "the price already is the one of this memory",
            f"thousands * work * {price}": "the requests are thousands",
            f"thousands * 1000 * work * {price} / 2": "the whole duration is billed",
            f"thousands * 1000 * ceil(work) * {price}": "work is billed by the millisecond, not by the second",
        },
        money,
        lead="Serverless work is billed by the millisecond, at the price of the memory size.",
        thousands=thousands, work=work, memory=memory,
    )  # fmt: skip


@declare("cost-break-even", "cost", "choice", "rate: break-even")
def break_even(d: Draw) -> Draft:
    """From which rate an instance is cheaper."""
    kind, memory = d.pick(("ml.m5.large", "ml.c5.large", "ml.m5.xlarge")), d.pick((1, 2, 3, 4))
    work = d.pick(("0.1", "0.2", "0.25", "0.4", "0.5"))
    host, call = f"us-east-1/Hosting/{kind}", f"us-east-1/ServerlessInf/Mem-{memory}GB"
    stem = (
        f"{d.scene('table', 'text').text} In us-east-1 one {kind} at USD {_rate(host)} an hour could take its whole "
        f"load. A serverless endpoint of {memory} GB costs USD {_rate(call)} a second of work, and a request takes "
        f"{work} s. Leave data aside. From about how many requests an hour on is the instance cheaper?"
    )
    key = f"{{{host}}} / ({{{call}}} * work)"
    return figures(
        stem,
        key,
        {
            f"{{{host}}} / {{{call}}}": "the duration of a request is left out",
            f"{{{host}}} * work / {{{call}}}": "the duration divides, it does not multiply",
            f"24 * {key}": "this is a day",
            f"{key} / 60": "this is a minute",
            f"{key} / 3600": "this is a second",
            f"{key} / 2": "at half of that serverless is cheaper",
        },
        lambda value: f"{float(value):,.0f} requests" if value >= 10 else f"{float(value):.3g} requests",
        lead="Where both cost the same: the price of an hour over the price of one request.",
        work=work,
    )


@declare("cost-job-or-endpoint", "cost", "choice", "money: saving of a job")
def job_or_endpoint(d: Draw) -> Draft:
    """What a nightly job saves over an endpoint."""
    kind, count, minutes = d.pick(_JOB_TYPES), d.pick((1, 2, 3)), d.pick((20, 30, 40, 60, 90))
    host, job = f"us-east-1/Hosting/{kind}", f"us-east-1/BatchTransform/{kind}"
    stem = (
        f"{d.scene('table').text} {count} {kind} stand as an endpoint all month in us-east-1 (730 hours, USD "
        f"{_rate(host)} each), only to score a lot once a night. A transform job would have as many of them at work "
        f"for {minutes} min, 30 times a month, at USD {_rate(job)} an hour. How much less do the instances cost?"
    )
    right = f"count * (730 * {{{host}}} - 30 * minutes / 60 * {{{job}}})"
    return figures(
        stem,
        right,
        {
            f"count * 730 * {{{host}}}": "the job costs something, too",
            f"count * 30 * minutes / 60 * {{{job}}}": "this is what the job costs",
            f"count * (730 * {{{host}}} - minutes / 60 * {{{job}}})": "the job runs every night",
            f"count * (730 * {{{host}}} + 30 * minutes / 60 * {{{job}}})": "the two are set against each other, not "
                "added",
            f"count * (365 * {{{host}}} - 30 * minutes / 60 * {{{job}}})": "a month has 730 hours",
        },
        money,
        lead="A job is paid from its start on the instances to its end, and nothing between two jobs.",
        count=count, minutes=minutes,
    )  # fmt: skip


@declare("cost-data-processed", "cost", "choice", "money: data", rules="RT-60")
def data_processed(d: Draw) -> Draft:
    """Bytes in and out."""
    rate, inn, out = d.pick((5, 10, 20)), d.pick((400, 500, 800)), d.pick((50, 100, 200))
    put, got = "us-east-1/DataProcessed/Hosting:IN", "us-east-1/DataProcessed/Hosting:OUT"
    stem = (
        f"{d.scene('large').text} A real-time endpoint in us-east-1 gets {rate} million requests a month of {inn} KB "
        f"each and answers with {out} KB. A GB costs USD {_rate(put)} in and USD {_rate(got)} out. What does the data "
        "cost?"
    )
    profile = "traffic: {rate: 8 per second}\npayload: {request: 500 KB, request_max: 900 KB, response: 100 KB}"
    return figures(
        stem,
        f"rate * (inn * {{{put}}} + out * {{{got}}})",
        {
            f"rate * inn * {{{put}}}": "answers are billed, too",
            f"rate * out * {{{got}}}": "requests are billed, too",
            f"rate * (inn * {{{put}}} + out * {{{got}}}) / 1000": "a million times a KB is a GB",
            f"rate * (inn * {{{put}}} + out * {{{got}}}) * 10": "a million times a KB is a GB",
            f"rate * (inn - out) * {{{put}}}": "both directions are paid for",
        },
        money,
        lead="Data in and out is billed by the GB; a million times a KB is a GB.",
        notes=[Warned("RT-60", "real-time", profile)], rate=rate, inn=inn, out=out,
    )  # fmt: skip


@declare("cost-shadow", "cost", "choice", "money: shadow variant", rules="RT-63")
def shadow(d: Draw) -> Draft:
    """A shadow variant is paid for."""
    kind, count, small = d.pick(_TYPES[:6]), d.pick((2, 3, 4, 5, 6)), d.pick((1, 2))
    small = min(small, count - 1)
    key = f"us-east-1/Hosting/{kind}"
    days = d.pick((5, 7, 10, 14, 21))
    stem = (
        f"{d.scene().text} Its endpoint in us-east-1 has {count} {kind} at USD {_rate(key)} an hour. For {days} days "
        f"a shadow variant with {small} more {'instance' if small == 1 else 'instances'} of this type sees a copy of "
        "the traffic. How much do the instances of both cost in these days?"
    )
    return figures(
        stem,
        f"(count + small) * days * 24 * {{{key}}}",
        {
            f"count * days * 24 * {{{key}}}": "a shadow variant is billed like any other",
            f"small * days * 24 * {{{key}}}": "the production variant runs, too",
            f"(count + small) * days * 8 * {{{key}}}": "instances are paid around the clock",
            f"(count + small) * days * {{{key}}}": "the price is by the hour",
            f"2 * count * days * 24 * {{{key}}}": "the shadow may be smaller than what it shadows",
        },
        money,
        lead=rule_of("RT-63").title,
        notes=[Warned("RT-63", "real-time", "needs: [shadow]")], count=count, small=small, days=days,
    )  # fmt: skip


@declare("cost-cheapest-fleet", "cost", "choice", "instance type: cheapest fleet")
def cheapest_fleet(d: Draw) -> Draft:
    """What carries a load for the least money."""
    types = ("ml.c5.large", "ml.c5.xlarge", "ml.m5.large", "ml.m5.xlarge", "ml.c5.2xlarge", "ml.m5.2xlarge")
    load = d.pick((90, 120, 150, 180, 210, 260, 320))
    kept = d.some(types, 4)
    fleets = {}
    for kind in kept:
        each = d.pick((28, 30, 34, 38, 42)) * (1 if kind.endswith(".large") else 2 if kind.endswith(".xlarge") else 4)
        fleets[kind] = (each, Sum.of(f"ceil(load / each) * {{us-east-1/Hosting/{kind}}}", load=load, each=each))
    costs = {kind: cost.value for kind, (_, cost) in fleets.items()}
    best = min(kept, key=lambda kind: costs[kind])
    if sorted(costs.values())[0] == sorted(costs.values())[1]:
        raise Unfit
    show = whole("instance")

    def option(kind: str) -> str:
        return f"{show(Sum.of('ceil(load / each)', load=load, each=fleets[kind][0]).value)} of {kind}"

    right = [
        compared(
            option(best), fleets[best][1], "below", fleets[kind][1], f"USD {money(costs[best])[4:]} an hour in all."
        )
        for kind in kept
        if kind != best
    ]
    wrong = [
        compared(
            option(kind), fleets[kind][1], "above", fleets[best][1], f"USD {money(costs[kind])[4:]} an hour in all."
        )
        for kind in kept
        if kind != best
    ]
    listed = "; ".join(
        f"{kind} {fleets[kind][0]} requests a second at USD {_rate(f'us-east-1/Hosting/{kind}')}" for kind in kept
    )
    stem = (
        f"{d.scene().text} A load test in us-east-1 found what one instance carries, and what it costs an hour: "
        f"{listed}. {load} requests a second have to be carried. Which fleet is the cheapest that does?"
    )
    return Draft(stem=stem, right=right[:1], wrong=wrong, notes=[piece.reason for piece in right])


TEMPLATES = (
    endpoint_month,
    serverless_month,
    break_even,
    job_or_endpoint,
    data_processed,
    shadow,
    cheapest_fleet,
)
