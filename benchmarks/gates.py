"""How often the usual gates refuse a model that is as good as the champion, and one that lost on a slice.

    python -m benchmarks.gates [--pairs 150]

Simulated: 400 texts of 5 classes with three attributes (about 35 slices and 75 pairs of values), two models whose
errors hang together since some texts are hard for both. The second loses nothing, 15 or 30 points where it rains (a
fifth of the texts). Beside the gates that count sure losses stand the same by points, and the simple rule: refuse
where the interval of any slice with 30 items leaves out zero and it lost more than 2 points.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np

from benchmarks.measuring import publish, row
from sabbatical.metrics.classification import Answers
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.policy import LosingGate, ReleaseRules
from sabbatical.stages.evaluate.classification_report import OtherClassifier, classification_report
from sabbatical.stages.evaluate.subject import Subject
from sabbatical.stages.release.gates import judge
from sabbatical.stages.release.measured import Measured

CLASSES, ITEMS, LEAST, LOSE = 5, 400, 30, 0.02
HARD, EASY_RIGHT, HARD_RIGHT = 0.3, 0.97, 0.55  # share of hard texts, and how many are answered right
LOSSES = (0.0, 0.15, 0.3)
BY_POINTS = ReleaseRules(
    gates=[
        gate.model_copy(update={"judge_by": "points"}) if isinstance(gate, LosingGate) else gate
        for gate in ReleaseRules().gates
    ]
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=150)
    pairs = options.parse_args().pairs
    warnings.simplefilter("ignore")
    figures: list[dict[str, Any]] = []
    for loss in LOSSES:
        reports = [compared(seed, loss) for seed in range(pairs)]
        refused = [fails(ReleaseRules(), report) for report in reports]
        by_points = [fails(BY_POINTS, report) for report in reports]
        simple = [dips(report) for report in reports]
        facts = {"lost_where_it_rains": loss, "pairs": pairs}
        figures.append(row("gates.refused", "share", [float(np.mean(refused))], **facts))
        figures.append(row("points.refused", "share", [float(np.mean(by_points))], **facts))
        figures.append(row("simple.refused", "share", [float(np.mean(simple))], **facts))
    publish("gates", figures)


def fails(rules: ReleaseRules, report: Report) -> bool:
    return any(one.verdict == "failed" for one in judge(rules, told(report)))


def told(report: Report) -> Measured:
    return Measured("v2", "v1", report, "", None, 1)


def dips(report: Report) -> bool:
    """Whether the simple rule refuses."""
    assert report.comparison is not None
    large = {part.name for part in report.slices if part.scores.images >= LEAST}
    slices = [one for one in report.comparison.changes if one.kind == "slice" and one.name in large]
    return any(one.interval[1] < 0 and one.difference < -LOSE for one in slices)


def compared(seed: int, loss: float) -> Report:
    """The report on a model that loses so much where it rains, against the champion, on the same texts."""
    dice = np.random.default_rng(seed)
    label_i, hard_i = dice.integers(0, CLASSES, ITEMS), dice.random(ITEMS) < HARD
    weather_i = dice.choice(["clear", "rain", "fog", "snow"], ITEMS, p=[0.5, 0.2, 0.15, 0.15])
    columns = {
        "weather": weather_i.tolist(),
        "time": dice.choice(["day", "night"], ITEMS, p=[0.7, 0.3]).tolist(),
        "site": dice.choice([f"site {n}" for n in range(8)], ITEMS).tolist(),
    }
    right_i = np.where(hard_i, HARD_RIGHT, EASY_RIGHT)
    ours = answers(dice, label_i, right_i - np.where(weather_i == "rain", loss, 0.0))
    theirs = answers(dice, label_i, right_i)
    names = [str(n) for n in range(ITEMS)]
    subject = Subject(
        "v2", "s1", names, [f"class {k}" for k in range(CLASSES)], slices=columns, resamples=500, seed=seed
    )
    return classification_report(subject, ours, against=OtherClassifier("v1", theirs))


def answers(dice: np.random.Generator, label_i: Any, right_i: Any) -> Answers:
    """What a model says that is right with these chances; scores for each class."""
    other_i = (label_i + 1 + dice.integers(0, CLASSES - 1, ITEMS)) % CLASSES
    guess_i = np.where(dice.random(ITEMS) < right_i, label_i, other_i)
    scores_ik = dice.random((ITEMS, CLASSES)) * 0.3
    scores_ik[np.arange(ITEMS), guess_i] += 0.6
    target_ik = np.eye(CLASSES, dtype=bool)[label_i]
    return Answers.of(scores_ik.astype(np.float32), target_ik, np.ones((ITEMS, CLASSES), bool))


if __name__ == "__main__":
    main()
