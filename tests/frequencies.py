"""What the tests of discrete generators share."""

import numpy as np


def assert_frequencies(network, data):
    """Compare every row of every table with the counts, within five standard errors."""
    drawn = [
        np.array([v.levels.index(level) for level in c.levels])[c.codes]
        for c, v in zip(data.columns, network.variables, strict=True)
    ]
    checked = 0
    for v, variable in enumerate(network.variables):
        combination = np.zeros(data.rows, int)
        for u in variable.parents:
            combination = combination * len(network.variables[u].levels) + drawn[u]
        for row, probabilities in enumerate(variable.table):
            mine = drawn[v][combination == row]
            if len(mine) < 50:
                continue
            found = np.bincount(mine, minlength=len(variable.levels)) / len(mine)
            error = np.sqrt(probabilities * (1 - probabilities) / len(mine))
            assert (np.abs(found - probabilities) <= 5 * error + 1 / len(mine)).all(), (variable.name, row)
            checked += 1
    assert checked >= len(network.variables)
