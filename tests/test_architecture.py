"""The seams: imports point one way, heavy packages stay away from start-up, plug-ins keep their contract."""

import ast
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from causaldisc import registry
from causaldisc.traits import Traits

ROOT = Path(__file__).parent.parent
LAYERS = [
    "causaldisc._ext",
    "causaldisc.citests",
    "causaldisc.search",
    "causaldisc.algorithms",
    "causaldisc.runs",
    "causaldisc.cli",
]
RCA = "causaldisc.rca"  # beside the algorithms: above search, below the command line
FOLDERS = {"causaldisc.cli": "cli", "causaldisc._ext": "ext"}

# Each costs more to import than reading the options of a command line.
HEAVY = {
    "scipy", "pandas", "networkx", "causallearn", "matplotlib", "sklearn", "statsmodels", "igraph", "yaml",
    "rich", "h5py", "pyarrow.parquet", "pyarrow.dataset", "polars", "torch",
}  # fmt: skip


def sources(layer):
    return (ROOT / FOLDERS.get(layer, layer.replace(".", "/"))).rglob("*.py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path}"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_root_cause_analysis_is_above_search_and_beside_the_algorithms():
    for path in sources(RCA):
        assert not [n for n in imported(path) if n.startswith(("causaldisc.algorithms", "causaldisc.cli"))], path
    for layer in LAYERS[:-1]:
        for path in sources(layer):
            assert not [name for name in imported(path) if name == RCA or name.startswith(RCA + ".")], path


@pytest.mark.parametrize("place", range(len(LAYERS)))
def test_imports_point_downwards(place):
    above = LAYERS[place + 1 :]
    for path in sources(LAYERS[place]):
        wrong = [name for name in imported(path) if any(name == a or name.startswith(a + ".") for a in above)]
        assert not wrong, f"{path} imports {wrong}"


def test_only_the_command_line_knows_typer_and_rich():
    for path in (ROOT / "causaldisc").rglob("*.py"):
        if path.name != "__main__.py":
            wrong = [
                n for n in imported(path) if n.split(".")[0] in ("typer", "rich") or n.startswith("causaldisc.cli")
            ]
            assert not wrong, f"{path} imports {wrong}"


def modules_after(*arguments):
    """Return the modules that a run of the program has imported when it ends."""
    code = (
        "import sys; from causaldisc.cli.main import main; code = main(sys.argv[1:]);"
        "print('\\n'.join(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_nothing_heavy():
    loaded = modules_after("--help")
    assert not loaded & (HEAVY | {"numpy", "pyarrow"})
    assert not {name for name in loaded if name.startswith("causaldisc.algorithms.")}


def test_pc_imports_nothing_heavy():
    data = ROOT / "datasets" / "sachs.csv.gz"
    assert not modules_after("pc", str(data), "-f", "json") & HEAVY


@pytest.mark.parametrize("package", ["causaldisc.algorithms", "causaldisc.citests", "causaldisc.simulate"])
def test_plug_ins_have_a_summary_and_frozen_options_with_help(package):
    for name in registry.files(package):
        summary = registry.summary(package, name)
        assert summary.endswith((".", ":"))
        assert len(summary) < 110
        options = registry.load(package, name).Options
        assert options.__dataclass_params__.frozen
        assert all(f.kw_only and f.metadata["flag"].help.endswith(".") for f in dataclasses.fields(options))


def test_every_algorithm_says_what_it_assumes_and_takes():
    for name in registry.files("causaldisc.algorithms"):
        assert isinstance(registry.load("causaldisc.algorithms", name).TRAITS, Traits)


def test_formats_keep_their_contract():
    for name in registry.files("causaldisc.graph.formats"):
        module = registry.load("causaldisc.graph.formats", name)
        assert isinstance(module.SUFFIXES, tuple)
        assert isinstance(module.LOSES, frozenset)
        assert all(map(callable, (module.dump, module.load, module.recognises)))


def test_every_kernel_has_types():
    for kernel in (ROOT / "ext").glob("*.pyx"):
        assert kernel.with_suffix(".pyi").is_file(), f"{kernel} has no .pyi"
