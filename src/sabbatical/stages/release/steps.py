"""The step that judges a model by the gates. Reports, artifacts and the release are kept once, so it may run again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any

from sabbatical.core.errors import BadFile, Broken, EmptyDataset, NotFound, NotReady
from sabbatical.core.progress import Part, check
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.evaluation import EvaluateRequest
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import ProposeRequest, Release
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.evaluate import actions as evaluations
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import actions as releases
from sabbatical.stages.release import listing, queries
from sabbatical.stages.release.gates import judge
from sabbatical.stages.release.latency import measure
from sabbatical.stages.release.measured import Measured
from sabbatical.stages.release.proposing import begin, may_propose
from sabbatical.stages.train import actions as models

UNUSABLE = (BadFile, Broken, NotFound, NotReady)
"""How a model says that its file is damaged or gone."""


@step("propose")
def propose(step: Step) -> dict[str, Any]:
    """Judge a model against the champion, and begin its release where the gates pass."""
    asked = ProposeRequest.model_validate(step.params)
    while (found := _kept(step)) is None:
        with step.workspace.database.reading() as session:
            project = projects.by_id(session, step.project)
            model = models.get(session, project, asked.model)
            champion = releases.champion(session, project)
            may_propose(session, project, model, asked)
        measured, facts = _measure(step, project, asked, model, champion)
        _begin(step, project, asked, model, champion, measured, facts)
    return {
        "release": found.name,
        "model": found.model,
        "stage": found.stage,
        "passed": found.passed,
        "evaluation": found.evaluation,
        "reasons": [one.reason for one in found.gates],
    }


def _kept(step: Step) -> Release | None:
    """The release that this run has begun."""
    with step.workspace.database.reading() as session:
        row = queries.release_with_key(session, step.project, step.run_id)
        return None if row is None else listing.releases(session, projects.by_id(session, step.project), [row])[0]


def _measure(
    step: Step, project: Project, asked: ProposeRequest, model: ModelVersion, champion: ModelVersion | None
) -> tuple[Measured, dict[str, Any]]:
    """Everything that a gate may ask for, and the facts to keep with the decision."""
    assert asked.rules is not None
    step.progress.tell(0.0, f"Making {model.name} ready to be served")
    artifact = models.prepare(step.workspace, model, Part(step.progress, 0.0, 0.15))
    if champion is not None:
        with suppress(*UNUSABLE):  # the gates tell it: a champion that is lost must be replaceable
            models.prepare(step.workspace, champion, Part(step.progress, 0.15, 0.2))
    check(step.progress)
    evaluation, report, missing = _judged(step, asked, model, champion)
    splits = tuple(asked.rules.judge.splits)
    labeled = datasets.labels(step.workspace, project, asked.snapshot, splits)
    latency = measure(step.workspace, model, champion, labeled, Part(step.progress, 0.9, 1.0))
    facts = {
        "model": model.id,
        "against": champion and champion.id,
        "snapshot": asked.snapshot,
        "evaluation": evaluation,
        "artifact": {"kind": artifact.kind, "content": artifact.content, "bytes": artifact.bytes},
        "latency": latency and asdict(latency),
    }
    name = champion.name if champion else None
    return Measured(model.name, name, report, missing, latency, artifact.bytes, splits), facts


def _judged(
    step: Step, asked: ProposeRequest, model: ModelVersion, champion: ModelVersion | None
) -> tuple[str | None, Report | None, str]:
    """The report on a model: against the champion, alone where they share too little, or why there is none."""
    assert asked.rules is not None
    asking = EvaluateRequest(
        model=model.name,
        snapshot=asked.snapshot,
        against=champion.name if champion else None,
        splits=asked.rules.judge.splits,
        taxonomies=asked.rules.judge.taxonomies,
        behaviour=asked.behaviour,
    )
    missing = ""  # for want of items, or of the champion
    alone = asking.model_copy(update={"against": None})
    for request in (asking, alone) if champion else (alone,):
        try:
            part = Part(step.progress, 0.2, 0.9)
            found = evaluations.make(step.workspace, step.project, request, part, step.run_id)
        except EmptyDataset as error:
            missing = f"{error.message} "
            continue
        except UNUSABLE as error:
            if request.against is None:
                raise
            missing = f"{request.against} could not be asked: {error} "
            continue
        with step.workspace.database.reading() as session:
            project = projects.by_id(session, step.project)
        return found.id, Report.model_validate_json(evaluations.report(step.workspace, project, found.id)), missing
    return None, None, missing


def _begin(
    step: Step,
    project: Project,
    asked: ProposeRequest,
    model: ModelVersion,
    champion: ModelVersion | None,
    measured: Measured,
    facts: dict[str, Any],
) -> None:
    """Write the release, unless another champion came meanwhile: then the model must be compared with that one."""
    assert asked.rules is not None
    verdicts = judge(asked.rules, measured)
    with step.workspace.database.transaction() as session:
        if queries.alias_of(session, project.id, "champion") == (champion.id if champion else None):
            begin(session, project, step.run_id, model, asked, verdicts, facts, step.workspace.clock())
