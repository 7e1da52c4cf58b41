"""Degenerate-Gaussian likelihood-ratio test, for discrete and numeric columns together.

B. Andrews, J. Ramsey, G. Cooper, "Learning high-dimensional directed acyclic graphs with mixed data-types", PMLR 104
(2019): a discrete column of L levels becomes L - 1 indicators, all columns are taken for jointly Gaussian, and the
partial canonical correlations of the indicators of x and y are tested. Deviations: n log lambda gets the factor of
M. Bartlett (1938), 1 - (|set| + 1 + (a + b + 1) / 2) / n, which keeps the level in few rows; degrees of freedom a b and
|set| are ranks, counted in the rows used, so that levels that do not occur there do not count.

The effect is the conditional mutual information of the Gaussians, -log(lambda) / 2 nats. Where x or y is a number and
relations are linear with equal variances the level holds. For two categories given numbers it does where their
probabilities are nearly linear in these; in categories cut from numbers that a strong common cause explains, 39% of
tests at 5% rejected in 1,000 rows, where cg rejected 10%. `--test auto` takes dg for mixed columns all the same: it has
more power throughout, and PC found better skeletons with it up to 1,000 rows (F1 0.86 against 0.78 to 0.80 in 300,
0.90 to 0.92 against 0.87 to 0.89 in 1,000) and as good ones in 5,000. See docs/mixed.md, benchmarks/mixed.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causaldisc.citests import _covariances, _gaussian, _mixed
from causaldisc.citests._covariances import TestWise, WholeRows
from causaldisc.citests._mixed import Options
from causaldisc.context import Context
from causaldisc.data.correlation import standardised
from causaldisc.data.dataset import Dataset
from causaldisc.data.sparse import AnyColumn
from causaldisc.distinct import distinct
from causaldisc.errors import DataError
from causaldisc.quoting import as_column

__all__ = ["EFFECT_IN_NATS", "Options", "accepts", "build", "suits"]

EFFECT_IN_NATS = True

# Their covariances take 0.2 GB.
MOST_INDICATORS = 5000


def suits(data: Dataset) -> bool:
    """Tell whether `--test auto` means this test: some columns are discrete and some are not."""
    return _mixed.are_mixed(data)


def accepts(data: Dataset) -> str | None:
    """Return why the test cannot take the data, or None: it takes columns of every kind."""
    return None


def build(data: Dataset, options: Options, context: Context) -> TestWise | WholeRows:
    """Bind the test to the covariances of numbers and indicators, or to these where cells are missing.

    Raises DataError when fewer than four rows are left, a column is constant, or has thousands of levels.
    """
    _gaussian.require_rows(data, "dg")
    blocks = [_block(c, options) for c in data.columns]
    widths = [len(block) for block in blocks]
    if sum(widths) - len(widths) > MOST_INDICATORS:
        name = data.names[int(np.argmax(widths))]
        raise DataError(
            f"column {name!r} has {max(widths) + 1:,} levels, too many for dg; "
            f"leave it out with --columns '!{as_column(name)}'"
        )
    names = tuple(name for name, width in zip(data.names, widths) for _ in range(width))
    cells = standardised(np.concatenate(blocks), names)
    known = np.array([~np.isnan(block[0]) for block in blocks])
    starts = np.cumsum([0, *widths]).astype(np.int32)
    return _covariances.bind("dg", cells, known, "blocks", options, starts)


def _block(column: AnyColumn, options: Options) -> NDArray[np.float64]:
    """Return the numbers of a column, or an indicator for each of its levels but the first; NaN where missing."""
    codes = _mixed.categories(column, options)
    if codes is None:
        assert column.values is not None
        return np.array(column.values[None])
    unknown = codes < 0
    seen = distinct(codes[~unknown])
    # A column of one level leaves a constant, which is refused by name.
    indicators = (codes == (seen[1:] if len(seen) > 1 else seen[:1])[:, None]).astype(np.float64)
    indicators[:, unknown] = np.nan
    return indicators if len(indicators) else np.full((1, len(codes)), np.nan)
