"""Recurrent cells as they are written in papers: one target, one window, one row after another."""

import numpy as np


def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))


def forecast(w, u, b, v, d, x):
    """Return the forecast of one cell after rows x, shape (rows, variables), the oldest first."""
    units = len(v)
    h, c = np.zeros(units), np.zeros(units)
    for row in x:
        a = w @ row + u @ h + b
        i, f, g, o = a[:units], a[units : 2 * units], a[2 * units : 3 * units], a[3 * units :]
        c = logistic(f) * c + logistic(i) * np.tanh(g)
        h = logistic(o) * np.tanh(c)
    return v @ h + d


def slope(function, array, place, step=1e-5):
    """Return the derivative of a function of nothing along one number of an array, by central differences."""
    kept = array[place]
    array[place] = kept + step
    above = function()
    array[place] = kept - step
    below = function()
    array[place] = kept
    return (above - below) / (2 * step)
