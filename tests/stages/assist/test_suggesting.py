"""What a model says, in the words of the customer who labels."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.core.errors import NotFound, NotReady
from sabbatical.schemas.assist import PrelabelRequest, Suggestion
from sabbatical.schemas.campaign import CampaignIn
from sabbatical.stages.assist import actions as assistance
from sabbatical.stages.assist.suggesting import PAYS, labels_of, suggested_boxes, suggested_labels
from sabbatical.stages.label import actions as labels
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import ItemRow
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from tests.stages.conftest import AURORA, BASALT, NOW, SUPER
from tests.stages.train.conftest import shapes
from tests.stages.train.shapes import TINY, Shapes

__all__ = ["shapes"]
TREE = SuperTaxonomy.from_document(SUPER)
HERE, NEAR, THERE = (10.0, 10.0, 50.0, 50.0), (11.0, 10.0, 50.0, 51.0), (200.0, 20.0, 240.0, 90.0)
TWO_WHEELS = {
    "taxonomy": "wheels", "super-taxonomy": "street",
    "labels": {"Big": {"class": "vehicle", "one_of": ["truck", "bus"]}, "Car": "car", "Post": "ignore"},
}  # fmt: skip


def answer(*found: tuple[str, float, tuple[float, ...]]) -> Answer:
    return Answer(
        np.array([TREE.index(name) for name, _, _ in found], np.int64),
        np.array([score for _, score, _ in found], np.float32),
        np.array([box for _, _, box in found], np.float32).reshape(-1, 4),
    )


def said(taxonomy: dict[str, object], *found: tuple[str, float, tuple[float, ...]]) -> list[tuple[str, float]]:
    boxes = suggested_boxes(answer(*found), TREE, Taxonomy.from_document(taxonomy), {"car": 0.3})
    return [(one.label, one.score) for one in boxes]


def named(taxonomy: dict[str, object]) -> dict[str, str]:
    parsed = Taxonomy.from_document(taxonomy)
    rows = labels_of(TREE, parsed).tolist()
    return {name: parsed.names[row] for name, row in zip(TREE.names, rows, strict=True) if row >= 0}


def test_a_class_is_called_by_the_deepest_label_that_covers_it() -> None:
    assert named(AURORA) == {"person": "Human", "adult": "Human", "child": "Human"}
    assert named(BASALT) == {"adult": "Adult", "child": "Child", "car": "Car", "truck": "Lorry"}
    assert named(TWO_WHEELS) == {"car": "Car", "truck": "Big", "bus": "Big"}


def test_a_thing_found_at_two_depths_is_suggested_once() -> None:
    assert said(AURORA, ("person", 0.7, HERE), ("adult", 0.6, NEAR), ("person", 0.5, THERE)) == [
        ("Human", 0.7),
        ("Human", 0.5),
    ]


def test_what_is_coarser_than_every_label_cannot_be_named_and_is_left_out() -> None:
    assert said(BASALT, ("vehicle", 0.9, HERE), ("car", 0.4, NEAR), ("light", 0.8, THERE)) == [("Car", 0.4)]


def test_one_place_is_not_two_things_of_one_branch_but_may_be_of_two() -> None:
    assert said(BASALT, ("car", 0.5, HERE), ("truck", 0.6, NEAR), ("adult", 0.4, HERE)) == [
        ("Lorry", 0.6),
        ("Adult", 0.4),
    ]


def test_what_is_shown_from_the_start_is_sure_enough_to_save_time() -> None:
    found = [("car", 0.29, HERE), ("car", 0.31, THERE), ("car", 0.9, (60.0, 60.0, 90.0, 90.0))]
    boxes = suggested_boxes(answer(*found), TREE, Taxonomy.from_document(BASALT), {"car": 0.3})
    assert [(one.score, one.sure, one.shown) for one in boxes] == [
        (0.9, True, True),
        (0.31, True, False),
        (0.29, False, False),
    ]
    assert pytest.approx((1 - PAYS) * 1.35, rel=0.02) == PAYS * 0.5 * 1.5


def test_of_a_text_the_likeliest_label_is_shown_and_one_for_several_classes_is_as_likely_as_all() -> None:
    scores = np.zeros(len(TREE), np.float32)
    for name, score in (("car", 0.4), ("truck", 0.3), ("bus", 0.2)):
        scores[TREE.index(name)] = score
    text = Answer(np.arange(len(TREE)), scores, np.zeros((0, 4), np.float32))
    found = suggested_labels(text, TREE, Taxonomy.from_document(TWO_WHEELS), {"car": 0.5, "truck": 0.5, "bus": 0.5})
    assert [(one.label, one.score, one.shown) for one in found] == [("Big", 0.5, True), ("Car", 0.4, False)]


@pytest.fixture
def campaign(shapes: Shapes) -> list[int]:
    """A model, and three tasks under the taxonomy `boxes`."""
    shapes.run("train", settings=TINY | {"steps": 1})
    with shapes.workspace.database.transaction() as session:
        items = [row.id for row in session.query(ItemRow).limit(3)]
        labels.create_campaign(session, shapes.project, CampaignIn(name="c", taxonomy="boxes", items=items), NOW)
        rows = labels.tasks(session, shapes.project, "c", state=None, after=None, limit=10).rows
    return [row.number for row in rows]


def suggestion(shapes: Shapes, number: int) -> Suggestion:
    with shapes.workspace.database.reading() as session:
        return assistance.suggest_task(session, shapes.project, "c", number)


def test_a_campaign_is_prelabeled_by_a_run_and_then_suggestions_are_there(shapes: Shapes, campaign: list[int]) -> None:
    with pytest.raises(NotReady, match="sabbatical assist prelabel c"):
        suggestion(shapes, campaign[0])
    assert shapes.run("prelabel", campaign="c", model="v1") == {
        "campaign": "c", "model": "v1", "items": 3, "computed": 3, "stored": 0,
    }  # fmt: skip
    found = suggestion(shapes, campaign[0])
    assert (found.model, found.taxonomy, found.version) == ("v1", "boxes", 1)
    assert {one.label for one in found.shapes} <= {"Box"}
    assert found.expected == pytest.approx(sum(one.score for one in found.shapes), abs=1e-3)
    assert shapes.run("prelabel", campaign="c", model="v1")["stored"] == 3
    with shapes.workspace.database.transaction() as session:
        asked = PrelabelRequest(campaign="c")
        first = assistance.ask_prelabel(session, shapes.project, asked, NOW, "k")
        assert assistance.ask_prelabel(session, shapes.project, asked, NOW, "k").id == first.id
        assert first.params == {"campaign": "c", "model": "v1"}
        with pytest.raises(NotFound, match="no campaign 'd'"):
            assistance.ask_prelabel(session, shapes.project, PrelabelRequest(campaign="d"), NOW)
