"""The kinds of text models, by name: one way to fit any, one way to load any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sabbatical.core.errors import BadFile
from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.text import store
from sabbatical.learning.text.joined import JoinedModel
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.targets import Targets, TargetTables
from sabbatical.learning.text.texts import TextColumns, TextModel
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

QUIET = Quiet()
# By cross-validation on training data alone: docs/decisions/0005-the-best-text-model.md.
BEST = "mean"
# Module and class of each kind; imported when asked for, so that rules and the linear model load without torch.
KINDS = {
    "rules": ("rules", "RuleModel"),
    "linear": ("linear", "LinearModel"),
    "network": ("network", "NetworkModel"),
    "mean": ("mean", "MeanModel"),
    "joined": ("joined", "JoinedModel"),
}


def fit(
    recipe: TextRecipe,
    columns: TextColumns,
    super_taxonomy: SuperTaxonomy,
    taxonomies: Sequence[Taxonomy],
    progress: Progress = QUIET,
    checkpoint: Path | None = None,
) -> TextModel:
    """The model of the recipe's kind, learned from texts of any taxonomies.

    The taxonomy and label of a row of `columns` are the place in `taxonomies` and in its labels. With a `checkpoint`
    folder, the training of a network that was stopped goes on where it stood; the other kinds take seconds.

    Raises:
        BadInput: labels outside the taxonomies.
        BadTaxonomy: a taxonomy needs a class that the super-taxonomy lacks.
        EmptyDataset: nothing to learn from.
        Interrupted: `progress` asked to stop.
        Conflict: the folder holds the checkpoint of another training.
    """
    targets = TargetTables.of(super_taxonomy, taxonomies, recipe.masking)
    if recipe.models == "one":
        return fit_targets(recipe, columns, targets, progress, checkpoint)
    customers = [taxonomy.name for taxonomy in taxonomies]
    part = partial(fit_targets, replace(recipe, models="one"))
    return JoinedModel.fit(part, recipe, columns, targets, customers, progress, checkpoint)


def fit_targets(
    recipe: TextRecipe,
    columns: TextColumns,
    targets: Targets,
    progress: Progress = QUIET,
    checkpoint: Path | None = None,
) -> TextModel:
    """One model of the recipe's kind, learned from texts and their targets. Raises as `fit` does."""
    kind = BEST if recipe.model == "best" else recipe.model
    resume = {"checkpoint": checkpoint} if kind in ("network", "mean") else {}
    model: TextModel = _class_of(kind).fit(recipe, columns, targets, progress, **resume)
    return model


def load(path: Path) -> TextModel:
    """The model in a file that `save` wrote.

    Raises:
        NotFound: there is no such file.
        BadFile: it is damaged, or holds no text model.
    """
    kind, document, tensors = store.read(path)
    if kind not in KINDS:
        raise BadFile(f"It holds a model of the unknown kind '{kind}'.", where=str(path))
    model: TextModel = restore(kind, document, tensors)
    return model


def restore(kind: str, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Any:
    """The model of a known kind that a file holds, or a part of one."""
    if kind == JoinedModel.kind:
        return JoinedModel.read(document, tensors, restore)
    return _class_of(kind).restore(document, tensors)


def _class_of(kind: str) -> Any:
    module, name = KINDS[kind]
    return getattr(import_module(f"sabbatical.learning.text.{module}"), name)
