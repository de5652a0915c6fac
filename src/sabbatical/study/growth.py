"""A model that learns week after week from a stream that drifts: from the last one, from scratch, or from what is new.

After each week the model answers about all images that judge, of weeks before and to come, so that one sees what it
gained on the new and what it forgot of the old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sabbatical.core.progress import Part, Progress
from sabbatical.learning.recipe import DetectorRecipe, named
from sabbatical.metrics.columns import Detections, Ints
from sabbatical.stages.train.methods import GoingOn, train_network
from sabbatical.study.box_trial import detections_of, material
from sabbatical.study.boxes import BoxTask, split

if TYPE_CHECKING:
    from sabbatical.learning.joined import Network


@dataclass(frozen=True)
class Way:
    """How a week's model comes about.

    Attributes:
        title: for people.
        about: what it does, in a sentence.
        goes_on: from the model of the week before, with half the steps.
        replays: old weeks stay among what it learns from.
    """

    title: str
    about: str
    goes_on: bool
    replays: bool


WAYS: Mapping[str, Way] = {
    "warm": Way("warm start with replay", "Goes on from last week's model, on old and new images.", True, True),
    "scratch": Way("from scratch", "Learns everything anew each week.", False, True),
    "new": Way("the new week only", "Goes on from last week's model, on the new images alone.", True, False),
}


@dataclass(frozen=True)
class Week:
    """One week's model.

    Attributes:
        image_i: the images that judge, of every week; positions in the task.
        detections: what the model finds in them.
        facts: seconds of training and images learned from, so far.
    """

    image_i: Ints
    detections: Detections
    facts: dict[str, Any]


def run_growth_trial(
    task: BoxTask,
    way: Way,
    seed: int,
    folds: int,
    settings: Mapping[str, Any],
    folder: Path,
    progress: Progress,
) -> list[Week]:
    """Week by week; killed and called again, it goes on in the week where it stopped. Raises as `train_network`."""
    recipe = named("default").with_settings({**task.settings, **settings, "seed": seed})
    parts = split(task, seed, folds)
    week_i = np.array([image.week for image in task.images])[parts.training_i]
    weeks, seconds, images = int(week_i.max()) + 1, 0.0, 0
    network: Network | None = None
    kept = []
    for week in range(weeks):
        chosen = week_i <= week if way.replays or week == 0 else week_i == week
        lesson = material(task, parts, parts.training_i[chosen], recipe, full=False)
        start = None
        if way.goes_on and network is not None:
            start = GoingOn(network, np.flatnonzero(week_i[chosen] == week))
        own = replace(_recipe(recipe, start), seed=recipe.seed + 100 * week)
        share = Part(progress, week / weeks, (week + 1) / weeks)
        network, record = train_network(own, lesson, folder / f"week-{week}", share, start)
        seconds, images = seconds + record.seconds, images + record.images
        facts = {"train_seconds": round(seconds, 1), "images": images, "known": len(lesson.source)}
        kept.append(Week(parts.test_i, detections_of(network, task, parts.test_i, recipe), facts))
    return kept


def _recipe(recipe: DetectorRecipe, start: GoingOn | None) -> DetectorRecipe:
    return recipe.going_on() if start else recipe
