"""What can be asked, what is refused before any work, and how what is kept is read a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.core.errors import BadInput, NotFound
from sabbatical.schemas.page import Page
from sabbatical.schemas.predict import Prediction, PredictRequest
from sabbatical.stages.predict import asking, listing
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import NOTES
from tests.stages.train.shapes import Shapes


def ask(notes: Shapes, **asked: Any) -> dict[str, Any]:
    with notes.workspace.database.transaction() as session:
        return dict(asking.ask(session, notes.project, PredictRequest(**asked), NOW, None).params)


def page(notes: Shapes, **asked: Any) -> Page[Prediction]:
    given = {"model": None, "item": None, "after": None, "limit": 1000} | asked
    with notes.workspace.database.reading() as session:
        return listing.page(session, notes.project, **given)


def test_a_request_is_fixed_to_the_model_that_is_newest_when_it_is_made(notes: Shapes) -> None:
    assert ask(notes, snapshot="s1")["model"] == "v1"


@pytest.mark.parametrize("given", [{}, {"items": ["a"], "snapshot": "s1"}, {"snapshot": "s1", "source": "a.csv"}])
def test_a_request_names_one_thing_to_predict(notes: Shapes, given: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="one of items, snapshot and source"):
        ask(notes, **given)


def test_items_that_the_project_does_not_have_are_named_before_any_work(notes: Shapes) -> None:
    notes.run("predict", snapshot="s1")
    [there] = [one.item for one in page(notes, model="v1", limit=1).rows]
    with pytest.raises(NotFound, match=r"2 of 3 items are not in the project 'notes', such as 'nope'"):
        ask(notes, items=[there, "nope", "never"])
    assert ask(notes, items=[there])["items"] == [there]


def test_a_model_that_is_not_there_is_named(notes: Shapes) -> None:
    with pytest.raises(NotFound, match="no model 'v9'"):
        ask(notes, snapshot="s1", model="v9")


def test_pages_hold_every_prediction_once(notes: Shapes) -> None:
    notes.run("predict", snapshot="s1")
    found, after = [], None
    while True:
        one = page(notes, model="v1", after=after, limit=7)
        found += [prediction.item for prediction in one.rows]
        assert len(one.rows) == 7 or one.next is None
        if (after := one.next) is None:
            break
    assert len(found) == len(set(found)) == NOTES


def test_what_every_model_says_of_one_item_is_on_its_pages(notes: Shapes) -> None:
    notes.run("train", recipe="linear")
    for model in ("v1", "v2"):
        notes.run("predict", model=model, snapshot="s1")
    item = page(notes, model="v1", limit=1).rows[0].item
    first = page(notes, item=item, limit=1)
    second = page(notes, item=item, limit=1, after=first.next)
    assert sorted([first.rows[0].model, second.rows[0].model]) == ["v1", "v2"] and second.next is None


def test_a_page_is_of_a_model_or_of_an_item(notes: Shapes) -> None:
    for given in ({}, {"model": "v1", "item": "a"}):
        with pytest.raises(BadInput, match="either which model or which item"):
            page(notes, **given)
