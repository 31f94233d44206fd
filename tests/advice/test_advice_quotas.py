"""What has to be asked of AWS first is told: with the answer of the first, and with each other option of it."""

from __future__ import annotations

from advisor.advice.combination import Combination
from advisor.advice.quotas import passed_quotas
from advisor.advice.recommending import recommend
from advisor.advice.shared import Shared
from advisor.patterns import BatchTransform, RealTime
from advisor.workload import reads

THIRTY = """
name: thirty-models
region: us-east-1
model: {count: 30, same_container: false, size: 60 MB, memory: 500 MB, image: 900 MB}
work: [{on: ml.m5.large, mean: 40 ms, cv: 0.5, workers: 2}]
traffic: {rate: 1 per second}
payload: {request: 6 KB, response: 2 KB}
objective: {p95: 10 s, errors: 1 %}
"""


def test_quotas_that_are_passed_are_told_with_the_first_and_with_the_others() -> None:
    answer = recommend(reads(THIRTY), seed=0, patterns=["real-time", "asynchronous"], explain=False)
    first, second = answer.options
    assert (first.pattern, second.pattern) == ("real-time", "asynchronous")
    # A new account may have four instances on all of its endpoints.
    assert "RT-59" in {one.rule for one in answer.warnings}
    assert "it needs a higher quota from AWS first: 60 instances on 30 endpoints" in second.told


def test_only_warnings_of_quotas_are_told_and_none_that_the_account_has() -> None:
    w = reads(THIRTY)
    one = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=1)
    assert [finding.rule for finding in passed_quotas(w, one)] == ["RT-59"]
    raised = reads(f"{THIRTY}platform: {{quota.instances_all_endpoints: 30}}\n")
    assert not passed_quotas(raised, one)


def test_of_a_combination_the_quotas_of_all_parts_are_told() -> None:
    one_model = THIRTY.replace("count: 30, same_container: false, ", "")
    w = reads(f"{one_model}batch: {{records: 3 million, files: 40, every: 1 day}}\n")
    nine = RealTime(instance_type="ml.m5.large", min_instances=9, max_instances=9)
    job = BatchTransform(instance_type="ml.m5.large", instances=5)
    both = Combination(parts=(nine, job), how="each its own")
    assert {finding.rule for finding in passed_quotas(w, both)} == {"RT-20", "BT-40"}


def test_of_an_endpoint_that_takes_the_lot_its_own_quotas_are_told() -> None:
    one_model = THIRTY.replace("count: 30, same_container: false, ", "")
    w = reads(f"{one_model}batch: {{records: 1000, record_size: 6 KB, every: 1 day, deadline: 4 hours}}\n")
    nine = RealTime(instance_type="ml.m5.large", min_instances=9, max_instances=9)
    shared = Shared(stream=nine, sent_over_s=3600)
    assert [finding.rule for finding in passed_quotas(w, shared)] == ["RT-20"]
    assert passed_quotas(w, shared) == tuple(one for one in shared.check(w) if one.rule == "RT-20")
