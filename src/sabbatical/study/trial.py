"""One trial, kept as it ends: what was asked, what it cost, and what the model said of the images that judge.

A trial is a folder: files `found-0.npz`, ... with what was said, and `trial.json`, which is written last, so that a
folder with it is whole.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from sabbatical.core.files import write_whole
from sabbatical.core.ids import document_id
from sabbatical.core.progress import Progress
from sabbatical.schemas.study import StudyName
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import BoxOutcome, run_box_trial
from sabbatical.study.growth import WAYS, run_growth_trial
from sabbatical.study.mask_methods import MASK_METHODS
from sabbatical.study.mask_tasks import MASK_TASKS, mask_task
from sabbatical.study.mask_trial import MaskOutcome, run_mask_trial
from sabbatical.study.methods import METHODS_OF

FOLDS = 3
TOLD = "trial.json"
Outcome = BoxOutcome | MaskOutcome
Kept = TypeVar("Kept")


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
        work = folder / "training"
        _keep(trial, folder, _outcomes(trial, data, work, progress))
        shutil.rmtree(work)
    facts: dict[str, Any] = orjson.loads((folder / TOLD).read_bytes())
    return facts


def _outcomes(trial: Trial, data: Callable[[str], Path], work: Path, progress: Progress) -> Sequence[Outcome]:
    given = (trial.seed, trial.folds, trial.settings, work, progress)
    if trial.data in MASK_TASKS:
        return [run_mask_trial(mask_task(trial.data, data), MASK_METHODS[trial.method], *given)]
    task = task_of(trial.data, data)
    if trial.study == "growth":
        weeks = run_growth_trial(task, WAYS[trial.method], *given)
        return [BoxOutcome(one.image_i, one.detections, np.zeros(0), one.facts) for one in weeks]
    return [run_box_trial(task, METHODS_OF[trial.study][trial.method], *given, labeled=trial.labeled)]


def kept_trial(trial: Trial, root: Path) -> list[BoxOutcome] | None:
    """What a trial of boxes left: one outcome, or one for each week of a growing stream; None if it has not ended."""
    return _kept(trial, root, BoxOutcome.of)


def kept_masks(trial: Trial, root: Path) -> MaskOutcome | None:
    """What a trial of masks left; None if it has not ended."""
    kept = _kept(trial, root, MaskOutcome.of)
    return None if kept is None else kept[0]


def _kept(
    trial: Trial, root: Path, made: Callable[[Mapping[str, NDArray[Any]], dict[str, Any]], Kept]
) -> list[Kept] | None:
    folder = trial.folder(root)
    if not trial.kept(root):
        return None
    outcomes = []
    for n, facts in enumerate(orjson.loads((folder / TOLD).read_bytes())["facts"]):
        with np.load(folder / f"found-{n}.npz", allow_pickle=False) as arrays:
            outcomes.append(made(arrays, facts))
    return outcomes


def _keep(trial: Trial, folder: Path, outcomes: Sequence[Outcome]) -> None:
    for n, outcome in enumerate(outcomes):
        file = io.BytesIO()
        np.savez_compressed(file, **outcome.arrays())  # type: ignore[arg-type] # its last argument is no array
        write_whole(folder / f"found-{n}.npz", file.getvalue())
    document = {"trial": asdict(trial), "facts": [outcome.facts for outcome in outcomes]}
    write_whole(folder / TOLD, orjson.dumps(document, option=orjson.OPT_INDENT_2))
