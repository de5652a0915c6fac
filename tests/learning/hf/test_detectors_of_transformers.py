"""RT-DETR v2 and D-FINE learn by the tables, and otherwise as the library has them; kept, exported, begun from files.

Networks are built from a configuration with random weights; nothing is downloaded.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from sabbatical.core.errors import BadInput, NotFound, NotReady
from sabbatical.core.progress import Quiet
from sabbatical.learning.config import HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.loader import Batch, collate
from sabbatical.learning.masking import MaskTables, mask_tables
from sabbatical.learning.optimizer import Muon
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.training import learn, train_detector
from sabbatical.taxonomy import TableBank, bank, masked_tables
from tests.learning.shapes import (
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
    taxonomy,
)

pytest.importorskip("transformers", reason="needs the extra: pip install 'sabbatical[hf]'")

from sabbatical.learning.export import export_onnx, parity
from sabbatical.learning.hf import network
from sabbatical.learning.hf.head import SetHead, SetOutputs
from sabbatical.learning.runners import TorchRunner
from sabbatical.learning.weights import load_detector, save_detector

HEADS: tuple[HeadName, ...] = ("rt-detr-v2", "d-fine")
SMALL = replace(TINY, places=12, canvas=(64, 64))
LEAVES = {"Square": "square", "Tile": "tile", "Disc": "disc", "Star": "star", "F": "flat"}
LEARNED = "intermediate_logits", "enc_topk_logits"


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two decoder layers are enough to have one before the last."""
    monkeypatch.setattr(network, "LAYERS", 2)


def detector_of(name: HeadName) -> Detector:
    """A detector whose every layer says something of its own."""
    torch.manual_seed(0)
    detector = Detector(config_of(replace(SMALL, head=name)))
    with torch.no_grad():
        for parameter in detector.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return detector


def tables_of(detector: Detector, customers: TableBank) -> MaskTables:
    return mask_tables(customers, detector.config.group_k)


def some_batch() -> Batch:
    torch.manual_seed(1)
    batch = batch_of([(4, 4, 24, 24), (30, 30, 60, 60), (8, 40, 24, 56)], [0, 1, 1], [0, 0, 2], [0, 0, 1])
    return replace(batch, images_bhwc=torch.randint(0, 255, batch.images_bhwc.shape, dtype=torch.uint8))


def answers(detector: Detector, batch: Batch, tables: MaskTables) -> SetOutputs:
    torch.manual_seed(2)
    return cast(SetOutputs, detector.train()(batch.images_bhwc, detector.head.hints(batch, tables)))


def the_librarys_loss(detector: Detector, found: Any, labels: list[dict[str, Tensor]]) -> Tensor:
    from transformers.loss.loss_d_fine import DFineForObjectDetectionLoss  # noqa: PLC0415
    from transformers.loss.loss_rt_detr import RTDetrForObjectDetectionLoss  # noqa: PLC0415

    of = DFineForObjectDetectionLoss if detector.config.head == "d-fine" else RTDetrForObjectDetectionLoss
    loss, *_ = of(
        found.intermediate_logits[:, -1],
        labels,
        torch.device("cpu"),
        found.intermediate_reference_points[:, -1],
        cast(SetHead, detector.head).network.config,
        found.intermediate_logits,
        found.intermediate_reference_points,
        enc_topk_logits=found.enc_topk_logits,
        enc_topk_bboxes=found.enc_topk_bboxes,
        denoising_meta_values=found.denoising_meta_values,
        predicted_corners=found.intermediate_predicted_corners,
        initial_reference_points=found.initial_reference_points,
    )
    return cast(Tensor, loss)


@pytest.mark.parametrize("name", HEADS)
def test_where_everything_is_drawn_the_loss_is_the_librarys_own(name: HeadName) -> None:
    """Matching, classes, boxes, corners, distillation, the encoder's choice and denoising: to seven digits."""
    detector, batch = detector_of(name), some_batch()
    everything = masked_tables(SUPER, taxonomy("everything", LEAVES), "none", flat=True)
    tables = tables_of(detector, bank([everything, everything]))
    outputs = answers(detector, batch, tables)
    hints = detector.head.hints(batch, tables)
    assert [one["class_labels"].tolist() for one in hints] == [[SQUARE, TILE], [], [TILE]]
    ours = detector.head.loss(outputs, batch, tables).mean(1.0)
    torch.testing.assert_close(ours, the_librarys_loss(detector, outputs.found, hints), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", HEADS)
def test_masked_classes_have_gradients_of_exactly_zero_in_every_layer(name: HeadName) -> None:
    detector, batch = detector_of(name), some_batch()
    batch = replace(batch, labels_n=torch.tensor([0, 0, 1]))  # flat, flat; a square
    tables = tables_of(detector, bank_of(COARSE, FINE, masking="column"))
    outputs = answers(detector, batch, tables)
    leaves = {part: outputs.found[part].detach().requires_grad_() for part in LEARNED}
    outputs.found = SimpleNamespace(**{**dict.fromkeys(DFINE_ALONE), **dict(outputs.found.items()), **leaves})
    detector.head.loss(outputs, batch, tables).classification.backward()
    for part, leaf in leaves.items():
        gradient = cast(Tensor, leaf.grad)
        assert (gradient[:2][..., [DISC, STAR]] == 0).all(), part
        assert (gradient[2][..., [TILE, STAR]] == 0).all(), part
        assert (gradient[:2][..., FLAT] != 0).any() and (gradient[2][..., DISC] != 0).any(), part
        assert (gradient[2][..., FLAT] == 0).any(), part  # it is known where a square is, and nowhere else
    noise, free = outputs.found.denoising_meta_values["dn_num_split"]
    assert noise > 0 and free == SMALL.places


DFINE_ALONE = ("intermediate_predicted_corners", "initial_reference_points")


@pytest.mark.parametrize("name", HEADS)
def test_it_learns_and_says_the_same_from_its_file_and_from_an_export(name: HeadName, tmp_path: Path) -> None:
    torch.manual_seed(0)
    recipe = replace(SMALL, head=name, places=84)  # all of them: of two that are nearly equal, either may be chosen
    detector, source = Detector(config_of(recipe)).train(), Shapes(4, [(0, None), (1, 0)], size=(50, 64))
    batch = collate([replace(source[n], image_hwc=_on(source[n].image_hwc)) for n in range(2)])
    tables, optimizer = tables_of(detector, bank_of(COARSE, FINE)), Muon(detector, 1e-2, 0.0)
    losses = [float(learn(detector, optimizer, batch, tables, recipe, step).mean(1.0).detach()) for step in range(5)]
    assert losses[-1] < 0.96 * losses[0]
    save_detector(tmp_path / "model.safetensors", detector)
    again = cast(Detector, load_detector(tmp_path / "model.safetensors"))
    pixels = batch.images_bhwc.numpy()
    for one, other in zip(TorchRunner(detector)(pixels), TorchRunner(again)(pixels), strict=True):
        assert (one == other).all()
    if name == "rt-detr-v2":
        return  # seconds more for no other operation than those of D-FINE; decision 14 has its figures
    export_onnx(tmp_path / "model.onnx", again)
    found = parity(tmp_path / "model.onnx", again, batch.images_bhwc)
    assert found.good and found.difference < 1e-4 and found.places > 100


def _on(image_hwc: Any) -> Any:
    import numpy as np  # noqa: PLC0415

    return np.pad(image_hwc, [(0, 14), (0, 0), (0, 0)])


def test_boxes_are_found_where_they_are_on_a_canvas_that_is_no_multiple_of_32() -> None:
    detector = Detector(config_of(replace(SMALL, head="rt-detr-v2", canvas=(48, 80)))).eval()
    head = cast(SetHead, detector.head)
    assert head.size == (64, 96)
    outputs = SetOutputs(torch.full((1, 1, 5), 3.0), torch.tensor([[[0.5, 0.5, 0.25, 0.5]]]))
    assert head.decode(outputs, 1).boxes_bm4.tolist() == [[[36.0, 16.0, 60.0, 48.0]]]


def test_a_local_folder_is_begun_from_its_classes_found_by_name(tmp_path: Path) -> None:
    from transformers import RTDetrV2ForObjectDetection  # noqa: PLC0415

    settings = network.settings_of(replace(SMALL, head="rt-detr-v2").detector(["disc", "person"], [-1, -1]))
    settings.id2label = {0: "disc", 1: "person"}
    library = RTDetrV2ForObjectDetection(settings)
    library.save_pretrained(tmp_path / "folder")
    recipe = replace(
        SMALL, head="rt-detr-v2", pretrained=str(tmp_path / "folder"), steps=1, batch=2, learning_rate=1e-9
    )
    source = Shapes(4, [(0, None), (1, 0)])
    trained = train_detector(
        source, bank_of(COARSE, FINE), config_of(recipe), recipe, folder=tmp_path, progress=Quiet()
    ).detector
    ours, theirs = cast(SetHead, trained.head).network, library.model
    torch.testing.assert_close(ours.enc_score_head.weight[DISC], theirs.enc_score_head.weight[0])
    torch.testing.assert_close(ours.enc_bbox_head.layers[0].weight, theirs.enc_bbox_head.layers[0].weight)
    assert ours.enc_score_head.weight.shape[0] == len(SUPER)
    save_detector(tmp_path / "model.safetensors", trained)
    (tmp_path / "folder").rename(tmp_path / "gone")  # the file needs it no more
    load_detector(tmp_path / "model.safetensors")
    with pytest.raises(NotFound, match=r"no config\.json"):
        config_of(recipe)
    moved = replace(recipe, pretrained=str(tmp_path / "gone"))
    with pytest.raises(BadInput, match="kind 'rt_detr_v2', the head is 'd-fine'"):
        config_of(replace(moved, head="d-fine"))
    (tmp_path / "gone" / "model.safetensors").rename(tmp_path / "gone" / "pytorch_model.bin")
    with pytest.raises(BadInput, match="holds no safetensors"):
        config_of(moved)


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(NotReady) as caught:
        Detector(config_of(replace(SMALL, head="d-fine")))
    assert caught.value.hint == "pip install 'sabbatical[hf]'"
    assert json.dumps(DetectorRecipe(head="d-fine").to_dict())  # a recipe needs nothing of it
