"""The flag of a report, and writing it."""

from __future__ import annotations

from dataclasses import dataclass

from causaldisc.cli import invocation
from causaldisc.cli.genes import Job, placed
from causaldisc.cli.writing import write_bytes

from causaldisc.errors import UsageError
from causaldisc.options import Options, opt
from causaldisc.result import Result


@dataclass(frozen=True, kw_only=True)
class ReportOptions(Options):
    """A page about the run."""

    TITLE = "Writing"

    report: str | None = opt(
        None,
        "Write a report too, one HTML page: the graph to explore, the table of edges, warnings, the data, and how to "
        "repeat it.",
        metavar="FILE.html",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.report == "-":
            raise UsageError("--report needs a file; standard output is for the graph")

    def places(self) -> list[str]:
        """Return what is written."""
        return [] if self.report is None else [self.report]

    def write(self, result: Result, job: Job) -> None:
        """Write the report that was asked for, if one was."""
        if self.report is not None:
            from causaldisc.drawing import report

            page = report.document(result, job.data, invocation.as_text())
            write_bytes(page.encode(), placed(self.report, job.group))
