"""`sabbatical feedback`: whether answers were right."""

from __future__ import annotations

from typing import Annotated

import typer

from sabbatical.cli.output import first, more, say, table
from sabbatical.cli.session import Session, command, group


def register(app: typer.Typer) -> None:
    noun = group(app, "feedback", "Whether answers were right.")
    example = "sabbatical feedback give prd_01m7… wrong --label sky"
    command(noun, "give", example=example)(give)
    command(noun, "list", example="sabbatical feedback list")(list_feedback)


def give(
    session: Session,
    prediction: Annotated[str, typer.Argument(help="The id that an answer carries.")],
    verdict: Annotated[str, typer.Argument(help="right or wrong.")],
    label: Annotated[str | None, typer.Option(help="What a text is instead.")] = None,
    comment: Annotated[str, typer.Option(help="In words.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who says it.")] = "owner",
) -> None:
    """Say whether an answer was right."""
    if verdict not in ("right", "wrong"):
        raise typer.BadParameter("is right or wrong.", param_hint="VERDICT")
    said = {"comment": comment, "author": by, **({"label": label} if label else {})}
    given = session.project.online.judge(prediction, "right" if verdict == "right" else "wrong", **said)
    words = f"{given.model}'s answer is [bold]{given.verdict}[/], says {given.author}."
    session.answer({"feedback": given.model_dump(mode="json")}, lambda: say(words))


def list_feedback(
    session: Session, limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None
) -> None:
    """Newest first."""
    found, there_are = first(session.project.online.feedback(), limit)

    def words() -> None:
        rows = [(one.prediction, one.model, one.arm, one.verdict, one.comment, one.created_at) for one in found]
        table(["prediction", "model", "arm", "verdict", "*comment", "when"], rows)
        more(there_are, len(found))

    session.answer({"feedback": [one.model_dump(mode="json") for one in found]}, words)
