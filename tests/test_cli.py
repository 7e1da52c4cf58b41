"""The program as the shell sees it: streams, exit codes, whole files, quiet ends."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc import __version__
from causaldisc.graph import formats

ROOT = Path(__file__).parent.parent
PROGRAM = [sys.executable, "-m", "causaldisc"]


def run(*arguments, stdin=b"", **more):
    """Run the program in a process of its own."""
    return subprocess.run([*PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=60, **more)


@pytest.fixture
def call(capfd):
    """Run the program in this process; returns exit code, stdout and stderr."""

    def call(*arguments):
        code = main([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def chain(tmp_path_factory):
    """A CSV file of x --> y --> z --> w, 500 rows, with its truth beside it."""
    folder = tmp_path_factory.mktemp("data")
    path, truth = folder / "chain.csv", folder / "truth.graphml"
    code = main(
        ["simulate", "dag", "--nodes", "6", "--rows", "500", "--seed", "3", "-o", str(path), "--truth", str(truth)]
    )
    assert code == 0
    return path


# ---- streams


def test_a_pipeline_from_simulation_to_figures(tmp_path):
    truth = tmp_path / "t.graphml"
    data = run("simulate", "dag", "--nodes", 20, "--rows", 2000, "--seed", 1, "--truth", truth)
    graph = run("pc", "-", stdin=data.stdout)
    figures = run("compare", truth, "-", stdin=graph.stdout)
    assert json.loads(figures.stdout)["adjacency_recall"] > 0.9
    assert json.loads(graph.stdout)["schema"] == "causaldisc.graph/1"


def test_stdout_holds_the_result_only_and_quiet_silences_the_rest(chain):
    talking, silent = run("pc", chain), run("pc", chain, "--quiet")
    assert talking.stdout == silent.stdout
    assert b"pc: 6 nodes" in talking.stderr
    assert silent.stderr == b""
    json.loads(silent.stdout)


def test_equal_runs_give_equal_bytes(chain):
    assert run("pc", chain, "-q").stdout == run("pc", chain, "-q").stdout


def test_the_output_does_not_hold_the_order_of_the_columns(chain, tmp_path, call):
    lines = [line.split(",") for line in chain.read_text().splitlines()]
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("".join(",".join(line[::-1]) + "\n" for line in lines))
    graphs = []
    for path in (chain, shuffled):
        code, out, _ = call("pc", path, "-f", "json")
        assert code == 0
        graphs.append(formats.load(out, name="json"))
    one, other = graphs
    assert one.graph == other.graph.reordered(one.graph.names)
    assert one.separations == other.separations


def test_a_closed_pipe_ends_quietly():
    command = f"{sys.executable} -m causaldisc simulate dag --nodes 50 --rows 20000 | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60)
    assert done.stdout.startswith(b"X1,X2,")
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def reading_a_pipe(folder, *arguments):
    """Start `pc` on a named pipe; returns the process once it waits for data, and the end to write to."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([*PROGRAM, "pc", str(pipe), *map(str, arguments)], stderr=subprocess.PIPE)
    end = pipe.open("wb")  # waits until the other end is open
    time.sleep(0.5)  # and this until it is read: a signal in between would be heard only with the first data
    return process, end


def test_an_interrupt_exits_with_130(tmp_path):
    process, end = reading_a_pipe(tmp_path)
    with end:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.decode() == "causaldisc: error: interrupted\n"


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """A CSV file of 60 columns that depend on one hidden variable: every depth takes longer than the one before."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((1000, 1)) * 2 + rng.standard_normal((1000, 60))
    path = tmp_path_factory.mktemp("endless") / "endless.csv"
    np.savetxt(path, values, delimiter=",", header=",".join(f"v{i:02}" for i in range(60)), comments="", fmt="%.8g")
    return path


def test_a_long_search_hears_an_interrupt_at_once(endless):
    process = subprocess.Popen([*PROGRAM, "pc", str(endless), "--progress", "always"], stderr=subprocess.PIPE)
    while b"depth 4" not in process.stderr.readline():
        pass
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 1.5
    assert process.returncode == 130
    assert err.decode().endswith("causaldisc: error: interrupted\n")


def test_a_time_limit_leaves_a_partial_result_and_exits_with_4(endless, tmp_path, call):
    out = tmp_path / "out.json"
    code, _, err = call("pc", endless, "--max-seconds", 1, "-o", out)
    assert code == 4
    assert "causaldisc: warning: time was up: " in err
    result = formats.read(out)
    assert result.is_partial
    assert result.graph.edge_count() > 1000


# ---- files


def test_several_outputs_each_in_the_format_of_its_suffix(chain, tmp_path, call):
    names = ["g.graphml", "g.json", "g.dot", "g.csv", "g.tsv", "g.txt"]
    code, out, _ = call("pc", chain, *(part for n in names for part in ("-o", tmp_path / n)))
    assert (code, out) == (0, "")
    edges = {str(formats.read(tmp_path / name).graph.reordered([f"X{i}" for i in range(1, 7)])) for name in names}
    assert len(edges) == 1


def test_a_run_killed_in_the_middle_leaves_the_old_file_whole(tmp_path):
    out = tmp_path / "out.graphml"
    out.write_text("old")
    process, end = reading_a_pipe(tmp_path, "-o", out)
    with end:
        process.kill()
        process.communicate(timeout=30)
    assert out.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["out.graphml", "pipe"]


def test_a_write_killed_before_the_rename_leaves_the_old_file_whole(tmp_path):
    """The narrowest moment: the new content is on disk, the rename has not happened."""
    out = tmp_path / "out.graphml"
    out.write_text("old")
    code = (
        "import os, pathlib, signal, sys; from causaldisc import atomic;"
        "os.replace = lambda *a: os.kill(os.getpid(), signal.SIGKILL);"
        "atomic.write(pathlib.Path(sys.argv[1]), b'new')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(out)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert out.read_text() == "old"


def test_a_failed_run_leaves_the_old_file_whole(tmp_path, call):
    out, data = tmp_path / "out.graphml", tmp_path / "d.csv"
    out.write_text("old")
    data.write_text("a,b\n1,2\n1,3\n1,4\n1,5\n1,7\n")
    code, _, err = call("pc", data, "-o", out)
    assert code == 3
    assert "'a'" in err
    assert out.read_text() == "old"


def test_output_goes_to_devices_and_keeps_modes(chain, tmp_path, call):
    assert call("pc", chain, "-o", "/dev/null", "-f", "json")[0] == 0
    out = tmp_path / "g.json"
    out.write_text("")
    out.chmod(0o640)
    assert call("pc", chain, "-o", out)[0] == 0
    assert out.stat().st_mode & 0o777 == 0o640


# ---- exit codes and errors


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Usage: causaldisc"),
        (["pcc", "d.csv"], 2, "No such command 'pcc'. Did you mean 'pc'"),
        (["pc"], 2, "Missing argument"),
        (["pc", "d.csv", "--alhpa", "0.1"], 2, "No such option"),
        (["pc", "DATA", "--alpha", "0"], 2, "--alpha must be above 0, not 0"),
        (["pc", "DATA", "--alpha", "1"], 2, "--alpha must be below 1, not 1"),
        (["pc", "DATA", "--max-depth", "-1"], 2, "--max-depth must be at least 0, not -1"),
        (
            ["pc", "DATA", "--test", "fisher"],
            2,
            "unknown test 'fisher'; known: cg, chisq, clr-fisherz, copula, cubic, dg, ",
        ),
        (["pc", "DATA", "-f", "xml"], 2, "unknown format 'xml'; known: causal-learn, csv"),
        (["pc", "DATA", "-o", "graph.png"], 2, "the suffix of 'graph.png' says no graph format"),
        (["pc", "DATA", "-o", "/nowhere/g.json"], 3, "there is no folder '/nowhere'; make it with mkdir -p"),
        (["pc", "DATA", "--forbid", "X1 -> Y"], 3, "the command line: no column 'Y'"),
        (["pc", "DATA", "--tiers", "X1 <"], 2, "--tiers: 'X1 <' is not 'a, b < c'"),
        (["pc", "DATA", "--forbid", "X1 X2"], 2, "--forbid: 'X1 X2' is not 'a -> b'"),
        (["pc", "DATA", "-o", "g.json", "-o", "./g.json"], 2, "two outputs go to './g.json'"),
        (["pc", "DATA", "-f", "json", "-o", "DATA"], 2, "would replace an input"),
        (["check", "DATA", "-o", "DATA"], 2, "would replace an input"),
        (["pc", "DATA", "-f", "json", "-o", "/tmp"], 3, "cannot write '/tmp': it is a directory"),
        (["compare", "-", "-"], 2, "only one of the two graphs can come from standard input"),
        (["ci", "-", "--queries", "-"], 2, "only one of the data and the questions"),
        (["simulate", "dag", "--truth", "-"], 2, "two outputs go to standard output"),
        (["simulate", "dag", "--truth", "t.png"], 2, "the suffix of 't.png' says no graph format; known: .csv,"),
        (["pc", "DATA", "--test", "gsq"], 3, "column 'X1' is continuous, and gsq needs discrete columns"),
        (["pc", ""], 3, "the name of a file is empty"),
        (["pc", "DATA", "--knowledge", ""], 3, "the name of a file is empty"),
        (["simulate", "dag", "--rows", "1" + "0" * 21], 2, "--rows must be below 1e+12"),
        (["ci", "DATA"], 2, "no question; ask one like 'X ~ Y | Z1, Z2'"),
        (["ci", "DATA", "X1 X2"], 2, "'X1 X2' is not of the form 'X ~ Y'"),
        (["ci", "DATA", "X1 ~ X99"], 3, "no column 'X99' in /"),
        (["convert", "DATA", "-"], 3, "chain.csv"),
        (["data", "path", "sacks"], 2, "did you mean 'sachs'?"),
        (["simulate", "dog"], 2, "No such command 'dog'"),
        (["simulate", "dag", "--nodes", "0"], 2, "--nodes must be at least 1, not 0"),
    ],
)
def test_errors_are_one_sentence_and_a_code(chain, call, arguments, code, sentence):
    got, out, err = call(*(str(chain) if a == "DATA" else a for a in arguments))
    assert (got, out) == (code, "")
    assert sentence in err
    assert "Traceback" not in err
    if arguments:
        assert err.startswith("causaldisc: error: ")
        assert err.count("\n") == 1


def test_debug_shows_the_traceback(chain):
    done = run("pc", chain, "--test", "gsq", "--debug")
    assert b"Traceback" in done.stderr
    assert b"DataError" in done.stderr


def test_version(call):
    assert call("--version") == (0, f"causaldisc {__version__}\n", "")


def test_completion_scripts_are_offered():
    # Below a bash that stays, as the script is that of the shell found among the parents.
    line = shlex.join([*PROGRAM, "--show-completion"]) + "; exit $?"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=True)
    assert b"_CAUSALDISC" in done.stdout or b"_causaldisc" in done.stdout.lower()


# ---- commands


def test_compare_check_answers_by_exit_code(chain, tmp_path, call):
    truth, other = chain.with_name("truth.graphml"), tmp_path / "g.json"
    assert call("pc", chain, "-o", other, "--max-depth", "0")[0] == 0
    assert call("compare", truth, truth, "--check")[0] == 0
    assert call("compare", truth, other, "--check")[0] == 1


def test_a_cpdag_is_scored_against_the_class_of_the_true_dag(tmp_path, call):
    (tmp_path / "t.csv").write_text("source,mark_source,mark_target,target\na,tail,arrow,b\n")
    (tmp_path / "e.json").write_text(
        '{"schema": "causaldisc.graph/1", "kind": "cpdag", "nodes": [{"name": "a"}, {"name": "b"}], "edges": '
        '[{"source": "a", "target": "b", "mark_source": "tail", "mark_target": "tail", "lag": 0}]}'
    )
    arguments = ["compare", tmp_path / "t.csv", tmp_path / "e.json", "-f", "json"]
    assert json.loads(call(*arguments)[1])["shd"] == 0
    assert json.loads(call(*arguments, "--exact")[1])["shd"] == 1
    assert call("convert", tmp_path / "e.json", tmp_path / "e.tetrad")[0] == 0
    assert json.loads(call("compare", tmp_path / "t.csv", tmp_path / "e.tetrad", "-f", "json")[1])["shd"] == 0


def test_ci_answers_questions_from_arguments_and_files(chain, tmp_path, call):
    (tmp_path / "q.txt").write_text('# two more\nX1 ~ X3 | X2, X4\n"X1" ~ X4\n')
    code, out, _ = call("ci", chain, "X1 ~ X2", "--queries", tmp_path / "q.txt", "-f", "json")
    rows = json.loads(out)
    assert code == 0
    assert [(r["x"], r["y"], r["given"]) for r in rows] == [
        ("X1", "X2", []),
        ("X1", "X3", ["X2", "X4"]),
        ("X1", "X4", []),
    ]
    (tmp_path / "q.txt").write_text("X1 ~ X2\nX1 ~ \n")
    code, out, err = call("ci", chain, "--queries", tmp_path / "q.txt")
    assert (code, out) == (3, "")
    assert "q.txt, line 2: 'X1 ~ ' is not of the form" in err
    assert all(r["test"] == "fisherz" and r["n"] == 500 and 0 <= r["p_value"] <= 1 for r in rows)
    assert call("ci", chain, "X1 ~ X2", "-f", "tsv")[1].startswith("x\ty\tgiven\tanswer\tp_value")


def test_ci_asks_all_tests_that_take_the_columns(tmp_path, call):
    rng = np.random.default_rng(0)
    x, y, z = rng.lognormal(size=(3, 100))
    sex = np.where(rng.random(100) < 0.5, "m", "f")
    lines = [f"{a:.5f},{b:.5f},{c:.5f},{d}" for a, b, c, d in zip(x, x * y, z, sex, strict=True)]
    (tmp_path / "d.csv").write_text("x,y,z,sex\n" + "\n".join(lines) + "\n")
    asked = ["x ~ y | z", "x ~ y", "x ~ sex"]
    code, out, _ = call("ci", tmp_path / "d.csv", *asked, "--test", "all", "-f", "json")
    rows = json.loads(out)
    tests = [[r["test"] for r in rows if [r["x"], r["y"], *r["given"]] == q] for q in (["x", "y", "z"], ["x", "y"])]
    assert code == 0
    assert {"cg", "clr-fisherz", "copula", "dg", "fisherz", "spearman"} <= set(tests[0])
    assert "clr-fisherz" not in tests[1]
    of_sex = {r["test"] for r in rows if r["y"] == "sex"}
    assert {"cg", "dg"} <= of_sex
    assert not {"fisherz", "gsq", "spearman"} & of_sex
    assert all(-1 < r["effect"] < 1 for r in rows if r["test"] == "fisherz")
    code, _, err = call("pc", tmp_path / "d.csv", "--test", "all")
    assert code == 2
    assert "unknown test 'all'" in err


def test_effects_are_told_of_edges_and_answers(tmp_path, call):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, 200)
    y = np.where(rng.random(200) < 0.8, x, 1 - x)
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    (of_chisq,) = json.loads(call("ci", tmp_path / "d.csv", "x ~ y", "--test", "chisq", "-f", "json")[1])
    (of_gsq,) = json.loads(call("ci", tmp_path / "d.csv", "x ~ y", "-f", "json")[1])
    table = np.histogram2d(x, y, 2)[0] / 200
    information = (table * np.log(table / np.outer(table.sum(1), table.sum(0)))).sum()
    assert of_gsq["effect"] == of_chisq["effect"] == pytest.approx(information, rel=1e-8)
    assert of_gsq["statistic"] != of_chisq["statistic"]
    (edge,) = json.loads(call("pc", tmp_path / "d.csv", "-f", "json")[1])["edges"]
    assert edge["effect"] == pytest.approx(information, rel=1e-8)


def test_ci_check_answers_by_exit_code(tmp_path, call):
    data = tmp_path / "d.csv"
    data.write_text("a,b,c\n" + "".join(f"{i % 7},{i % 7 + i % 2 / 9},{i * 7919 % 101}\n" for i in range(200)))
    read = ["--types", "a=continuous,b=continuous,c=continuous"]
    assert call("ci", data, "a ~ b", "--check", *read)[0] == 1
    assert call("ci", data, "a ~ c", "--check", *read)[0] == 0


def test_convert_warns_of_what_is_lost(chain, tmp_path, call):
    assert call("pc", chain, "-o", tmp_path / "g.json")[0] == 0
    code, out, err = call("convert", tmp_path / "g.json", "-", "-f", "tetrad")
    assert code == 0
    assert out.startswith("Graph Nodes:\nX1;X2;X3;X4;X5;X6\n")
    warning = "causaldisc: warning: tetrad cannot hold edge attributes: "
    assert err.startswith(warning)
    assert "; node attributes: type; the kind of the graph: cpdag; " in err
    assert err.endswith("the provenance, wholly or in part\n")
    assert err.count("\n") == 1


def test_knowledge_flags_are_obeyed(chain, call):
    code, out, _ = call("pc", chain, "--tiers", "X4,X5,X6 < X1,X2,X3", "--require", "X4 -> X1", "-f", "json")
    result = formats.load(out, name="json")
    graph = result.graph
    assert code == 0
    assert result.provenance["options"]["tiers"] == [["X4", "X5", "X6"], ["X1", "X2", "X3"]]
    assert graph.is_directed(graph.index("X4"), graph.index("X1"))
    late = [graph.index(n) for n in ("X1", "X2", "X3")]
    early = [graph.index(n) for n in ("X4", "X5", "X6")]
    assert all(graph.is_directed(u, v) for u in early for v in late if graph.has_edge(u, v))


def test_every_command_explains_itself(call):
    from causaldisc.cli.main import GROUPS

    for names in GROUPS.values():
        for name in names:
            code, out, err = call(name, "--help")
            assert (code, err) == (0, "")
            assert out.startswith(f"Usage: causaldisc {name}")
            assert "{" not in out.replace("{group}", "")


def test_the_page_of_the_command_line_is_current():
    page = subprocess.run([sys.executable, ROOT / "docs" / "make_cli.py"], capture_output=True, check=True, timeout=120)
    assert (ROOT / "docs" / "cli.md").read_bytes() == page.stdout, "out of date: run `make docs`"


def test_check_says_what_tests_cost_when_asked(tmp_path):
    (tmp_path / "d.csv").write_text("a,b\n" + "".join(f"{i * 7 % 11},{i * 5 % 13}\n" for i in range(40)))
    plain = json.loads(run("check", str(tmp_path / "d.csv"), "--json").stdout)
    costs = json.loads(run("check", str(tmp_path / "d.csv"), "--json", "--cost").stdout)["costs"]
    assert "costs" not in plain
    fisherz = next(cost for cost in costs if cost["test"] == "fisherz")
    assert len(fisherz["seconds"]) == 1
    assert fisherz["reason"] is None
