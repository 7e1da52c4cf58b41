"""Conditional-independence tests: one module a test, each with `Options`, `suits`, `accepts`, `build`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from causaldisc import registry
from causaldisc.citests import _missing
from causaldisc.citests._missing import Missing, MissingOptions
from causaldisc.citests.base import Answer, Answers, CITest, Verdict, answer
from causaldisc.context import Context
from causaldisc.data.dataset import Dataset
from causaldisc.errors import DataError

PACKAGE = "causaldisc.citests"

__all__ = [
    "Answer",
    "Answers",
    "CITest",
    "Missing",
    "TestChoice",
    "Verdict",
    "answer",
    "build",
    "build_all",
    "choose",
    "effect_in_nats",
    "names",
    "option_types",
]


def names() -> list[str]:
    """Return the names of all tests that data can be given to."""
    return list(registry.files(PACKAGE))


def option_types() -> list[type]:
    """Return the option classes of all tests, each once, after what they have in common."""
    return [MissingOptions, *dict.fromkeys(registry.load(PACKAGE, name).Options for name in names())]


def choose(data: Dataset) -> str:
    """Return the test that `--test auto` means: the one that says the data suit it. There is always one.

    The rule: fisherz when no column is discrete, gsq when all are, dg when some are.
    """
    return next(name for name in names() if registry.load(PACKAGE, name).suits(data))


def effect_in_nats(name: str) -> bool:
    """Tell whether the effect of a test is conditional mutual information in nats; else it is a correlation."""
    return getattr(registry.load(PACKAGE, name), "EFFECT_IN_NATS", False)


def suggest(data: Dataset) -> tuple[str, str]:
    """Return what `--test auto` would choose, and what that is and why."""
    name = choose(data)
    discrete = sum(c.kind.is_discrete for c in data.columns)
    some = f"{discrete} of {len(data)} columns are"
    why = {0: "No column is", len(data): "Every column is"}.get(discrete, some)
    return name, f"{registry.summary(PACKAGE, name)} {why} discrete."


@dataclass(frozen=True)
class TestChoice:
    """The test a user asks for: its name or `auto`, and options by name for whichever test it will be."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    name: str = "auto"
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> Missing:
        """What is done about missing cells."""
        chosen: Missing = self.values.get("missing", MissingOptions().missing)
        return chosen


def build(choice: TestChoice, data: Dataset, context: Context) -> CITest:
    """Bind the chosen test to data.

    Raises UsageError for an unknown test, DataError when the test does not take these columns or, as the options may
    say, cells are missing.
    """
    name = choose(data) if choice.name == "auto" else choice.name
    module = registry.load(PACKAGE, name, "test")
    if data.correlation is not None and not getattr(module, "TAKES_CORRELATIONS", False):
        takers = [n for n in names() if getattr(registry.load(PACKAGE, n), "TAKES_CORRELATIONS", False)]
        raise DataError(f"{name} needs the rows; correlations alone serve {', '.join(takers)} only")
    reason = module.accepts(data)
    if reason:
        raise DataError(reason)
    data = _missing.treat(data, choice.missing, name, context)
    known = {f.name for f in fields(module.Options)}
    options = module.Options(**{k: v for k, v in choice.values.items() if k in known})
    test: CITest = module.build(data, options, context)
    return test


def build_all(choice: TestChoice, data: Dataset, context: Context) -> list[CITest]:
    """Bind every test that takes the data, in the order of their names, whatever the choice names.

    Raises DataError with the reasons when none does.
    """
    bound, reasons = [], []
    for name in names():
        try:
            bound.append(build(replace(choice, name=name), data, context))
        except DataError as error:
            reasons.append(f"{name}: {error}")
    if not bound:
        raise DataError(f"no test takes the data; {'; '.join(reasons)}")
    return bound
