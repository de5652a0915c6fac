"""What traffic shows of a release: how many requests each model got in this stage, how it did, whether they agree."""

from __future__ import annotations

import statistics
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.schemas.project import Project
from sabbatical.schemas.release import ArmEvidence, Evidence, Release
from sabbatical.schemas.serve import Arm
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import queries
from sabbatical.stages.serve.agreement import agree
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Abstention, Answer
from sabbatical.storage.tables import ServedRow

NEWEST = 1000  # answers of an arm whose times and agreement count
ON_TRAFFIC: dict[str, Arm] = {"shadow": "shadow", "canary": "canary", "ab": "ab"}


def evidence(session: Session, release: Release) -> Evidence | None:
    """What traffic shows of a release since it came to its stage; None while it gets no traffic."""
    arm = ON_TRAFFIC.get(release.stage)
    if arm is None:
        return None
    project = projects.get(session, release.project)
    place = (session, project.id, release.id, release.stage_since)
    compared, agreed = _agreement(session, project, release, arm)
    return Evidence.model_validate(
        {
            "release": release.id,
            "stage": release.stage,
            "since": release.stage_since,
            "champion": _of(*place, "champion"),
            "challenger": _of(*place, arm),
            "compared": compared,
            "agreed": agreed,
        }
    )


def _of(session: Session, project_id: str, release_id: str, since: datetime, arm: Arm) -> ArmEvidence:
    counts = {name: rest for name, *rest in queries.tally(session, project_id, release_id, since)}
    requests, failures, unsure = counts.get(arm, [0, 0, 0])
    times = queries.latencies(session, project_id, release_id, arm, since, NEWEST)
    said = {word: many for name, word, many in queries.verdicts(session, project_id, release_id, since) if name == arm}
    return ArmEvidence(
        requests=requests,
        failures=failures,
        unsure=unsure,
        median_ms=statistics.median(times) if times else None,
        p95_ms=float(np.quantile(times, 0.95)) if times else None,
        right=said.get("right", 0),
        wrong=said.get("wrong", 0),
    )


def _agreement(session: Session, project: Project, release: Release, arm: Arm) -> tuple[int, int]:
    """Of the newest items of the challenger that the champion answered too, how many; on how many they agree."""
    ours, theirs = (_newest(session, project, release, name) for name in (arm, "champion"))
    both = ours.keys() & theirs.keys()
    if not both:
        return 0, 0
    rows = [*ours.values(), *theirs.values()]
    unsure = {key: abstention(session, models.get(session, project, key)) for key in queries.model_ids(rows)}
    agreed = sum(_agree(ours[item], theirs[item], unsure) for item in both)
    return len(both), agreed


def _agree(ours: ServedRow, theirs: ServedRow, unsure: dict[str, Abstention]) -> bool:
    answers = Answer.from_bytes(ours.payload), Answer.from_bytes(theirs.payload)
    return agree(answers[0], unsure[ours.model_id], answers[1], unsure[theirs.model_id])


def abstention(session: Session, model: ModelVersion) -> Abstention:
    """The doubt of a model, with what its artifact knows of validation."""
    artifact = models.artifact(session, model)
    return Abstention.of(model, artifact.facts if artifact else {})


def _newest(session: Session, project: Project, release: Release, arm: str) -> dict[str, ServedRow]:
    """The newest answers of an arm by item."""
    rows = queries.answers(
        session,
        project.id,
        arms=(arm,),
        release_id=release.id,
        since=release.stage_since,
        newest=True,
        limit=NEWEST,
    )
    return {row.item_id: row for row in rows}
