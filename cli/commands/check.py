"""Examine a data file: kinds, missing cells, constants, dependent columns, the test to use and its cost."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from causaldisc.cli import flags, tables
from causaldisc.cli.discover import DataArgument
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import write_bytes
from causaldisc.data.report import describe

from causaldisc.data import reading
from causaldisc.data.reading import ReadOptions
from causaldisc.options import Options, opt


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Options):
    """How to show the report."""

    TITLE = "Report"

    json: bool = opt(False, "Write JSON, also on a terminal.")
    output: str = opt("-", "Write the report to this file.", names=("-o",), metavar="FILE")


def check(data: DataArgument, options: CheckOptions, read: ReadOptions, talk: TalkOptions) -> None:
    """Describe the data without judging them."""
    dataset = reading.read(data, read)
    talk.warn(dataset.notices)
    report = describe(dataset)
    as_json = options.json or not (sys.stdout.isatty() and options.output == "-")
    content = tables.render_one(report.as_dict()) if as_json else report.as_text()
    write_bytes(content.encode(), options.output)


def command() -> Any:
    return flags.command(check, "check", __doc__ or "")
