"""When rows were measured, and which of them a regression may see together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data.windows import pieces, windows


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 30))
def test_windows_are_those_that_a_loop_finds(seed, lags, rows):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((2, rows))
    values[rng.random((2, rows)) < 0.1] = np.nan
    parts = np.cumsum(rng.random(rows) < 0.1)
    expected, lost = [], 0
    for t in range(lags, rows):
        if parts[t] != parts[t - lags]:
            continue
        window = values[:, t - lags : t + 1]
        if np.isnan(window).any():
            lost += 1
        else:
            expected.append([*window[0, -2::-1], *window[1, -2::-1], *window[:, -1]])
    found = windows(values, parts, lags)
    assert (len(found), found.lost, found.variables) == (len(expected), lost, 2)
    assert np.array_equal(np.hstack([found.past, found.present]), np.array(expected).reshape(-1, 2 * lags + 2))


def test_pieces_are_contiguous_and_nearly_equal():
    assert [p.tolist() for p in pieces(7, 3)] == [[0, 1], [2, 3], [4, 5, 6]]
