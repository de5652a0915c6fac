"""When a turn is due, and asking for it: once a period, one at a time a project."""

from __future__ import annotations

import calendar
import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from sabbatical.autopilot import policies, queries, turn
from sabbatical.core.errors import SabbaticalError
from sabbatical.durable import runs
from sabbatical.schemas.autopilot import Due, PolicyRecord
from sabbatical.schemas.project import Project
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace

FAR = datetime.max.replace(tzinfo=UTC)
PAUSE = timedelta(hours=1)
"""After a turn that took no snapshot, before the same labels begin another."""
log = logging.getLogger("sabbatical.autopilot")
PERSON_ONLY = (
    "No turn begins by itself, for the policy says no `when`. Write `when: {every: week}` or `when: {new_labels: 200}` "
    "into it (`sabbatical autopilot policy` shows it) and give it with `sabbatical autopilot on --policy FILE`; or ask "
    "for a turn: `sabbatical autopilot once`."
)


def ask(session: Session, project: Project, why: str, now: datetime, key: str | None = None) -> RunRow:
    """A turn; the one under way if there is one, so that two asked at once are one."""
    there = runs.under_way(session, project.id, turn.KIND)
    if key is not None:
        there = queries.turn_with_key(session, project.id, key) or there
    if there is not None:
        return there
    row = queries.policy(session, project.id)
    params = {
        "why": why,
        "policy": row.seq if row else 0,
        "revision": queries.last_revision(session, project.id),
    }
    return runs.ask(session, project_id=project.id, kind=turn.KIND, params=params, now=now, key=key)


def due(session: Session, project: Project, record: PolicyRecord) -> tuple[Due, str]:
    """When the next turn begins by itself, and the key under which it is asked for."""
    if not record.enabled or record.created_at is None:
        return Due(at=None, why="The autopilot is off."), ""
    found = _every(session, project, record)
    dated = [(one.at, one, key) for one, key in found if one.at is not None]
    if dated:
        return min(dated, key=lambda one: one[0])[1:]
    return found[0] if found else (Due(at=None, why=PERSON_ONLY), "")


def begins(session: Session, project: Project, record: PolicyRecord) -> list[Due]:
    """Everything that begins a turn by itself, what has a date first; nothing while the loop is off."""
    found = [one for one, _ in _every(session, project, record)] if record.enabled else []
    return sorted(found, key=lambda one: one.at or FAR)


def _every(session: Session, project: Project, record: PolicyRecord) -> list[tuple[Due, str]]:
    """What of the policy begins a turn, each with when, and the key under which it is asked for."""
    when, on = record.policy.when, record.created_at
    if on is None:
        return []
    last = next(iter(queries.turns(session, project.id, None, 1)), None)
    since = last.created_at if last else on
    found: list[tuple[Due, str]] = []
    if when.new_labels is not None:
        found.append(_labels(session, project, when.new_labels, last, on))
    if when.every is not None:
        why = f"a {when.every} after {'the last turn' if last else 'it was turned on'}"
        found.append((Due(at=_later(since, when.every), why=why), f"turn:{when.every}:{since.isoformat()}"))
    return found


def tick(workspace: Workspace, _moment: datetime) -> None:
    """Ask for the turns that are due; the worker's next sweep finds them."""
    now = workspace.clock()
    with workspace.database.reading() as session:
        ids = queries.enabled_projects(session)
    for project_id in ids:
        try:
            with workspace.database.transaction() as session:
                _ask_if_due(session, projects.by_id(session, project_id), now)
        except SabbaticalError as error:  # the other projects' turns are due all the same
            log.warning("whether a turn of %s is due is not known: %s", project_id, error)


def _ask_if_due(session: Session, project: Project, now: datetime) -> None:
    record = policies.current(session, project)
    coming, key = due(session, project, record)
    if coming.at is not None and coming.at <= now and queries.turn_with_key(session, project.id, key) is None:
        ask(session, project, f"{coming.why[0].upper()}{coming.why[1:]}", now, key)


def _labels(session: Session, project: Project, needed: int, last: RunRow | None, on: datetime) -> tuple[Due, str]:
    """Due if so many items were labeled since the newest snapshot; later where the last turn took none of them.

    A turn whose snapshot was there already, since the labels changed nothing in it, took them too.
    """
    taken = queries.last_turn_with_snapshot(session, project.id)
    seen = max(queries.last_cutoff(session, project.id), _asked_at(taken))
    new = queries.labels_since(session, project.id, seen)
    due = Due(at=None, why=f"{new:,} of {needed:,} new labels have come")
    key = f"turn:labels:{seen}:{last.id if last else 'first'}"
    if new < needed:
        return due, key
    since = last.created_at if last else on
    if last is not None and queries.labels_since(session, project.id, max(seen, _asked_at(last))) < needed:
        since = (last.ended_at or last.created_at) + PAUSE
        due.why += ", and the last turn took no snapshot of them"
    return due.model_copy(update={"at": max(on, since)}), key


def _asked_at(turn: RunRow | None) -> int:
    """The last label revision when a turn was asked for."""
    return int(turn.params.get("revision", 0)) if turn else 0


def _later(moment: datetime, every: str) -> datetime:
    if every == "month":
        year, month = divmod(moment.year * 12 + moment.month, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    return moment + timedelta(days=1 if every == "day" else 7)
