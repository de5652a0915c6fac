"""Find model versions, and the facts that predicting and judging need of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, BadRequest, NotFound
from sabbatical.core.numbers import numbered
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project, Task
from sabbatical.schemas.train import ModelVersion, TrainRequest
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import queries, runtime
from sabbatical.stages.train.abstention import Abstention
from sabbatical.stages.train.artifacts import Artifact, prepare
from sabbatical.stages.train.artifacts import find as artifact
from sabbatical.stages.train.card import card_of
from sabbatical.stages.train.engine import load_engine
from sabbatical.stages.train.runtime import Answer, Model, Question, load
from sabbatical.storage.tables import ModelRow
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy

__all__ = [
    "Abstention",
    "Answer",
    "Artifact",
    "Model",
    "Question",
    "artifact",
    "behave",
    "card",
    "check_recipe",
    "get",
    "load_engine",
    "load_model",
    "page",
    "prepare",
    "super_taxonomy_id",
]


def get(session: Session, project: Project, name: str | None) -> ModelVersion:
    """A model by its name (`v3`) or id; the newest if `name` is None.

    Raises:
        NotFound: there is none.
    """
    return _model(session, _row(session, project, name), project)


def page(session: Session, project: Project, after: str | None, limit: int) -> Page[ModelVersion]:
    """Models, newest first."""
    rows = queries.models(session, project.id, int(after) if after else None, limit + 1)
    found = [_model(session, row, project) for row in rows[:limit]]
    return Page(rows=found, next=str(rows[limit - 1].number) if len(rows) > limit else None)


def card(session: Session, project: Project, name: str | None) -> str:
    """The model card, in Markdown."""
    return card_of(get(session, project, name))


def super_taxonomy_id(session: Session, project: Project, name: str | None) -> str:
    """The version of the super-taxonomy that a model speaks."""
    return _row(session, project, name).super_taxonomy_id


def behave(
    workspace: Workspace, model: ModelVersion, document: Mapping[str, Any], tree: SuperTaxonomy
) -> list[dict[str, Any]]:
    """Try behavioural tests on a text model; see `runtime.behave`.

    Raises:
        BadInput: the model is not one of texts, or a test cannot be understood.
    """
    if model.family != "text":
        raise BadInput(f"{model.name} is no model of texts; behavioural tests are texts.", where="field behaviour")
    return runtime.behave(workspace.media.local(model.weights, workspace.home / "cache"), document, tree)


def load_model(workspace: Workspace, model: ModelVersion) -> Model:
    """A model ready to be asked: as its artifact where it was prepared, which needs no torch, else as its weights.

    Raises:
        BadFile: the file is damaged.
        NotFound: the file is gone.
    """
    with workspace.database.reading() as session:
        prepared = artifact(session, model)
    if prepared is not None:
        return load_engine(workspace, model)
    return load(model.family, workspace.media.local(model.weights, workspace.home / "cache"))


def check_recipe(task: Task, recipe: str, settings: dict[str, Any], field: str) -> None:
    """Whether there is such a recipe with such settings; `field` is where they stand.

    Raises:
        BadRequest: naming the field.
    """
    from sabbatical.stages.train.recipes import recipe_for  # noqa: PLC0415 - its parts are many, and few ask

    try:
        recipe_for(task, TrainRequest(recipe=recipe, settings=settings), [])
    except BadRequest as error:
        where = (error.where or "field recipe").removeprefix("field ")
        raise BadRequest(error.message, where=f"field {field}.{where}", hint=error.hint) from error


def _row(session: Session, project: Project, name: str | None) -> ModelRow:
    found: ModelRow | None
    if name is None:
        found = next(iter(queries.models(session, project.id, None, 1)), None)
    elif (number := numbered(name, "v")) is not None:
        found = queries.model_numbered(session, project.id, number)
    else:
        found = session.get(ModelRow, name)
    if found is None or found.project_id != project.id:
        raise NotFound(
            f"The project '{project.name}' has no model{f' {name!r}' if name else ' yet'}.",
            hint="Train one with `sabbatical train`, or see `sabbatical model list`.",
        )
    return found


def _model(session: Session, row: ModelRow, project: Project) -> ModelVersion:
    tree = projects.super_taxonomy_by_id(session, row.super_taxonomy_id)
    values: dict[str, Any] = {
        "id": row.id,
        "name": f"v{row.number}",
        "project": project.name,
        "snapshot": queries.snapshot_names(session, {row.snapshot_id})[row.snapshot_id],
        "family": row.family,
        "recipe": row.recipe,
        "masking": row.recipe["masking"],
        "super_taxonomy": f"{tree.name} {tree.version}",
        "classes": list(tree.names),
        "code_version": row.code_version,
        "seed": row.seed,
        "start": row.record.get("start", {}).get("model"),
        "weights": row.weights,
        "record": row.record,
        "created_at": row.created_at,
    }
    return ModelVersion.model_validate(values)
