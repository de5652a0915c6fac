"""A network of the `transformers` library with the face of a head of ours: it learns with the masks.

Legend: b images; h, w height and width; q queries; k columns; m detections kept an image; s layers.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.heads import Columns, Decoded, Head, Outputs
from sabbatical.learning.hf.corners import Bins, distillation, side_loss
from sabbatical.learning.hf.levels import Level, denoising_pairs, levels
from sabbatical.learning.hf.network import network_of, padded
from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables
from sabbatical.learning.set_prediction import Objects, Pairs, Weights, box_loss, class_loss, corners, matched


class SetOutputs(Outputs):
    """The last layer's answers, logits (b, q, k) and boxes (b, q, 4), and all that the library's network said."""

    found: Any


class SetHead(Head):
    """RT-DETR v2 or D-FINE, as `config.head` says, with random weights. Pixels go in from 0 to 1.

    Args:
        config: the detector.
        network: instead of one with random weights.
    """

    zero: ClassVar[float] = 0.0
    spread: ClassVar[float] = 255.0

    def __init__(self, config: DetectorConfig, network: nn.Module | None = None) -> None:
        super().__init__()
        self.network: Any = network_of(config) if network is None else network
        settings: Any = self.network.config
        self.columns = _columns(settings)  # type: ignore[misc]
        self.canvas = config.canvas
        self.size = padded(config.canvas)
        self.weights = _weights(settings)
        self.bins = Bins.of(settings) if config.head == "d-fine" else None
        self.register_buffer("group_k", torch.tensor(config.group_k), persistent=False)
        self.group_k: Tensor

    def forward(self, maps: Tensor, hints: list[dict[str, Tensor]] | None = None) -> SetOutputs:  # type: ignore[override]
        """The answers to images (b, 3, h, w) of the canvas's size; `hints` are the objects to make noise of."""
        (height, width), (whole_height, whole_width) = self.canvas, self.size
        images_bchw = functional.pad(maps, (0, whole_width - width, 0, whole_height - height))
        found = self.network(images_bchw, labels=hints)
        meta = found.denoising_meta_values
        first = meta["dn_num_split"][0] if meta else 0
        outputs = SetOutputs(
            found.intermediate_logits[:, -1, first:], found.intermediate_reference_points[:, -1, first:]
        )
        outputs.found = found
        return outputs

    def hints(self, batch: Batch, tables: MaskTables) -> list[dict[str, Tensor]] | None:
        """What was drawn on each image, for denoising: the deepest class of each object, and its box."""
        if not self.training:
            return None
        objects = self._objects(batch, tables)
        of_image = [objects.image_n == image for image in range(len(batch.taxonomy_b))]
        return [{"class_labels": objects.class_n[own_n], "boxes": objects.boxes_n4[own_n]} for own_n in of_image]

    def loss(self, outputs: Outputs, batch: Batch, tables: MaskTables) -> LossSums:
        """The sums over every layer, the encoder's choice and the denoising queries."""
        assert isinstance(outputs, SetOutputs)
        objects = self._objects(batch, tables)
        free, denoised, meta = levels(outputs.found)
        sums = [
            self._level(each, matched(each.predicted, objects, tables, self.weights), objects, tables) for each in free
        ]
        classes, boxes = (torch.stack(parts).sum() for parts in zip(*sums, strict=True))
        if meta:
            pairs = denoising_pairs(meta, objects)
            noisy = [self._level(each, pairs, objects, tables, groups=meta["dn_num_group"]) for each in denoised]
            classes = classes + torch.stack([each for each, _ in noisy]).sum()
            boxes = boxes + torch.stack([each for _, each in noisy]).sum()
        return LossSums(classes, boxes, torch.tensor(float(len(objects)), device=classes.device))

    def _level(
        self, level: Level, pairs: Pairs, objects: Objects, tables: MaskTables, groups: int = 1
    ) -> tuple[Tensor, Tensor]:
        """What classes and boxes of one answer lose; queries of several groups count as one."""
        predicted, sides = level
        classes = class_loss(predicted, pairs, objects, tables, self.weights) / groups
        boxes = box_loss(predicted, pairs, objects, self.weights) / groups
        if sides is not None and self.bins is not None:
            boxes = boxes + side_loss(predicted, sides, pairs, objects, self.bins) / groups
            boxes = boxes + distillation(predicted, sides, pairs, objects, self.bins) * max(1, len(objects))
        return classes, boxes

    def _objects(self, batch: Batch, tables: MaskTables) -> Objects:
        return Objects.of(batch, tables, self.size, self.group_k)

    def decode(self, outputs: Outputs, keep: int) -> Decoded:
        scores_bf = torch.sigmoid(outputs.logits.float()).flatten(1)
        scores_bm, flat_bm = scores_bf.topk(min(keep, scores_bf.shape[1]), dim=1)
        query_bm = torch.div(flat_bm, outputs.logits.shape[2], rounding_mode="floor")
        classes_bm = flat_bm - query_bm * outputs.logits.shape[2]
        height, width = self.size
        boxes_bq4 = corners(outputs.boxes.float()) * torch.tensor(
            [width, height, width, height], device=scores_bm.device
        )
        return Decoded(boxes_bq4.gather(1, query_bm[:, :, None].expand(-1, -1, 4)), scores_bm, classes_bm)


def _columns(settings: Any) -> dict[str, Columns]:
    """The layers with outputs of their own for each class, and the embedding of classes that denoising begins with."""
    layers = [f"decoder.class_embed.{layer}" for layer in range(settings.decoder_layers)]
    names = [*layers, "enc_score_head", *(["denoising_class_embed"] if settings.num_denoising else [])]
    return {f"network.{name}": Columns(1, "class", 1) for name in names}


def _weights(settings: Any) -> Weights:
    return Weights(
        match_class=settings.matcher_class_cost,
        match_l1=settings.matcher_bbox_cost,
        match_iou=settings.matcher_giou_cost,
        match_alpha=settings.matcher_alpha,
        match_gamma=settings.matcher_gamma,
        classes=settings.weight_loss_vfl,
        l1=settings.weight_loss_bbox,
        iou=settings.weight_loss_giou,
        alpha=settings.focal_loss_alpha,
        gamma=settings.focal_loss_gamma,
    )
