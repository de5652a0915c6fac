"""Labels as columns say what the rows said, whatever the pages they were read in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from sabbatical.core.errors import BadTaxonomy, Interrupted
from sabbatical.core.progress import Quiet
from sabbatical.schemas.label import Payload
from sabbatical.stages.dataset import columns
from sabbatical.stages.dataset.actions import Labeled, label_columns, truth_of
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from tests.stages.conftest import BASALT, SUPER
from tests.stages.partial import labeled

TREE, CUSTOMER = SuperTaxonomy.from_document(SUPER), Taxonomy.from_document(BASALT)
NAMES = [label.name for label in CUSTOMER.labels]


def rows(many: int) -> list[Labeled]:
    """Images with none to three shapes under two ids of a taxonomy, some partial, some shapes crowds."""
    random = np.random.default_rng(0)
    made = []
    for number in range(many):
        shapes = int(random.integers(0, 4))
        payload = Payload(
            tuple(random.choice(NAMES, shapes)),
            random.uniform(0, 60, (shapes, 4)).astype(np.float32),
            crowds=frozenset({shapes - 1}) if shapes and number % 3 == 0 else frozenset(),
            partial=number % 5 == 0,
        )
        one = labeled(("new", "old")[number % 2], "Car", partial=False)
        made.append(replace(one, item_id=f"{number:032x}", payload=payload, width=None if number % 7 == 0 else 64))
    return made


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_columns_say_what_the_rows_said(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "PAGE", page)
    said = rows(20)
    held = label_columns(iter(said))
    assert list(held.items) == [one.item_id for one in said] and len(held) == 20
    for i, one in enumerate(said):
        shapes = held.shapes(i)
        assert held.taxonomies[held.taxonomy_i[i]] == one.taxonomy_id
        assert held.sides_i2[i].tolist() == [one.width or 0, one.height]
        assert held.partial_i[i] == one.payload.partial
        assert [held.words[v] for v in held.word_n[shapes]] == [(one.taxonomy_id, name) for name in one.payload.labels]
        assert np.array_equal(held.boxes_n4[shapes], one.payload.boxes_n4)
        assert set(np.flatnonzero(held.crowd_n[shapes]).tolist()) == one.payload.crowds
        assert set(held.item_n[shapes].tolist()) <= {i}


def test_reading_that_is_cancelled_ends_with_the_page_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "PAGE", 3)
    read: list[Labeled] = []

    class Cancelled(Quiet):
        def stopping(self) -> bool:
            return len(read) > 5

    def reading() -> Iterator[Labeled]:
        for one in rows(20):
            read.append(one)
            yield one

    with pytest.raises(Interrupted):
        label_columns(reading(), progress=Cancelled())
    assert len(read) == 6


def test_items_taken_by_place_are_those_of_the_same_rows() -> None:
    said = rows(20)
    chosen = [17, 3, 4, 0]
    taken, alone = label_columns(said).take(np.array(chosen)), label_columns([said[i] for i in chosen])
    assert list(taken.items) == list(alone.items)
    for name in ("sides_i2", "partial_i", "first_i", "boxes_n4", "crowd_n"):
        assert np.array_equal(getattr(taken, name), getattr(alone, name)), name
    assert [taken.words[v] for v in taken.word_n] == [alone.words[v] for v in alone.word_n]


def test_the_truth_of_columns_is_that_of_each_row_alone() -> None:
    said = rows(20)
    taxonomies = {"new": CUSTOMER, "old": CUSTOMER}
    whole = truth_of(label_columns(said), TREE, taxonomies)
    alone = [truth_of(label_columns([one]), TREE, taxonomies) for one in said]
    for name in ("boxes_n4", "positive_nk", "known_nk", "crowd_n", "judged_ik"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(one, name) for one in alone])), name
    assert not whole.known_nk[whole.crowd_n].any() and whole.known_nk[~whole.crowd_n].any()


def test_no_rows_are_columns_too() -> None:
    held = label_columns([])
    truth = truth_of(held, TREE, {})
    assert len(held) == 0 and truth.judged_ik.shape == (0, len(TREE)) and truth.positive_nk.shape == (0, len(TREE))


def test_a_label_that_its_taxonomy_lacks_is_named() -> None:
    stray = replace(labeled("new", "Car", partial=False), payload=Payload(("Tram",), np.ones((1, 4), np.float32)))
    with pytest.raises(BadTaxonomy, match="Tram"):
        truth_of(label_columns([stray]), TREE, {"new": CUSTOMER})
