"""A sweep: every cell of a grid answered, over threads, any executor or a cluster, stored as it comes.

    ad.whatif(w, vary={"traffic.rate": [1, 10, 100], "payload.request": ["1 KB", "1 MB"]})

The answers do not depend on who computed them, nor on how often the sweep was interrupted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from advisor.errors import InputError
from advisor.sweeps.cells import ANSWERS, Cell, Sweep, rows
from advisor.sweeps.store import Store, signature
from advisor.sweeps.varying import DEPLOYMENT, Axis, axes, grid
from advisor.workload import Workload

__all__ = ["frame_of", "partial_of", "swept", "whatif"]

# A block of cells is sent at once: as many as take about so long, so that sending never outweighs answering.
_BLOCK_S = 0.25
_LARGEST_BLOCK = 256
# Blocks waiting for each worker, so that none is idle while answers are stored.
_AHEAD = 2

Progress = Callable[[int, int], None]


def whatif(
    w: Workload,
    *,
    vary: Mapping[str, Iterable[Any] | str],
    pattern: str | None = None,
    sets: Mapping[str, Any] | None = None,
    how: str = "recommend",
    seed: int = 0,
    replications: int | None = None,
    store: Path | str | None = None,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Any:
    """A tidy DataFrame: a row a cell and pattern, the varied fields as its first columns.

    Any field of the profile may be varied, and with a ``pattern`` any setting of its deployment
    ("deployment.memory"). ``how="estimate"`` answers by arithmetic instead of simulation. ``store`` is a file that a
    killed sweep goes on from; it is kept. ``n_jobs`` threads (all cores by default), or any ``executor`` of
    concurrent.futures, or a Dask cluster by its ``scheduler`` ("tcp://..." or "local").
    """
    if not isinstance(w, Workload):
        raise InputError(f"{w!r} is not a workload", "", "read it first: ad.whatif(ad.read(path), vary=...)")
    sweep = Sweep(workload=w, seed=seed, how=how, pattern=pattern, sets=sets, replications=replications)
    along = axes(vary)
    with Store(None if store is None else Path(store), known_by(sweep, along)) as kept:
        swept(sweep, along, kept, n_jobs=n_jobs, executor=executor, scheduler=scheduler, progress=progress)
        return frame_of(along, list(kept.rows()))


def known_by(sweep: Sweep, along: Sequence[Axis]) -> str:
    """A digest of all that the answers hang on."""
    from advisor import __version__
    from advisor.catalog.prices import price_book

    w = sweep.workload
    return signature(
        {
            "workload": w.to_yaml(),
            "vary": [[one.field, list(one.values)] for one in along],
            "seed": sweep.seed,
            "how": sweep.how,
            "pattern": sweep.pattern,
            "sets": dict(sweep.sets or {}),
            "replications": sweep.replications,
            "version": __version__,
            "prices": str(price_book().published(w.region)),
        }
    )


def swept(
    sweep: Sweep,
    along: Sequence[Axis],
    kept: Store,
    *,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Answer the cells that have no answer yet, and store each block as it comes."""
    _may_vary(sweep, along)
    cells = [Cell(n, values) for n, values in enumerate(grid(along))]
    done = kept.done()
    left = [cell for cell in cells if cell.number not in done]
    finished = len(cells) - len(left)
    if progress is not None:
        progress(finished, len(cells))
    with _workers(n_jobs, executor, scheduler) as (pool, width):
        for answered in _answers(sweep, left, pool, width):
            kept.put(answered)
            finished += len(answered)
            if progress is not None:
                progress(finished, len(cells))


def _may_vary(sweep: Sweep, along: Sequence[Axis]) -> None:
    """Refuse what can never be varied before anything is computed: unknown fields, settings without a pattern."""
    for one in along:
        if one.field.startswith(DEPLOYMENT):
            if sweep.pattern is None:
                raise InputError(
                    f"{one.field} is a setting of a deployment, and no pattern is named",
                    "",
                    "name it: pattern=, or --pattern",
                )
            from advisor.advice.checking import pattern_named

            pattern_named(sweep.pattern).start(sweep.workload).with_(
                {one.field.removeprefix(DEPLOYMENT): one.values[0]}
            )
        elif all(_fails(sweep, one, value) for value in one.values):
            sweep.workload.with_({one.field: _as_given(one.values[0])})


def _fails(sweep: Sweep, one: Axis, value: Any) -> bool:
    try:
        sweep.workload.with_({one.field: _as_given(value)})
    except InputError:
        return True
    return False


def _as_given(value: Any) -> Any:
    from advisor.sweeps.varying import placed

    return placed(value)


@contextmanager
def _workers(n_jobs: int | None, executor: Executor | None, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """Who answers, and how many of them there are."""
    if executor is not None and scheduler is not None:
        raise InputError("an executor and a scheduler", "", "give one of the two")
    wide = n_jobs or os.cpu_count() or 1
    if wide < 1:
        raise InputError(f"n_jobs={n_jobs}", "", "give one or more")
    if executor is not None:
        yield executor, wide
    elif scheduler is not None:
        from advisor.sweeps.cluster import cluster

        with cluster(scheduler, n_jobs) as (pool, workers):
            yield pool, workers
    else:
        with ThreadPoolExecutor(wide) as threads:
            yield threads, wide


Answered = list[tuple[int, list[dict[str, Any]]]]


def block(sweep: Sweep, cells: Sequence[Cell]) -> tuple[Answered, float]:
    """The answers to some cells, and how long they took; what a worker runs."""
    began = time.perf_counter()
    found = [(cell.number, rows(sweep, cell)) for cell in cells]
    return found, time.perf_counter() - began


def _answers(sweep: Sweep, cells: Sequence[Cell], pool: Executor, width: int) -> Iterator[Answered]:
    """Blocks as they are answered; each as large as the last ones' speed says."""
    waiting: set[Future[tuple[Answered, float]]] = set()
    next_one, size = 0, 1
    try:
        while next_one < len(cells) or waiting:
            while next_one < len(cells) and len(waiting) < width * _AHEAD:
                part = cells[next_one : next_one + size]
                waiting.add(pool.submit(block, sweep, part))
                next_one += len(part)
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                found, took = future.result()
                size = _next_size(len(found), took, size)
                yield found
    finally:
        for future in waiting:
            future.cancel()


def _next_size(cells: int, took_s: float, size: int) -> int:
    """As many cells as fill a block's time, at most twice as many as before."""
    wanted = _LARGEST_BLOCK if took_s <= 0 else round(_BLOCK_S * cells / took_s)
    return max(1, min(wanted, 2 * size, _LARGEST_BLOCK))


def frame_of(along: Sequence[Axis], found: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as a DataFrame with typed columns."""
    import pandas as pd

    columns = ["cell", *(one.field for one in along), *ANSWERS]
    frame = pd.DataFrame(found, columns=columns)
    counts, words = ("rank", "replications"), ("id", "why_not")
    kinds: dict[str, str] = {"cell": "int64", "pattern": "category", "best": "boolean", "meets_objective": "boolean"}
    kinds |= dict.fromkeys(counts, "Int64") | dict.fromkeys(words, "string")
    kinds |= {name: "float64" for name in ANSWERS if name not in kinds}
    return frame.astype(kinds)


def partial_of(output: Path) -> Path:
    """Where the answers of an unfinished sweep are kept: beside the output."""
    return output.with_name(f"{output.name}.unfinished")
