"""`sabbatical served`: what the released models answered, and who answers now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sabbatical.cli.output import ago, called, first, line, more, say, table
from sabbatical.cli.session import Session, command, group

if TYPE_CHECKING:
    from sabbatical.schemas.serve import ServedRecord

Limit = Annotated[int | None, typer.Option(min=1, help="How many at most.")]


def register(app: typer.Typer) -> None:
    noun = group(app, "served", "What released models answered, and who answers now.")
    command(noun, "list", example="sabbatical served list --model v2")(list_served)
    command(noun, "show", example="sabbatical served show prd_01m7…")(show)
    command(noun, "status", example="sabbatical served status")(status)


def list_served(
    session: Session,
    model: Annotated[str | None, typer.Option(help="Such as v2.")] = None,
    arm: Annotated[str | None, typer.Option(help="champion, shadow, canary or ab.")] = None,
    limit: Limit = None,
) -> None:
    """What was asked and answered, newest first."""
    if arm not in (None, "champion", "shadow", "canary", "ab"):
        raise typer.BadParameter("is champion, shadow, canary or ab.", param_hint="--arm")
    found, there_are = first(session.project.online.answers(model=model, arm=arm), limit)  # type: ignore[arg-type]

    def words() -> None:
        for one in found:
            unit = "" if one.unit == one.item else f", {escape(one.unit)}"
            line(f"{one.id}  [dim]{one.model} {one.arm}, {ago(one.created_at)}{unit}[/]")
            line(f"  {_said(one)}: {escape(called(one))}")
        more(there_are, len(found))

    session.answer({"answers": [one.model_dump(mode="json") for one in found], "more": there_are}, words)


def show(session: Session, prediction: Annotated[str, typer.Argument(help="The id that an answer carries.")]) -> None:
    """One answer."""
    one = session.project.online.answer(prediction)

    def words() -> None:
        unit = "" if one.unit == one.item else f" for {escape(one.unit)}"
        say(f"[bold]{one.id}[/] by {one.model} ({one.arm}){unit}, {one.latency_ms:.0f} ms.")
        say(escape(called(one)))
        if one.failure:
            say(f"[red]It failed: {escape(one.failure)}[/]")
        table(["*label", "score", "sure", "box"], [(f.label, f.score, f.sure, str(f.box or "")) for f in one.found])
        say(f"Item {one.item}; doubt {one.doubt:.2f}{f': {one.ask}' if one.ask else ''}.")
        if one.feedback:
            say(f"Somebody called it [bold]{one.feedback}[/]; see `sabbatical feedback list`.")

    session.answer({"answer": one.model_dump(mode="json")}, words)


def status(session: Session) -> None:
    """Which models this server answers with, and which it refuses."""
    found = session.project.online.status()

    def words() -> None:
        if found.champion is None:
            say("No model is released yet: `sabbatical release propose`.")
            return
        say(f"[bold]{found.champion}[/] is the champion; [bold]{found.answering or 'nothing yet'}[/] answers.")
        if found.challenger:
            say(f"{found.challenger} is in {found.stage}, with {found.share:.0%} of the units.")
        say(f"In memory: {', '.join(found.warm) or 'nothing yet'}.")
        say(f"Answered {found.answered:,}, failed {found.failed:,} since this server started.")
        for one in found.refused:
            say(f"[red]{one.model} is refused: {escape(one.reason)}[/]")

    session.answer(found.model_dump(mode="json"), words)


def _said(one: ServedRecord) -> str:
    """The answer in words, whether it is sure, and what people say of it."""
    said = "[red]failed[/]" if one.failure else f"[bold]{escape(one.said)}[/]"
    doubt = "" if one.sure or one.failure else ", [yellow]not sure[/]"
    return f"{said}{doubt}{f', called {one.feedback}' if one.feedback else ''}"
