"""Releases and decisions as the wire shows them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy.orm import Session

from sabbatical.core.errors import NotFound
from sabbatical.core.numbers import numbered
from sabbatical.schemas.policy import ReleaseRules, Stage
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import Champion, Decision, Release
from sabbatical.stages.release import queries
from sabbatical.storage.tables import DecisionRow, ReleaseRow

MOVES = ("gate", "advance")
HOLDS = ("hold", "resume", *MOVES)


def row_of(session: Session, project: Project, name: str | None) -> ReleaseRow:
    """A release by its name (`r2`) or id; the newest if `name` is None.

    Raises:
        NotFound: there is none.
    """
    found: ReleaseRow | None
    if name is None:
        found = next(iter(queries.releases(session, project.id, None, 1)), None)
    elif (number := numbered(name, "r")) is not None:
        found = queries.release_numbered(session, project.id, number)
    else:
        found = session.get(ReleaseRow, name)
    if found is None or found.project_id != project.id:
        raise NotFound(
            f"The project '{project.name}' has no release{f' {name!r}' if name else ' yet'}.",
            hint="Propose a model with `sabbatical release propose`, or see `sabbatical release list`.",
        )
    return found


def releases(session: Session, project: Project, rows: Sequence[ReleaseRow]) -> list[Release]:
    """Each with what the gates said of it, and who holds it."""
    ids = {row.id for row in rows}
    judged = queries.newest_of_each(session, ids, ("gate",))
    last = queries.newest_of_each(session, ids, HOLDS)
    models = {row.model_id for row in rows} | {row.champion_id for row in rows if row.champion_id}
    names = queries.model_names(session, models)
    return [_release(project, row, judged.get(row.id), last.get(row.id), names) for row in rows]


def _release(
    project: Project, row: ReleaseRow, judged: DecisionRow | None, last: DecisionRow | None, names: dict[str, str]
) -> Release:
    rules = ReleaseRules.model_validate(row.rules)
    coming = following(row, rules)
    evidence = judged.evidence if judged else {}
    values = {
        "id": row.id,
        "name": f"r{row.number}",
        "project": project.name,
        "model": names[row.model_id],
        "champion": names[row.champion_id] if row.champion_id else None,
        "stage": row.stage,
        "share": row.share,
        "by_item": row.by_item,
        "next": coming.stage if coming else None,
        "held_by": holder(row, last),
        "passed": judged.passed if judged else None,
        "gates": evidence.get("gates", []),
        "evaluation": evidence.get("evaluation"),
        "rules": rules,
        "stage_since": row.stage_since,
        "created_at": row.created_at,
        "ended_at": row.ended_at,
    }
    return Release.model_validate(values)


def following(row: ReleaseRow, rules: ReleaseRules) -> Stage | None:
    """The stage after the one that a release is in; all traffic at once where no champion answers."""
    if row.ended_at is not None:
        return None
    if row.champion_id is None:
        return rules.stages[-1]
    if row.stage == "gate":
        return rules.stages[0]
    return next((after for before, after in pairwise(rules.stages) if before.stage == row.stage), None)


def holder(row: ReleaseRow, last: DecisionRow | None) -> str | None:
    """Who holds a release where it is: the actor of its newest decision of `HOLDS`, if that was to hold it."""
    held = last is not None and last.kind == "hold" and row.ended_at is None
    return last.actor_kind if held and last is not None else None


def held_by(session: Session, row: ReleaseRow) -> str | None:
    return holder(row, queries.newest_of_each(session, [row.id], HOLDS).get(row.id))


def rules_of(row: ReleaseRow, stage: str) -> Stage:
    """The rules of one of a release's stages."""
    return next(one for one in ReleaseRules.model_validate(row.rules).stages if one.stage == stage)


def standing(session: Session, project: Project) -> Champion:
    """Which model answers, which is on its way, and which a revert would bring back."""
    answers = queries.alias(session, project.id, "champion")
    row, full = queries.under_way(session, project.id), queries.newest_full(session, project.id)
    former = full.champion_id if full else None
    names = queries.model_names(session, {one for one in (answers and answers.model_id, former) if one})
    pin = pinned(session, project.id)
    return Champion(
        champion=names[answers.model_id] if answers else None,
        since=answers.updated_at if answers else None,
        former=names[former] if former else None,
        pinned_by=pin.actor if pin else None,
        release=releases(session, project, [row])[0] if row else None,
    )


def pinned(session: Session, project_id: str) -> DecisionRow | None:
    """The decision that pinned the champion of now, if it holds; a pin goes with its model."""
    last = queries.newest_of_project(session, project_id, ("pin", "unpin"))
    answers = queries.alias(session, project_id, "champion")
    holds = last is not None and last.kind == "pin" and answers is not None
    return last if holds and last is not None and answers and last.evidence["model"] == answers.model_id else None


def decisions(session: Session, rows: Sequence[DecisionRow]) -> list[Decision]:
    ids = {row.release_id for row in rows if row.release_id is not None}
    names, of_release = queries.release_names(session, ids), queries.release_models(session, ids)
    alone = {str(row.evidence["model"]) for row in rows if row.release_id is None and "model" in row.evidence}
    models = queries.model_names(session, {*of_release.values(), *alone})
    return [
        Decision.model_validate(
            {
                "release": row.release_id and names[row.release_id],
                "model": models.get(of_release.get(row.release_id or "", str(row.evidence.get("model")))),
                **{name: getattr(row, name) for name in Decision.model_fields if name not in {"release", "model"}},
            }
        )
        for row in rows
    ]
