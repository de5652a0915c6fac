"""One trial with texts: a method learns from what the customers labeled, and is judged by each customer's own labels.

A customer's text is judged among the labels of that customer: the label whose class is the likeliest of them. Where a
method gave the customer a model or a head of its own, that one answers; the others answer all customers alike.

Legend: n texts, m judged texts, l labels of a taxonomy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.progress import Part, Progress, Quiet
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns, choose
from sabbatical.stages.train.texts import train_texts
from sabbatical.study.methods import Method
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, tables

if TYPE_CHECKING:
    from sabbatical.learning.text.texts import TextModel

Ints = NDArray[np.int64]
QUIET = Quiet()
TENTHS = 10


@dataclass(frozen=True)
class TextTask:
    """A question to study.

    Attributes:
        name: of the data, as on the command line.
        tree: all classes.
        taxonomies: of the customers.
        training: texts with the customers' labels.
        test: texts that none of `training` is the same as.
        full: texts with the labels of everybody, for an oracle; None where nobody knows them.
        settings: of the recipe, the same for every method.
    """

    name: str
    tree: SuperTaxonomy
    taxonomies: Sequence[Taxonomy]
    training: TextColumns
    test: TextColumns
    full: TextColumns | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def class_tl(self) -> list[Ints]:
        """The class of each label of each taxonomy, -1 for what is ignored."""
        return [tables(self.tree, taxonomy).class_l for taxonomy in self.taxonomies]

    @cached_property
    def judged_m(self) -> Ints:
        """Rows of `test` whose label means a class."""
        means = [self.class_tl[t][label] >= 0 for t, label in zip(*_labels(self.test), strict=True)]
        return np.flatnonzero(means)


@dataclass(frozen=True)
class TextOutcome:
    """What is kept of a trial.

    Attributes:
        chosen_m: int64, the label chosen for each of the task's `judged_m`, of that text's own taxonomy.
        score_m: float32, its probability.
        joined_m: int64, the same if all parts of a model answer together; as `chosen_m` for a model without parts.
        facts: seconds of training (by the clock, and of the processor), milliseconds a text, texts learned from.
    """

    chosen_m: Ints
    score_m: NDArray[np.float32]
    joined_m: Ints
    facts: dict[str, Any]


def run_text_trial(
    task: TextTask,
    method: Method,
    seed: int,
    few: Mapping[str, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    progress: Progress = QUIET,
) -> TextOutcome:
    """Train and predict.

    Args:
        seed: which texts are drawn where only `few` are; else which tenth of the training texts is left out; and of the
            recipe.
        few: how many texts of each label some customers (by taxonomy) have labeled; the others have all.
        folder: for checkpoints; a training that was killed goes on there.

    Raises as `train_texts` does.
    """
    recipe = TextRecipe.from_dict(_merged(task.settings, settings or {}, method.settings) | {"seed": seed})
    learned = task.full if method.full and task.full is not None else task.training
    columns = drawn(learned, task.taxonomies, few or {}, seed)
    began, burned = perf_counter(), process_time()
    model = train_texts(recipe, columns, task.tree, task.taxonomies, Part(progress, 0, 0.9), folder)
    facts = {"train_seconds": round(perf_counter() - began, 2), "cpu_seconds": round(process_time() - burned, 2)}
    own = recipe.models in ("heads", "customers")
    answered = perf_counter()
    joined_m, joint_score_m = _answers(task, dict.fromkeys(range(len(task.taxonomies)), model))
    many = len(task.judged_m)
    facts |= {"predict_ms": round((perf_counter() - answered) * 1000 / many, 3), "texts": len(columns), "judged": many}
    if not own:
        return TextOutcome(joined_m, joint_score_m, joined_m, facts)
    chosen_m, score_m = _answers(task, {t: model.of(each.name) for t, each in enumerate(task.taxonomies)})
    return TextOutcome(chosen_m, score_m, joined_m, facts)


def text_figures(task: TextTask, chosen_m: Ints) -> dict[str, dict[str, float]]:
    """For each customer: accuracy, macro-averaged F1 over its labels that are judged, and how many texts judge."""
    taxonomy_n, label_n = (values[task.judged_m] for values in _labels(task.test))
    found = {}
    for t, taxonomy in enumerate(task.taxonomies):
        truth, said = label_n[taxonomy_n == t], chosen_m[taxonomy_n == t]
        right_l, truth_l, said_l = (
            np.bincount(each, minlength=len(taxonomy)) for each in (truth[truth == said], truth, said)
        )
        f1_l = 2 * right_l / np.maximum(truth_l + said_l, 1)
        found[taxonomy.name] = {
            "accuracy": float((truth == said).mean()),
            "macro_f1": float(f1_l[truth_l > 0].mean()),
            "texts": float(len(truth)),
        }
    return found


def drawn(columns: TextColumns, taxonomies: Sequence[Taxonomy], few: Mapping[str, int], seed: int) -> TextColumns:
    """What a trial learns from: a few texts of each label of some customers, or nine tenths of all texts."""
    random = np.random.default_rng((3, seed))
    order_n = random.permutation(len(columns))
    if not few:
        return columns.take(np.sort(order_n[np.arange(len(order_n)) % TENTHS != 0]))
    kept_n = np.ones(len(columns), np.bool_)
    for t, taxonomy in enumerate(taxonomies):
        if taxonomy.name in few:
            own_n = order_n[columns.taxonomy_n[order_n] == t]
            by_label = np.argsort(columns.label_n[own_n], kind="stable")
            labels = columns.label_n[own_n[by_label]]
            rank = np.arange(len(labels)) - np.searchsorted(labels, labels)
            kept_n[own_n[by_label[rank >= few[taxonomy.name]]]] = False
    return columns.take(kept_n)


def without(columns: TextColumns, others: TextColumns) -> TextColumns:
    """The texts that none of the others is the same as, but for case, marks and spaces."""
    seen = {plain(text) for text in others.texts}
    return columns.take(np.array([plain(text) not in seen for text in columns.texts], np.bool_))


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _answers(task: TextTask, model_of: Mapping[int, TextModel]) -> tuple[Ints, NDArray[np.float32]]:
    """The chosen label of each judged text, of its own taxonomy, and its probability."""
    judged = task.test.take(task.judged_m)
    chosen_m, score_m = np.zeros(len(judged), np.int64), np.zeros(len(judged), np.float32)
    for t, model in model_of.items():
        rows = np.flatnonzero(judged.taxonomy_n == t)
        texts = [judged.texts[row] for row in rows.tolist()]
        chosen_m[rows], score_m[rows] = choose(model.predict(texts), task.class_tl[t])
    return chosen_m, score_m


def _labels(columns: TextColumns) -> tuple[Ints, Ints]:
    return columns.taxonomy_n, columns.label_n


def _merged(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """One document over the other, settings of a part of the recipe one by one."""
    merged: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            merged[name] = {**merged.get(name, {}), **value} if isinstance(value, Mapping) else value
    return merged
