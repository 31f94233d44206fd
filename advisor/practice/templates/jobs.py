"""Questions on what job type a task needs, and on training and processing jobs."""

from __future__ import annotations

from advisor.catalog.instances import instance, offered
from advisor.catalog.limits import limit
from advisor.practice.arithmetic import Sum
from advisor.practice.draft import Draft, Draw, Piece, compared, figures, ordered, paired
from advisor.practice.facts import fact
from advisor.practice.judging import rule_of
from advisor.practice.reasons import Documented, Listed, Offered, Refused
from advisor.practice.show import seconds, whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


@declare("job-kind-pairs", "jobs", "matching", "pairs: job types")
def kind_pairs(d: Draw) -> Draft:
    """Tasks and what they need."""
    stem = f"{d.scene().text} Match each task with what it needs."
    return paired(d, stem, "job-kind", 4)


@declare("job-kind", "jobs", "choice", "job type", rules="AS-01 BT-01 RT-24 SL-46")
def kind(d: Draw) -> Draft:
    """Training and processing are no hosting."""
    task = d.pick(("training", "processing"))
    subject = d.pick(fact("job-kind").subjects(f"{task} job"))
    other = "processing" if task == "training" else "training"
    right = [Piece(f"A {task} job", "AWS documents it for this.", Documented("job-kind", subject, f"{task} job"))]
    wrong = [
        Piece(text, f"{rule_of(rule).title} ({rule})", Refused(rule, pattern, f"task: {task}"))
        for text, rule, pattern in (
            ("A real-time endpoint", "RT-24", "real-time"), ("A serverless endpoint", "SL-46", "serverless"),
            ("An asynchronous endpoint", "AS-01", "asynchronous"), ("A transform job", "BT-01", "batch-transform"),
        )
    ]  # fmt: skip
    wrong.append(
        Piece(
            f"A {other} job",
            "It is made for other work.",
            Documented("job-kind", subject, f"{other} job", wanted=False),
        )
    )
    task_said = subject[0].lower() + subject[1:]
    return Draft(
        stem=f"{d.scene().text} The next task: {task_said}. Which resource is made for it?", right=right, wrong=wrong
    )


@declare(
    "training-run-time", "jobs", "choice", "duration",
    limits="training.max_runtime_default training.max_runtime_max training.max_runtime_quota",
)  # fmt: skip
def run_time(d: Draw) -> Draft:
    """A training job that sets no time."""
    hours = d.pick((30, 36, 40, 48, 60, 72, 90, 100))
    stem = (
        f"{d.scene().text} A training job would need {hours} h. Nobody set MaxRuntimeInSeconds, and no checkpoint is "
        "kept. How much of its time is lost at the moment when SageMaker stops it?"
    )
    return figures(
        stem,
        "{training.max_runtime_default}",
        {
            "hours * 3600 - {training.max_runtime_default}": "this is what was still to do",
            "{training.max_runtime_quota}": "this is the quota for what can be set",
            "{training.max_runtime_max}": "this is the greatest value that can be set",
            "hours * 3600": "it is stopped earlier",
            "{training.max_runtime_default} / 2": "it runs for the whole default",
        },
        lambda value: f"{float(value) / 3600:g} h",
        lead="Where nothing is set, a training job is stopped after {training.max_runtime_default}.",
        hours=hours,
    )


@declare("processing-jobs-needed", "jobs", "choice", "count", limits="processing.inputs_max training.channels_max")
def processing_jobs(d: Draw) -> Draft:
    """How many jobs a number of inputs needs."""
    count = d.pick((11, 13, 17, 21, 24, 28, 32, 35, 43))
    stem = (
        f"{d.scene().text} {count} data sets under different S3 prefixes have to be cleaned by processing jobs, each "
        "as an input of its own. How few jobs can it be?"
    )
    return figures(
        stem,
        "ceil(count / {processing.inputs_max})",
        {
            "ceil(count / {training.channels_max})": "this is the limit of a training job's channels",
            "floor(count / {processing.inputs_max})": "rounding down leaves some inputs out",
            "count": "a job takes several inputs",
            "ceil(count / {processing.inputs_max}) + 1": "one job less is enough",
            "1": "one job does not take them all",
        },
        whole("job"),
        lead="A processing job takes up to {processing.inputs_max} inputs.",
        count=count,
    )


@declare("spot-wait", "jobs", "choice", "accepted setting", limits="feature.spot.training training.max_runtime_max")
def spot_wait(d: Draw) -> Draft:
    """The wait of a spot job includes its run."""

    def option(run: int, wait: int) -> str:
        return f"MaxRuntimeInSeconds {run:,}, MaxWaitTimeInSeconds {wait:,}"

    run = d.pick((3600, 7200, 10800, 14400))
    good = run + d.pick((0, 1800, 3600))
    right = [
        compared(
            option(run, good), Sum.of(str(good)), "at least", Sum.of(str(run)), "The wait holds the run, and more."
        )
    ]
    wrong = []
    for _ in range(3):
        base = d.pick((3600, 5400, 7200, 10800, 14400, 21600))
        wait = base - d.pick((600, 900, 1800))
        wrong.append(
            compared(
                option(base, wait),
                Sum.of(str(wait)),
                "below",
                Sum.of(str(base)),
                "The wait is for all of it, the run included.",
            )
        )
    long = d.pick((2_505_600, 2_592_000, 3_024_000))
    most = Sum.of("{training.max_runtime_max}")
    wrong.append(
        compared(
            option(long, long), Sum.of(str(long)), "above", most, "A run lasts at most {training.max_runtime_max}."
        )
    )
    stem = f"{d.scene().text} Which stopping condition of a spot training job does the API accept?"
    return Draft(stem=stem, right=right, wrong=wrong, notes=[Listed("feature.spot.training")])


@declare(
    "job-offers",
    "jobs",
    "response",
    "covered item",
    limits="feature.spot.processing feature.spot.training feature.warm_pool.processing feature.warm_pool.training "
    "training.warm_pool_with_spot",
)
def offers(d: Draw) -> Draft:
    """Spot and warm pools belong to training."""
    right = [
        Piece("Spot instances for a training job", "Training can use spot instances.", Listed("feature.spot.training")),
        Piece(
            "A warm pool between two training jobs", "Training has warm pools.", Listed("feature.warm_pool.training")
        ),
    ]
    lacks = "Its API has no such parameter."
    no_spot, no_pool, not_both = (
        Listed(key, wanted=False)
        for key in ("feature.spot.processing", "feature.warm_pool.processing", "training.warm_pool_with_spot")
    )
    wrong = [
        Piece("Spot instances for a processing job", lacks, no_spot),
        Piece("A warm pool between two processing jobs", lacks, no_pool),
        Piece("A warm pool of spot instances for training", "The two exclude each other.", not_both),
    ]
    day = d.pick(("every night", "every hour", "several times a day", "on every commit", "once a week"))
    stem = f"{d.scene().text} Jobs run {day}, and it wants to save money and time. Which TWO does SageMaker offer?"
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5)


@declare("training-order", "jobs", "ordering", "order of steps: training job")
def training_order(d: Draw) -> Draft:
    """The course of a training job."""
    return ordered(
        d, f"{d.scene().text} Put the steps of a training job in File mode in order.", "training-steps", d.pick((4, 5))
    )


_KINDS = {"training": "Training", "processing": "Processing", "batch": "BatchTransform"}


@declare(
    "endpoint-only-types", "jobs", "choice", "instance type",
    limits="feature.graviton.batch feature.graviton.processing feature.graviton.training",
)  # fmt: skip
def endpoint_only(d: Draw) -> Draft:
    """Graviton is for endpoints."""
    job = d.pick(list(_KINDS))
    good = [
        name
        for name in ("ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.m4.xlarge")
        if offered(name, _KINDS[job])
    ]
    bad = [
        name
        for name in (
            "ml.m6g.large",
            "ml.m6g.xlarge",
            "ml.c6g.xlarge",
            "ml.c7g.xlarge",
            "ml.c7g.2xlarge",
            "ml.r6g.large",
            "ml.m7g.xlarge",
        )
        if _known(name) and not offered(name, _KINDS[job])
    ]
    key = f"feature.graviton.{job}"
    right = [Piece(name, "The API lists it for these jobs.", Offered(key, name, _KINDS[job])) for name in good]
    wrong = [
        Piece(
            name,
            "It has a Graviton processor, and such types are for endpoints.",
            Offered(key, name, _KINDS[job], wanted=False),
        )
        for name in bad
    ]
    said = "batch transform" if job == "batch" else job
    stem = f"{d.scene().text} Which of these types can a {said} job use?"
    return Draft(stem=stem, right=right, wrong=wrong, notes=[Listed(key, wanted=False)])


def _known(name: str) -> bool:
    from advisor.errors import UnknownName

    try:
        return bool(instance(name))
    except UnknownName:
        return False


_CHANGED = {
    "the same instance type and count": "on other instances",
    "the same volume size": "with a larger volume",
    "the same execution role": "under another role",
}


@declare("warm-pool-gap", "jobs", "choice", "what happens", limits="training.keep_alive_max")
def warm_gap(d: Draw) -> Draft:
    """Which gap a warm pool bridges."""
    most = Sum.of("{training.keep_alive_max:min}")
    short = (5, 10, 15, 20, 25, 30, 40, 45, 50, 55)
    gaps = [*d.some(short, 1), *d.some((75, 90, 100, 120, 150, 180, 240), 2)]
    right, wrong = [], []
    for gap in gaps:
        text = f"{gap} min after the last one, with the same settings"
        left = Sum.of(str(gap))
        if left.value <= most.value:
            right.append(compared(text, left, "at most", most, "The pool is kept for so long by the developer guide."))
        else:
            wrong.append(
                compared(text, left, "above", most, "The developer guide's most is {training.keep_alive_max}.")
            )
    for changed in ("the same instance type and count", "the same volume size", "the same execution role"):
        text = f"{d.pick(short)} min after the last one, {_CHANGED[changed]}"
        wrong.append(
            Piece(
                text, "A pool is used again only where this is the same.", Documented("warm-match", changed, "needed")
            )
        )
    stem = (
        f"{d.scene().text} A warm pool has the longest keep-alive that the developer guide allows. Which training job "
        "finds it still warm and can use it? One that starts:"
    )
    return Draft(stem=stem, right=right, wrong=wrong)


@declare("warm-pool-match", "jobs", "response", "covered item: what a warm pool needs")
def warm_match(d: Draw) -> Draft:
    """What two jobs must share."""
    held = fact("warm-match")
    right = [
        Piece(_upper(text), "A pool is used again only where it is the same.", Documented("warm-match", text, "needed"))
        for text in held.subjects("needed")
    ]
    wrong = [
        Piece(_upper(text), "It may differ from job to job.", Documented("warm-match", text, "free"))
        for text in held.subjects("free")
    ]
    stem = f"{d.scene().text} Which TWO must a training job share with the last one, so that it can use its warm pool?"
    return Draft(stem=stem, right=right, wrong=wrong, count=2, most=5)


@declare("training-start", "jobs", "choice", "duration: until code runs", limits="training.create_to_code_median")
def training_start(d: Draw) -> Draft:
    """What many short jobs lose in starting."""
    jobs, run = d.pick((6, 8, 12, 16, 20, 24)), d.pick((2, 3, 4, 5, 8))
    stem = (
        f"{d.scene().text} {jobs} training jobs run one after another, each with {run} min of code. The median wait "
        "between creating a job and its code running was measured as "
        f"{limit('training.create_to_code_median').shown}. How long do all of them take, their ends left aside?"
    )
    each = "({training.create_to_code_median} + run * 60)"
    return figures(
        stem,
        f"jobs * {each}",
        {
            "jobs * run * 60": "every job has to start",
            "{training.create_to_code_median} + jobs * run * 60": "every job starts anew, not the first alone",
            "jobs * {training.create_to_code_median}": "this is the starting alone",
            each: "this is one job",
            f"2 * jobs * {each}": "twice what it takes",
        },
        seconds,
        lead="The median from creating a training job to its code running is {training.create_to_code_median}.",
        jobs=jobs, run=run,
    )  # fmt: skip


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


TEMPLATES = (
    kind_pairs, kind, run_time, processing_jobs, spot_wait, offers, training_order, endpoint_only, warm_gap, warm_match,
    training_start,
)  # fmt: skip
