"""The answers to all texts or images of a file or folder, told or written as they come."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
import typer
from rich.markup import escape

from sabbatical.cli.output import called, line, say
from sabbatical.cli.session import SCHEMA, Session
from sabbatical.core.errors import BadFile, SabbaticalError

if TYPE_CHECKING:
    from sabbatical.sdk.asking import Row

MANY = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt", ".md", ".zip", ".tar", ".gz", ".tgz")
"""Endings of files that hold many texts or images."""
LINES = (".jsonl", ".ndjson")
COLUMNS = (
    "file", "line", "name", "text", "said", "label", "score", "sure", "doubt", "ask", "model", "prediction", "item",
    "refused",
)  # fmt: skip

Keep = Callable[["Row"], None]


def holds_many(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in MANY


def ask_all(
    session: Session, sources: Iterable[Path], column: str | None, output: Path | None, about: dict[str, Any]
) -> None:
    """Ask about all of it. For machines a line of JSON a row, or with `output` one document at the end."""
    counts: Counter[str] = Counter()
    online = session.project.online
    lines = session.as_json and output is None
    try:
        with _kept(output) as keep:
            for row in (one for source in sources for one in online.ask_all(source, column=column, **about)):
                counts["refused" if row.answer is None else "answered"] += 1
                counts["unsure"] += row.answer is not None and row.answer.ask is not None
                keep(row)
                if lines:
                    _print_line(_document(row))
                elif not session.as_json and (output is None or row.answer is None):
                    _tell(row)
    except SabbaticalError as error:
        if lines:
            _end(error)
        raise
    if not lines:
        _conclude(session, counts, output)
    if counts["refused"] and not counts["answered"]:
        raise typer.Exit(1)


def _conclude(session: Session, counts: Counter[str], output: Path | None) -> None:
    document = {name: counts[name] for name in ("answered", "unsure", "refused")}

    def words() -> None:
        say(f"{counts['answered']:,} answered, {counts['unsure']:,} of them not sure; {counts['refused']:,} refused.")
        if output is not None:
            say(f"All of it: [bold]{escape(str(output.resolve()))}[/]")

    session.answer(document | ({"output": str(output.resolve())} if output else {}), words)


def _tell(row: Row) -> None:
    if row.answer is None:
        say(f"[red]refused[/] {escape(row.where)}: {escape(row.refused or '')}")
        return
    doubt = "[yellow]not sure[/]" if row.answer.ask else "        "
    line(f"{escape(f'{row.said:<24}')} {doubt} {escape(called(row))}")


def _document(row: Row) -> dict[str, Any]:
    return SCHEMA | row.model_dump(mode="json")


def _print_line(document: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _end(error: SabbaticalError) -> NoReturn:
    """Why there are no more lines, as the last of them."""
    _print_line(SCHEMA | {"error": error.to_dict()})
    raise typer.Exit(error.exit_code) from error


@contextmanager
def _kept(output: Path | None) -> Iterator[Keep]:
    """Writes rows to a file as they come: JSON Lines or CSV, by its ending.

    Raises:
        BadFile: the file cannot be written.
    """
    if output is None:
        yield lambda _: None
        return
    if output.suffix.lower() not in (*LINES, ".csv"):
        raise typer.BadParameter("ends in .csv or .jsonl.", param_hint="--output")
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            if output.suffix.lower() == ".csv":
                table.writeheader()

            def keep(row: Row) -> None:
                if output.suffix.lower() == ".csv":
                    table.writerow(_cells(row))
                else:
                    file.write(orjson.dumps(_document(row)).decode() + "\n")
                file.flush()

            yield keep
    except OSError as error:
        raise BadFile(f"It cannot be written: {error.strerror}.", where=str(output)) from error


def _cells(row: Row) -> dict[str, Any]:
    """A row of the table: the best of what was found, and all of it in words."""
    cells = {**(row.answer.model_dump(mode="json") if row.answer else {}), **row.model_dump(exclude={"answer"})}
    best = row.answer.found[0] if row.answer and row.answer.found else None
    return cells | {
        "prediction": row.answer.id if row.answer else None,
        "label": best.label if best else None,
        "score": best.score if best else None,
    }
