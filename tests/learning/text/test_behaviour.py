from importlib.resources import as_file, files

import numpy as np
import pytest
import yaml

from sabbatical.core.errors import BadInput, BadTaxonomy
from sabbatical.learning.text import behaviour, models
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

from .worlds import SUPER, TAXONOMIES, sentences

SUITE = """
tests:
  - name: clear
    kind: minimum
    cases: [{text: purring kitten, class: cat}, {text: barking puppy, class: animal}, {text: kitten, class: plant}]
  - name: steady
    kind: invariance
    cases: [{text: "{who} has a {pet}", who: [Ada, Wei], pet: [puppy, hound]}, {texts: [kitten, puppy]}]
  - name: moving
    kind: direction
    cases:
      - {text: a thing, add: of leaf and root, raises: plant}
      - {text: a thing, add: of leaf and root, lowers: animal}
      - {text: a thing, add: of leaf and root, lowers: plant}
"""


def suite(text=SUITE):
    return behaviour.from_document(yaml.safe_load(text))


def test_pass_rates_and_failures_are_told_promise_by_promise():
    model = models.fit(TextRecipe(model="linear"), sentences(200), SUPER, TAXONOMIES)
    clear, steady, moving = behaviour.run(suite(), model, SUPER)
    assert (clear.passed, clear.total) == (2, 3)
    assert clear.failures == (behaviour.Failure("kitten", "plant", "cat"),)
    assert (steady.passed, steady.total) == (1, 2)
    assert steady.failures[0].text == "puppy"
    assert (moving.passed, moving.total) == (2, 3)
    assert moving.failures[0].expected.startswith("plant below")
    assert clear.rate == pytest.approx(2 / 3)


def test_every_filling_of_a_text_is_tried():
    (_, steady, _) = suite()
    assert steady.cases[0].texts == ("Ada has a puppy", "Ada has a hound", "Wei has a puppy", "Wei has a hound")


def test_a_class_needs_its_parent_too():
    likely_cat_given_animal = np.array([0.4, 0.39, 0.01, 0.6], np.float32)
    assert behaviour.lineage(likely_cat_given_animal, SUPER) == ("plant",)


def test_an_unmoved_probability_is_no_move():
    class Stubborn:
        classes = SUPER.names

        def predict(self, texts):
            return np.full((len(texts), 4), 0.5, np.float32)

        def save(self, path):
            raise AssertionError

    assert behaviour.run(suite(), Stubborn(), SUPER)[2].passed == 0


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("tests: []", "no tests"),
        ("tests: [{name: a, kind: guess, cases: [1]}]", "test 1"),
        ("tests: [{name: a, kind: minimum, cases: []}]", "no cases"),
        ("tests: [{name: a, kind: minimum, cases: [{text: x}]}]", "case 1.*'class'"),
        ("tests: [{name: a, kind: minimum, cases: [{text: 3, class: cat}]}]", "not text"),
        ("tests: [{name: a, kind: invariance, cases: [{text: x}]}]", "nothing changes"),
        ("tests: [{name: a, kind: invariance, cases: [{text: '{who}', whom: [x, y]}]}]", "case 1"),
        ("tests: [{name: a, kind: direction, cases: [{text: x, add: y}]}]", "'lowers'"),
    ],
)
def test_a_case_that_cannot_be_understood_is_named(text, where):
    with pytest.raises(BadInput, match=where):
        suite(text)


def test_an_unknown_class_is_refused():
    model = models.fit(TextRecipe(model="rules"), sentences(10), SUPER, TAXONOMIES)
    with pytest.raises(BadTaxonomy, match="fish"):
        behaviour.run(suite("tests: [{name: a, kind: minimum, cases: [{text: x, class: fish}]}]"), model, SUPER)


def test_rules_keep_the_promises_about_projects_where_fields_are_named():
    with as_file(files("sabbatical") / "catalogue/made-with-ml") as folder:
        super_taxonomy = SuperTaxonomy.read(folder / "projects.yaml")
        six = Taxonomy.read(folder / "tags-2.yaml")
        promises = behaviour.read(folder / "behaviour.yaml")
    nothing = TextColumns([], np.zeros(0, np.int64), np.zeros(0, np.int64))
    rules = models.fit(TextRecipe(model="rules"), nothing, super_taxonomy, [six])
    kept = {each.name: each for each in behaviour.run(promises, rules, super_taxonomy)}
    assert kept["short clear texts have their class"].rate == 1
    assert kept["short texts that name nothing have their class"].rate < 1
    assert sum(each.passed for each in kept.values()) / sum(each.total for each in kept.values()) > 0.8
