"""A task is done as soon as somebody labels its item, in the same transaction, and by nothing less."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.core.errors import Conflict, NotFound
from sabbatical.schemas.campaign import CampaignIn, LabelTask
from sabbatical.schemas.label import Revision, RevisionIn, Shape
from sabbatical.stages.label import actions as labels
from sabbatical.stages.label import campaigns
from tests.stages.conftest import NOW, Street


def make(street: Street, items: list[str], name: str = "night", taxonomy: str = "basalt") -> None:
    with street.workspace.database.transaction() as session:
        campaigns.create(session, street.project, CampaignIn(name=name, taxonomy=taxonomy, items=items), NOW)


def tasks(street: Street, name: str = "night") -> list[LabelTask]:
    with street.workspace.database.reading() as session:
        return campaigns.tasks(session, street.project, name, state=None, after=None, limit=100).rows


def revise(street: Street, item: str, **said: Any) -> Revision:
    shape = Shape(label="Adult", box=(1, 2, 30, 40))
    asked = RevisionIn.model_validate({"item": item, "taxonomy": "basalt", "shapes": [shape], "author": "p1"} | said)
    with street.workspace.database.transaction() as session:
        return labels.revise(session, street.project, asked, NOW)


def test_a_label_closes_the_tasks_of_its_item_in_every_campaign_of_the_taxonomy(street: Street) -> None:
    items = street.add_items(2)
    make(street, items)
    make(street, items, "rain")
    make(street, items, "people", "aurora")
    revision = revise(street, items[0])
    for name in ("night", "rain"):
        assert [(task.state, task.revision) for task in tasks(street, name)] == [("done", revision.id), ("open", None)]
    assert {task.state for task in tasks(street, "people")} == {"open"}


def test_saying_again_what_stands_closes_the_task_too(street: Street) -> None:
    item = street.add_items(1)[0]
    standing = revise(street, item)
    make(street, [item])
    assert revise(street, item).id == standing.id
    assert [(task.state, task.revision) for task in tasks(street)] == [("done", standing.id)]


@pytest.mark.parametrize("said", [{"state": "draft"}, {"state": "rejected"}, {"author_kind": "model"}])
def test_a_draft_and_a_models_word_leave_the_task_open(street: Street, said: dict[str, str]) -> None:
    item = street.add_items(1)[0]
    make(street, [item])
    revise(street, item, **said)
    assert [task.state for task in tasks(street)] == ["open"]


def test_labels_that_come_from_a_file_close_tasks_unless_they_say_nothing_new(street: Street) -> None:
    items = street.add_items(2)
    street.label(items[:1])
    make(street, items)
    street.label(items)
    assert [task.state for task in tasks(street)] == ["open", "done"]


def test_a_second_label_leaves_the_task_as_the_first_one_closed_it(street: Street) -> None:
    item = street.add_items(1)[0]
    make(street, [item])
    first = revise(street, item, key="a")
    assert revise(street, item, key="a").id == first.id
    revise(street, item, author="p2")
    assert [task.revision for task in tasks(street)] == [first.id]


def test_a_skipped_task_is_asked_of_nobody_and_a_done_one_cannot_be_skipped(street: Street) -> None:
    items = street.add_items(2)
    make(street, items)
    revise(street, items[0])
    done, left = tasks(street)
    with street.workspace.database.transaction() as session:
        assert campaigns.skip(session, street.project, "night", left.number).state == "skipped"
        assert campaigns.skip(session, street.project, "night", left.number).state == "skipped"
        with pytest.raises(Conflict, match="is done"):
            campaigns.skip(session, street.project, "night", done.number)
        assert campaigns.get(session, street.project, "night").tasks == {"done": 1, "skipped": 1}


def test_a_task_or_campaign_that_is_not_there_is_named(street: Street) -> None:
    make(street, street.add_items(1))
    with street.workspace.database.reading() as session:
        with pytest.raises(NotFound, match="no task 99"):
            campaigns.task(session, street.project, "night", 99)
        with pytest.raises(NotFound, match="no campaign 'noon'"):
            campaigns.task(session, street.project, "noon", 1)
