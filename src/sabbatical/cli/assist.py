"""`sabbatical assist`: what a labeler starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sabbatical.cli.output import called, say, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.assist import Suggestion

Campaign = Annotated[str, typer.Argument(help="See `sabbatical labels tasks`.")]
Model = Annotated[str | None, typer.Option(help="Such as v2; the champion unless given.")]


def register(app: typer.Typer) -> None:
    noun = group(app, "assist", "What the model suggests to those who label.")
    command(noun, "prelabel", example="sabbatical assist prelabel issue-3-aurora")(prelabel)
    command(noun, "show", example="sabbatical assist show issue-3-aurora 17")(show)


def prelabel(session: Session, campaign: Campaign, model: Model = None) -> None:
    """Ask the model about all open tasks of a campaign, before people come to them."""
    told = wait(session.project.start_prelabel(campaign, model))

    def words() -> None:
        say(
            f"[bold]{told['model']}[/] has looked at {told['items']:,} open tasks of {escape(told['campaign'])}: "
            f"{told['computed']:,} now, {told['stored']:,} before."
        )

    session.answer(told, words)


def show(
    session: Session,
    campaign: Campaign,
    number: Annotated[int, typer.Argument(help="Of a task.")],
    model: Model = None,
) -> None:
    """What the model suggests for a task, in the words of the customer."""
    found = session.project.suggestion(campaign, number, model)

    def words() -> None:
        say(escape(called(found)))
        tell(found)

    session.answer(found.model_dump(mode="json"), words)


def tell(found: Suggestion) -> None:
    """A suggestion in words, then one by one."""
    boxes = [" ".join(f"{side:.0f}" for side in one.box) if one.box else None for one in found.shapes]
    expected = f"; it expects {found.expected:.1f} of them" if any(boxes) else ""
    judged = f"; somebody called what it answered {found.feedback}" if found.feedback else ""
    said = f"{found.model} in the words of {escape(found.taxonomy)} {found.version}"
    say(f"{said}: [bold]{escape(found.said)}[/]{expected}{judged}.")
    rows = [(one.label, one.score, one.sure, one.shown, box) for one, box in zip(found.shapes, boxes, strict=True)]
    table(["label", "score", "sure", "shown", "*box, px"], rows)
