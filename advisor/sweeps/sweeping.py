"""A sweep: every cell of a grid answered, over threads, any executor or a cluster, stored as it comes.

    ad.whatif(w, vary={"traffic.rate": [1, 10, 100], "payload.request": ["1 KB", "1 MB"]})

The answers do not depend on who computed them, nor on how often the sweep was interrupted.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from advisor.advice.checking import pattern_named
from advisor.advice.too_many import refuse_too_many
from advisor.errors import InputError
from advisor.patterns.base import Pattern
from advisor.sweeps.cells import ANSWERS, Cell, Sweep, rows
from advisor.sweeps.fields import DEPLOYMENT
from advisor.sweeps.stamp import stamp
from advisor.sweeps.store import Store, signature
from advisor.sweeps.varying import Axis, axes, axis, grid, settings_of, workload_of
from advisor.workload import Workload

__all__ = ["along", "block", "frame_of", "known_by", "partial_of", "swept", "whatif"]

# A block of cells is sent at once: as many as take about so long, so that sending never outweighs answering.
_BLOCK_S = 0.5
_LARGEST_BLOCK = 4096
# Until blocks are that long, each is so many times as large as the one before.
_GROWTH = 4
# So many cells are looked at before a sweep is refused because none of them can have an answer.
_TRIED = 1000
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
    concurrent.futures, or a Dask cluster by its ``scheduler`` ("tcp://..." or "local"). Arithmetic is Python and gains
    by processes alone; simulating gains by threads, too. ``progress`` is told how many cells of how many are answered.
    """
    if not isinstance(w, Workload):
        raise InputError(f"{w!r} is not a workload", "", "read it first: ad.whatif(ad.read(path), vary=...)")
    sweep = Sweep(workload=w, seed=seed, how=how, pattern=pattern, sets=sets, replications=replications)
    varied = axes(vary, _pattern(sweep))
    with Store(None if store is None else Path(store), known_by(sweep, varied)) as kept:
        swept(sweep, varied, kept, n_jobs=n_jobs, executor=executor, scheduler=scheduler, progress=progress)
        return frame_of(varied, list(kept.rows()))


def along(sweep: Sweep, vary: Iterable[str]) -> tuple[Axis, ...]:
    """The axes of a sweep from ``--vary`` options."""
    pattern = _pattern(sweep)
    return tuple(axis(text, pattern) for text in vary)


def _pattern(sweep: Sweep) -> type[Pattern] | None:
    return None if sweep.pattern is None else pattern_named(sweep.pattern)


def known_by(sweep: Sweep, varied: Sequence[Axis]) -> str:
    """A digest of all that the answers hang on."""
    return signature(
        {
            "workload": sweep.workload.to_yaml(),
            "vary": [[one.field, list(one.values)] for one in varied],
            "seed": sweep.seed,
            "how": sweep.how,
            "pattern": sweep.pattern,
            "sets": dict(sweep.sets or {}),
            "replications": sweep.replications,
            "stamp": stamp(sweep.workload),
        }
    )


def swept(
    sweep: Sweep,
    varied: Sequence[Axis],
    kept: Store,
    *,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Answer the cells that have no answer yet, and store each block as it comes."""
    _may_vary(sweep, varied)
    cells = [Cell(n, values) for n, values in enumerate(grid(varied))]
    done = kept.done()
    left = [cell for cell in cells if cell.number not in done]
    finished = len(cells) - len(left)
    if progress is not None:
        progress(finished, len(cells))
    if not left:
        return
    with _workers(n_jobs, executor, scheduler) as (pool, width):
        for answered in _answers(sweep, left, pool, width):
            kept.put(answered)
            finished += len(answered)
            if progress is not None:
                progress(finished, len(cells))


def _may_vary(sweep: Sweep, varied: Sequence[Axis]) -> None:
    """Refuse before anything is computed what has no answer in any cell: a field none of whose values can be read.

    A value that is wrong only together with others has cells of its own, which say so.
    """
    w, pattern = sweep.workload, _pattern(sweep)
    for one in varied:
        if not one.field.startswith(DEPLOYMENT):
            _any_made(partial(workload_of, w, {one.field: value}) for value in one.values)
    if sweep.how != "estimate":
        cells = islice(grid(one for one in varied if one.field.startswith("traffic")), _TRIED)
        _any_made(partial(_simulated, w, cell) for cell in cells)
    if pattern is not None:
        start, sets = pattern.start(w), dict(sweep.sets or {})
        cells = islice(grid(one for one in varied if one.field.startswith(DEPLOYMENT)), _TRIED)
        _any_made(partial(start.with_, {**sets, **settings_of(cell)}) for cell in cells)


def _simulated(w: Workload, cell: Mapping[str, Any]) -> None:
    """Raise where a cell has more requests than are simulated; a cell that cannot be read says so in its own row."""
    try:
        made = workload_of(w, cell)
    except InputError:
        return
    refuse_too_many(made)


def _any_made(makers: Iterable[Callable[[], object]]) -> None:
    """Raise the first's error where none of them can be made."""
    first: InputError | None = None
    for make in makers:
        try:
            make()
        except InputError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first


@contextmanager
def _workers(n_jobs: int | None, executor: Executor | None, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """Who answers, and how many of them there are."""
    if executor is not None and scheduler is not None:
        raise InputError("an executor and a scheduler", "", "give one of the two")
    if n_jobs is not None and n_jobs < 1:
        raise InputError(f"n_jobs={n_jobs}", "", "give one or more")
    wide = n_jobs or os.cpu_count() or 1
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


def block(sweep: Sweep, cells: Sequence[Cell], stamped: tuple[str, ...]) -> tuple[Answered, float]:
    """The answers to some cells, and how long they took; what a worker runs.

    A worker of another version, or with other prices, would give other answers: it gives none.
    """
    mine = stamp(sweep.workload)
    if mine != stamped:
        what = f"a worker has {' '.join(mine[:2])} and not {' '.join(stamped[:2])}, or other recorded files"
        raise InputError(what, "", "install the same version of advisor, its prices and the profile's files there")
    began = time.perf_counter()
    found = [(cell.number, rows(sweep, cell)) for cell in cells]
    return found, time.perf_counter() - began


def _answers(sweep: Sweep, cells: Sequence[Cell], pool: Executor, width: int) -> Iterator[Answered]:
    """Blocks as they are answered; each as large as the last ones' speed says."""
    waiting: set[Future[tuple[Answered, float]]] = set()
    stamped = stamp(sweep.workload)
    next_one, size = 0, 1
    try:
        while next_one < len(cells) or waiting:
            while next_one < len(cells) and len(waiting) < width * _AHEAD:
                part = cells[next_one : next_one + size]
                waiting.add(pool.submit(block, sweep, part, stamped))
                next_one += len(part)
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                found, took = future.result()
                size = _next_size(len(found), took)
                yield found
    finally:
        for future in waiting:
            future.cancel()


def _next_size(cells: int, took_s: float) -> int:
    """As many cells as fill a block's time at the speed of these, but not many times more than they are."""
    wanted = math.ceil(_BLOCK_S * cells / took_s) if took_s > 0 else _LARGEST_BLOCK
    return max(1, min(wanted, _GROWTH * cells, _LARGEST_BLOCK))


def frame_of(varied: Sequence[Axis], found: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as a DataFrame with typed columns: numbers of a field are numbers, a switch is a boolean, words are text."""
    import pandas as pd

    columns = ["cell", *(one.field for one in varied), *ANSWERS]
    frame = pd.DataFrame([dict(row) for row in found], columns=columns)
    counts, words = ("rank", "replications"), ("id", "why_not")
    kinds: dict[str, str] = {"cell": "int64", "pattern": "category", "best": "boolean", "meets_objective": "boolean"}
    kinds |= dict.fromkeys(counts, "Int64") | dict.fromkeys(words, "string")
    kinds |= {name: "float64" for name in ANSWERS if name not in kinds}
    return frame.astype(kinds | {one.field: _type(one.values) for one in varied})


def _type(values: Sequence[Any]) -> str:
    """The type of a varied field's column."""
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "bool"
    if kinds <= {int, float}:
        # More than 64 bits, as a count may have, are no integer of a table.
        return "int64" if kinds == {int} and max(map(abs, values)) < 2**63 else "float64"
    return "string" if kinds == {str} else "object"


def partial_of(output: Path) -> Path:
    """Where the answers of an unfinished sweep are kept: beside the output."""
    return output.with_name(f"{output.name}.unfinished")
