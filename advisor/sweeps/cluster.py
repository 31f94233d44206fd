"""A sweep's cells on a Dask cluster: blocks out, rows back; a block whose worker dies is given to another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from advisor.errors import InputError

__all__ = ["cluster"]

# A worker that dies takes its block with it; it is given out again so often before the sweep gives up.
_TRIES = 10


@contextmanager
def cluster(scheduler: str, workers: int | None = None) -> Iterator[tuple[Executor, int]]:
    """An executor on the cluster at that address, or on a local one made for it ("local"); and its width."""
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError(
            "a cluster needs Dask, which is not installed", "--scheduler", "pip install 'advisor[cluster]'"
        ) from error
    # Dask's classes come without types.
    make_cluster: Any = LocalCluster
    make_client: Any = Client
    local = None
    if scheduler == "local":
        local = make_cluster(n_workers=workers or 2, threads_per_worker=1, dashboard_address=None)
    elif "://" not in scheduler:
        raise InputError(
            f'"{scheduler}" is not the address of a scheduler', "--scheduler", "write tcp://host:8786, or local"
        )
    try:
        try:
            client = make_client(local or scheduler, timeout="30s")
        except OSError as error:
            raise InputError(
                f"no scheduler answers at {scheduler}", "--scheduler", "start one: dask scheduler"
            ) from error
        try:
            width = max(1, sum(client.ncores().values()))
            yield client.get_executor(pure=False, retries=_TRIES), width
        finally:
            client.close()
    finally:
        if local is not None:
            local.close()
