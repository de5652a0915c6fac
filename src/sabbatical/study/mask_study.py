"""The study of masks: which trials it is made of, what they say together, and what is claimed of them.

Differences are paired: all methods were judged on the same images in each resample (b).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sabbatical.metrics.columns import Floats
from sabbatical.metrics.resampling import bootstrap_interval
from sabbatical.schemas.study import Claim, Interval, MethodFigures, StudyRequest, StudyResult
from sabbatical.study.mask_figures import MaskFigures, MaskPool, mask_figures
from sabbatical.study.mask_methods import MASK_METHODS
from sabbatical.study.mask_tasks import mask_task
from sabbatical.study.mask_trial import MaskOutcome
from sabbatical.study.masks import MaskTask
from sabbatical.study.trial import Trial, kept_masks
from sabbatical.taxonomy import SuperTaxonomy

Found = Mapping[str, MaskFigures]
Outcomes = Mapping[str, Mapping[int, MaskOutcome]]
GAP, NEAR_ERROR = 0.9, 0.02
COSTS = ("train_seconds", "predict_ms", "parameters")


def mask_trials(asked: StudyRequest) -> list[Trial]:
    """Every trial that the study needs: seed by seed, so that an early stop leaves whole seeds."""
    names = asked.methods or MASK_METHODS
    return [Trial(asked.data, name, seed, asked.settings) for seed in asked.seeds for name in names]


def masks_of(asked: StudyRequest, root: Path, data: Callable[[str], Path]) -> StudyResult:
    """What the trials that have ended say. Methods with a trial missing have no figures yet.

    Raises NotFound for data that there is no study of.
    """
    kept: dict[str, dict[int, MaskOutcome]] = {}
    missing = []
    for trial in mask_trials(asked):
        outcome = kept_masks(trial, root)
        if outcome is None:
            missing.append(f"{trial.method}-{trial.seed}")
        else:
            kept.setdefault(trial.method, {})[trial.seed] = outcome
    whole = {name: own for name, own in kept.items() if len(own) == len(asked.seeds)}
    task = mask_task(asked.data, data)
    found = figures_by_method(task, whole)
    domains = list(task.full) if len(task.full) > 1 else []
    apart = {domain: figures_by_method(task, whole, domain) for domain in domains}
    return StudyResult(
        study=asked.study,
        data=asked.data,
        seeds=asked.seeds,
        settings=dict(task.settings) | asked.settings,
        missing=missing,
        methods={
            name: _told(name, task, figures, {domain: own[name] for domain, own in apart.items()}, whole[name])
            for name, figures in found.items()
        },
        claims=mask_claims(found),
    )


def figures_by_method(task: MaskTask, outcomes: Outcomes, domain: str | None = None) -> dict[str, MaskFigures]:
    """Figures of methods that have the same seeds, all in one pool: of all images, or of one domain."""
    if not outcomes:
        return {}
    judged = [outcome.image_i for outcome in next(iter(outcomes.values())).values()]
    pool = MaskPool.of(task, judged, domain=domain)
    return {name: mask_figures(pool, list(own.values())) for name, own in outcomes.items()}


def mask_claims(found: Found) -> list[Claim]:
    """Every claim that the methods at hand can answer."""
    return [
        *_gap(found, "tree", "naive", "oracle", "tree masking closes the gap from naive to the oracle in IoU"),
        *_gap(found, "softmax", "softmax-naive", "softmax-oracle", "the marginal softmax closes the gap likewise"),
        *_ahead(found, "softmax", "tree", "marginal softmax against each class alone, both masked"),
        *_ahead(found, "softmax-oracle", "oracle", "softmax against each class alone, both with all labels"),
        *_ahead(found, "tree", "column", "tree masking against column masking"),
        *_ahead(found, "tree", "heads", "one masked model against a head per customer"),
        *_ahead(found, "tree", "customers", "one masked model against a model per customer"),
        *_calibration(found, "naive", "oracle"),
        *_calibration(found, "tree", "oracle"),
        *_calibration(found, "softmax", "softmax-oracle"),
        *_things(found),
    ]


def _gap(found: Found, name: str, naive: str, oracle: str, words: str) -> list[Claim]:
    if not {name, naive, oracle} <= found.keys():
        return []
    made = []
    for at, values in (("at a chance of one half", _plain), ("at chosen thresholds", _chosen)):
        gap_b = values(found[oracle]) - values(found[naive])
        part_b = np.divide(
            values(found[name]) - values(found[naive]), gap_b, out=np.full_like(gap_b, np.nan), where=gap_b > 0
        )
        made.append(_claim(f"{words}, {at}", part_b, f"{GAP:.2f} or more", GAP))
    return made


def _ahead(found: Found, name: str, other: str, words: str) -> list[Claim]:
    if not {name, other} <= found.keys():
        return []
    return [
        _claim(f"{words}, mean IoU {at}", values(found[name]) - values(found[other]), "+0.000 or more", 0.0)
        for at, values in (("at a chance of one half", _plain), ("at chosen thresholds", _chosen))
    ]


def _calibration(found: Found, name: str, oracle: str) -> list[Claim]:
    if not {name, oracle} <= found.keys():
        return []
    more_b = _error(found[name]) - _error(found[oracle])
    return [_claim(f"calibration error of {name} beside {oracle}'s", more_b, f"{NEAR_ERROR} or less", NEAR_ERROR, -1)]


def _things(found: Found) -> list[Claim]:
    if not all(figures.things_b for figures in found.values()):
        return []
    return [
        _claim(
            f"things of {name} against {other}'s, mean AP by masks",
            found[name].things_b["map"] - found[other].things_b["map"],
            "+0.000 or more",
            0.0,
        )
        for name, other in (("tree", "naive"), ("tree", "customers"), ("softmax", "tree"), ("tree", "oracle"))
        if {name, other} <= found.keys()
    ]


def _claim(words: str, value_b: Floats, target: str, least: float, sign: int = 1) -> Claim:
    """A claim that a value is `least` or more, or (`sign` -1) or less."""
    value, interval = float(value_b[0]), bootstrap_interval(value_b)
    if np.isnan(value):
        return Claim(claim=words, value=None, target=target, met=None)
    worst = None if interval is None else interval[0] if sign > 0 else interval[1]
    sure = None if worst is None else sign * worst >= sign * least
    return Claim(
        claim=words, value=value, interval=interval, target=target, met=sign * value >= sign * least, sure=sure
    )


def _plain(figures: MaskFigures) -> Floats:
    return figures.plain.overall["miou"]


def _chosen(figures: MaskFigures) -> Floats:
    return figures.chosen.overall["miou"]


def _error(figures: MaskFigures) -> Floats:
    return figures.plain.overall["calibration_error"]


def _told(
    name: str, task: MaskTask, figures: MaskFigures, apart: Found, outcomes: Mapping[int, MaskOutcome]
) -> MethodFigures:
    overall = _overall(figures)
    spans = {key: bootstrap_interval(value_b) for key, value_b in overall.items()}
    intervals: dict[str, Interval] = {key: span for key, span in spans.items() if span}
    return MethodFigures(
        title=MASK_METHODS[name].title,
        about=MASK_METHODS[name].about,
        metrics={
            "overall": _firsts(overall),
            "by_class": _by_class(figures, task.tree),
            "by_domain": {
                domain: _firsts(_overall(own)) | {"by_class": _by_class(own, task.tree)}
                for domain, own in apart.items()
            },
        },
        intervals=intervals,
        by_seed={seed: _alone(task, outcome) for seed, outcome in outcomes.items()},
        **{("infer_ms" if key == "predict_ms" else key): _median(key, outcomes.values()) for key in COSTS},
    )


def _overall(figures: MaskFigures) -> dict[str, Floats]:
    plain = figures.plain.overall
    return {
        "miou": _chosen(figures),
        "miou_at_half": plain["miou"],
        "ap": plain["ap"],
        "recall": plain["recall"],
        "calibration_error": plain["calibration_error"],
        **{f"things_{key}": value_b for key, value_b in figures.things_b.items()},
    }


def _by_class(figures: MaskFigures, tree: SuperTaxonomy) -> dict[str, dict[str, Any]]:
    return {
        tree.names[k]: {
            "iou": figures.chosen.class_value("iou", k),
            "interval": bootstrap_interval(figures.chosen.by_class["iou"][:, k]),
            "iou_at_half": figures.plain.class_value("iou", k),
            "recall": figures.plain.class_value("recall", k),
            "precision": figures.plain.class_value("precision", k),
            "ap": figures.plain.class_value("ap", k),
            "pixels": int(figures.plain.n_k[k]),
        }
        for k in np.flatnonzero(figures.plain.n_k).tolist()
    }


def _alone(task: MaskTask, outcome: MaskOutcome) -> float:
    """Mean IoU at chosen thresholds of one trial."""
    return float(_chosen(mask_figures(MaskPool.of(task, [outcome.image_i], resamples=0), [outcome]))[0])


def _median(name: str, outcomes: Iterable[MaskOutcome]) -> float:
    return float(np.median([outcome.facts[name] for outcome in outcomes]))


def _firsts(values: Mapping[str, Floats]) -> dict[str, float | None]:
    return {key: None if np.isnan(value_b[0]) else float(value_b[0]) for key, value_b in values.items()}
