"""A trial with texts: who learns from what, and who is judged by which labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sabbatical.study.methods import METHODS
from sabbatical.study.text_tasks import text_task
from sabbatical.study.texts import TextTask, drawn, plain, run_text_trial, text_figures, without
from tests.learning.text.worlds import COARSE, FINE, FINE_DOG, SUPER, TAXONOMIES, row, sentences

LINEAR = {"model": "linear"}
TASK = TextTask("small", SUPER, TAXONOMIES, sentences(240), sentences(90, seed=1), settings=LINEAR)


@pytest.mark.parametrize("name", ["naive", "recalibrated", "customers", "heads", "classes", "tree", "completion"])
def test_every_method_is_a_setting_of_one_recipe_and_answers_within_the_labels_of_the_text(name: str) -> None:
    outcome = run_text_trial(TASK, METHODS[name], seed=0)
    figures = text_figures(TASK, outcome.chosen_m)
    assert figures["coarse"]["accuracy"] > 0.85 and figures["fine"]["accuracy"] > 0.8
    assert outcome.facts["judged"] == len(outcome.chosen_m) == 90 and outcome.facts["texts"] == 216
    assert (outcome.chosen_m < np.array([3, 3])[TASK.test.taxonomy_n[TASK.judged_m]]).all()


def test_figures_are_those_of_the_confusions() -> None:
    test = row(FINE, 0).join(row(FINE, 0)).join(row(FINE, FINE_DOG)).join(row(COARSE, 1))
    task = TextTask("small", SUPER, TAXONOMIES, test, test)
    figures = text_figures(task, np.array([0, FINE_DOG, FINE_DOG, 1]))
    assert figures["coarse"] == {"accuracy": 1.0, "macro_f1": 1.0, "texts": 1.0}
    assert figures["fine"] == {"accuracy": 2 / 3, "macro_f1": (2 / 3 + 2 / 3) / 2, "texts": 3.0}


def test_a_few_texts_of_each_label_are_drawn_by_the_seed_and_the_others_keep_all() -> None:
    columns = TASK.training
    chosen = drawn(columns, TAXONOMIES, {"fine": 5}, seed=1)
    assert np.bincount(chosen.label_n[chosen.taxonomy_n == FINE]).tolist() == [5, 5, 5]
    assert (chosen.taxonomy_n == COARSE).sum() == (columns.taxonomy_n == COARSE).sum()
    assert chosen.texts == drawn(columns, TAXONOMIES, {"fine": 5}, seed=1).texts
    assert chosen.texts != drawn(columns, TAXONOMIES, {"fine": 5}, seed=2).texts


def test_texts_that_judge_are_not_learned_from_however_they_are_written() -> None:
    assert plain("What's UP,  doc?") == plain("what s up doc")
    left = without(row(COARSE, 0).join(row(FINE, 0)), row(FINE, 0).take(np.array([0])))
    assert len(left) == 0 and len(without(TASK.training, TASK.training.take(np.array([0])))) < len(TASK.training)


@pytest.mark.data("made-with-ml")
def test_projects_have_three_kinds_of_tags_on_thirds_of_the_texts_and_an_oracle(mirror: Path) -> None:
    task = text_task("made-with-ml", lambda name: mirror / name)
    assert [taxonomy.name for taxonomy in task.taxonomies] == ["four", "six", "free"]
    assert task.full is not None and len(set(task.full.texts)) == len({plain(text) for text in task.full.texts}) > 700
    assert len(set(task.training.texts)) == len(task.training) < len(task.full) / 2
    assert not {plain(text) for text in task.test.texts} & {plain(text) for text in task.full.texts}
    assert set(task.tree.children("other")) <= set(task.taxonomies[2].names)
