"""`sabbatical release`: a model's way to all traffic, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.output import first, more, say, table
from sabbatical.cli.releasing import (
    gates_in_short,
    tell_decisions,
    tell_moved,
    tell_proposed,
    tell_refused,
    tell_standing,
)
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait
from sabbatical.core.errors import NotFound

if TYPE_CHECKING:
    from sabbatical.schemas import release as schema
    from sabbatical.sdk.releases import Release

Name = Annotated[str | None, typer.Argument(help="Such as r2; the one under way unless given.")]
Why = Annotated[str, typer.Option(help="Kept with the decision.")]
Actor = Annotated[str, typer.Option("--by", help="Who decides.")]
Limit = Annotated[int | None, typer.Option(min=1, help="How many at most.")]


def register(app: typer.Typer) -> None:
    noun = group(app, "release", "A model's way to all traffic, and back.")
    example = "sabbatical release propose v2\nsabbatical release propose v2 --gates gates.yaml --hold"
    command(noun, "propose", example=example)(propose)
    command(noun, "status", example="sabbatical release status")(status)
    command(noun, "advance", example="sabbatical release advance\nsabbatical release advance r2 --anyway")(advance)
    command(noun, "hold", example='sabbatical release hold --why "I look at the night images first"')(hold)
    command(noun, "resume", example="sabbatical release resume")(resume)
    command(noun, "reject", example='sabbatical release reject --why "misses trucks"')(reject)
    command(noun, "revert", example='sabbatical release revert --why "complaints since noon"')(revert)
    command(noun, "pin", example='sabbatical release pin --why "audit this week"')(pin)
    command(noun, "unpin", example="sabbatical release unpin")(unpin)
    command(noun, "list", example="sabbatical release list")(list_releases)
    command(noun, "decisions", example="sabbatical release decisions\nsabbatical release decisions r2")(decisions)


def propose(
    session: Session,
    model: Annotated[str | None, typer.Argument(help="Such as v2; the newest unless given.")] = None,
    gates: Annotated[
        Path | None, typer.Option(help="Gates and stages: a YAML file; the policy's unless given.", dir_okay=False)
    ] = None,
    snapshot: Annotated[str | None, typer.Option(help="Whose labels judge; the newest unless given.")] = None,
    behaviour: Annotated[
        Path | None, typer.Option(help="Behavioural tests of a text model: a YAML file.", dir_okay=False)
    ] = None,
    hold_it: Annotated[bool, typer.Option("--hold", help="Judge only; it waits at the gate for `advance`.")] = False,
    why: Why = "",
    by: Actor = "owner",
) -> None:
    """Judge a model by the gates, against the champion; where they pass, its release begins.

    Sure losses fail; `judge_by: points` in a gate counts every loss, be it chance.

    Exit code 1 where a gate failed, or there is not enough to judge by.
    """
    tests = _document(behaviour) if behaviour else None
    asked = given(snapshot=snapshot, behaviour=tests, hold=hold_it or None, why=why or None)
    found = wait(session.project.releases.start_propose(model, rules=gates, actor=by, **asked))
    record = found.record
    session.answer({"release": record.model_dump(mode="json")}, lambda: tell_proposed(record))
    if record.passed is not True:
        raise typer.Exit(1)


def status(session: Session) -> None:
    """Which model answers, which is on its way, and what that waits for."""
    releases = session.project.releases
    standing = releases.standing()
    current = releases.current()
    traffic = current.traffic() if current else None
    serving = session.project.online.status()
    refused = [one.model_dump(mode="json") for one in serving.refused]
    document = standing.model_dump(mode="json") | {"traffic": traffic and traffic.model_dump(mode="json")}

    def words() -> None:
        tell_standing(standing, traffic)
        tell_refused(serving)

    session.answer(document | {"refused": refused}, words)


def advance(
    session: Session,
    release: Name = None,
    anyway: Annotated[bool, typer.Option(help="Though gates or traffic do not suffice.")] = False,
    why: Why = "",
    by: Actor = "owner",
) -> None:
    """Take a release to its next stage; at full it becomes the champion."""
    found = _found(session, release)
    before = found.stage
    record = found.advance(anyway=anyway, why=why, actor=by)
    session.answer({"release": record.model_dump(mode="json")}, lambda: tell_moved(record, before))


def hold(session: Session, release: Name = None, why: Why = "", by: Actor = "owner") -> None:
    """Keep a release in its stage: the loop waits until a person resumes or advances it."""
    record = _found(session, release).hold(why=why, actor=by)
    _answer(session, record, f"is held in [bold]{record.stage}[/]; go on with `sabbatical release resume`.")


def resume(session: Session, release: Name = None, why: Why = "", by: Actor = "owner") -> None:
    """Let a release that is held go on."""
    record = _found(session, release).resume(why=why, actor=by)
    _answer(session, record, f"may go on from [bold]{record.stage}[/].")


def reject(session: Session, release: Name = None, why: Why = "", by: Actor = "owner") -> None:
    """End a release; the champion answers everything, and the loop does not propose the model again."""
    record = _found(session, release).reject(why=why, actor=by)
    _answer(session, record, f"is rejected; {record.champion or 'no model'} answers.")


def revert(session: Session, why: Why = "", by: Actor = "owner") -> None:
    """Take back the newest change of what answers: a challenger on traffic goes, else the champion before returns.

    A release that waits at the gate answers nothing yet. It ends when the
    champion that it was compared with goes; to end it alone, reject it.
    """
    record = session.project.releases.revert(why=why, actor=by)
    document = {"release": record.model_dump(mode="json"), "champion": record.answers}
    session.answer(document, lambda: say(escape(record.message)))


def pin(session: Session, why: Why = "", by: Actor = "owner") -> None:
    """Forbid the loop to replace the champion; a person still may."""
    found = session.project.releases.pin(why=why, actor=by)
    session.answer(
        found.model_dump(mode="json"),
        lambda: say(f"[bold]{found.champion}[/] is pinned: the loop does not replace it."),
    )


def unpin(session: Session, why: Why = "", by: Actor = "owner") -> None:
    """Let the loop replace the champion again."""
    found = session.project.releases.unpin(why=why, actor=by)
    session.answer(found.model_dump(mode="json"), lambda: say(f"The loop may replace [bold]{found.champion}[/] again."))


def list_releases(session: Session, limit: Limit = None) -> None:
    """Newest first."""
    found, there_are = first(iter(session.project.releases), limit)
    records = [one.record for one in found]

    def words() -> None:
        rows = [(r.name, r.model, r.champion, r.stage, gates_in_short(r), r.created_at) for r in records]
        table(["name", "model", "in place of", "stage", "gates", "proposed"], rows)
        more(there_are, len(rows))

    session.answer({"releases": [one.model_dump(mode="json") for one in records], "more": there_are}, words)


def decisions(
    session: Session, release: Annotated[str | None, typer.Argument(help="Such as r2.")] = None, limit: Limit = None
) -> None:
    """Every decision, newest first: what, by whom, and why."""
    releases = session.project.releases
    found, there_are = first(releases.find(release).decisions() if release else releases.decisions(), limit)

    def words() -> None:
        tell_decisions(found)
        more(there_are, len(found))

    session.answer({"decisions": [one.model_dump(mode="json") for one in found], "more": there_are}, words)


def _found(session: Session, name: str | None) -> Release:
    releases = session.project.releases
    found = releases.find(name) if name else releases.current()
    if found is None:
        raise NotFound("No release is under way.", hint="Propose a model: `sabbatical release propose`.")
    return found


def _answer(session: Session, record: schema.Release, words: str) -> None:
    document = {"release": record.model_dump(mode="json")}
    session.answer(document, lambda: say(f"{record.name}, the release of [bold]{record.model}[/], {words}"))


def _document(file: Path) -> Any:
    from sabbatical.sdk import documents  # noqa: PLC0415 - `--help` needs none of it

    return documents.read(file)
