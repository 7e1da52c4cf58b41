"""The flag of a cluster, and the connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causaldisc.options import Options, opt

if TYPE_CHECKING:
    from causaldisc.runs.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class ClusterOptions(Options):
    """Machines beside this one."""

    TITLE = "Running"

    cluster: str | None = opt(
        None,
        "Share the work with the workers of a Dask cluster, dask://HOST:PORT, which must have the same version of "
        "causaldisc (extra 'dask'); results are the same.",
        metavar="ADDRESS",
    )

    @contextmanager
    def connected(self, announce: Callable[[str], None]) -> Iterator[Cluster | None]:
        """Give the cluster, None without one; `announce` tells of waiting. Raises as Cluster does."""
        if self.cluster is None:
            yield None
            return
        from causaldisc.runs.cluster import Cluster

        with Cluster(self.cluster, announce) as cluster:
            yield cluster
