"""Groups of columns as one variable: kernel tests see what no member shows alone."""

import json

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc import citests
from causaldisc.algorithms import cdnod
from causaldisc.citests import TestChoice, answer
from causaldisc.citests._columns import feature_of_group
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.data.groups import grouped
from causaldisc.errors import DataError, UsageError
from causaldisc.knowledge import Knowledge


def data(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(rows)
    gx, gy = z + rng.standard_normal(rows), rng.standard_normal(rows)
    y = z + 0.5 * gx * gy + 0.5 * rng.standard_normal(rows)
    return Dataset.from_array(np.column_stack([gx, gy, y, z]), ["gx", "gy", "y", "z"])


def test_a_group_takes_the_place_of_its_first_member():
    found = grouped(data(), ["g=gx,gy"])
    assert found.names == ("g", "y", "z")
    assert found.columns[0].values.shape == (300, 2)
    assert grouped(data(), ["gx=gy,gx"]).names == ("gx", "y", "z")
    assert grouped(data(), []).names == ("gx", "gy", "y", "z")


def test_the_joint_distance_of_a_group_has_a_median_of_about_one():
    values = np.random.default_rng(1).standard_normal((500, 3)) * [1, 100, 1e-5]
    found = feature_of_group(values).values
    distances = np.sqrt(((found[:, None] - found[None]) ** 2).sum(axis=2))[np.triu_indices(500, 1)]
    assert np.median(distances) == pytest.approx(1, abs=0.05)
    assert feature_of_group(np.ones((10, 2))).constant


def test_a_test_of_a_group_sees_its_members_together():
    test = citests.build(TestChoice("kci"), grouped(data(), ["g=gx,gy"]), Context())
    assert answer(test, 0, 1, [2]).p_value < 1e-6
    single = citests.build(TestChoice("kci"), data(), Context())
    assert answer(single, 1, 2).p_value > 1e-3


def test_the_order_of_rows_counts_for_nothing_given_a_group():
    whole = data(500)
    order = np.random.default_rng(3).permutation(500)
    shuffled = Dataset.from_array(whole.matrix().T[order], whole.names)
    first, second = (
        answer(citests.build(TestChoice("kci"), grouped(d, ["g=gx,gy"]), Context()), 1, 2, [0]).p_value
        for d in (whole, shuffled)
    )
    assert first == pytest.approx(second, rel=1e-6)


def test_groups_keep_their_level():
    rejected = 0
    for seed in range(100):
        rng = np.random.default_rng([6, seed])
        z = rng.standard_normal(150)
        pair = np.column_stack([z, z**2]) + rng.standard_normal((150, 2))
        whole = Dataset.from_array(np.column_stack([pair, z + rng.standard_normal(150), z]), ["a", "b", "y", "z"])
        test = citests.build(TestChoice("kci"), grouped(whole, ["g=a,b"]), Context())
        rejected += answer(test, 0, 1, [2]).p_value < 0.05
    assert rejected <= 12


def test_a_row_counts_where_all_members_are_known():
    values = np.random.default_rng(2).standard_normal((100, 3))
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.nan, np.nan
    found = grouped(Dataset.from_array(values, ["a", "b", "c"]), ["g=a,b"])
    assert found.columns[0].missing.sum() == 2
    assert answer(citests.build(TestChoice("kci"), found, Context()), 0, 1).n == 97


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (["gaze"], UsageError, "is not of the form NAME=COLUMN,COLUMN"),
        (["g=gx"], UsageError, "is not of the form"),
        (["g=gx,,gy"], UsageError, "is not of the form"),
        (["g=gx,q"], DataError, "no column 'q'"),
        (["y=gx,gy"], DataError, "there is a column 'y' already"),
        (["g=gx,gy", "h=gy,y"], UsageError, "column 'gy' is in 'g' and in 'h'"),
    ],
)
def test_bad_groups_are_refused(groups, error, message):
    with pytest.raises(error, match=message):
        grouped(data(), groups)


def test_groups_need_a_kernel_test():
    with pytest.raises(UsageError, match="use --test kci"):
        cdnod.run(
            data(),
            cdnod.Options(index=("rows",), group=("g=gx,gy",)),
            TestChoice("fisherz"),
            Knowledge(),
            Context(),
        )


def test_groups_from_the_shell(tmp_path, capfd):
    path = tmp_path / "d.csv"
    rows = data(200).matrix().T
    path.write_text("gx,gy,y,z\n" + "\n".join(",".join(map(str, row)) for row in rows.tolist()) + "\n")
    assert main(["cdnod", str(path), "--index", "rows", "--group", "g=gx,gy", "-f", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert [n["name"] for n in found["nodes"]] == ["g", "y", "z", "rows"]
    assert {"g", "y"} in [{e["source"], e["target"]} for e in found["edges"]]
