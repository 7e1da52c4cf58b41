"""Compile every kernel in ext/; everything else about the build is in pyproject.toml."""

import os
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

kernels = sorted(Path("ext").glob("*.pyx"))
if not kernels:
    raise SystemExit("no kernel found in ext/: this source tree is not complete")

include = [sysconfig.get_path("include"), *os.environ.get("CPATH", "").split(os.pathsep)]
if not any((Path(folder) / "Python.h").is_file() for folder in include):
    raise SystemExit("the C headers of Python are missing; on Debian: apt install python3-dev")

# No -march and no fast-math: the same binary runs on any machine of its kind and gives the same bits.
FLAGS = ["-O3", "-g0", "-ffp-contract=off"]

setup(
    ext_modules=cythonize(
        [Extension(f"causaldisc._ext.{k.stem}", [str(k)], extra_compile_args=FLAGS) for k in kernels],
        language_level=3,
        include_path=["ext"],
    ),
)
