"""The step that trains. Killed at any moment and run again, it goes on from its checkpoint to the same model."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.core.ids import content_id_of_chunks, document_id
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.item import Split
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion, TrainRequest
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import LabelColumns, Labeled
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train import queries
from sabbatical.stages.train.families import Lesson, Start, Trained, train
from sabbatical.stages.train.recipes import Recipe, recipe_for
from sabbatical.stages.train.validation import thresholds_for
from sabbatical.storage.tables import ModelRow
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, tables

SPLITS: tuple[Split, Split] = ("train", "validation")


@dataclass(frozen=True)
class Plan:
    """What one training needs, found before it starts."""

    project: Project
    snapshot_id: str
    tree_id: str
    tree: SuperTaxonomy
    taxonomies: list[tuple[str, Taxonomy]]
    training: LabelColumns
    validation: LabelColumns
    recipe: Recipe
    start: Start | None = None

    @property
    def recipe_id(self) -> str:
        """The same for trainings that must end in the same model."""
        document = {
            "recipe": self.recipe.to_dict(),
            "tree": self.tree_id,
            "taxonomies": [taxonomy.to_document() for _, taxonomy in self.taxonomies],
        }
        if self.start:
            document["start"] = [self.start.model.weights, self.start.model.snapshot]
        return document_id(document)


@step("train")
def train_model(step: Step) -> dict[str, Any]:
    """Train the model that was asked for, unless the same one is there already."""
    asked = TrainRequest.model_validate(step.params)
    step.progress.tell(0.0, "Reading the snapshot")
    plan = plan_of(step, asked)
    with step.workspace.database.reading() as session:
        there = session.get(ModelRow, _model_id(step))
        if there is None and not asked.again:
            there = queries.same_model(session, plan.snapshot_id, plan.recipe_id, code_version())
        if there is not None:
            return {"model": f"v{there.number}", "trained": False, "warnings": there.record.get("warnings", [])}
    folder = step.folder / "training"
    part = Part(step.progress, 0.02, 0.95)
    lesson = Lesson(
        step.workspace, plan.training, plan.tree, plan.taxonomies, folder, part, plan.start, plan.validation
    )
    trained = train(plan.recipe, lesson)
    step.progress.tell(0.95, "Choosing thresholds on the validation split")
    thresholds, warnings = thresholds_for(trained, plan.validation, plan.tree, plan.taxonomies, step.workspace)
    record = _record(trained, plan) | {"thresholds": thresholds}
    record["warnings"] = [*record["warnings"], *warnings]
    row = _row(step, plan, trained, record)
    with step.workspace.database.transaction() as session:
        row.number = queries.next_number(session, step.project)
        session.add(row)
    shutil.rmtree(folder)
    return {"model": f"v{row.number}", "trained": True, "warnings": record["warnings"]}


def plan_of(step: Step, asked: TrainRequest) -> Plan:
    """What a training needs; the labels are held as columns."""
    database = step.workspace.database
    with database.reading() as session:
        project = projects.by_id(session, step.project)
        snapshot = datasets.get(session, project, asked.snapshot)
        tree_id, tree = projects.super_taxonomy(session, project.id)
        start = models.get(session, project, asked.start) if asked.start else None
    training, validation = (_labels(step, project, snapshot.id, split, asked) for split in SPLITS)
    with database.reading() as session:
        taxonomies = _taxonomies(session, {*training.taxonomies, *validation.taxonomies}, tree)
    sizes = [(height, width) for width, height in training.sides_i2[:500].tolist() if height and width]
    recipe = recipe_for(project.task, asked, sizes, start)
    going_on = _start(step, project, snapshot.id, start, asked) if start else None
    return Plan(project, snapshot.id, tree_id, tree, taxonomies, training, validation, recipe, going_on)


def _labels(step: Step, project: Project, snapshot_id: str, split: Split, asked: TrainRequest) -> LabelColumns:
    """The labels of a split, or those of some customers in it."""
    rows = _rows(step, project, snapshot_id, split, asked)
    return datasets.label_columns(rows, texts=project.task == "text", progress=step.progress)


def _rows(step: Step, project: Project, snapshot_id: str, split: Split, asked: TrainRequest) -> Iterator[Labeled]:
    rows = datasets.labels(step.workspace, project, snapshot_id, (split,))
    return (one for one in rows if asked.taxonomies is None or one.taxonomy in asked.taxonomies)


def _start(step: Step, project: Project, snapshot_id: str, model: ModelVersion, asked: TrainRequest) -> Start:
    """A model to go on from; new to it is what its own snapshot did not hold, or held with other labels."""
    file = step.workspace.media.local(model.weights, step.workspace.folder("cache"))
    learned = datasets.labels(step.workspace, project, model.snapshot, ("train",))
    seen = {one.revision_id for one in learned}
    rows = enumerate(_rows(step, project, snapshot_id, "train", asked))
    return Start(model, file, np.array([i for i, one in rows if one.revision_id not in seen], np.int64))


def _taxonomies(session: Session, ids: Collection[str], tree: SuperTaxonomy) -> list[tuple[str, Taxonomy]]:
    """Every version that was labeled under, old ones as their labels are to be read now."""
    found = projects.as_read_now(session, ids, tree)
    return sorted(found.items(), key=lambda pair: (pair[1].name, pair[1].version))


def _record(trained: Trained, plan: Plan) -> dict[str, Any]:
    many_t = np.bincount(plan.training.taxonomy_i, minlength=len(plan.training.taxonomies)).tolist()
    counts = dict(zip(plan.training.taxonomies, many_t, strict=True))
    customers = {}
    for key, taxonomy in plan.taxonomies:
        covered_k = tables(plan.tree, taxonomy).covered_k > 0
        customers[f"{taxonomy.name} {taxonomy.version}"] = {
            "items": counts.get(key, 0),
            "covers": [name for name, covered in zip(plan.tree.names, covered_k, strict=True) if covered],
        }
    return trained.record | {
        "customers": customers,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }


def _row(step: Step, plan: Plan, trained: Trained, record: dict[str, Any]) -> ModelRow:
    recipe = plan.recipe.to_dict()
    return ModelRow(
        id=_model_id(step),
        project_id=step.project,
        snapshot_id=plan.snapshot_id,
        family=trained.family,
        recipe=recipe,
        recipe_id=plan.recipe_id,
        super_taxonomy_id=plan.tree_id,
        code_version=code_version(),
        seed=recipe["seed"],
        weights=step.workspace.media.put_file(trained.file, repair=True),
        record=record,
        created_at=step.workspace.clock(),
    )


def _model_id(step: Step) -> str:
    """A run makes one model: killed after the model was kept, it finds it again."""
    return f"mod_{step.run_id.removeprefix('run_')}"


@cache
def code_version() -> str:
    """The version of this package and a hash of all code that decides what a model says: the same where models are."""
    deciding = ("learning", "taxonomy", "geometry", "metrics", "stages/dataset", "stages/train")
    folders = [Path(__file__).parents[2] / name for name in deciding]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return f"{version('sabbatical')}+{content_id_of_chunks(path.read_bytes() for path in files)[:12]}"
