"""A study as one page of HTML: the claims, every method with its intervals, and what one finds that another misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from sabbatical.geometry import pairwise_iou
from sabbatical.metrics.columns import Bools
from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.card import table as drawn_table
from sabbatical.report.charts.intervals import Measured, intervals
from sabbatical.report.charts.lines import lines
from sabbatical.report.charts.pairs import pairs
from sabbatical.report.loop_story import Relabeled
from sabbatical.report.markup import el
from sabbatical.report.page import page
from sabbatical.report.palette import class_colours
from sabbatical.report.picture import Picture, picture_of
from sabbatical.report.story import Drawn, Shot, Trace
from sabbatical.report.words import Stress, Words, counted, duration, new, points, strong
from sabbatical.schemas.study import Claim, MethodFigures, Point, StudyRequest, StudyResult
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import BoxOutcome
from sabbatical.study.boxes import BoxTask
from sabbatical.study.trial import Trial, kept_trial

OURS, SHOWN, SURE, SAME, SIDE = "tree", 6, 0.5, 0.5, 360


def study_page(study: StudyResult, asked: StudyRequest, root: Path, data: Callable[[str], Path]) -> str:
    """The page of a study, self-contained."""
    title = f"A study of {'ramp time' if study.study == 'ramp' else study.study}"
    place = f"{study.data}, seeds {_seeds(study)}"
    headline, numbers = _conclusion(study)
    if not study.methods:
        return page(title, place, headline, numbers, [], Context({}))
    if study.study in X_NAMES:
        return page(title, place, headline, numbers, [_curves(study), _claims(study)], Context({}))
    task = task_of(study.data, data)
    kept = _first_trials(study, asked, root)
    shown = _contrasts(task, kept)
    parents = {name: task.tree[name].parent for name in task.tree.names}
    pictures = {pair.final.item: _picture(task, pair.final.item) for pair in shown}
    context = Context(class_colours(list(task.tree.names), parents), pictures)
    sections = [_claims(study), _methods(study), _classes(study)]
    if shown:
        sections.append(_pictures(shown, context))
    sections.append(_learning(study, kept))
    return page(title, place, headline, numbers, sections, context)


def _seeds(study: StudyResult) -> str:
    return ", ".join(map(str, study.seeds))


def _conclusion(study: StudyResult) -> tuple[Words, Words]:
    if study.study != "masking":
        ours_now = next(iter(study.methods.values()), None)
        named = "" if ours_now is None else f"{ours_now.title}: {ours_now.about}"
        return (named or "No trial has ended.",), _many(study)
    ours, naive, oracle = (study.methods.get(name) for name in (OURS, "naive", "oracle"))
    numbers = _many(study)
    if ours is None:
        return ("No trial of tree masking has ended.",), numbers
    words: list[str | Stress] = ["Tree masking reaches ", new(points(_map(ours))), " points of mAP@0.5"]
    if naive is not None:
        words.append(f", naive training {points(_map(naive))}")
    if oracle is not None:
        words.append(f", the oracle with every label {points(_map(oracle))}")
    return (*words, "."), numbers


def _many(study: StudyResult) -> Words:
    return (
        strong(counted(len(study.methods), "method")),
        f" with {counted(len(study.seeds), 'seed')} each, on the same images. ",
        f"{sum(claim.met is True for claim in study.claims)} of {counted(len(study.claims), 'claim')} are met.",
    )


def _map(figures: MethodFigures) -> float | None:
    value: float | None = figures.metrics["overall"]["map50"]
    return value


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _claims(study: StudyResult) -> Section:
    met = sum(claim.met is True for claim in study.claims)
    rows = tuple((claim.claim, *_told(claim)) for claim in study.claims)
    body = drawn_table(Table(("claim", "found", "95% interval", "target", "met"), rows))
    headline = (f"{met} of {counted(len(study.claims), 'claim')} are met.",)
    says = ("Every difference is paired: both methods were judged on the same images in each resample.",)
    return Section("Claims", headline, says, (Card("Claims", body, "differences and parts, not points"),))


def _told(claim: Claim) -> tuple[object, ...]:
    span = f"{claim.interval[0]:.3f} to {claim.interval[1]:.3f}" if claim.interval else "–"
    met = {True: "yes, surely" if claim.sure else "yes", False: "no", None: "–"}[claim.met]
    return _plain(claim.value), span, claim.target, met


X_NAMES = {"ramp": "images that the newcomer has labeled", "growth": "week"}


def _curves(study: StudyResult) -> Section:
    """One picture for each thing that is judged, with one curve a method."""
    judged = list(dict.fromkeys(name for one in study.methods.values() for name in one.curves))
    first = next(iter(study.methods), "")
    cards = []
    for name in judged:
        traces = [
            Trace(
                one.title,
                tuple(point.x for point in one.curves[name] if point.value is not None),
                tuple(100 * point.value for point in one.curves[name] if point.value is not None),
                "new" if method == first else "old",
                smooth=False,
            )
            for method, one in study.methods.items()
        ]
        head = ("method", *[f"{point.x:g}" for point in study.methods[first].curves[name]])
        rows = tuple((one.title, *[_point(point) for point in one.curves[name]]) for one in study.methods.values())
        body = lines(traces, title=name, x_name=X_NAMES[study.study], y_floor=0.0, height=320)
        cards.append(Card(name, body, "mAP@0.5 in points", table=Table(head, rows)))
    about = " ".join(f"{one.title}: {one.about}" for one in study.methods.values())
    return Section("Curves", ("Quality against what it costs.",), (about,), tuple(cards))


def _point(point: Point) -> str:
    span = f" ({points(point.interval[0])}–{points(point.interval[1])})" if point.interval else ""
    return f"{points(point.value)}{span}"


def _methods(study: StudyResult) -> Section:
    measured = [
        Measured(
            el("span", el("span", one.title), class_="cls"),
            _map(one),
            one.intervals.get("map50"),
            len(one.by_seed),
            tone={OURS: "new", "oracle": "old"}.get(name, ""),
        )
        for name, one in study.methods.items()
    ]
    body = intervals(measured, title="mAP at IoU 0.5 by method", unit="seeds", value="points")
    legend = key((sign("filled"), "ours"), (sign("hollow"), "with every label"), (sign("band"), "95% interval"))
    rows = tuple(_row(one) for one in study.methods.values())
    about = tuple((one.title, one.about) for one in study.methods.values())
    head = ("method", "recall at 0.5", "calibration error", "by seed", "training", "an image", "parameters")
    cards = (
        Card("mAP@0.5", body, "points", legend),
        Card("Beside it", drawn_table(Table(head, rows)), "recall at a score of 0.5, mean over classes"),
        Card("What they are", drawn_table(Table(("method", "what it does"), about))),
    )
    partial = [one for name, one in study.methods.items() if name not in {"oracle", "fewer"}] or list(
        study.methods.values()
    )
    best = max(partial, key=lambda one: _map(one) or 0.0)
    headline = (f"Of what can be had with partial labels, {best.title} is ahead with {points(_map(best))} points.",)
    return Section("Methods", headline, ("The same network, steps, images and order for all.",), cards)


def _row(one: MethodFigures) -> tuple[object, ...]:
    overall = one.metrics["overall"]
    return (
        one.title,
        points(overall["recall"]),
        _plain(overall["calibration_error"]),
        " ".join(points(value) for value in one.by_seed.values()),
        duration(one.train_seconds),
        f"{one.infer_ms:.0f} ms",
        f"{one.parameters / 1e6:.2f} M",
    )


def _classes(study: StudyResult) -> Section:
    names = list(next(iter(study.methods.values())).metrics["by_class"]) if study.methods else []
    cards = tuple(
        Card(
            name,
            intervals(
                [
                    Measured(
                        el("span", el("span", one.title), class_="cls"),
                        one.metrics["by_class"][name]["ap50"],
                        one.metrics["by_class"][name]["interval"],
                        one.metrics["by_class"][name]["n"],
                        tone={OURS: "new", "oracle": "old"}.get(method, ""),
                    )
                    for method, one in study.methods.items()
                ],
                title=f"AP of {name}",
                unit="objects",
                value="points",
            ),
            "AP at IoU 0.5",
            width=6,
        )
        for name in names
    )
    return Section("Classes", ("Class by class.",), ("AP at IoU 0.5 with 95% intervals.",), cards)


def _pictures(shown: list[Relabeled], context: Context) -> Section:
    card = Card("Naive, and masked", pairs(shown, context, columns=2), "at a score of 0.5: left naive, right masked")
    headline = ("At the usual score of 0.5, naive training hides what it has learned; masking shows it.",)
    return Section("Pictures", headline, ("Images on which the two differ most.",), (card,))


def _learning(study: StudyResult, kept: Mapping[str, BoxOutcome]) -> Section:
    traces = [
        Trace(
            study.methods[name].title,
            tuple(10.0 * (n + 1) for n in range(len(outcome.facts["losses"]))),
            tuple(outcome.facts["losses"]),
            "new" if name == OURS else "old",
        )
        for name, outcome in kept.items()
        if name in {OURS, "naive", "oracle"}
    ]
    body = lines(traces, title="Loss by step", x_name="step", y_floor=0.0)
    settings = ", ".join(f"{name} {value}" for name, value in study.settings.items())
    says = (f"The same recipe for all: {settings}.",)
    return Section("Training", ("How they learned.",), says, (Card("Loss", body, "of what each may learn from"),))


def _first_trials(study: StudyResult, asked: StudyRequest, root: Path) -> dict[str, BoxOutcome]:
    """The trial of the first seed of each method that has figures."""
    trials = {name: Trial(asked.data, name, asked.seeds[0], asked.settings) for name in study.methods}
    kept = {name: kept_trial(trial, root) for name, trial in trials.items()}
    return {name: outcomes[0] for name, outcomes in kept.items() if outcomes}


def _contrasts(task: BoxTask, kept: Mapping[str, BoxOutcome]) -> list[Relabeled]:
    """The images on which masking finds most objects that naive training does not show."""
    if not {OURS, "naive"} <= kept.keys():
        return []
    naive, ours = kept["naive"], kept[OURS]
    gained = [(int((_hit(task, ours, i) & ~_hit(task, naive, i)).sum()), i) for i in ours.image_i.tolist()]
    best: dict[str, tuple[int, int]] = {}  # of a group, whose images are nearly alike, one is shown
    for many, i in sorted(gained, key=lambda pair: (-pair[0], pair[1])):
        if many:
            best.setdefault(task.images[i].group, (many, i))
    return [
        Relabeled(_shot(task, naive, i), _shot(task, ours, i), f"{counted(many, 'object')} more")
        for many, i in list(best.values())[:SHOWN]
    ]


def _hit(task: BoxTask, outcome: BoxOutcome, i: int) -> Bools:
    """Which objects of an image are found at a score of 0.5."""
    image, found = task.images[i], outcome.detections
    seen_m = np.flatnonzero((found.image_m == i) & (found.score_m >= SURE))
    if not len(seen_m) or not len(image.names_n):
        return np.zeros(len(image.names_n), bool)
    class_n = np.array([task.tree.index(name) for name in image.names_n])
    same_mn = found.class_m[seen_m][:, None] == class_n
    hit_n: Bools = ((pairwise_iou(found.boxes_m4[seen_m], image.boxes_n4) >= SAME) & same_mn).any(axis=0)
    return hit_n


def _shot(task: BoxTask, outcome: BoxOutcome, i: int) -> Shot:
    found = outcome.detections
    seen_m = np.flatnonzero((found.image_m == i) & (found.score_m >= SURE))
    leaves = set(task.tree.leaves)
    drawn = [
        Drawn((box[0], box[1], box[2], box[3]), name, "machine", score)
        for box, name, score in zip(
            found.boxes_m4[seen_m].tolist(),
            [task.tree.names[k] for k in found.class_m[seen_m].tolist()],
            found.score_m[seen_m].tolist(),
            strict=True,
        )
        if name in leaves
    ]
    return Shot(str(i), tuple(drawn))


def _picture(task: BoxTask, item: str) -> Picture:
    return picture_of(task.images[int(item)].file, SIDE)
