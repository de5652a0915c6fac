"""Facts of items say what they are named after."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from sabbatical.stages.monitor.facts import SIDE, Facts, image_facts, text_facts
from sabbatical.stages.monitor.words import Words


def shades(low: int, high: int, seed: int = 0) -> NDArray[np.uint8]:
    """Soft waves of grey."""
    x_w, y_h = np.arange(SIDE) / 9, np.arange(SIDE)[:, None] / 14
    waves_hw = (np.sin(x_w + seed) + np.cos(y_h)) / 4 + 0.5
    return np.repeat((low + (high - low) * waves_hw)[..., None], 3, axis=2).astype(np.uint8)


def test_each_fact_tells_its_own_change() -> None:
    plain = shades(60, 200)
    dark, noisy, red = plain // 4, plain.copy(), plain.copy()
    noisy += np.random.default_rng(0).integers(0, 40, (SIDE, SIDE, 1), np.uint8)
    red[..., 1:] //= 2
    measured = image_facts(np.stack([plain, dark, noisy, red]))
    of_plain, of_dark, of_noisy, of_red = [facts.numbers for facts in measured]
    assert of_dark["brightness"] < of_plain["brightness"] / 3
    assert of_dark["contrast"] < of_plain["contrast"] / 3
    assert abs(of_dark["sharpness"] - of_plain["sharpness"]) < 0.1  # dim is not blurred
    assert of_noisy["sharpness"] > 2 * of_plain["sharpness"]
    assert of_plain["saturation"] == 0 < of_red["saturation"]
    assert of_plain["warmth"] == 0 < of_red["warmth"]


def test_a_black_picture_has_facts() -> None:
    (facts,) = image_facts(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    assert facts.numbers == dict.fromkeys(("brightness", "contrast", "saturation", "warmth", "sharpness"), 0.0)
    assert facts.vectors["colours"].tolist() == [1.0] + [0.0] * 63
    assert not facts.vectors["layout"].any()


def test_the_layout_is_of_edges_and_not_of_light_and_the_colours_are_of_colours_and_not_of_places() -> None:
    plain = shades(60, 200)
    of_plain, of_dark, of_turned = (
        facts.vectors for facts in image_facts(np.stack([plain, plain // 2, plain[:, ::-1]]))
    )
    np.testing.assert_allclose(of_plain["layout"], of_dark["layout"], atol=0.15)
    assert np.abs(of_plain["layout"] - of_turned["layout"]).max() > 0.1
    assert np.abs(of_plain["colours"] - of_dark["colours"]).max() > 0.5
    np.testing.assert_allclose(of_plain["colours"], of_turned["colours"])
    for vector_d in of_plain.values():
        assert (vector_d**2).sum() == pytest.approx(1)


def test_facts_are_kept_as_json() -> None:
    (facts,) = image_facts(shades(60, 200)[None])
    again = Facts.from_dict(orjson.loads(orjson.dumps(facts.to_dict())))
    assert again.numbers == facts.numbers
    np.testing.assert_allclose(again.vectors["layout"], facts.vectors["layout"], atol=0.5 / 255 + 1e-6)


def test_texts_are_counted() -> None:
    assert text_facts("Zwei Wörter, 3!").numbers == {"characters": 15.0, "words": 3.0}
    assert text_facts("").numbers == {"characters": 0.0, "words": 0.0}


def test_a_word_is_known_where_another_group_of_the_reference_uses_it() -> None:
    words = Words.of(["sea wind", "Sea sun", "sea moon", "moon rain", ""])
    reference_i, group_i = np.array([True, True, False, False, False]), np.array([0, 1, 2, 3, 4])
    np.testing.assert_allclose(words.known(reference_i, group_i), [0.5, 0.5, 0.5, 0, np.nan])
    together_i = np.array([0, 0, 2, 3, 4])
    np.testing.assert_allclose(words.known(reference_i, together_i), [0, 0, 0.5, 0, np.nan])


def test_vectors_are_alike_where_texts_share_words() -> None:
    words = Words.of(["sea wind sun", "sea wind sun", "sea wind rain", "moon rain", "unrelated"])
    vectors = words.vectors(np.arange(4))
    alike = vectors @ vectors.T
    np.testing.assert_allclose(np.diag(alike)[:3], 1, rtol=1e-5)
    assert alike[0, 1] > alike[0, 2] > alike[0, 3] == 0
    assert words.vectors(np.array([4])).shape == (1, 1)
