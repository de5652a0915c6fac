"""What the loop may do by itself, kept append-only: the newest counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.autopilot import queries
from sabbatical.schemas.autopilot import PolicyRecord
from sabbatical.schemas.page import Page
from sabbatical.schemas.policy import Policy
from sabbatical.schemas.project import Project
from sabbatical.storage.tables import PolicyRow, RunRow


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
    session: Session, project: Project, policy: Policy | None, enabled: bool | None, author: str, now: datetime
) -> PolicyRecord:
    """From now on: this policy, in force or not. What is None stays as it was; what changes nothing is not kept."""
    before = current(session, project)
    after = PolicyRecord(
        enabled=before.enabled if enabled is None else enabled,
        policy=policy or before.policy,
        author=author,
        created_at=now,
    )
    if before.created_at and (before.enabled, before.policy) == (after.enabled, after.policy):
        return before
    document = after.policy.model_dump(mode="json")
    row = PolicyRow(project_id=project.id, enabled=after.enabled, document=document, author=author, created_at=now)
    session.add(row)
    session.flush()
    return after


def why_off(session: Session, turn: RunRow) -> str | None:
    """Whether somebody turned the loop off after a turn was asked for, in words."""
    row = queries.policy(session, turn.project_id or "")
    if row is None or row.enabled or row.seq <= turn.params.get("policy", 0):
        return None
    return f"{row.author} turned the autopilot off."


def _record(row: PolicyRow) -> PolicyRecord:
    return PolicyRecord(
        enabled=row.enabled,
        policy=Policy.model_validate(row.document),
        author=row.author,
        created_at=row.created_at,
    )
