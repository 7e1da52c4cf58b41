"""The command line: the only part of causaldisc that knows typer or rich."""
