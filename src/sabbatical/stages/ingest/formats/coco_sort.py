"""The annotations of a COCO file, checked and sorted by image; vectorised over all of them.

Legend: n annotations, m images, 4 = x0 y0 x1 y1 in pixels, 2 = width height.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.stages.ingest.formats.coco_columns import (
    AMBIGUOUS,
    NONE,
    UNKNOWN,
    Annotations,
    Images,
    Ints,
    first_of_same,
    positions_of,
)
from sabbatical.stages.ingest.records import Refusal
from sabbatical.stages.ingest.shapes import OK, ROUNDING, UNLEARNED, Fitted, fit, why

NO_IMAGE, SEVERAL_IMAGES, NO_CATEGORY, REPEATED = 10, 11, 12, 13
_BLOCK = 1 << 18

Rows = NDArray[np.void]


@dataclass(slots=True)
class Sorted:
    """The annotations that are taken; those of image i are rows `start_m[i]` to `start_m[i + 1]`."""

    rows_n: Rows
    label_n: list[str]
    start_m: list[int]
    special_m: NDArray[np.bool_]
    """Images with a shape that is a crowd or more than a box."""
    refused_m: NDArray[np.bool_]
    """Images of which an annotation was refused: what is left is partial; of none, nothing is known about them."""
    first_m: Ints
    """For each image the first one of the same name, which takes the annotations of all."""
    ambiguous_m: NDArray[np.bool_]
    """Images that share their id with an image of another name."""


def sort(annotations: Annotations, images: Images, names: dict[int, str]) -> tuple[Sorted, Iterator[Refusal]]:
    """Checks every annotation against the images and the categories (`names` by id), and sorts those that pass.

    Second come the refusals, made while they are asked for.
    """
    key_m, name_m, size_m2 = images.columns()
    first_m = first_of_same(name_m)
    unread_n = positions_of(np.array(annotations.refused_at, np.int64), key_m, first_m)
    rows_n = annotations.rows()
    asked_n2 = np.stack([rows_n["image"], rows_n["category"]], -1)
    rows_n["image"] = positions_of(rows_n["image"], key_m, first_m)
    rows_n["category"] = _places(rows_n["category"], np.array(sorted(names), np.int64))
    problem_n = _check(rows_n, size_m2)
    told = np.flatnonzero((problem_n != OK) | (rows_n["over"] > ROUNDING))
    refusals = _refusals(annotations.file, rows_n[told], asked_n2[told], problem_n[told], size_m2)
    refused = (problem_n != OK) & (problem_n != REPEATED) & (rows_n["image"] >= 0)
    refused_m = _marked(len(key_m), np.concatenate([rows_n["image"][refused], unread_n[unread_n >= 0]]))
    ambiguous_m = positions_of(key_m, key_m, first_m) == AMBIGUOUS
    rows_n = rows_n[problem_n == OK]
    over = np.flatnonzero(rows_n["over"] > 0)
    rows_n["box"][over] = _fit(rows_n[over], size_m2).boxes_n4
    rows_n = rows_n[np.argsort(rows_n["image"], kind="stable")]
    label_k = np.array([names[key] for key in sorted(names)], object)
    start_m = np.searchsorted(rows_n["image"], np.arange(len(key_m) + 1)).tolist()
    special_m = _marked(len(key_m), rows_n["image"][rows_n["crowd"] | (rows_n["place"] >= 0)])
    labels = label_k[rows_n["category"]].tolist() if len(rows_n) else []
    return Sorted(rows_n, labels, start_m, special_m, refused_m, first_m, ambiguous_m), refusals


def _check(rows_n: Rows, size_m2: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What is wrong with each row (OK: nothing); sets `over`."""
    problem_n = np.zeros(len(rows_n), np.uint8)
    for start in range(0, len(rows_n), _BLOCK):
        rows = rows_n[start : start + _BLOCK]
        fitted = _fit(rows, size_m2)
        rows["over"] = fitted.over_n
        problem_n[start : start + _BLOCK] = fitted.fault_n
    problem_n[rows_n["category"] == UNKNOWN] = NO_CATEGORY
    problem_n[rows_n["image"] == UNKNOWN] = NO_IMAGE
    problem_n[rows_n["image"] == AMBIGUOUS] = SEVERAL_IMAGES
    problem_n[_repeated(rows_n)] = REPEATED
    return problem_n


def _fit(rows_n: Rows, size_m2: NDArray[np.float32]) -> Fitted:
    size_n2 = np.full((len(rows_n), 2), np.nan, np.float32)
    found = rows_n["image"] >= 0
    size_n2[found] = size_m2[rows_n["image"][found]]
    return fit(rows_n["box"], size_n2[:, 0], size_n2[:, 1])


def _repeated(rows_n: Rows) -> NDArray[np.bool_]:
    """Rows that say the same as an earlier one under the same id."""
    repeated_n = np.zeros(len(rows_n), np.bool_)
    id_n = rows_n["id"]
    order = np.argsort(id_n, kind="stable")
    same = (id_n[order][1:] == id_n[order][:-1]) & (id_n[order][1:] != NONE)
    if same.any():
        earlier, later = order[:-1][same], order[1:][same]
        equal = (rows_n["box"][earlier] == rows_n["box"][later]).all(-1)
        for name in ("image", "category"):
            equal &= rows_n[name][earlier] == rows_n[name][later]
        repeated_n[later[equal]] = True
    return repeated_n


def _places(keys_n: Ints, sorted_k: Ints) -> Ints:
    """Where each key stands among the sorted ones; UNKNOWN if it is not there."""
    if not len(sorted_k):
        return np.full(len(keys_n), UNKNOWN, np.int64)
    place_n = np.minimum(np.searchsorted(sorted_k, keys_n), len(sorted_k) - 1)
    return np.where(sorted_k[place_n] == keys_n, place_n, UNKNOWN).astype(np.int64)


def _marked(count: int, positions: Ints) -> NDArray[np.bool_]:
    marks_m = np.zeros(count, np.bool_)
    marks_m[positions] = True
    return marks_m


def _refusals(
    file: str, rows_n: Rows, asked_n2: Ints, problem_n: NDArray[np.uint8], size_m2: NDArray[np.float32]
) -> Iterator[Refusal]:
    for row, asked, problem in zip(rows_n, asked_n2.tolist(), problem_n.tolist(), strict=True):
        width, height = size_m2[row["image"]].tolist() if row["image"] >= 0 else (0.0, 0.0)
        image, category = asked
        reasons = {
            NO_IMAGE: ("image_id", f"The image id {image} is not among the images that can be used."),
            SEVERAL_IMAGES: ("image_id", f"The image id {image} stands for several images."),
            NO_CATEGORY: ("category_id", f"The category id {category} is not among the categories. {UNLEARNED}"),
            REPEATED: ("id", f"The same annotation, id {row['id']}, stands in the file before."),
        }
        field, reason = reasons.get(problem) or ("bbox", why(problem, row["box"], width, height))
        yield Refusal(file, None, f"annotations[{row['number']}].{field}", reason, kept=problem == OK)
