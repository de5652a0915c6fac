"""Where answers stand: groups of them that have the value of an attribute, or of two, in common.

Legend: a answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sabbatical.metrics.columns import Bools
from sabbatical.stages.evaluate.actions import Facts, Part, cohort_parts, metadata_parts, pair_parts

TIMES = ("month", "week")


def places_of(facts: Facts, classes: Sequence[str] | None = None) -> list[Part]:
    """Every place with enough answers to be looked at: customers, attributes, months, for texts their classes, pairs.

    Of two places that hold the same answers the first stands for both.
    """
    columns = dict(facts.slices())
    if classes is not None:
        columns["class"] = list(classes)
    for unit, column in _times(facts).items():
        columns[unit] = column
    parts = metadata_parts(columns, facts.rows)
    seen: set[bytes] = set()
    different = []
    for part in (*parts, *pair_parts(parts)):
        content = np.packbits(part.mask_i).tobytes()
        if content not in seen:
            seen.add(content)
            different.append(part)
    return different


def is_time(part: Part) -> bool:
    """Whether it is a time that makes the place."""
    return any(name in TIMES for name in part.where)


def inside(where: Mapping[str, str], places: Sequence[Part], answers: int) -> Bools:
    """The answers in a place that was named before; none where an attribute of it is not known any more."""
    single = {
        (name, value): part.mask_i for part in places if len(part.where) == 1 for name, value in part.where.items()
    }
    none_a = np.zeros(answers, np.bool_)
    masks = [single.get(one, none_a) for one in where.items()]
    mask_a: Bools = np.logical_and.reduce(masks) if masks else none_a
    return mask_a


def _times(facts: Facts) -> dict[str, list[str | None]]:
    column: list[str | None] = [None] * facts.rows
    unit = None
    for part in cohort_parts(facts.captured_at):
        [(unit, name)] = part.where.items()
        for a in np.flatnonzero(part.mask_i).tolist():
            column[a] = name
    return {} if unit is None else {unit: column}
