"""What a customer does not paint, no method sees; what a trial of masks leaves is all that its figures need."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sabbatical.core.progress import Quiet
from sabbatical.learning.samples import EMPTY
from sabbatical.study.mask_figures import MaskPool, mask_figures
from sabbatical.study.mask_methods import MASK_METHODS
from sabbatical.study.mask_tasks import mask_task
from sabbatical.study.mask_trial import MaskOutcome, run_mask_trial
from sabbatical.study.masks import NOTHING, MaskTask, Painted, PaintedImage, Painting
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from tests.learning.segmentation.painted import TINY, paint

TREE = SuperTaxonomy.from_yaml(
    "{super-taxonomy: s, classes: {flat: {children: {square: {}, tile: {}}}, disc: {}}}"
)  # fmt: skip
FLAT, SQUARE, _, DISC = range(4)
SETTINGS = {
    "canvas": [64, 64], "widths": list(TINY.widths), "depths": list(TINY.depths), "pyramid": list(TINY.pyramid),
    "steps": 12, "batch": 4, "learning_rate": 2e-2, "ema": 0.8, "threads": 1, "save_every": 0, "instances": True,
}  # fmt: skip


def painting(index: int) -> Painting:
    _, discs_n, thing_hw = paint(index)
    class_n = np.array([NOTHING, *(DISC if disc else SQUARE for disc in discs_n)], np.int16)
    return Painting(class_n[thing_hw], thing_hw)


@pytest.fixture
def task(tmp_path: Path) -> MaskTask:
    images = []
    for index in range(18):
        Image.fromarray(paint(index)[0]).save(tmp_path / f"{index}.png")
        images.append(PaintedImage(tmp_path / f"{index}.png", partial(painting, index), "all", str(index)))

    def customer(name: str, **labels: str) -> Taxonomy:
        return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": "s", "labels": labels})

    own = [("all", customer("coarse", Flat="flat")), ("all", customer("round", Disc="disc"))]
    full = {"all": customer("truth", s="square", t="tile", d="disc")}
    return MaskTask("shapes", TREE, images, own, full, SETTINGS, thing="disc", blobs=frozenset({"coarse"}))


def test_a_customer_paints_by_the_nearest_label_above_and_tells_no_things_from_blobs(task: MaskTask) -> None:
    row_i = np.array([0, 1, 2])
    coarse, discs, everything = (Painted(task, np.zeros(3, np.int64), row_i)[n] for n in range(3))
    class_hw, thing_hw = painting(0)
    assert coarse.pixels and discs.pixels and everything.pixels
    np.testing.assert_array_equal(coarse.pixels.rows_hw == 0, class_hw == SQUARE)
    np.testing.assert_array_equal(discs.pixels.rows_hw == 0, class_hw == DISC)
    np.testing.assert_array_equal(everything.pixels.rows_hw == EMPTY, class_hw == NOTHING)
    assert coarse.pixels.depth_hw is not None and everything.pixels.depth_hw is not None
    np.testing.assert_array_equal(np.isnan(coarse.pixels.depth_hw), class_hw == SQUARE)
    np.testing.assert_array_equal(everything.pixels.depth_hw > 0, thing_hw > 0)
    naive = Painted(task, np.zeros(1, np.int64), row_i[:1], apart=True)[0]
    assert naive.pixels is not None and naive.pixels.depth_hw is not None
    np.testing.assert_array_equal(naive.pixels.depth_hw > 0, class_hw == SQUARE)


def test_what_a_trial_keeps_gives_the_figures_again(task: MaskTask, tmp_path: Path) -> None:
    outcomes = [
        run_mask_trial(task, MASK_METHODS[method], 0, 3, {}, tmp_path / method, Quiet())
        for method in ("tree", "oracle")
    ]
    pool = MaskPool.of(task, [outcomes[0].image_i], resamples=30)
    truths_k = sum(
        np.bincount(painting(i).class_hw[painting(i).class_hw >= 0], minlength=4) for i in outcomes[0].image_i
    )
    for outcome in outcomes:
        np.savez(tmp_path / "found.npz", **outcome.arrays())
        with np.load(tmp_path / "found.npz") as arrays:
            again = MaskOutcome.of(arrays, outcome.facts)
        figures, same = mask_figures(pool, [outcome]), mask_figures(pool, [again])
        assert figures.plain.n_k[[SQUARE, DISC]].tolist() == np.asarray(truths_k)[[SQUARE, DISC]].tolist()
        assert figures.chosen.overall["miou"].shape == (31,)
        np.testing.assert_array_equal(same.chosen.overall["miou"], figures.chosen.overall["miou"])
        np.testing.assert_array_equal(same.things_b["map"], figures.things_b["map"])
    assert len(pool.image_i) == 6 and len(outcomes[0].found.image_n if outcomes[0].found else ()) == 12


@pytest.mark.data("nuclei-dsb2018")
def test_nuclei_are_whole_and_large_pictures_are_cut_into_quarters(mirror: Path) -> None:
    task = mask_task("nuclei", lambda name: mirror / name)
    assert {image.domain for image in task.images} == {"fluorescence", "stained-colour", "brightfield-gray"}
    quarters = [image for image in task.images if image.group == next(i.group for i in task.images if i.window)]
    assert len(quarters) == 4
    whole = quarters[0].paint()
    assert sum(each.painting().class_hw.size for each in quarters) == whole.class_hw.size
    np.testing.assert_array_equal(whole.class_hw == NOTHING, whole.thing_hw == 0)
    interior, border = task.tree.index("interior"), task.tree.index("border")
    assert 0.1 < (whole.class_hw == border).sum() / (whole.class_hw == interior).sum() < 10
