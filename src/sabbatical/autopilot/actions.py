"""Turn the loop on and off, ask for one turn, see what it does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.autopilot import policies, queries, schedules, telling
from sabbatical.core.errors import NotFound
from sabbatical.schemas.autopilot import PolicyRecord, Status, Turn
from sabbatical.schemas.page import Page
from sabbatical.schemas.policy import Policy
from sabbatical.schemas.project import Project
from sabbatical.stages.release import actions as releases
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import RunRow

SHOWN = 5

__all__ = ["off", "on", "once", "policy", "policy_history", "set_policy", "status", "turn", "turns"]

policy = policies.current
policy_history = policies.history


def on(session: Session, project: Project, given: Policy | None, author: str, now: datetime) -> PolicyRecord:
    """From now on turns begin when the policy says so. Raises as `set_policy` does."""
    if given is not None:
        _check(session, project, given)
    return policies.append(session, project, given, "on", author, now)


def off(session: Session, project: Project, author: str, now: datetime) -> PolicyRecord:
    """No turn begins by itself; the one under way stops at its next step. A release under way stays where it is."""
    return policies.append(session, project, None, "off", author, now)


def set_policy(session: Session, project: Project, given: Policy, author: str, now: datetime) -> PolicyRecord:
    """What the loop may do from the next turn on; whether it is on stays as it was.

    Raises:
        BadRequest: a turn would stumble over it, with the field.
    """
    _check(session, project, given)
    return policies.append(session, project, given, "set", author, now)


def _check(session: Session, project: Project, given: Policy) -> None:
    releases.check_rules(session, project, given.release, "policy.release")
    models.check_recipe(project.task, given.train.recipe, given.train.settings, "policy.train")


def once(session: Session, project: Project, author: str, now: datetime, key: str | None = None) -> RunRow:
    """One turn now, whether the loop is on or off; the one under way if there is one."""
    return schedules.ask(session, project, f"{author} asked for it.", now, key)


def turns(session: Session, project: Project, after: str | None, limit: int, now: datetime) -> Page[Turn]:
    """Every turn, newest first."""
    rows = queries.turns(session, project.id, after, limit + 1)
    found = telling.turns(session, rows[:limit], now)
    return Page(rows=found, next=rows[limit - 1].id if len(rows) > limit else None)


def turn(session: Session, project: Project, run_id: str | None, now: datetime) -> Turn:
    """A turn by its run, the newest without one.

    Raises:
        NotFound: there is none.
    """
    row = session.get(RunRow, run_id) if run_id else next(iter(queries.turns(session, project.id, None, 1)), None)
    if row is None or (row.project_id, row.kind) != (project.id, queries.TURN):
        which = f"no turn '{run_id}'" if run_id else "no turn yet"
        raise NotFound(f"The project '{project.name}' has {which}.", hint="Play one: `sabbatical autopilot once`.")
    return telling.turn(session, row, now)


def status(session: Session, project: Project, now: datetime, *, worker: bool) -> Status:
    """What the loop does now, what it waits for, when it comes again, how its last turns ended."""
    record = policies.current(session, project)
    champion = releases.champion(session, project)
    rows = queries.turns(session, project.id, None, SHOWN + 1)
    told = telling.turns(session, rows, now)
    return Status(
        project=project.name,
        policy=record,
        champion=champion and champion.name,
        now=next((one for one in told if one.ended_at is None), None),
        next=schedules.due(session, project, record)[0],
        begins=schedules.begins(session, project, record),
        worker=worker,
        turns=[one for one in told if one.ended_at is not None][:SHOWN],
    )
