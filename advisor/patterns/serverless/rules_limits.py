"""Serverless rules about AWS's limits: payload, time, memory, image, disk, concurrency, regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.catalog.prices import price_book
from advisor.patterns.serverless.load import endpoints, peak_per_s, spikes_per_s
from advisor.rules import BLOCKS, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import cold_start_s, erlang_b, offered, roughly, serverless_name
from advisor.rules.of_fleet import own_quota_covers, quota_covers, rate_within
from advisor.rules.of_offer import region_priced
from advisor.rules.of_size import above_every_reading, between_readings, request_max, response_max
from advisor.rules.of_time import borrowed_mean_within, mean_within, tail_within
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
    reason="The body goes in the call itself; one in S3, with a pointer to it, has no such limit.",
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
    reason="The answer comes back in the call itself; one written to S3 has no such limit.",
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
borrowed_in_time = borrowed_mean_within(
    "SL-22", "serverless.invoke_timeout", _place,
    title="A request that by a borrowed speed takes longer than {serverless.invoke_timeout} may fail.",
    reason="Nothing was measured on a container of that memory, so nothing is refused: a measurement decides.",
    mend="measure it on a serverless endpoint, split the work into shorter calls, or use asynchronous",
    passes="work: [{on: ml.m5.large, mean: 20 s, cv: 0.1}]",
    fails="work: [{on: ml.m5.large, mean: 6 min, cv: 0.1}]",
)  # fmt: skip
tail_in_time = tail_within(
    "SL-06", "serverless.invoke_timeout", _place,
    title="A slow request, too, ends as an error after {serverless.invoke_timeout}.",
    reason=(
        "The usual request is in time; of the slow ones more than the errors allowed are not, and each of these "
        "is an error."
    ),
    mend="use asynchronous for all or for the long ones, or give the container more memory and with it more CPU",
    passes="work: [{on: serverless 4 GB, mean: 10 s, p99: 20 s}]",
    fails="work: [{on: serverless 4 GB, mean: 30 s, p99: 90 s}]",
)  # fmt: skip


@rule("SL-07", BLOCKS, where="model.memory", reads=("serverless.memory_max",), excludes=True,
      passes="model: {memory: 5 GB}", fails="model: {memory: 7 GB}")  # fmt: skip
def memory_too_large(w: Workload, _: Serverless) -> Ill | None:
    """A serverless container has at most {serverless.memory_max}.

    A model that needs more does not load in any.
    """
    if w.model.memory_mib <= w.limit("serverless.memory_max"):
        return None
    return Ill(
        f"the model takes {show_memory(w.model.memory_mib)}, and a container has at most "
        f"{told(w, 'serverless.memory_max')}",
        mend="quantise or prune the model, or use a pattern on instances",
    )


@rule("SL-23", BLOCKS, where="deployment.memory_mib", reads=("serverless.memory_max",),
      passes_set="memory=6 GB", fails_set="memory=7 GB")  # fmt: skip
def memory_above_most(w: Workload, d: Serverless) -> Ill | None:
    """Memory goes up to {serverless.memory_max}.

    The API refuses more.
    """
    if d.memory_mib <= w.limit("serverless.memory_max"):
        return None
    return Ill(f"{show_memory(d.memory_mib)} are asked for", mend=f"set memory={told(w, 'serverless.memory_max')}")


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
    """Memory begins at {serverless.memory_min} and goes in steps of {serverless.memory_step}.

    CPU comes with it, so a step is also a step in speed.
    """
    least, step = w.limit("serverless.memory_min"), w.limit("serverless.memory_step")
    if d.memory_mib >= least and d.memory_mib % step == 0:
        return None
    above = max(least, -(-d.memory_mib // step) * step)
    return Ill(f"{d.memory_mib} MB is not one of the sizes", mend=f"set memory={above:g} MB")


@rule("SL-10", BLOCKS, where="model.memory", reads=("serverless.memory_max",), facts=2,
      passes="model: {memory: 900 MB}", fails="model: {memory: 3 GB}", fails_set="memory=2 GB")  # fmt: skip
def model_fits(w: Workload, d: Serverless) -> Ill | None:
    """A model that is larger than the container's memory does not load.

    Memory is a setting, up to {serverless.memory_max}.
    """
    if w.model.memory_mib <= d.memory_mib or w.model.memory_mib > w.limit("serverless.memory_max"):
        return None
    return Ill(
        f"the model takes {show_memory(w.model.memory_mib)}, and the container has {show_memory(d.memory_mib)}",
        mend="raise memory, or make the model smaller",
    )


@rule("SL-11", WARNS, where="model.memory", reads=("serverless_container_memory", "serverless.memory_max"), facts=3,
      passes="model: {memory: 900 MB}", fails="model: {memory: 2 GB}", fails_set="memory=2 GB")  # fmt: skip
def container_fits_beside(w: Workload, d: Serverless) -> Ill | None:
    """The container takes {serverless_container_memory} of its own beside the model.

    Server, framework and buffers need room; a container out of memory is killed, and its request with it.
    """
    own, most = float(w.assume("serverless_container_memory")), w.limit("serverless.memory_max")
    if not w.model.memory_mib <= d.memory_mib < w.model.memory_mib + own:
        return None
    larger = d.memory_mib + w.limit("serverless.memory_step")
    return Ill(
        f"beside the model {show_memory(d.memory_mib - w.model.memory_mib)} are left, and the container takes "
        f"about {show_memory(own)}",
        mend=f"take the next step: memory={larger:g} MB" if larger <= most else "measure it, or make the model smaller",
    )


image_too_large = above_every_reading(
    "SL-12", "serverless.image_size_max", lambda w: w.model.image_bytes, "the image",
    where="model.image", title="A serverless endpoint takes images of up to {serverless.image_size_max}.",
    reason="Every cold start pulls the image, so a smaller one also starts sooner.",
    mend=_SLIM, passes="model: {image: 9 GB}", fails="model: {image: 12 GB}",
)  # fmt: skip
image_between = between_readings(
    "SL-13", "serverless.image_size_max", lambda w: w.model.image_bytes, "the image",
    where="model.image", title="An image close to {serverless.image_size_max} may be refused.", reason=_READINGS,
    mend=_SLIM, passes="model: {image: 10 GB}", fails="model: {image: 10.4 GB}",
)  # fmt: skip
model_too_large = above_every_reading(
    "SL-14", "serverless.ephemeral_disk", lambda w: w.model.size_bytes, "the model",
    where="model.size", title="A serverless container has {serverless.ephemeral_disk} of temporary disk for the model.",
    reason="What is part of the image needs none of it.",
    mend="quantise the model, put it into the image, or use a pattern on instances",
    passes="model: {size: 2 GB, memory: 2.5 GB}", fails="model: {size: 6 GB}",
)  # fmt: skip


@rule("SL-15", WARNS, where="model.size", reads=("serverless.ephemeral_disk", "artefact_unpack_factor"), facts=2,
      passes="model: {size: 2 GB}", fails="model: {size: 4 GB}")  # fmt: skip
def unpacked_fits(w: Workload, _: Serverless) -> Ill | None:
    """A model's archive and what is unpacked from it share {serverless.ephemeral_disk} of temporary disk.

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
    """A container that is not ready within {serverless.container_start_timeout} is given up.

    Image, model download and load add up; the request is given up with it.
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


@rule("SL-17", BLOCKS, where="deployment.max_concurrency", reads=("serverless.max_concurrency_max",), facts=3,
      passes="traffic: {rate: 100 per second}", fails="traffic: {rate: 3000 per second}")  # fmt: skip
def too_many_at_once(w: Workload, d: Serverless) -> Ill | None:
    """A serverless endpoint serves at most {serverless.max_concurrency_max} requests at once.

    Where more than that are in service on average through the busiest minutes, as measured, no setting helps.
    """
    most = w.limit("serverless.max_concurrency_max")
    if d.max_concurrency > most:
        return Ill(f"max_concurrency={d.max_concurrency:,} is asked for", mend=f"set max_concurrency={most:g}")
    on = w.work_on(serverless_name(d.memory_mib))
    at_once = offered(peak_per_s(w), on)
    if on.evidence != "measured" or at_once < most:
        return None
    return Ill(
        f"the busiest minutes have {at_once:,.0f} requests in service, and {most:g} may be",
        mend="use real-time, spread the traffic over several endpoints, or make requests shorter",
        path="traffic.rate",
    )


account_concurrency = quota_covers(
    "SL-18", "serverless.account_concurrency_new", lambda d: d.max_concurrency, "serverless calls at once in a region",
    where="deployment.max_concurrency", passes_set="max_concurrency=8", fails_set="max_concurrency=20",
    own_refused=True, times=endpoints,
)  # fmt: skip
own_concurrency = own_quota_covers(
    "SL-63", "serverless.account_concurrency_new", lambda w, d: d.max_concurrency * endpoints(w),
    "serverless calls at once in a region", "set a lower max_concurrency", where="deployment.max_concurrency",
    passes_set="max_concurrency=8", fails="platform: {serverless.account_concurrency_new: 50}",
    fails_set="max_concurrency=60",
)  # fmt: skip


@rule("SL-20", WARNS, where="deployment.max_concurrency", facts=5,
      reads=("client_retries", "client_retry_attempts", "serverless.max_concurrency_max"),
      passes="traffic: {rate: 20 per second}", fails="traffic: {rate: 100 per second}",
      fails_set="max_concurrency=10")  # fmt: skip
def throttled_at_peak(w: Workload, d: Serverless) -> Ill | None:
    """A request that finds every container busy is throttled, and comes again.

    There is no queue (so Erlang's loss formula holds); callers that retry, up to {client_retry_attempts} times, add to
    the load that throttled them.
    """
    on = w.work_on(serverless_name(d.memory_mib))
    at_once = offered(peak_per_s(w), on)
    lost = erlang_b(d.max_concurrency, at_once)
    refused = on.evidence == "measured" and at_once >= w.limit("serverless.max_concurrency_max")
    if lost <= w.objective.errors or refused:
        return None
    again = _again(w)
    return Ill(
        f"in the busiest minutes {at_once:.3g} requests are in service on average, {d.max_concurrency} may be: about "
        f"{show_share(roughly(lost))} are throttled{again}",
        mend="raise max_concurrency, make requests shorter, or use a pattern that queues",
    )


def _again(w: Workload) -> str:
    return (
        ""
        if w.assume("client_retries") == "none"
        else f", and callers try up to {told(w, 'client_retry_attempts')} times"
    )


@rule("SL-24", WARNS, where="traffic.spikes", facts=5,
      reads=("client_retries", "client_retry_attempts", "serverless.max_concurrency_max"),
      passes="traffic: {rate: 20 per second, spikes: [{at: day 3 14:00, height: 20x, lasts: 20 min}]}",
      fails="traffic: {rate: 20 per second, spikes: [{at: day 3 14:00, height: 20x, lasts: 20 min}]}",
      fails_set="max_concurrency=10")  # fmt: skip
def throttled_in_spikes(w: Workload, d: Serverless) -> Ill | None:
    """What a spike brings above the containers is throttled.

    Containers come within seconds, up to max_concurrency ({serverless.max_concurrency_max} at most); Erlang's loss
    formula says what finds none. Callers that retry, up to {client_retry_attempts} times, make the spike higher.
    """
    on = w.work_on(serverless_name(d.memory_mib))
    for n, rate in enumerate(spikes_per_s(w)):
        at_once = offered(rate, on)
        lost = erlang_b(d.max_concurrency, at_once)
        if lost > w.objective.errors:
            return Ill(
                f"a spike has {at_once:.3g} requests in service on average, {d.max_concurrency} may be: about "
                f"{show_share(roughly(lost))} are throttled while it lasts{_again(w)}",
                mend="raise max_concurrency, split the endpoint, make requests shorter, or use a pattern that queues",
                path=f"traffic.spikes.{n}",
            )
    return None


@rule("SL-21", BLOCKS, where="region", reads=("serverless.regions_listed",),
      source="AWS price list, as packaged, 2026",
      facts=2, passes="region: eu-west-1", fails="region: ap-southeast-3", excludes=True)  # fmt: skip
def offered_in_region(w: Workload, _: Serverless) -> Ill | None:
    """Serverless endpoints are offered in {serverless.regions_listed} regions, none of them in China.

    A region whose price list knows endpoints but no serverless ones does not offer them.
    """
    book = price_book()
    unknown = w.region not in book.regions() and not w.region.startswith("cn-")
    if unknown or (w.region in book.regions() and book.rates(w.region, "ServerlessInf")):
        return None
    return Ill(
        f"{w.region} offers no serverless endpoints",
        mend="use a pattern on instances there, or take a region such as us-east-1",
    )


unknown_region = region_priced("SL-25", what="a serverless endpoint", fails="region: eu-east-9", unless="cn-")
mean_calls = rate_within(
    "SL-26", "realtime.account_invoke_rate_max", lambda w: w.rate_per_s, "mean", BLOCKS,
    passes="traffic: {rate: 2000 per second}", fails="traffic: {rate: 12000 per second}",
)  # fmt: skip
peak_calls = rate_within(
    "SL-27", "realtime.account_invoke_rate_max", lambda w: w.peak_per_s, "peak", WARNS,
    passes="traffic: {rate: 4000 per second}", fails="traffic: {rate: 7000 per second}",
)  # fmt: skip


RULES: tuple[Rule[Any], ...] = (
    request_too_large, request_between, response_too_large, response_between, usual_in_time, borrowed_in_time,
    tail_in_time, memory_too_large, memory_above_most, memory_quota, memory_in_steps, model_fits, container_fits_beside,
    image_too_large, image_between, model_too_large, unpacked_fits, starts_in_time, too_many_at_once,
    account_concurrency, own_concurrency, throttled_at_peak, throttled_in_spikes,
    offered_in_region, unknown_region, mean_calls, peak_calls,
)  # fmt: skip
