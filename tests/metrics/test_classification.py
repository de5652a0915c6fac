"""Figures of a classifier are those of scikit-learn on flat classes, and just on a tree."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_recall_fscore_support

from sabbatical.core.errors import BadInput
from sabbatical.metrics.classification import Answers, classification_figures
from sabbatical.metrics.resampling import Resamples
from sabbatical.stages.evaluate.confusion import confusion_of

# other > graph, series; vision stands alone
OTHER, GRAPH, SERIES, VISION = range(4)
CLOSURE = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]], bool)


def flat(n: int = 400, classes: int = 5, seed: int = 0) -> tuple[Answers, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = rng.choice(classes, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    score = rng.dirichlet(np.ones(classes), n) + np.eye(classes)[label] * 0.6
    return Answers.of(score / score.sum(axis=1, keepdims=True), np.eye(classes)[label]), label


def test_flat_figures_equal_those_of_scikit_learn() -> None:
    answers, label = flat()
    guess = answers.guess_i
    figures = classification_figures(answers, Resamples.of(400, resamples=0))
    precision, recall, f1, support = precision_recall_fscore_support(label, guess)
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1)):
        np.testing.assert_allclose(figures.by_class[name][0], expected)
        assert figures.value(name) == pytest.approx(expected.mean())
    assert figures.n_k.tolist() == support.tolist()
    assert figures.value("accuracy") == pytest.approx(accuracy_score(label, guess))
    assert figures.value("f1_micro") == pytest.approx(f1_score(label, guess, average="micro"))
    assert figures.value("f1_weighted") == pytest.approx(f1_score(label, guess, average="weighted"))
    assert figures.value("log_loss") == pytest.approx(log_loss(label, answers.score_ik))


def test_resamples_are_the_figures_of_the_items_drawn() -> None:
    answers, label = flat(60)
    draws = Resamples.of(60, resamples=3, seed=5)
    figures = classification_figures(answers, draws)
    for b in range(1, 4):
        rows = np.repeat(np.arange(60), draws.weights_bu[b])
        expected = f1_score(label[rows], answers.guess_i[rows], average="weighted")
        assert figures.overall["f1_weighted"][b] == pytest.approx(expected)


def test_a_part_has_the_figures_of_its_own_items() -> None:
    answers, label = flat()
    mask = label != 1
    figures = classification_figures(answers, Resamples.of(400, resamples=0), mask)
    assert figures.n == mask.sum()
    assert figures.value("accuracy") == pytest.approx(accuracy_score(label[mask], answers.guess_i[mask]))
    assert figures.class_value("recall", 1) is None


def on_tree(label: list[int], guess: list[int], known: object | None = None) -> Answers:
    """Labels at any depth; a label on `other` cannot tell its children apart."""
    target = CLOSURE[label]
    if known is None:
        below = (CLOSURE.T & ~np.eye(4, dtype=bool))[label]
        known = ~below
    return Answers.of(np.full((len(label), 4), 0.25), target, known, guess=guess, closure=CLOSURE)


def test_a_finer_guess_than_the_label_is_right_and_a_coarser_one_is_not() -> None:
    answers = on_tree([OTHER, OTHER, GRAPH, GRAPH, VISION], [GRAPH, VISION, OTHER, SERIES, VISION])
    assert answers.right_i.tolist() == [True, False, False, False, True]
    figures = classification_figures(answers, Resamples.of(5, resamples=0))
    assert figures.value("accuracy") == pytest.approx(2 / 5)
    assert figures.n_k.tolist() == [4, 2, 0, 1]
    assert figures.class_value("recall", OTHER) == pytest.approx(3 / 4)
    assert figures.class_value("precision", OTHER) == 1.0
    assert figures.class_value("recall", GRAPH) == 0.0


def test_the_confusion_rolls_a_guess_up_to_what_the_label_can_tell() -> None:
    answers = on_tree([OTHER, OTHER, GRAPH, VISION], [GRAPH, VISION, SERIES, VISION])
    confusion = confusion_of(*answers.pairs(), ["other", "graph", "series", "vision"], nothing=False)
    cells = {
        (row, column): confusion.counts[i][j]
        for i, row in enumerate(confusion.rows)
        for j, column in enumerate(confusion.columns)
        if confusion.counts[i][j]
    }
    assert cells == {("other", "other"): 1, ("other", "vision"): 1, ("graph", "series"): 1, ("vision", "vision"): 1}


def test_items_without_a_label_or_with_one_that_cannot_judge_the_guess_do_not_count() -> None:
    known = np.array([[1, 1, 1, 0], [1, 1, 1, 1]], bool)
    answers = Answers.of(
        np.full((2, 4), 0.25), [[1, 1, 0, 0], [0, 0, 0, 0]], known, guess=[VISION, GRAPH], closure=CLOSURE
    )
    assert answers.judged_i.tolist() == [False, False]
    figures = classification_figures(answers, Resamples.of(2, resamples=10))
    assert figures.value("accuracy") is None
    assert figures.n == 0


def test_without_a_guess_the_likeliest_leaf_is_the_answer() -> None:
    answers = Answers.of([[0.7, 0.4, 0.3, 0.3]], [[1, 1, 0, 0]], closure=CLOSURE)
    assert answers.guess_i.tolist() == [GRAPH]


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match="differ in shape"):
        Answers.of(np.zeros((3, 2)), np.zeros((3, 4)))
    with pytest.raises(BadInput, match="item 1 is not a finite number"):
        Answers.of([[0.5, 0.5], [np.nan, 0.5]], np.zeros((2, 2)))
    with pytest.raises(BadInput, match=r"one guess in 0\.\.1"):
        Answers.of(np.zeros((2, 2)), np.zeros((2, 2)), guess=[0, 2])
    with pytest.raises(BadInput, match="each class in its own row"):
        Answers.of(np.zeros((2, 2)), np.zeros((2, 2)), closure=[[1, 0], [1, 0]])
