"""`sabbatical evaluate`: a report on a model, alone or against another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.output import say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.evaluate import Metrics, Report

LEADING = {"boxes": ("map50", "recall", "precision", "f1"), "text": ("f1", "recall", "precision", "accuracy")}
BY_CLASS = {"boxes": ("ap50", "recall", "precision", "f1"), "text": ("recall", "precision", "f1")}
MOST_SLICES = 12


def register(app: typer.Typer) -> None:
    example = "sabbatical evaluate v2 --page report.html\nsabbatical evaluate v2 --against v1"
    command(app, "evaluate", example=example)(evaluate)


def evaluate(
    session: Session,
    model: Annotated[str | None, typer.Argument(help="Such as v2; the newest unless given.")] = None,
    snapshot: Annotated[str | None, typer.Option(help="Whose labels judge; the newest unless given.")] = None,
    against: Annotated[str | None, typer.Option(help="Another model, compared on the same items.")] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(metavar="[train|validation|test]", help="Which items judge; test unless given."),
    ] = None,
    taxonomy: Annotated[list[str] | None, typer.Option(help="Only the labels of these customers judge.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the report as one page of HTML to this file.")] = None,
    behaviour: Annotated[
        Path | None, typer.Option(help="Behavioural tests of a text model: a YAML file.", exists=True, dir_okay=False)
    ] = None,
    again: Annotated[bool, typer.Option(help="Judge anew even if the same report is there.")] = False,
) -> None:
    """Judge a model: overall, by class, by slice, with intervals of 95 %."""
    tests = _document(behaviour) if behaviour else None
    asked = given(splits=split or None, taxonomies=taxonomy or None, behaviour=tests, again=again or None)
    run = session.project.model(model).start_evaluate(snapshot, against=against, **asked)
    evaluation = wait(run)
    report = evaluation.report
    document: dict[str, Any] = report.evaluation().model_dump(mode="json", by_alias=True)
    document["evaluation"] = evaluation.id
    if page is not None:
        document["page"] = str(evaluation.page(page).resolve())
    session.answer(document, lambda: _tell(report, page))


def _document(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} is no YAML: {error}", param_hint="--behaviour") from error


def _tell(report: Report, page: Path | None) -> None:
    for sentence in report.sentences:
        say(escape(sentence))
    say(f"\n[bold]{report.model}[/] on {report.snapshot}, {report.items:,} items")
    metrics = report.metrics
    shown = [name for name in LEADING[report.task] if getattr(metrics.overall, name) is not None]
    table(["", *shown], [("overall", *[_number(metrics, "overall", "", name) for name in shown])])
    columns = BY_CLASS[report.task]
    rows = [
        (name, *[_number(metrics, "by_class", name, column) for column in columns], scores.n)
        for name, scores in metrics.by_class.items()
    ]
    table(["*class", *columns, "n"], rows)
    _tell_slices(report)
    if report.behaviour:
        table(["behaviour", "kind", "kept", "of"], [(b.name, b.kind, b.passed, b.total) for b in report.behaviour])
    if report.comparison is not None:
        _tell_comparison(report)
    if page is None:
        say("[dim]The whole report with pictures: the same command with --page report.html[/]")
    else:
        say(f"The report: [bold]{escape(str(page.resolve()))}[/]")


def _tell_slices(report: Report) -> None:
    leading = LEADING[report.task][0]
    slices = {name: scores for name, scores in report.metrics.by_slice.items() if scores.note is None}
    if not slices:
        if metrics := report.metrics.by_slice:
            say(f"[dim]{len(metrics)} slices, each too small to judge; the report tells of what they are.[/]")
        return
    rows = [
        (name, _number(report.metrics, "by_slice", name, leading), scores.n, scores.images)
        for name, scores in list(slices.items())[:MOST_SLICES]
    ]
    table(["*slice", leading, "n", "items"], rows)
    if len(slices) > MOST_SLICES:
        say(f"[dim]and {len(slices) - MOST_SLICES} more slices in the report[/]")


def _tell_comparison(report: Report) -> None:
    found = report.comparison
    assert found is not None
    low, high = found.interval
    words = {"better": "[green]better[/]", "worse": "[red]worse[/]", "same": "not to be told apart"}
    say(
        f"Against {found.model}: {found.metric} {100 * found.before:.1f} to {100 * found.after:.1f}, "
        f"{100 * found.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}): {words[found.verdict]}."
    )


def _number(metrics: Metrics, part: str, name: str, column: str) -> str:
    """A number in points with its interval, such as `91.2 (88.0-94.1)`: intervals lean to one side."""
    scores: Any = metrics.overall if part == "overall" else getattr(metrics, part)[name]
    value = getattr(scores, column)
    if value is None:
        return "-"
    intervals: Any = getattr(metrics.intervals, part)
    interval = (intervals if part == "overall" else intervals.get(name, {})).get(column)
    if interval is None:
        return f"{100 * value:.1f}"
    return f"{100 * value:.1f} ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})"
