"""The spaces that a search goes through: chains by size, bounded by need and quota, the first guess among them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import advisor as ad
from advisor.patterns import PATTERNS, Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.patterns.foresight_space import busiest_per_s, counts, tidy
from advisor.rules.estimates import capacity_per_s, usable_memory_mib
from advisor.workload import Workload
from advisor.workload.read import reads

PROFILES = sorted((Path(__file__).parents[2] / "workloads").glob("*.yaml"))
EACH = [pytest.param(path, id=path.stem) for path in PROFILES]
KINDS = [pytest.param(pattern, id=pattern.name) for pattern in PATTERNS]


def size_of(d: Pattern) -> tuple[float, ...]:
    """What makes a deployment larger, in the order in which a chain grows by it."""
    if isinstance(d, Serverless):
        return (d.max_concurrency, d.provisioned_concurrency)
    if isinstance(d, BatchTransform):
        return (d.instances,)
    assert isinstance(d, RealTime | MultiModel | Asynchronous)
    return (d.max_instances, d.min_instances)


def parse(**sections: str) -> Workload:
    held = {
        "name": "plain",
        "region": "us-east-1",
        "model": "{size: 100 MB, memory: 500 MB, framework: xgboost, accelerator: none}",
        "work": "[{on: ml.c5.xlarge, mean: 50 ms, cv: 1, workers: 4}]",
        "traffic": "{rate: 100 per second, shape: steady}",
        **sections,
    }
    return reads("\n".join(f"{key}: {value}" for key, value in held.items()))


@pytest.mark.parametrize("pattern", KINDS)
@pytest.mark.parametrize("path", EACH)
def test_a_space_is_small_has_no_twins_and_holds_the_first_guess(path: Path, pattern: type[Pattern]) -> None:
    w = ad.read(path)
    chains = pattern.space(w)
    members = [one for chain in chains for one in chain]
    assert len(chains) <= 60
    assert 0 < len(members) <= 600
    assert all(chains)
    assert len({one.id for one in members}) == len(members)
    assert pattern.start(w).id in {one.id for one in members}
    assert pattern.space(w) == chains


@pytest.mark.parametrize("path", EACH)
def test_the_first_guess_is_not_taken_out_of_the_chain_that_it_stands_in(path: Path) -> None:
    # A search that walks from one instance to three would step over the first guess of two.
    w = ad.read(path)
    for chain in MultiModel.space(w):
        if chain[0].scaling == "none":
            least = chain[0].min_instances
            assert [one.min_instances for one in chain[:3]] == list(range(least, least + len(chain[:3])))


@pytest.mark.parametrize("pattern", KINDS)
@pytest.mark.parametrize("path", EACH)
def test_chains_grow(path: Path, pattern: type[Pattern]) -> None:
    for chain in pattern.space(ad.read(path)):
        sizes = [size_of(one) for one in chain]
        assert all(all(b >= a for a, b in zip(less, more, strict=True)) for less, more in pairwise(sizes)), sizes
        assert len({one.place for one in chain}) == 1


@pytest.mark.parametrize("path", EACH)
def test_types_are_sold_where_the_workload_is_and_the_model_fits_the_extrapolated_ones(path: Path) -> None:
    from advisor.catalog.instances import offered
    from advisor.catalog.prices import price_book

    w, book = ad.read(path), price_book()
    first = RealTime.start(w).instance_type
    for name in {one.instance_type for chain in RealTime.space(w) for one in chain} - {first}:
        assert offered(name, "Hosting")
        assert book.find(w.region, "Hosting", name) is not None
        if w.work_on(name).evidence != "measured":
            assert w.model.memory_mib <= usable_memory_mib(w, name)


def test_a_chain_ends_where_more_would_shorten_nothing_and_the_quota_bounds_it() -> None:
    # 100 a second on 80 a second an instance of four: 5 in service at once, with 6 x sqrt(5) to spare 18.4 of four.
    w = parse()
    fixed = [one.min_instances for one in RealTime.space(w)[0]]
    assert fixed == [1, 2, 3, 4, 5]
    busy = parse(traffic="{rate: 4000 per second, shape: steady}", platform="{quota.instances_per_endpoint: 80}")
    assert max(one.max_instances for chain in RealTime.space(busy) for one in chain) == 80
    assert busiest_per_s(busy) / capacity_per_s(busy.work_on("ml.c5.xlarge")) == pytest.approx(50)


def test_counts_are_each_at_first_and_grow_by_a_seventh_later() -> None:
    assert counts(1, 1, 100) == [1, 2, 3]
    assert counts(2, 4, 100) == [2, 3, 4, 5, 6, 7, 8]
    assert counts(1, 50, 60)[-1] == 60
    assert len(counts(1, 500, 10_000)) == 20
    assert counts(1, 500, 10_000)[-1] == 1000
    assert counts(5, 1, 3) == [5]
    found = counts(1, 15, 1000)
    assert found[:10] == list(range(1, 11))
    assert found[-1] == 30
    assert all(b - a <= max(1, round(a / 7)) for a, b in pairwise(found))


def test_two_zones_ask_for_two_instances() -> None:
    w = parse(needs="[multi-az]")
    assert min(one.min_instances for chain in RealTime.space(w) for one in chain) == 2


def test_streams_scale_by_what_is_in_flight() -> None:
    w = parse(
        traffic="{rate: 400 per second, bursts: {peak: 3x, cv: 0.5, length: 10 min}}",
        needs="[streaming]",
    )
    metrics = {one.scaling for chain in RealTime.space(w) for one in chain}
    assert metrics == {"none", "concurrency"}


def test_where_nothing_is_measured_a_few_cheap_types_are_looked_at() -> None:
    w = reads("name: bare\nregion: us-east-1\ntraffic: {rate: 5 per second}\n")
    types = {one.instance_type for chain in RealTime.space(w) for one in chain}
    assert 2 <= len(types) <= 6


def test_serverless_keeps_memories_that_hold_the_model() -> None:
    w = parse(model="{size: 1 GB, memory: 3 GB, framework: xgboost, accelerator: none}")
    memories = {one.memory_mib for chain in Serverless.space(w) for one in chain}
    assert memories == {4096, 5120, 6144}


def test_jobs_of_a_stream_come_as_seldom_as_the_first_guess_and_sooner() -> None:
    w = parse(objective="{p95: 6 hours}")
    every = {one.every_s for chain in BatchTransform.space(w) for one in chain}
    assert max(every) == BatchTransform.start(w).every_s
    assert len(every) == 3


def test_no_more_instances_than_files_and_none_that_only_stands_idle() -> None:
    w = parse(
        batch="{records: 6 million, record_size: 2 KB, files: 6, every: 1 day, deadline: 1 hour}",
        platform="{quota.instances_all_transform_jobs: 50}",
    )
    for chain in BatchTransform.space(w):
        numbers = [one.instances for one in chain]
        # 4 and 5 instances have two files on the busiest, as 3 have.
        assert set(numbers) <= {1, 2, 3, 6} | {BatchTransform.start(w).instances}


def test_a_fleet_may_sleep_only_where_one_zone_does() -> None:
    assert 0 in {one.min_instances for chain in Asynchronous.space(parse()) for one in chain}
    two = parse(needs="[multi-az]")
    assert min(one.min_instances for chain in Asynchronous.space(two) for one in chain) == 2


def test_tidy_keeps_the_first_of_twins_and_thins_long_chains_to_their_ends() -> None:
    class One:
        def __init__(self, name: str) -> None:
            self.id = name

    twin = [One("a"), One("b")]
    assert [[one.id for one in chain] for chain in tidy([twin, [One("b"), One("c")], twin])] == [["a", "b"], ["c"]]
    long = [[One(f"{n}-{m}") for m in range(30)] for n in range(40)]
    found = tidy(long)
    assert sum(map(len, found)) <= 600
    assert all(chain[0].id.endswith("-0") and chain[-1].id.endswith("-29") for chain in found)
    assert len(tidy([[One(str(n))] for n in range(100)])) == 60
