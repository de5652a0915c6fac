"""`sabbatical ask`: what the released model says now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sabbatical.cli.output import say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.values import pairs

if TYPE_CHECKING:
    from sabbatical.schemas.serve import Served

SHOWN = 6


def register(app: typer.Typer) -> None:
    example = 'sabbatical ask photo.jpg --unit "camera 3" --set weather=rain\nsabbatical ask --text "wide sea"'
    command(app, "ask", example=example)(ask)


def ask(
    session: Session,
    images: Annotated[list[Path] | None, typer.Argument(help="Image files.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="A text.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="A stored item by id.")] = None,
    unit: Annotated[str | None, typer.Option(help="Who asks: all of a unit goes to one model.")] = None,
    group: Annotated[str | None, typer.Option(help="Video, scene or site.")] = None,
    customer: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    attribute: Annotated[list[str] | None, typer.Option("--set", help="An attribute, NAME=VALUE.")] = None,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Keep answer and input.")] = True,
) -> None:
    """Ask the released model; the answer is kept, and with it the input as an item that can be labeled."""
    if not (images or text or item):
        raise typer.BadParameter("give images, --text or --item.")
    about: dict[str, Any] = {"unit": unit, "group": group, "customer": customer, "record": record}
    about = {name: value for name, value in about.items() if value is not None}
    about["attributes"] = pairs(attribute, "--set")
    given: list[tuple[str, Path | str]] = [
        *((path.name, path) for path in images or []),
        *((one, one) for one in text or []),
    ]
    online = session.project.online
    answers = [(name, online.ask(one, **about)) for name, one in given]
    answers += [(one, online.ask(item=one, **about)) for one in item or []]

    def words() -> None:
        rows = [(name[:30], one.model, one.arm, _said(one), f"{one.latency_ms:.0f} ms") for name, one in answers]
        table(["input", "model", "arm", "*says", "took"], rows)
        for name, one in answers:
            if one.ask:
                say(f"[yellow]{escape(name[:60])}: {one.ask}[/] (doubt {one.doubt:.2f})")
        kept = [one.id for _, one in answers if one.id]
        if kept:
            say(f"[dim]Was it right? sabbatical feedback give {kept[0]} right|wrong[/]")

    session.answer({"answers": [one.model_dump(mode="json") for _, one in answers]}, words)


def _said(one: Served) -> str:
    sure = [f"{found.label} {found.score:.2f}" for found in one.found if found.sure]
    return ", ".join([*sure[:SHOWN], *(["…"] if len(sure) > SHOWN else [])]) or "nothing sure"
