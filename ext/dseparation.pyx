# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""d-separation in a directed acyclic graph: what a perfect conditional-independence test would answer."""

from libc.string cimport memset

import numpy as np

cdef enum:
    FROM_CHILD = 1  # the ball arrives at a node against an arrow
    FROM_PARENT = 2  # the ball arrives along an arrow


cdef void _close_upwards(
    const int* starts, const int* parents, unsigned char* inside, int* stack, Py_ssize_t top
) noexcept nogil:
    """Mark all ancestors of the nodes on the stack."""
    cdef int node, i
    while top:
        top -= 1
        node = stack[top]
        for i in range(starts[node], starts[node + 1]):
            if not inside[parents[i]]:
                inside[parents[i]] = 1
                stack[top] = parents[i]
                top += 1


cdef Py_ssize_t _visit(
    int node, unsigned char way, unsigned char* visited, int* stack, unsigned char* ways, Py_ssize_t top
) noexcept nogil:
    if not visited[node] & way:
        visited[node] |= way
        stack[top] = node
        ways[top] = way
        top += 1
    return top


cdef void _roll(
    const int* parent_starts, const int* parents, const int* child_starts, const int* children, int source,
    const unsigned char* blocked, const unsigned char* opens, unsigned char* visited, int* stack,
    unsigned char* ways
) noexcept nogil:
    """Mark every node that an active path from `source` reaches (Shachter's Bayes ball, 1998).

    `blocked` marks the conditioning set, `opens` the set and its ancestors.
    """
    cdef Py_ssize_t top
    cdef int node, i
    cdef unsigned char way
    top = _visit(source, FROM_CHILD, visited, stack, ways, 0)
    while top:
        top -= 1
        node, way = stack[top], ways[top]
        if not blocked[node]:
            for i in range(child_starts[node], child_starts[node + 1]):
                top = _visit(children[i], FROM_PARENT, visited, stack, ways, top)
        if (way == FROM_CHILD and not blocked[node]) or (way == FROM_PARENT and opens[node]):
            for i in range(parent_starts[node], parent_starts[node + 1]):
                top = _visit(parents[i], FROM_CHILD, visited, stack, ways, top)


def separated(
    const int[::1] parent_starts,
    const int[::1] parents,
    const int[::1] child_starts,
    const int[::1] children,
    const int[::1] x,
    const int[::1] y,
    const int[:, ::1] given,
    unsigned char[::1] out,
):
    """Set out[i] to 1 where x[i] and y[i] are d-separated by the row given[i], else 0.

    The graph comes as compressed rows: the parents of v are parents[parent_starts[v]:parent_starts[v + 1]],
    the children likewise. Consecutive questions with equal x and given share one walk through the graph.
    Raises ValueError for shapes that do not match or nodes out of range.
    """
    cdef Py_ssize_t p = parent_starts.shape[0] - 1, k = x.shape[0], depth = given.shape[1], i, j
    cdef bint same
    _check(p, x, y, given, out)
    cdef unsigned char[:, ::1] marks = np.zeros((3, p + 1), np.uint8)
    cdef int[::1] stack = np.empty(2 * p + 2, np.int32)
    cdef unsigned char[::1] ways = np.empty(2 * p + 2, np.uint8)
    # An empty array has no first element to point at.
    cdef const int* up = &parents[0] if parents.shape[0] else NULL
    cdef const int* down = &children[0] if children.shape[0] else NULL
    with nogil:
        for i in range(k):
            same = i > 0 and x[i] == x[i - 1]
            for j in range(depth):
                same = same and given[i, j] == given[i - 1, j]
            if not same:
                memset(&marks[0, 0], 0, 3 * (p + 1))
                for j in range(depth):
                    marks[0, given[i, j]] = 1
                    marks[1, given[i, j]] = 1
                    stack[j] = given[i, j]
                _close_upwards(&parent_starts[0], up, &marks[1, 0], &stack[0], depth)
                _roll(&parent_starts[0], up, &child_starts[0], down, x[i], &marks[0, 0], &marks[1, 0],
                      &marks[2, 0], &stack[0], &ways[0])
            out[i] = marks[2, y[i]] == 0


def _check(p, x, y, given, out):
    k = x.shape[0]
    if any(a.shape[0] != k for a in (y, given, out)) or given.shape[1] > p:
        raise ValueError("shapes do not match")
    for a in (x, y, given):
        a = np.asarray(a)
        if a.size and (a.min() < 0 or a.max() >= p):
            raise ValueError(f"nodes must lie in 0..{p - 1}")
