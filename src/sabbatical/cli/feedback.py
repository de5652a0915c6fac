"""`sabbatical feedback`: whether answers were right."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sabbatical.cli.output import first, more, say, table
from sabbatical.cli.session import Session, command, group

if TYPE_CHECKING:
    from sabbatical.schemas.serve import Feedback


def register(app: typer.Typer) -> None:
    noun = group(app, "feedback", "Whether answers were right.")
    example = "sabbatical feedback give prd_01m7… wrong --label sky"
    command(noun, "give", example=example)(give)
    command(noun, "list", example="sabbatical feedback list")(list_feedback)


def give(
    session: Session,
    prediction: Annotated[str, typer.Argument(help="The id that an answer carries.")],
    verdict: Annotated[str, typer.Argument(help="right or wrong.")],
    label: Annotated[str | None, typer.Option(help="What it is instead: a class, or a customer's label.")] = None,
    comment: Annotated[str, typer.Option(help="In words.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who says it.")] = "owner",
) -> None:
    """Say whether an answer was right."""
    if verdict not in ("right", "wrong"):
        raise typer.BadParameter("is right or wrong.", param_hint="VERDICT")
    said = {"comment": comment, "author": by, **({"label": label} if label else {})}
    given = session.project.online.judge(prediction, "right" if verdict == "right" else "wrong", **said)
    instead = f": it is [bold]{escape(_instead(given))}[/]" if given.shapes is not None else ""
    words = f"{given.model}'s answer is [bold]{given.verdict}[/], says {escape(given.author)}{instead}."
    session.answer({"feedback": given.model_dump(mode="json")}, lambda: say(words))


def list_feedback(
    session: Session, limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None
) -> None:
    """Newest first."""
    found, there_are = first(session.project.online.feedback(), limit)

    def words() -> None:
        rows = [(one.prediction, one.model, one.arm, one.verdict, _said(one), one.created_at) for one in found]
        table(["prediction", "model", "arm", "verdict", "*it is, comment", "when"], rows)
        more(there_are, len(found))

    session.answer({"feedback": [one.model_dump(mode="json") for one in found], "more": there_are}, words)


def _said(one: Feedback) -> str:
    """What is there instead, then the comment."""
    return "; ".join(part for part in (_instead(one) if one.shapes is not None else "", one.comment) if part)


def _instead(one: Feedback) -> str:
    """The labels of what is there instead, each once with how often."""
    counts = Counter(shape.label for shape in one.shapes or ())
    return ", ".join(f"{label} ({many})" if many > 1 else label for label, many in counts.items()) or "nothing"
