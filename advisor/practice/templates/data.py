"""Questions on channels, input modes and storage of training and processing jobs."""

from __future__ import annotations

from dataclasses import replace

from advisor.catalog.limits import limit
from advisor.practice.arithmetic import Sum
from advisor.practice.draft import Draft, Draw, Piece, compared, figures, paired, picked
from advisor.practice.facts import fact
from advisor.practice.reasons import Documented
from advisor.practice.show import gigabytes, seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


def _filled(d: Draw, text: str) -> str:
    return text.replace("{small}", str(d.pick((5, 12, 20, 30, 40)))).replace("{large}", str(d.pick((2, 4, 8, 15))))


@declare("input-mode-pairs", "data", "matching", "pairs: input modes")
def mode_pairs(d: Draw) -> Draft:
    """Situations and how the data should come."""
    stem = (
        f"{d.scene().text} It trains models. Match each situation with the way its data should reach the training job."
    )
    return paired(d, stem, "input-mode", 3, lambda text: _filled(d, text))


@declare("input-mode", "data", "choice", "covered item: input mode", limits="training.file_mode_advised_below")
def mode(d: Draw) -> Draft:
    """The way for one situation."""
    subject = d.pick(list(fact("input-mode").pairs))
    said = _filled(d, subject)
    drawn = picked(
        d,
        f"{d.scene().text} The training data: {said[0].lower() + said[1:]}. What does AWS advise?",
        "input-mode",
        subject,
        lambda text: _filled(d, text),
    )
    bound = compared("", Sum.of("{training.file_mode_advised_below}"), "above", Sum.of("0"), "")
    return replace(drawn, notes=[bound.reason])


@declare("mode-traits", "data", "matching", "pairs: traits of modes")
def traits(d: Draw) -> Draft:
    """What File, FastFile and Pipe are like."""
    stem = f"{d.scene().text} A training job reads from S3. Match each description with the input mode."
    return replace(paired(d, stem, "mode-trait", 3), wrong=(), most=3)


@declare("file-mode-copy", "data", "choice", "duration", limits="training.file_mode_throughput")
def copy_time(d: Draw) -> Draft:
    """How long a copy takes before the code starts."""
    size = d.pick((17, 34, 51, 68, 85, 102))
    stem = (
        f"{d.scene().text} A training job in File mode has {size} GB of large objects. AWS's own example copies "
        f"{limit('training.file_mode_throughput').shown}. At this rate, how long until the copy is done and the code "
        "can start?"
    )
    return figures(
        stem,
        "size / {training.file_mode_throughput:GB}",
        {
            "size / {training.file_mode_throughput:GB} / 8": "the figure is in bytes a second, not in bits",
            "size / {training.file_mode_throughput:GB} * 8": "the figure is in bytes a second, not in bits",
            "size": "this takes a GB for each second",
            "size / {training.file_mode_throughput:GB} / 2": "half of it is copied by then",
            "60": "the size decides",
        },
        seconds,
        lead="AWS's example of File mode copies about {training.file_mode_throughput}.",
        size=size,
    )


@declare(
    "pack-objects",
    "data",
    "choice",
    "count",
    limits="training.fastfile_object_ideal training.fastfile_object_min_advised",
)
def pack(d: Draw) -> Draft:
    """How many objects after packing."""
    size = d.pick((30, 45, 60, 75, 90, 120, 150, 180, 300))
    stem = (
        f"{d.scene('table', 'text').text} {size} GB lie in millions of tiny files. They are packed into objects of "
        "the size at which FastFile mode is best by AWS's guide. How many objects are there afterwards?"
    )
    return figures(
        stem,
        "ceil(size / {training.fastfile_object_ideal:GB})",
        {
            "ceil(size / {training.fastfile_object_min_advised:GB})": "this is the size from which the mode is advised",
            "size": "objects of a GB are larger than needed",
            "ceil(size / {training.fastfile_object_ideal:GB} / 10)": "objects would be ten times as large",
            "ceil(size / {training.fastfile_object_ideal:GB}) * 10": "objects would be a tenth as large",
            "ceil(size / 0.1)": "objects of 100 MB are smaller than the best size",
        },
        whole("object"),
        lead="FastFile is best with objects of about {training.fastfile_object_ideal}.",
        size=size,
    )


@declare("sharded-share", "data", "choice", "size: share of an instance")
def sharded(d: Draw) -> Draft:
    """What each instance gets."""
    count, size, way = (
        d.pick((4, 5, 8, 10)),
        d.pick((80, 120, 160, 200, 240)),
        d.pick(("ShardedByS3Key", "FullyReplicated")),
    )
    stem = (
        f"{d.scene().text} A training job on {count} instances reads {size} GB of equal objects in File mode, with "
        f"the distribution {way}. How much data is copied to all instances together?"
    )
    together = "size" if way == "ShardedByS3Key" else "count * size"
    return figures(
        stem,
        together,
        {
            "size": "every instance gets all of it",
            "count * size": "every instance gets a share only",
            "size / count": "this is the share of one instance",
            "2 * size": "data is not copied twice",
            "size * (count - 1)": "no instance is left out",
                    },
        gigabytes,
        lead=f"{way}: {fact('distribution').pairs[way][0]}.",
        notes=[Documented("distribution", way, fact("distribution").pairs[way][0])], count=count, size=size,
    )  # fmt: skip


@declare("job-data-sources", "data", "choice", "covered item: source of a job's data")
def sources(d: Draw) -> Draft:
    """Which job reads from where."""
    held = fact("data-source")
    job = d.pick(("training", "processing"))
    other = "processing" if job == "training" else "training"
    right = [
        Piece(f"{source}, by a {one} job", "Its API has such an input.", Documented("data-source", source, one))
        for source in held.pairs
        for one in (job,)
        if one in held.pairs[source] and other not in held.pairs[source]
    ]
    wrong = [
        Piece(
            f"{source}, by a {one} job",
            "Its API has no such input.",
            Documented("data-source", source, one, wanted=False),
        )
        for source in held.pairs
        for one in (job, other)
        if one not in held.pairs[source]
    ]
    stem = f"{d.scene().text} Which of these can SageMaker read directly, without a copy to S3 first?"
    return Draft(stem=stem, right=right, wrong=wrong)


@declare("file-mode-volume", "data", "choice", "size", limits="training.volume_quota")
def volume(d: Draw) -> Draft:
    """Data that does not fit the volume."""
    size, count = d.pick((1200, 1500, 1800, 2400, 3000, 3600)), d.pick((4, 5, 6))
    stem = (
        f"{d.scene('large').text} {size:,} GB of training data are spread by ShardedByS3Key over {count} instances in "
        "File mode. Each volume has the size that the default quota allows. How much room does each have beside the "
        "data?"
    )
    return figures(
        stem,
        "{training.volume_quota:GB} - size / count",
        {
            "size / count": "this is what the data takes",
            "{training.volume_quota:GB}": "the data takes some of it",
            "count * {training.volume_quota:GB} - size": "this is all instances together",
            "size - {training.volume_quota:GB}": "each instance holds a share only",
            "({training.volume_quota:GB} - size / count) / 2": "the data is there once",
        },
        gigabytes,
        lead="The default quota is {training.volume_quota} for each training instance; File mode copies an "
            "instance's share.",
        size=size, count=count,
    )  # fmt: skip


@declare(
    "channels-needed", "data", "choice", "count: channels left", limits="training.channels_max processing.inputs_max"
)
def channels(d: Draw) -> Draft:
    """How many channels are still free."""
    years, extra = d.pick((5, 6, 7, 8, 9, 10, 12)), d.pick((1, 2, 3, 4))
    stem = (
        f"{d.scene().text} A training job has a channel for each of {years} years of data and {extra} more for other "
        "sets. How many channels can still be added?"
    )
    return figures(
        stem,
        "{training.channels_max} - years - extra",
        {
            "{training.channels_max} - years": "the other sets have channels, too",
            "{processing.inputs_max}": "this is the limit of a processing job",
            "{training.channels_max}": "some are in use",
            "years + extra": "these are in use",
            "{training.channels_max} - years - extra + 1": "one more than the API takes",
            "{training.channels_max} - years - extra - 1": "one more can be added",
        },
        whole("channel"),
        lead="A training job has up to {training.channels_max} channels.",
        years=years, extra=extra,
    )  # fmt: skip


TEMPLATES = (mode_pairs, mode, traits, copy_time, pack, sharded, sources, volume, channels)
