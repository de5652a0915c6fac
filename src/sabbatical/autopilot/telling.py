"""Turns as a person follows them: each step with what it does, and what a person can do about it."""

from __future__ import annotations

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


def turn(session: Session, row: RunRow, now: datetime) -> Turn:
    """A turn with its steps so far."""
    steps = [_step(session, one, now) for one in records.of(session, row.id)]
    values: dict[str, Any] = {
        "run": row.id,
        "state": row.state,
        "why": row.params.get("why", ""),
        "outcome": (row.result or {}).get("outcome"),
        "message": _message(row, steps),
        "todo": _todo(session, row, steps),
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


def _todo(session: Session, row: RunRow, steps: list[TurnStep]) -> str:
    """What a person can do; the hint of what went wrong, where something did."""
    if row.ended_at is None:
        return ADVICE.get(steps[-1].name, "") if steps and steps[-1].state == "waiting" else ""
    if row.state == "cancelled":
        go_on = f" Or go on with this one: `sabbatical run resume {row.id}`."
        return f"{BEGIN_ANEW}{go_on if policies.why_off(session, row) is None else ''}"
    if row.error is not None and row.state == "failed":
        return f"{row.error.get('hint') or ''} {AGAIN}".strip()
    return str((row.result or {}).get("todo", ""))


def _step(session: Session, row: RunStepRow, now: datetime) -> TurnStep:
    child = (row.result or {}).get("run") if row.state == "running" else None
    work = runs.get(session, child) if isinstance(child, str) else None
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
