"""Instance types: specifications and offered families, checked by hand against AWS's own pages."""

from __future__ import annotations

import pytest

from advisor.catalog.instances import COMPONENTS, enumerated, families, instance, instances, offered, siblings
from advisor.errors import UnknownName

GIB = 1024

# name, vCPU, GiB, GPUs, GPU, GiB of all GPUs, local disk GB, baseline megabits a second
BY_HAND = [
    ("ml.t2.medium", 2, 4, 0, "", 0, 0, None),
    ("ml.m5.large", 2, 8, 0, "", 0, 0, 750),
    ("ml.m5.xlarge", 4, 16, 0, "", 0, 0, 1250),
    ("ml.m5.4xlarge", 16, 64, 0, "", 0, 0, 5000),
    ("ml.c5.xlarge", 4, 8, 0, "", 0, 0, 1250),
    ("ml.c4.large", 2, 3.75, 0, "", 0, 0, None),
    ("ml.r5.2xlarge", 8, 64, 0, "", 0, 0, 2500),
    ("ml.c7g.xlarge", 4, 8, 0, "", 0, 0, 1876),
    ("ml.m5d.xlarge", 4, 16, 0, "", 0, 150, 1250),
    ("ml.g4dn.xlarge", 4, 16, 1, "t4", 16, 125, 5000),
    ("ml.g5.xlarge", 4, 16, 1, "a10g", 22.4, 250, 2500),
    ("ml.g5.12xlarge", 48, 192, 4, "a10g", 89.4, 3800, 40000),
    ("ml.g6.xlarge", 4, 16, 1, "l4", 22.4, 250, 2500),
    ("ml.p3.2xlarge", 8, 61, 1, "v100", 16, 0, None),
    ("ml.p4d.24xlarge", 96, 1152, 8, "a100", 320, 8000, 400000),
    ("ml.inf2.xlarge", 4, 16, 0, "", 0, 0, 2083),
    ("ml.trn1.32xlarge", 128, 512, 0, "", 0, 7600, 800000),
]
GRAVITON = ("c6g", "c6gd", "c6gn", "c7g", "c8g", "m6g", "m6gd", "m8g", "r6g", "r6gd", "r7gd", "r8g")


def test_every_type_with_specifications_is_there_once() -> None:
    names = [one.name for one in instances()]
    assert len(names) == len(set(names)) == 353


@pytest.mark.parametrize("row", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_a_type_has_what_its_page_says(row: tuple[str, int, float, int, str, float, float, float | None]) -> None:
    name, vcpu, gib, gpus, gpu, gpu_gib, disk, network = row
    held = instance(name)
    assert (held.vcpu, held.gpu_count, held.gpu, held.nvme_gb) == (vcpu, gpus, gpu, disk)
    assert held.memory_mib == gib * GIB
    assert held.gpu_memory_mib == pytest.approx(gpu_gib * GIB)
    assert held.network_mbps == network
    assert (held.family, held.size) == tuple(name.split(".")[1:])


def test_where_only_one_gpus_memory_is_stated_the_total_is_that_of_all() -> None:
    assert instance("ml.g7.12xlarge").gpu_memory_mib == 2 * 32 * GIB
    assert instance("ml.g7.2xlarge").gpu_memory_mib == 32 * GIB


@pytest.mark.parametrize(
    ("name", "accelerator", "devices", "memory_gib", "cores"),
    [
        ("ml.m5.xlarge", "none", 0, 0, 0),
        ("ml.g5.12xlarge", "gpu", 4, 89.4, 0),
        ("ml.inf1.6xlarge", "inferentia", 4, 32, 16),
        ("ml.inf2.48xlarge", "inferentia2", 12, 384, 24),
        ("ml.trn1.32xlarge", "trainium", 16, 512, 32),
    ],
)
def test_accelerators_of_all_makers_are_counted(
    name: str, accelerator: str, devices: int, memory_gib: float, cores: int
) -> None:
    held = instance(name)
    assert (held.accelerator, held.device_count, held.neuron_cores) == (accelerator, devices, cores)
    assert held.device_memory_mib == pytest.approx(memory_gib * GIB)


def test_a_gpu_type_has_a_gpu_with_memory_and_no_other_has() -> None:
    for one in instances():
        assert (one.accelerator == "gpu") == (one.gpu_count > 0) == bool(one.gpu) == (one.gpu_memory_mib > 0), one.name
        assert (one.device_count > 0) == (one.accelerator not in ("none", "elastic-inference")), one.name


def test_every_type_but_the_retired_accelerators_has_cpu_memory_and_architecture() -> None:
    for one in instances():
        known = one.accelerator != "elastic-inference"
        assert (one.vcpu > 0) == known, one.name
        assert (one.memory_mib > 0) == known, one.name
        assert (one.arch in ("amd64", "arm64")) == known, one.name
        if not known:
            assert not any(offered(one.name, component) for component in COMPONENTS)


def test_graviton_is_what_runs_on_arm() -> None:
    assert instance("ml.c7g.xlarge").graviton
    assert not instance("ml.c7i.xlarge").graviton
    for one in instances():
        assert one.graviton == (one.arch == "arm64")
        if one.family in GRAVITON:
            assert one.graviton, one.name


@pytest.mark.parametrize(
    ("component", "count"), [("Hosting", 50), ("BatchTransform", 17), ("Training", 33), ("Processing", 21)]
)
def test_the_api_lists_so_many_families(component: str, count: int) -> None:
    assert len(families(component)) == count


@pytest.mark.parametrize(
    ("component", "types"), [("Hosting", 277), ("BatchTransform", 108), ("Training", 151), ("Processing", 133)]
)
def test_the_types_offered_are_as_many_as_the_api_enumerates(component: str, types: int) -> None:
    from advisor.catalog.instances import _component

    named = sum(offered(one.name, component) for one in instances())
    assert named + len(_component(component).bare) == types


def test_batch_transform_has_no_graviton_and_no_large_accelerators() -> None:
    assert not families("BatchTransform") & {
        *GRAVITON,
        "p4d",
        "p4de",
        "p5",
        "p5en",
        "p6-b200",
        "g6e",
        "g7",
        "g7e",
        "inf1",
    }
    assert not offered("ml.c7g.xlarge", "BatchTransform")
    assert not offered("ml.g6e.xlarge", "BatchTransform")
    assert offered("ml.g5.xlarge", "BatchTransform")
    assert offered("ml.inf2.xlarge", "BatchTransform")


def test_no_job_runs_on_graviton() -> None:
    for one in instances():
        if one.graviton:
            assert not any(offered(one.name, job) for job in ("BatchTransform", "Training", "Processing")), one.name


def test_only_training_and_processing_have_t3_and_only_endpoints_t2() -> None:
    assert offered("ml.t3.medium", "Training")
    assert offered("ml.t3.medium", "Processing")
    assert not offered("ml.t3.medium", "Hosting")
    assert offered("ml.t2.medium", "Hosting")
    assert not offered("ml.t2.medium", "BatchTransform")


def test_asynchronous_endpoints_take_what_endpoints_take_but_inf1() -> None:
    for one in instances():
        expected = offered(one.name, "Hosting") and one.family != "inf1"
        assert offered(one.name, "AsyncInf") == expected, one.name
    assert offered("ml.inf1.xlarge", "Hosting")


@pytest.mark.parametrize("name", ["ml.c5.12xlarge", "ml.m5.8xlarge", "ml.r5.16xlarge"])
def test_a_size_that_the_api_leaves_out_of_its_family_is_not_offered(name: str) -> None:
    assert instance(name).family in families("Hosting")
    assert not offered(name, "Hosting")


def test_a_type_that_the_api_lists_without_specifications_is_offered_and_a_made_up_one_is_not() -> None:
    assert offered("ml.m8g.large", "Hosting")
    assert not offered("ml.m8g.large", "Training")
    assert not offered("ml.m5.enormous", "Hosting")
    assert not offered("", "Hosting")


def test_our_enumeration_lies_within_the_api_model_that_is_installed() -> None:
    """A newer model may list more; what ours lists must still be there."""
    session = pytest.importorskip("botocore.session").get_session()
    shapes = session.get_service_model("sagemaker")
    for component, shape in [
        ("Hosting", "ProductionVariantInstanceType"), ("BatchTransform", "TransformInstanceType"),
        ("Training", "TrainingInstanceType"), ("Processing", "ProcessingInstanceType"),
    ]:  # fmt: skip
        listed = set(shapes.shape_for(shape).enum)
        ours = {one.name for one in instances() if offered(one.name, component)}
        assert ours <= listed, (component, sorted(ours - listed))
        assert families(component) <= {name.split(".")[1] for name in listed}, component


def test_the_enumeration_says_of_what_date_it_is() -> None:
    assert enumerated() == ("2026-08", "AWS API model, 2026-08")


def test_siblings_are_the_family_from_small_to_large() -> None:
    names = [one.name for one in siblings("ml.c5.xlarge")]
    assert names[:3] == ["ml.c5.large", "ml.c5.xlarge", "ml.c5.2xlarge"]
    sizes = [one.vcpu for one in siblings("ml.m5.xlarge")]
    assert sizes == sorted(sizes) == [2, 4, 8, 16, 32, 48, 64, 96]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("ml.m5.xlarg", "ml.m5.xlarge"), ("m5.xlarge", "ml.m5.xlarge"), ("ML.G5.XLARGE", "ml.g5.xlarge")],
)
def test_an_unknown_type_proposes_near_ones(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownName) as unknown:
        instance(wrong)
    assert wrong in unknown.value.what
    assert meant in unknown.value.mend


def test_siblings_of_an_unknown_type_are_an_error() -> None:
    with pytest.raises(UnknownName):
        siblings("ml.m55.xlarge")


def test_an_unknown_component_names_the_known_ones() -> None:
    with pytest.raises(UnknownName) as unknown:
        offered("ml.m5.xlarge", "Notebook")
    assert "BatchTransform" in unknown.value.mend
    with pytest.raises(UnknownName, match="batchtransform"):
        families("batchtransform")
