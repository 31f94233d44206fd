"""Questions on hosting many models: multi-model, multi-container, inference components, pipelines."""

from __future__ import annotations

from advisor.catalog.instances import instance
from advisor.practice.arithmetic import Sum, number
from advisor.practice.draft import Draft, Draw, Unfit, by_settings, compared, figures, paired, picked
from advisor.practice.facts import fact
from advisor.practice.judging import rule_of
from advisor.practice.reasons import Listed
from advisor.practice.show import whole
from advisor.practice.template import declare

__all__ = ["TEMPLATES"]


def _filled(d: Draw, text: str) -> str:
    return text.replace("{many}", str(d.pick((80, 150, 300, 600)))).replace("{few}", str(d.pick((3, 4, 5, 6, 7))))


@declare("many-models-pairs", "many-models", "matching", "pairs: ways of hosting many models")
def pairs(d: Draw) -> Draft:
    """AWS's choice for each situation."""
    stem = f"{d.scene().text} It hosts many models. Match each situation with the way that AWS advises."
    return paired(d, stem, "many-models", 3, lambda text: _filled(d, text))


@declare("many-models-choice", "many-models", "choice", "hosting option: many models")
def one_way(d: Draw) -> Draft:
    """AWS's choice for one situation."""
    subject = d.pick(list(fact("many-models").pairs))
    plan = _filled(d, subject[0].lower() + subject[1:])
    stem = f"{d.scene().text} Its plan: {plan}. Which way of hosting does AWS advise?"
    return picked(d, stem, "many-models", subject, lambda text: _filled(d, text))


@declare(
    "many-models-at-zero",
    "many-models",
    "matching",
    "pairs: requests while nothing runs",
    limits="ic.zero.requests_queued",
)
def at_zero(d: Draw) -> Draft:
    """What becomes of a request while nothing runs."""
    from dataclasses import replace

    stem = f"{d.scene().text} A request arrives while nothing runs. Match each way of hosting with what becomes of it."
    drawn = paired(d, stem, "at-zero", 3)
    return replace(drawn, wrong=(), most=3, notes=[*drawn.notes, Listed("ic.zero.requests_queued", wanted=False)])


@declare(
    "many-models-slow-load", "many-models", "choice", "what happens", limits="mme.not_ready_after mme.load_timeout"
)  # fmt: skip
def slow_load(d: Draw) -> Draft:
    """What a caller sees of a load."""
    load = d.pick((12, 25, 40, 50, 80, 110, 150, 200, 260, 320, 400, 450, 520, 600))
    took, ready, limit = Sum.of("load", load=load), Sum.of("{mme.not_ready_after}"), Sum.of("{mme.load_timeout}")
    answered, later, never = (
        "The answer comes after the load, in the same call",
        "An error that the model is not ready; later calls succeed",
        "An error that the model is not ready, now and on every call",
    )
    why = "A call waits {mme.not_ready_after} for a load, and a load may take {mme.load_timeout}."
    if took.value <= ready.value:
        right = compared(answered, took, "at most", ready, why)
    elif took.value <= limit.value:
        right = compared(later, took, "at most", limit, why)
    else:
        right = compared(never, took, "above", limit, why)
    wrong = [
        compared(answered, took, "above", ready, "The call gives up after {mme.not_ready_after}."),
        compared(later, took, "at most", ready, "The load ends within the {mme.not_ready_after} that the call waits."),
        compared(never, took, "at most", limit, "The load may take {mme.load_timeout}, so it ends."),
    ]
    if took.value > limit.value:
        wrong[1] = compared(later, took, "above", limit, "The load is given up after {mme.load_timeout}.")
    stale = compared(
        "The call is answered by another model of the endpoint", took, "above", Sum.of("0"),
        "A request names its model, and no other answers for it.",
    )  # fmt: skip
    others = [piece for piece in (*wrong, stale) if piece.text != right.text]
    stem = (
        f"{d.scene('table').text} On its multi-model endpoint a model is asked for that is not in memory. Downloading "
        f"and loading it takes {load} s. What does the caller see?"
    )
    return Draft(stem=stem, right=[right], wrong=others, givens={"load": took.value})


_MANY = "model: {count: 40, size: 60 MB, memory: 200 MB, same_container: true, accelerator: required}"


@declare("multi-model-gpu-type", "many-models", "choice", "instance type", rules="MM-52 MM-66")
def gpu_type(d: Draw) -> Draft:
    """One accelerator, not several, and not none."""
    good = ("ml.g4dn.xlarge", "ml.g4dn.2xlarge", "ml.g4dn.4xlarge", "ml.g5.xlarge", "ml.g5.2xlarge", "ml.g5.4xlarge")
    bad = ("ml.g4dn.12xlarge", "ml.g5.12xlarge", "ml.g5.24xlarge", "ml.m5.xlarge", "ml.c5.2xlarge", "ml.r5.xlarge")
    right, wrong = by_settings("multi-model", _MANY, {name: f"instance_type={name}" for name in (*good, *bad)})
    stem = (
        f"{d.scene('large', 'text').text} Its 40 models need a GPU and share a multi-model endpoint. Which type serves?"
    )
    return Draft(stem=stem, right=right, wrong=wrong, lead=rule_of("MM-66").title)


@declare(
    "multi-model-memory-fleet", "many-models", "choice", "count: instances for memory", limits="mme_container_memory"
)
def memory_fleet(d: Draw) -> Draft:
    """The smallest fleet that holds all models at once."""
    models, each = d.pick((120, 150, 200, 260, 300, 400)), d.pick((150, 200, 250, 300))
    kind = d.pick(("ml.m5.xlarge", "ml.m5.2xlarge", "ml.r5.xlarge"))
    total = int(instance(kind).memory_mib / 1024)
    kept = number(Sum.of("{mme_container_memory} * 100").value)
    stem = (
        f"{d.scene('table').text} Its {models} models of {each} MiB share a multi-model endpoint on {kind}, which has "
        f"{total} GiB of memory. The container keeps {kept} % of that for itself; the rest is for models, and each "
        "model is kept on one instance. What is the smallest fleet that holds all of them in memory at the same time?"
    )
    fits = "floor(total * 1024 * (1 - {mme_container_memory}) / each)"
    return figures(
        stem,
        f"ceil(models / {fits})",
        {
            "ceil(models / floor(total * 1024 / each))": "the container's own share is left out",
            f"floor(models / {fits})": "rounding down leaves some models without a place",
            f"ceil(models / {fits}) + 1": "one fewer holds them",
            f"2 * ceil(models / {fits})": "models need not be held twice",
            "ceil(models / floor(total * 1024 * {mme_container_memory} / each))": "this is the container's share, "
                "not the rest",
        },
        whole("instance"),
        lead="Models that do not fit the fleet's memory together are loaded again and again.",
        models=models, total=total, each=each,
    )  # fmt: skip


@declare(
    "multi-container-endpoints",
    "many-models",
    "choice",
    "count",
    limits="realtime.containers_max realtime.production_variants_max",
)
def endpoints(d: Draw) -> Draft:
    """How many endpoints a number of containers needs."""
    count = d.pick((16, 18, 22, 25, 28, 32, 38, 43, 46, 50, 58, 64, 70))
    stem = (
        f"{d.scene().text} It has {count} models in containers of different frameworks and puts as many as it may on "
        "each multi-container endpoint. How many endpoints does it need?"
    )
    return figures(
        stem,
        "ceil(count / {realtime.containers_max})",
        {
            "floor(count / {realtime.containers_max})": "rounding down leaves some containers without an endpoint",
            "ceil(count / {realtime.production_variants_max})": "this is the limit of variants, not of containers",
            "count": "a multi-container endpoint holds more than one",
            "ceil(count / {realtime.containers_max}) + 1": "one endpoint less is enough",
            "ceil(count / 5)": "5 is the limit of pools and specifications, not of containers",
            "1": "one endpoint does not hold them all",
        },
        whole("endpoint"),
        lead="A multi-container endpoint holds up to {realtime.containers_max} containers.",
        count=count,
    )


@declare(
    "pipeline-length",
    "many-models",
    "choice",
    "accepted setting",
    limits="pipeline.containers_max pipeline.containers_min",
)
def pipeline_length(d: Draw) -> Draft:
    """How long a pipeline may be."""
    least, most = Sum.of("{pipeline.containers_min}"), Sum.of("{pipeline.containers_max}")
    good = compared(
        f"A pipeline of {(length := d.pick((2, 3, 4, 6, 9, 12, 14, 15)))} containers", Sum.of(str(length)), "at most",
        most, "A pipeline has {pipeline.containers_min} to {pipeline.containers_max} containers.",
    )  # fmt: skip
    wrong = [
        compared(
            f"A pipeline of {length} containers", Sum.of(str(length)), "above", most,
            "A pipeline has at most {pipeline.containers_max} containers.",
        )
        for length in d.some((16, 17, 18, 20, 24, 30), 2)
    ]  # fmt: skip
    wrong.append(
        compared(
            "A pipeline of 1 container", Sum.of("1"), "below", least,
            "A pipeline has at least {pipeline.containers_min} containers.",
        )
    )  # fmt: skip
    stem = f"{d.scene().text} Preparation, model and follow-up are chained. Which inference pipeline can be created?"
    return Draft(stem=stem, right=[good], wrong=wrong)


@declare("component-copies", "many-models", "choice", "count: copies on an instance", limits="ic.memory_min")
def copies(d: Draw) -> Draft:
    """How many copies an instance holds."""
    kind = d.pick(("ml.m5.2xlarge", "ml.m5.4xlarge", "ml.r5.2xlarge", "ml.c5.4xlarge", "ml.r5.4xlarge"))
    held = instance(kind)
    cores, gib = d.pick((1, 2, 3)), d.pick((3, 5, 6, 7, 10, 12))
    total = int(held.memory_mib / 1024)
    stem = (
        f"{d.scene().text} Each copy of an inference component reserves {cores} vCPU and {gib} GiB. Suppose all of "
        f"the {held.vcpu} vCPU and {total} GiB of an {kind} are free for copies. How many copies fit on one instance?"
    )
    return figures(
        stem,
        "min(floor(vcpu / cores), floor(total / gib))",
        {
            "max(floor(vcpu / cores), floor(total / gib))": "the scarcer of the two decides",
            "floor(total * 1024 / {ic.memory_min})": "this is the least reservation, not the one that was made",
            "ceil(min(vcpu / cores, total / gib)) + 1": "a copy needs the whole of its reservation",
            "floor((vcpu + total) / (cores + gib))": "cores and memory do not add up",
            "vcpu": "each copy reserves more than cores",
            "1": "an instance holds more than one copy",
        },
        whole("copy"),
        lead="A copy reserves cores and memory; the scarcer decides.",
        vcpu=held.vcpu, total=total, cores=cores, gib=gib,
    )  # fmt: skip


_COMPONENT = "ic.accelerators_min ic.cpu_cores_min ic.memory_min"


@declare("component-request", "many-models", "choice", "accepted setting", limits=_COMPONENT)
def component_request(d: Draw) -> Draft:
    """The least that a component may reserve."""
    floors = {"cores": "{ic.cpu_cores_min}", "memory": "{ic.memory_min}", "devices": "{ic.accelerators_min}"}

    def text(cores: str, memory: int, devices: int) -> str:
        return f"{cores} vCPU, {memory:,} MB of memory, accelerators: {devices}"

    fine = (d.pick(("0.25", "0.5", "1", "2")), d.pick((128, 256, 512, 2048)), d.pick((1, 2, 4)))
    right = compared(
        text(*fine), Sum.of(fine[0]), "at least", Sum.of(floors["cores"]), "All three are at or above the least."
    )
    cores, memory = d.pick(("0.1", "0.2", "0.125")), d.pick((32, 64, 96, 100))
    wrong = [
        compared(
            text(cores, d.pick((256, 1024)), 1), Sum.of(cores), "below", Sum.of(floors["cores"]),
            "A component reserves at least {ic.cpu_cores_min}.",
        ),
        compared(
            text(d.pick(("1", "2")), memory, 1), Sum.of(str(memory)), "below", Sum.of(floors["memory"]),
            "A component reserves at least {ic.memory_min}.",
        ),
        compared(
            text(d.pick(("0.5", "1")), d.pick((512, 4096)), 0), Sum.of("0"), "below", Sum.of(floors["devices"]),
            "A component that names accelerators asks for {ic.accelerators_min} or more.",
        ),
    ]  # fmt: skip
    stem = f"{d.scene().text} Which compute request of an inference component does the API accept?"
    return Draft(stem=stem, right=[right], wrong=wrong)


@declare(
    "multi-container-memory", "many-models", "choice", "instance type: sum of memory", limits="realtime.containers_max"
)
def container_memory(d: Draw) -> Draft:
    """All containers are up at once."""
    models, each = d.pick((3, 4, 5, 6, 8)), d.pick(("1.5", "2", "2.5", "3"))
    need = Sum.of("models * each", models=models, each=each)
    types = ("ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.m5.8xlarge")
    sizes = {name: Sum.of(str(instance(name).memory_mib / 1024)) for name in types}
    if any(size.value == need.value for size in sizes.values()):
        raise Unfit
    fitting = [name for name in types if sizes[name].value > need.value]
    least = fitting[0]
    told = {name: f"{name} with {number(sizes[name].value)} GiB" for name in types}
    right = compared(told[least], sizes[least], "above", need, f"All are loaded at once: {need.told} GiB.")
    wrong = [
        compared(told[name], sizes[name], "below", need, f"All are loaded at once: {need.told} GiB.")
        if name not in fitting
        else compared(told[name], sizes[name], "above", sizes[least], f"{told[least]} is enough.")
        for name in types
        if name != least
    ]
    stem = (
        f"{d.scene().text} {models} models of {each} GiB each run in containers of their own on one multi-container "
        "endpoint. Leave other needs of memory aside. Which is the smallest of these types that holds them?"
    )
    allowed = compared("", Sum.of(str(models)), "at most", Sum.of("{realtime.containers_max}"), "")
    return Draft(
        stem=stem, right=[right], wrong=wrong, notes=[allowed.reason], lead="Its containers are all up all the time."
    )


@declare(
    "endpoint-for-each", "many-models", "choice", "count: quota to ask for", limits="quota.instances_all_endpoints"
)
def endpoint_for_each(d: Draw) -> Draft:
    """What an endpoint of its own for each model asks of the quota."""
    models, each = d.pick((5, 6, 8, 9, 11, 12, 15)), d.pick((1, 2, 3))
    stem = (
        f"{d.scene().text} Each of its {models} models gets a real-time endpoint of its own with {each} "
        f"{'instances' if each > 1 else 'instance'}. The account is new. By how many instances must the quota for all "
        "active endpoints be raised?"
    )
    return figures(
        stem,
        "models * each - {quota.instances_all_endpoints}",
        {
            "models * each": "the default already holds some of them",
            "models - {quota.instances_all_endpoints} + 1": "the quota counts instances, not endpoints",
            "models * each + {quota.instances_all_endpoints}": "the default is part of what is needed",
            "models": "the quota counts instances, and the default holds some",
            "{quota.instances_all_endpoints}": "this is the default itself",
            "models * each - 1": "the default is more than one",
        },
        whole("instance"),
        lead="In a new account all active endpoints together may have {quota.instances_all_endpoints} instances.",
        models=models, each=each,
    )  # fmt: skip


@declare(
    "multi-model-least-fleet", "many-models", "choice", "count: models in memory", limits="mme.instances_min_advised"
)  # fmt: skip
def least_fleet(d: Draw) -> Draft:
    """What the advised least fleet holds."""
    room, each = d.pick((6, 9, 12, 15, 24, 28)), d.pick((150, 200, 250, 300, 400))
    stem = (
        f"{d.scene('table').text} Its multi-model endpoint has the least number of instances that AWS advises. Each "
        f"has {room} GiB free for models, and a model takes {each} MiB. At most how many different models are in "
        "memory at the same time?"
    )
    return figures(
        stem,
        "{mme.instances_min_advised} * floor(room * 1024 / each)",
        {
            "floor(room * 1024 / each)": "this is one instance",
            "{mme.instances_min_advised} * floor(room * 1000 / each)": "memory is binary: a GiB has 1,024 MiB",
            "{mme.instances_min_advised} * floor(room * 1024 / each) * 2": "twice what fits",
            "{mme.instances_min_advised} * each": "this is no number of models",
            "{mme.instances_min_advised} * floor(room / each * 100)": "a GiB has 1,024 MiB, not 100",
        },
        whole("model"),
        lead="AWS advises at least {mme.instances_min_advised} instances, in different zones.",
        room=room, each=each,
    )  # fmt: skip


TEMPLATES = (
    pairs, one_way, at_zero, slow_load, gpu_type, memory_fleet, endpoints, pipeline_length, copies, component_request,
    container_memory, endpoint_for_each, least_fleet,
)  # fmt: skip
