"""What a shell can do to the program: closed and full streams, pipes filled late, outputs that cannot be."""

import json
import os
import shlex
import subprocess
import sys

import pytest
from causaldisc.cli.main import main

CAUSALDISC = f"{shlex.quote(sys.executable)} -m causaldisc"
FULL = "causaldisc: error: cannot write to standard output: No space left on device\n"
CLOSED = "causaldisc: error: cannot write to standard output: Bad file descriptor\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the file chain.csv, 6 columns."""
    path = tmp_path_factory.mktemp("shell")
    assert main(["simulate", "dag", "--nodes", "6", "--rows", "200", "-o", str(path / "chain.csv")]) == 0
    return path


def shell(command, folder):
    """Run a line of bash in which `causaldisc` is the program; returns exit code, stdout and stderr."""
    line = f'causaldisc() {{ {CAUSALDISC} "$@"; }}; {command}'
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["pc -q chain.csv", "check chain.csv", "data list", "--version", "pc --help"])
def test_stdout_that_takes_nothing_is_an_error(command, folder):
    assert shell(f"causaldisc {command} > /dev/full", folder) == (3, "", FULL)
    assert shell(f"causaldisc {command} >&-", folder) == (3, "", CLOSED)


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_stderr_that_takes_nothing_spoils_no_result(stderr, folder):
    code, out, _ = shell(f"causaldisc pc chain.csv --max-depth 0 {stderr}", folder)
    assert code == 0
    assert json.loads(out)["kind"] == "cpdag"
    assert shell(f"causaldisc pc nowhere.csv {stderr}", folder) == (3, "", "")


@pytest.mark.parametrize("command", ["pc -", "compare t.csv -", "convert -", "ci chain.csv --queries -"])
def test_stdin_that_gives_nothing_is_an_error(command, folder):
    (folder / "t.csv").write_text("source,target\nX1,X2\n")
    for stdin, word in (("<&-", "closed"), ("</dev/null", "empty")):
        code, out, err = shell(f"causaldisc {command} {stdin}", folder)
        assert (code, out) == (3, "")
        assert err.startswith(f"causaldisc: error: standard input is {word}")
        assert err.count("\n") == 1


def test_compare_reads_the_pipe_before_the_file_that_the_pipe_is_still_to_write(folder):
    (folder / "truth.csv").write_text("source,target\nold,older\n")
    code, out, _ = shell(
        "{ sleep 0.5; printf 'source,target\\na,b\\n' | tee truth.csv; } | causaldisc compare truth.csv -", folder
    )
    assert code == 0
    assert json.loads(out)["shd"] == 0


def test_nothing_is_written_when_one_of_the_outputs_cannot_be(folder):
    before = os.listdir(folder)
    code, _, err = shell("causaldisc pc chain.csv -o first.json -o missing/second.dot", folder)
    assert code == 3
    assert "there is no folder 'missing'" in err
    assert os.listdir(folder) == before


def test_a_file_name_need_not_be_unicode(folder):
    code, out, _ = shell("cp chain.csv $'\\xff.csv'; causaldisc pc $'\\xff.csv' -q; rm $'\\xff.csv'", folder)
    assert code == 0
    assert json.loads(out)["provenance"]["data"]["source"] == "\\xff.csv"
