"""The gates that compare a model with the champion on the same items: all data, classes, slices.

A gate judges by points, the difference itself, or by sure losses. "Surely" means: the 95 % interval of the paired
difference leaves out zero, and it still does so among all classes or slices that the gate looks at (Benjamini and
Hochberg, JRSS B 1995, at 5 %), so that a hundred slices raise no alarm by chance. What passes so may have lost what
could not be seen; the verdict says from how much on a loss would have been sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from sabbatical.metrics.resampling import LEAST_UNITS, Z_95, Span, surely_different
from sabbatical.schemas.evaluate import Change, Comparison
from sabbatical.schemas.policy import ClassGate, LosingGate, OverallGate, SliceGate
from sabbatical.schemas.release import GateVerdict
from sabbatical.stages.evaluate.actions import LEAST_TRUTHS
from sabbatical.stages.release.measured import Measured, count, listed, metric_name, more, points, said_of, spread

NAMED = 3  # of those that lose


def overall(gate: OverallGate, measured: Measured) -> GateVerdict:
    """Failed where all data lose more than is allowed."""
    said: dict[str, Any] = {"gate": "overall", "limit": -gate.lose_at_most}
    found = _comparison(measured, said)
    if isinstance(found, GateVerdict):
        return found
    assert measured.report is not None
    items = measured.report.items
    by_points = gate.judge_by == "points"
    lost = (by_points or found.interval[1] < 0) and found.difference < -gate.lose_at_most
    told = {"better": "a sure gain", "worse": "a sure loss", "same": "which may be chance"}[found.verdict]
    told = told if found.difference else "no difference"
    refused = f"more than {gate.lose_at_most * 100:.1f} is refused"
    sentence = (
        f"{metric_name(found.metric)} is {found.after * 100:.1f} after {found.before * 100:.1f} of {found.model}: "
        f"{points(found.difference)} points ({spread(found.interval)}, {count(measured, items)}), {told}; "
        f"{f'a loss of {refused}, sure or not' if by_points else f'a sure loss of {refused}'}."
    )
    said |= {"value": found.difference, "interval": found.interval, "items": items}
    if not lost and not by_points:
        said["sure_from"] = sure_from(found.interval, items, 1, gate.lose_at_most)
        sentence += f" Here a loss is sure from {said['sure_from'] * 100:.1f} points on."
    return said_of("failed" if lost else "passed", sentence, **said)


def sure_from(interval: Span, n: int, looked_at: int, limit: float) -> float:
    """The smallest loss on `n` items or labels that would have been sure, were it the only one of all `looked_at`.

    As far as the interval reaches, at the stricter level for many; where the models hardly differ the interval is too
    narrow to tell, so at least what `n` that all turn from right to wrong take to be no chance (the score test of a
    share: Wilson, JASA 1927). Never less than the limit, for a smaller loss is allowed.
    """
    z = NormalDist().inv_cdf(1 - 0.05 / (2 * looked_at))
    return max(limit, (interval[1] - interval[0]) / 2 * z / Z_95, z**2 / (n + z**2))


def slices(gate: SliceGate, measured: Measured) -> GateVerdict:
    """Failed where a slice with enough items loses more; undecided where slices are there but all too small."""
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
    return _lowest(gate, Looked("slice", f"{gate.items:,} items", large, images, rest), said)


def classes(gate: ClassGate, measured: Measured) -> GateVerdict:
    """Failed where a class with enough labels loses more; undecided where none has enough."""
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
    return _lowest(gate, Looked("class", f"{least:,} labels", large, many, rest), said)


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


def _lowest(gate: LosingGate, looked: Looked, said: dict[str, Any]) -> GateVerdict:
    """Failed where any loses more than the limit; the one that loses most, or most surely, is named first."""
    lost = _lost(gate, looked.changes)
    by_points = gate.judge_by == "points"
    worst = lost[0] if lost else min(looked.changes, key=lambda change: change.difference)
    facts = {"value": worst.difference, "interval": worst.interval, "where": worst.name}
    facts |= {"items": looked.many[worst.name]} | said
    whole = f"of {len(looked.changes)} with {looked.size} or more"
    more_than = f"more than {gate.lose_at_most * 100:.1f} points{', sure or not' if by_points else ''}"
    if not lost:
        loses = "loses" if by_points else "surely loses"
        told = f"No {looked.noun} {whole} {loses} {more_than}; the lowest is {looked.told(worst)}."
        if not by_points:
            seen = sure_from(worst.interval, worst.n, len(looked.changes), gate.lose_at_most)
            facts |= {"sure_from": seen}
            told += f" There a loss is sure from {seen * 100:.1f} points on."
        return said_of("passed", told + looked.rest, **facts)
    names = "; ".join(looked.told(change) for change in lost[:NAMED])
    names += f"; and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    start = f"{_several(looked.noun, len(lost))} {whole} {'' if by_points else 'surely '}lost {more_than}"
    return said_of("failed", f"{start}: {names}.{looked.rest} Label more such items and train again.", **facts)


def _lost(gate: LosingGate, changes: Sequence[Change]) -> list[Change]:
    """Those that lost more than the gate allows, as it judges; the largest loss, or the surest, first."""
    large = [change.difference < -gate.lose_at_most for change in changes]
    if gate.judge_by == "points":
        found = [change for change, is_large in zip(changes, large, strict=True) if is_large]
        return sorted(found, key=lambda change: change.difference)
    sure = surely_different([change.p_value for change in changes])
    found = [
        change
        for change, is_large, holds in zip(changes, large, sure, strict=True)
        if is_large and holds and change.interval[1] < 0
    ]
    return sorted(found, key=lambda change: change.interval[1])


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
