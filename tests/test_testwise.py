"""Missing cells: test-wise deletion against deleting rows by hand, and the choice of what to do about them."""

import json

import numpy as np
import pytest
from causaldisc._ext import testwise
from causaldisc.cli.main import main
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import fisher_z as slow_fisher_z

from causaldisc import citests
from causaldisc.algorithms import pc
from causaldisc.citests import Missing, TestChoice, Verdict, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge


def bind(values, name="fisherz", **options):
    return citests.build(TestChoice(name, options), Dataset.from_array(values), Context())


def with_gaps(rng, values, share):
    values = values.copy()
    values[rng.random(values.shape) < share] = np.nan
    return values


def rows_deleted(values, columns):
    """Return the rows without a gap in some columns, shape (variables, rows)."""
    return values[~np.isnan(values[:, columns]).any(axis=1)].T


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 4),
    st.integers(5, 150),
    st.sampled_from([0.02, 0.2, 0.5]),
    st.sampled_from([1.0, 1e-120, 1e120]),
    st.sampled_from([0.0, 1e3]),
)
def test_each_test_equals_one_on_its_complete_rows(seed, depth, rows, share, scale, offset):
    rng = np.random.default_rng(seed)
    plain = with_gaps(rng, rng.standard_normal((rows, 6)) @ rng.standard_normal((6, 6)), share)
    plain[:3] = rng.standard_normal((3, 6))  # no column without a cell, or constant
    plain[0, 0] = np.nan
    x, y, *given_ = map(int, rng.permutation(6)[: depth + 2])
    got = answer(bind((plain + offset) * scale), x, y, given_)
    kept = rows_deleted(plain, [x, y, *given_])
    assert got.n == kept.shape[1]
    if got.n - depth - 3 <= 0:
        assert (got.verdict, got.log_p, got.effect) == (Verdict.INSUFFICIENT, 0.0, None)
        return
    statistic, _ = slow_fisher_z(kept, x, y, given_)
    assert got.verdict is Verdict.DECIDED
    assert got.statistic == pytest.approx(statistic, rel=1e-6, abs=1e-7)
    assert np.sqrt(got.n - depth - 3) * np.arctanh(got.effect) == pytest.approx(got.statistic, rel=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_p_values_equal_those_of_causal_learn(seed, depth):
    from causallearn.utils.cit import CIT

    rng = np.random.default_rng(seed)
    values = with_gaps(rng, rng.standard_normal((150, 5)) @ rng.standard_normal((5, 5)), 0.1)
    theirs = CIT(values, "mv_fisherz")(0, 1, list(range(2, 2 + depth)))
    assert answer(bind(values), 0, 1, range(2, 2 + depth)).p_value == pytest.approx(theirs, rel=0, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.sampled_from([0.05, 0.4, 0.7]))
def test_a_batch_gives_the_bits_of_single_questions_and_of_exchanged_ends(seed, depth, share):
    rng = np.random.default_rng(seed)
    test = bind(with_gaps(rng, rng.standard_normal((70, 6)), share))
    asked = np.array([rng.permutation(6)[: depth + 2] for _ in range(30)], np.int32)
    given_ = np.sort(asked[:, 2:], axis=1)
    order = np.lexsort((asked[:, 1], asked[:, 0], *given_.T[::-1]))
    x, y, given_ = asked[order, 0].copy(), asked[order, 1].copy(), np.ascontiguousarray(given_[order])
    batch = test.answers(x, y, given_)
    for i in range(len(x)):
        assert batch[i] == answer(test, int(x[i]), int(y[i]), given_[i].tolist())
        assert batch[i] == answer(test, int(y[i]), int(x[i]), given_[i].tolist())


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_rows_far_from_the_rest_cost_no_digits_when_they_are_left_out(seed, depth):
    """Sums over all rows less a few huge terms would keep none of the digits of what is left."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((80, 6)) @ rng.standard_normal((6, 6))
    far = rng.permutation(80)[:7]
    values[far] += 1e7 * rng.standard_normal((7, 1))
    values[far, 1] = np.nan
    values[far[0], 1] = 1.0
    values[far[0], 0] = np.nan
    got = answer(bind(values), 0, 1, range(2, 2 + depth))
    kept = rows_deleted(values, list(range(depth + 2)))
    assert got.statistic == pytest.approx(slow_fisher_z(kept, 0, 1, range(2, 2 + depth))[0], rel=1e-5, abs=1e-6)


def test_without_gaps_the_engine_answers_and_with_gaps_outside_the_question_agrees_with_it():
    values = np.random.default_rng(0).standard_normal((60, 4))
    gap = np.column_stack([values, np.where(np.arange(60) < 30, np.nan, values[:, 0] ** 3)])
    whole, part = answer(bind(values), 0, 1, (2, 3)), answer(bind(gap), 0, 1, (2, 3))
    assert hasattr(bind(values), "search")
    assert not hasattr(bind(gap), "search")
    assert (whole.n, whole.verdict) == (part.n, part.verdict)
    assert whole.statistic == pytest.approx(part.statistic, rel=1e-12)


def test_a_column_that_is_constant_in_the_rows_used_is_no_variable_there():
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 50))
    x[10:] = 0.3
    y[:20] = np.nan
    test = bind(np.column_stack([x, y, z]))
    assert answer(test, 0, 1).verdict is Verdict.SINGULAR
    assert answer(test, 0, 1, (2,)).verdict is Verdict.SINGULAR
    given_x = answer(test, 1, 2, (0,))
    assert given_x.verdict is Verdict.REDUNDANT
    assert given_x.statistic == pytest.approx(answer(test, 1, 2).statistic, rel=1e-12)


def test_columns_never_known_together_decide_nothing():
    values = np.random.default_rng(0).standard_normal((40, 3))
    values[:20, 0] = np.nan
    values[20:, 1] = np.nan
    got = answer(bind(values), 0, 1)
    assert (got.verdict, got.n) == (Verdict.INSUFFICIENT, 0)


def test_list_wise_deletion_uses_the_complete_rows_of_all_columns():
    rng = np.random.default_rng(0)
    values = with_gaps(rng, rng.standard_normal((100, 4)), 0.1)
    complete = rows_deleted(values, [0, 1, 2, 3])
    context = Context()
    test = citests.build(TestChoice("fisherz", {"missing": Missing.LIST_WISE}), Dataset.from_array(values), context)
    assert answer(test, 0, 1).n == complete.shape[1]
    assert answer(test, 0, 1).statistic == pytest.approx(slow_fisher_z(complete, 0, 1, [])[0])
    assert [w.code for w in context.warnings] == ["rows-dropped"]


@pytest.mark.parametrize("name", ["fisherz", "gsq", "chisq"])
def test_missing_cells_can_be_refused(name):
    values = np.random.default_rng(0).integers(0, 3, (30, 3)).astype(float)
    values[:2, 1] = np.nan
    data = Dataset.from_array(values, ["a", "b", "c"], discrete=True)
    with pytest.raises(DataError, match=r"column 'b' has 2 missing cells; leave it out with --columns '!b'"):
        citests.build(TestChoice(name, {"missing": Missing.ERROR}), data, Context())
    whole = data.select(["a", "c"])
    assert answer(citests.build(TestChoice(name, {"missing": Missing.ERROR}), whole, Context()), 0, 1).n == 30


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_threads_change_no_bit_of_a_search_with_gaps(seed):
    rng = np.random.default_rng(seed)
    values = with_gaps(rng, rng.standard_normal((120, 8)) @ rng.standard_normal((8, 8)), 0.1)
    data = Dataset.from_array(values)
    one, three = (pc.run(data, pc.Options(), TestChoice(), Knowledge(), Context(threads=threads)) for threads in (1, 3))
    assert str(one.graph) == str(three.graph)
    assert tuple(one.separations) == tuple(three.separations)
    assert [e.attributes for e in one.graph.edges()] == [e.attributes for e in three.graph.edges()]


def test_the_command_line_tells_the_rows_and_the_rule(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lines = [",".join("" if rng.random() < 0.1 else f"{v:.5f}" for v in row) for row in rng.standard_normal((80, 3))]
    (tmp_path / "d.csv").write_text("\n".join(["a,b,c", *lines]) + "\n")
    assert main(["ci", "d.csv", "a ~ b", "a ~ b | c", "-f", "json"]) == 0
    some = json.loads(capsys.readouterr().out)
    assert some[0]["n"] > some[1]["n"] > 40
    assert main(["pc", "d.csv", "--missing", "list-wise", "-f", "json"]) == 0
    assert '"missing": "list-wise"' in capsys.readouterr().out


def test_known_rows_refuse_what_does_not_fit():
    values, known = np.zeros((3, 10)), np.ones((3, 10), np.uint8)
    starts = np.arange(4, dtype=np.int32)
    with pytest.raises(ValueError, match="shapes"):
        testwise.KnownRows(values, starts, known[:2])
    with pytest.raises(ValueError, match="starts"):
        testwise.KnownRows(values, starts[:3], known[:2])
    with pytest.raises(ValueError, match="only blocks"):
        testwise.KnownRows(values, np.array([0, 2, 3], np.int32), known[:2])
    rows = testwise.KnownRows(values, starts, known)
    out = citests.Answers.empty(1)
    with pytest.raises(ValueError, match=r"variables must lie in 0\.\.2"):
        rows.tests(
            np.array([0], np.int32), np.array([3], np.int32), np.empty((1, 0), np.int32),
            out.log_p, out.statistic, out.df, out.effect, out.n, out.verdict,
        )  # fmt: skip
