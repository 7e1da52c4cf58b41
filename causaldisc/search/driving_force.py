"""What drives a changing mechanism: the leading kernel principal components of its trajectory over the context.

Huang et al., JMLR 21(89), 2020, section 5, after B. Schoelkopf, A. Smola, K.-R. Mueller, "Nonlinear component analysis
as a kernel eigenvalue problem", Neural Computation 10 (1998): eigenvectors of H M H / m, where M is the Gaussian kernel
between the m places of the trajectory (the published M^G). The trajectory is that of changing_module.py, so that a
driver of a location, a weight or a scale shows as itself; its features keep their sizes, as the driver of the largest
change is asked for. Sign and unit of a component mean nothing: each has mean 0 and mean square 1, and goes up where the
feature that it follows most does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causaldisc.curves import Curves
from causaldisc.data.contexts import ContextKind
from causaldisc.graph import Graph
from causaldisc.search.context_index import POINTS
from causaldisc.search.independent_change import gaussian
from causaldisc.search.mechanisms import Mechanisms

Floats = NDArray[np.float64]

COMPONENTS = 3
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, eq=False)
class DrivingForce:
    """The drivers of a variable's mechanism given its parents.

    `labels`: numbers of a smooth index, codes of domains; `components`: shape (labels, components), the largest first;
    `eigenvalues` say how much of the change each carries, `shares` what share of it.
    """

    variable: int
    kind: ContextKind
    labels: Floats
    components: Floats
    eigenvalues: Floats
    shares: Floats


def driving_forces(
    graph: Graph, mechanisms: Mechanisms, changing: Iterable[int], components: int = COMPONENTS, points: int = POINTS
) -> list[DrivingForce]:
    """Return the drivers of each changing mechanism given its parents in the graph, in order of variables."""
    known = len(mechanisms.names)
    return [
        driving_force(mechanisms, v, tuple(u for u in graph.parents(v) if u < known), components, points)
        for v in sorted(changing)
    ]


def driving_force(
    mechanisms: Mechanisms, variable: int, parents: tuple[int, ...], components: int = COMPONENTS, points: int = POINTS
) -> DrivingForce:
    """Return the drivers of P(variable | parents)."""
    trajectory, index = mechanisms.change(variable, parents, points)
    values = trajectory.at(index.places)
    found, eigenvalues, total = principal_components(values, components)
    shares = eigenvalues / total if total > 0.0 else np.zeros(len(eigenvalues))
    return DrivingForce(variable, index.kind, index.labels, found, eigenvalues, shares)


def principal_components(values: Floats, components: int) -> tuple[Floats, Floats, float]:
    """Return the leading kernel components of points, their eigenvalues, and the sum of all eigenvalues."""
    points = len(values)
    kernel, _ = gaussian(values)
    kernel = kernel - kernel.mean(axis=0)
    kernel = kernel - kernel.mean(axis=1)[:, None]
    eigenvalues, vectors = np.linalg.eigh(kernel / points)
    kept = [k for k in range(points - 1, -1, -1) if eigenvalues[k] > _NEGLIGIBLE][:components]
    found = vectors[:, kept] * np.sqrt(points)
    along = values.T @ found
    if len(kept) and len(along):
        strongest = along[np.argmax(np.abs(along), axis=0), np.arange(len(kept))]
        found = found * np.where(strongest < 0.0, -1.0, 1.0)
    return found, np.maximum(eigenvalues[kept], 0.0), float(np.maximum(eigenvalues, 0.0).sum())


def as_curves(
    forces: Iterable[DrivingForce], names: Sequence[str], index: str, domains: Sequence[str] = ()
) -> list[Curves]:
    """Return the drivers as curves to be written or drawn; `domains` are the names of the codes."""
    return [
        Curves(
            names[f.variable],
            index,
            tuple(domains[int(code)] for code in f.labels) if f.kind is ContextKind.DOMAIN else f.labels,
            f.components,
            f.eigenvalues,
            f.shares,
        )
        for f in forces
    ]
