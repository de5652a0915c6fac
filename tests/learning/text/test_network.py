import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from sabbatical.core.errors import Conflict, Interrupted
from sabbatical.core.progress import Quiet
from sabbatical.learning.text import models
from sabbatical.learning.text.features import TextFeatures
from sabbatical.learning.text.layers import masked_loss
from sabbatical.learning.text.network import Embedding, NetworkModel
from sabbatical.learning.text.recipe import NetworkRecipe, TextRecipe

from .worlds import SUPER, TAXONOMIES, sentences, targets

SMALL = NetworkRecipe(embedding=16, hidden=16, epochs=30, members=2, batch=16, rate=0.01)
RECIPE = TextRecipe(model="network", network=SMALL)


class Stop(Quiet):
    """Asks to stop after a number of reports."""

    def __init__(self, after):
        self.left = after

    def tell(self, fraction, message, **numbers):
        self.left -= 1

    def stopping(self):
        return self.left <= 0


def test_the_network_learns_from_a_coarse_and_a_fine_customer():
    test = sentences(200, seed=1)
    probabilities = models.fit(RECIPE, sentences(200), SUPER, TAXONOMIES).predict(test.texts)
    target, mask = targets().rows(test)
    assert ((probabilities > 0.5) == (target > 0))[mask > 0].mean() > 0.95
    assert (probabilities[:, 1:3] <= probabilities[:, [0]]).all()


def test_masked_gradients_are_exactly_zero():
    target, mask = map(torch.from_numpy, targets().rows(sentences(40)))
    logits = torch.randn(3, 40, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    masked_loss(logits, target, mask).backward()
    assert (logits.grad[:, mask == 0] == 0).all()
    assert (logits.grad[:, mask > 0] != 0).all()


def test_a_batch_split_in_any_way_gives_the_same_loss():
    target, mask = map(torch.from_numpy, targets().rows(sentences(20)))
    logits = torch.randn(2, 20, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    target, mask = target.double(), mask.double()
    whole = masked_loss(logits, target, mask)
    parts = masked_loss(logits[:, :7], target[:7], mask[:7]) + masked_loss(logits[:, 7:], target[7:], mask[7:])
    torch.testing.assert_close(parts, whole)


@pytest.mark.parametrize("stop_after", [3, 14])
def test_a_training_that_was_stopped_goes_on_to_the_same_result(tmp_path, stop_after):
    texts = sentences(30, seed=2).texts
    whole = NetworkModel.fit(RECIPE, sentences(60), targets()).predict(texts)
    with pytest.raises(Interrupted):
        NetworkModel.fit(RECIPE, sentences(60), targets(), Stop(stop_after), tmp_path)
    torch.rand(100)  # the process that goes on has another random state
    resumed = NetworkModel.fit(RECIPE, sentences(60), targets(), checkpoint=tmp_path)
    np.testing.assert_array_equal(resumed.predict(texts), whole)


def test_the_checkpoint_of_another_training_is_refused(tmp_path):
    NetworkModel.fit(RECIPE, sentences(60), targets(), checkpoint=tmp_path)
    with pytest.raises(Conflict):
        NetworkModel.fit(RECIPE, sentences(60, seed=9), targets(), checkpoint=tmp_path)


def test_a_seed_decides_the_result_and_leaves_no_trace():
    texts = sentences(10, seed=2).texts
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = NetworkModel.fit(RECIPE, sentences(60), targets()).predict(texts)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(NetworkModel.fit(RECIPE, sentences(60), targets()).predict(texts), first)
    other = NetworkModel.fit(TextRecipe(seed=1, network=SMALL), sentences(60), targets()).predict(texts)
    assert np.abs(other - first).max() > 1e-4


def test_progress_goes_up_to_one_and_tells_the_loss():
    told = []

    class Watch(Quiet):
        def tell(self, fraction, message, **numbers):
            told.append((fraction, numbers.get("loss")))

    NetworkModel.fit(RECIPE, sentences(60), targets(), Watch())
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert told[-1][1] < told[1][1]


def test_an_embedding_as_large_as_the_texts_loses_nothing_of_them():
    columns = sentences(40)
    features = TextFeatures.fit(RECIPE.features, columns.texts, targets())
    rows_nf = features.matrix(columns.texts)
    embedded_nd = Embedding.fit(rows_nf, 700, seed=0).of(rows_nf)
    np.testing.assert_allclose(embedded_nd @ embedded_nd.T, (rows_nf @ rows_nf.T).toarray(), atol=1e-4)


def test_the_embedding_keeps_the_directions_in_which_texts_differ_most():
    rows_nf = csr_matrix(np.random.default_rng(0).normal(size=(30, 12)) * np.linspace(5, 0.1, 12))
    _, _, basis_df = np.linalg.svd(rows_nf.toarray(), full_matrices=False)
    expected_nd = rows_nf @ basis_df[:3].T
    embedded_nd = Embedding.fit(rows_nf, 3, seed=0).of(rows_nf)
    np.testing.assert_allclose(np.abs(embedded_nd), np.abs(expected_nd), atol=1e-3)
