"""A model completes what labels leave open, and nothing that they say."""

import numpy as np

from sabbatical.core.progress import Quiet
from sabbatical.learning.text.completion import Thresholds, completed
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import UNLABELED
from sabbatical.stages.train.texts import train_texts

from .worlds import (
    CAT,
    COARSE,
    COARSE_ANIMAL,
    COARSE_PLANT,
    COARSE_STONE,
    DOG,
    FINE,
    FINE_DOG,
    SUPER,
    TAXONOMIES,
    row,
    sentences,
    targets,
)

COLUMNS = row(COARSE, COARSE_ANIMAL).join(row(COARSE, COARSE_PLANT)).join(row(FINE, FINE_DOG))
SURE = Thresholds(np.full(4, 0.8, np.float32), np.full(4, 0.1, np.float32))


def filled(cat: float, dog: float):
    chances = np.tile(np.array([0.01, cat, dog, 0.99], np.float32), (len(COLUMNS), 1))
    return completed(targets(), COLUMNS, chances, SURE).rows(COLUMNS)


def test_the_children_of_a_coarse_label_take_what_the_model_is_confident_of():
    target, mask = filled(cat=0.9, dog=0.05)
    assert target[0].tolist() == [1, 1, 0, 0]
    np.testing.assert_allclose(mask[0], [1, 0.9, 0.95, 1])


def test_what_the_model_is_unsure_of_stays_masked():
    target, mask = filled(cat=0.6, dog=0.3)
    assert mask[0].tolist() == [1, 0, 0, 1] and target[0].tolist() == [1, 0, 0, 0]


def test_no_label_is_contradicted_and_no_text_without_one_is_completed():
    target, mask = filled(cat=0.95, dog=0.01)
    before, known = targets().rows(COLUMNS)
    np.testing.assert_array_equal(target[known > 0], before[known > 0])
    assert mask[1].tolist() == [1, 0, 0, 1]  # what is a plant has no kind of animal to be told
    silent = row(COARSE, COARSE_STONE).join(row(COARSE, UNLABELED)).join(COLUMNS)
    _, mask = completed(targets(), silent, np.full((5, 4), 0.99, np.float32), SURE).rows(silent)
    assert not mask[:2].any()


def test_coarse_texts_that_were_completed_teach_their_children():
    fine, coarse = sentences(60, taxonomies=(FINE,)), sentences(60, seed=1, taxonomies=(COARSE,))
    coarse.texts[:] = ["meow on the sofa", "leash by a gate"] * 30  # one word of each is known from fine texts
    coarse.label_n[:] = COARSE_ANIMAL
    plain, more = (
        train_texts(TextRecipe(model="linear", completion=on), fine.join(coarse), SUPER, TAXONOMIES, Quiet())
        for on in (False, True)
    )
    kind_of = plain.predict(["the sofa", "a gate"])[:, [CAT, DOG]]
    np.testing.assert_allclose(kind_of[0] / kind_of[0].sum(), kind_of[1] / kind_of[1].sum(), atol=0.1)
    told = more.predict(["the sofa", "a gate"])
    assert told[0, CAT] > 2 * told[0, DOG] and told[1, DOG] > 2 * told[1, CAT]
