"""The way of a model to all traffic: propose it, advance, hold, reject, revert; which model answers now.

Every verb that decides is one transaction with its decision; writers queue, so that of two at once the second sees what
the first did. The same `key` again answers what was decided first and decides nothing.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import (
    Alias,
    Challenger,
    Decision,
    Evidence,
    Readiness,
    Release,
    Routing,
    Traffic,
)
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.release import listing, queries
from sabbatical.stages.release.deciding import advance, hold, pin, reject, resume, revert, unpin
from sabbatical.stages.release.keeping import ON_TRAFFIC
from sabbatical.stages.release.listing import standing
from sabbatical.stages.release.proposing import ask_propose, check_rules
from sabbatical.stages.release.traffic import judge, ready
from sabbatical.stages.train import actions as models

__all__ = [
    "Evidence",
    "Readiness",
    "advance",
    "aliases",
    "ask_propose",
    "champion",
    "check_rules",
    "current",
    "decisions",
    "get",
    "hold",
    "judge",
    "page",
    "pin",
    "ready",
    "reject",
    "resume",
    "revert",
    "routing",
    "standing",
    "traffic",
    "unpin",
]


def champion(session: Session, project: Project) -> ModelVersion | None:
    """The model that answers; None before the first was released."""
    row = queries.alias(session, project.id, "champion")
    return models.get(session, project, row.model_id) if row else None


def routing(session: Session, project_id: str) -> Routing:
    """Which models answer now: three short questions, for a server to ask often."""
    answers = queries.alias(session, project_id, "champion")
    row = queries.under_way(session, project_id)
    full = queries.newest_full(session, project_id)
    beside = None
    if row is not None and row.stage in ON_TRAFFIC:
        values = {"release_id": row.id, "model_id": row.model_id, "stage": row.stage, "share": row.share}
        beside = Challenger.model_validate(values | {"salt": row.id, "by_item": row.by_item})
    return Routing(
        champion_id=answers.model_id if answers else None,
        former_id=full.champion_id if full else None,
        release=beside,
    )


def current(session: Session, project: Project) -> Release | None:
    """The release under way, which may wait at the gate; None where there is none."""
    row = queries.under_way(session, project.id)
    return listing.releases(session, project, [row])[0] if row else None


def get(session: Session, project: Project, name: str | None) -> Release:
    """A release by its name (`r2`) or id; the newest if `name` is None.

    Raises:
        NotFound: there is none.
    """
    return listing.releases(session, project, [listing.row_of(session, project, name)])[0]


def page(session: Session, project: Project, after: str | None, limit: int) -> Page[Release]:
    """Newest first."""
    rows = queries.releases(session, project.id, int(after) if after else None, limit + 1)
    found = listing.releases(session, project, rows[:limit])
    return Page(rows=found, next=str(rows[limit - 1].number) if len(rows) > limit else None)


def decisions(session: Session, project: Project, release: str | None, after: str | None, limit: int) -> Page[Decision]:
    """Newest first, of one release or of all."""
    release_id = listing.row_of(session, project, release).id if release else None
    rows = queries.decisions(session, project.id, release_id, int(after) if after else None, limit + 1)
    found = listing.decisions(session, rows[:limit])
    return Page(rows=found, next=str(rows[limit - 1].seq) if len(rows) > limit else None)


def traffic(session: Session, project: Project, name: str | None, evidence: Evidence | None) -> Traffic:
    """What traffic shows of a release, judged by the rules of its stage.

    Raises:
        NotFound: no such release.
    """
    row = listing.row_of(session, project, name)
    if evidence is None or row.stage not in ON_TRAFFIC:
        return Traffic(evidence=None, ready=False, verdicts=[])
    verdicts = judge(listing.rules_of(row, row.stage), evidence)
    return Traffic(evidence=evidence, ready=all(one.verdict == "passed" for one in verdicts), verdicts=verdicts)


def aliases(session: Session, project: Project) -> list[Alias]:
    """`champion` and `challenger`, as far as they are."""
    rows = queries.aliases(session, project.id)
    names = queries.model_names(session, {row.model_id for row in rows})
    values = [{"name": row.name, "model": names[row.model_id], "updated_at": row.updated_at} for row in rows]
    return [Alias.model_validate(one) for one in values]
