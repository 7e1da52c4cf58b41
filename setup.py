"""Compile every kernel in ext/; everything else about the build is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

kernels = sorted(Path("ext").glob("*.pyx"))
if not kernels:
    raise SystemExit("no kernel found in ext/: this source tree is not complete")

# No -march and no fast-math: the same binary runs on any machine of its kind and gives the same bits.
FLAGS = ["-O3", "-ffp-contract=off"]

setup(
    ext_modules=cythonize(
        [Extension(f"causaldisc._ext.{k.stem}", [str(k)], extra_compile_args=FLAGS) for k in kernels],
        language_level=3,
        include_path=["ext"],
    ),
)
