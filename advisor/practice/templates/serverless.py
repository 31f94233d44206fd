"""Questions on serverless limits and provisioned concurrency."""

from __future__ import annotations

from advisor.practice.draft import Draft, Draw, by_profile, by_settings, figures
from advisor.practice.show import megabytes, per, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]

_SMALL = "model: {size: 100 MB, memory: 400 MB}"


@declare("serverless-memory", "serverless", "choice", "accepted setting", rules="SL-09 SL-23")
def memory(d: Draw) -> Draft:
    """Memory goes in steps between two ends."""
    good = [f"{mib} MB" for mib in range(1024, 6145, 1024)]
    bad = [f"{mib} MB" for mib in (512, 1500, 1536, 2000, 2500, 3000, 3584, 4500, 5000, 5500, 7168, 8192, 10240)]
    right, wrong = by_settings("serverless", _SMALL, {text: f"memory={text}" for text in (*good, *bad)})
    stem = (
        f"{d.scene().text} Its small model moves to a serverless endpoint. Which value does the API accept as the "
        "memory size of the endpoint?"
    )
    return Draft(stem=stem, right=right, wrong=wrong, lead="Memory goes in whole steps from the least to the most.")


@declare("serverless-concurrency-pair", "serverless", "choice", "accepted setting", rules="SL-17 SL-19")
def concurrency_pair(d: Draw) -> Draft:
    """Provisioned concurrency against the maximum."""
    low, high = (4, 8, 10, 15), (20, 30, 40, 60)
    pairs = [(d.pick(low), d.pick(high)) for _ in range(3)]
    pairs += [(d.pick((220, 250, 300, 400)), d.pick((10, 50, 100))) for _ in range(2)]
    pairs += [(d.pick((20, 50, 100, 150, 200)), d.pick((2, 5, 10, 20)))]
    shown = {
        f"MaxConcurrency {most}, ProvisionedConcurrency {warm}": f"max_concurrency={most}, "
        f"provisioned_concurrency={warm}"
        for most, warm in pairs
    }
    right, wrong = by_settings("serverless", _SMALL, shown)
    stem = f"{d.scene().text} Which configuration of its serverless endpoint does the API accept?"
    return Draft(stem=stem, right=right, wrong=wrong, lead="Both figures have a limit, and one bounds the other.")


@declare("serverless-at-once", "serverless", "choice", "count", limits="serverless.max_concurrency_max")
def at_once(d: Draw) -> Draft:
    """Requests at once are rate times duration."""
    rate, work = d.pick((12, 18, 24, 30, 36, 45, 54, 60)), d.pick(("0.4", "0.5", "0.7", "1.2", "1.5", "2.5"))
    stem = (
        f"{d.scene('table', 'text').text} At its peak a steady {rate} requests a second arrive, and each keeps a "
        f"serverless container busy for {work} s. Cold starts are left aside. How many requests are served at once on "
        "average, and have to fit under MaxConcurrency?"
    )
    return figures(
        stem,
        "ceil(rate * work)",
        {
            "rate": "this is the rate; how long each request stays is left out",
            "ceil(rate / work)": "the duration multiplies, it does not divide",
            "floor(rate * work / 2)": "requests do not overlap half of the time only",
            "ceil(rate * work) * 2": "twice as many as are there at once",
            "{serverless.max_concurrency_max}": "this is the greatest value that the API takes, whatever the load",
            "ceil(work * 60)": "this is work a minute, without the rate",
        },
        whole("request"),
        lead="By Little's law, requests at once are the rate times the time that each stays.",
        rate=rate, work=work,
    )  # fmt: skip


@declare("serverless-new-account-rate", "serverless", "choice", "rate", limits="serverless.account_concurrency_new")
def new_account_rate(d: Draw) -> Draft:
    """The rate that the quota of a new account carries."""
    work = d.pick(("0.2", "0.25", "0.4", "0.5", "0.8", "1.25", "1.6", "2", "2.5", "4"))
    stem = (
        f"{d.scene('table', 'text').text} The account is new, and its serverless quota is at the default. Each "
        f"request keeps a container busy for {work} s, cold starts left aside. Above which steady rate are requests "
        "throttled?"
    )
    return figures(
        stem,
        "{serverless.account_concurrency_new} / work",
        {
            "{serverless.account_concurrency_new} * work": "the duration divides, it does not multiply",
            "{serverless.account_concurrency_new}": "this would be so if each request took one second",
            "1 / work": "this is what a single container can do",
            "2 * {serverless.account_concurrency_new} / work": "twice what the quota carries",
            "{serverless.account_concurrency_new} / work / 2": "half of what the quota carries",
        },
        per("requests a second"),
        lead="The quota counts requests at once, over all serverless endpoints of the account and region.",
        work=work,
    )


@declare(
    "serverless-memory-for-model", "serverless", "choice", "size", limits="serverless.memory_step serverless.memory_max"
)
def memory_for_model(d: Draw) -> Draft:
    """The smallest memory with room for model and server."""
    model, server = d.pick((850, 900, 1800, 1900, 2850, 2900, 3900, 3950)), d.pick((250, 300, 350, 400))
    stem = (
        f"{d.scene('table', 'text').text} Loaded, its model takes {model} MB of memory, and the model server beside "
        f"it {server} MB. What is the smallest memory size of a serverless endpoint that holds both?"
    )
    step = "{serverless.memory_step}"
    return figures(
        stem,
        f"ceil((model + server) / {step}) * {step}",
        {
            f"ceil(model / {step}) * {step}": "the server's own memory is left out",
            "model + server": "memory goes in whole steps only",
            f"ceil((model + server) / {step}) * {step} + {step}": "one step less is enough",
            "{serverless.memory_max}": "it is the largest size, and a smaller one holds both",
            f"floor(model / {step}) * {step}": "the model alone does not fit",
        },
        megabytes,
        lead="Memory goes in steps of {serverless.memory_step}.",
        model=model, server=server,
    )  # fmt: skip


@declare("serverless-deployable", "serverless", "choice", "covered item", rules="SL-07 SL-12 SL-14")
def deployable(d: Draw) -> Draft:
    """Image, disk and memory have a limit each."""

    def one(size: str, image: str, held: str) -> tuple[str, str]:
        text = f"Archive of {size}, image of {image}, {held} in memory"
        return text, f"model: {{size: {size}, image: {image}, memory: {held}}}"

    sizes, images, memories = ("300 MB", "1.2 GB", "2 GB"), ("2 GB", "4 GB", "8 GB"), ("2 GB", "3 GB")
    good = [one(d.pick(sizes), d.pick(images), d.pick(memories))]
    bad = [
        one(d.pick(sizes), d.pick(("12 GB", "15 GB")), d.pick(memories)),
        one(d.pick(("6 GB", "8 GB")), d.pick(images), d.pick(memories)),
        one(d.pick(sizes), d.pick(images), d.pick(("7 GB", "9 GB"))),
    ]
    right, wrong = by_profile("serverless", dict([*good, *bad]))
    stem = f"{d.scene().text} Which of these candidates can run on a serverless endpoint?"
    return Draft(stem=stem, right=right, wrong=wrong, lead="Image, temporary disk and memory each have a limit.")


@declare(
    "serverless-quota-endpoints", "serverless", "choice", "count",
    limits="serverless.account_concurrency_new serverless.account_endpoints_new",
)  # fmt: skip
def quota_endpoints(d: Draw) -> Draft:
    """Two quotas of a new account."""
    each = d.pick((1, 2, 3, 4, 5))
    stem = (
        f"{d.scene().text} Its account is new, with quotas at their defaults. It wants serverless endpoints with a "
        f"MaxConcurrency of {each} each, and all of them may be fully busy at the same time. How many can it have in "
        "one region?"
    )
    both = "min(floor({serverless.account_concurrency_new} / each), {serverless.account_endpoints_new})"
    return figures(
        stem,
        both,
        {
            "{serverless.account_concurrency_new}": "this is the quota of calls at once, not of endpoints",
            "floor({serverless.account_concurrency_new} / each)": "the number of endpoints has a quota of its own",
            "{serverless.account_endpoints_new}": "together they would pass the quota of calls at once",
            "{serverless.account_endpoints_new} * each": "quotas do not multiply",
            f"{both} + 1": "one more passes a quota",
            f"{both} + 3": "three more pass a quota",
            f"{both} - 1": "one more still fits",
        },
        whole("endpoint"),
        lead="Both quotas hold: calls at once, and endpoints.",
        each=each,
    )


@declare("serverless-failing-calls", "serverless", "response", "what happens", rules="SL-01 SL-03 SL-05")
def failing_calls(d: Draw) -> Draft:
    """Calls that fail by size or time."""

    def call(request: str, response: str, took: str) -> tuple[str, str]:
        text = f"A request of {request}, an answer of {response}, {took} of work"
        work = f"work: [{{on: serverless 4 GB, mean: {took}}}]\ntraffic: {{rate: 6 per hour}}"
        return text, f"payload: {{request_max: {request}, response_max: {response}}}\n{work}"

    small, quick = ("200 KB", "900 KB", "3 MB"), ("2 s", "20 s")
    good = [call(d.pick(small), d.pick(small), d.pick(quick)) for _ in range(5)]
    bad = [
        call(d.pick(("5 MB", "6 MB", "9 MB")), d.pick(small), d.pick(quick)),
        call(d.pick(small), d.pick(("5 MB", "8 MB")), d.pick(quick)),
        call(d.pick(small), d.pick(small), d.pick(("75 s", "90 s", "120 s"))),
    ]
    served, refused = by_profile("serverless", dict([*good, *bad]))
    stem = f"{d.scene('text', 'large').text} Which TWO of these calls of its serverless endpoint fail?"
    return Draft(stem=stem, right=refused, wrong=served, count=2, most=5, lead="Size and time of a call have limits.")


@declare("serverless-parts", "serverless", "choice", "count", limits="serverless.payload_max realtime.payload_max")
def parts(d: Draw) -> Draft:
    """How many calls a file needs."""
    size = d.pick((9, 10, 13, 14, 17, 18, 21, 23, 26, 30, 33))
    stem = (
        f"{d.scene('large', 'text').text} A file of {size} MB is to be sent to a serverless endpoint in equal parts, "
        "each in a call of its own. How few parts can it be, by the documented payload limit?"
    )
    return figures(
        stem,
        "ceil(size / {serverless.payload_max:MB})",
        {
            "floor(size / {serverless.payload_max:MB})": "rounding down leaves parts that are too large",
            "ceil(size / {realtime.payload_max:MB})": "this is the limit of real-time endpoints",
            "ceil(size / 6)": "6 MB is an old figure, no longer documented",
            "ceil(size / {serverless.payload_max:MB}) + 1": "one part less is enough",
            "size": "parts need not be as small as 1 MB",
        },
        whole("part"),
        lead="A serverless call carries at most {serverless.payload_max}.",
        size=size,
    )


TEMPLATES = (
    memory, concurrency_pair, at_once, new_account_rate, memory_for_model, deployable, quota_endpoints, failing_calls,
    parts,
)  # fmt: skip
