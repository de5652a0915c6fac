"""One model, heads, a model for each customer or class: each output learns only from those it belongs to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sabbatical.core.errors import BadInput
from sabbatical.learning.config import HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.heads import Outputs
from sabbatical.learning.losses import recalibrated
from sabbatical.learning.masking import mask_tables
from sabbatical.learning.parts import parts_of
from tests.learning.shapes import ALL, COARSE, DISC, FINE, FLAT, SQUARE, SUPER, TINY, bank_of, batch_of, config_of

BANK = bank_of(COARSE, FINE, ALL)
CUSTOMERS = ["coarse", "fine", "all"]
USED = (0, 1)
PARENTS = SUPER.parent_k.tolist()


def test_one_model_has_the_tables_as_they_are() -> None:
    (only,) = parts_of("one", BANK, CUSTOMERS, SUPER.names, USED)
    assert only.bank is BANK
    assert TINY.detector(SUPER.names, PARENTS, only.class_c) == config_of()


def test_a_model_of_a_customer_tells_what_that_customer_draws() -> None:
    found = {part.name: part for part in parts_of("customers", BANK, CUSTOMERS, SUPER.names, USED)}
    assert {name: part.class_c for name, part in found.items()} == {"coarse": (FLAT,), "fine": (FLAT, SQUARE, DISC)}
    assert {name: part.rows for name, part in found.items()} == {"coarse": (0,), "fine": (1,)}


def test_a_model_of_a_class_learns_from_those_who_draw_it() -> None:
    found = {part.name: part.rows for part in parts_of("classes", BANK, CUSTOMERS, SUPER.names, USED)}
    assert found == {"flat": (0, 1), "square": (1,), "disc": (1,)}


def test_two_versions_of_one_customer_share_a_head() -> None:
    (heads,) = parts_of("heads", BANK, ["coarse", "fine", "fine"], SUPER.names, (0, 1, 2))
    assert heads.class_c == (FLAT, *range(len(SUPER)))


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_a_customer_gives_no_gradient_to_the_head_of_another(head: HeadName) -> None:
    (heads,) = parts_of("heads", BANK, CUSTOMERS, SUPER.names, USED)
    recipe = replace(TINY, head=head, models="heads")
    config = recipe.detector(SUPER.names, PARENTS, heads.class_c)
    model = Detector(config)
    batch = batch_of([[8, 8, 30, 30], [40, 40, 60, 60]], [0, 0], [0, 1], [0, 0])  # both images are of customer 0
    outputs = model(batch.images_bhwc)
    logits, boxes = (each.detach().requires_grad_() for each in outputs)
    sums = model.head.loss(Outputs(logits, boxes), batch, mask_tables(heads.bank, config.group_k))
    sums.mean(1.0).backward()  # type: ignore[no-untyped-call]
    columns = logits.grad if head == "anchor" else logits.grad.flatten(2).permute(0, 2, 1)
    assert (columns[..., 1:] == 0).all()
    assert (columns[..., 0] != 0).any()
    groups = boxes.grad.unflatten(1, (-1, 4)) if head == "centre" else boxes.grad.permute(0, 2, 1, 3)
    assert (groups[:, 1:] == 0).all()
    assert (groups[:, 0] != 0).any()


def test_what_several_columns_tell_is_decoded_as_their_class() -> None:
    config = TINY.detector(SUPER.names, PARENTS, (FLAT, FLAT, SQUARE, DISC))
    model = Detector(config).eval()
    with torch.inference_mode():
        decoded = model.decode(model(torch.zeros(1, 64, 64, 3, dtype=torch.uint8)), 100)
    assert set(decoded.classes_bm.unique().tolist()) <= {FLAT, SQUARE, DISC}


@pytest.mark.parametrize(
    ("outputs", "groups"), [("class", (0, 1, 2, 3)), ("shared", (0, 1, 1, 1)), ("subtree", (0, 1, 1, 2))]
)
def test_every_block_of_columns_has_boxes_of_its_own(outputs: str, groups: tuple[int, ...]) -> None:
    recipe = TINY.with_settings({"box_outputs": outputs})
    assert recipe.detector(SUPER.names, PARENTS, (FLAT, FLAT, SQUARE, DISC)).group_k == groups


def test_columns_of_classes_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match="not there"):
        TINY.detector(SUPER.names, PARENTS, (0, 99))


def test_background_that_the_model_is_sure_of_is_believed_and_nothing_else() -> None:
    logits = torch.tensor([-3.0, 0.5, 3.0, 3.0], requires_grad=True)
    target = torch.tensor([0.0, 0.0, 0.0, 1.0])
    background = torch.tensor([True, True, True, False])
    assert recalibrated(logits, target, background, 0.9).tolist() == [0, 0, 1, 1]
    assert recalibrated(logits, target, ~background, 0.9).tolist() == target.tolist()
    assert not recalibrated(logits, target, background, 0.9).requires_grad


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_recalibration_turns_the_gradient_of_sure_background(head: HeadName) -> None:
    recipe = replace(TINY, head=head)
    model = Detector(config_of(recipe)).eval()
    bank = bank_of(FINE, masking="none")
    batch = batch_of([[8.0, 8, 30, 30]], [0], [0], [0])
    signs = []
    for confused in (1.0, 0.5):
        logits, boxes = (each.detach() for each in model(batch.images_bhwc))
        logits = (torch.zeros_like(logits) + 1.0).requires_grad_()
        sums = model.head.loss(Outputs(logits, boxes), batch, mask_tables(bank, config_of(recipe).group_k, confused))
        sums.classification.backward()  # type: ignore[no-untyped-call]
        far = logits.grad[0, :, -1, -1] if head == "centre" else logits.grad[0, 0]
        signs.append(np.sign(far.numpy()))
    assert (signs[0] > 0).all()
    assert (signs[1] < 0).all()
