"""One model of texts by any of the ways to learn from many taxonomies; see `learning.text.joined` and `.completion`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sabbatical.core.progress import Part, Progress
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns
from sabbatical.metrics.thresholds import Scored, choose_thresholds
from sabbatical.stages.train.methods import SURE
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

TEACHER_SHARE = 0.5  # of the progress
CAREFUL = 2.0  # beta: what is called none should be none


def train_texts(
    recipe: TextRecipe,
    columns: TextColumns,
    tree: SuperTaxonomy,
    taxonomies: Sequence[Taxonomy],
    progress: Progress,
    checkpoint: Path | None = None,
    validation: TextColumns | None = None,
) -> Any:
    """The model of a recipe.

    A completion trains a first model on all texts but those that choose its thresholds: the validation part, or one in
    five of each label. It then tells, of all texts, what their labels leave open, and a second model learns from that.

    Raises as `learning.text.models.fit` does.
    """
    from sabbatical.learning.text import models  # noqa: PLC0415 - sklearn loads in a step only
    from sabbatical.learning.text.completion import Thresholds, completed, held_out  # noqa: PLC0415
    from sabbatical.learning.text.targets import TargetTables  # noqa: PLC0415

    if not recipe.completion:
        return models.fit(recipe, columns, tree, taxonomies, progress, checkpoint)
    once = replace(recipe, completion=False)
    targets = TargetTables.of(tree, taxonomies, recipe.masking)
    learned, judged = (columns, validation) if validation and len(validation) else held_out(columns)
    first = checkpoint / "teacher" if checkpoint else None
    teacher: Any = models.fit_targets(once, learned, targets, Part(progress, 0, TEACHER_SHARE), first)
    target_nk, mask_nk = targets.rows(judged)
    scored = Scored.of_table(teacher.chances(judged.texts), target_nk > 0, mask_nk > 0)
    sure_k = choose_thresholds(scored, SURE).astype(np.float32)
    never_k = (np.minimum(choose_thresholds(scored, CAREFUL), sure_k) / 2).astype(np.float32)
    told = completed(targets, columns, teacher.chances(columns.texts), Thresholds(sure_k, never_k))
    return models.fit_targets(once, columns, told, Part(progress, TEACHER_SHARE, 1), checkpoint)
