import csv
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from sabbatical.core.errors import EmptyDataset, Interrupted
from sabbatical.core.progress import Quiet
from sabbatical.learning.text import models
from sabbatical.learning.text.linear import LinearModel
from sabbatical.learning.text.recipe import LinearRecipe, TextRecipe
from sabbatical.learning.text.targets import FixedTargets
from sabbatical.learning.text.texts import TextColumns, choose
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, tables

from .worlds import CAT, COARSE, COARSE_ANIMAL, FINE, FINE_CAT, FINE_LABELS, SUPER, TAXONOMIES, sentences, targets

RECIPE = TextRecipe(model="linear")
CATALOGUE = Path(str(files("sabbatical"))) / "catalogue/made-with-ml"


def test_one_model_learns_from_a_coarse_and_a_fine_customer():
    model = models.fit(RECIPE, sentences(200), SUPER, TAXONOMIES)
    test = sentences(200, seed=1)
    probabilities = model.predict(test.texts)
    target, mask = targets().rows(test)
    right = (probabilities > 0.5) == (target > 0)
    assert right[mask > 0].mean() > 0.97
    assert probabilities.dtype == np.float32


def test_coarse_labels_do_not_push_children():
    fine = sentences(100, taxonomies=(FINE,))
    coarse = sentences(400, seed=1, taxonomies=(COARSE,))
    coarse = coarse.take(coarse.label_n == COARSE_ANIMAL)
    silent = TextColumns(coarse.texts, coarse.taxonomy_n, np.full(len(coarse), -1))
    with_coarse = LinearModel.fit(RECIPE, fine.join(coarse), targets())
    without = LinearModel.fit(RECIPE, fine.join(silent), targets())
    np.testing.assert_array_equal(with_coarse.weight_fk[:, 1:3], without.weight_fk[:, 1:3])
    assert np.abs(with_coarse.weight_fk[:, 0] - without.weight_fk[:, 0]).max() > 0.1


def test_naive_joining_pushes_children_down_where_masking_does_not():
    columns = sentences(300)
    texts = ["purring tail paw snout", "barking paw tail fur"]
    masked = models.fit(RECIPE, columns, SUPER, TAXONOMIES).predict(texts)
    naive = models.fit(TextRecipe(model="linear", masking="none"), columns, SUPER, TAXONOMIES).predict(texts)
    assert (masked[[0, 1], [1, 2]] > naive[[0, 1], [1, 2]] + 0.2).all()


def test_a_fully_labeled_customer_is_learned_as_without_any_mask():
    columns = sentences(120, taxonomies=(FINE,))
    columns = TextColumns(columns.texts, columns.taxonomy_n * 0, columns.label_n)
    leaves = SuperTaxonomy.from_yaml("{super-taxonomy: living, classes: [cat, dog, plant]}")
    first, second, third = (
        models.fit(TextRecipe(model="linear", masking=masking), columns, leaves, [FINE_LABELS])
        for masking in ("tree", "column", "none")
    )
    np.testing.assert_array_equal(first.weight_fk, third.weight_fk)
    np.testing.assert_array_equal(first.bias_k, third.bias_k)
    np.testing.assert_array_equal(second.weight_fk, third.weight_fk)


def test_a_soft_target_is_both_sides_by_its_share():
    columns = sentences(40, taxonomies=(FINE,))
    target, mask = targets().rows(columns)
    twice = columns.join(columns)
    hard = np.concatenate([target, np.where(target > 0, 0, target)])
    shares = np.concatenate([np.where(target > 0, 0.75, 1), np.where(target > 0, 0.25, 0)]).astype(np.float32)
    both = FixedTargets(targets(), hard, np.concatenate([mask, mask]) * shares)
    soft = FixedTargets(targets(), np.where(target > 0, 0.75, 0).astype(np.float32), mask)
    plain = replace(RECIPE, linear=LinearRecipe(balance=0))
    one, other = LinearModel.fit(plain, columns, soft), LinearModel.fit(plain, twice, both)
    np.testing.assert_allclose(one.chances(columns.texts), other.chances(columns.texts), atol=2e-2)


def test_recalibration_spares_what_the_naive_model_denies_blindly():
    columns, cats = sentences(200, taxonomies=(FINE,)), sentences(90, seed=1, taxonomies=(FINE,))
    cats = cats.take(cats.label_n == FINE_CAT)
    cats.taxonomy_n[:], cats.label_n[:] = COARSE, COARSE_ANIMAL  # cats that a coarse customer labeled
    naive, spared = (
        models.fit(
            TextRecipe(model="linear", masking="none", recalibrate=confused), columns.join(cats), SUPER, TAXONOMIES
        ).predict(cats.texts)[:, CAT]
        for confused in (0.0, 0.3)
    )
    assert spared.mean() > naive.mean() + 0.2


def test_permuting_classes_customers_and_texts_changes_nothing():
    columns, texts = sentences(120), sentences(20, seed=2).texts
    moved = SuperTaxonomy("living", 1, (SUPER["plant"], SUPER["dog"], SUPER["cat"], SUPER["animal"]))
    shuffled = columns.take(np.random.default_rng(0).permutation(len(columns)))
    swapped = TextColumns(shuffled.texts, 1 - shuffled.taxonomy_n, shuffled.label_n)
    plain = models.fit(RECIPE, columns, SUPER, TAXONOMIES).predict(texts)
    other = models.fit(RECIPE, swapped, moved, TAXONOMIES[::-1]).predict(texts)
    np.testing.assert_allclose(other, plain[:, [SUPER.index(name) for name in moved.names]], atol=2e-3)


def test_the_same_input_gives_the_same_model():
    first, second = (LinearModel.fit(RECIPE, sentences(80), targets()) for _ in range(2))
    np.testing.assert_array_equal(first.weight_fk, second.weight_fk)


def test_a_class_of_which_nothing_is_known_stays_at_even_chance():
    model = models.fit(RECIPE, sentences(80, taxonomies=(COARSE,)), SUPER, TAXONOMIES)
    probabilities = model.predict(["purring whiskers", "paw tail fur"])
    np.testing.assert_allclose(probabilities[:, 1:3], probabilities[:, [0, 0]] / 2, rtol=1e-5)


def test_texts_without_words_are_refused():
    with pytest.raises(EmptyDataset):
        models.fit(RECIPE, TextColumns(["", " "], np.array([0, 0]), np.array([0, 1])), SUPER, TAXONOMIES)


def test_a_stop_ends_the_training():
    class Stopped(Quiet):
        def stopping(self) -> bool:
            return True

    with pytest.raises(Interrupted):
        models.fit(RECIPE, sentences(40), SUPER, TAXONOMIES, Stopped())


@pytest.mark.data("made-with-ml")
def test_four_and_six_tags_are_learned_together_on_real_projects(mirror):
    folder = mirror / "made-with-ml"
    super_taxonomy, four, six = (
        kind.read(CATALOGUE / name)
        for kind, name in [(SuperTaxonomy, "projects.yaml"), (Taxonomy, "tags-1.yaml"), (Taxonomy, "tags-2.yaml")]
    )
    texts, coarse = projects(folder / "dataset.csv", four)
    _, fine = projects(folder / "versions/2023-04-30_dataset.csv", six)
    taxonomy = np.arange(len(texts)) % 2  # half of the projects still carry the old tags
    columns = TextColumns(texts, taxonomy, np.where(taxonomy == 0, coarse, fine))
    model = models.fit(RECIPE, columns, super_taxonomy, [four, six])
    judged, truth = projects(folder / "holdout.csv", four)
    probabilities = model.predict(judged)
    chosen, _ = choose(probabilities, tables(super_taxonomy, four).class_l)
    assert f1_score(truth, chosen, average="weighted") > 0.88
    other = super_taxonomy.index("other")
    children = [super_taxonomy.index(name) for name in super_taxonomy.children("other")]
    assert (probabilities[:, children] <= probabilities[:, [other]]).all()


def projects(path, taxonomy):
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    texts = [f"{row['title']} {row['description']}" for row in rows]
    return texts, np.array([taxonomy.index(row["tag"]) for row in rows])
