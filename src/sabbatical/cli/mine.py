"""`sabbatical mine`: failures, the issues they make, the labels that are ordered for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.noun import Noun, early
from sabbatical.cli.output import called, first, more, say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.mine import Issue, Symptom

SHOWN = 12
Number = Annotated[int, typer.Argument(help="Such as 3; see `sabbatical mine list`.")]


class Mine(Noun):
    """Without the name of a command it looks."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        at = early(args)
        named = at < len(args) and (args[at] in self.commands or args[at] in {"--help", "-h"})
        return super().parse_args(ctx, args if named else ["look", *args])


def register(app: typer.Typer) -> None:
    noun = typer.Typer(cls=Mine, help="Failures, the issues they make, the labels ordered for them.")
    app.add_typer(noun, name="mine")
    command(noun, "look", example="sabbatical mine look\nsabbatical mine --window 500")(look)
    command(noun, "list", example="sabbatical mine list --state open")(list_issues)
    command(noun, "show", example="sabbatical mine show 3")(show)
    command(noun, "order", example="sabbatical mine order 3 4 --tasks 60")(order)
    command(noun, "dismiss", example="sabbatical mine dismiss 3 --why 'the camera was moved'")(dismiss)
    command(noun, "resolve", example="sabbatical mine resolve 3 --why 'v4 finds them'")(resolve)


def look(
    session: Session,
    model: Annotated[str | None, typer.Option(help="Such as v2; the champion unless given.")] = None,
    window: Annotated[int | None, typer.Option(min=20, help="How many of the newest answers.")] = None,
    sure: Annotated[float | None, typer.Option(help="Chance to name any group by mistake.")] = None,
) -> None:
    """Group the failures among the newest answers of a model into issues.

    A failure is a disagreement with labels that came later, an answer the model
    is not sure of, or one that feedback called wrong. An issue is a group that
    surely fails more often than the rest.
    """
    run = session.project.start_mine(**given(model=model, window=window, sure=sure))
    found = [one.record for one in wait(run)]
    result = run.record.result or {}

    def words() -> None:
        say(escape(result["message"]))
        _tell_issues(found)
        if found:
            say(f"[dim]Order labels: sabbatical mine order {' '.join(str(one.number) for one in found)}[/]")

    session.answer({**result, "issues": [one.model_dump(mode="json") for one in found]}, words)


def list_issues(
    session: Session,
    state: Annotated[
        Literal["open", "ordered", "resolved", "dismissed"] | None, typer.Option(help="Only these.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None,
) -> None:
    """Newest first."""
    found, there_are = first(session.project.issues(state), limit)
    records = [one.record for one in found]

    def words() -> None:
        _tell_issues(records)
        more(there_are, len(records))

    session.answer({"issues": [one.model_dump(mode="json") for one in records], "more": there_are}, words)


def show(session: Session, number: Number) -> None:
    """What fails where, how surely, and how far the labels are."""
    found = session.project.issue(number)
    record = found.record
    items, there_are = first(found.items(), SHOWN)

    def words() -> None:
        say(f"[bold]Issue {record.number}[/] [dim]({record.state})[/] {escape(record.title)}")
        looked = (
            f"{record.window.answers:,} answers of {record.window.groups:,} groups in {record.window.places} places"
        )
        say(f"{record.failing:,} items failed, {record.alike:,} more stand in the same place. Looked at: {looked}.")
        table(
            ["kind", "class", "failed", "of", "the rest", "lift", "95 %", "p"],
            [_symptom(one) for one in (record.symptom, *record.also)],
        )
        for campaign in record.campaigns:
            say(f"Campaign [bold]{escape(campaign)}[/]")
        if record.tasks:
            say(", ".join(f"{many:,} tasks {state}" for state, many in record.tasks.items()) + ".")
        if record.why:
            say(escape(record.why))
        rows = [(one.kind, one.said, one.sure, one.feedback, called(one)) for one in items]
        table(["kind", "answered", "sure", "called", "~item"], rows)
        if there_are:
            say(f"[dim]The worst {len(items)}; --json shows them with what is wrong.[/]")

    session.answer(
        {"issue": record.model_dump(mode="json"), "items": [one.model_dump(mode="json") for one in items]}, words
    )


def order(
    session: Session,
    numbers: Annotated[list[int], typer.Argument(help="Issues; one or several together.")],
    tasks: Annotated[int, typer.Option(min=1, help="How many items at most.")] = 100,
) -> None:
    """Make campaigns of issues, one for each customer's taxonomy.

    Failing items and others of the same place, one of each group first. What
    was ordered before is shown and not ordered again.
    """
    made = session.project.order_labels(numbers, tasks)

    def words() -> None:
        if made.tasks:
            say(f"{made.tasks:,} tasks were ordered; {made.failing:,} of the items failed, the rest is like them.")
        else:
            say("Nothing new was ordered.")
        rows = [(one.name, f"{one.taxonomy} {one.version}", one.tasks.get("open", 0)) for one in made.campaigns]
        table(["campaign", "taxonomy", "open"], rows)
        for note in made.notes:
            say(f"[yellow]{escape(note)}[/]")

    session.answer(made.model_dump(mode="json"), words)


def dismiss(
    session: Session,
    number: Number,
    why: Annotated[str, typer.Option(help="Kept with the issue.")] = "",
) -> None:
    """Say that it is no issue; it is not made again for this model."""
    _answer(session, session.project.issue(number).dismiss(why))


def resolve(
    session: Session,
    number: Number,
    why: Annotated[str, typer.Option(help="Kept with the issue.")] = "",
) -> None:
    """Say that it is mended; should it come back, it is a new issue."""
    _answer(session, session.project.issue(number).resolve(why))


def _answer(session: Session, record: Issue) -> None:
    session.answer({"issue": record.model_dump(mode="json")}, lambda: say(f"Issue {record.number} is {record.state}."))


def _tell_issues(records: list[Issue]) -> None:
    rows = [(one.number, one.state, one.model, one.title, sum(one.tasks.values()) or None) for one in records]
    table(["issue", "state", "model", "*what", "tasks"], rows)


def _symptom(one: Symptom) -> tuple[Any, ...]:
    rest = f"{one.rest_failed:,} of {one.rest_answers:,}"
    span = f"{one.interval[0]:.1f} to {one.interval[1]:.1f}"
    return one.kind, one.label, one.failed, one.answers, rest, f"{one.lift:.1f}", span, one.p_value
