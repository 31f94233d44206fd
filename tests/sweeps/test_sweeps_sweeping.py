"""A sweep: the right rows with the right types, the same ones whoever computes them, and words where it cannot be."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import advisor as ad
from advisor.errors import InputError
from advisor.sweeps.cells import Cell, Sweep
from advisor.sweeps.stamp import stamp
from advisor.sweeps.sweeping import _next_size, block
from tests.small import SMALL

PROFILE = f"""{SMALL}payload: {{request: 4 KB, request_max: 30 KB}}
"""
NAMES = {"real-time", "serverless", "asynchronous", "batch-transform", "multi-model"}


@pytest.fixture(scope="module")
def w() -> ad.Workload:
    return ad.reads(PROFILE)


@pytest.fixture(scope="module")
def simulated(w: ad.Workload) -> pd.DataFrame:
    """Four cells of one pattern, simulated by one thread."""
    return ad.whatif(w, vary=GRID, pattern="serverless", replications=1, seed=3, n_jobs=1)


GRID = {"traffic.rate": [0.01, 0.05], "deployment.memory": ["2 GB", "3 GB"]}


def test_one_cell_is_what_simulating_that_deployment_gives(w: ad.Workload, simulated: pd.DataFrame) -> None:
    row = simulated.iloc[3]
    assert (row["traffic.rate"], row["deployment.memory"]) == (0.05, "3 GB")
    moved = w.with_({"traffic.rate": "3 per minute"})
    [judged] = ad.check(moved, pattern="serverless", sets={"memory": "3 GB"}).patterns
    direct = ad.simulate(moved, judged.deployment, seed=3, replications=1)
    assert row["id"] == judged.deployment.id
    assert row["usd_per_month"] == float(direct.usd_per_month.value)
    assert row["p99_s"] == direct.latency_s["p99"].value
    assert row["error_share"] == direct.error_share.value
    assert row["replications"] == 1


def test_columns_have_types(simulated: pd.DataFrame) -> None:
    kinds = simulated.dtypes.astype(str)
    assert kinds["cell"] == "int64"
    assert kinds["traffic.rate"] == "float64"
    assert kinds["pattern"] == "category"
    assert kinds["meets_objective"] == "boolean"
    assert kinds["rank"] == "Int64"
    assert kinds["usd_per_month"] == kinds["p99_s"] == "float64"
    assert isinstance(simulated.dtypes["deployment.memory"], pd.StringDtype)
    assert list(simulated.columns[:3]) == ["cell", "traffic.rate", "deployment.memory"]


def test_more_requests_cost_more_where_requests_are_paid_for(simulated: pd.DataFrame) -> None:
    cheap, dear = (simulated[simulated["traffic.rate"] == rate] for rate in (0.01, 0.05))
    assert (dear["usd_per_month"].to_numpy() > 3 * cheap["usd_per_month"].to_numpy()).all()


def test_two_threads_give_the_same_frame_as_one(w: ad.Workload, simulated: pd.DataFrame) -> None:
    again = ad.whatif(w, vary=GRID, pattern="serverless", replications=1, seed=3, n_jobs=2)
    pd.testing.assert_frame_equal(again, simulated, check_exact=True)


def test_processes_give_the_same_frame_as_one_thread(w: ad.Workload, simulated: pd.DataFrame) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        again = ad.whatif(w, vary=GRID, pattern="serverless", replications=1, seed=3, executor=pool)
    pd.testing.assert_frame_equal(again, simulated, check_exact=True)


def test_another_seed_gives_other_latencies(w: ad.Workload, simulated: pd.DataFrame) -> None:
    other = ad.whatif(w, vary=GRID, pattern="serverless", replications=1, seed=4)
    assert (other["mean_s"] != simulated["mean_s"]).any()


def test_every_pattern_is_there_in_every_cell_with_figures_or_a_reason(w: ad.Workload) -> None:
    found = ad.whatif(w, vary={"needs": [[], ["vpc"]]}, how="estimate")
    for _, cell in found.groupby("cell"):
        assert set(cell["pattern"]) == NAMES
        assert len(cell) == len(NAMES)
        assert cell["best"].sum() == 1
        assert (cell["usd_per_month"].notna() | cell["why_not"].notna()).all()
        ranks = cell["rank"].dropna().tolist()
        assert ranks == list(range(1, len(ranks) + 1))
    # A private network rules serverless out, as AWS offers none there.
    serverless = found[found["pattern"] == "serverless"].set_index("cell")
    assert pd.notna(serverless.loc[0, "usd_per_month"])
    assert "SL-" in serverless.loc[1, "why_not"]


def test_a_recommended_cell_is_what_recommend_gives(root: Path) -> None:
    w = ad.read(root / "workloads" / "fraud-scoring.yaml")
    found = ad.whatif(w, vary={"traffic.rate": [2]}, seed=2)
    answer = ad.recommend(w.with_({"traffic.rate": "2 per second"}), seed=2, explain=False)
    assert answer.best is not None
    [best] = found[found["best"].fillna(False)].to_dict("records")
    assert best["id"] == answer.best.id
    assert best["usd_per_month"] == float(answer.best.usd_per_month)
    assert best["p99_s"] == answer.best.latency_s("p99")
    assert set(found["pattern"]) == NAMES
    assert set(found.loc[found["why_not"].notna(), "pattern"]) >= {one.pattern for one in answer.refused}


def test_a_price_that_the_profile_states_is_the_one_that_is_paid(w: ad.Workload) -> None:
    found = ad.whatif(w, vary={"platform.s3_put_price": [0.005, 0.105]}, how="estimate", pattern="asynchronous")
    more = found["usd_per_month"].iloc[1] - found["usd_per_month"].iloc[0]
    # One request a minute is 43,800 a month of 730 hours; ten cents more for a thousand puts is 4.38 a month for each
    # put that a request makes.
    puts = more / 4.38
    assert puts == pytest.approx(round(puts), abs=0.01)
    assert 1 <= round(puts) <= 4


def test_a_cell_that_no_profile_can_be_is_a_row_with_the_reason(w: ad.Workload) -> None:
    found = ad.whatif(
        w, vary={"payload.request": ["4 KB", "1 MB"], "payload.request_max": ["30 KB", "2 MB"]}, how="estimate",
        pattern="serverless",
    )  # fmt: skip
    assert found["usd_per_month"].notna().tolist() == [True, True, False, True]
    assert "30 KB, is smaller than the mean" in found["why_not"].iloc[2]


def test_settings_need_to_fit_together_in_their_cell_only(w: ad.Workload) -> None:
    # At most one instance goes with one as the least, and not with two.
    found = ad.whatif(
        w, vary={"deployment.min_instances": [1, 2]}, pattern="real-time", how="estimate",
        sets={"max_instances": 1, "scaling": "none", "target": None},
    )  # fmt: skip
    assert found["usd_per_month"].notna().tolist() == [True, False]
    assert "max_instances=1 is below min_instances=2" in found["why_not"].iloc[1]


def test_a_setting_that_aws_refuses_is_a_row_with_the_rule(w: ad.Workload) -> None:
    found = ad.whatif(w, vary={"deployment.memory": ["2 GB", "7 GB"]}, pattern="serverless", how="estimate")
    assert pd.isna(found["why_not"].iloc[0])
    assert "SL-" in found["why_not"].iloc[1]
    assert pd.isna(found["usd_per_month"].iloc[1])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"vary": {}}, "nothing is varied"),
        ({"vary": {"traffic.rte": [1]}}, "did you mean rate"),
        ({"vary": {"traffic.rate": ["fast", "slow"]}}, "is not a rate"),
        ({"vary": {"deployment.memory": ["2 GB"]}}, "no pattern is named"),
        ({"vary": {"traffic.rate": [1]}, "pattern": "serverles"}, "serverless"),
        ({"vary": {"traffic.rate": [1]}, "how": "guess"}, "no way to answer"),
        ({"vary": {"traffic.rate": [1]}, "sets": {"memory": "2 GB"}}, "without a pattern"),
        ({"vary": {"traffic.rate": [1]}, "n_jobs": 0}, "n_jobs=0"),
        ({"vary": {"traffic.rate": [1]}, "pattern": "serverless", "how": "estimate", "replications": 2}, "repeated"),
        ({"vary": {"deployment.memory": ["much"]}, "pattern": "serverless"}, "memory"),
        ({"vary": {"traffic.rate": [1]}, "pattern": "serverless", "sets": {"memori": "2 GB"}}, "did you mean memory"),
    ],
)
def test_what_cannot_be_swept_is_told_before_anything_is_computed(w: ad.Workload, call: dict, says: str) -> None:
    told: list[tuple[int, int]] = []
    with pytest.raises(InputError, match=says):
        ad.whatif(w, **call, progress=lambda done, total: told.append((done, total)))
    assert not told or told == [(0, 1)]


def test_a_path_is_no_workload() -> None:
    with pytest.raises(InputError, match="read it first"):
        ad.whatif("workloads/fraud-scoring.yaml", vary={"traffic.rate": [1]})


def test_progress_goes_from_none_to_all_cells(w: ad.Workload) -> None:
    told: list[tuple[int, int]] = []
    ad.whatif(
        w, vary={"traffic.rate": "0.001..0.1:log12"}, how="estimate", pattern="serverless",
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[0] == (0, 12)
    assert told[-1] == (12, 12)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_stored_sweep_goes_on_where_it_failed_and_does_nothing_twice(
    w: ad.Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.sweeps import sweeping

    asked: list[int] = []
    real = sweeping.rows

    def failing(sweep: Sweep, cell: Cell) -> list[dict]:
        asked.append(cell.number)
        if cell.number == 4 and asked.count(4) == 1:
            raise MemoryError
        return real(sweep, cell)

    monkeypatch.setattr(sweeping, "rows", failing)
    call = {"vary": {"traffic.rate": "0.001..0.1:log6"}, "how": "estimate", "pattern": "serverless", "n_jobs": 1}
    with pytest.raises(MemoryError):
        ad.whatif(w, **call, store=tmp_path / "kept")
    before = list(asked)
    resumed = ad.whatif(w, **call, store=tmp_path / "kept")
    assert 0 in before
    assert 0 not in asked[len(before) :]
    assert set(asked[len(before) :]) >= {4, 5}
    pd.testing.assert_frame_equal(resumed, ad.whatif(w, **call), check_exact=True)
    with pytest.raises(InputError, match="another sweep"):
        ad.whatif(w, **{**call, "seed": 1}, store=tmp_path / "kept")


def test_a_replayed_file_that_changed_is_another_sweep(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("arrival_s\n" + "\n".join(str(n * 7.0) for n in range(500)))
    (tmp_path / "p.yaml").write_text(PROFILE.replace("{rate: 1 per minute}", "{replay: a.csv}"))
    call = {"vary": {"deployment.memory": ["2 GB", "3 GB"]}, "how": "estimate", "pattern": "serverless"}
    ad.whatif(ad.read(tmp_path / "p.yaml"), **call, store=tmp_path / "kept")
    (tmp_path / "a.csv").write_text("arrival_s\n" + "\n".join(str(n * 3.0) for n in range(900)))
    with pytest.raises(InputError, match="another sweep"):
        ad.whatif(ad.read(tmp_path / "p.yaml"), **call, store=tmp_path / "kept")


def test_a_worker_of_another_version_gives_no_answers(w: ad.Workload) -> None:
    mine = stamp(w)
    sweep, cells = Sweep(workload=w, how="estimate", pattern="serverless"), [Cell(0, {})]
    assert block(sweep, cells, mine)[0][0][0] == 0
    with pytest.raises(InputError, match="same version"):
        block(sweep, cells, ("0.0.1", *mine[1:]))


def test_blocks_grow_to_half_a_second_and_not_beyond_four_times_the_last() -> None:
    assert _next_size(1, 0.001) == 4
    assert _next_size(64, 0.064) == 256
    assert _next_size(256, 0.256) == 500
    assert _next_size(500, 1.0) == 250
    assert _next_size(1, 20.0) == 1
    assert _next_size(10_000, 0.0) == 4096
