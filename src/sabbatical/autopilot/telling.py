"""Turns as a person follows them: each step with what it does, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.autopilot import policies
from sabbatical.durable import records, runs
from sabbatical.schemas.autopilot import Turn, TurnStep
from sabbatical.storage.tables import RunRow, RunStepRow

ADVICE = {
    "order": "Order labels for the issues, or dismiss them: see `sabbatical mine list`.",
    "labels": "Label the open tasks: see `sabbatical labels tasks`.",
    "gate": "Decide: `sabbatical release advance` or `sabbatical release reject`.",
    "shadow": "Send traffic, or decide: `sabbatical release advance` or `sabbatical release reject`.",
}
ADVICE |= dict.fromkeys(("canary", "ab"), ADVICE["shadow"])
BEGIN_ANEW = "Begin a new turn: `sabbatical autopilot once`."
AGAIN = "Mend it, then `sabbatical autopilot once`."


def turns(session: Session, rows: Sequence[RunRow], now: datetime) -> list[Turn]:
    """Turns of one project with their steps so far; as many questions for a hundred as for one."""
    steps = records.of_runs(session, [row.id for row in rows])
    work = runs.some(session, [child for found in steps.values() for one in found if (child := _child(one))])
    off = policies.why_off_each(session, [row for row in rows if row.state == "cancelled"])
    return [_turn(row, [_step(one, work, now) for one in steps.get(row.id, [])], off.get(row.id), now) for row in rows]


def turn(session: Session, row: RunRow, now: datetime) -> Turn:
    """A turn with its steps so far."""
    return turns(session, [row], now)[0]


def _turn(row: RunRow, steps: list[TurnStep], why_off: str | None, now: datetime) -> Turn:
    values: dict[str, Any] = {
        "run": row.id,
        "state": row.state,
        "why": row.params.get("why", ""),
        "outcome": (row.result or {}).get("outcome"),
        "message": _message(row, steps),
        "todo": _todo(row, steps, why_off),
        "steps": steps,
        "result": row.result,
        "error": row.error,
        "seconds": _seconds(row.created_at, row.ended_at, now),
        "created_at": row.created_at,
        "ended_at": row.ended_at,
    }
    return Turn.model_validate(values)


def _message(row: RunRow, steps: list[TurnStep]) -> str:
    if row.ended_at is not None or not steps:
        return row.message
    last = steps[-1]
    return f"{last.name}: {last.message}" if last.message else last.name


def _todo(row: RunRow, steps: list[TurnStep], why_off: str | None) -> str:
    """What a person can do; the hint of what went wrong, where something did."""
    if row.ended_at is None:
        return ADVICE.get(steps[-1].name, "") if steps and steps[-1].state == "waiting" else ""
    if row.state == "cancelled":
        go_on = f" Or go on with this one: `sabbatical run resume {row.id}`."
        return f"{BEGIN_ANEW}{go_on if why_off is None else ''}"
    if row.error is not None and row.state == "failed":
        return f"{row.error.get('hint') or ''} {AGAIN}".strip()
    return str((row.result or {}).get("todo", ""))


def _child(row: RunStepRow) -> str | None:
    """The run that a step waits for."""
    child = (row.result or {}).get("run") if row.state == "running" else None
    return child if isinstance(child, str) else None


def _step(row: RunStepRow, children: Mapping[str, RunRow], now: datetime) -> TurnStep:
    work = children.get(_child(row) or "")
    return TurnStep.model_validate(
        {
            "name": row.name,
            "state": row.state,
            "message": work.message if work else row.message or _made(row),
            "run": work and work.id,
            "fraction": work and work.fraction,
            "seconds": _seconds(row.started_at, row.ended_at, now),
            "started_at": row.started_at,
            "ended_at": row.ended_at,
        }
    )


def _made(row: RunStepRow) -> str:
    """What the run of a step made, in words."""
    result = row.result or {}
    match row.name:
        case "snapshot" if "counts" in result:
            return (
                f"{result['snapshot']}: {result['counts']['labels']:,} labels of {result['counts']['items']:,} items."
            )
        case "train" if "model" in result:
            return f"{result['model']} {'learned from it' if result.get('trained') else 'was there already'}."
        case "propose" if "release" in result:
            verdict = {True: "passed the gates", False: "did not pass the gates"}.get(result["passed"], "is undecided")
            return f"{result['model']} {verdict}; {result['release']} is in {result['stage']}."
    return ""


def _seconds(start: datetime, end: datetime | None, now: datetime) -> float:
    return round(max(((end or now) - start).total_seconds(), 0.0), 2)
