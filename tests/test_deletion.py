"""Rows left out question by question: the compiled tests against whole matrices and against tests on rows taken by
hand, the combination of two ways, and what becomes of thin questions."""

import json
import math
from itertools import combinations

import numpy as np
import pytest
from causaldisc._ext.residuals import Residuals
from causaldisc.cli.main import main
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import author_rule, covariance_of_residuals
from scipy import stats

from causaldisc import citests
from causaldisc.algorithms import dropout
from causaldisc.citests import TestChoice, Verdict, _deletion, _marginals, answer
from causaldisc.citests._bitmaps import Bitmaps
from causaldisc.citests._compressed import Compressed
from causaldisc.citests._deletion import Scope, Thin
from causaldisc.citests._transform import Transform, transformed
from causaldisc.context import Context
from causaldisc.data.dataset import ColumnKind, Dataset, continuous_column
from causaldisc.data.sparse import SparseColumn
from causaldisc.errors import DataError
from causaldisc.knowledge import Knowledge


def with_zeros(rng, rows, columns, share):
    values = rng.standard_normal((rows, columns)) @ rng.standard_normal((columns, columns))
    values[rng.random(values.shape) < share] = 0.0
    values[:3] = rng.standard_normal((3, columns))  # no column without a value
    return values


def bind(values, scope=Scope.CONDITIONING, test="cubic", fewest=0, thin=Thin.UNDECIDED, covariate=None, **options):
    data = Dataset.from_array(values, discrete=test in ("gsq", "chisq"))
    zeros = Bitmaps.of((c.zeros for c in data.columns), data.rows)
    return _deletion.bind(TestChoice(test, options), data, zeros, scope, fewest, thin, Context(), covariate)


def kept(values, x, y, given_, scope):
    """Return the rows of a question by definition, shape (variables, rows)."""
    whose = [*given_] if scope is Scope.CONDITIONING else [x, y, *given_]
    return values[(values[:, whose] != 0).all(axis=1)].T


SCOPES = st.sampled_from([Scope.CONDITIONING, Scope.ALL])


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.integers(60, 200), st.sampled_from([0.0, 0.05, 0.2]), SCOPES)
def test_cubic_equals_projections_on_the_rows_kept(seed, depth, rows, share, scope):
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, rows, 6, share)
    x, y, *given_ = map(int, rng.permutation(6)[: depth + 2])
    used = kept(values, x, y, given_, scope)
    got = answer(bind(values, scope), x, y, given_)
    assert got.n == used.shape[1]
    if got.verdict is Verdict.INSUFFICIENT:
        assert got.n - 1 - 3 * depth - depth * (depth - 1) / 2 < max(10, got.n / 10)
        return
    statistic, effect = covariance_of_residuals(used[x], used[y], used[given_], 3)
    assert got.verdict is Verdict.DECIDED
    assert got.statistic == pytest.approx(statistic, rel=1e-5, abs=1e-6)
    assert got.effect == pytest.approx(effect, rel=1e-5, abs=1e-6)
    assert got.p_value == pytest.approx(2 * stats.norm.sf(abs(statistic)), rel=1e-4)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.integers(5, 120), st.sampled_from([0.05, 0.3]))
def test_fisherz_equals_the_authors_rule(seed, depth, rows, share):
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, rows, 6, share)
    x, y, *given_ = map(int, rng.permutation(6)[: depth + 2])
    got = answer(bind(values, test="fisherz", thin=Thin.INDEPENDENT), x, y, given_)
    assert got.p_value == pytest.approx(author_rule(values, x, y, given_), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_whole_skeleton_is_that_of_the_authors_rule(seed):
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, 150, 6, 0.4)
    options = dropout.Options(
        scope=Scope.CONDITIONING, min_rows=0, thin=Thin.INDEPENDENT, transform=Transform.NONE, alpha=0.1
    )
    result = dropout.run(Dataset.from_array(values), options, TestChoice("fisherz"), Knowledge(), Context())
    adjacent = {(x, y) for x in range(6) for y in range(x + 1, 6)}
    for depth in range(5):
        beside = {v: [u for u in range(6) if (min(u, v), max(u, v)) in adjacent] for v in range(6)}
        for x, y in sorted(adjacent):
            sets = [s for a, b in ((x, y), (y, x)) for s in combinations([z for z in beside[a] if z != b], depth)]
            if any(author_rule(values, x, y, s) > options.alpha for s in sets):
                adjacent.discard((x, y))
    found = {(min(e.source, e.target), max(e.source, e.target)) for e in result.graph.edges()}
    assert found == adjacent
    assert 2 <= len(found) <= 13


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([Scope.CONDITIONING, Scope.ALL]), st.integers(0, 2))
def test_compiled_fisherz_equals_the_test_bound_to_rows_taken(seed, scope, depth):
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, 80, 5, 0.3)
    fast = bind(values, scope, "fisherz", fewest=8)
    data = Dataset.from_array(values)
    slow = _deletion.RebuiltTest(TestChoice("fisherz"), fast.options, data, allowed(values, scope), 8)
    asked = np.array([rng.permutation(5)[: depth + 2] for _ in range(12)], np.int32)
    sets = np.sort(asked[:, 2:], axis=1)
    x, y = (np.ascontiguousarray(a) for a in (asked[:, 0], asked[:, 1]))
    one, other = fast.answers(x, y, sets), slow.answers(x, y, sets)
    assert one.n.tolist() == other.n.tolist()
    assert one.verdict.tolist() == other.verdict.tolist()
    assert one.log_p == pytest.approx(other.log_p, rel=1e-6, abs=1e-9)


def allowed(values, scope):
    present = (values != 0).T
    ends = np.ones_like(present) if scope is Scope.CONDITIONING else present
    return _deletion.Allowed(bitmaps(ends), bitmaps(present))


def bitmaps(masks):
    return Bitmaps.of(masks, masks.shape[1])


@pytest.mark.parametrize("test", ["kci", "gsq", "gcm", "spearman", "rcit"])
def test_any_test_sees_the_rows_kept_and_no_others(test):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 4, (300, 4)).astype(float)
    values[:, 1] += 2.0 * (values[:, 2] == 0)  # depends on the zeros of a condition only
    got = answer(bind(values, test=test), 0, 1, (2,))
    by_hand = values[values[:, 2] != 0]
    data = Dataset.from_array(by_hand, discrete=test == "gsq")
    expected = answer(citests.build(TestChoice(test), data, Context()), 0, 1, (2,))
    assert (got.n, got.log_p) == (len(by_hand), pytest.approx(expected.log_p, rel=1e-9))


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.sampled_from(list(Scope)))
def test_a_batch_gives_the_bits_of_single_questions_and_of_exchanged_ends(seed, depth, scope):
    rng = np.random.default_rng(seed)
    test = bind(with_zeros(rng, 70, 6, 0.3), scope, fewest=15)
    asked = np.array([rng.permutation(6)[: depth + 2] for _ in range(30)], np.int32)
    sets = np.sort(asked[:, 2:], axis=1)
    order = np.lexsort((asked[:, 1], asked[:, 0], *sets.T[::-1]))
    x, y, sets = (np.ascontiguousarray(a[order]) for a in (asked[:, 0], asked[:, 1], sets))
    batch = test.answers(x, y, sets)
    for i in range(len(x)):
        assert repr(batch[i]) == repr(answer(test, int(y[i]), int(x[i]), sets[i].tolist()))


def test_missing_cells_and_zeros_both_cost_rows():
    rng = np.random.default_rng(0)
    values = with_zeros(rng, 200, 4, 0.2)
    values[rng.random(values.shape) < 0.1] = np.nan
    got = answer(bind(values), 0, 1, (2,))
    assert got.n == np.sum(~np.isnan(values[:, :3]).any(axis=1) & (values[:, 2] != 0))


@given(st.floats(1e-7, 0.999), st.floats(1e-7, 0.999))
def test_cauchy_equals_its_definition(p, q):
    expected = stats.cauchy.sf(np.mean([stats.cauchy.isf(p), stats.cauchy.isf(q)]))
    got = _deletion.cauchy(np.log([p]), np.log([q]))[0]
    assert math.exp(got) == pytest.approx(expected, rel=1e-6)
    assert got == _deletion.cauchy(np.log([q]), np.log([p]))[0]


def test_cauchy_ranks_what_no_double_holds():
    found = _deletion.cauchy(np.array([-2000.0, -1999.0, -30.0]), np.array([-0.1, -3000.0, -0.0]))
    assert found == pytest.approx([-2000.0 + math.log(2), -3000.0 + math.log(2), -30.0 + math.log(2)], rel=1e-9)


def test_both_asks_all_rows_without_conditions_and_both_ways_with():
    values = with_zeros(np.random.default_rng(2), 400, 4, 0.3)
    wide, narrow, both = (bind(values, s, fewest=20) for s in (Scope.CONDITIONING, Scope.ALL, Scope.BOTH))
    assert answer(both, 0, 1).n == 400
    assert answer(both, 0, 1) == answer(wide, 0, 1)
    p, q = answer(wide, 0, 1, (2,)).log_p, answer(narrow, 0, 1, (2,)).log_p
    assert answer(both, 0, 1, (2,)).log_p == _deletion.cauchy(np.array([p]), np.array([q]))[0]
    assert answer(both, 0, 1, (2,)).n == answer(narrow, 0, 1, (2,)).n


def test_thin_questions_are_no_evidence_unless_one_wants():
    values = with_zeros(np.random.default_rng(2), 100, 4, 0.5)
    for test in ("cubic", "fisherz", "spearman"):
        got = answer(bind(values, test=test, fewest=90), 0, 1, (2,))
        assert (got.verdict, got.log_p) == (Verdict.INSUFFICIENT, 0.0)
        taken = answer(bind(values, test=test, fewest=90, thin=Thin.INDEPENDENT), 0, 1, (2,))
        assert (taken.verdict, taken.p_value) == (Verdict.DECIDED, 1.0)


def test_an_end_that_is_always_zero_where_the_set_is_not_decides_nothing():
    values = with_zeros(np.random.default_rng(2), 100, 4, 0.2)
    values[:, 0] = np.where(values[:, 2] != 0, 0.0, values[:, 0])
    for test in ("cubic", "fisherz", "spearman"):
        assert answer(bind(values, test=test), 0, 1, (2,)).verdict is Verdict.INSUFFICIENT


def test_a_condition_that_determines_an_end_decides_nothing():
    values = np.abs(with_zeros(np.random.default_rng(2), 100, 4, 0.0))
    values[:, 0] = 3.0 + 2.0 * values[:, 2] ** 2
    assert answer(bind(values), 0, 1, (2,)).verdict is Verdict.SINGULAR
    assert answer(bind(values, test="fisherz"), 0, 1, (2,)).verdict is Verdict.DECIDED


@given(
    st.integers(0, 2**32 - 1), st.sampled_from(["cubic", "fisherz"]), st.integers(1, 3), st.sampled_from([64, 1 << 22])
)
def test_all_pairs_at_once_answer_as_pair_by_pair(seed, name, threads, block):
    """In one block of rows and in several; a column without a number but zero and a constant one say nothing."""
    values = with_zeros(np.random.default_rng(seed), 300, 6, 0.5)
    values[:, 1], values[:, 4] = 0.0, 1.7
    test, columns = bind(values, test=name, fewest=20), Compressed.of_matrix(np.ascontiguousarray(values.T))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_marginals, "BLOCK", block)
        basis, context = _marginals.basis(columns, (), 3), Context(threads=threads)
        table = _marginals.Marginals.of(columns, test.residuals, (), basis, context)
    x, y = (a.astype(np.int32) for a in np.nonzero(~np.eye(6, dtype=bool)))
    one, other = test.answers(x, y, np.empty((len(x), 0), np.int32)), table.answers(x, y)
    for field in ("log_p", "statistic", "effect"):
        assert getattr(one, field) == pytest.approx(getattr(other, field), rel=1e-8, abs=1e-10, nan_ok=True)
    assert (one.n.tolist(), one.verdict.tolist()) == (other.n.tolist(), other.verdict.tolist())
    assert (one.verdict == Verdict.INSUFFICIENT).sum() == 18


@given(st.integers(0, 2**32 - 1), st.integers(0, 2), st.sampled_from(list(Scope)))
def test_sparse_columns_answer_as_dense_ones(seed, depth, scope):
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, 150, 5, 0.4).astype(np.float32).astype(float)
    dense = Dataset.from_array(values)
    sparse = Dataset(tuple(SparseColumn.of(c.name, c.kind, c.values) for c in dense.columns), 150)
    zeros = Bitmaps.of((c.zeros for c in dense.columns), 150)
    asked = rng.permutation(5)[: depth + 2].tolist()
    one, other = (
        answer(
            _deletion.bind(TestChoice("cubic"), data, zeros, scope, 20, Thin.UNDECIDED, Context()),
            *asked[:2],
            asked[2:],
        )
        for data in (dense, sparse)
    )
    assert one == other


@given(st.integers(0, 2**32 - 1), st.integers(0, 2), st.sampled_from(["cubic", "fisherz", "gcm"]), SCOPES)
def test_a_covariate_is_a_condition_whose_zeros_are_values(seed, depth, name, scope):
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, 120, 5, 0.3)
    covariate = np.round(rng.standard_normal(120))
    asked = rng.permutation(5)[: depth + 2].tolist()
    got = answer(bind(values, scope, name, covariate=continuous_column("t", covariate)), *asked[:2], asked[2:])
    whose = asked[2:] if scope is Scope.CONDITIONING else asked
    rows = (values[:, whose] != 0).all(axis=1)
    by_hand = np.column_stack([values[rows][:, asked], covariate[rows]])
    if name == "gcm":
        expected = answer(
            citests.build(TestChoice(name), Dataset.from_array(by_hand), Context()), 0, 1, range(2, depth + 3)
        )
        assert (got.n, got.log_p) == (rows.sum(), pytest.approx(expected.log_p, rel=1e-9))
    elif got.verdict is Verdict.DECIDED:
        statistic, effect = covariance_of_residuals(*by_hand.T[:2], by_hand.T[2:], 3 if name == "cubic" else 1)
        assert got.effect == pytest.approx(effect, rel=1e-5, abs=1e-6)
        assert name == "fisherz" or got.statistic == pytest.approx(statistic, rel=1e-5, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["cubic", "fisherz"]), st.booleans())
def test_all_pairs_at_once_know_the_covariate(seed, name, whole):
    """A covariate of three values has no cube of its own."""
    rng = np.random.default_rng(seed)
    values = with_zeros(rng, 200, 4, 0.3)
    covariate = rng.standard_normal(200) if whole else rng.integers(0, 3, 200).astype(float)
    test = bind(values, test=name, covariate=continuous_column("t", covariate)).inner
    columns = Compressed.of_matrix(np.column_stack([values, covariate]).T.copy())
    basis = _marginals.basis(columns, (4,), test.degree)
    table = _marginals.Marginals.of(columns, test.residuals, (4,), basis, Context())
    x, y = (a.astype(np.int32) for a in np.nonzero(~np.eye(4, dtype=bool)))
    sets = np.full((len(x), 1), 4, np.int32)
    one, other = test.answers(x, y, sets), table.answers(x, y)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-6, abs=1e-8)
    assert one.effect == pytest.approx(other.effect, rel=1e-6, abs=1e-8)
    assert [table.are_asked(given) for given in (sets, sets - 1, sets[:, :0])] == [True, False, False]


def test_a_search_over_many_sparse_columns_asks_the_table(monkeypatch):
    """The same graph as with FEWEST so large that every pair is asked alone."""
    rng = np.random.default_rng(3)
    hidden = rng.standard_normal((400, 8))
    values = np.exp(np.repeat(hidden, 8, axis=1) + rng.standard_normal((400, 64)))
    values[rng.random(values.shape) < 0.3] = 0.0
    columns = tuple(SparseColumn.of(f"g{k:02d}", ColumnKind.CONTINUOUS, v) for k, v in enumerate(values.T))
    options = dropout.Options(alpha=0.001, max_depth=1)
    texts = []
    for fewest in (64, 65):
        monkeypatch.setattr(_marginals, "FEWEST", fewest)
        found = dropout.run(Dataset(columns, 400), options, TestChoice(), Knowledge(), Context())
        texts.append(str(found.graph))
    assert texts[0] == texts[1] != ""


def test_the_kernel_refuses_what_does_not_fit():
    columns = np.array([0, 2], np.int64), np.array([0, 1], np.int32), np.ones(2)
    bits, more = (bitmaps(np.ones((1, rows), np.bool_)).words for rows in (3, 4))
    Residuals(3, *columns, bits, bits, 3, 4)
    for rows, masks, degree in ((1, bits, 3), (3, more, 3), (3, bits, 4), (3, bits[:0], 1)):
        with pytest.raises(ValueError):
            Residuals(rows, *columns, masks, bits, degree, 4)


# ---- the command


@pytest.fixture
def counts(tmp_path):
    rng = np.random.default_rng(0)
    a = rng.poisson(3.0, 600)
    b, c = rng.poisson(1.0 + a), rng.poisson(2.0, 600)
    values = np.column_stack([a, b, c]) * (rng.random((600, 3)) > 0.4)
    path = tmp_path / "d.csv"
    np.savetxt(path, values, "%d", ",", header="a,b,c", comments="")
    return str(path)


def run(capsys, *arguments):
    code = main([*arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_dropout_writes_what_an_edge_could_have_missed(counts, capsys):
    code, out, _ = run(capsys, "dropout", counts, "-f", "json")
    assert code == 0
    edge = next(e for e in json.loads(out)["edges"] if {e["source"], e["target"]} == {"a", "b"})
    assert edge["detectable"] == pytest.approx(np.tanh(2.8016 / np.sqrt(edge["n"] - 3)), rel=1e-3)


def test_edges_that_thin_tests_left_say_so(counts, capsys):
    _, out, err = run(
        capsys, "dropout", counts, "--min-rows", "590", "--max-depth", "1", "--alpha", "0.9999", "-f", "json"
    )
    assert "had too few rows and decided nothing" in err
    assert any("insufficient" in e for e in json.loads(out)["edges"])


def test_negative_values_are_refused_with_the_remedy(tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1,2\n3,-1.5\n0,2\n4,1\n1,7\n")
    code, out, err = run(capsys, "dropout", str(path))
    assert (code, out) == (3, "")
    assert "column 'b' holds -1.5 in row 2" in err
    assert "--transform none" in err


def test_data_without_zeros_are_told_of(tmp_path, capsys):
    path = tmp_path / "d.csv"
    np.savetxt(path, 1 + np.random.default_rng(0).random((50, 3)), "%.4f", ",", header="a,b,c", comments="")
    assert "no value is zero" in run(capsys, "dropout", str(path))[2]


def test_a_covariance_matrix_has_no_zeros(tmp_path, capsys):
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1,0.2\n0.2,1\n")
    code, _, err = run(capsys, "dropout", str(path), "--covariance", "100")
    assert code == 3
    assert "which correlations alone do not have" in err


@pytest.mark.parametrize("search", ["pc", "ges"])
def test_equal_runs_with_other_threads_give_equal_bytes(counts, capsys, search):
    one = run(capsys, "dropout", counts, "--search", search, "--threads", "1", "-f", "json")[1]
    assert one == run(capsys, "dropout", counts, "--search", search, "--threads", "2", "-f", "json")[1]
    assert json.loads(one)["edges"]


@pytest.mark.parametrize("transform", list(Transform))
def test_transforms_keep_order_and_zeros(transform):
    values = np.array([[0.0], [3.0], [1.0], [np.nan], [0.0], [8.0]])
    got = transformed(Dataset.from_array(values), transform).columns[0].values
    known = ~np.isnan(values[:, 0])
    assert np.isnan(got[3])
    assert (got[known] == 0).tolist() == (values[known, 0] == 0).tolist()
    assert stats.spearmanr(got[known], values[known, 0]).statistic == pytest.approx(1.0)


def test_log1p_refuses_negative_numbers():
    with pytest.raises(DataError, match="holds -2 in row 1"):
        transformed(Dataset.from_array(np.array([[-2.0], [1.0]])), Transform.LOG1P)


def test_depth_follows_the_rows_that_are_expected():
    zeros = np.zeros((4, 1000), np.bool_)
    zeros[:, :500] = True  # half of the rows of each
    assert dropout.expected_depth(bitmaps(zeros), 100, Scope.CONDITIONING) == 3
    assert dropout.expected_depth(bitmaps(zeros), 100, Scope.BOTH) == 1
    assert dropout.expected_depth(bitmaps(np.zeros_like(zeros)), 100, Scope.BOTH) is None


def test_zeros_that_leave_nothing_to_condition_on_are_told_of(tmp_path, capsys):
    path = tmp_path / "d.csv"
    values = np.random.default_rng(0).poisson(0.3, (3000, 4))
    np.savetxt(path, values, "%d", ",", header="a,b,c,d", comments="")
    said = run(capsys, "dropout", str(path))[2]
    assert "less than 100 rows for a test with a condition" in said
    assert "--scope conditioning has the rows for 2" in said
    assert "with a condition" not in run(capsys, "dropout", str(path), "--scope", "conditioning")[2]


# ---- calibration: a fork, where deletion leaves relations that are not linear


def fork(rng, rows, mechanism):
    """Return x <- z -> y, half of the values failed: at random, below a threshold, or the less the larger."""
    z = rng.standard_normal(rows)
    x, y = (0.9 * z + 0.6 * rng.standard_normal(rows) for _ in range(2))
    values = np.column_stack([v / v.std() + 2.0 for v in (x, y, z)])
    seen = {
        "random": lambda: rng.random(values.shape) > 0.5,
        "truncation": lambda: values > np.quantile(values, 0.5, axis=0),
        "logistic": lambda: rng.random(values.shape) < 1 / (1 + np.exp(-2 * (values - 2))),
    }[mechanism]()
    return np.where(seen, values, 0.0)


@pytest.mark.parametrize("mechanism", ["random", "truncation", "logistic"])
def test_the_default_keeps_its_level_where_fishers_z_does_not(mechanism):
    rng = np.random.default_rng(3)
    draws, rejected = 300, dict.fromkeys(("conditioning", "all", "both", "fisherz"), 0)
    for _ in range(draws):
        values = fork(rng, 4000, mechanism)
        for scope in Scope:
            rejected[scope.value] += answer(bind(values, scope), 0, 1, (2,)).p_value < 0.05
        rejected["fisherz"] += answer(bind(values, Scope.CONDITIONING, "fisherz"), 0, 1, (2,)).p_value < 0.05
    error = math.sqrt(0.05 * 0.95 / draws)
    for scope in Scope:
        assert rejected[scope.value] / draws < 0.05 + 3 * error
    if mechanism == "truncation":
        assert rejected["fisherz"] / draws > 0.05 + 3 * error
