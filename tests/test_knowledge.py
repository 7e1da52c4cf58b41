"""Knowledge files and flags: forms that are read, and mistakes that are named."""

import pytest

from causaldisc import knowledge
from causaldisc.errors import DataError, UsageError
from causaldisc.knowledge import Knowledge

NAMES = ("age", "sex", "smoking", "cancer")

TOML = """
tiers = [["age", "sex"], ["smoking"], ["cancer"]]
closed = [1]
forbid = ["sex -> smoking", ["age", "cancer"]]
require = ["smoking -> cancer"]
"""

TETRAD = """/knowledge
addtemporal
// an early tier without edges inside
1* age sex
2 smoking
3 cancer

forbiddirect
sex smoking

forbiddengroup
age
cancer

requiredirect
smoking cancer
"""


@pytest.mark.parametrize("text", [TOML, TETRAD])
def test_both_forms_say_the_same(tmp_path, text):
    path = tmp_path / "known"
    path.write_text(text)
    got = knowledge.read(str(path))
    assert got.tiers == (("age", "sex"), ("smoking",), ("cancer",))
    assert got.closed == {0}
    assert got.forbidden == (("sex", "smoking"), ("age", "cancer"))
    assert got.required == (("smoking", "cancer"),)
    bound = got.bind(NAMES)
    assert not bound.allows_pair(0, 1)
    assert not bound.allows_pair(0, 3)
    assert bound.may_cause(0, 2)
    assert not bound.may_cause(3, 2)
    assert bound.requires_pair(3, 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('tiers = [["age", "ses"]]', "no column 'ses'; did you mean 'sex'?"),
        ('tiers = [["age"], ["age"]]', "'age' is in tier 1 and in tier 2"),
        ('forbid = ["age -> sex"]\nrequire = ["age -> sex"]', "'age' -> 'sex' is required but forbidden"),
        (
            'tiers = [["age"], ["sex"]]\nrequire = ["sex -> age"]',
            "required but runs from a later tier to tier 1",
        ),
        (
            'tiers = [["age", "sex"]]\nclosed = [1]\nrequire = ["sex -> age"]',
            "required but lies inside tier 1",
        ),
        (
            'require = ["age -> sex", "sex -> age"]',
            "the required edges form a cycle: 'age' -> 'sex' -> 'age'",
        ),
        ('require = ["age -> age"]', "an edge from 'age' to itself makes no sense"),
        ('forbid = ["age sex"]', "forbid: 'age sex' is not 'a -> b'"),
        ("forbid = [3]", "3 is neither 'a -> b' nor a list of two names"),
        ('tears = [["age"]]', "unknown key 'tears'; there are tiers, closed, forbid, require, causes"),
        ('tiers = ["age"]', "tiers must be a list of lists of names"),
        ("causes = 'age'", "causes must be a list of names"),
        ("closed = [2]", "closed must be a list of tier numbers"),
        ("what is this", "neither TOML nor Tetrad's knowledge format"),
        ("/knowledge\nforbiddirect\nage", "line 3: forbiddirect takes two names a line, not 1"),
        ("/knowledge\nrequiredgroup\nage", "a group is two lines, causes and effects; the second is missing"),
        (
            "/knowledge\naddtemporal\nage sex",
            "line 3: a line of addtemporal starts with the number of its tier",
        ),
        ("/knowledge\nage", "line 2: expected one of addtemporal"),
    ],
)
def test_mistakes_are_named_with_the_file(tmp_path, text, sentence):
    path = tmp_path / "known.toml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        knowledge.read(str(path)).bind(NAMES)
    assert sentence in str(caught.value)
    assert "known.toml" in str(caught.value)


def test_a_missing_file_is_named():
    with pytest.raises(DataError, match=r"there is no file nowhere.toml"):
        knowledge.read("nowhere.toml")


def test_flags_add_to_the_file_but_tiers_come_once():
    tiered = Knowledge(tiers=(("age",),), source="k.toml")
    assert (tiered | Knowledge(required=(("age", "sex"),), source="the command line")).required == (("age", "sex"),)
    with pytest.raises(DataError, match=r"tiers are given twice, in k.toml and in the command line"):
        tiered | Knowledge(tiers=(("sex",),), source="the command line")


def test_tier_notation():
    assert knowledge.tiers("a, b < c") == (("a", "b"), ("c",))
    assert knowledge.tiers('a b, "x, y" < "p < q"<"say ""c"""') == (("a b", "x, y"), ("p < q",), ('say "c"',))
    for text in ("a < < c", "", "a,", '"a', 'a "b"'):
        with pytest.raises(UsageError, match=r"--tiers: .* is not 'a, b < c'"):
            knowledge.tiers(text)


def test_arrow_notation():
    assert knowledge.arrow("a b -> c", "--forbid") == ("a b", "c")
    assert knowledge.arrow('"a -> b"->"say ""c"""', "--forbid") == ("a -> b", 'say "c"')
    for text in ("a -> b -> c", "a", "a ->", '"a -> b', 'a -> b "c"'):
        with pytest.raises(UsageError, match=r"--forbid: .* is not 'a -> b'"):
            knowledge.arrow(text, "--forbid")


def test_knowledge_as_json_has_the_keys_of_the_file(tmp_path):
    path = tmp_path / "known.toml"
    path.write_text(TOML)
    assert knowledge.read(str(path)).as_json() == {
        "tiers": [["age", "sex"], ["smoking"], ["cancer"]],
        "closed": [1],
        "forbid": [["sex", "smoking"], ["age", "cancer"]],
        "require": [["smoking", "cancer"]],
    }
    assert Knowledge().as_json() == {}
