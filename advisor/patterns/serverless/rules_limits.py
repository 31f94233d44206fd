"""Serverless rules about AWS's limits: payload, time, memory, image, disk, concurrency, regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.catalog.prices import price_book
from advisor.rules import BLOCKS, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import cold_start_s, erlang_b, offered, roughly, serverless_name
from advisor.rules.of_fleet import no_account_has, quota_covers
from advisor.rules.of_size import above_every_reading, between_readings, request_max, response_max
from advisor.rules.of_time import mean_within, tail_within
from advisor.units import show_bytes, show_duration, show_memory, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["RULES"]

_SMALLER = "compress the body or pass a pointer to it in S3; real-time takes larger ones, asynchronous the largest"
_SLIM = "slim the image (multi-stage build, fewer frameworks), or use a pattern on instances"
_READINGS = "AWS does not say whether it counts in thousands or in 1024s; what lies between is a risk."


def _place(d: Serverless) -> str:
    return serverless_name(d.memory_mib)


request_too_large = above_every_reading(
    "SL-01", "serverless.payload_max", request_max, "requests",
    where="payload.request_max", title="A serverless endpoint refuses a request over {serverless.payload_max}.",
    mend=_SMALLER, passes="payload: {request_max: 3 MB}", fails="payload: {request_max: 5 MB}",
)  # fmt: skip
request_between = between_readings(
    "SL-02", "serverless.payload_max", request_max, "requests",
    where="payload.request_max", title="A request close to {serverless.payload_max} may be refused.", reason=_READINGS,
    mend=_SMALLER, passes="payload: {request_max: 4 MB}", fails="payload: {request_max: 4.1 MB}",
)  # fmt: skip
response_too_large = above_every_reading(
    "SL-03", "serverless.payload_max", response_max, "answers",
    where="payload.response_max", title="A serverless endpoint returns no answer over {serverless.payload_max}.",
    mend="write the answer to S3 and return its place", passes="payload: {response_max: 3 MB}",
    fails="payload: {response_max: 5 MB}",
)  # fmt: skip
response_between = between_readings(
    "SL-04", "serverless.payload_max", response_max, "answers",
    where="payload.response_max", title="An answer close to {serverless.payload_max} may be refused.", reason=_READINGS,
    mend="write the answer to S3 and return its place", passes="payload: {response_max: 4 MB}",
    fails="payload: {response_max: 4.1 MB}",
)  # fmt: skip
usual_in_time = mean_within(
    "SL-05", "serverless.invoke_timeout", _place,
    title="A serverless endpoint waits {serverless.invoke_timeout} for an answer.",
    reason="A call that takes longer ends with an error.",
    mend="use asynchronous, split the work into shorter calls, or give the container more memory and with it more CPU",
    passes="work: [{on: serverless 4 GB, mean: 20 s, cv: 0.1}]",
    fails="work: [{on: serverless 4 GB, mean: 3 min, cv: 0.1}]",
)  # fmt: skip
tail_in_time = tail_within(
    "SL-06", "serverless.invoke_timeout", _place,
    title="Slow requests, too, are answered within {serverless.invoke_timeout}.",
    reason=(
        "The usual request is in time; of the slow ones more than the errors allowed are not, and each of these "
        "is an error."
    ),
    mend="use asynchronous for all or for the long ones, or give the container more memory and with it more CPU",
    passes="work: [{on: serverless 4 GB, mean: 10 s, p99: 20 s}]",
    fails="work: [{on: serverless 4 GB, mean: 30 s, p99: 90 s}]",
)  # fmt: skip


@rule("SL-07", BLOCKS, where="deployment.memory_mib", reads=("serverless.memory_max", "serverless_container_memory"),
      facts=2, passes="model: {memory: 5 GB}", fails="model: {memory: 6 GB}")  # fmt: skip
def memory_too_large(w: Workload, d: Serverless) -> Ill | None:
    """A serverless container has at most {serverless.memory_max}.

    The model needs its memory and the container {serverless_container_memory} of its own.
    """
    most = w.limit("serverless.memory_max")
    if d.memory_mib <= most:
        return None
    if w.model.memory_mib + float(w.assume("serverless_container_memory")) <= most:
        return Ill(f"{show_memory(d.memory_mib)} are asked for", mend=f"set memory={told(w, 'serverless.memory_max')}")
    return Ill(
        f"the model takes {show_memory(w.model.memory_mib)}, so with the container {show_memory(d.memory_mib)} are "
        f"asked for, and {told(w, 'serverless.memory_max')} is the most",
        mend="quantise or prune the model, or use a pattern on instances",
        path="model.memory",
    )


@rule("SL-08", WARNS, where="deployment.memory_mib",
      reads=("serverless.memory_quota_new_account", "serverless.memory_max"),
      facts=2, passes="model: {memory: 2500 MB}", fails="model: {memory: 4 GB}")  # fmt: skip
def memory_quota(w: Workload, d: Serverless) -> Ill | None:
    """A new account may be held to {serverless.memory_quota_new_account}.

    Reports agree on this quota, the documentation does not name it; AWS raises it on request, to
    {serverless.memory_max}.
    """
    quota = w.limit("serverless.memory_quota_new_account")
    if not quota < d.memory_mib <= w.limit("serverless.memory_max"):
        return None
    return Ill(
        f"{show_memory(d.memory_mib)} are asked for, and the account's quota is "
        f"{told(w, 'serverless.memory_quota_new_account')}",
        mend=f"ask AWS to raise it, then write platform: {{serverless.memory_quota_new_account: {d.memory_mib} MB}}",
    )


@rule("SL-09", BLOCKS, where="deployment.memory_mib", reads=("serverless.memory_min", "serverless.memory_step"),
      facts=1, passes_set="memory=4 GB", fails_set="memory=2500 MB")  # fmt: skip
def memory_in_steps(w: Workload, d: Serverless) -> Ill | None:
    """Memory begins at {serverless.memory_min} and goes in steps of {serverless.memory_step}."""
    least, step = w.limit("serverless.memory_min"), w.limit("serverless.memory_step")
    if d.memory_mib >= least and d.memory_mib % step == 0:
        return None
    above = max(least, -(-d.memory_mib // step) * step)
    return Ill(f"{d.memory_mib} MB is not one of the sizes", mend=f"set memory={above:g} MB")


@rule("SL-10", BLOCKS, where="model.memory", reads=("serverless.memory_max",), facts=2,
      passes="model: {memory: 900 MB}", fails="model: {memory: 3 GB}", fails_set="memory=2 GB")  # fmt: skip
def model_fits(w: Workload, d: Serverless) -> Ill | None:
    """The container has the memory that the model needs."""
    if w.model.memory_mib <= d.memory_mib:
        return None
    return Ill(
        f"the model takes {show_memory(w.model.memory_mib)}, and the container has {show_memory(d.memory_mib)}",
        mend="raise memory, or make the model smaller",
    )


@rule("SL-11", WARNS, where="model.memory", reads=("serverless_container_memory",), facts=3,
      passes="model: {memory: 900 MB}", fails="model: {memory: 2 GB}", fails_set="memory=2 GB")  # fmt: skip
def container_fits_beside(w: Workload, d: Serverless) -> Ill | None:
    """The container's own {serverless_container_memory} fit beside the model.

    Server, framework and buffers need room; a container out of memory is killed, and its request with it.
    """
    own = float(w.assume("serverless_container_memory"))
    if not w.model.memory_mib <= d.memory_mib < w.model.memory_mib + own:
        return None
    return Ill(
        f"beside the model {show_memory(d.memory_mib - w.model.memory_mib)} are left, and the container takes "
        f"about {show_memory(own)}",
        mend=f"take the next step: memory={d.memory_mib + w.limit('serverless.memory_step'):g} MB",
    )


image_too_large = above_every_reading(
    "SL-12", "serverless.image_size_max", lambda w: w.model.image_bytes, "the image",
    where="model.image", title="A serverless endpoint takes images of up to {serverless.image_size_max}.",
    mend=_SLIM, passes="model: {image: 9 GB}", fails="model: {image: 12 GB}",
)  # fmt: skip
image_between = between_readings(
    "SL-13", "serverless.image_size_max", lambda w: w.model.image_bytes, "the image",
    where="model.image", title="An image close to {serverless.image_size_max} may be refused.", reason=_READINGS,
    mend=_SLIM, passes="model: {image: 10 GB}", fails="model: {image: 10.4 GB}",
)  # fmt: skip
model_too_large = above_every_reading(
    "SL-14", "serverless.ephemeral_disk", lambda w: w.model.size_bytes, "the model",
    where="model.size", title="A model fits the {serverless.ephemeral_disk} of temporary disk.",
    mend="quantise the model, put it into the image, or use a pattern on instances",
    passes="model: {size: 2 GB, memory: 2.5 GB}", fails="model: {size: 6 GB}",
)  # fmt: skip


@rule("SL-15", WARNS, where="model.size", reads=("serverless.ephemeral_disk", "artefact_unpack_factor"), facts=2,
      passes="model: {size: 2 GB}", fails="model: {size: 4 GB}")  # fmt: skip
def unpacked_fits(w: Workload, _: Serverless) -> Ill | None:
    """Archive and unpacked model together fit the {serverless.ephemeral_disk} of temporary disk.

    While it unpacks, a model takes {artefact_unpack_factor} its size.
    """
    disk = limit("serverless.ephemeral_disk")
    needed = w.model.size_bytes * float(w.assume("artefact_unpack_factor"))
    if w.model.size_bytes > disk.largest or needed <= disk.low_bytes:
        return None
    return Ill(
        f"the model unpacks to {show_bytes(needed)} with its archive, and the disk has "
        f"{told(w, 'serverless.ephemeral_disk')}",
        mend="store the model uncompressed, or put it into the image",
    )


@rule("SL-16", WARNS, where="model", facts=4,
      reads=("serverless.container_start_timeout", "serverless_pull_per_s", "serverless_download_per_s",
             "serverless_load_per_s"),
      passes="model: {size: 1 GB, image: 8 GB}",
      fails="{model: {size: 4 GB, image: 9 GB}, platform: {serverless_download_per_s: 25 MB}}")  # fmt: skip
def starts_in_time(w: Workload, d: Serverless) -> Ill | None:
    """A container has its model and answers its health check within {serverless.container_start_timeout}.

    Image, model download and load add up; one that is not ready by then is given up, and the request with it.
    Estimated from assumed rates, so measure it where it is close.
    """
    start = cold_start_s(w, d.memory_mib)
    if start <= w.limit("serverless.container_start_timeout"):
        return None
    return Ill(
        f"a cold start takes about {show_duration(roughly(start))}, and AWS gives it "
        f"{told(w, 'serverless.container_start_timeout')}",
        mend="shrink model and image, put the model into the image, or use a pattern on instances",
    )


@rule("SL-17", BLOCKS, where="deployment.max_concurrency", reads=("serverless.max_concurrency_max",), facts=2,
      passes="traffic: {rate: 100 per second}", fails="traffic: {rate: 3000 per second}")  # fmt: skip
def too_many_at_once(w: Workload, d: Serverless) -> Ill | None:
    """A serverless endpoint serves at most {serverless.max_concurrency_max} requests at once."""
    most = w.limit("serverless.max_concurrency_max")
    if d.max_concurrency <= most:
        return None
    at_once = offered(w.peak_per_s, w.work_on(serverless_name(d.memory_mib)))
    return Ill(
        f"max_concurrency={d.max_concurrency} (the busiest minutes have {at_once:.3g} requests in service), "
        f"and {most:g} is the most",
        mend="use real-time, spread the traffic over several endpoints, or make requests shorter",
    )


account_concurrency = quota_covers(
    "SL-18", "serverless.account_concurrency_new", lambda d: d.max_concurrency, "serverless calls at once in a region",
    where="deployment.max_concurrency", passes_set="max_concurrency=8", fails_set="max_concurrency=20",
    refused_beyond=True,
)  # fmt: skip
own_concurrency = no_account_has(
    "SL-63", "serverless.account_concurrency_new", lambda _, d: d.max_concurrency,
    "serverless calls at once in a region", "set a lower max_concurrency", where="deployment.max_concurrency",
    passes_set="max_concurrency=8", fails="platform: {serverless.account_concurrency_new: 50}",
    fails_set="max_concurrency=60",
)  # fmt: skip


@rule("SL-19", BLOCKS, where="deployment.provisioned_concurrency", reads=("serverless.provisioned_concurrency_max",),
      facts=2, passes_set="max_concurrency=8, provisioned_concurrency=8",
      fails_set="max_concurrency=8, provisioned_concurrency=12")  # fmt: skip
def provisioned_within_most(w: Workload, d: Serverless) -> Ill | None:
    """Provisioned concurrency is at most max_concurrency, and at most {serverless.provisioned_concurrency_max}."""
    most = min(d.max_concurrency, int(w.limit("serverless.provisioned_concurrency_max")))
    if d.provisioned_concurrency <= most:
        return None
    return Ill(
        f"provisioned_concurrency={d.provisioned_concurrency}, and {most} is the most beside "
        f"max_concurrency={d.max_concurrency}",
        mend=f"set provisioned_concurrency={most}, or raise max_concurrency",
    )


@rule("SL-20", WARNS, where="deployment.max_concurrency", reads=("client_retries", "client_retry_attempts"), facts=5,
      passes="traffic: {rate: 20 per second}", fails="traffic: {rate: 100 per second}",
      fails_set="max_concurrency=10")  # fmt: skip
def throttled_at_peak(w: Workload, d: Serverless) -> Ill | None:
    """The busiest minutes find room, or are throttled and come again.

    Without a queue a request that finds every container busy is throttled (Erlang's loss formula); callers that
    retry, up to {client_retry_attempts} times, add to the load that throttled them.
    """
    at_once = offered(w.peak_per_s, w.work_on(serverless_name(d.memory_mib)))
    lost = erlang_b(d.max_concurrency, at_once)
    if lost <= w.objective.errors:
        return None
    again = (
        ""
        if w.assume("client_retries") == "none"
        else f", and callers try up to {told(w, 'client_retry_attempts')} times"
    )
    return Ill(
        f"in the busiest minutes {at_once:.3g} requests are in service on average, {d.max_concurrency} may be: about "
        f"{show_share(roughly(lost))} are throttled{again}",
        mend="raise max_concurrency, make requests shorter, or use a pattern that queues",
    )


@rule("SL-21", BLOCKS, where="region", reads=("serverless.regions_listed",),
      source="AWS price list, as packaged, 2026",
      facts=2, passes="region: eu-west-1", fails="region: ap-southeast-3")  # fmt: skip
def offered_in_region(w: Workload, _: Serverless) -> Ill | None:
    """Serverless endpoints are offered in {serverless.regions_listed} regions, none of them in China.

    A region whose price list knows endpoints but no serverless ones does not offer them.
    """
    book = price_book()
    if w.region not in book.regions():
        return Ill(
            f"the price book has no prices of {w.region}",
            mend=(
                f"take a region it has ({', '.join(book.regions()[:4])} ...), or run advisor prices refresh "
                f"--region {w.region}"
            ),
        )
    if book.rates(w.region, "ServerlessInf"):
        return None
    return Ill(
        f"{w.region} offers no serverless endpoints",
        mend="use a pattern on instances there, or take a region such as us-east-1",
    )


RULES: tuple[Rule[Any], ...] = (
    request_too_large, request_between, response_too_large, response_between, usual_in_time, tail_in_time,
    memory_too_large, memory_quota, memory_in_steps, model_fits, container_fits_beside, image_too_large,
    image_between, model_too_large, unpacked_fits, starts_in_time, too_many_at_once, account_concurrency,
    own_concurrency, provisioned_within_most, throttled_at_peak, offered_in_region,
)  # fmt: skip
