"""`sabbatical autopilot`: the loop by itself, within a policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sabbatical.cli.output import ago, first, more, say, table
from sabbatical.cli.releasing import tell_refused
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.autopilot import Due, PolicyRecord, Status, Turn

PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A policy as YAML; the newest unless given.")]


def register(app: typer.Typer) -> None:
    noun = group(app, "autopilot", "The loop by itself: watch, mine, label, train, judge, release.")
    command(noun, "on", example="sabbatical autopilot on --policy policy.yaml")(on)
    command(noun, "off", example="sabbatical autopilot off")(off)
    command(noun, "once", example="sabbatical autopilot once")(once)
    command(noun, "status", example="sabbatical autopilot status")(status)
    command(noun, "turns", example="sabbatical autopilot turns")(turns)
    command(noun, "show", example="sabbatical autopilot show\nsabbatical autopilot show run_01m7…")(show)
    command(noun, "policy", example="sabbatical autopilot policy\nsabbatical autopilot policy policy.yaml")(policy)


def on(session: Session, policy: PolicyFile = None) -> None:
    """Let turns begin by themselves when the policy says so."""
    record = session.project.autopilot.on(policy)
    found = session.project.autopilot.status()

    def words() -> None:
        say(f"The autopilot of [bold]{found.project}[/] is on.")
        _say_next(found)

    session.answer({"policy": record.model_dump(mode="json"), "next": found.next.model_dump(mode="json")}, words)


def off(session: Session) -> None:
    """Let no turn begin by itself; the one under way stops at its next step. What answers goes on answering."""
    record = session.project.autopilot.off()
    found = session.project.autopilot.status()

    def words() -> None:
        say(f"The autopilot of [bold]{found.project}[/] is off.")
        if found.now is not None:
            say("The turn under way stops at its next step.")

    session.answer({"policy": record.model_dump(mode="json")}, words)


def once(
    session: Session,
    waiting: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for its end; a server goes on without.")
    ] = True,
) -> None:
    """Play one turn of the loop now, whether the autopilot is on or off; the turn under way if there is one."""
    run = session.project.autopilot.start_once()
    if not waiting:
        words = f"Turn {run.id} is {run.state}; see `sabbatical autopilot status`."
        session.answer({"run": run.record.model_dump(mode="json")}, lambda: say(words))
        return
    found = wait(run)
    session.answer({"turn": found.model_dump(mode="json")}, lambda: _say_turn(found))


def status(session: Session) -> None:
    """What it does now, what it waits for, when it comes again, how its last turns ended."""
    found = session.project.autopilot.status()
    serving = session.project.online.status()

    def words() -> None:
        word = "on" if found.policy.enabled else "off"
        by = f", by {escape(found.policy.author)} {ago(found.policy.created_at)}" if found.policy.created_at else ""
        say(f"The autopilot of [bold]{found.project}[/] is [bold]{word}[/]{by}; {_champion(found)}.")
        tell_refused(serving)
        if found.now is not None:
            _say_turn(found.now)
        _say_next(found)
        if found.turns:
            _say_turns(found.turns, title="Last turns")
            if found.now is None and found.turns[0].todo:
                say(escape(found.turns[0].todo))

    session.answer({"status": found.model_dump(mode="json")}, words)


def turns(session: Session, limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None) -> None:
    """Every turn and how it ended, newest first."""
    found, there_are = first(session.project.autopilot.turns(), limit)

    def words() -> None:
        _say_turns(found)
        more(there_are, len(found))

    session.answer({"turns": [one.model_dump(mode="json") for one in found], "more": there_are}, words)


def show(
    session: Session, turn: Annotated[str | None, typer.Argument(help="Its run; the newest unless given.")] = None
) -> None:
    """One turn step by step, with what each did and how long it took."""
    found = session.project.autopilot.turn(turn)
    session.answer({"turn": found.model_dump(mode="json")}, lambda: _say_turn(found))


def policy(
    session: Session,
    file: Annotated[Path | None, typer.Argument(help="A policy as YAML, to count from the next turn on.")] = None,
) -> None:
    """Show the policy as YAML, to be edited; or keep a new one, on or off as it was."""
    autopilot = session.project.autopilot
    record = autopilot.set_policy(file) if file is not None else autopilot.status().policy

    def words() -> None:
        if file is not None:
            say(f"Kept; the autopilot is {'on' if record.enabled else 'off'}.")
        else:
            typer.echo(_yaml(record), nl=False)

    session.answer({"policy": record.model_dump(mode="json")}, words)


def _champion(found: Status) -> str:
    return f"{found.champion} answers" if found.champion else "no model answers yet"


def _say_next(found: Status) -> None:
    """What begins turns by themselves; how to let it, where nothing does."""
    if not found.policy.enabled:
        say("No turn begins by itself; let them begin: `sabbatical autopilot on`.")
    elif not found.begins:
        say(f"[yellow]{escape(found.next.why)}[/]")
    for place, one in enumerate(found.begins):
        say(f"{'Or' if place else 'Next turn'}: {_due(one)}")
    if found.begins and not found.worker:
        say("[yellow]No worker is there to begin it: start a server with `sabbatical up`.[/]")


def _due(due: Due) -> str:
    return (
        f"once there are enough: {due.why}." if due.at is None else f"{due.at.astimezone():%Y-%m-%d %H:%M}, {due.why}."
    )


def _say_turn(turn: Turn) -> None:
    """A turn with its steps, and what a person can do."""
    ended = turn.ended_at is not None
    word = f"ended: {turn.outcome or turn.state}" if ended else f"is {turn.state}"
    say(f"Turn [bold]{turn.run}[/] {word}, {turn.seconds:.0f} s. {escape(turn.why)}")
    last = turn.steps[-1] if turn.steps else None
    waits = last.message if last and last.state == "waiting" else ""
    beneath = {turn.message, waits, (turn.error or {}).get("message")}  # said below the table, and not twice
    rows = [(s.name, s.state, f"{s.seconds:.1f} s", "" if s.message in beneath else s.message) for s in turn.steps]
    table(["step", "state", "time", "*what"], rows)
    if ended:
        say(f"[bold]{escape(turn.message)}[/]")
    elif waits:
        say(f"It waits: [bold]{escape(waits)}[/]")
    if turn.todo:
        say(f"[dim]do[/] {escape(turn.todo)}")


def _say_turns(found: list[Turn], title: str | None = None) -> None:
    rows = [(one.run, one.created_at, one.outcome or one.state, one.message) for one in found]
    table(["turn", "began", "ended", "*how"], rows, title=title)


def _yaml(record: PolicyRecord) -> str:
    import yaml  # noqa: PLC0415 - only this command needs it

    text: str = yaml.safe_dump(record.policy.model_dump(mode="json", exclude_none=True), sort_keys=False)
    return text
