"""Parts of the data to judge on their own: by metadata, by pairs of it, by size of the object, by time.

Shapes: i items, b resamples, k classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Bools
from sabbatical.metrics.figures import Figures, mean_over_classes
from sabbatical.metrics.resampling import LEAST_UNITS, Difference
from sabbatical.schemas.evaluate import ClassScores, Slice, SliceScores

LEAST_TRUTHS = 20  # of a slice, or of a class on its own in one
LEAST_IN_CLASS = 10  # of a class that enters the mean of a slice
MOST_VALUES = 24
MOST_PAIRS = 48
WEEKS_UP_TO_DAYS = 120
SIZES = ("small", "medium", "large")

Column = Sequence[str | float | None]
Moments = NDArray[np.datetime64]
Kind = Literal["metadata", "size", "cohort", "pair"]


@dataclass(frozen=True)
class Part:
    """A part of the data: the items in it, and the size range of the objects that count."""

    kind: Kind
    where: dict[str, str]
    mask_i: Bools
    area: str = "all"

    @property
    def name(self) -> str:
        return ", ".join(f"{column}={value}" for column, value in self.where.items())


def metadata_parts(columns: Mapping[str, Column], items: int) -> list[Part]:
    """One part for each value of each column (numbers in quarters); none for a column that tells nothing apart."""
    return [part for name, column in columns.items() for part in _parts_of(name, column, items)]


def pair_parts(parts: Sequence[Part]) -> list[Part]:
    """Two values of different columns that meet in enough items; the largest come first, 48 at most."""
    found = []
    for one, other in combinations([part for part in parts if part.kind == "metadata"], 2):
        if one.where.keys() == other.where.keys():
            continue
        mask_i = one.mask_i & other.mask_i
        size = int(mask_i.sum())
        if size >= LEAST_UNITS and size < min(one.mask_i.sum(), other.mask_i.sum()):
            found.append(Part("pair", one.where | other.where, mask_i))
    return sorted(found, key=lambda part: -int(part.mask_i.sum()))[:MOST_PAIRS]


def size_parts(items: int) -> list[Part]:
    """Small, medium and large objects, by COCO's areas in px² of the image as judged."""
    return [Part("size", {"size": size}, np.ones(items, bool), area=size) for size in SIZES]


def cohort_parts(captured_at: Moments) -> list[Part]:
    """Items by ISO week of capture, or by month when they span more than 120 days; in order of time."""
    known = ~np.isnat(captured_at)
    days, day_of = np.unique(captured_at[known].astype("datetime64[D]"), return_inverse=True)
    if not len(days):
        return []
    weekly = (days[-1] - days[0]).astype(int) <= WEEKS_UP_TO_DAYS
    names = np.array([_week(day) if weekly else _month(day) for day in days.tolist()])
    cohorts, cohort_of = np.unique(names, return_inverse=True)
    if len(cohorts) < 2:
        return []
    cohort_i = np.full(len(captured_at), -1)
    cohort_i[known] = cohort_of[day_of]
    unit = "week" if weekly else "month"
    return [Part("cohort", {unit: name}, cohort_i == number) for number, name in enumerate(cohorts.tolist())]


def slice_of(part: Part, figures: Figures, whole: Figures, classes: Sequence[str]) -> Slice:
    """The figures of a part beside those of all data; with too few truths, a note instead of numbers."""
    note = too_few(figures)
    if note:
        scores = SliceScores(n=figures.n, images=figures.images, note=note)
        return Slice(name=part.name, kind=part.kind, where=part.where, scores=scores)
    numbers = {name: figures.value(name) for name in figures.overall if name in SliceScores.model_fields}
    enough = [k for k in range(len(classes)) if figures.n_k[k] >= LEAST_TRUTHS]
    found = Slice(
        name=part.name,
        kind=part.kind,
        where=part.where,
        scores=SliceScores.model_validate(numbers | {"n": figures.n, "images": figures.images}),
        intervals={name: span for name, span in figures.intervals().items() if name in numbers},
        by_class={classes[k]: class_scores(figures, k) for k in enough},
        intervals_by_class={classes[k]: figures.class_intervals(k) for k in enough},
    )
    difference = difference_to(figures, whole)
    if difference:
        found.difference, found.p_value = difference.value, difference.p_value
        found.difference_interval = difference.interval
    return found


def too_few(figures: Figures) -> str | None:
    """Why a part cannot be judged, in words; None when it can."""
    if figures.n >= LEAST_TRUTHS and figures.units >= LEAST_UNITS and figures.value(figures.lead[0]) is not None:
        return None
    groups = f" in {figures.units} groups" if figures.units != figures.images else ""
    return (
        f"too few to judge: {figures.n} truths on {figures.images} items{groups}; "
        f"it takes {LEAST_TRUTHS} truths, {LEAST_IN_CLASS} of one class, and {LEAST_UNITS} items or groups"
    )


def class_scores(figures: Figures, k: int) -> ClassScores:
    numbers = {name: figures.class_value(name, k) for name in figures.by_class if name in ClassScores.model_fields}
    return ClassScores.model_validate(numbers | {"n": int(figures.n_k[k])})


def difference_to(figures: Figures, whole: Figures) -> Difference | None:
    """Leading figure of a part minus that of all data over the classes of the part, in the same resamples."""
    overall, by_class = figures.lead
    if overall == "accuracy":
        return Difference.of(figures.overall[overall] - whole.overall[overall])
    return Difference.of(mean_over_classes(figures.by_class[by_class] - whole.by_class[by_class], figures.mean_k))


def _parts_of(name: str, column: Column, items: int) -> list[Part]:
    if len(column) != items:
        raise BadInput(f"the column '{name}' has {len(column)} values for {items} items", where=f"slices.{name}")
    values = _as_names(column)
    counts = Counter(value for value in values.tolist() if value)
    if len(counts) < 2 or len(counts) > max(2, items // 2):
        return []
    common = [value for value, _ in counts.most_common(MOST_VALUES)]
    order = counts if _is_numeric(column) else common
    return [Part("metadata", {name: value}, values == value) for value in order]


def _as_names(column: Column) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Values as names, "" for none; a column of many numbers is cut at its quartiles."""
    if not _is_numeric(column):
        return np.array(["" if value is None else str(value) for value in column])
    numbers = np.array([np.nan if value is None else float(value) for value in column])
    cuts = np.unique(np.quantile(numbers[~np.isnan(numbers)], [0, 0.25, 0.5, 0.75, 1]))
    names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(cuts)]
    place = np.clip(np.searchsorted(cuts, np.nan_to_num(numbers), "right") - 1, 0, len(names) - 1)
    return np.where(np.isnan(numbers), "", np.array(names)[place])


def _is_numeric(column: Column) -> bool:
    known = [value for value in column if value is not None]
    numeric = bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
    return numeric and len(set(known)) > MOST_VALUES


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _month(day: date) -> str:
    return f"{day.year}-{day.month:02d}"
