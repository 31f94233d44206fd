"""Questions on containers in ECR and on ephemeral compute."""

from __future__ import annotations

from advisor.catalog.limits import limit
from advisor.practice.arithmetic import Sum
from advisor.practice.draft import Draft, Draw, Piece, by_profile, compared, figures, matched, ordered, paired, picked
from advisor.practice.facts import fact
from advisor.practice.reasons import Documented, Figured
from advisor.practice.show import seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


@declare("container-paths", "containers", "matching", "pairs: paths in a container")
def paths(d: Draw) -> Draft:
    """Where things lie in a container."""
    return paired(
        d, f"{d.scene().text} Match each path in a SageMaker container with what it holds.", "container-path", 4
    )


@declare("container-path", "containers", "choice", "covered item: path in a container")
def path(d: Draw) -> Draft:
    """What one path holds."""
    subject = d.pick(list(fact("container-path").pairs))
    return picked(
        d, f"{d.scene().text} Its code looks into {subject}. What does SageMaker put there?", "container-path", subject
    )


@declare("container-contract", "containers", "matching", "pairs: contract of a container", limits="realtime.port")
def contract(d: Draw) -> Draft:
    """Arguments, routes and port."""
    held = fact("container-contract")
    subjects = d.some(list(held.pairs), 3)
    pairs = [
        (one, Piece(held.pairs[one][0], "", Documented("container-contract", one, held.pairs[one][0])))
        for one in subjects
    ]
    port = Sum.of("{realtime.port}")
    pairs.append(("The web server listens on the port", Piece(str(port.value), "", Figured(port, port.value))))
    stem = f"{d.scene().text} It brings a container of its own. Match what SageMaker expects with the value."
    return matched(stem, d.mixed(pairs), lead=f"{held.title}.")


_TIMES = {
    "Time in which a connection must be accepted": "realtime.container_accept_timeout",
    "Time in which a health check must be answered": "realtime.ping_timeout",
    "Time from start until the first health check must pass": "realtime.first_ping_window",
    "Time for the answer to a call that is not streamed": "realtime.invoke_timeout",
    "Time between the signals SIGTERM and SIGKILL": "realtime.sigterm_grace",
    "Time for a streamed answer, in all": "realtime.stream_timeout",
}


@declare("container-times", "containers", "matching", "duration", limits=" ".join(_TIMES.values()))
def times(d: Draw) -> Draft:
    """The times that a real-time container is given."""
    pairs, seen = [], set[str]()
    for text in d.some(list(_TIMES), 5):
        sum_ = Sum.of(f"{{{_TIMES[text]}}}")
        shown = seconds(sum_.value)
        if shown not in seen:
            seen.add(shown)
            pairs.append((text, Piece(shown, "", Figured(sum_, sum_.value))))
    stem = f"{d.scene().text} Match each time of a real-time container with its documented value."
    return matched(stem, pairs[:4])


@declare(
    "startup-setting", "containers", "choice", "accepted setting",
    limits="realtime.startup_health_timeout_max realtime.startup_health_timeout_min",
)  # fmt: skip
def startup(d: Draw) -> Draft:
    """How long a start may be allowed to take."""
    least, most = Sum.of("{realtime.startup_health_timeout_min}"), Sum.of("{realtime.startup_health_timeout_max}")
    bounds = "It goes from {realtime.startup_health_timeout_min} to {realtime.startup_health_timeout_max}."
    fine = d.pick((300, 600, 900, 1200, 1800, 2400, 3000, 3600))
    right = [compared(f"{fine:,} s", Sum.of(str(fine)), "at most", most, bounds)]
    wrong = [
        compared(f"{value:,} s", Sum.of(str(value)), "above", most, bounds)
        for value in d.some((4000, 4500, 5400, 7200, 9000, 10800), 2)
    ]
    wrong += [
        compared(f"{value} s", Sum.of(str(value)), "below", least, bounds) for value in d.some((10, 20, 30, 45), 1)
    ]
    stem = (
        f"{d.scene().text} Its large container starts slowly. Which value does the API accept for "
        "ContainerStartupHealthCheckTimeoutInSeconds?"
    )
    return Draft(stem=stem, right=right, wrong=wrong)


@declare("serverless-image", "containers", "choice", "covered item: image", rules="SL-12 SL-38 SL-40")
def image(d: Draw) -> Draft:
    """Which image a serverless endpoint runs."""

    def one(size: str, where: str, count: str, need: str) -> tuple[str, str]:
        text = f"{count} image of {size} in {where}"
        return text, f"model: {{size: 200 MB, image: {size}, memory: 900 MB}}" + (f"\nneeds: [{need}]" if need else "")

    fine, large = ("1.2 GB", "2 GB", "4 GB", "6 GB", "8 GB"), ("12 GB", "14 GB", "16 GB", "20 GB")
    good = [one(d.pick(fine), "ECR", "One", "")]
    bad = [
        one(d.pick(large), "ECR", "One", ""),
        one(d.pick(fine), "a private registry outside AWS", "One", "private-registry"),
        one(d.pick(fine), "ECR beside a second container", "One", "multi-container"),
    ]
    right, wrong = by_profile("serverless", dict([*good, *bad]))
    stem = f"{d.scene().text} Which container can its serverless endpoint run?"
    return Draft(stem=stem, right=right, wrong=wrong)


@declare("image-pull", "containers", "choice", "duration", limits="provision.image_pull_rate")
def pull(d: Draw) -> Draft:
    """How long an image takes to arrive."""
    size, slim = d.pick((8, 10, 12, 14, 16, 18)), d.pick((2, 3, 4, 5))
    stem = (
        f"{d.scene('large', 'text').text} Its image in ECR has {size} GB; {slim} GB of that are tools that inference "
        f"does not need. At a pull rate of {limit('provision.image_pull_rate').shown}, as AWS measured it, how much "
        "sooner is the image there without them?"
    )
    return figures(
        stem,
        "slim / {provision.image_pull_rate:GB}",
        {
            "size / {provision.image_pull_rate:GB}": "this is the pull of the whole image",
            "(size - slim) / {provision.image_pull_rate:GB}": "this is the pull that is left",
            "slim / {provision.image_pull_rate:GB} * 8": "the rate is in bytes a second, not in bits",
            "slim / {provision.image_pull_rate:GB} / 8": "the rate is in bytes a second, not in bits",
            "size": "this takes a GB for each second",
        },
        seconds,
        lead="A new instance pulls its image at about {provision.image_pull_rate}.",
        size=size, slim=slim,
    )  # fmt: skip


@declare("image-order", "containers", "ordering", "order of steps: own image")
def image_order(d: Draw) -> Draft:
    """From an image to an endpoint."""
    return ordered(
        d,
        f"{d.scene().text} Put the steps from its own image to a real-time endpoint in order.",
        "image-steps",
        d.pick((4, 5)),
    )


@declare(
    "environment-entries", "containers", "choice", "count", limits="batch.env_entries_max realtime.env_entries_max"
)
def entries(d: Draw) -> Draft:
    """A job takes fewer entries than an endpoint."""
    count = d.pick((18, 20, 24, 28, 30, 36, 40, 48, 60))
    stem = (
        f"{d.scene('table').text} A model is configured by {count} environment entries. At an endpoint they are set "
        "with the model; for a transform job they are to go into the job's own environment. How many must be set "
        "elsewhere?"
    )
    return figures(
        stem,
        "count - {batch.env_entries_max}",
        {
            "{batch.env_entries_max}": "so many the job takes",
            "{realtime.env_entries_max} - count": "this is what an endpoint's container would still take",
            "count": "some of them the job takes",
            "count - 10": "the job takes more than 10",
            "count - {batch.env_entries_max} + 1": "one more of them fits",
            "count - {batch.env_entries_max} - 1": "one less of them fits",
        },
        per_entry,
        lead="A transform job takes up to {batch.env_entries_max} entries, a container {realtime.env_entries_max}.",
        count=count,
    )


per_entry = whole("entry")

_CODES = {
    "The model's container failed": "status.model",
    "The model is not ready yet": "status.not_ready",
    "The service cannot take the call": "status.unavailable",
    "The request is invalid": "status.validation",
    "Something inside that the service depends on failed": "status.dependency",
}


@declare("status-codes", "containers", "matching", "what happens", limits=" ".join(_CODES.values()))
def codes(d: Draw) -> Draft:
    """What a status says."""
    pairs = []
    for text in d.some(list(_CODES), 4):
        code = Sum.of(f"{{{_CODES[text]}}}")
        pairs.append((text, Piece(str(limit(_CODES[text]).value), "", Figured(code, code.value))))
    return matched(f"{d.scene().text} Match each event with the HTTP status that InvokeEndpoint answers.", pairs)


@declare("job-left", "containers", "response", "covered item: what a job leaves")
def left(d: Draw) -> Draft:
    """What outlives a job."""
    held = fact("job-left")
    right = [
        Piece(one, "It lies outside the instances.", Documented("job-left", one, "stays"))
        for one in held.subjects("stays")
    ]
    wrong = [
        Piece(one, "It goes with the instances.", Documented("job-left", one, "gone")) for one in held.subjects("gone")
    ]
    stem = f"{d.scene().text} A job has ended. Which TWO of these are still there?"
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5)


TEMPLATES = (paths, path, contract, times, startup, image, pull, image_order, entries, codes, left)
