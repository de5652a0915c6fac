"""The kinds of text models, by name: one way to fit any, one way to load any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sabbatical.core.errors import BadFile
from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.text import store
from sabbatical.learning.text.linear import LinearModel
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.rules import RuleModel
from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import TextColumns, TextModel
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

QUIET = Quiet()
KINDS: dict[str, type[RuleModel] | type[LinearModel]] = {"rules": RuleModel, "linear": LinearModel, "best": LinearModel}


def fit(
    recipe: TextRecipe,
    columns: TextColumns,
    super_taxonomy: SuperTaxonomy,
    taxonomies: Sequence[Taxonomy],
    progress: Progress = QUIET,
) -> TextModel:
    """The model of the recipe's kind, learned from texts of any taxonomies.

    The taxonomy and label of a row of `columns` are the place in `taxonomies` and in its labels.

    Raises:
        BadInput: labels outside the taxonomies.
        BadTaxonomy: a taxonomy needs a class that the super-taxonomy lacks.
        EmptyDataset: nothing to learn from.
        Interrupted: `progress` asked to stop.
    """
    targets = TargetTables.of(super_taxonomy, taxonomies, recipe.masking)
    return KINDS[recipe.model].fit(recipe, columns, targets, progress)


def load(path: Path) -> TextModel:
    """The model in a file that `save` wrote.

    Raises:
        NotFound: there is no such file.
        BadFile: it is damaged, or holds no text model.
    """
    kind, document, tensors = store.read(path)
    if kind not in KINDS:
        raise BadFile(f"It holds a model of the unknown kind '{kind}'.", where=str(path))
    return KINDS[kind].restore(document, tensors)
