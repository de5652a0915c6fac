import numpy as np

from sabbatical.learning.text import models
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns

from .worlds import SUPER, TAXONOMIES, sentences

RECIPE = TextRecipe(model="rules")


def test_a_match_decides_and_its_parent_agrees():
    model = models.fit(RECIPE, sentences(10), SUPER, TAXONOMIES)
    probabilities = model.predict(["my kitten", "a hound"])
    assert probabilities[0].argmax() == 0
    assert probabilities[0, 1] > 0.5 > probabilities[0, 2]
    assert probabilities[1, 2] > 0.5 > probabilities[1, 1]
    assert (probabilities[:, 1:3] <= probabilities[:, [0]]).all()


def test_rules_need_no_label():
    nothing = TextColumns([], np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert models.fit(RECIPE, nothing, SUPER, TAXONOMIES).predict(["a flower"])[0].argmax() == 3


def test_without_a_match_the_common_class_is_believed():
    columns = sentences(200, taxonomies=(0,)).take(np.arange(200))
    common = np.bincount(columns.label_n).argmax()
    model = models.fit(RECIPE, columns, SUPER, TAXONOMIES)
    assert model.predict(["nothing of the kind"])[0, [0, 3]].argmax() == common
