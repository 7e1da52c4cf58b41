# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""A graph laid out for walking: at each node its edges in order, and where each of them stands at its other node.

All functions are inline, so that every kernel that cimports them carries its own copy and no kernel imports another.
"""

from libc.stdlib cimport calloc, free

cdef enum:
    # What an edge is, seen from one of its nodes; of a pair (u, v), seen from u.
    UNDIRECTED = 0
    OUT = 1
    IN = 2
    OTHER = 3  # some other marks: the nodes are adjacent, and no rule looks further


cdef struct Net:
    # An edge stands twice, at either node; a place is a number in 0..2 edges - 1.
    Py_ssize_t nodes
    Py_ssize_t edges
    int* starts  # the edges of node v stand at the places starts[v]..starts[v + 1] - 1
    int* ends  # the node at the other end; increasing within a node
    int* twin  # the place of the same edge at its other node
    int* place  # where pair i stands at its first node
    unsigned char* way


cdef inline void set_way(Net* net, int place, unsigned char way) noexcept nogil:
    net.way[place] = way
    net.way[net.twin[place]] = IN if way == OUT else OUT if way == IN else way


cdef inline int find(const Net* net, int u, int v) noexcept nogil:
    """Return the place at u of the edge between u and v, or -1."""
    cdef int low = net.starts[u], high = net.starts[u + 1], middle
    while low < high:
        middle = (low + high) // 2
        if net.ends[middle] < v:
            low = middle + 1
        else:
            high = middle
    return low if low < net.starts[u + 1] and net.ends[low] == v else -1


cdef inline void stamp(const Net* net, int v, int mark, int* marks) noexcept nogil:
    """Write a mark at every neighbour of v."""
    cdef int i
    for i in range(net.starts[v], net.starts[v + 1]):
        marks[net.ends[i]] = mark


cdef inline void drop(Net* net) noexcept nogil:
    free(net.starts)
    free(net.ends)
    free(net.twin)
    free(net.place)
    free(net.way)


cdef inline bint fits(Py_ssize_t nodes, const int[:, ::1] pairs, const unsigned char[::1] ways) noexcept nogil:
    """Tell whether the pairs are nodes u < v in increasing order, none twice, each with a way."""
    cdef Py_ssize_t i
    if pairs.shape[1] != 2 or ways.shape[0] != pairs.shape[0] or nodes < 0 or pairs.shape[0] > 1 << 29:
        return False
    for i in range(pairs.shape[0]):
        if not 0 <= pairs[i, 0] < pairs[i, 1] < nodes or ways[i] > OTHER:
            return False
        if i and not (
            pairs[i - 1, 0] < pairs[i, 0] or (pairs[i - 1, 0] == pairs[i, 0] and pairs[i - 1, 1] < pairs[i, 1])
        ):
            return False
    return True


cdef inline bint lay(
    Net* net, Py_ssize_t nodes, const int[:, ::1] pairs, const unsigned char[::1] ways
) noexcept nogil:
    """Lay out a graph that `fits`; returns whether there was memory. `drop` gives it back in either case."""
    cdef Py_ssize_t i
    cdef int u, v, here, there
    cdef int* fill = <int*> calloc(nodes + 1, sizeof(int))
    net.nodes, net.edges = nodes, pairs.shape[0]
    net.starts = <int*> calloc(nodes + 1, sizeof(int))
    net.ends = <int*> calloc(2 * net.edges + 1, sizeof(int))
    net.twin = <int*> calloc(2 * net.edges + 1, sizeof(int))
    net.place = <int*> calloc(net.edges + 1, sizeof(int))
    net.way = <unsigned char*> calloc(2 * net.edges + 1, sizeof(unsigned char))
    if (
        fill == NULL or net.starts == NULL or net.ends == NULL or net.twin == NULL or net.place == NULL
        or net.way == NULL
    ):
        free(fill)
        return False
    for i in range(net.edges):
        net.starts[pairs[i, 0] + 1] += 1
        net.starts[pairs[i, 1] + 1] += 1
    for i in range(nodes):
        net.starts[i + 1] += net.starts[i]
        fill[i] = net.starts[i]
    # As the pairs come in increasing order, so does each node's list: the nodes below it, then those above.
    for i in range(net.edges):
        u, v = pairs[i, 0], pairs[i, 1]
        here, there = fill[u], fill[v]
        fill[u] += 1
        fill[v] += 1
        net.ends[here], net.ends[there] = v, u
        net.twin[here], net.twin[there] = there, here
        net.place[i] = here
        set_way(net, here, ways[i])
    free(fill)
    return True


cdef inline int open_net(
    Net* net, Py_ssize_t nodes, const int[:, ::1] pairs, const unsigned char[::1] ways
) except -1:
    """Check and lay out a graph; raises ValueError for what is none, and MemoryError."""
    if not fits(nodes, pairs, ways):
        raise ValueError("pairs must be nodes u < v in increasing order, each with a way")
    if not lay(net, nodes, pairs, ways):
        drop(net)
        raise MemoryError
    return 0


cdef inline void read_ways(const Net* net, unsigned char[::1] ways) noexcept nogil:
    """Write what has become of each pair."""
    cdef Py_ssize_t i
    for i in range(net.edges):
        ways[i] = net.way[net.place[i]]
