"""Run the program with `python -m causaldisc`."""

from causaldisc.cli.entry import run

run()
