"""`sabbatical monitor`: whether what comes in, and what is answered, is still what it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.output import first, more, say, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.monitor import DriftColumn, DriftReport
    from sabbatical.sdk.drift import Drift

Page = Annotated[Path | None, typer.Option("--page", help="Write the look as one page of HTML to this file.")]
ROWS = 14
EFFECT = (
    "before, now: the mean; of a category, the share of the value that moved most. effect: how far it moved, in "
    "standard deviations (of shares, Cohen's w); {:g} or more counts. chance: of so much by chance."
)
NOTES = {"unsure": "share of answers that ask a person", "doubt": "mean doubt of its answers"}


def register(app: typer.Typer) -> None:
    noun = group(app, "monitor", "Drift of what comes in and of what is answered.")
    command(noun, "report", example="sabbatical monitor report --page drift.html")(report)
    command(noun, "list", example="sabbatical monitor list")(list_looks)
    command(noun, "show", example="sabbatical monitor show d3 --page drift.html")(show)


def report(
    session: Session,
    model: Annotated[str | None, typer.Argument(help="Such as v2; the champion unless given.")] = None,
    window: Annotated[int | None, typer.Option(min=20, help="How many of the newest answers.")] = None,
    reference: Annotated[int | None, typer.Option(min=20, help="How many of the first.")] = None,
    sure: Annotated[float | None, typer.Option(help="Chance of a false alarm, all columns together.")] = None,
    effect: Annotated[float | None, typer.Option(help="Smaller effects (Cohen's d or w) are no drift.")] = None,
    page: Page = None,
) -> None:
    """Compare the newest answers of a model with its first ones.

    While it has given too few, they are compared with items of its snapshot.
    """
    asked = given(model=model, window=window, reference=reference, sure=sure, effect=effect)
    _answer(session, wait(session.project.start_monitor(**asked)), page)


def list_looks(
    session: Session,
    model: Annotated[str | None, typer.Option(help="Only looks at this model.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None,
) -> None:
    """Newest first."""
    found, there_are = first(session.project.drifts(model), limit)
    records = [one.record for one in found]

    def words() -> None:
        rows = [(r.name, r.model, r.window.items, len(r.drifts), r.sentences[0], r.created_at) for r in records]
        table(["name", "model", "items", "drifts", "*found", "made"], rows)
        more(there_are, len(rows))

    session.answer({"drifts": [one.model_dump(mode="json") for one in records], "more": there_are}, words)


def show(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="Such as d3; the newest unless given.")] = None,
    page: Page = None,
) -> None:
    """One look: every column, and which slices grew."""
    _answer(session, session.project.find_drift(name), page)


def _answer(session: Session, drift: Drift, page: Path | None) -> None:
    found = drift.report
    document: dict[str, Any] = {"drift": drift.record.model_dump(mode="json"), "report": found.model_dump(mode="json")}
    if page is not None:
        document["page"] = str(drift.page(page).resolve())
    session.answer(document, lambda: _tell(found, page))


def _tell(found: DriftReport, page: Path | None) -> None:
    for sentence in found.sentences:
        say(escape(sentence))
    say(f"\n[bold]{found.name}[/]: {found.model}")
    say(f"[dim]{EFFECT.format(found.effect)}[/]")
    rows = [_row(column) for column in found.columns[:ROWS]]
    table(["column", "before", "now", "effect", "chance", "", "*"], rows)
    if len(found.columns) > ROWS:
        say(f"[dim]and {len(found.columns) - ROWS} more columns in the report[/]")
    if found.slices:
        grown = [(one.name, f"{one.before:.0%}", f"{one.after:.0%}", one.effect, one.items) for one in found.slices]
        table(["*slice that grew", "before", "now", "effect", "items"], grown)
    if page is None:
        say("[dim]With pictures: the same command with --page drift.html[/]")
    else:
        say(f"The page: [bold]{escape(str(page.resolve()))}[/]")


def _row(column: DriftColumn) -> tuple[Any, ...]:
    values = [None if value is None else f"{value:.3g}" for value in (column.before, column.after)]
    note = column.note or NOTES.get(column.name, "")
    if column.shares:
        most = max(column.shares, key=lambda one: (one.value == "unsure", abs(one.after - one.before)))
        values = [f"{most.before:.0%}", f"{most.after:.0%}"]
        note = note or f"share of {most.value}"
    chance = None if column.p_value is None else f"{column.p_value:.2g}"
    return (column.name, *values, column.effect, chance, "drift" if column.drifted else "", note)
