"""What the pages promise is run as it stands there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from causaldisc.cli.main import main

from causaldisc import knowledge

ROOT = Path(__file__).parent.parent


def blocks(page, language):
    """Return the fenced blocks of a page."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.fixture
def environment(tmp_path):
    """An environment whose path leads to the program, in a folder with the data of the README."""
    program = tmp_path / "bin" / "causaldisc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m causaldisc "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_forms_of_knowledge_are_read(tmp_path):
    texts = [*blocks("docs/knowledge.md", "toml"), *blocks("docs/knowledge.md", "text")]
    found = []
    for text in texts:
        path = tmp_path / "known"
        path.write_text(text)
        found.append(knowledge.read(str(path)))
    toml, tetrad = found
    assert (toml.tiers, toml.closed, toml.required) == (tetrad.tiers, tetrad.closed, tetrad.required)
    assert toml.forbidden == (*tetrad.forbidden, ("a -> b", "c"))


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_the_rule_of_the_readme_makes_every_graph(tmp_path, environment):
    (rule,) = blocks("README.md", "make")
    (tmp_path / "Makefile").write_text(rule.replace("causaldisc pc", "causaldisc pc --max-depth 0"))
    (tmp_path / "known.toml").write_text('tiers = [["X1"], ["X2"]]\n')
    (tmp_path / "data").mkdir()
    for name in ("one", "two"):
        assert (
            main(["simulate", "dag", "--nodes", "3", "--rows", "50", "-o", str(tmp_path / "data" / f"{name}.csv")]) == 0
        )
    subprocess.run(["make", "-j2", "all"], cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=60)
    assert sorted(os.listdir(tmp_path / "graphs")) == ["one.graphml", "two.graphml"]


def test_the_first_pipelines_and_the_python_of_the_readme_run(tmp_path, environment):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    make_data = re.search(r"`(causaldisc data cat .*?)`", text)[1]
    score, ask = re.findall(r"^(    (?:causaldisc simulate|zcat).*?)\n\n", text, re.DOTALL | re.MULTILINE)
    for line in (make_data, score, ask, "zcat cells.csv.gz > cells.csv"):
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        if line == ask:
            assert done.stdout.endswith("independent\n")
    (snippet,) = blocks("README.md", "python")
    done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "praf --- pmek" in done.stdout
