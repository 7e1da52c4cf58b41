# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The gates of recurrent cells, forward and backward; see causaldisc/forecasters/_recurrent.py."""

import numpy as np

ctypedef fused real:
    float
    double

cdef extern from "gates.h" nogil:
    void causaldisc_forward_float(
        float*, float*, float*, float*, const float*, float*, float*, float*, float, float, float, float, long)
    void causaldisc_forward_double(
        double*, double*, double*, double*, const double*, double*, double*, double*, double, double, double, double,
        long)
    void causaldisc_backward_float(
        float*, float*, float*, float*, const float*, const float*, const float*, float*, long)
    void causaldisc_backward_double(
        double*, double*, double*, double*, const double*, const double*, const double*, double*, long)


def _check(tuple gates, tuple state, tuple others, Py_ssize_t row):
    """Raise ValueError unless the shapes are those of one layer of cells."""
    targets, quadruple, rows, n = gates
    if quadruple % 4 or any(s != (targets, quadruple // 4, rows, n) for s in state):
        raise ValueError(f"gates {gates} and states {state} are not those of the same cells")
    if any(s not in ((targets, quadruple), (targets, quadruple // 4, n)) for s in others):
        raise ValueError(f"{others} do not go with gates {gates}")
    if not 0 <= row < rows:
        raise ValueError(f"row {row} is not one of {rows}")


def forward(
    real[:, :, :, ::1] gates not None,
    const real[:, ::1] bias not None,
    real[:, :, :, ::1] memory not None,
    real[:, :, :, ::1] squashed not None,
    real[:, :, :, ::1] output not None,
    Py_ssize_t row,
):
    """Replace the sums that enter the gates at a row, but for the bias, by the values of the gates, and set memory,
    its tanh and the output of the row.

    Shapes (targets, 4 units, rows, windows), (targets, 4 units), and (targets, units, rows, windows) for the rest.
    Raises ValueError for other shapes, and for no such row.
    """
    cdef Py_ssize_t targets = gates.shape[0], units = gates.shape[1] // 4, p, q
    cdef long n = gates.shape[3]
    cdef const real* before
    _check(
        np.shape(gates), (np.shape(memory), np.shape(squashed), np.shape(output)), (np.shape(bias),), row)
    if n == 0:
        return
    with nogil:
        for p in range(targets):
            for q in range(units):
                before = &memory[p, q, row - 1, 0] if row else NULL
                if real is float:
                    causaldisc_forward_float(
                        &gates[p, q, row, 0], &gates[p, units + q, row, 0], &gates[p, 2 * units + q, row, 0],
                        &gates[p, 3 * units + q, row, 0], before, &memory[p, q, row, 0], &squashed[p, q, row, 0],
                        &output[p, q, row, 0], bias[p, q], bias[p, units + q], bias[p, 2 * units + q],
                        bias[p, 3 * units + q], n)
                else:
                    causaldisc_forward_double(
                        &gates[p, q, row, 0], &gates[p, units + q, row, 0], &gates[p, 2 * units + q, row, 0],
                        &gates[p, 3 * units + q, row, 0], before, &memory[p, q, row, 0], &squashed[p, q, row, 0],
                        &output[p, q, row, 0], bias[p, q], bias[p, units + q], bias[p, 2 * units + q],
                        bias[p, 3 * units + q], n)


def backward(
    real[:, :, :, ::1] gates not None,
    const real[:, :, :, ::1] memory not None,
    const real[:, :, :, ::1] squashed not None,
    const real[:, :, ::1] along_output not None,
    real[:, :, ::1] along_memory not None,
    Py_ssize_t row,
):
    """Replace the values of the gates at a row by the slopes along their sums, and the slopes along the memory of the
    row by those along the memory of the row before.

    Shapes as in `forward`; the slopes along output and memory have shape (targets, units, windows). Raises ValueError
    for other shapes, and for no such row.
    """
    cdef Py_ssize_t targets = gates.shape[0], units = gates.shape[1] // 4, p, q
    cdef long n = gates.shape[3]
    cdef const real* before
    _check(
        np.shape(gates), (np.shape(memory), np.shape(squashed)), (np.shape(along_output), np.shape(along_memory)), row)
    if n == 0:
        return
    with nogil:
        for p in range(targets):
            for q in range(units):
                before = &memory[p, q, row - 1, 0] if row else NULL
                if real is float:
                    causaldisc_backward_float(
                        &gates[p, q, row, 0], &gates[p, units + q, row, 0], &gates[p, 2 * units + q, row, 0],
                        &gates[p, 3 * units + q, row, 0], before, &squashed[p, q, row, 0], &along_output[p, q, 0],
                        &along_memory[p, q, 0], n)
                else:
                    causaldisc_backward_double(
                        &gates[p, q, row, 0], &gates[p, units + q, row, 0], &gates[p, 2 * units + q, row, 0],
                        &gates[p, 3 * units + q, row, 0], before, &squashed[p, q, row, 0], &along_output[p, q, 0],
                        &along_memory[p, q, 0], n)
