"""Labels are append-only, and saying a thing twice adds nothing."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sabbatical.core.errors import BadInput, Conflict, NotFound
from sabbatical.schemas.label import Payload, RevisionIn, Shape, payload_of, shapes_of
from sabbatical.stages.label import actions as labels
from sabbatical.stages.label.actions import Author
from tests.stages.conftest import NOW, Street


def revise(street: Street, item: str, **given: object) -> object:
    shape = Shape(label="Adult", box=(1, 2, 30, 40))
    asked = RevisionIn.model_validate({"item": item, "taxonomy": "basalt", "shapes": [shape], "author": "p1"} | given)
    with street.workspace.database.transaction() as session:
        return labels.revise(session, street.project, asked, NOW)


def test_importing_twice_adds_nothing(street: Street) -> None:
    items = street.add_items(10)
    assert street.label(items) == (10, 0)
    assert street.label(items) == (0, 10)


def test_importing_again_does_not_undo_a_persons_correction(street: Street) -> None:
    items = street.add_items(3)
    street.label(items)
    revise(street, items[0])
    assert street.label(items) == (0, 3)
    with street.workspace.database.reading() as session:
        history = labels.history(session, street.project, items[0], None, 10).rows
    assert [revision.author for revision in history] == ["p1", "camera"]
    assert history[0].parent == history[1].id


def test_a_person_may_go_back_to_what_stood_before(street: Street) -> None:
    item = street.add_items(1)[0]
    street.label([item], author=Author("p1", "person"))
    street.label([item], shift=5, author=Author("p1", "person"))
    assert street.label([item], author=Author("p1", "person")) == (1, 0)
    with street.workspace.database.reading() as session:
        assert len(labels.history(session, street.project, item, None, 10).rows) == 3


def test_a_change_made_meanwhile_is_a_conflict_and_loses_nothing(street: Street) -> None:
    item = street.add_items(1)[0]
    first = revise(street, item)
    revise(street, item, author="p2", shapes=[])
    with pytest.raises(Conflict, match="changed these labels meanwhile"):
        revise(street, item, author="p3", parent=first.id)  # type: ignore[attr-defined]


def test_the_same_revision_sent_twice_is_one(street: Street) -> None:
    item = street.add_items(1)[0]
    assert revise(street, item).id == revise(street, item).id  # type: ignore[attr-defined]


def test_a_revision_sent_again_under_its_key_is_one_even_after_another_came(street: Street) -> None:
    item = street.add_items(1)[0]
    first = revise(street, item, key="k1")
    revise(street, item, author="p2", shapes=[])
    assert revise(street, item, key="k1") == first
    with street.workspace.database.reading() as session:
        assert [one.author for one in labels.history(session, street.project, item, None, 9).rows] == ["p2", "p1"]
    with pytest.raises(Conflict, match="key was used"):
        revise(street, item, key="k1", author="p3")


def test_a_repeated_revision_is_answered_though_another_taxonomy_came_later(street: Street) -> None:
    item = street.add_items(1)[0]
    first = revise(street, item)
    revise(street, item, taxonomy="aurora", shapes=[])
    assert revise(street, item) == first


def test_a_wrong_label_or_box_is_refused_with_its_place(street: Street) -> None:
    item = street.add_items(1)[0]
    with pytest.raises(BadInput, match=r"shape 0, field label: The taxonomy 'basalt' has no label 'Tram'"):
        revise(street, item, shapes=[Shape(label="Tram", box=(0, 0, 1, 1))])
    with pytest.raises(BadInput, match=r"shape 0, field box: .*no area"):
        revise(street, item, shapes=[Shape(label="Adult", box=(9, 0, 1, 1))])
    with pytest.raises(NotFound, match="no item 'f'"):
        revise(street, "f")


def test_history_pages_by_key(street: Street) -> None:
    item = street.add_items(1)[0]
    for shift in range(5):
        street.label([item], shift=shift, author=Author("p1", "person"))
    seen, after = [], None
    while True:
        with street.workspace.database.reading() as session:
            page = labels.history(session, street.project, item, after, 2)
        seen += [revision.id for revision in page.rows]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5


finite = st.floats(0, 4000, width=32).map(lambda value: round(value, 2))
shapes = st.builds(
    Shape,
    label=st.text(min_size=1, max_size=5),
    box=st.tuples(finite, finite, finite, finite),
    attributes=st.dictionaries(st.text(max_size=3), st.booleans(), max_size=2),
    crowd=st.booleans(),
)


@given(st.lists(shapes, max_size=6))
def test_a_payload_reads_back_as_it_was(drawn: list[Shape]) -> None:
    payload = Payload.from_bytes(payload_of(drawn).to_bytes())
    back = shapes_of(payload)
    assert [shape.label for shape in back] == [shape.label for shape in drawn]
    assert [shape.attributes for shape in back] == [shape.attributes for shape in drawn]
    assert [shape.crowd for shape in back] == [shape.crowd for shape in drawn]
    for one, other in zip(back, drawn, strict=True):
        assert one.box == pytest.approx(other.box, abs=0.011)
    assert Payload.from_bytes(payload.to_bytes()).to_bytes() == payload.to_bytes()


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=4, max_size=4))
def test_a_payload_has_the_same_bytes_in_every_version(box: list[float]) -> None:
    """Ids of revisions are hashes of them: to import again what is there adds nothing."""
    payload = Payload(("a",), np.array([box], np.float32))
    rounded = [round(value, 2) for value in box]
    assert payload.to_bytes() == orjson.dumps({"box": rounded, "label": [0], "labels": ["a"]})


def test_bytes_that_are_no_payload_are_refused() -> None:
    for data in (b"", b"[]", b'{"labels": ["a"], "label": [4]}', b'{"labels": [], "label": [], "box": [1]}'):
        with pytest.raises(BadInput, match="cannot be read"):
            Payload.from_bytes(data)
