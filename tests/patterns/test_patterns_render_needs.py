"""What each need of a workload adds to the requests, and where a pattern cannot meet it, adds not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from advisor.patterns import Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.rules import overlay
from advisor.workload import Workload

SMALL = overlay("name: demo")
REAL_TIME = RealTime(instance_type="ml.m5.large")


def config(w: Workload, d: Pattern) -> Any:
    [found] = [call for call in d.render(w) if call.operation == "create_endpoint_config"]
    return found.request


def model(w: Workload, d: Pattern) -> Any:
    return d.render(w)[0].request


@pytest.mark.parametrize(
    "d", [REAL_TIME, Asynchronous(instance_type="ml.m5.large"), BatchTransform(instance_type="ml.m5.large")],
    ids=lambda d: d.name,
)  # fmt: skip
def test_needs_of_the_model(d: Pattern) -> None:
    assert "VpcConfig" not in model(SMALL, d)
    one, two = model(overlay("needs: [vpc]"), d), model(overlay("needs: [vpc, multi-az]"), d)
    assert [len(made["VpcConfig"]["Subnets"]) for made in (one, two)] == [1, 2]
    private = model(overlay("needs: [private-registry]"), d)
    assert private["PrimaryContainer"]["ImageConfig"] == {"RepositoryAccessMode": "Vpc"}
    assert "VpcConfig" in private
    bought = model(overlay("needs: [marketplace]"), d)
    assert set(bought["PrimaryContainer"]) == {"ModelPackageName"}
    assert bought["EnableNetworkIsolation"] is True


def test_a_job_isolates_no_network_and_a_serverless_endpoint_has_no_vpc() -> None:
    w = overlay("needs: [network-isolation, vpc]")
    assert model(w, REAL_TIME)["EnableNetworkIsolation"] is True
    assert "EnableNetworkIsolation" not in model(w, BatchTransform(instance_type="ml.m5.large"))
    assert "VpcConfig" not in model(w, Serverless(memory_mib=1024, max_concurrency=1))


def test_several_containers_are_called_directly_or_one_after_another() -> None:
    direct = model(overlay("needs: [multi-container]"), REAL_TIME)
    assert [one["ContainerHostname"] for one in direct["Containers"]] == ["container-1", "container-2"]
    assert direct["InferenceExecutionConfig"] == {"Mode": "Direct"}
    assert model(overlay("needs: [pipeline]"), REAL_TIME)["InferenceExecutionConfig"] == {"Mode": "Serial"}


@pytest.mark.parametrize("need", ["data-capture", "model-monitor"])
def test_data_is_captured_where_it_is_needed_and_can_be(need: str) -> None:
    w = overlay(f"needs: [{need}]")
    captured = config(w, REAL_TIME)["DataCaptureConfig"]
    assert captured["EnableCapture"] is True
    assert captured["InitialSamplingPercentage"] == 100
    assert [one["CaptureMode"] for one in captured["CaptureOptions"]] == ["Input", "Output"]
    machine = BatchTransform(instance_type="ml.m5.large").render(w)[1].request["definition"]
    job = json.loads(machine)["States"]["job"]["Arguments"]
    assert job["DataCaptureConfig"] == {"DestinationS3Uri": "s3://replace-me/captured/"}
    assert "DataCaptureConfig" not in config(w, MultiModel(instance_type="ml.m5.large"))
    assert "DataCaptureConfig" not in config(SMALL, REAL_TIME)


def test_a_shadow_is_a_copy_with_a_model_of_its_own() -> None:
    w = overlay("{name: demo, needs: [shadow]}")
    made = config(w, REAL_TIME)
    [production], [shadow] = made["ProductionVariants"], made["ShadowProductionVariants"]
    assert shadow == production | {"VariantName": "Shadow", "ModelName": "demo-real-time-shadow"}
    models = [call.request["ModelName"] for call in REAL_TIME.render(w) if call.operation == "create_model"]
    assert models == ["demo-real-time", "demo-real-time-shadow"]


def test_a_second_variant_begins_without_traffic() -> None:
    w = overlay("needs: [variants]")
    first, second = config(w, REAL_TIME.with_({"min_instances": 3, "max_instances": 3}))["ProductionVariants"]
    assert (first["InitialVariantWeight"], first["InitialInstanceCount"]) == (1, 3)
    assert (second["InitialVariantWeight"], second["InitialInstanceCount"]) == (0, 1)
    listed = next(call for call in REAL_TIME.render(w) if call.operation == "create_endpoint_config").fill_in
    assert "ProductionVariants[1].InitialInstanceCount" in listed


def test_notifications_carry_the_answer_only_where_every_answer_fits() -> None:
    d = Asynchronous(instance_type="ml.m5.large")

    def topics(payload: str) -> Any:
        made = config(overlay(f"{{needs: [notifications], payload: {{response_max: {payload}}}}}"), d)
        return made["AsyncInferenceConfig"]["OutputConfig"]["NotificationConfig"]

    assert topics("128 KB")["IncludeInferenceResponseIn"] == ["SUCCESS_NOTIFICATION_TOPIC"]
    assert set(topics("129 KB")) == {"SuccessTopic", "ErrorTopic"}
