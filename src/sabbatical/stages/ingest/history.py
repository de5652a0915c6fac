"""Consistent with history: what a source sent until now, and how a new batch differs from it.

A profile is small (counts in bins), adds up, and is JSON. Facts (a new column, a new label) are said as soon as there
is a history. Shifts are said only where they are both sure (a test at `SURE`, shared among the labels) and large (an
effect size), and only from `MIN_BATCH` items on, so that a batch of the same kind is silent.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from sabbatical.schemas.ingest import HistoryWarning
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.languages import language_of, script_of

MIN_BEFORE, MIN_BATCH = 50, 30
"""Items below which nothing is said, and below which no shift is tested."""
SURE = 1e-3
LARGE_H = 0.3
"""Cohen's h of two shares; 0.2 counts as small, 0.5 as medium."""
LARGE_D = 0.2
"""Greatest distance of two cumulative distributions (Kolmogorov and Smirnov)."""
NOTABLE = 0.05
"""Share of a batch from which on what was never seen before is said."""
NEARLY_ALL = 0.95
FARTHER = 1.4
"""How far beyond all sizes seen before a size is another one."""
OCTAVE = 8
SHADES = 64


class Observed(Protocol):
    """What a profile looks at in an item."""

    @property
    def text(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def brightness(self) -> float | None: ...
    @property
    def attributes(self) -> dict[str, Any]: ...
    @property
    def payload(self) -> Payload | None: ...


@dataclass
class Profile:
    """Counts over items. Lengths are counted in eighths of an octave, brightness in 64 shades."""

    items: int = 0
    labeled: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    """Items that have the attribute."""
    types: Counter[str] = field(default_factory=Counter)
    """Items by attribute and type, as `name: type`."""
    labels: Counter[str] = field(default_factory=Counter)
    """Labeled items that carry the label."""
    scripts: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    lengths: Counter[str] = field(default_factory=Counter)
    sides: Counter[str] = field(default_factory=Counter)
    """Longer sides of images, in pixels."""
    brightness: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, items: Iterable[Observed]) -> Profile:
        profile = cls()
        for item in items:
            profile.add(item)
        return profile

    def add(self, item: Observed) -> None:
        """Counts one more item."""
        self.items += 1
        self.columns.update(item.attributes.keys())
        self.types.update(f"{name}: {_type(value)}" for name, value in item.attributes.items())
        if item.payload is not None:
            self.labeled += 1
            self.labels.update(set(item.payload.labels))
        if item.text is not None:
            self.lengths[_octaves(len(item.text))] += 1
            self.scripts[script_of(item.text)] += 1
            self.languages[language_of(item.text)] += 1
        if item.width and item.height:
            self.sides[str(max(item.width, item.height))] += 1
        if item.brightness is not None:
            self.brightness[str(min(int(item.brightness * SHADES), SHADES - 1))] += 1

    def merged(self, other: Profile) -> Profile:
        """The profile of both together."""
        return Profile(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def to_dict(self) -> dict[str, Any]:
        return {
            each.name: dict(value) if isinstance(value := getattr(self, each.name), Counter) else value
            for each in fields(self)
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Profile:
        """What `to_dict` gave; counts that a later version added are empty."""
        profile = cls(items=int(document.get("items", 0)), labeled=int(document.get("labeled", 0)))
        for each in fields(cls):
            if isinstance(counts := document.get(each.name), dict):
                setattr(profile, each.name, Counter(counts))
        return profile


def compare(before: Profile, batch: Profile) -> list[HistoryWarning]:
    """What is different in a batch, in words with numbers; nothing where there is too little to compare with."""
    if before.items < MIN_BEFORE or not batch.items:
        return []
    found = [*_columns(before, batch), *_new_labels(before, batch)]
    if batch.items >= MIN_BATCH:
        found += [*_types(before, batch), *_writing(before, batch), *_sizes(before, batch), *_shares(before, batch)]
        found += _shift("brightness", "The images' brightness (0 to 1)", before.brightness, batch.brightness, _shade)
        found += _shift("text-length", "The texts' length in characters", before.lengths, batch.lengths, _size)
    return [HistoryWarning(code=code, message=message) for code, message in found]


Said = Iterator[tuple[str, str]]


def _columns(before: Profile, batch: Profile) -> Said:
    for name in sorted(batch.columns.keys() - before.columns.keys()):
        yield "unknown-column", f"'{name}' is new: {batch.columns[name]:,} of {batch.items:,} items have it."
    if batch.items >= MIN_BATCH:
        for name in sorted(before.columns.keys() - batch.columns.keys()):
            share = before.columns[name] / before.items
            if share >= NEARLY_ALL:
                yield "missing-column", f"'{name}' is missing: {share:.0%} of all items before had it, none here."


def _types(before: Profile, batch: Profile) -> Said:
    for column in sorted(batch.types.keys() - before.types.keys()):
        name, _, kind = column.rpartition(": ")
        if name in before.columns and batch.types[column] >= NOTABLE * batch.columns[name]:
            usual = max((key for key in before.types if key.rpartition(": ")[0] == name), key=before.types.__getitem__)
            was = usual.rpartition(": ")[2]
            yield "column-type", f"'{name}' is {kind} in {batch.types[column]:,} items; before it was {was}."


def _new_labels(before: Profile, batch: Profile) -> Said:
    if before.labeled < MIN_BEFORE:
        return
    for name in sorted(batch.labels.keys() - before.labels.keys()):
        yield (
            "new-label",
            f"The label '{name}' is new: on {batch.labels[name]:,} of {batch.labeled:,} items, before on none of "
            f"{before.labeled:,}.",
        )


def _writing(before: Profile, batch: Profile) -> Said:
    for what, earlier, now in (
        ("script", before.scripts, batch.scripts),
        ("language", before.languages, batch.languages),
    ):
        texts, texts_before = now.total(), earlier.total()
        for name, count in sorted(now.items()):
            if name and texts_before >= MIN_BEFORE and count >= NOTABLE * texts:
                share, was = count / texts, earlier[name] / texts_before
                if share > was and _differ(count, texts, earlier[name], texts_before, SURE):
                    yield what, f"{share:.0%} of the texts are in {name}; before it was {_percent(was)}."


def _sizes(before: Profile, batch: Profile) -> Said:
    if before.sides.total() < MIN_BEFORE or not batch.sides:
        return
    low, high = (f(int(key) for key in before.sides) for f in (min, max))
    outside = Counter({key: n for key, n in batch.sides.items() if not low / FARTHER <= int(key) <= high * FARTHER})
    if outside.total() >= NOTABLE * batch.sides.total():
        example, _ = outside.most_common(1)[0]
        count = f"{outside.total():,} of {batch.sides.total():,}"
        yield (
            "image-size",
            f"The longer side of {count} images is {example} pixels or so; before it was {low} to {high}.",
        )


def _shares(before: Profile, batch: Profile) -> Said:
    names = sorted(before.labels.keys() | batch.labels.keys())
    if before.labeled < MIN_BEFORE or batch.labeled < MIN_BATCH:
        return
    for name in names:
        if name in before.labels and _differ(
            batch.labels[name], batch.labeled, before.labels[name], before.labeled, SURE / len(names)
        ):
            share, was = batch.labels[name] / batch.labeled, before.labels[name] / before.labeled
            yield "label-share", f"'{name}' is on {_percent(share)} of the items; before it was {_percent(was)}."


def _shift(code: str, what: str, before: Counter[str], batch: Counter[str], value: Any) -> list[tuple[str, str]]:
    """A shift of a distribution, by the test of Kolmogorov and Smirnov on the bins."""
    n, m = before.total(), batch.total()
    if n < MIN_BEFORE or m < MIN_BATCH:
        return []
    bins = sorted(set(before) | set(batch), key=int)
    distance = gap = 0.0
    for each in bins:
        gap += batch[each] / m - before[each] / n
        distance = max(distance, abs(gap))
    if distance < LARGE_D or smirnov_p(distance, n, m) >= SURE:
        return []
    medians = value(_median(batch)), value(_median(before))
    return [(code, f"{what} shifted: half of the batch is below {medians[0]}, before half was below {medians[1]}.")]


def _differ(count: int, of: int, count_before: int, of_before: int, sure: float) -> bool:
    """Whether two shares differ surely (two-sided z-test of the pooled share) and much (Cohen's h)."""
    share, was = count / of, count_before / of_before
    pooled = (count + count_before) / (of + of_before)
    error = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_before))
    h = abs(2 * math.asin(math.sqrt(share)) - 2 * math.asin(math.sqrt(was)))
    return error > 0 and h >= LARGE_H and math.erfc(abs(share - was) / error / math.sqrt(2)) < sure


def smirnov_p(distance: float, n: int, m: int) -> float:
    """Two-sample p-value for a distance of cumulative shares (asymptotic, with Stephens' correction, 1970)."""
    root = math.sqrt(n * m / (n + m))
    scaled = (root + 0.12 + 0.11 / root) * distance
    if scaled < 0.2:  # where the series has not converged, the probability is 1
        return 1.0
    terms = ((-1.0) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def _median(counts: Counter[str]) -> float:
    left = counts.total() / 2
    for key in sorted(counts, key=int):
        left -= counts[key]
        if left <= 0:
            return float(key)
    return 0.0


def _octaves(value: int) -> str:
    return str(round(OCTAVE * math.log2(max(value, 1))))


def _size(octaves: float) -> str:
    return f"{2 ** (octaves / OCTAVE):,.0f}"


def _shade(place: float) -> str:
    return f"{(place + 0.5) / SHADES:.2f}"


def _percent(share: float) -> str:
    return "none" if share == 0 else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _type(value: Any) -> str:
    """The type of an attribute; a number written as text is a number."""
    if isinstance(value, bool):
        return "a flag"
    if isinstance(value, int | float):
        return "a number"
    if not isinstance(value, str):
        return "a list or object"
    try:
        float(value)
    except ValueError:
        return "text"
    return "a number"
