"""The gates that compare a model with the champion on the same items: all data, classes, slices.

"Surely" means: the 95 % interval of the paired difference leaves out zero, and it still does so among all classes or
slices that the gate looks at (Benjamini and Hochberg, JRSS B 1995, at 5 %), so that a hundred slices raise no alarm by
chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sabbatical.metrics.resampling import LEAST_UNITS, surely_different
from sabbatical.schemas.evaluate import Change, Comparison
from sabbatical.schemas.policy import ClassGate, OverallGate, SliceGate
from sabbatical.schemas.release import GateVerdict
from sabbatical.stages.release.measured import Measured, count, listed, metric_name, points, said_of, spread

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
    large = [
        change
        for change in found.changes
        if change.kind == "slice" and images.get(change.slice_name or "", 0) >= gate.items
    ]
    small = len(parts) - len(large)
    if not large:
        most = max(images.values())
        sentence = (
            f"None of {len(parts)} slices can be judged: it takes {gate.items:,} items with labels enough, the largest "
            f"has {most:,} items. Label more of the split that judges, or ask for fewer."
        )
        return said_of("undecided", sentence, items=most, **said)
    rest = f" {small} smaller {'slices were' if small != 1 else 'slice was'} not judged." if small else ""
    whose = f"{len(large)} slices with {gate.items:,} items or more"
    many = {change.name: images[change.slice_name or ""] for change in large}
    return _surest(large, gate.lose_at_most, whose, rest, many, said)


def classes(gate: ClassGate, measured: Measured) -> GateVerdict:
    """Failed where a class with enough labels surely loses more; undecided where none has enough."""
    said: dict[str, Any] = {"gate": "classes", "limit": -gate.lose_at_most}
    found = _comparison(measured, said)
    if isinstance(found, GateVerdict):
        return found
    assert measured.report is not None
    large = [change for change in found.changes if change.kind == "class" and change.n >= gate.truths]
    few = [name for name in measured.report.classes if name not in {change.class_name for change in large}]
    if not large:
        most = max((one.n for one in measured.report.metrics.by_class.values()), default=0)
        sentence = (
            f"None of {len(measured.report.classes)} classes can be judged: it takes {gate.truths:,} labels, the most "
            f"have {most:,}. Label more items of the split that judges, or ask for fewer."
        )
        return said_of("undecided", sentence, items=most, **said)
    rest = f" Too few labels to judge: {listed(few)}." if few else ""
    whose = f"{len(large)} classes with {gate.truths:,} labels or more"
    return _surest(large, gate.lose_at_most, whose, rest, {change.name: change.n for change in large}, said)


def _surest(
    changes: Sequence[Change], limit: float, whose: str, rest: str, many: dict[str, int], said: dict[str, Any]
) -> GateVerdict:
    """Failed where any of these surely loses more; the one that loses most surely is named."""
    sure = surely_different([change.p_value for change in changes])
    lost = [
        change
        for change, holds in zip(changes, sure, strict=True)
        if holds and change.interval[1] < 0 and change.difference < -limit
    ]
    worst = min(lost, key=lambda one: one.interval[1]) if lost else min(changes, key=lambda one: one.difference)
    told = {"value": worst.difference, "interval": worst.interval, "where": worst.name, "items": many[worst.name]}
    if lost:
        others = sorted((one for one in lost if one is not worst), key=lambda one: one.interval[1])
        names = "; ".join(_told(one, many) for one in [worst, *others[: NAMED - 1]])
        more = f"; and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
        sentence = f"{len(lost)} of {whose} surely lose more than {limit * 100:.1f} points: {names}{more}.{rest}"
        return said_of("failed", f"{sentence} Label more such items and train again.", **told, **said)
    sentence = f"None of {whose} surely loses more than {limit * 100:.1f} points; the lowest is {_told(worst, many)}."
    return said_of("passed", sentence + rest, **told, **said)


def _comparison(measured: Measured, said: dict[str, Any]) -> Comparison | GateVerdict:
    """The comparison with the champion; or the verdict where there is none."""
    if measured.report is None:
        return said_of("undecided", f"{measured.missing}There is no report to judge by.", **said)
    if measured.champion is None:
        return said_of("passed", f"{measured.model} is the first: there is no champion to compare with.", **said)
    found = measured.report.comparison
    if found is None or measured.report.units < LEAST_UNITS:
        sentence = (
            f"{measured.model} and {measured.champion} cannot be compared on {count(measured, measured.report.items)} "
            f"in {measured.report.units:,} groups: it takes {LEAST_UNITS} groups to resample, and classes that both "
            "can be judged on. Label more items of the split that judges."
        )
        return said_of("undecided", sentence, items=measured.report.items, **said)
    return found


def _told(change: Change, many: dict[str, int]) -> str:
    noun = "labels" if change.kind == "class" else "items"
    return f"{change.name}, {points(change.difference)} ({spread(change.interval)}, {many[change.name]:,} {noun})"
