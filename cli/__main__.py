"""Run the program with `python -m causaldisc.cli`."""

from causaldisc.cli.main import run

run()
