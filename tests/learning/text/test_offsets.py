"""Offsets make classes comparable that were learned from many customers and from few texts."""

from dataclasses import replace

import numpy as np

from sabbatical.learning.text import models
from sabbatical.learning.text.offsets import choices, halves, of_unseen, offsets
from sabbatical.learning.text.recipe import LinearRecipe, TextRecipe

from .worlds import COARSE, COARSE_STONE, FINE, SUPER, TAXONOMIES, row, sentences, targets

RNG = np.random.default_rng(0)
COLUMNS = sentences(90).join(row(COARSE, COARSE_STONE))
PLAIN = TextRecipe(model="linear")


def test_offsets_undo_a_class_that_was_made_too_sure_of_itself():
    truth = targets().rows(COLUMNS)[0] * 8 - 4 + RNG.normal(size=(len(COLUMNS), 4)) * 2
    bent = truth + np.array([0, 3.0, 0, 0])
    found = offsets(bent.astype(np.float32), choices(COLUMNS, targets().path_tlk), 0.1)
    fair = offsets(truth.astype(np.float32), choices(COLUMNS, targets().path_tlk), 0.1)
    assert -4 < (found - fair)[1] < -2 and np.abs(found - fair)[[0, 3]].max() < 1.5


def test_a_large_penalty_leaves_everything_as_it_was():
    logits = RNG.normal(size=(len(COLUMNS), 4)).astype(np.float32)
    assert np.abs(offsets(logits, choices(COLUMNS, targets().path_tlk), 1e9)).max() < 1e-5


def test_each_half_has_half_of_the_texts_of_each_label_and_is_asked_of_the_other():
    half = halves(COLUMNS)
    for t, label in {*zip(COLUMNS.taxonomy_n.tolist(), COLUMNS.label_n.tolist(), strict=True)}:
        own = half[(COLUMNS.taxonomy_n == t) & (COLUMNS.label_n == label)]
        assert abs(2 * own.sum() - len(own)) <= 1
    told = of_unseen(lambda seen, asked: np.full((asked.sum(), 1), seen @ half, np.float32), half)
    np.testing.assert_array_equal(told[:, 0], np.where(half == 0, half.sum(), 0))


def test_ignored_labels_are_no_choice():
    assert sum(len(choice.row_m) for choice in choices(COLUMNS, targets().path_tlk)) == 90


def test_few_texts_beside_many_are_found_with_offsets():
    fine, coarse = sentences(30, taxonomies=(FINE,)), sentences(600, seed=1, taxonomies=(COARSE,))
    test = sentences(300, seed=3, taxonomies=(FINE,))
    recipe = replace(PLAIN, linear=LinearRecipe(offsets=2.0))
    model = models.fit(recipe, fine.join(coarse), SUPER, TAXONOMIES)
    again = models.fit(recipe, fine.join(coarse), SUPER, TAXONOMIES)
    np.testing.assert_array_equal(model.bias_k, again.bias_k)
    assert (model.predict(test.texts)[:, 1:4].argmax(1) == test.label_n).mean() > 0.9
