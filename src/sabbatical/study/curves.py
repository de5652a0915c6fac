"""Studies whose answer is a curve: a newcomer's first labels, and a stream that grows week by week."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sabbatical.metrics.resampling import bootstrap_interval
from sabbatical.schemas.study import Claim, MethodFigures, Point, StudyRequest, StudyResult
from sabbatical.study.box_figures import BoxFigures, Pool, figures_of, on_images
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import BoxOutcome
from sabbatical.study.boxes import BoxTask
from sabbatical.study.claims import ahead
from sabbatical.study.growth import WAYS
from sabbatical.study.masking import nothing_yet
from sabbatical.study.methods import RAMP
from sabbatical.study.trial import Trial, kept_trial

LABELED = (0, 10, 30, 100, 300)
NEED_LABELS = ("alone",)
"""Methods that have nothing to learn from without a label of the newcomer."""
Curves = Mapping[str, Mapping[float, BoxFigures]]


def ramp_trials(asked: StudyRequest) -> list[Trial]:
    """Every trial of a study of ramp time."""
    return [
        Trial(asked.data, name, seed, asked.settings, labeled=many, study="ramp")
        for seed in asked.seeds
        for many in LABELED
        for name in asked.methods or RAMP
        if many or name not in NEED_LABELS
    ]


def growth_trials(asked: StudyRequest) -> list[Trial]:
    """Every trial of a study of growth."""
    return [
        Trial(asked.data, name, seed, asked.settings, study="growth")
        for seed in asked.seeds
        for name in asked.methods or WAYS
    ]


def ramp_of(asked: StudyRequest, root: Path, data: Callable[[str], Path]) -> StudyResult:
    """Quality for the newcomer against the images that it has labeled, by method."""
    outcomes: dict[str, dict[float, dict[int, BoxOutcome]]] = {}
    missing = []
    for trial in ramp_trials(asked):
        kept = kept_trial(trial, root)
        if kept is None:
            missing.append(f"{trial.method}-{trial.labeled}-{trial.seed}")
        else:
            outcomes.setdefault(trial.method, {}).setdefault(trial.labeled or 0, {})[trial.seed] = kept[0]
    if not outcomes:
        return nothing_yet(asked, missing)
    task = task_of(asked.data, data)
    whole = {
        name: {many: own for many, own in by_many.items() if len(own) == len(asked.seeds)}
        for name, by_many in outcomes.items()
    }
    found = {name: {many: _figures(task, own) for many, own in by_many.items()} for name, by_many in whole.items()}
    found = {name: by_many for name, by_many in found.items() if by_many}
    return StudyResult(
        study="ramp",
        data=asked.data,
        seeds=asked.seeds,
        settings=dict(task.settings) | asked.settings,
        missing=missing,
        methods={
            name: _told(RAMP[name].title, RAMP[name].about, by_many[max(by_many)], {"newcomer": _points(by_many)})
            for name, by_many in found.items()
        },
        claims=_ramp_claims(found),
    )


def growth_of(asked: StudyRequest, root: Path, data: Callable[[str], Path]) -> StudyResult:
    """Quality on the new week, on the weeks before, and on all so far, week by week, by way of learning."""
    outcomes: dict[str, dict[int, list[BoxOutcome]]] = {}
    missing = []
    for trial in growth_trials(asked):
        kept = kept_trial(trial, root)
        if kept is None:
            missing.append(f"{trial.method}-{trial.seed}")
        else:
            outcomes.setdefault(trial.method, {})[trial.seed] = kept
    if not outcomes:
        return nothing_yet(asked, missing)
    task = task_of(asked.data, data)
    week_i = np.array([image.week for image in task.images])
    found = {
        name: _by_cohort(task, week_i, by_seed)
        for name, by_seed in outcomes.items()
        if len(by_seed) == len(asked.seeds)
    }
    return StudyResult(
        study="growth",
        data=asked.data,
        seeds=asked.seeds,
        settings=dict(task.settings) | asked.settings,
        missing=missing,
        methods={
            name: _told(
                WAYS[name].title,
                WAYS[name].about,
                cohorts["all so far"][max(cohorts["all so far"])],
                {cohort: _points(by_week) for cohort, by_week in cohorts.items()},
            )
            for name, cohorts in found.items()
        },
        claims=_growth_claims(found),
    )


def _by_cohort(
    task: BoxTask, week_i: np.ndarray, by_seed: Mapping[int, Sequence[BoxOutcome]]
) -> dict[str, dict[float, BoxFigures]]:
    weeks = len(next(iter(by_seed.values())))
    cohorts: dict[str, dict[float, BoxFigures]] = {"all so far": {}, "the new week": {}, "the weeks before": {}}
    for week in range(weeks):
        chosen = {"all so far": week_i <= week, "the new week": week_i == week, "the weeks before": week_i < week}
        for cohort, mask_i in chosen.items():
            if mask_i.any():
                part = {
                    seed: on_images(kept[week], kept[week].image_i[mask_i[kept[week].image_i]])
                    for seed, kept in by_seed.items()
                }
                cohorts[cohort][week + 1] = _figures(task, part)
    return cohorts


def _figures(task: BoxTask, outcomes: Mapping[int, BoxOutcome]) -> BoxFigures:
    return figures_of(Pool.of(task, {seed: outcome.image_i for seed, outcome in outcomes.items()}), outcomes)


def _points(by_x: Mapping[float, BoxFigures]) -> list[Point]:
    return [
        Point(
            x=x,
            value=None if np.isnan(figures.map50_b[0]) else float(figures.map50_b[0]),
            interval=bootstrap_interval(figures.map50_b),
            images=figures.cost["images"],
        )
        for x, figures in sorted(by_x.items())
    ]


def _told(title: str, about: str, figures: BoxFigures, curves: dict[str, list[Point]]) -> MethodFigures:
    interval = bootstrap_interval(figures.map50_b)
    return MethodFigures(
        title=title,
        about=about,
        metrics={"overall": {"map50": float(figures.map50_b[0])}},
        intervals={"map50": interval} if interval else {},
        by_seed=figures.by_seed,
        train_seconds=figures.cost["train_seconds"],
        infer_ms=figures.cost["predict_ms"],
        parameters=figures.cost["parameters"],
        curves=curves,
    )


def _ramp_claims(found: Curves) -> list[Claim]:
    made = []
    for other, words in (("heads", "a new head"), ("alone", "a model of its own")):
        for many in LABELED:
            ours, theirs = found.get("tree", {}).get(many), found.get(other, {}).get(many)
            if ours and theirs:
                made.append(ahead(f"ours against {words} at {many} labeled images, in mAP@0.5", ours, theirs))
    return made


def _growth_claims(found: Mapping[str, Mapping[str, Mapping[float, BoxFigures]]]) -> list[Claim]:
    made = []
    for other, words in (("scratch", "from scratch"), ("new", "the new week only")):
        if {"warm", other} <= found.keys():
            for cohort in ("the new week", "the weeks before"):
                ours, theirs = found["warm"][cohort], found[other][cohort]
                last = max(ours)
                claim = f"warm start with replay against {words}, {cohort} of the last week, in mAP@0.5"
                made.append(ahead(claim, ours[last], theirs[last]))
    return made
