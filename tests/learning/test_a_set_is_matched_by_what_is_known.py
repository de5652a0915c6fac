"""Queries are matched and taught by the tables: what nobody had to draw is neither denied nor taken for something else.

`predicted` are random answers, so nothing hangs on what a network happens to say.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

pytest.importorskip("scipy", reason="matching needs SciPy: pip install 'sabbatical[hf]'")

from sabbatical.learning.heads import Outputs
from sabbatical.learning.loader import Batch
from sabbatical.learning.masking import MaskTables, mask_tables
from sabbatical.learning.samples import CUT
from sabbatical.learning.set_prediction import (
    Objects,
    Pairs,
    Predicted,
    Weights,
    box_loss,
    class_cost,
    class_loss,
    matched,
)
from sabbatical.taxonomy import TableBank
from tests.learning.shapes import (
    COARSE,
    DISC,
    FINE,
    FLAT,
    SQUARE,
    STAR,
    SUPER,
    TILE,
    bank_of,
    batch_of,
    part,
    taxonomy,
)
from tests.learning.test_masks_say_what_a_taxonomy_knows import MIXED

K = len(SUPER)
OWN = torch.arange(K)
QUERIES = 7
LEAVES = {"Square": "square", "Tile": "tile", "Disc": "disc", "Star": "star"}


def answers(images: int, seed: int = 0) -> Predicted:
    torch.manual_seed(seed)
    logits_bqk = torch.randn(images, QUERIES, K)
    boxes_bq4 = torch.cat([torch.rand(images, QUERIES, 2), torch.rand(images, QUERIES, 2) * 0.4 + 0.1], 2)
    return Predicted(logits_bqk.requires_grad_(), boxes_bq4)


def tables_of(customers: TableBank) -> MaskTables:
    return mask_tables(customers, tuple(range(K)))


def learned(predicted: Predicted, batch: Batch, tables: MaskTables) -> tuple[Tensor, Tensor, Pairs]:
    objects = Objects.of(batch, tables, (64, 64), OWN)
    pairs = matched(predicted, objects, tables, Weights())
    classes = class_loss(predicted, pairs, objects, tables, Weights())
    return classes, box_loss(predicted, pairs, objects, Weights()), pairs


def class_gradient(predicted: Predicted, batch: Batch, tables: MaskTables) -> tuple[Tensor, Pairs]:
    classes, _, pairs = learned(predicted, batch, tables)
    return torch.autograd.grad(classes, predicted.logits_bqk)[0], pairs


def test_where_everything_is_drawn_the_class_cost_is_the_known_one() -> None:
    """Deformable DETR's: what the class costs as a positive, less what it costs as a negative."""
    flat = tables_of(bank_of(taxonomy("all", LEAVES), masking="none"))
    flat = replace(flat, target_trk=flat.target_trk * (torch.arange(K) != FLAT))  # a list without a tree
    logits_bqk = answers(2).logits_bqk.detach().double()
    chance_bqk = torch.sigmoid(logits_bqk)
    known_bqk = 0.25 * (1 - chance_bqk) ** 2 * -chance_bqk.log() - 0.75 * chance_bqk**2 * -(1 - chance_bqk).log()
    wanted_bql = known_bqk[..., [SUPER.index(name) for name in LEAVES.values()]]
    cost_bql = class_cost(logits_bqk.float(), flat, torch.tensor([0, 0]), 0.25, 2.0)
    torch.testing.assert_close(cost_bql.double(), wanted_bql, rtol=1e-5, atol=1e-6)


def test_a_query_that_sees_what_nobody_had_to_draw_is_left_to_it() -> None:
    """Two queries of one box: the one that is sure of a star (nobody draws stars) is not made a disc."""
    boxes_bq4 = torch.tensor([[[0.5, 0.5, 0.4, 0.4]] * 2])
    logits_bqk = torch.zeros(1, 2, K)
    logits_bqk[0, 0, STAR] = 4.0
    batch = batch_of([(19, 19, 45, 45)], [0], [0], [0])
    chosen = {}
    for masking in ("none", "tree"):
        tables = tables_of(bank_of(FINE, masking=masking))  # type: ignore[arg-type]
        gradient_bqk, pairs = class_gradient(Predicted(logits_bqk.clone().requires_grad_(), boxes_bq4), batch, tables)
        chosen[masking] = pairs.query_p.tolist()
        assert (gradient_bqk[0, 0, STAR] == 0) == (masking == "tree")
    assert chosen == {"none": [0], "tree": [1]}


def test_masked_entries_have_gradients_of_exactly_zero_matched_or_not() -> None:
    tables = tables_of(bank_of(COARSE, FINE, masking="column"))
    gradient_bqk, pairs = class_gradient(answers(4), MIXED, tables)
    assert len(pairs.query_p) == 5  # one of the six boxes is to be ignored
    hidden = {0: [DISC, STAR], 1: [TILE, STAR]}
    for image, customer in enumerate(MIXED.taxonomy_b.tolist()):
        assert (gradient_bqk[image][:, hidden[customer]] == 0).all()
    coarse = pairs.image_p == 0
    at = gradient_bqk[pairs.image_p[coarse], pairs.query_p[coarse]]
    assert (at[:, [SQUARE, TILE]] == 0).all() and (at[:, FLAT] != 0).all()
    free_bq = torch.ones(4, QUERIES, dtype=torch.bool)
    free_bq[pairs.image_p, pairs.query_p] = False
    assert (gradient_bqk[1][free_bq[1]][:, [SQUARE, DISC]] > 0).all()


@pytest.mark.parametrize("order", [[2, 0, 4, 1, 3], [4, 3, 2, 1, 0]])
def test_the_order_of_classes_and_customers_changes_neither_matching_nor_loss(order: list[int]) -> None:
    predicted, tables = answers(4), tables_of(bank_of(COARSE, FINE))
    moved = tables_of(bank_of(FINE, COARSE))
    moved = replace(
        moved,
        target_trk=moved.target_trk[:, :, order],
        mask_trm=moved.mask_trm[:, :, order],
        box_weight_tlg=moved.box_weight_tlg[:, :, order],
    )
    turned = replace(MIXED, taxonomy_b=1 - MIXED.taxonomy_b)
    first = learned(predicted, MIXED, tables)
    second = learned(predicted._replace(logits_bqk=predicted.logits_bqk[..., order]), turned, moved)
    for one, other in zip(first[2], second[2], strict=True):
        assert torch.equal(one, other)
    torch.testing.assert_close(first[:2], second[:2], rtol=1e-6, atol=0)


@pytest.mark.parametrize("cut", [[[0, 1], [2, 3]], [[3], [1], [2], [0]]])
def test_a_batch_split_any_way_has_the_same_loss(cut: list[list[int]]) -> None:
    predicted, tables = answers(4), tables_of(bank_of(COARSE, FINE))
    whole = learned(predicted, MIXED, tables)[:2]
    sums = torch.zeros(2)
    for images in cut:
        smaller, own = part(MIXED, Outputs(*predicted), images)
        sums += torch.stack(learned(Predicted(*own), smaller, tables)[:2])
    torch.testing.assert_close(sums, torch.stack(whole), rtol=1e-6, atol=0)


def test_queries_in_a_region_to_ignore_learn_nothing() -> None:
    whole = batch_of([(0, 0, 64, 64)], [CUT], [0], [0])
    gradient_bqk, pairs = class_gradient(answers(1), whole, tables_of(bank_of(FINE)))
    assert len(pairs.query_p) == 0 and (gradient_bqk == 0).all()


@pytest.mark.parametrize("objects", [0, 12])
def test_no_objects_and_more_objects_than_queries_are_fine(objects: int) -> None:
    boxes = [(4.0 * n, 4.0 * n, 4.0 * n + 12, 4.0 * n + 12) for n in range(objects)]
    batch = batch_of(boxes, [0] * objects, [0] * objects, [0])
    classes, boxed, pairs = learned(answers(1), batch, tables_of(bank_of(FINE)))
    assert len(pairs.query_p) == len(set(pairs.query_p.tolist())) == min(objects, QUERIES)
    assert torch.isfinite(classes) and torch.isfinite(boxed)


def test_a_box_drawn_by_other_rules_teaches_less_of_boxes_and_as_much_of_classes() -> None:
    batch, predicted = batch_of([(20, 20, 44, 44)], [0], [0], [0]), answers(1)
    equal = tables_of(bank_of(FINE))
    strict = replace(equal, box_weight_tlg=equal.box_weight_tlg * 0.25)
    first, second = learned(predicted, batch, equal), learned(predicted, batch, strict)
    assert first[0] == second[0]
    torch.testing.assert_close(first[1] * 0.25, second[1])


def test_a_box_whose_label_may_be_the_only_class_of_a_model_is_a_region_to_ignore() -> None:
    """A model of squares alone: where something flat was drawn there may be one, where a disc was there is none."""
    both = tables_of(bank_of(taxonomy("both", {"Flat": "flat", "Disc": "disc"})))
    squares = MaskTables(
        both.target_trk[..., [SQUARE]],
        both.mask_trm[..., [SQUARE]],
        both.ignored_tl,
        both.box_weight_tlg[..., [SQUARE]],
    )
    batch = batch_of([(4, 4, 24, 24), (30, 30, 60, 60)], [0, 1], [0, 0], [0])
    objects = Objects.of(batch, squares, (64, 64), torch.zeros(1, dtype=torch.long))
    assert len(objects) == 0
    torch.testing.assert_close(objects.regions_r4 * 64, torch.tensor([[4.0, 4, 24, 24]]))


def test_recalibration_believes_what_the_model_is_sure_of_where_nothing_was_drawn() -> None:
    naive = replace(tables_of(bank_of(FINE, masking="none")), confused=0.9)
    logits_bqk = torch.zeros(1, 2, K)
    logits_bqk[0, 0, STAR] = 3.0
    predicted = Predicted(logits_bqk.requires_grad_(), torch.full((1, 2, 4), 0.5))
    gradient_bqk, _ = class_gradient(predicted, batch_of([], [], [], [0]), naive)
    assert gradient_bqk[0, 0, STAR] < 0 and (gradient_bqk[0, 1] > 0).all()


def test_pairs_beyond_numbers_are_taken_last() -> None:
    predicted = answers(1)
    boxes_bq4 = predicted.boxes_bq4.clone()
    boxes_bq4[0, :5] = torch.nan
    batch = batch_of([(4, 4, 24, 24), (30, 30, 60, 60)], [0, 1], [0, 0], [0])
    tables = tables_of(bank_of(FINE))
    pairs = matched(
        predicted._replace(boxes_bq4=boxes_bq4), Objects.of(batch, tables, (64, 64), OWN), tables, Weights()
    )
    assert sorted(pairs.query_p.tolist()) == [5, 6]


def test_the_box_loss_is_that_of_its_definition() -> None:
    """One pair, by hand: a box of half the width inside the drawn one."""
    predicted = Predicted(torch.zeros(1, 1, K), torch.tensor([[[0.5, 0.5, 0.25, 0.5]]]))
    _, boxed, _ = learned(predicted, batch_of([(16, 16, 48, 48)], [0], [0], [0]), tables_of(bank_of(FINE)))
    assert boxed == pytest.approx(5 * 0.25 + 2 * 0.5)
