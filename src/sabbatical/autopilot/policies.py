"""What the loop may do by itself, kept append-only: the newest counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from sabbatical.autopilot import queries
from sabbatical.schemas.autopilot import PolicyRecord
from sabbatical.schemas.page import Page
from sabbatical.schemas.policy import Policy
from sabbatical.schemas.project import Project
from sabbatical.storage.tables import PolicyRow, RunRow

Verb = Literal["on", "off", "set"]


def current(session: Session, project: Project) -> PolicyRecord:
    """The newest policy; the usual one, not in force, before the first."""
    row = queries.policy(session, project.id)
    return _record(row) if row else PolicyRecord(enabled=False, policy=Policy(), author="", created_at=None)


def history(session: Session, project: Project, after: str | None, limit: int) -> Page[PolicyRecord]:
    """Every policy that there was, newest first."""
    rows = queries.policies(session, project.id, int(after) if after else None, limit + 1)
    return Page(
        rows=[_record(row) for row in rows[:limit]], next=str(rows[limit - 1].seq) if len(rows) > limit else None
    )


def append(
    session: Session, project: Project, policy: Policy | None, verb: Verb, author: str, now: datetime
) -> PolicyRecord:
    """From now on: this policy, in force or not. Without one the newest stays; what changes nothing is not kept.

    An `off` always is, for a turn may be under way though the loop is off.
    """
    before = current(session, project)
    after = PolicyRecord(
        enabled=before.enabled if verb == "set" else verb == "on",
        policy=policy or before.policy,
        author=author,
        created_at=now,
    )
    changed = (before.enabled, before.policy) != (after.enabled, after.policy)
    if before.created_at and not changed and verb != "off":
        return before
    document = after.policy.model_dump(mode="json")
    values = {"verb": verb, "enabled": after.enabled, "document": document, "author": author, "created_at": now}
    session.add(PolicyRow(project_id=project.id, **values))
    session.flush()
    return after


def why_off(session: Session, turn: RunRow) -> str | None:
    """Whether somebody turned the loop off after a turn was asked for, and not on again, in words."""
    return why_off_each(session, [turn]).get(turn.id)


def why_off_each(session: Session, turns: Sequence[RunRow]) -> dict[str, str]:
    """As `why_off`, of several turns of one project, by their ids; the others are left out."""
    row = queries.switched(session, turns[0].project_id or "") if turns else None
    if row is None or row.verb != "off":
        return {}
    told = f"{row.author} turned the autopilot off."
    return {turn.id: told for turn in turns if row.seq > turn.params.get("policy", 0)}


def _record(row: PolicyRow) -> PolicyRecord:
    return PolicyRecord(
        enabled=row.enabled,
        policy=Policy.model_validate(row.document),
        author=row.author,
        created_at=row.created_at,
    )
