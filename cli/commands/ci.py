"""Test conditional independence: 'X ~ Y | Z1, Z2', one question or a file of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from causaldisc.cli import flags, tables
from causaldisc.cli.citest import test_choice, test_options
from causaldisc.cli.discover import DataArgument
from causaldisc.cli.matrix import MatrixOptions
from causaldisc.cli.tables import TableFormat
from causaldisc.cli.talk import TalkOptions
from causaldisc.cli.writing import check_places

from causaldisc import citests, query
from causaldisc.context import Context
from causaldisc.data import source
from causaldisc.data.dataset import Dataset
from causaldisc.data.reading import ReadOptions
from causaldisc.errors import DataError, UsageError
from causaldisc.options import Options, opt
from causaldisc.query import Query
from causaldisc.search.evidence import rounded


@dataclass(frozen=True, kw_only=True)
class CiOptions(Options):
    """What to ask and how to answer."""

    TITLE = "Questions"

    queries: str | None = opt(
        None, "File of questions, one a line, or '-' for stdin; '#' starts a comment.", metavar="FILE"
    )
    alpha: float = opt(0.05, "Take for independent what has a p-value above this.", above=0, below=1)
    check: bool = opt(False, "Exit with 1 unless every question is answered 'independent'.")
    format: TableFormat = opt(
        TableFormat.AUTO, "Table format; 'auto': text on a terminal, json in a pipe.", names=("-f",)
    )
    output: str = opt("-", "Write the table to this file.", names=("-o",), metavar="FILE")

    def all_queries(self, given: list[str]) -> list[Query]:
        """Return the questions of the command line, then those of the file."""
        found = [*map(query.parse, given), *(_of_file(self.queries) if self.queries is not None else ())]
        if not found:
            raise UsageError("no question; ask one like 'X ~ Y | Z1, Z2', or give a file of them with --queries")
        return found


def _of_file(path: str) -> Iterator[Query]:
    """Yield the questions of a file; DataError that says where when one cannot be understood."""
    for number, line in enumerate(source.text(path).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                yield query.parse(line)
            except UsageError as error:
                raise DataError(f"{source.label(path)}, line {number}: {error}") from None


def ci(
    data: DataArgument,
    questions: Annotated[list[str] | None, typer.Argument(metavar="QUERY...", help="'X ~ Y | Z1, Z2'.")] = None,
    *,
    options: CiOptions,
    read: ReadOptions,
    matrix: MatrixOptions,
    talk: TalkOptions,
    **more: Any,
) -> int:
    """Answer each question on its own columns, so that one never takes rows from another.

    With `--test all` each test that takes the columns answers, in a row of its own.
    """
    check_places([options.output], inputs=[data, *filter(None, [options.queries])])
    if data == options.queries == "-":
        raise UsageError("only one of the data and the questions can come from standard input")
    asked = options.all_queries(questions or [])
    dataset = matrix.read(data, read, talk.context)
    context = talk.context()
    context.warn_all(dataset.notices)
    choice = test_choice(more["test"])
    rows = [row for q in asked for row in _answers(q, dataset, choice, options.alpha, context)]
    talk.warn(context.warnings)
    tables.emit(rows, options.format, options.output)
    return int(options.check and any(row["answer"] != "independent" for row in rows))


def _answers(
    question: Query, data: Dataset, choice: citests.TestChoice, alpha: float, context: Context
) -> Iterator[dict[str, object]]:
    """Yield a row for each test that is asked for: the chosen one, or all that take the columns."""
    columns = data.select((question.x, question.y, *question.given))
    build = citests.build_all if choice.name == "all" else _build_one
    for test in build(choice, columns, context):
        yield _answer(question, columns, test, alpha)


def _build_one(choice: citests.TestChoice, columns: Dataset, context: Context) -> list[citests.CITest]:
    return [citests.build(choice, columns, context)]


def _answer(question: Query, columns: Dataset, test: citests.CITest, alpha: float) -> dict[str, object]:
    got = citests.answer(test, 0, 1, range(2, len(columns)))
    decided = got.verdict.is_decided
    independent = "independent" if got.p_value > alpha else "dependent"
    return {
        "x": question.x,
        "y": question.y,
        "given": list(question.given),
        "answer": independent if decided else got.verdict.name.lower(),
        "p_value": rounded(got.p_value) if decided else None,
        "statistic": rounded(got.statistic) if decided else None,
        "effect": None if got.effect is None else rounded(got.effect),
        "df": got.df or None,
        "n": got.n,
        "test": test.name,
    }


def command() -> Any:
    return flags.command(ci, "ci", __doc__ or "", {"test": test_options("all")})
