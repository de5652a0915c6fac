"""One trial, kept as it ends: what was asked, what it cost, and what the model said of the images that judge.

A trial is a folder: files `found-0.npz`, ... with the detections, and `trial.json`, which is written last, so that a
folder with it is whole.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from sabbatical.core.files import write_whole
from sabbatical.core.ids import document_id
from sabbatical.core.progress import Progress
from sabbatical.metrics.columns import Detections, Floats, Ints
from sabbatical.schemas.study import StudyName
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import BoxOutcome, run_box_trial
from sabbatical.study.growth import WAYS, run_growth_trial
from sabbatical.study.methods import METHODS_OF

FOLDS = 3
TOLD = "trial.json"


@dataclass(frozen=True)
class Trial:
    """What names a trial.

    Attributes:
        study: which methods it is one of.
        data: the task, such as "bccd".
        method: a name of `METHODS`.
        seed: of weights, order and who draws what; also which fold judges.
        settings: of the recipe, where they differ from the task's own.
        folds: parts of the data, one of which judges.
        labeled: so many images the newcomer has labeled, in a study of ramp time.
    """

    data: str
    method: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    folds: int = FOLDS
    labeled: int | None = None
    study: StudyName = "masking"

    def folder(self, root: Path) -> Path:
        """Where it is kept under the folder of all studies."""
        own = f"-{document_id(dict(self.settings))[:8]}" if self.settings else ""
        many = "" if self.labeled is None else f"-{self.labeled}"
        return root / f"{self.data}-{self.folds}{own}" / f"{self.method}{many}-{self.seed}"

    def kept(self, root: Path) -> bool:
        """Whether it has ended."""
        return (self.folder(root) / TOLD).is_file()


def run_trial(trial: Trial, root: Path, data: Callable[[str], Path], progress: Progress) -> dict[str, Any]:
    """Do a trial, unless it is there already; answers its facts. Raises as `train_network` does, and NotFound."""
    folder = trial.folder(root)
    if not trial.kept(root):
        task, work = task_of(trial.data, data), folder / "training"
        given = (trial.seed, trial.folds, trial.settings, work, progress)
        if trial.study == "growth":
            weeks = run_growth_trial(task, WAYS[trial.method], *given)
            outcomes = [BoxOutcome(one.image_i, one.detections, np.zeros(0), one.facts) for one in weeks]
        else:
            outcomes = [run_box_trial(task, METHODS_OF[trial.study][trial.method], *given, labeled=trial.labeled)]
        _keep(trial, folder, outcomes)
        shutil.rmtree(work)
    facts: dict[str, Any] = orjson.loads((folder / TOLD).read_bytes())
    return facts


def kept_trial(trial: Trial, root: Path) -> list[BoxOutcome] | None:
    """What a trial left: one outcome, or one for each week of a growing stream. None where it has not ended."""
    folder = trial.folder(root)
    if not trial.kept(root):
        return None
    facts = orjson.loads((folder / TOLD).read_bytes())["facts"]
    return [_read(folder / f"found-{n}.npz", own) for n, own in enumerate(facts)]


def _read(file: Path, facts: dict[str, Any]) -> BoxOutcome:
    with np.load(file, allow_pickle=False) as found:
        detections = Detections.of(found["boxes_m4"], found["image_m"], found["class_m"], found["score_m"])
        image_i: Ints = found["image_i"]
        threshold_k: Floats = found["threshold_k"]
    return BoxOutcome(image_i, detections, threshold_k, facts)


def _keep(trial: Trial, folder: Path, outcomes: Sequence[BoxOutcome]) -> None:
    for n, outcome in enumerate(outcomes):
        file, found = io.BytesIO(), outcome.detections
        np.savez_compressed(
            file,
            boxes_m4=found.boxes_m4.astype(np.float32),
            image_m=found.image_m.astype(np.int32),
            class_m=found.class_m.astype(np.int16),
            score_m=found.score_m.astype(np.float32),
            image_i=outcome.image_i,
            threshold_k=outcome.threshold_k,
        )
        write_whole(folder / f"found-{n}.npz", file.getvalue())
    document = {"trial": asdict(trial), "facts": [outcome.facts for outcome in outcomes]}
    write_whole(folder / TOLD, orjson.dumps(document, option=orjson.OPT_INDENT_2))
