"""Quoted names: what is quoted is read back, and advice can be pasted into a shell."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causaldisc.data.selection import kinds, select
from causaldisc.quoting import as_column, quote, split

NAMES = st.text(min_size=1) | st.sampled_from(
    ["a -> b", "a,b", 'a "b"', '"', " a", "!a", "1", "a-b", "it's", "a=b", "a<b"]
)


@pytest.mark.parametrize("signs", ["[~|,]", "->", "[,<]"])
@given(names=st.lists(NAMES, min_size=1, max_size=4))
def test_quoted_names_are_read_back(signs, names):
    sign = {"->": "->"}.get(signs, ",")
    assert split(sign.join(quote(name, signs) for name in names), signs) == (names, [sign] * (len(names) - 1))


@pytest.mark.parametrize("text", ['"a', 'a"', 'a "b"', '"a" b', '"a" "b"'])
def test_quotes_out_of_place_give_no_names(text):
    assert split(text, ",") == ([], [])


@given(names=st.lists(NAMES.map(str.strip).filter(bool), min_size=2, max_size=4, unique=True))
def test_advice_names_the_column_whatever_it_is_called(names):
    (left_out,) = shlex.split(f"'!{as_column(names[0])}'")
    assert select(names, left_out, "d.csv") == list(range(1, len(names)))
    (typed,) = shlex.split(f"'{as_column(names[0])}=discrete'")
    assert list(kinds(names, typed, "d.csv")) == [0]
