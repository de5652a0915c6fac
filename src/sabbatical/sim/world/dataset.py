"""Writes frames as a customer would send them: JPEG files and one COCO JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sabbatical.sim.world.customers import TRUTH, Customer, Drawn, HumanError, customer, draw_labels
from sabbatical.sim.world.frame import Frame


def write_dataset(
    folder: Path | str, frames: Iterable[Frame], who: Customer | str = TRUTH, *,
    error: HumanError | None = None, masks: bool = False, quality: int = 90,
) -> Path:  # fmt: skip
    """Write `folder`/images/*.jpg and `folder`/<customer>.json.

    Args:
        folder: made when missing; other customers' files in it are left alone.
        frames: taken one by one, never all in memory.
        who: whose labels to write; `TRUTH` writes everything.
        error: how the person errs who draws them; None draws the exact truth.
        masks: also write each shape's visible mask as uncompressed COCO RLE (only of the exact truth's extent).
        quality: of the JPEG files.

    Returns:
        The path of the COCO file.

    Raises:
        NotFound: no customer of that name.
    """
    whose = customer(who) if isinstance(who, str) else who
    root = Path(folder)
    (root / "images").mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(whose.labels.values()))
    numbers = {name: number for number, name in enumerate(names, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, frame in enumerate(frames, start=1):
        file = f"images/{frame.name}.jpg"
        Image.fromarray(frame.image_hwc).save(root / file, quality=quality)
        images.append({"id": number, "file_name": file, **_facts(frame)})
        for drawn in draw_labels(frame, whose, error):
            row = _annotation(drawn, frame, masks)
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": numbers[drawn.label], **row}
            )
    document = {
        "info": {"description": f"Built-in street world, drawn by {whose.name}", "taxonomy": whose.name},
        "images": images,
        "categories": [{"id": number, "name": name} for name, number in numbers.items()],
        "annotations": annotations,
    }
    path = root / f"{whose.name}.json"
    path.write_text(json.dumps(document))
    return path


def _facts(frame: Frame) -> dict[str, Any]:
    rows, width = frame.image_hwc.shape[:2]
    return {
        "width": width,
        "height": rows,
        "group": frame.scene,
        "captured_at": frame.captured_at,
        "weather": frame.weather,
        "time_of_day": frame.time_of_day,
        "camera": frame.camera.id,
        "camera_height": round(frame.camera.height, 2),
        "frame": frame.number,
    }


def _annotation(drawn: Drawn, frame: Frame, masks: bool) -> dict[str, Any]:
    x0, y0, x1, y1 = drawn.box
    row: dict[str, Any] = {
        "bbox": [x0, y0, round(x1 - x0, 2), round(y1 - y0, 2)],
        "area": round((x1 - x0) * (y1 - y0), 2),
        "iscrowd": 0,
        "attributes": dict(drawn.attributes),
    }
    if masks:
        rows, width = frame.image_hwc.shape[:2]
        row["segmentation"] = {"size": [rows, width], "counts": run_lengths(frame_mask(drawn, rows, width))}
        row["area"] = int(drawn.thing.mask_hw.sum())
    return row


def frame_mask(drawn: Drawn, rows: int, width: int) -> NDArray[np.bool_]:
    """The visible mask of a drawn thing in the whole frame (rows, width)."""
    mask_hw = np.zeros((rows, width), dtype=bool)
    left, top = int(drawn.thing.box[0]), int(drawn.thing.box[1])
    height, across = drawn.thing.mask_hw.shape
    mask_hw[top : top + height, left : left + across] = drawn.thing.mask_hw
    return mask_hw


def run_lengths(mask_hw: NDArray[np.bool_]) -> list[int]:
    """A mask as COCO's uncompressed run lengths: column by column, beginning with a run of zeros (maybe none)."""
    flat = mask_hw.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate([[0], edges, [flat.size]])
    runs: list[int] = np.diff(bounds).tolist()
    return [0, *runs] if flat[0] else runs
