"""The report of the demo's second half: release, drift, issues, labels, the new champion, and the turn by its steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import islice

import numpy as np

from sabbatical.core.errors import BadFile, NotFound
from sabbatical.demo.gain import DRIFTED
from sabbatical.demo.loop import POLICY, Turned
from sabbatical.geometry import pairwise_iou
from sabbatical.report.drift_page import drift_chapter
from sabbatical.report.loop_chapters import mined_chapter, released_chapter, turn_chapter
from sabbatical.report.loop_story import Labeled, Ordered, Relabeled, Succession, Tally
from sabbatical.report.picture import Picture, picture_of
from sabbatical.report.story import Chapter, Drawn, Shot
from sabbatical.report.words import Stress, Words, new, points, signed, signed_span, strong
from sabbatical.schemas.evaluate import Comparison, Report
from sabbatical.schemas.label import Shape
from sabbatical.sdk.project import Project
from sabbatical.sim.labelers import Work

SHOTS = 4
LOOKED_AT = 24  # failures of an issue, for those of which most was missed
FOUND_IOU = 0.5
Labels = Callable[[str], list[Shape] | None]


def loop_chapters(turned: Turned, project: Project, pictures: dict[str, Picture]) -> list[Chapter]:
    """The chapters in the order of the loop; the pictures that they need are added to `pictures`."""
    labels = _labels_of(project)
    chapters: list[Chapter] = [
        released_chapter(turned.first.record, turned.decisions),
        _drift(turned),
        _mined(turned, project, labels),
    ]
    if turned.works:
        chapters.append(_labeled(turned, project, labels))
    if turned.release is not None:
        chapters.append(released_chapter(turned.release.record, turned.decisions, name="Second release"))
    comparison = turned.second.report.comparison if turned.second else None
    if turned.second is not None and comparison is not None:
        chapters.append(_succession(turned.first.record.model, turned.second.report, comparison))
    chapters.append(turn_chapter(turned.turn, "The second turn, by itself"))
    turned_items = [one.item for one in (*comparison.wrong_to_right, *comparison.right_to_wrong)] if comparison else []
    _add_pictures(project, [*turned_items, *_shown(chapters)], pictures)
    return chapters


def loop_headline(first: Comparison, turned: Turned) -> tuple[Words, Words] | None:
    """What both turns changed, in one sentence and its numbers; None where there was no second model."""
    second, gain = turned.second.report.comparison if turned.second else None, turned.gain
    if second is None or gain is None:
        return None
    said: list[str | Stress] = [
        "One model for every customer: masking gives ",
        new(signed(first.difference)),
        " points",
    ]
    if gain.promoted and gain.better:
        night, rain = gain.drifted
        gains = f"{signed(night.difference)} by night, {signed(rain.difference)} in rain"
        said += [". Then it grew dark, and the loop by itself brought back ", new(gains)]
    numbers = (
        "mAP at IoU 0.5: ",
        strong(f"{points(first.before)} naive, {points(first.after)} masked"),
        f" ({signed_span(first.interval)}); ",
        strong(f"{points(second.after)} after the second turn"),
        f" ({signed_span(second.interval)}), each paired over the same items. {gain.sentence}",
    )
    return (*said, "."), numbers


def _drift(turned: Turned) -> Chapter:
    items = list(turned.traffic.seen)
    dark = [key for key in items if turned.traffic.seen[key].frame.conditions.time_of_day == "night"]
    day = [key for key in items if turned.traffic.seen[key].frame.conditions.time_of_day == "day"]
    return drift_chapter(turned.drift.report, _spread(day), _spread(dark))


def _spread(items: Sequence[str]) -> list[str]:
    """A few from begin to end."""
    step = max(len(items) // SHOTS, 1)
    return list(items[::step][:SHOTS])


def _mined(turned: Turned, project: Project, labels: Labels) -> Chapter:
    records = [issue.record for issue in turned.issues]
    shots = {}
    failing: set[str] = set()
    for issue in turned.issues:
        failed = [one.item for one in issue.items() if one.kind != "alike" and one.item in turned.traffic.seen]
        failing.update(failed)
        ranked = sorted(islice(failed, LOOKED_AT), key=lambda item: -len(_missed(turned, labels, item)))
        shots[issue.number] = [_failure(turned, labels, item) for item in ranked[:SHOTS]]
    ordered = [
        Ordered(
            one.taxonomy,
            sum(one.tasks.values()),
            sum(task.item in failing for task in project.tasks(one.name)),
            name=one.name,
            issues=tuple(record.number for record in records if one.name in record.campaigns),
        )
        for one in project.campaigns()
    ]
    model = turned.first.record.model
    return mined_chapter(model, records, ordered, shots=shots, budget=POLICY["label"]["tasks_a_turn"])


def _failure(turned: Turned, labels: Labels, item: str) -> Shot:
    """What the model found, and what its labelers then drew that it had not found."""
    missed = [Drawn(_corners(shape), shape.label, "nobody") for shape in _missed(turned, labels, item)]
    frame = turned.traffic.seen[item].frame
    told = "not labeled" if labels(item) is None else f"{len(missed)} missed"
    caption = f"{frame.conditions.time_of_day}, {frame.weather}: {told}"
    return Shot(item, (*_found(turned, item), *missed), caption, frame=_size(turned, item))


def _found(turned: Turned, item: str) -> tuple[Drawn, ...]:
    """What the model was sure of when it was asked."""
    found = turned.traffic.answers[item].found
    return tuple(Drawn(one.box, one.label, "machine", one.score) for one in found if one.sure and one.box)


def _missed(turned: Turned, labels: Labels, item: str) -> list[Shape]:
    drawn = [shape for shape in labels(item) or () if shape.box]
    found = np.array([one.box for one in _found(turned, item)], float).reshape(-1, 4)
    if not drawn or not len(found):
        return drawn
    best_n = pairwise_iou(np.array([shape.box for shape in drawn], float), found).max(axis=1)
    return [shape for shape, best in zip(drawn, best_n.tolist(), strict=True) if best < FOUND_IOU]


def _labels_of(project: Project) -> Labels:
    """What stands as the label of an item, asked once; None where nobody has labeled it."""

    @cache
    def labels(item: str) -> list[Shape] | None:
        revision = next(iter(project.labels(item)), None)
        return revision.shapes if revision else None

    return labels


def _labeled(turned: Turned, project: Project, labels: Labels) -> Labeled:
    by_campaign: dict[str, list[Work]] = defaultdict(list)
    for work in turned.works:
        by_campaign[work.campaign].append(work)
    customers = {one.name: one.taxonomy for one in project.campaigns()}
    helped = sorted(turned.works, key=lambda work: -(work.accepted + work.corrected))
    return Labeled(
        tallies=tuple(_tally(customers[name], works) for name, works in sorted(by_campaign.items())),
        pairs=tuple(_pair(turned, labels, work) for work in helped[:SHOTS] if work.item in turned.traffic.answers),
        model=turned.first.record.model,
    )


def _tally(customer: str, works: Sequence[Work]) -> Tally:
    return Tally(
        customer,
        len(works),
        accepted=sum(work.accepted for work in works),
        corrected=sum(work.corrected for work in works),
        renamed=sum(work.renamed for work in works),
        deleted=sum(work.deleted for work in works),
        drawn=sum(work.drawn for work in works),
        seconds=tuple(work.seconds for work in works),
        scratch=tuple(work.scratch_seconds for work in works),
    )


def _pair(turned: Turned, labels: Labels, work: Work) -> Relabeled:
    final = tuple(Drawn(_corners(shape), shape.label) for shape in labels(work.item) or () if shape.box)
    size = _size(turned, work.item)
    said = f"{work.seconds:.0f} s instead of {work.scratch_seconds:.0f} s"
    return Relabeled(Shot(work.item, _found(turned, work.item), frame=size), Shot(work.item, final, frame=size), said)


def _succession(before: str, report: Report, comparison: Comparison) -> Succession:
    return Succession(
        before=before,
        after=report.model,
        comparison=comparison,
        drifted=DRIFTED,
        items=report.items,
        recall=tuple(comparison.recall),
    )


def _add_pictures(project: Project, items: Iterable[str], pictures: dict[str, Picture]) -> None:
    for item in dict.fromkeys(items):
        try:
            pictures.setdefault(item, picture_of(project.media(item)))
        except (BadFile, NotFound):
            continue


def _shown(chapters: Iterable[Chapter]) -> list[str]:
    """The items of every shot in the chapters."""
    found: list[str] = []
    for chapter in chapters:
        for shots in _shots(chapter):
            found += [shot.item for shot in shots]
    return found


def _shots(chapter: Chapter) -> Iterable[Sequence[Shot]]:
    for name in ("shots_before", "shots_after"):
        yield getattr(chapter, name, ())
    for issue in getattr(chapter, "issues", ()):
        yield issue.shots
    for pair in getattr(chapter, "pairs", ()):
        yield (pair.suggested, pair.final)


def _corners(shape: Shape) -> tuple[float, float, float, float]:
    assert shape.box is not None
    return shape.box


def _size(turned: Turned, item: str) -> tuple[int, int]:
    rows, width = turned.traffic.seen[item].frame.image_hwc.shape[:2]
    return width, rows
