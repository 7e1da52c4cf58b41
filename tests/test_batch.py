"""One search on each of many files: where graphs go, what failed, and what is not done again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from causaldisc.cli.main import main

from causaldisc.errors import DataError, UsageError
from causaldisc.graph import formats
from causaldisc.runs import files, manifest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Six files in two folders, one of which is no data."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c", "sub/a", "sub/d"):
        path = tmp_path / "data" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(path, rng.standard_normal((50, 4)), delimiter=",", header="w,x,y,z", comments="")
    (tmp_path / "data" / "bad.csv").write_text("a,b\n1,2\n3\n")
    return tmp_path


def statuses(path="graphs/manifest.tsv"):
    return {entry.input: entry.status for entry in manifest.read(Path(path)).values()}


# ---- where graphs go


def test_patterns_keep_what_comes_after_their_fixed_part(folder):
    found = files.outputs(["data/**/*.csv"], Path("out"), ".json")
    assert {k: str(v) for k, v in found.items()} == {
        f"data/{n}.csv": f"out/{n}.json" for n in ("a", "b", "bad", "c", "sub/a", "sub/d")
    }
    assert list(found) == sorted(found)


def test_names_keep_what_comes_after_their_common_folder(folder):
    found = files.outputs(["data/a.csv", "data/sub/d.csv"], Path("out"), ".json")
    assert [str(v) for v in found.values()] == ["out/a.json", "out/sub/d.json"]


@pytest.mark.parametrize(
    ("patterns", "error", "complaint"),
    [
        (["data"], UsageError, r"'data' is a folder; say which of its files, as in 'data/\*\*/\*\.csv'"),
        (["nothing.csv"], DataError, "there is no file 'nothing.csv'"),
        (["data/*.parquet"], DataError, r"no file matches 'data/\*\.parquet'"),
        (["data/a.csv", "data/a.csv.gz"], UsageError, "would both go to 'out/a.json'"),
    ],
)
def test_files_that_are_none_or_collide_are_refused(folder, patterns, error, complaint):
    (folder / "data" / "a.csv.gz").write_bytes(b"")
    with pytest.raises(error, match=complaint):
        files.outputs(patterns, Path("out"), ".json")


# ---- what becomes of them


def test_graphs_are_those_of_the_single_command(folder, capsys):
    assert main(["batch", "pc", "data/[abc].csv", "data/sub/*.csv", "--jobs", "2", "--alpha", "0.2"]) == 2
    assert "would both go to 'graphs/a.graphml'" in capsys.readouterr().err
    assert main(["batch", "pc", "data/[abc].csv", "--jobs", "2", "--alpha", "0.2"]) == 0
    assert "batch: 3 files: 3 done" in capsys.readouterr().err
    for name in "abc":
        assert main(["pc", f"data/{name}.csv", "--alpha", "0.2", "-o", "alone.graphml", "-q"]) == 0
        assert Path("alone.graphml").read_bytes() == Path(f"graphs/{name}.graphml").read_bytes()
    assert formats.read("graphs/a.graphml").graph.names == ("w", "x", "y", "z")


def test_a_failure_ends_the_batch_unless_it_is_to_go_on(folder, capsys):
    assert main(["batch", "pc", "data/**/*.csv", "--jobs", "1"]) == 4
    err = capsys.readouterr().err
    assert "data/bad.csv: " in err
    assert "3 files not done, --keep-going does the others" in err
    assert statuses() == {"data/a.csv": "done", "data/b.csv": "done", "data/bad.csv": "failed"}
    assert main(["batch", "pc", "data/**/*.csv", "--jobs", "1", "--keep-going", "--resume"]) == 4
    assert "batch: 6 files: 5 done, 1 failed (2 before)" in capsys.readouterr().err
    assert not Path("graphs/bad.graphml").exists()


def test_only_what_changed_is_done_again(folder, capsys):
    Path("data/bad.csv").unlink()
    run = ["batch", "pc", "data/**/*.csv", "--jobs", "1", "--resume"]
    assert main(run) == 0
    before = {p: p.stat().st_mtime_ns for p in Path("graphs").rglob("*.graphml")}
    Path("data/b.csv").write_text(Path("data/a.csv").read_text())
    Path("graphs/c.graphml").write_text("spoilt")
    capsys.readouterr()
    assert main(run) == 0
    assert "5 done (3 before)" in capsys.readouterr().err
    after = {p: p.stat().st_mtime_ns for p in Path("graphs").rglob("*.graphml")}
    assert {str(p) for p in before if before[p] != after[p]} == {"graphs/b.graphml", "graphs/c.graphml"}
    assert main([*run, "--alpha", "0.2"]) == 0
    assert "5 done;" in capsys.readouterr().err  # other options: all
    assert list(manifest.read(Path("graphs/manifest.tsv"))) == sorted(before_names())


def before_names():
    return ["data/a.csv", "data/b.csv", "data/c.csv", "data/sub/a.csv", "data/sub/d.csv"]


def test_knowledge_is_among_what_counts(folder, capsys):
    Path("known.toml").write_text('forbid = [["w", "x"]]\n')
    run = ["batch", "pc", "data/[abc].csv", "--jobs", "1", "--resume", "--knowledge", "known.toml"]
    assert main(run) == 0
    Path("known.toml").write_text('forbid = [["w", "y"]]\n')
    capsys.readouterr()
    assert main(run) == 0
    assert "3 done;" in capsys.readouterr().err


def test_a_file_that_takes_too_long_is_given_up(folder, capsys):
    os.mkfifo("data/slow.csv")  # nobody ever writes into it
    run = ["batch", "pc", "data/a.csv", "data/slow.csv", "--timeout", "2", "--keep-going"]
    assert main([*run, "--jobs", "1"]) == 4
    assert statuses() == {"data/a.csv": "done", "data/slow.csv": "timeout"}
    assert "data/slow.csv: not done after 2 s" in capsys.readouterr().err


def test_what_was_cut_off_counts_for_nothing(tmp_path):
    entry = manifest.Entry("a.csv", "1", "{}", "done", "0.1", "a.json", "2")
    table = manifest.Manifest(tmp_path / "m.tsv")
    table.add(entry)
    with table.path.open("a") as file:
        file.write("b.csv\t1\t{}\tdone")
    assert manifest.read(table.path) == {"a.csv": entry}
    table.path.write_text("something else\n")
    with pytest.raises(DataError, match="is no manifest of a batch; choose another with --manifest"):
        manifest.read(table.path)
    assert manifest.read(tmp_path / "none.tsv") == {}


def test_killed_half_way_and_resumed_it_ends_with_the_same_files(folder):
    for i in range(40):
        Path(f"data/n{i:02}.csv").write_text(Path("data/a.csv").read_text() + f"{i},0,1,2\n")
    Path("data/bad.csv").unlink()
    program = [sys.executable, "-m", "causaldisc.cli", "batch", "pc", "data/**/*.csv", "--jobs", "1"]
    with subprocess.Popen([*program, "--out-dir", "killed"], stderr=subprocess.DEVNULL) as killed:
        table = Path("killed/manifest.tsv")
        deadline = time.monotonic() + 60
        while not (table.exists() and table.read_bytes().count(b"\n") > 8) and time.monotonic() < deadline:
            time.sleep(0.005)
        killed.send_signal(signal.SIGKILL)
    done = table.read_bytes().count(b"\n") - 1
    assert 7 < done < 45
    Path("killed/.n39.graphml.x.tmp").write_text("half a gr")
    assert main([*program[3:], "--out-dir", "killed", "--resume", "-q"]) == 0
    assert main([*program[3:], "--out-dir", "whole", "-q"]) == 0
    killed, whole = (
        {p.relative_to(d): p.read_bytes() for p in Path(d).rglob("*.graphml")} for d in ("killed", "whole")
    )
    assert killed == whole
    assert len(whole) == 45
    assert not list(Path("killed").glob(".*"))
    tables = [
        [
            (e.input, e.sha256, e.options, e.status, e.output_sha256)
            for e in manifest.read(Path(d, "manifest.tsv")).values()
        ]
        for d in ("killed", "whole")
    ]
    assert tables[0] == tables[1]


# ---- the same with make


def test_the_recipe_of_the_docs_does_it_with_make(folder):
    page = (Path(__file__).parent.parent / "docs" / "many-runs.md").read_text(encoding="utf-8")
    recipe = page.split("```make\n")[1].split("```")[0]
    Path("data/bad.csv").unlink()
    Path("Makefile").write_text(recipe)
    folder_of_program = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": folder_of_program + os.pathsep + os.environ["PATH"]}
    done = subprocess.run(["make", "-j2"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {str(p) for p in Path("graphs").glob("*.graphml")} == {f"graphs/{n}.graphml" for n in "abc"}
    assert main(["batch", "pc", "data/*.csv", "--out-dir", "batch", "-q"]) == 0
    for n in "abc":
        assert Path(f"graphs/{n}.graphml").read_bytes() == Path(f"batch/{n}.graphml").read_bytes()
    again = subprocess.run(["make", "-j2"], env=environment, capture_output=True, text=True, check=False)
    assert "causaldisc" not in again.stdout  # nothing to do


def test_what_a_killed_process_left_half_written_goes_with_the_batch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graphs").mkdir()
    rng = np.random.default_rng(0)
    np.savetxt("a.csv", rng.standard_normal((60, 3)), delimiter=",", header="x,y,z", comments="")
    for name in (".a.graphml.lve4fl_s.tmp", ".b.graphml.lve4fl_s.tmp"):
        (tmp_path / "graphs" / name).write_text("<graphml")
    assert main(["batch", "pc", "a.csv", "-q"]) == 0
    left = sorted(path.name for path in (tmp_path / "graphs").iterdir())
    assert left == [".b.graphml.lve4fl_s.tmp", "a.graphml", "manifest.tsv"]  # the other is nobody's of this batch
