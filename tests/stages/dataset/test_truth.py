"""What a partial image is judged by: nothing, since nobody knows what else stands in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.matching import match
from sabbatical.schemas.label import Payload
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import label_columns, truth_of
from sabbatical.stages.label import actions as labels
from sabbatical.stages.label.actions import Author, Said
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from tests.stages.conftest import BASALT, NOW, SUPER, Street
from tests.stages.partial import BOX, labeled

TREE, CUSTOMER = SuperTaxonomy.from_document(SUPER), Taxonomy.from_document(BASALT)
UNDRAWN = (40.0, 5.0, 60.0, 25.0)


def test_a_right_detection_of_a_refused_object_is_not_counted_as_wrong() -> None:
    """Each image shows two cars; on the partial one, the second could not be taken."""
    whole = labeled("basalt", "Car", partial=False)
    both = replace(whole, payload=Payload(("Car", "Car"), np.array([BOX, UNDRAWN], np.float32)))
    items = [both, labeled("basalt", "Car", partial=True)]
    truth = truth_of(label_columns(items), TREE, {"basalt": CUSTOMER})
    car = TREE.index("car")
    found = Detections.of([BOX, UNDRAWN] * 2, [0, 0, 1, 1], [car] * 4, [0.8, 0.7, 0.9, 0.95])
    truths = Truths.of(truth.boxes_n4, truth.item_n, truth.positive_nk, truth.known_nk, crowd=truth.crowd_n)
    matches = match(found, truths, truth.judged_ik, ious=(0.5,))
    assert truth.judged_ik[0].any() and not truth.judged_ik[1].any()
    assert matches.image_d.tolist() == [0, 0] and matches.outcomes(0, 0).tolist() == [1, 1]
    assert matches.image_g[~matches.ignored_ag[0]].tolist().count(1) == 0


def test_a_partial_image_is_partial_in_a_snapshot_too_and_its_boxes_are_counted(street: Street) -> None:
    first, second = street.add_items(2)
    street.label([first])
    payload = Payload(("Adult", "Car"), np.array([BOX, UNDRAWN], np.float32), partial=True)
    with street.workspace.database.transaction() as session:
        said = [Said(second, payload.to_bytes(), len(payload))]
        taxonomy = (street.taxonomy_ids["basalt"], "basalt")
        labels.keep(session, street.project.id, taxonomy, said, Author("camera", "import"), NOW)
    counts = street.run("snapshot")["counts"]
    read = {one.item_id: one.payload for one in datasets.labels(street.workspace, street.project, "s1")}
    assert (read[first].partial, read[second].partial) == (False, True)
    assert read[second].labels == read[first].labels and counts["shapes"] == 4
