"""Methods are judged on the same images in the same resamples; claims are sums on what came out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sabbatical.metrics.columns import Detections
from sabbatical.study.box_figures import Pool, calibration_errors, figures_of, on_images
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import BoxOutcome
from sabbatical.study.boxes import BoxTask, split
from sabbatical.study.claims import box_claims
from tests.study.slides import slides


@pytest.fixture
def task(tmp_path: Path) -> BoxTask:
    return task_of("bccd", slides(tmp_path, 48))


def outcome(task: BoxTask, seed: int, *, missed: int = 0, score: float = 0.9, images: int = 12) -> BoxOutcome:
    """Finds every object but one of each `missed`, all with one score, and nothing else."""
    image_i = split(task, seed, 3).test_i
    rows = [(i, n) for i in image_i for n in range(len(task.images[i].names_n))]
    kept = [row for place, row in enumerate(rows) if not missed or place % missed]
    found = Detections.of(
        [task.images[i].boxes_n4[n] for i, n in kept],
        [i for i, _ in kept],
        [task.tree.index(task.images[i].names_n[n]) for i, n in kept],
        np.full(len(kept), score),
    )
    costs = {"train_seconds": 1.0, "predict_ms": 1.0, "parameters": 1.0, "images": images}
    return BoxOutcome(image_i, found, np.full(len(task.tree), 0.5), costs)


def test_who_finds_all_has_full_marks_and_who_misses_half_has_half(task: BoxTask) -> None:
    seeds = (0, 1, 2)
    pool = Pool.of(task, {seed: split(task, seed, 3).test_i for seed in seeds})
    whole = figures_of(pool, {seed: outcome(task, seed) for seed in seeds})
    half = figures_of(pool, {seed: outcome(task, seed, missed=2) for seed in seeds})
    assert whole.map50_b[0] == pytest.approx(1)
    assert half.map50_b[0] == pytest.approx(0.5, abs=0.02)
    assert whole.by_seed == {seed: pytest.approx(1) for seed in seeds}
    assert whole.recall_at(0, np.ones(len(whole.map50_b))).min() == 1
    assert half.recall_at(0, np.ones(len(half.map50_b)))[0] == pytest.approx(0.5, abs=0.05)


def test_the_gap_that_a_method_closes_is_a_part_of_what_naive_lacks(task: BoxTask) -> None:
    pool = Pool.of(task, {0: split(task, 0, 3).test_i})
    ways = {"naive": 2, "tree": 4, "oracle": 0}
    found = {name: figures_of(pool, {0: outcome(task, 0, missed=missed)}) for name, missed in ways.items()}
    naive, tree, oracle = (found[name].map50_b[0] for name in ways)
    gap = next(claim for claim in box_claims(found, task.tree.names) if "closes the gap" in claim.claim)
    assert gap.value == pytest.approx((tree - naive) / (oracle - naive))
    assert gap.met is False
    recalls = [claim for claim in box_claims(found, task.tree.names) if claim.claim.startswith("recall of RBC")]
    assert recalls[0].met is False
    assert recalls[0].value == pytest.approx(-0.25, abs=0.1)


def test_scores_that_say_what_is_right_have_no_calibration_error(task: BoxTask) -> None:
    pool = Pool.of(task, {0: split(task, 0, 3).test_i})
    honest, shy = (pool.matches({0: outcome(task, 0, score=score)}) for score in (1.0, 0.4))
    assert calibration_errors(honest, pool.resamples).max() == pytest.approx(0)
    assert calibration_errors(shy, pool.resamples)[0] == pytest.approx(0.6, abs=1e-6)


def test_two_methods_without_a_difference_differ_in_no_resample(task: BoxTask) -> None:
    pool = Pool.of(task, {0: split(task, 0, 3).test_i})
    found = {name: figures_of(pool, {0: outcome(task, 0, missed=3)}) for name in ("tree", "column")}
    (claim,) = box_claims(found, task.tree.names)
    assert claim.interval == (0, 0)
    assert claim.met is True


def test_an_outcome_can_be_judged_on_some_of_its_images(task: BoxTask) -> None:
    whole = outcome(task, 0)
    part = on_images(whole, whole.image_i[:3])
    assert set(part.detections.image_m.tolist()) == set(whole.image_i[:3].tolist())
    assert figures_of(Pool.of(task, {0: part.image_i}), {0: part}).map50_b[0] == pytest.approx(1)
