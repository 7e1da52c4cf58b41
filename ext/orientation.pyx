# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From a skeleton and its colliders to an acyclic graph: unshielded triples, arrows without cycles, Dor and Tarsi.

A graph comes as `nodes`, `pairs` (int32, (k, 2): u < v, in increasing order) and `ways` (uint8, k: what each edge is
seen from u, see net.pxd), and changes in `ways`.
"""

from net cimport IN, OTHER, OUT, UNDIRECTED, Net, drop, find, open_net, read_ways, set_way, stamp

import numpy as np


# ---- unshielded triples


cdef Py_ssize_t _unshielded(const Net* net, int* near, int* out) noexcept nogil:
    """Count the triples, and write them to `out` unless it is NULL. `near` has a number a node, none above 0."""
    cdef Py_ssize_t count = 0
    cdef int a, b, c, i, j
    for a in range(<int> net.nodes):
        stamp(net, a, a + 1, near)
        for i in range(net.starts[a], net.starts[a + 1]):
            c = net.ends[i]
            # a's own place in the list of c parts the nodes below a from those above.
            for j in range(net.twin[i] + 1, net.starts[c + 1]):
                b = net.ends[j]
                if near[b] != a + 1:
                    if out != NULL:
                        out[3 * count] = a
                        out[3 * count + 1] = c
                        out[3 * count + 2] = b
                    count += 1
    return count


def unshielded(Py_ssize_t nodes, const int[:, ::1] pairs):
    """Return the triples (a, c, b), a < b, both adjacent to c and not to each other, in order of a, c, b.

    Raises ValueError for what is no graph, MemoryError.
    """
    cdef Net net
    cdef Py_ssize_t count
    cdef int[:, ::1] near = np.zeros((2, nodes + 1), np.int32)
    cdef int[:, ::1] out
    open_net(&net, nodes, pairs, np.zeros(pairs.shape[0], np.uint8))
    try:
        with nogil:
            count = _unshielded(&net, &near[0, 0], NULL)
        triples = np.empty((count, 3), np.int32)
        if count:
            out = triples
            with nogil:
                _unshielded(&net, &near[1, 0], &out[0, 0])
    finally:
        drop(&net)
    return triples


# ---- arrows that close no cycle


cdef int _reach(const Net* net, int source, int one, int other, int walk, int* seen, int* stack) noexcept nogil:
    """Return the first of two nodes that a directed path from `source` reaches, or -1. Each walk has its own number,
    which `seen` holds of no earlier one."""
    cdef int top = 1, node, i
    stack[0] = source
    seen[source] = walk
    while top:
        top -= 1
        node = stack[top]
        if node == one or node == other:
            return node
        for i in range(net.starts[node], net.starts[node + 1]):
            if net.way[i] == OUT and seen[net.ends[i]] != walk:
                seen[net.ends[i]] = walk
                stack[top] = net.ends[i]
                top += 1
    return -1


cdef void _enter(
    Net* net, const int* triples, Py_ssize_t count, unsigned char* lost, unsigned char* barred, int* seen, int* stack
) noexcept nogil:
    """Enter colliders in the order given. `barred`, a number a place: the arrow that comes in there would close a
    cycle, as it will from then on; so that each arrow costs one walk that fails, and one that does not."""
    cdef Py_ssize_t i
    cdef int a, b, c, at_a, at_b, found, walk = 0
    cdef bint new_a, new_b
    for i in range(count):
        a, c, b = triples[3 * i], triples[3 * i + 1], triples[3 * i + 2]
        at_a, at_b = find(net, c, a), find(net, c, b)
        if at_a < 0 or at_b < 0:
            continue
        new_a, new_b = net.way[at_a] != IN, net.way[at_b] != IN
        lost[i] = (
            (new_a and (barred[at_a] or net.way[at_a] == OUT)) or (new_b and (barred[at_b] or net.way[at_b] == OUT))
        )
        if lost[i] or not (new_a or new_b):
            continue
        walk += 1
        found = _reach(net, c, a if new_a else b, b if new_b else a, walk, seen, stack)
        if found >= 0:
            barred[at_a if found == a else at_b] = 1
            lost[i] = 1
            continue
        if new_a:
            set_way(net, at_a, IN)
        if new_b:
            set_way(net, at_b, IN)


def enter(Py_ssize_t nodes, const int[:, ::1] pairs, unsigned char[::1] ways, const int[:, ::1] triples):
    """Orient the triples (a, c, b) as a --> c <-- b, in the order given, each only if neither arrow is there the other
    way round or closes a cycle; returns 1 for each triple that was lost for that (uint8).

    The arrow a --> c alone is the triple (a, c, a). Triples without both edges are passed over.
    Raises ValueError for what is no graph, for other marks and for nodes out of range; MemoryError.
    """
    cdef Net net
    cdef Py_ssize_t count = triples.shape[0]
    if triples.shape[1] != 3 or (count and not 0 <= np.min(triples) <= np.max(triples) < nodes):
        raise ValueError(f"triples must be nodes in 0..{nodes - 1}")
    if ways.shape[0] and np.max(ways) >= OTHER:
        raise ValueError("an edge is either directed or undirected")
    lost = np.zeros(count, np.uint8)
    cdef unsigned char[::1] out = lost
    cdef unsigned char[::1] barred = np.zeros(2 * pairs.shape[0] + 1, np.uint8)
    cdef int[:, ::1] room = np.zeros((2, nodes + 1), np.int32)
    open_net(&net, nodes, pairs, ways)
    if count:
        with nogil:
            _enter(&net, &triples[0, 0], count, &out[0], &barred[0], &room[0, 0], &room[1, 0])
            read_ways(&net, ways)
    drop(&net)
    return lost


# ---- Dor and Tarsi's extension


cdef struct Removal:
    # What is left of a graph from which sinks are removed one by one.
    int* rank  # when a node was removed; the number of nodes while it is left
    int* order  # the nodes as they were removed
    int* children  # how many children of a node are left
    long long* cost  # how many v-structures would arise if the node were made a sink now
    int* near
    long long* heap  # cost * nodes + node of the childless; outdated entries are passed over
    Py_ssize_t waiting


cdef void _push(Removal* r, long long key) noexcept nogil:
    cdef Py_ssize_t i = r.waiting
    r.waiting += 1
    while i and r.heap[(i - 1) // 2] > key:
        r.heap[i] = r.heap[(i - 1) // 2]
        i = (i - 1) // 2
    r.heap[i] = key


cdef long long _pop(Removal* r) noexcept nogil:
    cdef long long least = r.heap[0], last
    cdef Py_ssize_t i = 0, child
    r.waiting -= 1
    last = r.heap[r.waiting]
    while 2 * i + 1 < r.waiting:
        child = 2 * i + 1
        if child + 1 < r.waiting and r.heap[child + 1] < r.heap[child]:
            child += 1
        if r.heap[child] >= last:
            break
        r.heap[i] = r.heap[child]
        i = child
    r.heap[i] = last
    return least


cdef void _set_out(const Net* net, Removal* r) noexcept nogil:
    """Count children, and the v-structures that each node would bring."""
    cdef int a, b, c, i, j
    for a in range(<int> net.nodes):
        r.rank[a] = net.nodes
        stamp(net, a, a + 1, r.near)
        for i in range(net.starts[a], net.starts[a + 1]):
            c = net.ends[i]
            r.children[a] += net.way[i] == OUT
            for j in range(net.twin[i] + 1, net.starts[c + 1]):
                b = net.ends[j]
                if r.near[b] != a + 1 and (net.way[i] == UNDIRECTED or net.way[j] == UNDIRECTED):
                    r.cost[c] += 1
    for a in range(<int> net.nodes):
        if not r.children[a]:
            _push(r, r.cost[a] * net.nodes + a)


cdef void _remove(const Net* net, Removal* r, int sink, int when) noexcept nogil:
    cdef int v, b, i, j
    cdef int mark = -1 - when  # _set_out left positive marks
    r.rank[sink] = when
    r.order[when] = sink
    stamp(net, sink, mark, r.near)
    for i in range(net.starts[sink], net.starts[sink + 1]):
        v = net.ends[i]
        if r.rank[v] < net.nodes:
            continue
        r.children[v] -= net.way[i] == IN
        if r.cost[v]:
            for j in range(net.starts[v], net.starts[v + 1]):
                b = net.ends[j]
                if r.rank[b] == net.nodes and r.near[b] != mark and (
                    net.way[i] == UNDIRECTED or net.way[j] == UNDIRECTED
                ):
                    r.cost[v] -= 1
        if not r.children[v]:
            _push(r, r.cost[v] * net.nodes + v)


cdef int _remove_all(const Net* net, Removal* r) noexcept nogil:
    """Remove the childless node that brings the fewest v-structures, the first of equals, until none is childless;
    returns how many went. With none to bring it is the sink that Dor and Tarsi look for."""
    cdef long long key
    cdef int v, count = 0
    _set_out(net, r)
    while r.waiting:
        key = _pop(r)
        v = key % net.nodes
        if r.rank[v] == net.nodes and r.cost[v] == key // net.nodes:
            _remove(net, r, v, count)
            count += 1
    return count


cdef void _list_forced(const Net* net, Removal* r, int removed, int* out) noexcept nogil:
    """Write the v-structures that arose, in the order of the sinks, those of a sink in order of their ends."""
    cdef Py_ssize_t count = 0
    cdef int when, sink, a, b, i, j, mark = 0
    for i in range(<int> net.nodes):
        r.near[i] = 0
    for when in range(removed):
        sink = r.order[when]
        if not r.cost[sink]:
            continue
        for i in range(net.starts[sink], net.starts[sink + 1]):
            a = net.ends[i]
            if r.rank[a] < when:
                continue
            mark += 1
            stamp(net, a, mark, r.near)
            for j in range(i + 1, net.starts[sink + 1]):
                b = net.ends[j]
                if r.rank[b] > when and r.near[b] != mark and (
                    net.way[i] == UNDIRECTED or net.way[j] == UNDIRECTED
                ):
                    out[3 * count] = a
                    out[3 * count + 1] = sink
                    out[3 * count + 2] = b
                    count += 1


def extend(Py_ssize_t nodes, const int[:, ::1] pairs, unsigned char[::1] ways):
    """Orient what is undirected so that a DAG results, and return whether that went, with the new v-structures.

    Sinks are removed one by one: of the nodes without children, the first of those that bring the fewest new
    v-structures. These come back as an int32 array of triples (a, c, b), a < b. Where the arrows form a cycle `ways`
    stays as it is. Raises ValueError for what is no graph, MemoryError.
    """
    cdef Net net
    cdef Removal r
    cdef int removed, u, v
    cdef Py_ssize_t i
    cdef int[:, ::1] room = np.zeros((4, nodes + 1), np.int32)
    cdef long long[::1] cost = np.zeros(nodes + 1, np.int64)
    cdef long long[::1] heap = np.empty(nodes + 2 * pairs.shape[0] + 1, np.int64)
    cdef int[:, ::1] out
    r.rank, r.order, r.children, r.near = &room[0, 0], &room[1, 0], &room[2, 0], &room[3, 0]
    r.cost, r.heap, r.waiting = &cost[0], &heap[0], 0
    open_net(&net, nodes, pairs, ways)
    try:
        with nogil:
            removed = _remove_all(&net, &r)
        # The cost of a node that is gone is what it was when it went.
        forced = np.empty((sum(r.cost[r.order[i]] for i in range(removed)), 3), np.int32)
        if len(forced):
            out = forced
            with nogil:
                _list_forced(&net, &r, removed, &out[0, 0])
        if removed == nodes:
            for i in range(net.edges):
                if ways[i] == UNDIRECTED:
                    u, v = pairs[i, 0], pairs[i, 1]
                    ways[i] = OUT if r.rank[v] < r.rank[u] else IN
    finally:
        drop(&net)
    return removed == nodes, forced
