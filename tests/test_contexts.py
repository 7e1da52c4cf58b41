"""What is a context and of what kind, and files of several domains as one data set."""

import numpy as np
import pytest

from causaldisc.data import domains
from causaldisc.data.contexts import ContextKind, set_apart
from causaldisc.data.dataset import Column, ColumnKind, Dataset, continuous_column, discrete_column
from causaldisc.errors import DataError, UsageError
from causaldisc.graph import Graph
from causaldisc.result import Notice


def text_column(name, *cells):
    levels = sorted(set(cells))
    kind = ColumnKind.BINARY if len(levels) <= 2 else ColumnKind.DISCRETE
    return Column(name, kind, None, np.array([levels.index(c) for c in cells], np.int32), tuple(levels))


def table(*columns, source="data.csv", notices=()):
    return Dataset(tuple(columns), len(columns[0].missing), source, "00", tuple(notices))


def numbers(name, values=range(8)):
    return continuous_column(name, np.array([*values], float))


# ---- contexts


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (numbers("c"), ContextKind.TIME),
        (Column("c", ColumnKind.COUNT, np.arange(8.0)), ContextKind.TIME),
        (Column("c", ColumnKind.TIME, np.arange(8.0)), ContextKind.TIME),
        (discrete_column("c", np.repeat([1.0, 2.0], 4)), ContextKind.DOMAIN),
        (text_column("c", *"aabbccaa"), ContextKind.DOMAIN),
        (Column("c", ColumnKind.CONTEXT, np.repeat([0.0, 1.0], 4), None, ("n", "s")), ContextKind.DOMAIN),
        (Column("c", ColumnKind.CONTEXT, np.arange(8.0)), ContextKind.TIME),
    ],
)
def test_discrete_columns_are_domains_and_others_times(column, kind):
    found = set_apart(table(numbers("x"), column), ("c",), "auto")
    assert found.kinds == {"c": kind}
    assert found.variables == ("x",)
    made = found.column("c")
    assert made.kind.is_discrete == (kind is ContextKind.DOMAIN)
    assert (made.values is None) == (kind is ContextKind.DOMAIN)


def test_whole_numbers_are_a_time_if_the_user_says_so():
    years = discrete_column("year", np.repeat([2001.0, 2002.0], 4))
    found = set_apart(table(numbers("x"), years), ("year",), "time")
    assert found.kinds == {"year": ContextKind.TIME}
    assert found.column("year").values.tolist() == [2001.0] * 4 + [2002.0] * 4


def test_numbers_are_domains_if_the_user_says_so():
    found = set_apart(table(numbers("x"), numbers("dose", [0, 1.5] * 4)), ("dose",), "domain")
    assert found.column("dose").levels == ("0", "1.5")


def test_each_index_has_its_kind_and_columns_of_the_kind_context_join():
    columns = numbers("x"), numbers("t"), numbers("g", [1, 2] * 4), text_column("s", *"aabbaabb")
    more = Column("site", ColumnKind.CONTEXT, np.repeat([0.0, 1.0], 4), None, ("n", "s"))
    found = set_apart(table(*columns, more), ("t", "g,s", "t"), "time,domain,auto")
    assert found.kinds == {
        "t": ContextKind.TIME,
        "g": ContextKind.DOMAIN,
        "s": ContextKind.DOMAIN,
        "site": ContextKind.DOMAIN,
    }
    assert found.data.names == ("x", "t", "g", "s", "site")


def test_the_rows_are_an_index_unless_a_column_is_called_so():
    found = set_apart(table(numbers("x")), ("rows",), "auto")
    assert found.column("rows").values.tolist() == [*range(1, 9)]
    named = set_apart(table(numbers("x"), text_column("rows", *"aabbaabb")), ("rows",), "auto")
    assert named.kinds == {"rows": ContextKind.DOMAIN}


def test_a_label_of_the_rows_is_no_surprise_as_an_index():
    notice = Notice("identifier", "column 't' of data.csv numbers the rows; if it is no variable, ...")
    other = Notice("identifier", "column 'x' of data.csv numbers the rows; if it is no variable, ...")
    found = set_apart(table(numbers("x"), numbers("t"), notices=(notice, other)), ("t",), "auto")
    assert found.data.notices == (other,)


def test_other_times_are_left_out():
    when = Column("when", ColumnKind.TIME, np.arange(8.0))
    found = set_apart(table(numbers("x"), when, numbers("t")), ("t",), "auto")
    assert found.data.names == ("x", "t")
    assert [n.code for n in found.data.notices] == ["not-a-variable"]


@pytest.mark.parametrize(
    ("columns", "index", "error", "message"),
    [
        ([numbers("x"), numbers("t", [5] * 8)], "t", DataError, "'t' is always 5: nothing can change along it"),
        ([numbers("x"), text_column("s", *"aaaaaaaa")], "s", DataError, "'s' is always 'a': nothing can change"),
        ([numbers("t")], "t", DataError, "no column but the index"),
        ([numbers("x"), numbers("t", [np.nan] * 8)], "t", DataError, "no row of data.csv has a value of 't'"),
        ([numbers("x"), text_column("s", *"abcdefgh")], "s", DataError, "8 domains in 8 rows"),
        ([Column("g", ColumnKind.CONTINUOUS, np.ones((8, 2))), numbers("x")], "g", UsageError, "a group of columns"),
    ],
)
def test_unsuitable_indices_are_refused(columns, index, error, message):
    with pytest.raises(error, match=message):
        set_apart(table(*columns), (index,), "auto")


# ---- several files


def parts(*names, columns=lambda i: (numbers("x", [i, i + 1]), text_column("k", "ab"[i % 2], "c"))):
    return [table(*columns(i), source=name) for i, name in enumerate(names)]


def test_rows_are_joined_and_say_where_they_are_from():
    found = domains.joined(parts("d/site_n.csv", "d/site_s.csv.gz"))
    assert found.names == ("x", "k", "site")
    assert found.rows == 4
    assert found.columns[0].values.tolist() == [0, 1, 1, 2]
    assert [found.columns[1].levels[c] for c in found.columns[1].codes] == ["a", "c", "b", "c"]
    site = found.columns[2]
    assert (site.kind, site.levels) == (ColumnKind.CONTEXT, ("site_n", "site_s"))
    assert site.values.tolist() == [0, 0, 1, 1]
    assert found.source == "d/site_n.csv, d/site_s.csv.gz"


def test_a_single_file_stays_what_it_is():
    (one,) = parts("a.csv")
    assert domains.joined([one]) is one


@pytest.mark.parametrize(
    ("files", "name", "labels"),
    [
        (("a.csv", "b.csv"), "domain", ("a", "b")),
        (("batch1.csv", "batch2.csv", "batch10.csv"), "batch", ("batch1", "batch2", "batch10")),
        (("n/data.csv", "s/data.csv"), "domain", ("n/data.csv", "s/data.csv")),
        (("x1.csv", "x2.csv"), "domain", ("x1", "x2")),  # x is a column
        (("-", "b.csv"), "domain", ("stdin", "b")),
    ],
)
def test_domains_are_called_by_their_files(files, name, labels):
    found = domains.joined(parts(*files))
    assert found.names[-1] == name
    assert found.columns[-1].levels == labels


def test_columns_may_come_in_any_order_and_differ_in_how_they_look():
    one = table(numbers("y", [1, 2]), discrete_column("x", np.array([1.0, 2.0])), source="a.csv")
    other = table(numbers("x", [0.5, 3]), Column("y", ColumnKind.COUNT, np.array([3.0, 4.0])), source="b.csv")
    found = domains.joined([one, other])
    assert found.names == ("y", "x", "domain")
    assert [c.kind for c in found.columns[:2]] == [ColumnKind.CONTINUOUS, ColumnKind.CONTINUOUS]
    assert found.columns[1].values.tolist() == [1, 2, 0.5, 3]
    both = domains.joined([table(discrete_column("x", np.array([1.0, n])), source=f"{n}") for n in (2.0, 3.0)])
    assert both.columns[0].levels == ("1", "2", "3")


def test_files_that_do_not_fit_are_refused():
    one = table(numbers("x"), source="a.csv")
    with pytest.raises(DataError, match=r"b.csv has no column 'x', which a.csv has; .*same columns"):
        domains.joined([one, table(numbers("y"), source="b.csv")])
    with pytest.raises(DataError, match=r"a.csv has no column 'z', which b.csv has"):
        domains.joined([one, table(numbers("x"), numbers("z"), source="b.csv")])
    with pytest.raises(DataError, match=r"'x' holds text in b.csv but numbers in a.csv"):
        domains.joined([one, table(text_column("x", "a", "b"), source="b.csv")])
    with pytest.raises(DataError, match=r"'x' is of different kinds .*: continuous, time"):
        domains.joined([one, table(Column("x", ColumnKind.TIME, np.arange(8.0)), source="b.csv")])
    with pytest.raises(DataError, match="called 'domain', as one of the data is"):
        domains.joined([table(numbers("domain"), source=f"{name}.csv") for name in "ab"])


# ---- what is left without them


def test_a_graph_without_some_nodes_keeps_the_other_edges():
    graph = Graph.parse("c --> a --> b; c --> b; d --- a")
    graph.annotate(1, 2, p_value=0.5)
    left = graph.without(["c"])
    assert left.names == ("a", "b", "d")
    assert str(left) == "a --> b; a --- d"
    assert left.attributes(0, 1) == {"p_value": 0.5}
    with pytest.raises(KeyError):
        graph.without(["q"])
