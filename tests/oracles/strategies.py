"""Random small cases for every pattern: loads around capacity, schedules, faults, and as many ties as luck gives.

`SEEDED[pattern](seed, size)` makes one case from a seed; the first requests of a case do not depend on `size`, so
hypothesis shrinks by size. `cases(pattern)` is the hypothesis strategy over both. Instants lie on a coarse tick in most
cases (ties everywhere) and on the bare grid in the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from .case import (
    BACKLOG,
    CONCURRENCY,
    INVOCATIONS,
    NEVER,
    UTILISATION,
    Client,
    Loss,
    Request,
    Scaling,
    Scheduled,
    StepFromZero,
    TargetTracking,
    ZoneLoss,
    to_grid,
)
from .case_patterns import (
    FEWEST,
    LEAST_OUTSTANDING,
    LOWEST,
    RANDOM,
    AsynchronousCase,
    BatchCase,
    Batching,
    Case,
    LoadCurve,
    Model,
    MultiModelCase,
    RealTimeCase,
    ServerlessCase,
    Workers,
)
from .dice import Dice, draw_requests


def draw_client(dice: Dice, tick: float) -> Client:
    """Patient and impatient callers."""
    return Client(
        attempts=dice.pick(1, 1, 2, 3, 5),
        base_s=dice.pick(1.0, tick, 0.0, 2 * tick),
        growth=dice.pick(2.0, 2.0, 1.0, 1.7, 3.0),
        cap_s=dice.pick(NEVER, 3.0),
        limit_s=dice.pick(60.0, 60.0, 4 * tick, 10 * tick, NEVER),
        payload_max=dice.pick(NEVER, NEVER, 1900.0),
        fail_share=dice.pick(0.0, 0.0, 0.125, 0.3),
    )


def draw_tracking(dice: Dice, metric: str, target: float, period_s: float) -> TargetTracking:
    """A policy that moves within the length of a small case; with a period of ten seconds, often and soon."""
    if period_s == 10.0:
        return TargetTracking(
            metric=metric,
            target=target,
            period_s=period_s,
            out_datapoints=dice.pick(1, 1, 2, 3),
            in_datapoints=dice.pick(2, 3, 15),
            in_ratio=dice.pick(0.9, 0.5, 0.8),
            lag_s=dice.pick(0.0, 0.0, 10.0, 5.0),
            out_cooldown_s=dice.pick(30.0, 60.0, 120.0, 300.0, 0.0),
            in_cooldown_s=dice.pick(0.0, 20.0, 60.0, 300.0),
        )
    return TargetTracking(
        metric=metric,
        target=target,
        period_s=period_s,
        out_datapoints=dice.pick(3, 3, 1, 2),
        in_datapoints=dice.pick(15, 5, 3),
        in_ratio=dice.pick(0.9, 0.9, 0.5, 0.8),
        lag_s=dice.pick(0.0, period_s, 60.0, 0.5 * period_s),
        out_cooldown_s=dice.pick(300.0, 60.0, 0.0, 2 * period_s),
        in_cooldown_s=dice.pick(300.0, 60.0, 0.0, 2 * period_s),
    )


def draw_scaling(
    dice: Dice, tick: float, policies: Sequence[TargetTracking | StepFromZero], lowest: int, *, faults: bool = True
) -> Scaling:
    """Bounds, schedule, launches, faults."""
    lowest = dice.pick(lowest, lowest, 1, 2)
    highest = lowest + dice.whole(1, 8)
    lively = any(policy.period_s == 10.0 for policy in policies)
    moves = dice.pick(0, 0, 0, 1, 2, 3)
    schedule, at = [], 0.0
    for _ in range(moves):
        at += tick * dice.whole(0, 60)
        if dice.chance(0.5):  # as metrics are read
            at = 10.0 * (at // 10 + 1) if lively else 60.0 * (at // 60 + 1)
        low = dice.whole(min(lowest, 1), 4)
        schedule.append(Scheduled(at_s=to_grid(at), lowest=low, highest=low + dice.whole(0, 3)))
    losses: list[Loss | ZoneLoss] = []
    zones = dice.pick(1, 1, 2, 3)
    if faults and dice.chance(0.35):
        at = 0.0
        for _ in range(dice.whole(1, 3)):
            at = to_grid(at + tick * dice.whole(0, 50))
            losses.append(
                ZoneLoss(at_s=at, zone=dice.whole(0, zones - 1), lasts_s=tick * dice.whole(1, 60))
                if dice.chance(0.3)
                else Loss(at_s=at, which=dice.unit())
            )
    lengths = (5.0, 10.0, 20.0, 20.0, 2.5, 60.0, 150.0) if lively else (tick, 3 * tick, 10 * tick, 60.0, 60.0, 90.5)
    launch_s = tuple(dice.pick(*lengths) for _ in range(dice.whole(1, 4)))
    if losses and schedule and dice.chance(0.5):  # a loss as something is ready
        losses[0] = Loss(at_s=schedule[0].at_s + launch_s[0], which=dice.pick(0.0, 0.99))
        losses.sort(key=lambda loss: loss.at_s)
    return Scaling(
        initial=dice.whole(lowest, highest),
        lowest=lowest,
        highest=highest,
        policies=tuple(policies),
        schedule=tuple(schedule),
        launch_s=launch_s,
        refused=tuple(faults and dice.chance(0.1) for _ in range(dice.whole(1, 5))),
        serial=dice.chance(0.5),
        in_one_at_a_time=dice.chance(0.4),
        zones=zones,
        losses=tuple(losses),
        bill_from_launch=dice.chance(0.7),
    )


def clock_of(dice: Dice, requests: tuple[Request, ...], tick: float) -> dict[str, float]:
    """Window and stop: mostly long after the last request, sometimes in the middle of everything."""
    last = requests[-1].arrival if requests else 0.0
    stop = last + dice.pick(20 * tick, 300.0, 1200.0, 2400.0)
    return {
        "window_from_s": dice.pick(0.0, to_grid(last / 4)),
        "window_to_s": dice.pick(NEVER, to_grid(last / 4) + dice.whole(1, 30) * 10.0),
        "stop_s": to_grid(stop),
    }


def realtime_case(seed: int, size: int) -> RealTimeCase:
    """Workers, batches or a load curve behind a router."""
    dice = Dice(seed, 0)
    tick = dice.pick(0.5, 1.0, 5.0, 0.125)
    mean_s = tick * dice.pick(1.0, 2.0, 3.0, 10.0)
    kind = dice.pick("workers", "workers", "batching", "curve")
    server: Workers | LoadCurve
    if kind == "curve":
        steps = dice.whole(1, 6)
        server = LoadCurve(latency_s=tuple(mean_s * (1 + n * dice.pick(0.25, 0.3, 1.0)) for n in range(steps)))
    else:
        batching = Batching(
            most=dice.whole(1, 5), wait_s=tick * dice.pick(0.0, 1.0, 2.0, 7.0), marginal=dice.pick(0.0, 0.25, 0.3, 1.0)
        )
        server = Workers(
            workers=dice.pick(1, 1, 2, 3), mean_s=mean_s, batching=batching if kind == "batching" else None
        )
    policies = []
    if dice.chance(0.6):
        policies.append(draw_tracking(dice, INVOCATIONS, dice.pick(1.0, 2.0, 5.0, 6.5), dice.pick(60.0, 10.0, 10.0)))
    if dice.chance(0.5):
        policies.append(draw_tracking(dice, CONCURRENCY, dice.pick(1.0, 1.5, 2.0, 0.7), 10.0))
    scaling = draw_scaling(dice, tick, policies, lowest=1)
    requests = draw_requests(dice, seed, size, tick, dice.pick(0.5, 1.0, 3.0))
    return RealTimeCase(
        requests=requests,
        client=draw_client(dice, tick),
        server=server,
        routing=dice.pick(RANDOM, LEAST_OUTSTANDING),
        container_queue=dice.pick(100, 0, 1, 2, 5),
        timed_out_runs_on=kind != "workers" or dice.chance(0.6),
        scaling=scaling,
        **clock_of(dice, requests, tick),
    )


def serverless_case(seed: int, size: int) -> ServerlessCase:
    """On-demand containers, with and without provisioned ones."""
    dice = Dice(seed, 0)
    tick = dice.pick(0.5, 1.0, 5.0, 0.125)
    scaling = Scaling(initial=0, lowest=0, highest=0)
    if dice.chance(0.6):
        policies = []
        if dice.chance(0.7):
            policies.append(draw_tracking(dice, UTILISATION, dice.pick(0.5, 0.7, 0.9), dice.pick(60.0, 10.0, 10.0)))
        scaling = draw_scaling(dice, tick, policies, lowest=1, faults=False)
    requests = draw_requests(dice, seed, size, tick, dice.pick(0.5, 1.0, 3.0))
    return ServerlessCase(
        requests=requests,
        client=draw_client(dice, tick),
        mean_s=tick * dice.pick(1.0, 2.0, 5.0),
        max_concurrency=dice.pick(1, 2, 3, 5, 20),
        cold_mean_s=tick * dice.pick(0.0, 1.0, 4.0, 12.0),
        keep_alive_s=tick * dice.pick(1.0, 4.0, 10.0, 600.0),
        provisioned_setup_s=dice.pick(0.0, tick, 0.3 * tick),
        setup_billed=dice.chance(0.5),
        scaling=scaling,
        **clock_of(dice, requests, tick),
    )


def asynchronous_case(seed: int, size: int) -> AsynchronousCase:
    """One queue, a fleet that may sleep at zero."""
    dice = Dice(seed, 0)
    tick = dice.pick(0.5, 1.0, 5.0)
    policies: list[TargetTracking | StepFromZero] = []
    if dice.chance(0.85):
        policies.append(draw_tracking(dice, BACKLOG, dice.pick(1.0, 2.0, 5.0), dice.pick(60.0, 10.0, 10.0)))
    if dice.chance(0.6):
        policies.append(
            StepFromZero(
                period_s=dice.pick(60.0, 10.0), lag_s=dice.pick(0.0, 60.0), out_cooldown_s=dice.pick(300.0, 30.0, 0.0)
            )
        )
    scaling = draw_scaling(dice, tick, policies, lowest=0)
    requests = draw_requests(dice, seed, size, tick, dice.pick(0.5, 1.0, 3.0))
    times = clock_of(dice, requests, tick)
    mean_s = tick * dice.pick(1.0, 3.0, 10.0)
    limit = dice.pick(NEVER, tick, 2 * tick, 3 * tick, mean_s, mean_s / 2)
    return AsynchronousCase(
        requests=requests,
        client=draw_client(dice, tick),
        mean_s=mean_s,
        workers=dice.whole(1, 3),
        max_invocations=dice.whole(1, 4),
        ttl_s=dice.pick(21600.0, 20 * tick, 60.0, 4 * tick),
        timeout_s=tick * dice.pick(900.0, 10.0, 4.0),
        upload_s=dice.pick(0.0, 1.0, tick),
        download_s=dice.pick(0.0, 0.5),
        scaling=replace(scaling, drain_limit_s=limit),
        **times,
    )


def draw_sharing(dice: Dice, tick: float, mean_s: float) -> dict[str, object]:
    """Instances that several requests share: batches, or a load curve that may fall, rise or stay."""
    if dice.chance(0.5):
        most, wait_s = dice.whole(1, 5), tick * dice.pick(0.0, 1.0, 2.0, 7.0)
        return {"batching": Batching(most=most, wait_s=wait_s, marginal=dice.pick(0.0, 0.25, 0.3, 1.0))}
    steps, rise = dice.whole(1, 6), dice.pick(0.0, 0.25, 0.3, 1.0)
    return {"latency_s": tuple(mean_s * (1 + n * rise) for n in range(steps))}


def sharing_case(seed: int, size: int) -> AsynchronousCase:
    """An asynchronous endpoint whose instances answer several calls at once."""
    dice = Dice(seed, 2)
    case = asynchronous_case(seed, size)
    tick = dice.pick(0.5, 1.0, 5.0)
    return replace(
        case,
        max_invocations=dice.whole(1, 8),
        timeout_s=dice.pick(case.timeout_s, 2 * case.mean_s, 3 * case.mean_s, tick * 2.5),
        pull=dice.pick(FEWEST, FEWEST, LOWEST),
        **draw_sharing(dice, tick, case.mean_s),
    )


def batch_case(seed: int, size: int) -> BatchCase:
    """Jobs on a schedule, some of them late."""
    dice = Dice(seed, 0)
    tick = dice.pick(0.5, 1.0, 5.0)
    requests = draw_requests(dice, seed, size, tick, dice.pick(0.5, 1.0, 3.0))
    due, at = [], 0.0
    for _ in range(dice.whole(0, 6)):
        at += tick * dice.pick(0, 1, 10, 40, 100)
        due.append(to_grid(at))
    if requests and dice.chance(0.9):  # one that takes what is left
        due.append(max(at, requests[-1].arrival + tick * dice.whole(0, 2)))
    strategy = dice.pick("multi", "multi", "single", "whole")
    times = clock_of(dice, requests, tick)
    times["stop_s"] = to_grid(times["stop_s"] + dice.pick(0.0, 5000.0, 5000.0))
    return BatchCase(
        requests=requests,
        client=Client(fail_share=dice.pick(0.0, 0.0, 0.125, 0.3, 0.6)),
        mean_s=tick * dice.pick(0.5, 1.0, 3.0),
        workers=dice.whole(1, 4),
        due_s=tuple(due),
        files=dice.pick(1, 2, 3, 5, 10),
        instances=dice.whole(1, 4),
        max_transforms=dice.whole(1, 4),
        strategy=strategy,
        max_payload_bytes=dice.pick(1900, 3000, 6000, 100_000) * (10 if strategy == "whole" else 1),
        marginal=dice.pick(None, None, 0.0, 0.25, 0.3),
        timeout_s=tick * dice.pick(600.0, 600.0, 6.0, 2.0),
        retries=dice.whole(0, 3),
        provision_s=tuple(tick * dice.whole(0, 60) for _ in range(dice.whole(1, 3))),
        setup_s=tick * dice.whole(0, 10),
        upload_s=tick * dice.pick(0.0, 1.0, 3.5),
        **times,
    )


def side_by_side_case(seed: int, size: int) -> BatchCase:
    """Jobs whose instances take several objects at a time."""
    return replace(batch_case(seed, size), one_by_one=False)


def multimodel_case(seed: int, size: int) -> MultiModelCase:
    """Few or many models in a memory that holds some of them."""
    dice = Dice(seed, 0)
    tick = dice.pick(0.5, 1.0, 5.0)
    models = tuple(
        Model(size_bytes=1000 * dice.whole(1, 8), memory_mib=dice.whole(1, 8)) for _ in range(dice.pick(1, 2, 4, 8))
    )
    policies = []
    if dice.chance(0.4):
        policies.append(draw_tracking(dice, INVOCATIONS, dice.pick(1.0, 2.0, 5.0, 6.5), dice.pick(60.0, 10.0, 10.0)))
    if dice.chance(0.3):
        policies.append(draw_tracking(dice, CONCURRENCY, dice.pick(1.0, 1.5, 2.0), 10.0))
    requests = draw_requests(dice, seed, size, tick, dice.pick(0.5, 1.0, 3.0), models=len(models))
    return MultiModelCase(
        requests=requests,
        client=draw_client(dice, tick),
        models=models,
        workers=dice.whole(1, 3),
        mean_s=tick * dice.pick(1.0, 2.0, 5.0),
        cache_mib=dice.pick(8, 10, 14, 100),
        disk_bytes=dice.pick(8000, 12_000, 100_000),
        download_bytes_per_s=1000.0 / (tick * dice.pick(0.25, 1.0, 3.0, 0.3)),
        into_memory_bytes_per_s=1000.0 / (tick * dice.pick(0.0625, 0.5, 1.0, 0.1)),
        parallel_loads=dice.whole(1, 3),
        spill_depth=dice.pick(4, 0, 1, 2),
        cache_enabled=dice.chance(0.8),
        load_limit_s=dice.pick(360.0, 360.0, 10 * tick, 4 * tick),
        container_queue=dice.pick(100, 1, 2, 5),
        scaling=draw_scaling(dice, tick, policies, lowest=1),
        **clock_of(dice, requests, tick),
    )


def shared_models_case(seed: int, size: int) -> MultiModelCase:
    """Many models on instances that answer several calls at once."""
    dice = Dice(seed, 2)
    case = multimodel_case(seed, size)
    return replace(case, **draw_sharing(dice, dice.pick(0.5, 1.0, 5.0), case.mean_s))


SEEDED: dict[str, Callable[[int, int], Case]] = {
    "real-time": realtime_case,
    "serverless": serverless_case,
    "asynchronous": asynchronous_case,
    "asynchronous, shared": sharing_case,
    "batch-transform": batch_case,
    "batch-transform, side by side": side_by_side_case,
    "multi-model": multimodel_case,
    "multi-model, shared": shared_models_case,
}


def cases(pattern: str, largest: int = 60) -> st.SearchStrategy[Case]:
    """Cases of one pattern for hypothesis."""
    return st.builds(SEEDED[pattern], seed=st.integers(0, 2**32 - 1), size=st.integers(0, largest))
