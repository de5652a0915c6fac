"""`sabbatical ingest`: data comes in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from sabbatical.cli.output import err, say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.ingest import IngestReport

SHOWN = 10
EXAMPLE = """sabbatical ingest images/
sabbatical ingest annotations.json --taxonomy customer-a
sabbatical ingest texts.csv --option label_column=tag"""

Source = Annotated[Path, typer.Argument(help="A file, a folder or an archive; its format is recognised.")]
Taxonomy = Annotated[
    str | None, typer.Option("--taxonomy", "-t", help="Whose label names it uses; found out where one fits.")
]
Options = Annotated[
    list[str] | None, typer.Option("--option", "-o", help="How to read it, as NAME=VALUE; can be repeated.")
]


def register(app: typer.Typer) -> None:
    command(app, "ingest", example=EXAMPLE)(ingest)


def ingest(
    session: Session,
    source: Source,
    taxonomy: Taxonomy = None,
    customer: Annotated[str | None, typer.Option(help="Who sent it; the taxonomy's name unless given.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call this source; its file name unless given.")] = None,
    split: Annotated[
        Literal["train", "validation", "test"] | None, typer.Option(help="Pin what is new with it to one split.")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Who made the labels; the source unless given.")] = None,
    option: Options = None,
) -> None:
    """Take images, texts, or data with labels: COCO, YOLO, VOC, CSV, JSONL, folders, archives.

    Without a project, a first one is made from the data. Run again, it adds only what is new.
    """
    asked = given(taxonomy=taxonomy, customer=customer, name=name, split=split, author=author)
    asked["options"] = pairs(option, "--option")
    run = session.workspace.start_ingest(source, project=session.project_name, tell=sending, **asked)
    report = wait(run)
    session.answer(report.model_dump(mode="json", by_alias=True), lambda: tell(report, run.id))


def given(**options: Any) -> dict[str, Any]:
    """Options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def sending(words: str) -> None:
    """What is on its way to a server."""
    err.print(words, markup=False, soft_wrap=True)


def tell(report: IngestReport, run_id: str) -> None:
    """A report in words."""
    say(f"Read as {escape(report.why)}")
    rows: list[tuple[str, int, int, int | None]] = [("items", report.added, report.known, None)]
    if report.taxonomy is not None:
        counts = report.labels
        rows.append((f"labels of {report.taxonomy}", counts.added, counts.known, counts.refused))
    table([f"in {report.project}", "added", "known", "refused"], rows)
    if report.by_split:
        say("Splits: " + ", ".join(f"{count:,} {name}" for name, count in report.by_split.items()) + ".")
    for warning in report.warnings:
        say(f"[yellow]warning[/] {escape(warning.message)}")
    if report.quarantined_total:
        say(f"[yellow]{report.quarantined_total:,} things were set aside or changed:[/]")
        shown = report.quarantined[:SHOWN]
        table(["file", "line", "field", "*reason"], [(one.file, one.line, one.field, one.reason) for one in shown])
        if report.quarantined_total > len(shown):
            say(f"[dim]All of them: sabbatical run show {run_id} --quarantine[/]")
