"""The reference implementation of the COCO evaluation, on the same columns as ours."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sabbatical.metrics.average_precision import coco_numbers
from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.matching import match

NAMES = ["ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"]
NAMES += ["ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large"]


def reference(
    detections: Detections, truths: Truths, images: int, classes: int, only: tuple[list[int], list[int]] | None = None
) -> COCOeval:
    """Run pycocotools; `only` restricts it to images and classes (positions)."""
    class_n = truths.positive_nk.argmax(axis=1)
    data = {
        "info": {},
        "images": [{"id": i + 1} for i in range(images)],
        "categories": [{"id": k + 1, "name": str(k)} for k in range(classes)],
        "annotations": [
            {
                "id": n + 1,
                "image_id": int(truths.image_n[n]) + 1,
                "category_id": int(class_n[n]) + 1,
                "bbox": _xywh(truths.boxes_n4[n]),
                "area": float(truths.area_n[n]),
                "iscrowd": int(truths.crowd_n[n]),
            }
            for n in range(len(class_n))
        ],
    }
    results = [
        {"image_id": int(i) + 1, "category_id": int(k) + 1, "bbox": _xywh(box), "score": float(score)}
        for box, i, k, score in zip(
            detections.boxes_m4, detections.image_m, detections.class_m, detections.score_m, strict=True
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = data
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results) if results else _nothing(data), "bbox")
        if only:
            evaluation.params.imgIds = [i + 1 for i in only[0]]
            evaluation.params.catIds = [k + 1 for k in only[1]]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def assert_equal_to_reference(detections: Detections, truths: Truths, images: int, classes: int) -> None:
    """Our 12 numbers and the arrays by class equal those of pycocotools to 1e-9."""
    theirs = reference(detections, truths, images, classes)
    ours = coco_numbers(match(detections, truths, np.ones((images, classes), bool)))
    precision_trka = theirs.eval["precision"][..., -1]
    recall_tkam = theirs.eval["recall"]
    np.testing.assert_allclose(minus_one(ours.precision_atrk), precision_trka.transpose(3, 0, 1, 2), atol=1e-9)
    np.testing.assert_allclose(minus_one(ours.recall_amtk), recall_tkam.transpose(2, 3, 0, 1), atol=1e-9)
    summary = ours.summary()
    np.testing.assert_allclose(minus_one(np.array([summary[name] for name in NAMES])), theirs.stats, atol=1e-9)


def minus_one(values: np.ndarray) -> np.ndarray:
    """The reference writes -1 where we write NaN."""
    return np.where(np.isnan(values), -1.0, values)


def _nothing(data: dict[str, Any]) -> COCO:
    empty = COCO()
    empty.dataset = {**data, "annotations": []}
    empty.createIndex()
    return empty


def _xywh(box: np.ndarray) -> list[float]:
    return [float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])]
