"""Run the program with `python -m causaldisc`."""

from causaldisc.cli.main import run

run()
