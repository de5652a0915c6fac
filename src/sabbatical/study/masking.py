"""The study of masking on boxes: which trials it is made of, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sabbatical.metrics.columns import Floats
from sabbatical.metrics.resampling import bootstrap_interval
from sabbatical.schemas.study import Interval, MethodFigures, StudyRequest, StudyResult
from sabbatical.study.box_figures import BoxFigures, Pool, figures_of
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import BoxOutcome
from sabbatical.study.boxes import BoxTask
from sabbatical.study.claims import box_claims, rule_claims
from sabbatical.study.methods import METHODS_OF, Method
from sabbatical.study.trial import Trial, kept_trial


def trials_of(asked: StudyRequest) -> list[Trial]:
    """Every trial that the study needs: seed by seed, so that an early stop leaves whole seeds."""
    names = asked.methods or METHODS_OF[asked.study]
    return [Trial(asked.data, name, seed, asked.settings, study=asked.study) for seed in asked.seeds for name in names]


def study_of(asked: StudyRequest, root: Path, data: Callable[[str], Path]) -> StudyResult:
    """What the trials that have ended say. Methods with a trial missing have no figures yet.

    Raises NotFound for data that there is no study of.
    """
    outcomes: dict[str, dict[int, BoxOutcome]] = {}
    missing = []
    for trial in trials_of(asked):
        kept = kept_trial(trial, root)
        if kept is None:
            missing.append(f"{trial.method}-{trial.seed}")
        else:
            outcomes.setdefault(trial.method, {})[trial.seed] = kept[0]
    if not outcomes:
        return nothing_yet(asked, missing)
    task = task_of(asked.data, data)
    found = figures_by_method(task, {name: own for name, own in outcomes.items() if len(own) == len(asked.seeds)})
    return StudyResult(
        study=asked.study,
        data=asked.data,
        seeds=asked.seeds,
        settings=dict(task.settings) | asked.settings,
        missing=missing,
        methods={name: _told(METHODS_OF[asked.study][name], figures, task) for name, figures in found.items()},
        claims=rule_claims(found) if asked.study == "rules" else box_claims(found, task.tree.names),
    )


def nothing_yet(asked: StudyRequest, missing: list[str]) -> StudyResult:
    """A study of which no trial has ended: nothing is fetched or drawn to say so."""
    return StudyResult(
        study=asked.study,
        data=asked.data,
        seeds=asked.seeds,
        settings=asked.settings,
        missing=missing,
        methods={},
        claims=[],
    )


def figures_by_method(task: BoxTask, outcomes: Mapping[str, Mapping[int, BoxOutcome]]) -> dict[str, BoxFigures]:
    """Figures of methods that have the same seeds, all in one pool."""
    if not outcomes:
        return {}
    first = next(iter(outcomes.values()))
    pool = Pool.of(task, {seed: outcome.image_i for seed, outcome in first.items()})
    return {name: figures_of(pool, own) for name, own in outcomes.items()}


def _told(method: Method, figures: BoxFigures, task: BoxTask) -> MethodFigures:
    overall = {
        "map50": figures.map50_b,
        "map": figures.map_b,
        "recall": _mean(figures.recall_bk),
        "calibration_error": figures.error_b,
    }
    classes = task.tree.names
    by_class: dict[str, dict[str, Any]] = {
        classes[k]: {
            "ap50": _known(figures.ap50_bk[0, k]),
            "interval": bootstrap_interval(figures.ap50_bk[:, k]),
            "recall": _known(figures.recall_bk[0, k]),
            "precision": _known(figures.precision_bk[0, k]),
            "n": int(figures.curves[k].truths_b[0]),
        }
        for k in figures.curves
    }
    intervals: dict[str, Interval] = {}
    for key, value_b in overall.items():
        span = bootstrap_interval(value_b)
        if span:
            intervals[key] = span
    return MethodFigures(
        title=method.title,
        about=method.about,
        metrics={"overall": {key: _known(value_b[0]) for key, value_b in overall.items()}, "by_class": by_class},
        intervals=intervals,
        by_seed=figures.by_seed,
        train_seconds=figures.cost["train_seconds"],
        infer_ms=figures.cost["predict_ms"],
        parameters=figures.cost["parameters"],
    )


def _mean(value_bk: Floats) -> Floats:
    mean_b: Floats = np.nanmean(value_bk, axis=1)
    return mean_b


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
