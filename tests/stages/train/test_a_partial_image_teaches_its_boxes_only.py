"""Where a shape could not be taken, what is drawn is learned as ever, and nothing is learned where nothing is drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from sabbatical.learning.config import HeadName
from sabbatical.learning.masking import mask_tables
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import Labeled, label_columns
from sabbatical.stages.train.families import table_bank
from sabbatical.stages.train.samples import SnapshotSamples, table_rows
from sabbatical.taxonomy import Masking, Taxonomy
from tests.learning.shapes import COARSE, DISC, FINE, SUPER, batch_of
from tests.learning.test_masks_say_what_a_taxonomy_knows import HEADS, class_gradient, head_of
from tests.stages.partial import BOX, labeled
from tests.stages.train.shapes import CUSTOMERS, TINY, Shapes

TAXONOMIES = [("coarse", COARSE), ("fine", FINE)]
WHOLE = [labeled("coarse", "Flat", partial=False), labeled("fine", "Disc", partial=False)]
PARTIAL = labeled("fine", "Disc", partial=True)


def gradient(head: HeadName, one: Labeled, among: Sequence[Labeled], masking: Masking = "tree") -> Tensor:
    """The gradient of the classes (k, places) for one image with its disc."""
    row = table_rows(label_columns(among), TAXONOMIES).index((one.taxonomy_id, one.payload.partial))
    batch = batch_of([BOX], [FINE.index("Disc")], [0], [row])
    return class_gradient(head_of(head), batch, table_bank(label_columns(among), SUPER, TAXONOMIES, masking))[0]


@pytest.mark.parametrize("head", HEADS)
def test_a_partial_image_has_no_gradient_where_nothing_is_drawn_and_that_of_its_boxes(head: HeadName) -> None:
    among = [*WHOLE, PARTIAL]
    whole_ka, partial_ka = gradient(head, WHOLE[1], among), gradient(head, PARTIAL, among)
    stands_a = whole_ka[DISC] < 0
    assert stands_a.any() and torch.equal(partial_ka[:, stands_a], whole_ka[:, stands_a])
    reach_a = (partial_ka != 0).any(0)
    assert (whole_ka[DISC][~reach_a] > 0).any()
    places = int(reach_a.sum())
    assert places < 0.5 * int((whole_ka[DISC] != 0).sum())
    assert torch.equal(partial_ka[:, ~reach_a], torch.zeros_like(partial_ka[:, ~reach_a]))
    other = FINE.labels[1].to
    assert other is not None and not (partial_ka[SUPER.index(other)][~stands_a] != 0).any()


@pytest.mark.parametrize("head", HEADS)
def test_whole_images_learn_the_same_beside_partial_ones(head: HeadName) -> None:
    assert torch.equal(gradient(head, WHOLE[1], WHOLE), gradient(head, WHOLE[1], [*WHOLE, PARTIAL]))


@pytest.mark.parametrize("head", HEADS)
def test_the_naive_super_dataset_takes_a_partial_image_for_a_whole_one(head: HeadName) -> None:
    among = [*WHOLE, PARTIAL]
    assert torch.equal(gradient(head, PARTIAL, among, "none"), gradient(head, WHOLE[1], among, "none"))


def test_only_taxonomies_with_partial_images_have_a_twin() -> None:
    assert table_rows(label_columns(WHOLE), TAXONOMIES) == [("coarse", False), ("fine", False)]
    mixed = label_columns([PARTIAL, *WHOLE, PARTIAL])
    assert table_rows(mixed, TAXONOMIES) == [("coarse", False), ("fine", False), ("fine", True)]
    bank = table_bank(label_columns([*WHOLE, PARTIAL]), SUPER, TAXONOMIES, "tree")
    assert mask_tables(bank, tuple(range(len(SUPER)))).target_trk.shape[0] == 3
    assert bank.covered_tk[1].any() and not bank.covered_tk[2].any()
    assert np.array_equal(bank.known_tlk[2], bank.known_tlk[1])


def test_a_refused_box_goes_from_the_file_to_the_samples_and_a_model_learns_from_them(shapes: Shapes) -> None:
    path = shapes.write("fresh", "Box", 20, 7)
    document = json.loads(path.read_text())
    document["annotations"] += [
        {"id": 100 + number, "image_id": number, "category_id": 1, "bbox": [3, 3, 0, 9]} for number in range(1, 11)
    ]
    path.write_text(json.dumps(document))
    report = shapes.run("ingest", source=str(path), taxonomy="boxes")
    assert report["quarantined_total"] == 10
    shapes.run("snapshot")
    with shapes.workspace.database.reading() as session:
        snapshot = datasets.get(session, shapes.project, None)
    found = list(datasets.labels(shapes.workspace, shapes.project, snapshot.id, ("train", "validation", "test")))
    partial = {one.name for one in found if one.payload.partial}
    assert partial == {f"images/fresh-{number}.png" for number in range(1, 11)}
    assert all(len(one.payload) == 1 for one in found)
    taxonomies = {one.taxonomy_id: Taxonomy.from_document(CUSTOMERS[one.taxonomy]) for one in found}
    samples = SnapshotSamples(shapes.workspace, label_columns(found), list(taxonomies.items()), (64, 64))
    assert {samples[i].taxonomy for i, one in enumerate(found) if one.payload.partial} == {len(taxonomies)}
    assert shapes.run("train", settings=TINY)["trained"]
