"""Questions on batch transform."""

from __future__ import annotations

from advisor.catalog.limits import limit
from advisor.practice.draft import Draft, Draw, by_settings, figures, ordered
from advisor.practice.reasons import Listed
from advisor.practice.show import seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]

_LOT = "traffic: null\nbatch: {records: 1 million, record_size: 2 KB, files: 50}"


_ALONE = Listed("batch.object_spans_instances", wanted=False)


@declare("transform-order", "async-batch", "ordering", "order of steps: transform job")
def transform_order(d: Draw) -> Draft:
    """The course of a transform job."""
    stem = f"{d.scene('table').text} Put the steps of its nightly transform job in order."
    return ordered(d, stem, "transform-steps", d.pick((4, 5)))


@declare("transform-product", "async-batch", "choice", "accepted setting", rules="BT-14")
def product(d: Draw) -> Draft:
    """Payload times concurrency."""
    shown = {}
    for payload, calls in [
        *((d.pick((5, 6, 8, 10, 12)), d.pick((2, 4, 6, 8))) for _ in range(3)),
        *((d.pick((20, 25, 30, 40)), d.pick((6, 8, 10))) for _ in range(3)),
        *((d.pick((110, 120, 150)), 1) for _ in range(2)),
        (d.pick((40, 50, 100)), 1),
    ]:
        text = f"MaxPayloadInMB {payload}, MaxConcurrentTransforms {calls}"
        shown[text] = f"max_payload={payload} MB, max_concurrent_transforms={calls}, split=Line, strategy=SingleRecord"
    right, wrong = by_settings("batch-transform", _LOT, shown)
    stem = f"{d.scene('table').text} Which settings does the API accept for its transform job?"
    return Draft(stem=stem, right=right, wrong=wrong, lead="The product of the two is limited.")


@declare("transform-whole-object", "async-batch", "choice", "accepted setting", rules="BT-14 BT-19")
def whole_object(d: Draw) -> Draft:
    """Objects larger than a call must be split."""
    files = d.pick((4, 5, 8, 10))
    size = 2000 // files
    lot = f"traffic: null\nbatch: {{records: 1 million, record_size: 2 KB, files: {files}}}"
    shown = {}
    for split, payload, calls in (
        ("Line", 6, d.pick((4, 8))), ("Line", d.pick((10, 20)), 4), ("None", 6, 4), ("None", 50, 2), ("None", 100, 1),
        ("Line", 50, 4), ("Line", d.pick((120, 150)), 1), ("None", d.pick((10, 20)), 4),
    ):  # fmt: skip
        text = f"SplitType {split}, MaxPayloadInMB {payload}, MaxConcurrentTransforms {calls}"
        strategy = "MultiRecord" if split == "Line" else "SingleRecord"
        shown[text] = f"split={split}, strategy={strategy}, max_payload={payload} MB, max_concurrent_transforms={calls}"
    right, wrong = by_settings("batch-transform", lot, shown)
    stem = (
        f"{d.scene('table').text} Its nightly lot is {files} objects of {size} MB of text, one record a line. With "
        "which settings can a transform job work on them?"
    )
    return Draft(stem=stem, right=right, wrong=wrong, lead="Without a split type an object is one request as a whole.")


@declare("transform-idle", "async-batch", "choice", "count", limits="batch.object_spans_instances")
def idle(d: Draw) -> Draft:
    """An object stays on one instance."""
    files, count = d.pick((2, 3, 4, 5, 6)), d.pick((7, 8, 9, 10, 12, 14))
    stem = (
        f"{d.scene('table').text} The lot for its transform job lies in {files} large objects, and the job has "
        f"{count} instances. How many instances stand idle, and are paid for?"
    )
    return figures(
        stem,
        "max(count - files, 0)",
        {
            "files": "these are the ones that work",
            "count": "as many as there are objects have work",
            "count - 1": "more than one has work",
            "floor(count / files)": "objects are not shared out this way",
            "max(count - files, 0) + 1": "one more has an object to work on",
            "max(count - files, 0) + 2": "two more have an object to work on",
        },
        whole("instance"),
        lead="An object is worked on by one instance, never by several.",
        notes=[_ALONE], files=files, count=count,
    )  # fmt: skip


@declare("transform-longest-share", "async-batch", "choice", "duration", limits="batch.object_spans_instances")
def longest_share(d: Draw) -> Draft:
    """The instance with the most objects decides."""
    count, minutes = d.pick((3, 4, 5, 6)), d.pick((4, 5, 6, 8, 10, 12))
    files = count * d.pick((2, 3)) + d.pick((1, 2))
    stem = (
        f"{d.scene('table').text} A transform job of {count} instances has {files} equal objects. An instance takes "
        f"{minutes} min for one, one after another. How long is the job at work, its start and end left aside?"
    )
    return figures(
        stem,
        "ceil(files / count) * minutes * 60",
        {
            "floor(files / count) * minutes * 60": "some instances have one object more",
            "files * minutes * 60": "the instances work side by side",
            "minutes * 60": "an instance has more than one object",
            "files * minutes * 60 / count": "an object is not shared between instances, so shares are whole",
            "(ceil(files / count) + 1) * minutes * 60": "no instance has so many objects",
        },
        seconds,
        lead="The instance with the most objects decides when the job ends.",
        notes=[_ALONE], files=files, count=count, minutes=minutes,
    )  # fmt: skip


@declare("transform-outputs", "async-batch", "choice", "count", limits="batch.failed_record_drops_object")
def outputs(d: Draw) -> Draft:
    """One failed record costs its object."""
    files, bad, spread = d.pick((12, 20, 24, 40, 60)), d.pick((3, 4, 5, 6)), d.pick((1, 2, 3))
    spread = min(spread, bad - 1)
    where = f"they lie in {spread} of the objects" if spread > 1 else "they all lie in the same object"
    stem = (
        f"{d.scene('table').text} A transform job reads {files} objects. In all {bad} records fail, and {where}. For "
        "how many objects is an output written?"
    )
    return figures(
        stem,
        "files - spread",
        {
            "files": "an object with a failed record gets no output",
            "files - bad": "records fail, but objects are what is written",
            "spread": "these are the ones without an output",
            "files - spread - 1": "the other objects are not touched",
            "files - bad - spread": "records and objects do not add up",
        },
        whole("object"),
        lead="A failed record leaves its whole object without output; the other objects go on.",
        notes=[Listed("batch.failed_record_drops_object")], files=files, bad=bad, spread=spread,
    )  # fmt: skip


@declare("transform-mini-batch", "async-batch", "choice", "count", limits="batch.payload_default batch.payload_max")
def mini_batch(d: Draw) -> Draft:
    """Records in a call where nothing is set."""
    size = d.pick((2, 3, 4, 5, 8, 10, 12, 20, 25, 40, 50))
    stem = (
        f"{d.scene('table').text} Its transform job splits objects by line, with the strategy MultiRecord and without "
        f"a MaxPayloadInMB of its own. A record has {size} KB. How many records does a mini-batch hold at most, a MB "
        "read as 1,000 KB?"
    )
    return figures(
        stem,
        "floor({batch.payload_default:KB} / size)",
        {
            "floor({batch.payload_max:KB} / size)": "this is the greatest payload, not the one that holds unless set",
            "1": "this is the strategy SingleRecord",
            "floor({batch.payload_default:KB} / size / 2)": "the whole payload can be filled",
            "floor(1000 / size)": "this is a payload of 1 MB",
            "{batch.payload_default:KB}": "the size of a record is left out",
        },
        whole("record"),
        lead="Unless set, a mini-batch has at most {batch.payload_default}.",
        size=size,
    )


@declare("transform-retries", "async-batch", "choice", "duration", limits="batch.retries_default batch.timeout_default")
def retries(d: Draw) -> Draft:
    """How long a hopeless mini-batch holds a worker."""
    minutes = d.pick((2, 3, 4, 5, 6, 8, 12, 15, 20))
    stem = (
        f"{d.scene('table').text} Its transform job sets InvocationsTimeoutInSeconds to {minutes * 60} and leaves the "
        "retries at their default. One mini-batch never answers. After how much time in calls does its object fail?"
    )
    return figures(
        stem,
        "(1 + {batch.retries_default}) * minutes * 60",
        {
            "minutes * 60": "the call is tried again",
            "{batch.retries_default} * minutes * 60": "the first try counts, too",
            "{batch.timeout_default}": "this is the time-out where none is set",
            "(1 + {batch.retries_default}) * {batch.timeout_default}": "the job sets a time-out of its own",
            "2 * minutes * 60": "it is tried more than once again",
        },
        seconds,
        lead="A call is made once and then retried {batch.retries_default} times where nothing is set.",
        minutes=minutes,
    )


@declare("transform-type", "async-batch", "choice", "instance type", rules="BT-32")
def instance_type(d: Draw) -> Draft:
    """Not every endpoint type is for jobs."""
    good = ("ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.m4.xlarge", "ml.g4dn.xlarge")
    bad = (
        "ml.m6g.large",
        "ml.c6g.xlarge",
        "ml.c7g.xlarge",
        "ml.r5.xlarge",
        "ml.inf1.xlarge",
        "ml.m5d.xlarge",
        "ml.c5d.xlarge",
    )
    right, wrong = by_settings("batch-transform", _LOT, {name: f"instance_type={name}" for name in (*good, *bad)})
    stem = (
        f"{d.scene('table').text} Its endpoint moves to a nightly transform job. Which of these types can the job "
        "use? (The model runs on any of them.)"
    )
    return Draft(
        stem=stem, right=right, wrong=wrong, lead="The API lists fewer types for transform jobs than for endpoints."
    )


@declare("transform-fleet", "async-batch", "choice", "count", limits="batch.startup_measured_max")
def fleet(d: Draw) -> Draft:
    """Instances for a deadline, start included."""
    hours, deadline = d.pick((4, 6, 9, 10, 14, 18, 25)), d.pick((30, 45, 60, 90))
    stem = (
        f"{d.scene('table').text} A lot takes one instance {hours} h of work, and it is cut into hundreds of objects. "
        f"It must be done {deadline} min after the job is created. Count the longest measured start of a transform "
        f"job, {limit('batch.startup_measured_max').shown}. What is the smallest number of instances?"
    )
    start = "{batch.startup_measured_max:min}"
    return figures(
        stem,
        f"ceil(hours * 60 / (deadline - {start}))",
        {
            "ceil(hours * 60 / deadline)": "the start is left out",
            f"floor(hours * 60 / (deadline - {start}))": "rounding down leaves it late",
            f"ceil(hours * 60 / (deadline + {start}))": "the start shortens the time for work",
            "hours": "one instance for each hour is no answer to the deadline",
            f"ceil(hours * 60 / (deadline - {start})) * 2": "half as many are enough",
            f"ceil(hours * 60 / (deadline - {start})) + 2": "two fewer are enough",
        },
        whole("instance"),
        lead="The longest measured start of a transform job is {batch.startup_measured_max}.",
        hours=hours, deadline=deadline,
    )  # fmt: skip


TEMPLATES = (
    transform_order,
    product,
    whole_object,
    idle,
    longest_share,
    outputs,
    mini_batch,
    retries,
    instance_type,
    fleet,
)
