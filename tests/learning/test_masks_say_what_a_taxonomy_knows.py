"""Every loss learns from what a customer drew, from what it would have drawn, and from nothing else.

The properties are tested on both heads; `outputs` are random, so nothing hangs on what a network happens to say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from sabbatical.core.progress import Quiet
from sabbatical.learning.centre import CentreHead
from sabbatical.learning.config import HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.heads import Head, Outputs
from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables, mask_tables
from sabbatical.learning.samples import CUT
from sabbatical.learning.training import train_detector
from sabbatical.taxonomy import Masking, SuperTaxonomy, TableBank, Taxonomy, bank, masked_tables
from tests.learning.shapes import (
    ALL,
    COARSE,
    DISC,
    FINE,
    FLAT,
    SQUARE,
    STAR,
    SUPER,
    TILE,
    TINY,
    Shapes,
    bank_of,
    batch_of,
    config_of,
    part,
    taxonomy,
)

HEADS: tuple[HeadName, ...] = ("centre", "anchor")
MASKINGS: tuple[Masking, ...] = ("none", "tree")
MIXED = batch_of(
    boxes=[(4, 4, 24, 24), (30, 30, 60, 60), (8, 40, 24, 56), (2, 2, 30, 20), (40, 4, 60, 20), (6, 30, 40, 60)],
    labels=[0, 1, 0, 1, 1, 0],
    images=[0, 0, 1, 1, 2, 3],
    taxonomies=[0, 1, 1, 0],
)


def head_of(name: HeadName) -> Head:
    torch.manual_seed(0)
    return Detector(config_of(replace(TINY, head=name))).eval().head


def outputs_of(head: Head, images: int, seed: int = 0) -> Outputs:
    """Random outputs in the head's shapes, ready for gradients."""
    torch.manual_seed(seed)
    with torch.no_grad():
        shapes = head(
            [torch.zeros(images, w, 64 // s, 64 // s) for w, s in zip(TINY.widths[1:], (4, 8, 16, 32), strict=True)]
        )
    return Outputs(*(torch.randn_like(each).requires_grad_() for each in shapes))


def sums_of(head: Head, outputs: Outputs, batch: Batch, customers: TableBank) -> LossSums:
    return head.loss(outputs, batch, mask_tables(customers, tuple(range(len(SUPER)))))


def class_gradient(head: Head, batch: Batch, customers: TableBank) -> Tensor:
    """The gradient of the classification sum, (b, k, places)."""
    outputs = outputs_of(head, len(batch.taxonomy_b))
    sums_of(head, outputs, batch, customers).classification.backward()
    gradient = cast(Tensor, outputs.logits.grad)
    return gradient.flatten(2) if isinstance(head, CentreHead) else gradient.transpose(1, 2)


def heat_cell(x: float, y: float) -> int:
    return int(y // 4) * 16 + int(x // 4)


@pytest.mark.parametrize("name", HEADS)
def test_an_image_without_boxes_teaches_the_covered_classes_alone_and_masked_gradients_are_exactly_zero(
    name: HeadName,
) -> None:
    empty = batch_of([], [], [], [0, 1])
    gradient_bka = class_gradient(head_of(name), empty, bank_of(COARSE, FINE))
    assert (gradient_bka[0, [FLAT, SQUARE, TILE]] != 0).all()
    assert torch.equal(gradient_bka[0, [DISC, STAR]], torch.zeros_like(gradient_bka[0, [DISC, STAR]]))
    assert (gradient_bka[1, [SQUARE, DISC]] != 0).all()
    assert torch.equal(gradient_bka[1, [FLAT, TILE, STAR]], torch.zeros_like(gradient_bka[1, [FLAT, TILE, STAR]]))


@pytest.mark.parametrize("name", HEADS)
def test_a_coarse_label_says_nothing_of_its_descendants_where_it_stands(name: HeadName) -> None:
    """It raises its class, is silent on the finer ones there, and denies them elsewhere."""
    box = (20.0, 20.0, 44.0, 44.0)
    gradient_bka = class_gradient(head_of(name), batch_of([box], [0], [0], [0]), bank_of(COARSE))
    raised_a = gradient_bka[0, FLAT] < 0
    assert raised_a.any()
    assert (gradient_bka[0, [SQUARE, TILE]][:, raised_a] == 0).all()
    assert (gradient_bka[0, [SQUARE, TILE]] > 0).any(1).all()
    assert not (gradient_bka[0, [SQUARE, TILE]] < 0).any()


@pytest.mark.parametrize("name", HEADS)
def test_a_fine_label_raises_its_ancestors_even_where_they_are_not_covered(name: HeadName) -> None:
    gradient_bka = class_gradient(head_of(name), batch_of([(20, 20, 44, 44)], [1], [0], [0]), bank_of(FINE))
    assert torch.equal(gradient_bka[0, FLAT] < 0, gradient_bka[0, SQUARE] < 0)
    assert (gradient_bka[0, FLAT] < 0).any()


@pytest.mark.parametrize("name", HEADS)
def test_a_drawn_box_denies_its_siblings_where_it_stands_and_nowhere_else(name: HeadName) -> None:
    """A disc is no star, though nobody draws stars; beside it, a star may stand."""
    batch = batch_of([(20, 20, 44, 44)], [0], [0], [0])
    gradient_bka = class_gradient(head_of(name), batch, bank_of(FINE))
    raised_a = gradient_bka[0, DISC] < 0
    assert torch.equal(gradient_bka[0, STAR] > 0, raised_a)
    assert (gradient_bka[0, STAR][~raised_a] == 0).all()
    plain_bka = class_gradient(head_of(name), batch, bank_of(FINE, masking="column"))
    assert (plain_bka[0, STAR] == 0).all()


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("label", [1, CUT])
def test_nothing_is_learned_inside_an_ignored_region(name: HeadName, label: int) -> None:
    whole = batch_of([(0, 0, 64, 64)], [label], [0], [0])
    gradient_bka = class_gradient(head_of(name), whole, bank_of(COARSE))
    if name == "anchor":  # anchors of the coarsest level may have their middle outside the image
        gradient_bka = gradient_bka[:, :, :500]
    assert (gradient_bka == 0).all()
    sums = sums_of(head_of(name), outputs_of(head_of(name), 1), whole, bank_of(COARSE))
    assert sums.assigned == 0
    assert sums.box == 0


@pytest.mark.parametrize("name", HEADS)
def test_an_object_drawn_inside_an_ignored_region_is_learned(name: HeadName) -> None:
    batch = batch_of([(0, 0, 64, 64), (20, 20, 44, 44)], [1, 0], [0, 0], [0])
    gradient_bka = class_gradient(head_of(name), batch, bank_of(COARSE))
    assert (gradient_bka[0, FLAT] < 0).any()


def test_two_objects_on_one_cell_are_both_believed() -> None:
    """A coarse label leaves its descendants open, unless the other object of the cell is one of them."""
    both = taxonomy("both", {"Flat": "flat", "Square": "square", "Disc": "disc"})
    batch = batch_of([(20, 20, 44, 44), (20, 20, 44, 44)], [0, 1], [0, 0], [0])
    gradient_bka = class_gradient(head_of("centre"), batch, bank_of(both))
    at = heat_cell(32, 32)
    assert gradient_bka[0, SQUARE, at] < 0
    assert gradient_bka[0, TILE, at] == 0
    assert gradient_bka[0, DISC, at] > 0


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("masking", ["none", "column", "tree"])
def test_a_batch_split_any_way_has_the_same_loss(name: HeadName, masking: Masking) -> None:
    head, customers = head_of(name), bank_of(COARSE, FINE, masking=masking)
    outputs = outputs_of(head, 4)
    whole = sums_of(head, outputs, MIXED, customers).mean(box_gain=2.0)
    for cut in ([[0, 1], [2, 3]], [[0], [1, 2, 3]], [[3], [1], [2], [0]]):
        parts = [part(MIXED, outputs, images) for images in cut]
        sums = [sums_of(head, theirs, smaller, customers) for smaller, theirs in parts]
        total = sums[0]
        for each in sums[1:]:
            total = total + each
        torch.testing.assert_close(total.mean(box_gain=2.0), whole, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", HEADS)
def test_the_order_of_taxonomies_and_of_labels_does_not_matter(name: HeadName) -> None:
    head, outputs = head_of(name), outputs_of(head_of(name), 4)
    turned = taxonomy("fine", {"Square": "square", "Disc": "disc"})
    labels_n = torch.where(MIXED.taxonomy_b[MIXED.image_n] == 1, 1 - MIXED.labels_n, MIXED.labels_n)
    other = replace(MIXED, labels_n=labels_n, taxonomy_b=1 - MIXED.taxonomy_b)
    first = sums_of(head, outputs, MIXED, bank_of(COARSE, FINE))
    second = sums_of(head, outputs, other, bank_of(turned, COARSE))
    assert first == second


@pytest.mark.parametrize("name", HEADS)
def test_the_order_of_classes_does_not_matter(name: HeadName) -> None:
    order = [2, 0, 4, 1, 3]
    customers = bank_of(COARSE, FINE)
    moved = replace(
        customers,
        target_tlk=customers.target_tlk[:, :, order],
        known_tlk=customers.known_tlk[:, :, order],
        covered_tk=customers.covered_tk[:, order],
        box_weight_tk=customers.box_weight_tk[:, order],
    )
    head = head_of(name)
    outputs = outputs_of(head, 4)
    turned = Outputs(outputs.logits[..., order], outputs.boxes[:, :, order])
    if name == "centre":
        boxes = outputs.boxes.unflatten(1, (len(SUPER), 4))[:, order].flatten(1, 2)
        turned = Outputs(outputs.logits[:, order], boxes)
    first = sums_of(head, outputs, MIXED, customers)
    second = sums_of(head, turned, MIXED, moved)
    torch.testing.assert_close(first.mean(1.0), second.mean(1.0), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", HEADS)
def test_for_flat_taxonomies_column_masking_is_one_mask_of_columns_bit_by_bit(name: HeadName) -> None:
    """The known method, word by word: whatever is drawn, the covered columns count and the others do not."""
    one = taxonomy("one", {"Disc": "disc"})
    two = taxonomy("two", {"Star": "star", "Disc": "disc"})
    batch = batch_of([(4, 4, 24, 24), (30, 30, 60, 60)], [0, 1], [0, 1], [0, 1])
    head, customers = head_of(name), bank_of(one, two, masking="column")
    outputs = outputs_of(head, 2)
    columns = replace(customers, known_tlk=np.repeat(customers.covered_tk[:, None], 2, axis=1))
    column = sums_of(head, outputs, batch, customers)
    assert column == sums_of(head, outputs, batch, columns)
    assert not torch.equal(
        column.classification, sums_of(head, outputs, batch, bank_of(one, two, masking="none")).classification
    )


STREET = SuperTaxonomy.from_yaml("""
super-taxonomy: shapes
classes:
  person: {exhaustive: true, children: {adult: {}, child: {}}}
  vehicle: {children: {car: {}, bicycle: {}, motorbike: {}}}
""")
PERSON, ADULT, CHILD, VEHICLE, CAR, BICYCLE, MOTORBIKE = (
    STREET.index(name) for name in ("person", "adult", "child", "vehicle", "car", "bicycle", "motorbike")
)


def street_gradient(name: HeadName, customer: Taxonomy, masking: Masking) -> tuple[Tensor, Tensor]:
    """Gradients of the classification (k, places) of one image with one box, and the places where its class rises."""
    torch.manual_seed(0)
    config = replace(TINY, head=name).detector(STREET.names, STREET.parent_k.tolist())
    head, batch = Detector(config).eval().head, batch_of([(20, 20, 44, 44)], [0], [0], [0])
    with torch.no_grad():
        trunk = [torch.zeros(1, w, 64 // s, 64 // s) for w, s in zip(TINY.widths[1:], (4, 8, 16, 32), strict=True)]
        shapes = head(trunk)
    outputs = Outputs(*(torch.randn_like(each).requires_grad_() for each in shapes))
    tables = mask_tables(bank([masked_tables(STREET, customer, masking)]), tuple(range(len(STREET))))
    head.loss(outputs, batch, tables).classification.backward()
    gradient = cast(Tensor, outputs.logits.grad)
    gradient_ka = gradient[0].flatten(1) if isinstance(head, CentreHead) else gradient[0].T
    own = STREET.index(str(customer.labels[0].to))
    return gradient_ka, gradient_ka[own] < 0


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("masking", ["column", "tree"])
def test_no_mask_contradicts_a_coarse_label(name: HeadName, masking: Masking) -> None:
    """A person who is drawn may be an adult or a child, though the customer covers both."""
    gradient_ka, raised_a = street_gradient(name, taxonomy("humans", {"Human": "person"}), masking)
    assert raised_a.any()
    assert (gradient_ka[[ADULT, CHILD]][:, raised_a] == 0).all()
    assert (gradient_ka[[ADULT, CHILD]] > 0).any(1).all()
    assert bool((gradient_ka[CAR] > 0).any()) == (masking == "tree")


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("masking", ["column", "tree"])
def test_no_mask_hides_what_a_label_of_several_classes_says(name: HeadName, masking: Masking) -> None:
    """The box is a vehicle, covered or not; which of the two it is stays open, and that it is no car is known."""
    customer = Taxonomy.from_document(
        {
            "taxonomy": "wheels",
            "super-taxonomy": "shapes",
            "labels": {"Two_wheeler": {"class": "vehicle", "one_of": ["bicycle", "motorbike"]}},
        }
    )
    gradient_ka, raised_a = street_gradient(name, customer, masking)
    assert raised_a.any()
    assert (gradient_ka[[BICYCLE, MOTORBIKE]][:, raised_a] == 0).all()
    assert (gradient_ka[[BICYCLE, MOTORBIKE]] > 0).any(1).all()
    assert (gradient_ka[VEHICLE] == 0).any()
    assert bool((gradient_ka[[PERSON, CAR]] > 0).any()) == (masking == "tree")


@pytest.mark.parametrize("name", HEADS)
def test_the_naive_way_denies_whatever_a_label_does_not_say(name: HeadName) -> None:
    gradient_ka, raised_a = street_gradient(name, taxonomy("humans", {"Human": "person"}), "none")
    others = [ADULT, CHILD, VEHICLE, CAR, BICYCLE, MOTORBIKE]
    assert raised_a.any() and (gradient_ka[others][:, raised_a] > 0).all()


@pytest.mark.parametrize("name", HEADS)
def test_where_everything_is_drawn_masking_is_the_plain_loss_bit_by_bit(name: HeadName) -> None:
    everything = taxonomy(
        "everything", {"Square": "square", "Tile": "tile", "Disc": "disc", "Star": "star", "F": "flat"}
    )
    batch = batch_of([(4, 4, 24, 24), (30, 30, 60, 60), (2, 30, 20, 60)], [0, 2, CUT], [0, 0, 1], [0, 0])
    head = head_of(name)
    outputs = outputs_of(head, 2)
    masked = sums_of(head, outputs, batch, bank_of(everything))
    plain = sums_of(head, outputs, batch, bank_of(everything, masking="none"))
    assert masked == plain


@pytest.mark.parametrize("name", HEADS)
def test_where_everything_is_drawn_a_training_with_masks_is_the_plain_one_bit_by_bit(
    name: HeadName, tmp_path: Path
) -> None:
    recipe = replace(TINY, head=name, steps=3, batch=2)
    source = Shapes(8, [(0, 2)])
    plain, masked = (
        train_detector(
            source, bank_of(ALL, masking=way), config_of(recipe), recipe, folder=tmp_path / way, progress=Quiet()
        )
        for way in MASKINGS
    )
    pairs = zip(plain.detector.state_dict().values(), masked.detector.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert plain.record.curves == masked.record.curves


@pytest.mark.parametrize("name", HEADS)
def test_a_box_teaches_the_box_outputs_of_its_class_and_of_the_classes_above_it(name: HeadName) -> None:
    head = head_of(name)
    outputs = outputs_of(head, 1)
    batch = batch_of([(20, 20, 44, 44)], [0], [0], [0])
    sums_of(head, outputs, batch, bank_of(ALL)).box.backward()
    gradient = cast(Tensor, outputs.boxes.grad)
    by_class = (
        gradient.unflatten(1, (-1, 4)).abs().sum((0, 2, 3, 4)) if name == "centre" else gradient.abs().sum((0, 1, 3))
    )
    assert (by_class > 0).tolist() == [k in {FLAT, SQUARE} for k in range(len(SUPER))]


def test_a_box_drawn_by_other_rules_teaches_less() -> None:
    customers = bank_of(ALL)
    strict = replace(
        customers, box_weight_tk=np.where(np.arange(len(SUPER)) == DISC, 0.25, 1.0)[None].astype(np.float32)
    )
    head = head_of("centre")
    outputs = outputs_of(head, 1)
    for label, ratio in ((2, 0.25), (0, 1.0)):
        batch = batch_of([(20, 20, 44, 44)], [label], [0], [0])
        equal = sums_of(head, outputs, batch, customers).box
        torch.testing.assert_close(sums_of(head, outputs, batch, strict).box, equal * ratio)


def test_shared_box_outputs_follow_the_rule_of_the_label_itself() -> None:
    customers = replace(bank_of(ALL), box_weight_tk=np.array([[0.5, 1.0, 1.0, 1.0, 1.0]], np.float32))
    shared: MaskTables = mask_tables(customers, (0, 0, 0, 1, 2))
    assert shared.box_weight_tlg[0].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0, 0]]


def test_the_naive_way_denies_whatever_is_not_drawn() -> None:
    gradient_bka = class_gradient(head_of("centre"), batch_of([], [], [], [0]), bank_of(COARSE, masking="none"))
    assert (gradient_bka > 0).all()
