"""What a snapshot promises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from sabbatical.core.errors import EmptyDataset, NotFound
from sabbatical.schemas.dataset import BoxQuery
from sabbatical.schemas.label import Payload, RevisionIn, Shape
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset import writing
from sabbatical.stages.dataset.reading import local_parts
from sabbatical.stages.label import actions as labels
from sabbatical.stages.label.actions import Author, Said
from sabbatical.storage import columns
from sabbatical.storage.tables import SnapshotRow
from tests.stages.conftest import NOW, Street


def test_the_same_labels_make_the_same_snapshot(street: Street) -> None:
    items = street.add_items(50)
    street.label(items)
    first, again = street.run("snapshot"), street.run("snapshot")
    assert first == again
    assert first["snapshot"] == "s1"
    street.label(items[:1], shift=1)
    assert street.run("snapshot")["snapshot"] == "s2"


def test_an_old_snapshot_reads_the_same_after_labels_changed(street: Street) -> None:
    items = street.add_items(30)
    street.label(items)
    street.run("snapshot")
    before = list(datasets.labels(street.workspace, street.project, "s1"))
    street.label(items, names=("Child",), author=Author("p1", "person"))
    after = list(datasets.labels(street.workspace, street.project, "s1"))
    assert [(one.item_id, one.revision_id, one.payload.labels) for one in before] == [
        (one.item_id, one.revision_id, one.payload.labels) for one in after
    ]


def test_counts_say_what_is_inside(street: Street) -> None:
    items = street.add_items(40)
    street.label(items, "basalt", ("Adult", "Car", "Car"))
    street.label(items[:10], "aurora", ("Human",))
    counts = street.run("snapshot")["counts"]
    assert (counts["items"], counts["labels"], counts["shapes"]) == (40, 50, 130)
    assert counts["by_label"] == {"aurora": {"Human": 10}, "basalt": {"Adult": 40, "Car": 80}}
    assert sum(counts["by_split"].values()) == 40


def test_a_diff_names_what_came_went_and_changed_and_nothing_moves(street: Street) -> None:
    items = street.add_items(20)
    street.label(items[:15])
    street.run("snapshot")
    street.label(items[:2], names=("Child",), author=Author("p1", "person"))
    street.label(items[15:])
    street.label(items[2:5], author=Author("p2", "person", "rejected"), shift=3)
    street.run("snapshot")
    found = datasets.diff(street.workspace, street.project, "s1", "s2")
    assert (found.added, found.removed, found.changed, found.moved) == (5, 3, 2, 0)
    assert set(found.changed_items) == set(items[:2])
    assert found.by_label["basalt: Child"] == {"old": 0, "new": 2}


def test_an_empty_snapshot_says_which_condition_excludes_everything(street: Street) -> None:
    street.label(street.add_items(5))
    with pytest.raises(EmptyDataset, match="Without the condition 'customers' there would be 5"):
        street.run("snapshot", customers=["nobody"])
    with pytest.raises(NotFound, match="no snapshot yet"), street.workspace.database.reading() as session:
        datasets.get(session, street.project, None)


def test_a_query_narrows_by_attribute_time_and_customer(street: Street) -> None:
    street.label(street.add_items(20))
    street.label(street.add_items(10, start=20, customer="cobalt"))
    rain = street.run("snapshot", attributes={"weather": "rain"})["counts"]["items"]
    lane = street.run("snapshot", attributes={"lane": 2}, customers=["cobalt"])["counts"]["items"]
    early = street.run("snapshot", captured_before=(NOW + timedelta(days=2)).isoformat())["counts"]["items"]
    assert (rain, lane, early) == (15, 4, 4)


def test_a_cutoff_in_the_past_gives_the_labels_of_that_moment(street: Street) -> None:
    items = street.add_items(4)
    street.label(items)
    with street.workspace.database.transaction() as session:
        later = NOW + timedelta(days=1)
        shape = Shape(label="Child", box=(1, 1, 9, 9))
        asked = RevisionIn(item=items[0], taxonomy="basalt", shapes=[shape], author="p1")
        labels.revise(session, street.project, asked, later)
    then = street.run("snapshot", labeled_before=(NOW + timedelta(hours=1)).isoformat())
    now = street.run("snapshot")
    assert then["counts"]["by_label"] == {"basalt": {"Adult": 4, "Car": 4}}
    assert now["counts"]["by_label"]["basalt"]["Child"] == 1


def test_questions_about_all_boxes_are_answered_from_columns(street: Street) -> None:
    street.label(street.add_items(14), names=("Adult", "Child", "Car", "Statue"))
    street.run("snapshot")
    people = datasets.boxes(street.workspace, street.project, "s1", BoxQuery(classes=["person"], by=["class"]))
    assert {row["class"]: row["shapes"] for row in people} == {"adult": 14, "child": 14}
    small = datasets.boxes(street.workspace, street.project, "s1", BoxQuery(max_side=20))
    assert small == []
    weeks = datasets.boxes(street.workspace, street.project, "s1", BoxQuery(by=["customer", "week"]))
    assert sum(row["shapes"] for row in weeks) == 56
    assert {row["customer"] for row in weeks} == {"aurora"}


def test_every_shape_has_its_own_row_with_its_label_class_and_corners(street: Street) -> None:
    drawn = street.add_items(2)
    street.label(drawn, names=("Car", "Statue", "Car"))
    spoken = street.add_items(1, start=2)
    said = [Said(spoken[0], Payload(("Adult",)).to_bytes(), 1)]
    with street.workspace.database.transaction() as session:
        taxonomy = (street.taxonomy_ids["basalt"], "basalt")
        labels.keep(session, street.project.id, taxonomy, said, Author("camera", "import"), NOW)
    street.run("snapshot")
    with street.workspace.database.reading() as session:
        parts = session.scalars(select(SnapshotRow)).one().boxes
    query = f"SELECT item_id, label, class, x0, y0, x1, y1 FROM {columns.scan(local_parts(street.workspace, parts))}"
    with columns.connect() as connection:
        found = list(columns.rows(connection, query))
    each = [("Car", "car", 10.0), ("Statue", None, 50.0), ("Car", "car", 90.0)]
    boxed = [(item, label, name, x, 20.0, x + 30, 60.0) for item in drawn for label, name, x in each]
    assert found == [*boxed, (spoken[0], "Adult", "adult", None, None, None, None)]


def test_a_snapshot_of_several_parts_holds_every_label_once(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    items = street.add_items(25)
    street.label(items, "basalt", ("Adult", "Car"))
    street.label(items[:5], "aurora", ("Human",))
    monkeypatch.setattr(writing, "PART_ROWS", 7)
    made = street.run("snapshot")
    monkeypatch.undo()
    assert made["counts"]["shapes"] == 55
    assert len(list(datasets.labels(street.workspace, street.project, "s1"))) == 30
    assert street.run("snapshot")["content"] == made["content"]
