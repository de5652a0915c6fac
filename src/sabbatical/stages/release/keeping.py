"""One decision, written down together with what it changes: the stage of a release, and which model answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict
from sabbatical.core.ids import new_id
from sabbatical.schemas.policy import Stage
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import ActorKind, DecisionKind
from sabbatical.stages.release import queries
from sabbatical.stages.release.sharing import SEEN, SHARED, sharing_of
from sabbatical.storage.tables import AliasRow, DecisionRow, ReleaseRow

ON_TRAFFIC = ("shadow", "canary", "ab")
ENDS = ("full", "failed", "rejected", "reverted", "replaced")


@dataclass(frozen=True)
class By:
    """Who decides what, why and when; `key` makes a repeated request the same decision."""

    kind: DecisionKind
    actor: str
    actor_kind: ActorKind
    why: str
    key: str | None
    now: datetime

    @property
    def loop(self) -> bool:
        return self.actor_kind == "loop"

    @property
    def reasons(self) -> list[str]:
        return [self.why] if self.why else []


def repeated(session: Session, project: Project, by: By, row: ReleaseRow | None = None) -> DecisionRow | None:
    """The decision that was made with this key.

    Raises:
        Conflict: it was another decision.
    """
    there = queries.decision_with_key(session, project.id, by.key) if by.key else None
    if there is not None and (there.kind != by.kind or (row is not None and there.release_id != row.id)):
        raise Conflict("This Idempotency-Key was used for another request.", hint="Take a fresh key.")
    return there


def decide(
    session: Session,
    project: Project,
    by: By,
    row: ReleaseRow | None,
    *,
    to: str | None = None,
    share: float = 0.0,
    reasons: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    passed: bool | None = None,
) -> DecisionRow:
    """Keep a decision. With `to` the release goes to that stage, and the aliases with it."""
    before = queries.alias_of(session, project.id, "champion")
    after = _champion_after(row, to, before) if row is not None else before
    moved = {"champion": {"before": before, "after": after}} if after != before else {}
    made = DecisionRow(
        id=new_id("dec"),
        project_id=project.id,
        release_id=row.id if row else None,
        key=by.key,
        kind=by.kind,
        actor_kind=by.actor_kind,
        actor=by.actor,
        stage_from=row.stage if row else None,
        stage_to=to,
        passed=passed,
        reasons=list(by.reasons if reasons is None else reasons),
        evidence={**(facts or {}), **moved},
        created_at=by.now,
    )
    session.add(made)
    if row is not None and to is not None:
        if to == "full":
            row.champion_id = before
        row.stage, row.share, row.stage_since = to, share, by.now
        row.ended_at = by.now if to in ENDS else None
        _point(session, row, made, after if moved else None)
    session.flush()
    return made


def to_stage(
    session: Session,
    project: Project,
    by: By,
    row: ReleaseRow,
    stage: Stage,
    *,
    reasons: Sequence[str],
    facts: Mapping[str, Any],
    passed: bool | None = None,
) -> None:
    """A decision by which a release gets the traffic of a stage.

    Where the units that ask are too few to be shared out, each item goes its own way, and the decision says so.
    """
    share = stage.challenger_share
    if stage.stage in SHARED:
        sharing = sharing_of(stage, *queries.units_seen(session, project.id, SEEN))
        row.by_item = sharing.by_item
        reasons, facts = [*reasons, sharing.reason], {**facts, "sharing": asdict(sharing)}
    decide(session, project, by, row, to=stage.stage, share=share, reasons=reasons, facts=facts, passed=passed)


def _champion_after(row: ReleaseRow, to: str | None, before: str | None) -> str | None:
    """Which model answers once a release is in the stage `to`."""
    if to == "full":
        return row.model_id
    return row.champion_id if to == "reverted" and row.stage == "full" else before


def _point(session: Session, row: ReleaseRow, made: DecisionRow, champion: str | None) -> None:
    """Let the aliases follow: `challenger` while a release has traffic, `champion` where it moves."""
    names = {"challenger": row.model_id} if row.stage in ON_TRAFFIC else {}
    if champion is not None:
        names["champion"] = champion
    for name, model_id in names.items():
        values = {"project_id": row.project_id, "name": name, "model_id": model_id}
        session.merge(AliasRow(**values, decision_id=made.id, updated_at=made.created_at))
    if row.stage in ENDS and queries.alias_of(session, row.project_id, "challenger") == row.model_id:
        queries.drop_alias(session, row.project_id, "challenger")
