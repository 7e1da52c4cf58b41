"""Run the program with `python -m causaldisc.cli`."""

from causaldisc.cli.entry import run

run()
