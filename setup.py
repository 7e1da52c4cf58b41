"""Compile every kernel in ext/; everything else about the build is in pyproject.toml."""

import os
import sysconfig
import tempfile
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools._distutils.ccompiler import new_compiler
from setuptools._distutils.sysconfig import customize_compiler

kernels = sorted(Path("ext").glob("*.pyx"))
if not kernels:
    raise SystemExit("no kernel found in ext/: this source tree is not complete")

include = [sysconfig.get_path("include"), *os.environ.get("CPATH", "").split(os.pathsep)]
if not any((Path(folder) / "Python.h").is_file() for folder in include):
    raise SystemExit("the C headers of Python are missing; on Debian: apt install python3-dev")


def openmp() -> list[str]:
    """Return the flag for OpenMP if the compiler has it; without, the kernels run on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
        compiler = new_compiler()
        customize_compiler(compiler)
        try:
            objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=["-fopenmp"])
            compiler.link_executable(objects, "probe", output_dir=folder, extra_postargs=["-fopenmp"])
        except Exception:  # whatever the compiler says: it has none
            return []
    return ["-fopenmp"]


# No -march and no fast-math: the same binary runs on any machine of its kind and gives the same bits.
OPENMP = [] if os.environ.get("CAUSALDISC_NO_OPENMP") else openmp()
FLAGS = ["-O3", "-g0", "-ffp-contract=off"]

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"causaldisc._ext.{kernel.stem}",
                [str(kernel)],
                depends=[str(header) for header in Path("ext").glob("*.h")],
                extra_compile_args=FLAGS + OPENMP,
                extra_link_args=OPENMP,
            )
            for kernel in kernels
        ],
        language_level=3,
        include_path=["ext"],
    ),
)
