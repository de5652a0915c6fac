"""Models of customers and of classes answer as one model with one file; heads and parts learn from their own alone."""

from dataclasses import replace

import numpy as np
import pytest

from sabbatical.core.errors import BadInput, NotFound
from sabbatical.learning.text import answering, models
from sabbatical.learning.text.recipe import NetworkRecipe, TextRecipe

from .worlds import ANIMAL, CAT, COARSE, DOG, FINE, PLANT, SUPER, TAXONOMIES, sentences, targets

SMALL = NetworkRecipe(embedding=16, hidden=16, epochs=25, members=1, batch=50, rate=0.02)
LINEAR, NETWORK = TextRecipe(model="linear"), TextRecipe(model="network", network=SMALL)
TEXTS = sentences(40, seed=2).texts


@pytest.mark.parametrize("recipe", [LINEAR, NETWORK], ids=["linear", "network"])
@pytest.mark.parametrize("cut", ["heads", "customers", "classes"])
def test_a_model_of_parts_learns_and_comes_back_whole_from_one_file(tmp_path, recipe, cut):
    test = sentences(200, seed=1)
    model = models.fit(replace(recipe, models=cut), sentences(200), SUPER, TAXONOMIES)
    probabilities = model.predict(test.texts)
    target, mask = targets().rows(test)
    fine = test.taxonomy_n == FINE
    assert ((probabilities > 0.5) == (target > 0))[mask > 0].mean() > 0.85
    assert (probabilities[fine][:, [CAT, DOG]].argmax(1) == target[fine][:, [CAT, DOG]].argmax(1)).mean() > 0.6
    assert (probabilities[:, [CAT, DOG]] <= probabilities[:, [ANIMAL]]).all() and model.classes == SUPER.names
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(models.load(tmp_path / "model").predict(TEXTS), model.predict(TEXTS))
    np.testing.assert_allclose(answering.load(tmp_path / "model").predict(TEXTS), model.predict(TEXTS), atol=1e-5)


def test_a_part_learns_nothing_from_other_customers():
    recipe = replace(LINEAR, models="customers")
    fine = sentences(100, taxonomies=(FINE,))
    first, second = (
        models.fit(recipe, fine.join(sentences(100, seed=seed, taxonomies=(COARSE,))), SUPER, TAXONOMIES)
        for seed in (1, 2)
    )
    np.testing.assert_array_equal(first.parts["fine"].chances(TEXTS), second.parts["fine"].chances(TEXTS))
    assert np.abs(first.parts["coarse"].chances(TEXTS) - second.parts["coarse"].chances(TEXTS)).max() > 0.01


@pytest.mark.parametrize("cut", ["heads", "customers"])
def test_a_customer_may_be_answered_by_its_own_columns_alone(cut):
    model = models.fit(replace(LINEAR, models=cut), sentences(200), SUPER, TAXONOMIES)
    own = model.of("coarse").predict(TEXTS)
    np.testing.assert_allclose(own[:, CAT], own[:, ANIMAL] / 2, rtol=1e-5)  # of which coarse knows nothing
    if cut == "customers":
        np.testing.assert_allclose(own[:, [ANIMAL, PLANT]], model.parts["coarse"].predict(TEXTS), rtol=1e-5)
    with pytest.raises(NotFound, match="coars"):
        model.of("coars")


def test_heads_of_a_linear_model_are_its_models_of_customers_but_for_how_words_are_counted():
    columns = sentences(200)
    heads = models.fit(replace(LINEAR, models="heads"), columns, SUPER, TAXONOMIES)
    assert list(heads.parts) == ["heads"]
    chances = heads.parts["heads"].chances(TEXTS)
    alone = models.fit(replace(LINEAR, models="customers"), columns, SUPER, TAXONOMIES)
    own = np.concatenate([part.chances(TEXTS) for part in alone.parts.values()], axis=1)
    assert chances.shape == own.shape and np.corrcoef(chances.ravel(), own.ravel())[0, 1] > 0.97


def test_a_column_whose_texts_showed_one_side_only_speaks_where_no_other_does():
    columns = sentences(100, taxonomies=(COARSE,))
    columns = columns.take(columns.label_n == 0).join(sentences(100, taxonomies=(FINE,)))
    model = models.fit(replace(LINEAR, models="customers"), columns, SUPER, TAXONOMIES)
    assert list(model.parts) == ["coarse", "fine"] and model.class_c.tolist() == [
        ANIMAL,
        PLANT,
        ANIMAL,
        CAT,
        DOG,
        PLANT,
    ]
    assert model.weight_c[0] < 1e-5 and model.weight_c[2] > 0.99


@pytest.mark.parametrize(
    "settings", [{"model": "rules", "models": "heads"}, {"models": "classes", "completion": True}, {"recalibrate": 1}]
)
def test_what_cannot_be_is_refused(settings):
    with pytest.raises(BadInput):
        TextRecipe(**settings)
