"""A workload built in Python: names with and without units, assumptions, changed copies, equality."""

from __future__ import annotations

import math
import pickle
from statistics import NormalDist

import pytest

import advisor.workload as room
from advisor.catalog.assumptions import assumption, assumptions
from advisor.errors import InputError, ProfileError, UnknownName
from advisor.workload import Batch, Model, Objective, Payload, Traffic, Work, Workload, reads


def test_a_section_is_built_under_its_yaml_names_or_in_base_units() -> None:
    assert Payload(request="4 KB") == Payload(request_bytes=4000)
    assert Model(memory="4 GB").memory_mib == 4096
    assert Batch(records="5 million", record_size="2 KB").record_bytes == 2000
    assert Objective(p99="150 ms", errors="0.1 %").errors == 0.001
    assert Traffic(rate_per_s=0.5) == Traffic(rate="30 per minute")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"request": 4000}, "4000 has no unit"),
        ({"request_bytes": "4 KB"}, "give text under the YAML key"),
        ({"request_bytes": 1.5}, "1.5 is not a whole number"),
        ({"request_bytes": -1}, "is not a size"),
        ({"request_bytes": float("nan")}, "is not a size"),
        ({"request_bytes": True}, "is not a size"),
        ({"request": "4 KB", "request_bytes": 4000}, "given twice"),
        ({"reqest": "4 KB"}, "did you mean request"),
        ({"request": ["4 KB"]}, "a list where a size is due"),
        ({"request": "4 KB", "request_max": "3 KB"}, "is smaller than the mean"),
    ],
)
def test_a_wrong_section_is_refused_in_the_packages_own_error(given, what) -> None:
    with pytest.raises(ProfileError) as raised:
        Payload(**given)
    assert what in str(raised.value)


def test_sections_hold_still() -> None:
    payload = Payload(request="4 KB")
    with pytest.raises(ValueError, match="frozen"):
        payload.request_bytes = 5


def test_only_a_name_is_needed_and_all_else_is_assumed_by_name() -> None:
    w = Workload(name="bare")
    known = {one.key for one in assumptions()}
    assert set(w.assumed.values()) <= known
    assert w.assumed["payload.request"] == "payload_request"
    assert w.assumed["traffic.rate"] == "traffic_rate"
    assert w.assumed["traffic.bursts.peak"] == "bursts_peak"
    assert w.payload.request_bytes == assumption("payload_request").base
    assert w.rate_per_s == assumption("traffic_rate").base
    assert w.batch is None
    assert w.objective.latency is None
    assert [one.key for one in w.assumptions] == list(dict.fromkeys(w.assumed.values()))
    for section in (w.model, w.work[0], w.payload, w.objective, w.purchase):
        assert section is not None
    assert None not in (w.region, w.task, w.model.memory_mib, w.work[0].on, w.work[0].workers, w.objective.prefer)


def test_a_lot_alone_has_no_stream_and_its_record_is_its_request() -> None:
    w = Workload(name="x", batch={"records": "5 million", "record_size": "2 KB", "every": "1 day"})
    assert not w.streams
    assert w.has_batch
    assert w.rate_per_s == w.peak_per_s == 0.0
    assert w.payload.request_bytes == 2000
    assert w.assumed["payload.request"] == "records_per_request"
    assert w.batch is not None
    assert w.batch.deadline_s == 86400 * float(assumption("batch_deadline_share").base)


def test_memory_follows_from_size_by_the_assumed_factor() -> None:
    factor = assumption("model_memory_factor").base
    assert isinstance(factor, float)
    w = Workload(name="x", model={"size_bytes": 100 * 2**20})
    assert w.model.memory_mib == pytest.approx(100 * factor)
    assert w.assumed["model.memory"] == "model_memory_factor"


def test_the_largest_request_follows_from_the_mean_by_the_assumed_factor() -> None:
    factor = assumption("payload_request_max_factor").base
    assert isinstance(factor, float)
    assert Workload(name="x", payload={"request": "10 KB"}).payload.request_max_bytes == round(10_000 * factor)


@pytest.mark.parametrize(
    ("mean", "largest"),
    [
        # Four times the mean; the next limit (4 MB, 25 MB, 1 GB) where that lies between, half as much above the mean.
        ("1 MB", 4_000_000),
        ("2 MB", 4_000_000),
        ("3 MB", 12_000_000),
        ("10 MB", 25_000_000),
        ("20 MB", 80_000_000),
        ("400 MB", 1_000_000_000),
        ("700 MB", 2_800_000_000),
    ],
)
def test_an_assumed_largest_size_breaks_no_limit_that_the_mean_keeps(mean: str, largest: int) -> None:
    w = Workload(name="x", payload={"request": mean})
    assert w.payload.request_max_bytes == largest
    assert w.assumed["payload.request_max"] == "payload_request_max_factor"


def test_a_factor_of_ones_own_is_kept_whatever_it_breaks() -> None:
    w = Workload(name="x", payload={"request": "400 MB"}, platform={"payload_request_max_factor": "4x"})
    assert w.payload.request_max_bytes == 1_600_000_000


def _longer(mean_s: float, cv: float, log_s: float) -> float:
    """The share of a log-normal law above a time; ln X is normal: variance ln(1 + cv^2), mean ln m less half of it."""
    variance = math.log(1 + cv * cv)
    return 1 - NormalDist(math.log(mean_s) - variance / 2, math.sqrt(variance)).cdf(log_s)


@pytest.mark.parametrize(("minutes", "errors"), [(30, 0.001), (30, 0.01), (20, 0.001), (15, 0.001)])
def test_an_assumed_spread_does_not_break_the_hour_that_the_mean_keeps(minutes: float, errors: float) -> None:
    given = {"on": "ml.m5.4xlarge", "mean": f"{minutes} min"}
    w = Workload(name="x", work=[given], objective={"errors": f"{errors:%}"})
    cv, log_hour = w.work[0].cv, math.log(3600)
    assert cv is not None
    # The largest of two digits with which a quarter of the errors allowed come of it.
    assert _longer(60 * minutes, cv, log_hour) <= errors / 4 < _longer(60 * minutes, cv + 0.01, log_hour)
    assert w.assumed["work.0.cv"] == "work_cv"


@pytest.mark.parametrize("mean", ["1 min", "50 min", "2 h"])
def test_a_spread_is_assumed_as_ever_where_it_breaks_nothing_or_nothing_helps(mean: str) -> None:
    w = Workload(name="x", work=[{"on": "ml.m5.4xlarge", "mean": mean}])
    assert w.work[0].cv == assumption("work_cv").base
    own = Workload(name="x", work=[{"on": "ml.m5.4xlarge", "mean": "30 min"}], platform={"work_cv": 0.5})
    assert own.work[0].cv == 0.5


def test_an_assumed_mean_never_passes_a_stated_largest() -> None:
    w = Workload(name="x", payload={"request_max": "10 B"})
    assert w.payload.request_bytes == 10


def test_the_framework_decides_the_archetype() -> None:
    for framework, kind in (
        ("XGBoost", "trees"),
        ("PyTorch", "deep"),
        ("Hugging Face", "transformer"),
        ("vLLM", "llm"),
    ):
        w = Workload(name="x", model={"framework": framework})
        assert w.assumed["work.0.mean"] == f"archetype_{kind}_mean"
        assert w.accelerator == assumption(f"archetype_{kind}_accelerator").base


def test_a_need_for_a_gpu_makes_the_accelerator_required() -> None:
    assert Workload(name="x", needs=["gpu"]).accelerator == "required"
    with pytest.raises(ProfileError, match="the needs name a gpu"):
        Workload(name="x", needs=["gpu"], model={"accelerator": "none"})


def test_several_models_have_a_popularity_and_shares_count_them() -> None:
    w = Workload(name="x", model={"count": 400})
    assert w.model.popularity is not None
    assert w.assumed["model.popularity"] == "model_popularity_zipf"
    assert Workload(name="x", model={"popularity": {"shares": ["50 %", "30 %", "20 %"]}}).model.count == 3
    with pytest.raises(ProfileError, match="3 shares for 4 models"):
        Model(count=4, popularity={"shares": [0.5, 0.3, 0.2]})


def test_the_platform_overrides_assumptions_and_quotas() -> None:
    w = Workload(name="x", platform={"serverless_keep_alive": "10 min", "payload_request": "9 KB"})
    assert w.assume("serverless_keep_alive") == 600
    assert w.overridden("serverless_keep_alive")
    assert w.payload.request_bytes == 9000
    assert "payload_request" not in {one.key for one in w.assumptions}
    assert w.limit("serverless.invoke_timeout") == 60
    raised = Workload(name="x", platform={"serverless.account_concurrency_new": 1000})
    assert raised.limit("serverless.account_concurrency_new") == 1000
    assert w.with_({"platform.serverless.account_concurrency_new": 1000}).overridden(
        "serverless.account_concurrency_new"
    )
    with pytest.raises(ProfileError, match="AWS does not raise it"):
        Workload(name="x", platform={"serverless.invoke_timeout": "80 s"})
    with pytest.raises(ProfileError, match="did you mean serverless_keep_alive"):
        Workload(name="x", platform={"serverless_keep_alve": "10 min"})
    with pytest.raises(ProfileError, match=r"platform\.serverless_keep_alive: 10 has no unit"):
        Workload(name="x", platform={"serverless_keep_alive": 10})


def test_a_changed_copy_keeps_what_was_given_and_assumes_the_rest_anew() -> None:
    w = Workload(name="x", traffic={"rate": "40 per second"}, payload={"request": "4 KB"})
    faster = w.with_({"traffic.rate": "10 per second", "payload.request": "8 KB", "objective.p99": "1 s"})
    assert faster.rate_per_s == 10
    assert faster.payload.request_max_bytes == 2 * w.payload.request_max_bytes
    assert faster.objective.latency == ("p99", 1.0)
    assert w.rate_per_s == 40
    assert faster.with_({"traffic.rate_per_s": 40, "payload.request_bytes": 4000, "objective.p99": None}) == w
    assert w.with_({"payload": None}).assumed["payload.request"] == "payload_request"
    assert w.with_({"work.0": {"on": "ml.m5.large", "mean": "1 s"}}).with_({"work.0.mean": "2 s"}).work[0].mean == 2.0
    assert w.with_({"platform.serverless_keep_alive": "9 min"}).assume("serverless_keep_alive") == 540


def test_a_change_that_cannot_be_is_refused() -> None:
    w = Workload(name="x")
    with pytest.raises(ProfileError, match="did you mean rate"):
        w.with_({"traffic.rat": "10 per second"})
    with pytest.raises(UnknownName, match="not a place in a list"):
        w.with_({"work.7.mean": "1 s"})
    with pytest.raises(InputError):
        w.with_({"traffic.rate": 10})
    with pytest.raises(InputError):
        w.with_({"name.first": "x"})


def test_scaling_multiplies_the_rate_and_every_class() -> None:
    classes = [{"name": "a", "rate": "10 per second"}, {"name": "b", "rate": "30 per second"}]
    w = Workload(name="x", traffic={"classes": classes}).scaled(rate=10)
    assert w.rate_per_s == pytest.approx(400)
    assert w.traffic is not None
    assert [one.rate_per_s for one in w.traffic.classes] == [100, 300]
    assert Workload(name="x", traffic={"rate": "40 per second"}).scaled(rate=0.25).rate_per_s == 10
    assert Workload(name="x").scaled(rate=3).rate_per_s == 3 * float(assumption("traffic_rate").base)
    lots = Workload(name="x", batch={"records": 1000})
    assert lots.scaled(records=2).with_({"batch.records": 1000}) == lots
    with pytest.raises(InputError, match="no traffic to scale"):
        lots.scaled(rate=2)
    with pytest.raises(InputError, match="a scale of 0"):
        w.scaled(rate=0)


def test_equal_content_is_equal_and_hashes_alike() -> None:
    text = "name: x\npayload: {request: 4 KB}\nwork: [{on: ml.m5.large, at: {1: 1 s}}]\n"
    one, other = (
        reads(text),
        Workload(name="x", payload=Payload(request="4 KB"), work=[Work(on="ml.m5.large", at={1: "1 s"})]),
    )
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1
    assert one != one.with_({"payload.request": "5 KB"})
    # An assumed value is not a stated one, be they the same.
    assert Workload(name="x") != Workload(name="x", payload={"request": str(assumption("payload_request").value)})


def test_a_workload_goes_round_by_yaml_dict_repr_and_pickle() -> None:
    spikes = "[{at: day 3 14:00, height: 20x, lasts: 20 min}]"
    w = reads(f"name: x\ntraffic: {{rate: 40 per second, day: office, spikes: {spikes}}}\nneeds: [vpc]\n")
    assert reads(w.to_yaml()) == w
    assert Workload(**w.to_dict()) == w
    assert eval(repr(w), vars(room)) == w
    again = pickle.loads(pickle.dumps(w))
    assert again == w
    assert again.where("traffic.rate") == "profile:2"
    built = Workload(name="x", traffic=Traffic(rate_per_s=0.1, spikes=[{"at_s": 3661, "height": 2, "lasts_s": 0.1}]))
    assert reads(built.to_yaml()) == built


def test_a_workload_shows_what_was_given_and_what_was_assumed() -> None:
    table = reads("name: x\npayload: {request: 4 KB}\n").table()
    assert ("payload.request", "4 KB", "given on line 2") in table.rows
    assert ("traffic.rate", str(assumption("traffic_rate").value), "assumed: traffic_rate") in table.rows
    assert "payload.request" in reads("name: x\npayload: {request: 4 KB}\n")._repr_html_()


def test_where_is_the_line_of_what_was_given_nearest_above() -> None:
    w = reads("name: x\n\npayload:\n  request: 4 KB\nplatform: {serverless_keep_alive: 9 min}\n", "p.yaml")
    assert w.where("payload.request") == w.where("payload.request_bytes") == "p.yaml:4"
    assert w.where("payload.response_max") == "p.yaml:3"
    assert w.where("objective.p99") == "p.yaml"
    assert Workload(name="built").where("payload.request") == "built"
    assert w.given("payload.request")
    assert w.given("payload")
    assert not w.given("payload.response")
    assert not w.given("objective")


def test_the_strictest_latency_is_the_highest_percentile() -> None:
    objective = Objective(p50="50 ms", p99="150 ms", mean="60 ms")
    assert objective.latency == ("p99", 0.150)
    assert objective.latencies == (("p99", 0.150), ("p50", 0.050), ("mean", 0.060))
    assert Objective(mean="60 ms").latency == ("mean", 0.060)
    with pytest.raises(ProfileError, match="p99 of 150 ms is below p95 of 200 ms"):
        Objective(p95="200 ms", p99="150 ms")


def test_a_savings_plan_is_filled_by_assumptions() -> None:
    w = Workload(name="x", purchase={"savings_plan": {"discount": "40 %", "term": "1 year"}, "free_tier": "no"})
    plan = w.purchase.savings_plan
    assert plan is not None
    assert (plan.discount, plan.term_s) == (0.4, 8760 * 3600)
    assert "real-time" in plan.covers
    assert w.assumed["purchase.savings_plan.covers"] == "savings_plan_covers"
    assert w.purchase.free_tier is False


def test_needs_that_contradict_the_objective_are_refused() -> None:
    assert Workload(name="x", needs=["no-cold-start"]).objective.cold_starts == "avoid"
    with pytest.raises(ProfileError, match="the needs say no-cold-start"):
        Workload(name="x", needs=["no-cold-start"], objective={"cold_starts": "allow"})
