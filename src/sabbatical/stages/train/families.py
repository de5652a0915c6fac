"""The two families of models behind one face: train on labeled items, keep as one file. Torch loads only in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import EmptyDataset
from sabbatical.core.progress import Progress
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.taught import untaught
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset.actions import LabelColumns
from sabbatical.stages.train.methods import GoingOn, Material, train_network
from sabbatical.stages.train.recipes import Recipe
from sabbatical.stages.train.samples import SnapshotSamples, table_rows, text_columns
from sabbatical.stages.train.texts import train_texts
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import Masking, SuperTaxonomy, TableBank, Taxonomy, bank, masked_tables, tables

Ints = NDArray[np.int64]
ANEW = "It was trained anew: a model of texts counts the words of all texts first, and learns from them in seconds."


@dataclass(frozen=True)
class Start:
    """A model to go on from, the file of its weights, and the places of labeled items that it has not learned from."""

    model: ModelVersion
    file: Path
    fresh_i: Ints

    @property
    def told(self) -> dict[str, Any]:
        """What the record of the new model says of it."""
        return {"model": self.model.name, "weights": self.model.weights}


@dataclass(frozen=True)
class Lesson:
    """Everything a model learns from."""

    workspace: Workspace
    labels: LabelColumns
    tree: SuperTaxonomy
    taxonomies: Sequence[tuple[str, Taxonomy]]
    folder: Path
    progress: Progress
    start: Start | None = None
    validation: LabelColumns | None = None


@dataclass(frozen=True)
class Trained:
    """A model as a file, and how its training went."""

    family: str
    file: Path
    record: dict[str, Any]


def train(recipe: Recipe, lesson: Lesson) -> Trained:
    """Train a model by its recipe; a run that was killed goes on from its last checkpoint in the lesson's folder.

    Raises:
        EmptyDataset: nothing to learn from.
        Interrupted: it was asked to stop; the checkpoint is kept.
        BadInput: the training diverged, or a label is unknown.
    """
    if not len(lesson.labels):
        raise EmptyDataset(
            "The snapshot has no labels in its training split.",
            hint="Ingest more data: each new group falls into train, validation or test by a hash.",
        )
    if isinstance(recipe, TextRecipe):
        return _train_text(recipe, lesson)
    return _train_detector(recipe, lesson)


def _train_detector(recipe: DetectorRecipe, lesson: Lesson) -> Trained:
    from sabbatical.learning.start import Carried  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.weights import load_detector, save_detector  # noqa: PLC0415

    start = lesson.start
    before = load_detector(start.file) if start else None
    going_on = GoingOn(before, start.fresh_i) if start and before else None
    detector, told = train_network(
        recipe,
        _material(recipe, lesson, lesson.labels),
        lesson.folder,
        lesson.progress,
        going_on,
        _material(recipe, lesson, lesson.validation) if recipe.completion and lesson.validation else None,
    )
    file = lesson.folder / "model.safetensors"
    save_detector(file, detector)
    record = asdict(told)
    if start and before:
        carried = asdict(Carried.of(before.config, detector.config))
        record["start"] = {**start.told, "fresh": len(start.fresh_i), **carried}
    return Trained("detector", file, record)


def _material(recipe: DetectorRecipe, lesson: Lesson, labels: LabelColumns) -> Material:
    rows = table_rows(labels, lesson.taxonomies)
    source = SnapshotSamples(lesson.workspace, labels, lesson.taxonomies, recipe.canvas)
    name_of = {key: taxonomy.name for key, taxonomy in lesson.taxonomies}
    return Material(
        source=source,
        row_i=source.row_i,
        bank=table_bank(labels, lesson.tree, lesson.taxonomies, recipe.masking, recipe.rule_weight),
        customer_t=[name_of[key] for key, _ in rows],
        tree=lesson.tree,
    )


def table_bank(
    labels: LabelColumns,
    tree: SuperTaxonomy,
    taxonomies: Sequence[tuple[str, Taxonomy]],
    masking: Masking,
    rule_weight: float = 0.5,
) -> TableBank:
    """The tables that `SnapshotSamples` name by row; a twin for partial images covers nothing.

    Without masking there is no difference: to the naive super-dataset, what is not drawn is background.
    """
    told = {key: masked_tables(tree, taxonomy, masking, rule_weight=rule_weight) for key, taxonomy in taxonomies}
    silent = {key: replace(one, covered_k=np.zeros_like(one.covered_k)) for key, one in told.items()}
    return bank(
        [silent[key] if partial and masking != "none" else told[key] for key, partial in table_rows(labels, taxonomies)]
    )


def _train_text(recipe: TextRecipe, lesson: Lesson) -> Trained:
    columns = text_columns(lesson.labels, lesson.taxonomies)
    judge = text_columns(lesson.validation, lesson.taxonomies) if recipe.completion and lesson.validation else None
    began = perf_counter()
    taxonomies = [taxonomy for _, taxonomy in lesson.taxonomies]
    folder = lesson.folder / "checkpoint"
    model = train_texts(recipe, columns, lesson.tree, taxonomies, lesson.progress, folder, judge)
    file = lesson.folder / "model.safetensors"
    model.save(file)
    taught = _taught(columns, lesson)
    record: dict[str, Any] = {"texts": len(columns), "taught": taught, "seconds": perf_counter() - began}
    if lesson.start:
        record["start"] = {**lesson.start.told, "anew": ANEW}
    # Rules know a class by its name, and need no text to learn it from.
    return Trained("text", file, record | {"warnings": [] if recipe.model == "rules" else untaught(taught)})


def _taught(columns: TextColumns, lesson: Lesson) -> dict[str, float]:
    """How many texts taught each class."""
    taught_k = np.zeros(len(lesson.tree))
    for t, (_, taxonomy) in enumerate(lesson.taxonomies):
        labels_n = columns.label_n[(columns.taxonomy_n == t) & (columns.label_n >= 0)]
        taught_k += tables(lesson.tree, taxonomy).target_lk[labels_n].sum(axis=0)
    return dict(zip(lesson.tree.names, taught_k.tolist(), strict=True))
