"""Conditional-independence tests: one module a test, each with `Options`, `suits`, `accepts`, `build`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from causaldisc import registry
from causaldisc.citests.base import Answer, Answers, CITest, Verdict, answer
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError

PACKAGE = "causaldisc.citests"

__all__ = ["Answer", "Answers", "CITest", "Verdict", "answer", "build", "choose", "names", "option_types"]


def names() -> list[str]:
    """Return the names of all tests that data can be given to."""
    return list(registry.files(PACKAGE))


def option_types() -> list[type]:
    """Return the option classes of all tests, each once."""
    return list(dict.fromkeys(registry.load(PACKAGE, name).Options for name in names()))


def choose(data: Dataset) -> str:
    """Return the test that `--test auto` means: the one that says the data suit it.

    Raises DataError that says why none does.
    """
    for name in names():
        if registry.load(PACKAGE, name).suits(data):
            return name
    raise DataError(_why_none(data))


def _why_none(data: Dataset) -> str:
    discrete = [c.name for c in data.columns if c.kind.is_discrete]
    numeric = [c.name for c in data.columns if not c.kind.is_discrete]
    return (
        f"no test takes discrete columns ({_some(discrete)}) together with numeric ones ({_some(numeric)}); "
        "choose one sort with --columns, declare the kinds with --types, "
        "or treat numbers that stand for ordered categories as numbers with --test fisherz"
    )


def _some(columns: list[str]) -> str:
    return ", ".join(columns[:3]) + (", ..." if len(columns) > 3 else "")


def build(name: str, data: Dataset, values: Mapping[str, Any] | None = None) -> CITest:
    """Bind a test to data; `auto` chooses by `choose`. `values` holds options by name, those of others ignored.

    Raises UsageError for an unknown test, DataError when the test does not take these columns.
    """
    module = registry.load(PACKAGE, choose(data) if name == "auto" else name, "test")
    reason = module.accepts(data)
    if reason:
        raise DataError(reason)
    known = {f.name for f in fields(module.Options)}
    test: CITest = module.build(data, module.Options(**{k: v for k, v in (values or {}).items() if k in known}))
    return test
