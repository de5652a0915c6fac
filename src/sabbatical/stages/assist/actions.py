"""What a person starts from: what a model suggests for a task, asking it about a whole campaign before; a mapping."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadRequest, NotFound, NotReady
from sabbatical.durable import runs
from sabbatical.schemas.assist import PrelabelRequest, Suggestion
from sabbatical.schemas.campaign import LabelTask, TaskAnswer
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.label import Shape, counted
from sabbatical.schemas.project import Project
from sabbatical.schemas.proposal import NAMES_ALONE, ProposalRequest
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.assist import queries
from sabbatical.stages.assist.suggesting import suggested_boxes, suggested_labels
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.label import actions as labels
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import actions as releases
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import RunRow


def ask_prelabel(
    session: Session, project: Project, asked: PrelabelRequest, now: datetime, key: str | None = None
) -> RunRow:
    """A run of kind "prelabel" that asks a model about the open tasks of a campaign; the same key is the same run.

    Its result: `{"campaign": name, "model": "v3", "items": n, "computed": n, "stored": n}`.

    Raises:
        NotFound: no such campaign or model, or the project has no model yet.
    """
    name = labels.campaign(session, project, asked.campaign).name
    params = {"campaign": name, "model": _model(session, project, asked.model).name}
    return runs.ask(session, project_id=project.id, kind="prelabel", params=params, now=now, key=key)


def ask_proposal(
    session: Session, project: Project, asked: ProposalRequest, now: datetime, key: str | None = None
) -> RunRow:
    """A run of kind "propose-taxonomy", whose result is a `MappingProposal`; the same key is the same run.

    Raises:
        BadRequest: neither a taxonomy, a document nor a source is given, or a source without a name.
        NotReady: there is no super-taxonomy to compare with.
        NotFound: no such taxonomy or model.
    """
    if asked.document is None and asked.taxonomy is None:
        what = "It needs a taxonomy of the project, a document or a source, and a name for what a source holds."
        raise BadRequest(what, where="field taxonomy")
    projects.super_taxonomy(session, project.id)
    if asked.document is None and asked.source is None:
        projects.taxonomy_id(session, project, str(asked.taxonomy))
    resolved = asked.model_copy(update={"model": _proposing_model(session, project, asked.model)})
    params = resolved.model_dump(mode="json")
    return runs.ask(session, project_id=project.id, kind="propose-taxonomy", params=params, now=now, key=key)


def _proposing_model(session: Session, project: Project, name: str | None) -> str:
    """Whose findings count; names alone before there is a model."""
    if name == NAMES_ALONE:
        return NAMES_ALONE
    try:
        return _model(session, project, name).name
    except NotFound:
        if name is not None:
            raise
        return NAMES_ALONE


def suggest_task(
    session: Session, project: Project, campaign: str, number: int, model_name: str | None = None
) -> Suggestion:
    """What the champion (or another model) suggests for a task, in the words of the campaign's taxonomy.

    Raises:
        NotFound: no such campaign, task or model.
        NotReady: the model was not asked about this item yet.
    """
    about = labels.campaign(session, project, campaign)
    item = labels.task(session, project, campaign, number).item
    taxonomy_id = projects.taxonomy_id(session, project, about.taxonomy, about.version)
    found = suggest(session, project, _model(session, project, model_name), item, taxonomy_id)
    if found is None:
        raise NotReady(
            "The model was not asked about this item yet.",
            where=f"task {number}",
            hint=f"Ask it about all of them: `sabbatical assist prelabel {campaign}`.",
        )
    return found


def answer_task(session: Session, project: Project, number: int, asked: TaskAnswer, now: datetime) -> LabelTask:
    """What somebody says of the item of a task: a label, shapes, what the model suggests as it is, or nothing at all.

    Raises:
        NotFound: no such task or model.
        BadInput: a label that the taxonomy does not have, or what cannot be said of such an item.
        NotReady: there is no suggestion to accept.
        Conflict: the task was done by another answer; or it is to be skipped and done.
    """
    if asked.skip:
        campaign = labels.task_row(session, project, number)[1]
        return labels.skip_task(session, project, campaign, number)
    shapes = asked.shapes if asked.label is None else [Shape(label=asked.label)]
    if shapes is None:
        shapes = _accepted(session, project, number, asked.model)
    said = asked.model_dump(include={"author", "active_seconds", "change"})
    return labels.answer_task(session, project, number, shapes, now, **said)


def _accepted(session: Session, project: Project, number: int, model: str | None) -> list[Shape]:
    """What a suggestion shows from the start, as somebody's own words."""
    found = suggest_task(session, project, labels.task_row(session, project, number)[1], number, model)
    shapes = [Shape(label=one.label, box=one.box) for one in found.shapes if one.shown]
    if not shapes:
        what, empty = ("label", "") if project.task == "text" else ("box", " An empty list says that nothing is there.")
        hint = f"Say which: `sabbatical labels answer`.{empty}"
        raise NotReady(f"{found.model} suggests no {what}.", where=f"task {number}", hint=hint)
    return shapes


def suggest(
    session: Session, project: Project, model: ModelVersion, item_id: str, taxonomy_id: str
) -> Suggestion | None:
    """What a model has said of an item, in the words of a taxonomy version; None where it was not asked.

    Nothing is computed: the answer is one that was predicted or served.
    """
    payload = queries.answer(session, project.id, model.id, item_id)
    if payload is None:
        return None
    tree = projects.super_taxonomy_by_id(session, models.super_taxonomy_id(session, project, model.name))
    taxonomy = projects.taxonomies_by_id(session, [taxonomy_id])[taxonomy_id]
    text = model.family == "text"
    said = (suggested_labels if text else suggested_boxes)(
        Answer.from_bytes(payload), tree, taxonomy, model.record.get("thresholds", {})
    )
    shown = [one for one in said if one.shown]
    values = {
        **dict(ingest.glimpses(session, project, [item_id]).get(item_id, Glimpse())),
        "item": item_id,
        "model": model.name,
        "taxonomy": taxonomy.name,
        "version": taxonomy.version,
        "shapes": said,
        "said": f"{shown[0].label} {shown[0].score:.2f}" if text and shown else counted(one.label for one in shown),
        "feedback": queries.last_word(session, project.id, model.id, item_id),
        "expected": 1.0 if text else round(sum(one.score for one in said), 3),
    }
    return Suggestion.model_validate(values)


def _model(session: Session, project: Project, name: str | None) -> ModelVersion:
    """The model of this name; the champion without one, and the newest before the first was released."""
    champion = releases.champion(session, project) if name is None else None
    return champion or models.get(session, project, name)
