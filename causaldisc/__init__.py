"""Causal discovery at the shell: from a data file to a causal graph."""

from causaldisc._version import __version__

__all__ = ["__version__"]
