"""`sabbatical ask`: what the released model says now, of one thing or of all in a file or folder."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sabbatical.cli import asking
from sabbatical.cli.output import say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.values import pairs
from sabbatical.core.errors import BadFile

if TYPE_CHECKING:
    from sabbatical.schemas.serve import Served

SHOWN = 6
EXAMPLE = """sabbatical ask photo.jpg --unit "camera 3" --set weather=rain
sabbatical ask --text "wide sea"
sabbatical ask notes.csv --column body --output said.jsonl"""


def register(app: typer.Typer) -> None:
    command(app, "ask", example=EXAMPLE)(ask)


def ask(
    session: Session,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Images; or a CSV or JSONL of texts, a folder, an archive.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="A text.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="A stored item by id.")] = None,
    unit: Annotated[str | None, typer.Option(help="Who asks: all of a unit goes to one model.")] = None,
    group: Annotated[str | None, typer.Option(help="Video, scene or site.")] = None,
    customer: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    attribute: Annotated[list[str] | None, typer.Option("--set", help="An attribute, NAME=VALUE.")] = None,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Keep answer and input.")] = True,
    column: Annotated[str | None, typer.Option(help="Which column or field of a file holds the texts.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the answers of a file or folder here: .csv or .jsonl.")
    ] = None,
) -> None:
    """Ask the released model; the answer is kept, and with it the input as an item that can be labeled.

    All of a file or folder is asked in batches, and told as it comes; with
    --json a line a row. What cannot be asked is named, and the rest goes on.
    """
    if not (files or text or item):
        raise typer.BadParameter("give files, --text or --item.")
    about: dict[str, Any] = {"unit": unit, "group": group, "customer": customer, "record": record}
    about = {name: value for name, value in about.items() if value is not None}
    about["attributes"] = pairs(attribute, "--set")
    _check_there(session, files or [])
    if any(asking.holds_many(path) for path in files or []):
        if text or item:
            raise typer.BadParameter("ask about a file or folder alone, without --text and --item.")
        asking.ask_all(session, files or [], column, output, about)
        return
    if column is not None or output is not None:
        raise typer.BadParameter("--column and --output are for a file of texts, a folder or an archive.")
    given: list[tuple[str, Path | str]] = [
        *((path.name, path) for path in files or []),
        *((one, one) for one in text or []),
    ]
    online = session.project.online
    answers = [(name, online.ask(one, **about)) for name, one in given]
    answers += [(one, online.ask(item=one, **about)) for one in item or []]
    session.answer({"answers": [one.model_dump(mode="json") for _, one in answers]}, lambda: _tell(answers))


def _check_there(session: Session, files: list[Path]) -> None:
    """That these are there; in a project of texts, what is not may be a text itself.

    Raises:
        BadFile: naming the first that is not.
    """
    # A text may be too long to be a path at all, which `Path.exists` raises an error for.
    missing = next((str(path) for path in files if not os.path.exists(path)), None)  # noqa: PTH110
    if missing is not None:
        text = session.project.record.task == "text"
        hint = f"If it is a text: `sabbatical ask --text {shlex.quote(missing)}`." if text else None
        raise BadFile("The file cannot be read: it is not there.", where=missing[:80], hint=hint)


def _tell(answers: list[tuple[str, Served]]) -> None:
    rows = [(name[:30], one.model, one.arm, _said(one), f"{one.latency_ms:.0f} ms") for name, one in answers]
    table(["input", "model", "arm", "*says", "took"], rows)
    for name, one in answers:
        if one.ask:
            say(f"[yellow]{escape(name[:60])}: {one.ask}[/] (doubt {one.doubt:.2f})")
    kept = [one.id for _, one in answers if one.id]
    if kept:
        say(f"[dim]Was it right? sabbatical feedback give {kept[0]} right|wrong[/]")


def _said(one: Served) -> str:
    sure = [f"{found.label} {found.score:.2f}" for found in one.found if found.sure]
    return ", ".join([*sure[:SHOWN], *(["…"] if len(sure) > SHOWN else [])]) or "nothing sure"
