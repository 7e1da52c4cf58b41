# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Meek's rules R1-R4 (UAI 1995) and the CPDAG of a DAG. Graphs come as in orientation.pyx."""

from net cimport IN, OUT, UNDIRECTED, Net, drop, find, open_net, read_ways, set_way, stamp

import numpy as np


cdef struct Closing:
    int* queue  # places of undirected edges a --- b at a, to be looked at for a --> b: a ring
    Py_ssize_t first
    Py_ssize_t waiting
    unsigned char* queued
    int* parents  # how many each node has
    int* near  # the neighbours of b carry the number of the look
    unsigned char* way  # and what their edges are, seen from b
    int* between  # the nodes c with a --- c --> b
    int look


cdef void _queue(const Net* net, Closing* c, int place) noexcept nogil:
    cdef Py_ssize_t last
    if c.queued[place]:
        return
    c.queued[place] = 1
    last = c.first + c.waiting
    c.queue[last if last < 2 * net.edges else last - 2 * net.edges] = place
    c.waiting += 1


cdef int _next(const Net* net, Closing* c) noexcept nogil:
    cdef int place = c.queue[c.first]
    c.first = c.first + 1 if c.first + 1 < 2 * net.edges else 0
    c.waiting -= 1
    c.queued[place] = 0
    return place


cdef bint _compelled(const Net* net, Closing* s, int a, int b) noexcept nogil:
    """Tell whether a --- b must be a --> b. Beside a rule: what the arrow the other way round would make."""
    cdef int c, d, i, j, at, count = 0
    if not (s.parents[a] or s.parents[b]):
        return False
    s.look += 1
    for i in range(net.starts[b], net.starts[b + 1]):
        s.near[net.ends[i]] = s.look
        s.way[net.ends[i]] = net.way[i]
    for i in range(net.starts[a], net.starts[a + 1]):
        c = net.ends[i]
        if s.near[c] != s.look:
            # R1: c --> a --- b with c, b not adjacent: a new collider
            if net.way[i] == IN:
                return True
        elif s.way[c] == IN:
            # R2: a --> c --> b: a cycle
            if net.way[i] == OUT:
                return True
            # R3: a --- c --> b, a --- d --> b with c, d not adjacent: a cycle or a new collider at a
            if net.way[i] == UNDIRECTED:
                for j in range(count):
                    if find(net, c, s.between[j]) < 0:
                        return True
                s.between[count] = c
                count += 1
    # R4: a --- c --> d --> b, a and d adjacent, c and b not: a cycle or a new collider at a
    for i in range(net.starts[a], net.starts[a + 1]):
        d = net.ends[i]
        if s.near[d] == s.look and s.way[d] == IN and s.parents[d]:
            for j in range(net.starts[d], net.starts[d + 1]):
                c = net.ends[j]
                if net.way[j] == IN and s.near[c] != s.look:
                    at = find(net, a, c)
                    if at >= 0 and net.way[at] == UNDIRECTED:
                        return True
    return False


cdef void _queue_around(const Net* net, Closing* c, int node) noexcept nogil:
    """Queue the undirected edges of a node, both ways."""
    cdef int i
    for i in range(net.starts[node], net.starts[node + 1]):
        if net.way[i] == UNDIRECTED:
            _queue(net, c, i)
            _queue(net, c, net.twin[i])


cdef void _close(Net* net, Closing* c) noexcept nogil:
    cdef Py_ssize_t i
    cdef int place, a, b, j
    for i in range(2 * net.edges):
        c.parents[net.ends[i]] += net.way[i] == OUT
        if net.way[i] == UNDIRECTED:
            _queue(net, c, i)
    while c.waiting:
        place = _next(net, c)
        a, b = net.ends[net.twin[place]], net.ends[place]
        if net.way[place] != UNDIRECTED or not _compelled(net, c, a, b):
            continue
        set_way(net, place, OUT)
        c.parents[b] += 1
        # The edges for which the new arrow may complete a rule.
        _queue_around(net, c, a)
        _queue_around(net, c, b)
        for j in range(net.starts[b], net.starts[b + 1]):
            if net.way[j] == OUT:
                _queue_around(net, c, net.ends[j])


cdef int _run_close(Net* net) except -1:
    """Orient every undirected edge that the rules compel."""
    cdef Closing c
    cdef int[:, ::1] room = np.zeros((3, net.nodes + 1), np.int32)
    cdef unsigned char[::1] way = np.zeros(net.nodes + 1, np.uint8)
    cdef int[::1] queue = np.empty(2 * net.edges + 1, np.int32)
    cdef unsigned char[::1] queued = np.zeros(2 * net.edges + 1, np.uint8)
    c.parents, c.near, c.between = &room[0, 0], &room[1, 0], &room[2, 0]
    c.way, c.queue, c.queued = &way[0], &queue[0], &queued[0]
    c.first = c.waiting = c.look = 0
    with nogil:
        _close(net, &c)
    return 0


def close(Py_ssize_t nodes, const int[:, ::1] pairs, unsigned char[::1] ways):
    """Orient every undirected edge that R1-R4 compel; edges of other marks stay as they are.

    Raises ValueError for what is no graph, MemoryError.
    """
    cdef Net net
    open_net(&net, nodes, pairs, ways)
    try:
        _run_close(&net)
        read_ways(&net, ways)
    finally:
        drop(&net)


cdef void _colliding(const Net* net, unsigned char* stays, int* near) noexcept nogil:
    """Mark the arrows of v-structures, at the place where they come in."""
    cdef int a, i, j
    for a in range(<int> net.nodes):
        stamp(net, a, a + 1, near)
        for i in range(net.starts[a], net.starts[a + 1]):
            if net.way[i] != OUT:
                continue
            for j in range(net.twin[i] + 1, net.starts[net.ends[i] + 1]):
                if net.way[j] == IN and near[net.ends[j]] != a + 1:
                    stays[net.twin[i]] = stays[j] = 1


def cpdag(Py_ssize_t nodes, const int[:, ::1] pairs, unsigned char[::1] ways, const unsigned char[::1] known):
    """Take back every arrow of a DAG that is in no v-structure and not `known` (1 a pair), then orient what follows.

    Raises ValueError for what is no graph, MemoryError.
    """
    cdef Net net
    cdef Py_ssize_t i
    cdef int place
    if known.shape[0] != pairs.shape[0]:
        raise ValueError("shapes do not match")
    cdef int[::1] near = np.zeros(nodes + 1, np.int32)
    cdef unsigned char[::1] stays = np.zeros(2 * pairs.shape[0] + 1, np.uint8)
    open_net(&net, nodes, pairs, ways)
    try:
        with nogil:
            _colliding(&net, &stays[0], &near[0])
            for i in range(net.edges):
                place = net.place[i]
                if not (known[i] or stays[place] or stays[net.twin[place]]):
                    set_way(&net, place, UNDIRECTED)
        _run_close(&net)
        read_ways(&net, ways)
    finally:
        drop(&net)
