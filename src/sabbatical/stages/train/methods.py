"""One model by any of the ways to learn from many taxonomies; see `learning.parts` and `learning.completion`.

Legend: i samples; t rows of the bank; k classes; v views.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.core.files import write_whole
from sabbatical.core.progress import Part as Share
from sabbatical.core.progress import Progress
from sabbatical.learning.parts import Part, parts_of
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.samples import CUT, Sample, SampleSource
from sabbatical.learning.taught import untaught
from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.matching import match
from sabbatical.metrics.thresholds import Scored, choose_thresholds
from sabbatical.taxonomy import SuperTaxonomy, TableBank

if TYPE_CHECKING:
    from sabbatical.learning.completion import Thresholds
    from sabbatical.learning.detector import Detector
    from sabbatical.learning.joined import Network
    from sabbatical.learning.predict import Detections as Found
    from sabbatical.learning.record import TrainingRecord
    from sabbatical.learning.training import Completing

Ints = NDArray[np.int64]
COMPLETE_AT = 0.5  # of the progress
SURE = 0.5  # beta: what is called an object should be one
NEARLY_ALL, LEAST_TRUTHS = 0.97, 20  # the recall, of so many truths, from which the rest of an image is background


@dataclass(frozen=True)
class Material:
    """What a detector learns from.

    Attributes:
        source: the samples.
        row_i: each one's row of the bank.
        bank: the tables of those rows, masked as the recipe says.
        customer_t: whose each row is.
        tree: the classes.
    """

    source: SampleSource
    row_i: Ints
    bank: TableBank
    customer_t: Sequence[str]
    tree: SuperTaxonomy


@dataclass(frozen=True)
class GoingOn:
    """A detector to go on from, and the places of samples that it has not learned from."""

    detector: Network
    fresh_i: Ints


def train_network(
    recipe: DetectorRecipe,
    material: Material,
    folder: Path,
    progress: Progress,
    start: GoingOn | None = None,
    validation: Material | None = None,
) -> tuple[Network, TrainingRecord]:
    """Train one network after the other; killed at any moment and called again, it goes on to the same model.

    Args:
        recipe: `models` and `completion` name the method.
        material: what to learn from.
        folder: for checkpoints and parts that are done.
        progress: is told, and may ask to stop.
        start: a detector to go on from; only one network can.
        validation: for the thresholds of a completion; without it they are chosen on what was learned from.

    Raises:
        BadInput: several networks were to go on from one; and as `train_detector` does.
    """
    if recipe.models != "one" and start is not None:
        raise BadInput(
            f"Models of '{recipe.models}' begin anew each time.", hint="Take models: one, or train without `start`."
        )
    from sabbatical.learning.joined import Joined  # noqa: PLC0415 - torch loads in a step only

    rows = np.unique(material.row_i).tolist()
    parts = parts_of(recipe.models, material.bank, material.customer_t, material.tree.names, rows)
    trained = []
    for n, part in enumerate(parts):
        own = folder / part.name if len(parts) > 1 else folder
        share = Share(progress, n / len(parts), (n + 1) / len(parts))
        trained.append(_train_part(recipe, part, material, own, share, start, validation))
    if len(trained) == 1:
        return trained[0]
    joined = Joined([detector for detector, _ in trained])
    return joined, one_record([record for _, record in trained], material.tree.names, joined.parameter_count)


def _train_part(
    recipe: DetectorRecipe,
    part: Part,
    material: Material,
    folder: Path,
    progress: Progress,
    start: GoingOn | None,
    validation: Material | None,
) -> tuple[Detector, TrainingRecord]:
    """One network; it is not trained again where it is done."""
    from sabbatical.learning.record import TrainingRecord  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.training import train_detector  # noqa: PLC0415
    from sabbatical.learning.weights import load_detector, save_detector  # noqa: PLC0415

    weights, told = folder / "done.safetensors", folder / "done.json"
    if told.is_file():  # written last
        return load_detector(weights), TrainingRecord(**orjson.loads(told.read_bytes()))  # type: ignore[return-value]
    own_i = np.flatnonzero(np.isin(material.row_i, part.rows))
    trained = train_detector(
        Chosen(material.source, own_i),
        part.bank,
        recipe.config_for(material.tree, part.class_c),
        recipe,
        folder=folder,
        progress=progress,
        start=start.detector if start else None,  # type: ignore[arg-type]
        fresh_n=_often(recipe, material, own_i, start),
        completing=_completing(material, validation or material, progress) if recipe.completion else None,
    )
    save_detector(weights, trained.detector)
    write_whole(told, orjson.dumps(asdict(trained.record)))
    return trained.detector, trained.record


def _often(recipe: DetectorRecipe, material: Material, own_i: Ints, start: GoingOn | None) -> Ints | None:
    """The places of samples to visit more often: those that are new, and those of the favoured customer."""
    if not recipe.favour:
        return start.fresh_i if start else None
    favoured_i = np.flatnonzero(np.array(material.customer_t)[material.row_i[own_i]] == recipe.favour)
    if not len(favoured_i):
        raise BadInput(
            f"There is no sample of '{recipe.favour}' to favour.",
            hint=f"There are customers {', '.join(dict.fromkeys(material.customer_t))}.",
        )
    return favoured_i if start is None else np.union1d(start.fresh_i, favoured_i)


class Chosen:
    """Some samples of a source."""

    def __init__(self, source: SampleSource, chosen_i: Ints) -> None:
        self.source = source
        self.chosen_i = chosen_i

    def __len__(self) -> int:
        return len(self.chosen_i)

    def __getitem__(self, index: int) -> Sample:
        return self.source[int(self.chosen_i[index])]


def one_record(records: Sequence[TrainingRecord], classes: Sequence[str], parameters: int) -> TrainingRecord:
    """The record of trainings that followed one another: curves one behind the other, sums, what taught each class."""
    from sabbatical.learning.record import TrainingRecord  # noqa: PLC0415 - torch loads in a step only

    taught = {name: sum(record.taught[name] for record in records) for name in classes}
    curves: dict[str, list[float]] = {name: [] for name in records[0].curves}
    for record in records:
        behind = curves["step"][-1] if curves["step"] else 0
        for name, values in record.curves.items():
            curves[name] += [value + behind for value in values] if name == "step" else values
    said = [warning for record in records for warning in record.warnings if warning not in untaught(record.taught)]
    return TrainingRecord(
        curves=curves,
        taught=taught,
        warnings=[*untaught(taught), *said],
        seconds=sum(record.seconds for record in records),
        waiting=sum(record.waiting for record in records),
        parameters=parameters,
        images=sum(record.images for record in records),
    )


def _completing(material: Material, validation: Material, progress: Progress) -> Completing:
    """Completes the labels of the material by what a teacher finds."""
    from sabbatical.learning.completion import Completed, completed_bank  # noqa: PLC0415 - where labels are completed

    ancestors_kk = material.tree.ancestors_kk

    def completing(teacher: Detector) -> tuple[SampleSource, TableBank]:
        progress.tell(COMPLETE_AT, "Completing labels")
        thresholds = _thresholds(validation, list(_found(teacher, validation.source)))
        found = list(_found(teacher, material.source))
        filled = Completed(material.source, found, thresholds, material.bank, ancestors_kk)
        return filled, completed_bank(material.bank, ancestors_kk, thresholds.whole_k)

    return completing


def _found(network: Network, source: SampleSource) -> Iterator[Found]:
    from sabbatical.learning.predict import predict  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.runners import TorchRunner  # noqa: PLC0415

    yield from predict(TorchRunner(network), (source[i].image_hwc for i in range(len(source))))


def _thresholds(judge: Material, found: Sequence[Found]) -> Thresholds:
    """What scores are worth, on what was drawn: objects by F-beta, and background by what is missed."""
    from sabbatical.learning.completion import Thresholds  # noqa: PLC0415 - where labels are completed

    scored = scored_finds(found, judge)
    sure_k = choose_thresholds(scored, SURE).astype(np.float32)
    unsure_k: NDArray[np.float32] = (sure_k / 2).astype(np.float32)
    whole_k = np.zeros(len(sure_k), bool)
    for k, curve in scored.curves():
        enough = np.flatnonzero(curve.recall_s >= NEARLY_ALL)
        if len(enough) and scored.truths_k[k] >= LEAST_TRUTHS:
            whole_k[k], unsure_k[k] = True, min(sure_k[k], curve.score_s[enough[0]])
    return Thresholds(sure_k, unsure_k, whole_k)


def scored_finds(found: Sequence[Found], judge: Material) -> Scored:
    """Finds judged by what was drawn, where it can judge."""
    samples = [judge.source[i] for i in range(len(judge.source))]
    row_n = np.concatenate([np.full(len(one.labels_n), one.taxonomy) for one in samples]).astype(np.int64)
    labels_n = np.concatenate([one.labels_n for one in samples]).astype(np.int64)
    image_n = np.repeat(np.arange(len(samples)), [len(one.labels_n) for one in samples])
    image_f = np.repeat(np.arange(len(found)), [len(one) for one in found])
    crowd_n = (labels_n == CUT) | judge.bank.ignored_tl[row_n, labels_n]
    truths = Truths.of(
        np.concatenate([one.boxes_n4.reshape(-1, 4) for one in samples]),
        image_n,
        judge.bank.target_tlk[row_n, labels_n],
        judge.bank.known_tlk[row_n, labels_n],
        crowd=crowd_n,
    )
    detections = Detections.of(
        np.concatenate([one.boxes_n4 for one in found]),
        image_f,
        np.concatenate([one.classes_n for one in found]),
        np.concatenate([one.scores_n for one in found]),
    )
    judged_ik = judge.bank.covered_tk[judge.row_i] > 0
    return Scored.of_matches(match(detections, truths, judged_ik, ious=(0.5,)))
