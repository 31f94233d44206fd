"""A sweep's cells on a Dask cluster: blocks out, rows back; a block whose worker dies is given to another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from advisor.errors import InputError

__all__ = ["cluster"]

# A block whose worker dies is given out again so often before it is itself taken for the cause. A cluster of one's own
# is told so; one that others run has its own setting (distributed.scheduler.allowed-failures, three unless set).
_DEATHS = 10
_ANSWERS_WITHIN = "30s"


@contextmanager
def cluster(scheduler: str, workers: int | None = None) -> Iterator[tuple[Executor, int]]:
    """An executor on the cluster at that address, or on a local one made for it ("local"); and its width."""
    try:
        import dask
        from distributed import Client, KilledWorker, LocalCluster
    except ImportError as error:
        raise InputError(
            "a cluster needs Dask, which is not installed", "--scheduler", "pip install 'advisor[cluster]'"
        ) from error
    if scheduler != "local" and "://" not in scheduler:
        mend = "write tcp://host:8786, or local"
        raise InputError(f'"{scheduler}" is not the address of a scheduler', "--scheduler", mend)
    # Dask's classes come without types.
    make_cluster: Any = LocalCluster
    make_client: Any = Client
    local = None
    if scheduler == "local":
        with dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS}):
            local = make_cluster(n_workers=workers or 2, threads_per_worker=1, dashboard_address=None)
    try:
        client = _client(make_client, local or scheduler)
        try:
            yield client.get_executor(pure=False), max(1, sum(client.ncores().values()))
        except KilledWorker as error:
            raise InputError(
                "workers die again and again at the same cells",
                "--scheduler",
                "give them more memory; what is answered so far is kept, and the same sweep goes on from there",
            ) from error
        finally:
            client.close()
    finally:
        if local is not None:
            local.close()


def _client(make_client: Any, where: Any) -> Any:
    try:
        return make_client(where, timeout=_ANSWERS_WITHIN)
    except (OSError, ValueError) as error:
        mend = "start one: dask scheduler"
        raise InputError(f"no scheduler answers at {where}", "--scheduler", mend) from error
