"""`sabbatical labels next` and `answer`: label task by task, at a terminal or from a script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.markup import escape

from sabbatical.cli import assist
from sabbatical.cli.ingest import given
from sabbatical.cli.output import called, line, say
from sabbatical.cli.session import Session
from sabbatical.core.errors import BadFile, BadInput, NotFound, NotReady, SabbaticalError

if TYPE_CHECKING:
    from sabbatical.schemas.assist import Suggestion
    from sabbatical.schemas.campaign import Campaign, LabelTask
    from sabbatical.schemas.item import Item
    from sabbatical.sdk.project import Project


def next_task(
    session: Session,
    campaign: Annotated[str | None, typer.Argument(help="The newest with open tasks unless given.")] = None,
    after: Annotated[int | None, typer.Option(min=0, help="Only tasks of a higher number.")] = None,
    model: assist.Model = None,
    save: Annotated[Path | None, typer.Option(help="Write the item's image or text here, to look at it.")] = None,
) -> None:
    """Show the next open task, with what the model suggests and which labels there are."""
    project = session.project
    task = project.next_task(campaign, after=after)
    if task is None:
        where = f"in {escape(campaign)}" if campaign else "in any campaign"
        session.answer({"task": None}, lambda: say(f"Nothing is open {where}: sabbatical labels tasks"))
        return
    item, about = project.item(task.item), project.campaign(task.campaign)
    suggestion, lacking = _suggestion(project, task, model)
    if save is not None:
        save.write_bytes(project.media(task.item))
    document = {
        "task": task.model_dump(mode="json"),
        "item": item.model_dump(mode="json"),
        "suggestion": None if suggestion is None else suggestion.model_dump(mode="json"),
        "labels": about.labels,
        "open": about.tasks.get("open", 0),
    }

    def words() -> None:
        _tell(task, item, about)
        if suggestion is not None:
            assist.tell(suggestion)
        elif lacking is not None:
            say(f"[yellow]No suggestion: {escape(lacking.message)}[/] {escape(lacking.hint or '')}")
        what = "--label LABEL" if item.kind == "text" else "--shapes FILE"
        accept = " | --accept" if suggestion is not None else ""
        say(f"[dim]Answer: sabbatical labels answer {task.number} {what}{accept} | --skip[/]")

    session.answer(document, words)


def answer(
    session: Session,
    task: Annotated[int, typer.Argument(help="Its number; see `sabbatical labels next`.")],
    label: Annotated[str | None, typer.Option(help="What a text is.")] = None,
    shapes: Annotated[
        Path | None, typer.Option(help="What an image shows: JSON shapes as in the API, from a file or - for stdin.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Take what is suggested as it is.")] = False,
    skip: Annotated[bool, typer.Option("--skip", help="Leave it undone; nobody is asked again.")] = False,
    model: assist.Model = None,
    by: Annotated[str, typer.Option("--by", help="Who says it.")] = "owner",
    change: Annotated[bool, typer.Option("--change", help="Say otherwise than it was done by.")] = False,
) -> None:
    """Answer a task. The same answer again changes nothing."""
    said = given(label=label, shapes=None if shapes is None else _shapes(shapes), model=model)
    flags = {name: True for name, on in (("accept", accept), ("skip", skip), ("change", change)) if on}
    if len(flags.keys() & {"accept", "skip"}) + len(said.keys() & {"label", "shapes"}) != 1:
        raise typer.BadParameter("give one of --label, --shapes, --accept and --skip.")
    done = session.project.answer_task(task, **said, **flags, author=by)

    def words() -> None:
        what = f"is [bold]{escape(done.said or '')}[/], says {escape(done.author or '')}"
        line(f"Task {done.number} {what if done.state == 'done' else 'is skipped'}: {escape(called(done))}")
        say(f"[dim]The next one: sabbatical labels next {escape(done.campaign)}[/]")

    session.answer({"task": done.model_dump(mode="json")}, words)


def _suggestion(
    project: Project, task: LabelTask, model: str | None
) -> tuple[Suggestion | None, SabbaticalError | None]:
    """What is suggested, or why there is nothing: no model yet, or one that was not asked."""
    try:
        return project.suggestion(task.campaign, task.number, model), None
    except (NotReady, NotFound) as error:
        if model is not None:
            raise
        return None, error


def _tell(task: LabelTask, item: Item, about: Campaign) -> None:
    size = f", {item.width} x {item.height} px" if item.width else ""
    facts = " ".join(f"{name}={value}" for name, value in item.attributes.items())
    left = f"{about.tasks.get('open', 0):,} open"
    say(f"Task [bold]{task.number}[/] of {escape(task.campaign)}, {left}: {escape(item.name)}{size} [dim]{item.id}[/]")
    if facts:
        say(f"[dim]{escape(facts)}[/]")
    if about.instructions:
        say(escape(about.instructions))
    if item.text is not None:
        say(f"\n{escape(item.text)}\n")
    say(f"Labels of {escape(about.taxonomy)} {about.version}: {escape(', '.join(about.labels))}.")


def _shapes(file: Path) -> Any:
    """The shapes that a file holds: a list, or what has them under `shapes`, such as a suggestion.

    Raises:
        BadFile: it cannot be read.
        BadInput: it is no list of shapes.
    """
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadFile(f"The file cannot be read: {error.strerror}.", where=str(file)) from error
    example = '[{"label": "car", "box": [10, 20, 110, 80]}], the box as x0 y0 x1 y1 in pixels'
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"This is not JSON: {error}.", where=str(file), hint=f"Write {example}.") from error
    found = document.get("shapes") if isinstance(document, dict) else document
    if not isinstance(found, list):
        raise BadInput("This holds no list of shapes.", where=str(file), hint=f"Write {example}.")
    return found
