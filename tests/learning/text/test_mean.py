import numpy as np
import pytest

from sabbatical.core.errors import Interrupted
from sabbatical.learning.text import models
from sabbatical.learning.text.linear import LinearModel
from sabbatical.learning.text.mean import MeanModel
from sabbatical.learning.text.network import NetworkModel
from sabbatical.learning.text.recipe import NetworkRecipe, TextRecipe

from .test_network import Stop
from .worlds import SUPER, TAXONOMIES, sentences, targets

RECIPE = TextRecipe(network=NetworkRecipe(embedding=16, hidden=16, epochs=20, members=2, batch=16, rate=0.01))


def test_the_best_model_learns_from_a_coarse_and_a_fine_customer():
    test = sentences(200, seed=1)
    model = models.fit(RECIPE, sentences(200), SUPER, TAXONOMIES)
    probabilities = model.predict(test.texts)
    target, mask = targets().rows(test)
    assert isinstance(model, MeanModel)
    assert ((probabilities > 0.5) == (target > 0))[mask > 0].mean() > 0.97
    assert (probabilities[:, 1:3] <= probabilities[:, [0]]).all()


def test_a_chance_of_the_mean_lies_halfway_between_its_parts():
    columns, texts = sentences(60), sentences(20, seed=2).texts
    linear = LinearModel.fit(RECIPE, columns, targets()).chances(texts)
    network = NetworkModel.fit(RECIPE, columns, targets()).chances(texts)
    roots = targets().tree.parent_k < 0
    mean = MeanModel.fit(RECIPE, columns, targets()).predict(texts)
    np.testing.assert_allclose(mean[:, roots], ((linear + network) / 2)[:, roots], rtol=1e-6)


def test_a_mean_that_was_stopped_goes_on_to_the_same_result(tmp_path):
    columns, texts = sentences(60), sentences(30, seed=2).texts
    whole = models.fit(RECIPE, columns, SUPER, TAXONOMIES).predict(texts)
    with pytest.raises(Interrupted):
        models.fit(RECIPE, columns, SUPER, TAXONOMIES, Stop(18), tmp_path)
    assert any(tmp_path.iterdir())
    np.testing.assert_array_equal(
        models.fit(RECIPE, columns, SUPER, TAXONOMIES, checkpoint=tmp_path).predict(texts), whole
    )
