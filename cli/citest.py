"""The flags of the test: its name, and the options of all tests."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, get_type_hints

from causaldisc import citests
from causaldisc.options import Options, opt


@functools.cache
def test_options(*more: str) -> type:
    """Return a dataclass of `--test`, with more choices than `auto` and the tests, and the options of all tests."""
    known = ", ".join(("auto", *more, *citests.names()))
    fields: dict[str, Any] = {"test": (str, opt("auto", f"Conditional-independence test: {known}."))}
    for kind in citests.option_types():
        hints = get_type_hints(kind)
        for field in dataclasses.fields(kind):
            fields.setdefault(field.name, (hints[field.name], field))
    made = dataclasses.make_dataclass(
        "TestOptions",
        [(n, t, f) for n, (t, f) in fields.items()],
        bases=(Options,),
        frozen=True,
        kw_only=True,
    )
    made.TITLE = "Test"  # type: ignore[attr-defined]
    made.__reduce__ = lambda self: (_tests_as_chosen, (more, dataclasses.asdict(self)))  # type: ignore
    return made


def _tests_as_chosen(more: tuple[str, ...], values: dict[str, Any]) -> Any:
    """Return the options of tests in another process."""
    return test_options(*more)(**values)


def test_choice(chosen: Any) -> citests.TestChoice:
    """Return the test that the flags of `test_options` choose."""
    values = {f.name: getattr(chosen, f.name) for f in dataclasses.fields(chosen)}
    return citests.TestChoice(values.pop("test"), values)
