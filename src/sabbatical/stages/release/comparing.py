"""The gates that compare a model with the champion on the same items: all data, classes, slices.

"Surely" means: the 95 % interval of the paired difference leaves out zero, and it still does so among all classes or
slices that the gate looks at (Benjamini and Hochberg, JRSS B 1995, at 5 %), so that a hundred slices raise no alarm by
chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sabbatical.metrics.resampling import LEAST_UNITS, surely_different
from sabbatical.schemas.evaluate import Change, Comparison
from sabbatical.schemas.policy import ClassGate, OverallGate, SliceGate
from sabbatical.schemas.release import GateVerdict
from sabbatical.stages.evaluate.actions import LEAST_TRUTHS
from sabbatical.stages.release.measured import Measured, count, listed, metric_name, more, points, said_of, spread

NAMED = 3  # of those that lose


def overall(gate: OverallGate, measured: Measured) -> GateVerdict:
    """Failed where all data surely lose more than is allowed."""
    said: dict[str, Any] = {"gate": "overall", "limit": -gate.lose_at_most}
    found = _comparison(measured, said)
    if isinstance(found, GateVerdict):
        return found
    assert measured.report is not None
    lost = found.interval[1] < 0 and found.difference < -gate.lose_at_most
    told = {"better": "a sure gain", "worse": "a sure loss", "same": "which may be chance"}[found.verdict]
    told = told if found.difference else "no difference"
    sentence = (
        f"{metric_name(found.metric)} is {found.after * 100:.1f} after {found.before * 100:.1f} of {found.model}: "
        f"{points(found.difference)} points ({spread(found.interval)}, {count(measured, measured.report.items)}), "
        f"{told}; a sure loss of more than {gate.lose_at_most * 100:.1f} is refused."
    )
    values = {"value": found.difference, "interval": found.interval, "items": measured.report.items}
    return said_of("failed" if lost else "passed", sentence, **said, **values)


def slices(gate: SliceGate, measured: Measured) -> GateVerdict:
    """Failed where a slice with enough items surely loses more; undecided where slices are there but all too small."""
    said: dict[str, Any] = {"gate": "slices", "limit": -gate.lose_at_most}
    found = _comparison(measured, said)
    if isinstance(found, GateVerdict):
        return found
    assert measured.report is not None
    parts = [*measured.report.slices, *measured.report.cohorts]
    if not parts:
        return said_of("passed", "The items have no attributes, sizes or times that would make slices.", **said)
    images = {part.name: part.scores.images for part in parts}
    large = [one for one in found.changes if one.kind == "slice" and images.get(one.name, 0) >= gate.items]
    if not large:
        most = max(images.values())
        sentence = (
            f"No slice of {len(parts)} can be judged: it takes {gate.items:,} items and {LEAST_TRUTHS} labels, the "
            f"largest has {most:,} items: {more(measured, 'items', 'slices')}"
        )
        return said_of("undecided", sentence, items=most, **said)
    small = len(parts) - len(large)
    rest = f" {_several('slice', small)} too small to judge." if small else ""
    return _surest(Looked("slice", f"{gate.items:,} items", large, images, rest), gate.lose_at_most, said)


def classes(gate: ClassGate, measured: Measured) -> GateVerdict:
    """Failed where a class with enough labels surely loses more; undecided where none has enough."""
    said: dict[str, Any] = {"gate": "classes", "limit": -gate.lose_at_most}
    found = _comparison(measured, said)
    if isinstance(found, GateVerdict):
        return found
    assert measured.report is not None
    least = max(gate.truths, LEAST_TRUTHS)
    large = [one for one in found.changes if one.kind == "class" and one.n >= least]
    if not large:
        most = max((one.n for one in measured.report.metrics.by_class.values()), default=0)
        sentence = (
            f"No class of {len(measured.report.classes)} can be judged: it takes {least:,} labels, the most of one are "
            f"{most:,}: {more(measured, 'truths' if gate.truths > LEAST_TRUTHS else None, 'classes')}"
        )
        return said_of("undecided", sentence, items=most, **said)
    few = [name for name in measured.report.classes if name not in {one.name for one in large}]
    rest = f" Too few labels to judge: {listed(few)}." if few else ""
    many = {one.name: one.n for one in large}
    return _surest(Looked("class", f"{least:,} labels", large, many, rest), gate.lose_at_most, said)


@dataclass(frozen=True)
class Looked:
    """What a gate looks at: slices or classes of at least some `size`; how large each is, and what `rest` was not."""

    noun: str
    size: str
    changes: Sequence[Change]
    many: Mapping[str, int]
    rest: str

    def told(self, change: Change) -> str:
        unit = self.size.split()[1]
        size = f"{self.many[change.name]:,} {unit}"
        return f"{change.name}, {points(change.difference)} ({spread(change.interval)}, {size})"


def _surest(looked: Looked, limit: float, said: dict[str, Any]) -> GateVerdict:
    """Failed where any surely loses more than the limit; the one that loses most surely is named first."""
    sure = surely_different([change.p_value for change in looked.changes])
    lost = [
        change
        for change, holds in zip(looked.changes, sure, strict=True)
        if holds and change.interval[1] < 0 and change.difference < -limit
    ]
    lost.sort(key=lambda change: change.interval[1])
    worst = lost[0] if lost else min(looked.changes, key=lambda change: change.difference)
    facts = {"value": worst.difference, "interval": worst.interval, "where": worst.name}
    facts |= {"items": looked.many[worst.name]} | said
    whole = f"of {len(looked.changes)} with {looked.size} or more"
    more_than = f"more than {limit * 100:.1f} points"
    if not lost:
        start = f"No {looked.noun} {whole} surely loses {more_than}"
        return said_of("passed", f"{start}; the lowest is {looked.told(worst)}.{looked.rest}", **facts)
    names = "; ".join(looked.told(change) for change in lost[:NAMED])
    names += f"; and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    start = f"{_several(looked.noun, len(lost))} {whole} surely lost {more_than}"
    return said_of("failed", f"{start}: {names}.{looked.rest} Label more such items and train again.", **facts)


def _comparison(measured: Measured, said: dict[str, Any]) -> Comparison | GateVerdict:
    """The comparison with the champion; or the verdict where there is none."""
    if measured.report is None:
        return said_of("undecided", f"{measured.missing}There is no report to judge by.", **said)
    if measured.champion is None:
        return said_of("passed", f"{measured.model} is the first: there is no champion to compare with.", **said)
    found = measured.report.comparison
    if found is None and measured.missing:
        sentence = f"{measured.missing}{measured.model} was judged alone; a person may go on with it anyway."
        return said_of("undecided", sentence, items=measured.report.items, **said)
    if found is None or measured.report.units < LEAST_UNITS:
        sentence = (
            f"{measured.model} and {measured.champion} cannot be compared on {count(measured, measured.report.items)} "
            f"in {measured.report.units:,} groups. It takes {LEAST_UNITS} groups to resample, and classes that both "
            f"can be judged on: {more(measured, None, said['gate'])}"
        )
        return said_of("undecided", sentence, items=measured.report.items, **said)
    return found


def _several(noun: str, many: int) -> str:
    return f"{many:,} {noun}" if many == 1 else f"{many:,} {noun}{'es' if noun.endswith('s') else 's'}"
