"""Folds judge every image once, each image has one customer, and what a customer does not draw is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import NotFound
from sabbatical.study.box_tasks import task_of
from sabbatical.study.box_trial import as_many
from sabbatical.study.boxes import BoxTask, Drawn, labeled_only, split
from sabbatical.taxonomy import tables
from tests.study.slides import slides


@pytest.fixture
def task(tmp_path: Path) -> BoxTask:
    return task_of("bccd-depths", slides(tmp_path))


def test_three_seeds_judge_every_image_once(task: BoxTask) -> None:
    judged = np.concatenate([split(task, seed, 3).test_i for seed in (0, 1, 2)])
    assert sorted(judged.tolist()) == list(range(len(task.images)))
    parts = split(task, 1, 3)
    together = np.concatenate([parts.training_i, parts.validation_i, parts.test_i])
    assert sorted(together.tolist()) == list(range(len(task.images)))


def test_images_of_one_group_are_never_split(task: BoxTask) -> None:
    grouped = replace(task, images=[replace(image, group=str(i // 4)) for i, image in enumerate(task.images)])
    parts = split(grouped, 0, 3)
    groups = [{i // 4 for i in part.tolist()} for part in (parts.training_i, parts.validation_i, parts.test_i)]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    for group in range(len(task.images) // 4):
        assert len(set(parts.customer_i[4 * group : 4 * group + 4].tolist())) == 1


def test_customers_take_turns_and_a_newcomer_has_every_other_one(task: BoxTask) -> None:
    assert np.bincount(split(task, 0, 3).customer_i).tolist() == [8, 8, 8]
    ramp = replace(task, newcomer="haema")
    parts = split(ramp, 0, 3)
    assert np.bincount(parts.customer_i).tolist() == [6, 6, 12]
    begun = labeled_only(ramp, parts, 2, seed=0)
    assert np.bincount(begun.customer_i[begun.training_i], minlength=3)[2] == 2
    others = [i for i in parts.training_i if parts.customer_i[i] != 2]
    assert [i for i in begun.training_i if parts.customer_i[i] != 2] == others


def test_a_customer_draws_by_its_own_labels_and_nothing_else(task: BoxTask) -> None:
    everything = np.arange(len(task.images))
    counts = {}
    for row, customer in enumerate(("coarse", "fine", "haema")):
        drawn = Drawn(task, everything, np.full(len(everything), row), (32, 32))
        labels = [drawn[i].labels_n for i in range(len(drawn))]
        counts[customer] = np.bincount(np.concatenate(labels), minlength=2).tolist()
        assert drawn.task.taxonomies[row].name == customer
    reds = sum(name == "RBC" for image in task.images for name in image.names_n)
    whites = sum(name == "WBC" for image in task.images for name in image.names_n)
    assert counts == {"coarse": [reds + whites, 0], "fine": [reds, whites], "haema": [0, 0]}


def test_a_customer_with_another_rule_draws_larger_boxes_that_stay_in_the_image(tmp_path: Path) -> None:
    task = task_of("bccd-rules", slides(tmp_path))
    everything = np.arange(len(task.images))
    tight, loose = (Drawn(task, everything, np.full(len(everything), row), (64, 64)) for row in (0, 1))
    for i in everything.tolist():
        small_n4, large_n4 = tight[i].boxes_n4, loose[i].boxes_n4
        np.testing.assert_array_equal(small_n4, task.images[i].boxes_n4)
        assert (large_n4[:, :2] <= small_n4[:, :2]).all()
        assert (large_n4[:, 2:] >= small_n4[:, 2:]).all()
        assert large_n4.min() >= 0
        assert large_n4.max() <= 64
    weights = [tables(task.tree, taxonomy).box_weight_k.tolist() for _, taxonomy in task.customers]
    assert weights == [[1, 1, 1], [0.5, 0.5, 0.5]]


def test_data_that_nobody_studies_is_named_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="bcd") as caught:
        task_of("bcd", slides(tmp_path))
    assert "bccd" in str(caught.value.hint)


def testas_many_labels_on_whole_images_areas_many(task: BoxTask) -> None:
    parts = split(task, 0, 3)
    theirs = Drawn(task, parts.training_i, parts.customer_i[parts.training_i], (32, 32))
    drawn = sum(len(theirs[i].labels_n) for i in range(len(theirs)))
    fewer = as_many(task, parts, seed=0)
    whole = [len(task.images[i].names_n) for i in fewer]
    assert sum(whole[:-1]) < drawn <= sum(whole) + max(whole)
    assert len(fewer) < len(parts.training_i)
