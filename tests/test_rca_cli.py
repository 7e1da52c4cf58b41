"""`causaldisc rca` and `compare --rca` as the shell sees them."""

import csv
import io
import json
import math
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.data.dataset import Column, ColumnKind, Dataset
from causaldisc.graph import formats
from causaldisc.rca.series import column_of_times
from causaldisc.result import Result

AT = "2026-01-05T05:00Z"
REGEX = "^(.*?)_"


@pytest.fixture
def call(capfd):
    def call(*arguments):
        code = main([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A case of four services with a fault of loss at row 301, its truth, and who calls whom."""
    made = tmp_path_factory.mktemp("case")
    arguments = "simulate faults --services 4 --rows 500 --inject 301 --fault loss --seed 5 -q"
    places = ["-o", made / "m.csv", "--truth", made / "t.json", "--calls", made / "c.json"]
    assert main([*arguments.split(), *map(str, places)]) == 0
    lines = (made / "m.csv").read_text().splitlines(keepends=True)
    (made / "normal.csv").write_text("".join(lines[:301]))
    (made / "bad.csv").write_text("".join([lines[0], *lines[301:]]))
    (made / "few.csv").write_text("".join([lines[0], *lines[301:304]]))
    (made / "words.csv").write_text(
        "".join(f"{line[:-1]},{'host' if not i else 'ab'[i % 2]}\n" for i, line in enumerate(lines))
    )
    (made / "rows.csv").write_text("".join(line.partition(",")[2] for line in lines))
    (made / "less.csv").write_text("".join(line.rpartition(",")[0] + "\n" for line in lines))
    (made / "dates.csv").write_text("".join("at" + line.removeprefix("time") for line in lines[:1]) + "".join(
        f"2026-01-{5 + i // 24:02d} {i % 24:02d}:00:00,{line.partition(',')[2]}" for i, line in enumerate(lines[1:])
    ))  # fmt: skip
    return made


def root(folder):
    return formats.read(folder / "t.json").provenance["root"]


def ranked(out):
    return [row["metric"] for row in json.loads(out)]


# ---- the ranking


def test_the_root_comes_first_with_its_way_to_the_sli(folder, call):
    code, out, err = call(
        "rca",
        folder / "t.json",
        folder / "m.csv",
        "--at",
        AT,
        "--top",
        3,
        "--sli",
        "front_errors",
        "--group-regex",
        REGEX,
    )
    assert code == 0
    first, *others = json.loads(out)
    assert first["metric"] == root(folder)
    assert first["service"] + "_errors" == first["metric"]
    assert (first["level"], first["rank"], first["at"], first["at_is"]) == (
        "metric",
        1.0,
        "2026-01-05T05:00:00Z",
        "given",
    )
    assert first["path"][0] == first["metric"]
    assert first["path"][-1] == "front_errors"
    assert first["anomalous"] > first["normal"]
    assert first["score"] > others[0]["score"] >= others[1]["score"]
    assert "the anomaly begins at 2026-01-05T05:00:00Z (given)" in err


def test_every_way_to_say_when_gives_the_same_ranking(folder, call):
    of = [
        call("rca", folder / "t.json", folder / "m.csv", "--at", AT),
        call("rca", folder / "t.json", folder / "m.csv", "--at", "2026-01-05T06:00+01:00"),
        call("rca", folder / "t.json", folder / "m.csv", "--at", "1767589200"),
        call("rca", folder / "t.json", folder / "m.csv", "--at", "1767589200000", "--time", "time"),
        call("rca", folder / "t.json", folder / "rows.csv", "--at", "301"),
        call("rca", folder / "t.json", folder / "dates.csv", "--at", "2026-01-17T12:00"),
        call("rca", folder / "t.json", "--normal", folder / "normal.csv", "--anomalous", folder / "bad.csv"),
    ]
    assert [code for code, _, _ in of] == [0] * 7
    scores = [{row["metric"]: row["deviation"] for row in json.loads(out)} for _, out, _ in of]
    assert all(found == scores[0] for found in scores)
    assert {ranked(out)[0] for _, out, _ in of} == {root(folder)}


def test_the_time_is_found_when_it_is_not_said(folder, call):
    code, out, err = call("rca", folder / "t.json", folder / "m.csv")
    assert code == 0
    first = json.loads(out)[0]
    assert first["metric"] == root(folder)
    assert first["at_is"] == "detected"
    assert "2026-01-05T04:55:00Z" <= first["at"] <= "2026-01-05T05:05:00Z"
    assert f"{first['at']} (detected)" in err


def test_services_are_ranked_and_calls_and_knowledge_taken(folder, call):
    more = ["--at", AT, "--group-regex", REGEX, "--by", "service"]
    code, out, _ = call("rca", folder / "t.json", folder / "m.csv", *more, "--calls", folder / "c.json")
    assert code == 0
    rows = json.loads(out)
    assert len(rows) == 4
    assert rows[0]["service"] == root(folder).partition("_")[0]
    assert {row["level"] for row in rows} == {"service"}
    service = rows[0]["service"]
    way = ["--sli", "front_latency", "--at", AT, "--group-regex", REGEX, "--top", 1]
    path = json.loads(call("rca", folder / "t.json", folder / "m.csv", *way)[1])[0]["path"]
    cut = json.loads(call("rca", folder / "t.json", folder / "m.csv", *way, "--forbid", f"{service} -> front")[1])
    assert path
    assert all(row["path"][:2] != [f"{service}_errors", "front_errors"] for row in cut)


def test_tsv_and_json_say_the_same_and_never_nan(folder, call, tmp_path):
    arguments = ["rca", folder / "t.json", folder / "m.csv", "--at", AT]
    rows = json.loads(call(*arguments)[1])
    table = list(csv.DictReader(io.StringIO(call(*arguments, "-f", "tsv")[1]), delimiter="\t"))
    assert [row["metric"] for row in table] == [row["metric"] for row in rows]
    assert all(math.isfinite(row[k]) for row in rows for k in ("rank", "score", "deviation", "residual"))
    code, out, _ = call(*arguments, "-o", tmp_path / "r.json")
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "r.json").read_text()) == rows


def test_the_pipe_from_metrics_to_causes(folder):
    program = f"{shlex.quote(sys.executable)} -m causaldisc"
    search = f"{program} granger m.csv --time time --model linear --subsamples 10 --max-lag 2"
    line = f"{search} | {program} rca - m.csv --at {AT} --top 5"
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(ranked(done.stdout)) == 5
    assert root(folder) in ranked(done.stdout)


def test_the_data_may_come_from_a_pipe_and_rows_may_be_left_out(folder):
    arguments = ["rca", "t.json", "-", "--at", AT, "--before", "100", "--after", "50", "--lasting", "0", "-q"]
    found = []
    lines = (folder / "m.csv").read_text().splitlines(keepends=True)
    for text in ("".join(lines), "".join([lines[0], *lines[201:351]])):
        program = [sys.executable, "-m", "causaldisc", *arguments]
        done = subprocess.run(program, input=text, cwd=folder, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr.replace("causaldisc: warning: ", "")) == (0, "")
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]


def test_the_column_of_times_is_the_one_said_or_of_the_graph_or_of_dates_or_called_so():
    numbers = Dataset.from_array(np.arange(12.0).reshape(4, 3), ["clock", "ts", "x"])
    assert column_of_times(numbers, "x", "clock") == "x"
    assert column_of_times(numbers, None, "clock") == "clock"
    assert column_of_times(numbers, None, "gone") == "ts"
    dates = Column("day", ColumnKind.TIME, np.arange(4.0))
    assert column_of_times(replace(numbers, columns=(*numbers.columns, dates)), None, None) == "day"
    assert column_of_times(numbers.select(["clock", "x"]), None, None) is None


# ---- what is unusable


BAD = {
    "two standard inputs": ("- -", 2, "only one"),
    "no data": ("t.json", 2, "no data"),
    "half a pair": ("t.json --normal normal.csv", 2, "give both"),
    "a pair and data": ("t.json m.csv --normal normal.csv --anomalous bad.csv", 2, "leave these out"),
    "a metric that is absent": ("t.json less.csv", 3, "which less.csv lacks"),
    "different metrics": ("t.json --normal normal.csv --anomalous less.csv", 3, "is not in less.csv"),
    "before the data": ("t.json m.csv --at 2025-01-05T00:00Z", 3, "is outside m.csv, which goes from 2026-01-05T00:00"),
    "a row that is not there": ("t.json rows.csv --at 501", 3, "goes from 1 to 500"),
    "a date without times": ("t.json rows.csv --at 2026-01-05", 3, "no column of times"),
    "no time": ("t.json m.csv --at noon", 3, "'noon' is no time"),
    "too few before": ("t.json m.csv --at 2026-01-05T00:10Z", 3, "10 rows before the beginning"),
    "too few after": ("t.json m.csv --at 2026-01-05T08:18Z", 3, "2 rows from the beginning"),
    "too few abnormal rows": ("t.json --normal normal.csv --anomalous few.csv", 3, "few.csv has 3 rows from the beg"),
    "text": ("t.json words.csv", 3, "column 'host' holds text, not numbers"),
    "an unknown SLI": ("t.json m.csv --sli front_latenzy", 3, "did you mean 'front_latency'?"),
    "an unknown method": ("t.json m.csv --method best", 2, "known: combined"),
    "services without expression": ("t.json m.csv --by service", 2, "--group-regex"),
    "calls without expression": ("t.json m.csv --calls c.json", 2, "--group-regex"),
    "calls of others": ("t.json m.csv --group-regex ^(.*?)_ --calls t.json", 3, "no node of the call graph"),
    "no expression": ("t.json m.csv --group-regex (", 2, "is no regular expression"),
    "unknown knowledge": ("t.json m.csv --forbid x->y", 3, "no column 'x'"),
    "an unknown time": ("t.json m.csv --time when", 3, "no column 'when'"),
    "no graph": ("m.csv m.csv", 3, "m.csv"),
    "nothing lasts for all": ("t.json m.csv --lasting 1", 2, "--lasting must be below 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_a_code(name, folder, call, monkeypatch):
    arguments, code, words = BAD[name]
    monkeypatch.chdir(folder)
    found, out, err = call("rca", *arguments.split())
    assert (found, out) == (code, "")
    assert err.startswith("causaldisc: error: ")
    assert words in err
    assert err.count("\n") == 1


def test_cycles_loops_constants_and_missing_columns_are_no_errors(call, tmp_path):
    graph, data = tmp_path / "g.csv", tmp_path / "d.csv"
    graph.write_text("source,target,lag\na,a,1\na,b,1\nb,a,1\nb,k,1\na,m,1\n")
    rows = [f"{i % 7 + 9 * (i >= 40)},{i % 5 + (9 * (i >= 41))},3,{'' if i < 60 else i},{i}\n" for i in range(60)]
    data.write_text("a,b,k,m,count\n" + "".join(rows))
    code, out, err = call("rca", graph, data, "--at", 41, "--sli", "b")
    assert code == 0
    table = json.loads(out)
    assert {row["metric"] for row in table[:2]} == {"a", "b"}
    assert [row["rank"] for row in table[2:]] == [4.0, 4.0, 4.0]
    assert "they do not vary: k" in err
    assert "missing: m" in err
    assert "differenced, as they only rise or only fall: count" in err
    assert call("rca", graph, data, "--at", 41, "--method", "run")[0] == 0


def test_nothing_to_find_is_said(call, tmp_path):
    (tmp_path / "g.csv").write_text("source,target\na,b\n")
    (tmp_path / "d.csv").write_text("a,b\n" + "1,2\n3,4\n" * 40)
    code, _, err = call("rca", tmp_path / "g.csv", tmp_path / "d.csv")
    assert code == 3
    assert "no anomaly is found; say when with --at" in err
    (tmp_path / "d.csv").write_text("a,b\n" + "1,2\n3,4\n" * 10)
    assert "too few to find" in call("rca", tmp_path / "g.csv", tmp_path / "d.csv")[2]


# ---- compare --rca


def test_rankings_are_compared_with_the_truth(folder, call, tmp_path):
    for name, more in (
        ("metrics", ()),
        ("top", ("--top", 1)),
        ("services", ("--by", "service", "--group-regex", REGEX)),
    ):
        place = tmp_path / f"{name}.tsv"
        assert call("rca", folder / "t.json", folder / "m.csv", "--at", AT, "-f", "tsv", "-o", place, *more)[0] == 0
    code, out, _ = call(
        "compare", "--rca", folder / "t.json", tmp_path / "metrics.tsv", folder / "t.json", tmp_path / "top.tsv"
    )
    assert code == 0
    metrics, services = json.loads(out)
    assert (metrics["level"], metrics["cases"], metrics["candidates"]) == ("metric", 2, 20.0)
    assert (metrics["ac@1"], metrics["avg@5"], metrics["chance"]) == (1.0, 1.0, pytest.approx(0.15))
    assert (services["level"], services["avg@5"], services["candidates"]) == ("service", 1.0, 4.0)
    (only,) = json.loads(call("compare", "--rca", folder / "t.json", tmp_path / "services.tsv")[1])
    assert (only["level"], only["avg@5"]) == ("service", 1.0)


def test_compare_refuses_what_is_no_case(folder, call, tmp_path):
    plain = tmp_path / "plain.json"
    plain.write_text(formats.dump("json", Result(formats.read(folder / "c.json").graph)))
    place = tmp_path / "r.json"
    assert call("rca", folder / "t.json", folder / "m.csv", "--at", AT, "-o", place)[0] == 0
    for arguments, code, words in (
        ([plain, place], 3, "no node with the attribute 'root'"),
        ([folder / "t.json", folder / "m.csv"], 3, "no ranking as 'causaldisc rca' writes it"),
        ([folder / "t.json", place, plain], 2, "pairs TRUE RANKING"),
        ([folder / "t.json", place, "--check"], 2, "neither --check"),
        (["-", "-"], 2, "only one file"),
    ):
        found, out, err = call("compare", "--rca", *arguments)
        assert (found, out) == (code, "")
        assert words in err
    assert call("compare", plain, plain, plain)[0] == 2


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_the_recipe_of_the_page_scores_cases(tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "rca.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^```make\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    small = recipe.replace("simulate faults", "simulate faults --services 2 --rows 100")
    small = small.replace("granger $<", "granger $< --subsamples 4 --max-lag 1")
    (tmp_path / "Makefile").write_text(small.replace("causaldisc ", f"{shlex.quote(sys.executable)} -m causaldisc "))
    subprocess.run(["make", "CASES=1"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    metrics, services = json.loads((tmp_path / "scores.json").read_text())
    assert (metrics["cases"], services["cases"]) == (1, 1)
