"""What traffic shows of a release: how many requests each model got in this stage, how it did, whether they agree."""

from __future__ import annotations

import statistics

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

NEWEST = 2000  # answers of an arm whose times and units count
COMPARED = 300  # newest answers of an arm whose agreement counts
ON_TRAFFIC: dict[str, Arm] = {"shadow": "shadow", "canary": "canary", "ab": "ab"}


def evidence(session: Session, release: Release, *, agreement: bool = False) -> Evidence | None:
    """What traffic shows of a release since it came to its stage; None while it gets no traffic.

    `agreement`: also compare what both models said, which reads hundreds of answers; no rule asks for it.

    Requests, failures, doubts and feedback are counted over the whole stage; times, units and agreement are of its
    newest answers, so that they cost the same in a stage of a million.
    """
    arm = ON_TRAFFIC.get(release.stage)
    if arm is None:
        return None
    project = projects.get(session, release.project)
    stage = (session, project.id, release.id)
    counts = queries.tally(*stage, ("champion", arm), release.stage_since)
    said = {(name, word): many for name, word, many in queries.verdicts(*stage, release.stage_since)}
    calls = {name: queries.newest_calls(*stage, name, release.stage_since, NEWEST) for name in ("champion", arm)}
    arms = {name: _of(counts.get(name, (0, 0, 0)), calls[name]) for name in calls}
    for name, one in arms.items():
        one.right, one.wrong = said.get((name, "right"), 0), said.get((name, "wrong"), 0)
    compared, agreed = _agreement(session, project, release, arm) if agreement else (0, 0)
    return Evidence.model_validate(
        {
            "release": release.id,
            "stage": release.stage,
            "since": release.stage_since,
            "champion": arms["champion"],
            "challenger": arms[arm],
            "units": len({unit for rows in calls.values() for _, _, unit in rows}),
            "compared": compared,
            "agreed": agreed,
        }
    )


def _of(counts: tuple[int, int, int], calls: list[tuple[float, int, str]]) -> ArmEvidence:
    requests, failures, unsure = counts
    times = [ms for ms, _, _ in calls]
    return ArmEvidence(
        requests=requests,
        failures=failures,
        unsure=unsure,
        median_ms=statistics.median(times) if times else None,
        p95_ms=float(np.quantile(times, 0.95)) if times else None,
        each_ms=statistics.median(ms / batch for ms, batch, _ in calls) if calls else None,
        units=len({unit for _, _, unit in calls}),
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
        limit=COMPARED,
    )
    return {row.item_id: row for row in rows}
