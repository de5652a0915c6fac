"""A task is done as soon as somebody labels its item, in the same transaction, and by nothing less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Conflict, NotFound
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


def answer(street: Street, number: int, *shapes: Shape, author: str = "anna", **said: Any) -> LabelTask:
    with street.workspace.database.transaction() as session:
        return labels.answer_task(session, street.project, number, shapes, NOW, author=author, **said)


CAR = Shape(label="Car", box=(1, 2, 30, 40))
ADULT = Shape(label="Adult", box=(10, 20, 60, 80))


def test_a_list_of_tasks_says_what_each_item_is_and_what_it_was_labeled(street: Street) -> None:
    make(street, street.add_items(2))
    first, second = tasks(street)
    assert (first.name, first.said, first.author) == ("0.jpg", None, None)
    done = answer(street, first.number, CAR, ADULT, CAR)
    assert (done.said, done.author, done.state) == ("2 Car, 1 Adult", "anna", "done")
    assert tasks(street) == [done, second]


def questions(street: Street, read: Callable[[Session], object]) -> int:
    """How many questions a reading asks the database."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    engine = street.workspace.database.engine
    event.listen(engine, "before_cursor_execute", note)
    with street.workspace.database.reading() as session:
        read(session)
    event.remove(engine, "before_cursor_execute", note)
    return sum(one.startswith("SELECT") for one in asked)


def test_a_page_of_many_tasks_costs_as_many_questions_as_one_of_few(street: Street) -> None:
    make(street, street.add_items(40))
    for task in tasks(street)[:20]:
        answer(street, task.number, CAR)

    def page(limit: int) -> int:
        return questions(
            street, lambda one: campaigns.tasks(one, street.project, "night", state=None, after=None, limit=limit)
        )

    assert page(1) == page(40) == 4  # campaign, tasks, items, revisions


def test_many_campaigns_cost_as_many_questions_as_one(street: Street) -> None:
    items = street.add_items(2)
    make(street, items)
    one = questions(street, lambda session: campaigns.page(session, street.project, None, 10))
    for number in range(5):
        make(street, items, f"more-{number}", "aurora")
    assert questions(street, lambda session: campaigns.page(session, street.project, None, 10)) == one
    with street.workspace.database.reading() as session:
        newest, *_, oldest = campaigns.page(session, street.project, None, 10).rows
    assert (newest.labels, newest.tasks) == (["Human"], {"open": 2})
    assert oldest.labels == ["Adult", "Child", "Car", "Lorry", "Statue"]


def test_the_same_answer_again_changes_nothing_and_another_one_must_be_meant(street: Street) -> None:
    item = street.add_items(1)[0]
    make(street, [item])
    (task,) = tasks(street)
    first = answer(street, task.number, CAR)
    assert answer(street, task.number, CAR) == answer(street, task.number, CAR, author="bert") == first
    with pytest.raises(Conflict, match="is done: 1 Car, says anna"):
        answer(street, task.number, ADULT, author="bert")
    other = answer(street, task.number, ADULT, author="bert", change=True)
    assert (other.said, other.author) == ("1 Adult", "bert")
    assert answer(street, task.number, ADULT, author="bert", change=True) == other
    with street.workspace.database.reading() as session:
        assert len(labels.history(session, street.project, item, None, 10).rows) == 2


def test_a_task_that_was_skipped_can_still_be_answered(street: Street) -> None:
    make(street, street.add_items(1))
    (task,) = tasks(street)
    with street.workspace.database.transaction() as session:
        campaigns.skip(session, street.project, "night", task.number)
    assert answer(street, task.number).said == "nothing"
    assert tasks(street)[0].state == "done"


def test_a_label_counts_whatever_its_case_and_an_unknown_one_is_told_the_nearest(street: Street) -> None:
    make(street, street.add_items(1))
    (task,) = tasks(street)
    with pytest.raises(BadInput, match="no label 'Kar'") as caught:
        answer(street, task.number, CAR.model_copy(update={"label": "Kar"}))
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Did you mean 'Car'?") and "'Lorry'" in caught.value.hint
    assert answer(street, task.number, CAR.model_copy(update={"label": " car"})).said == "1 Car"


def test_what_an_image_shows_needs_boxes_within_it(street: Street) -> None:
    make(street, street.add_items(1))
    (task,) = tasks(street)
    with pytest.raises(BadInput, match="needs boxes"):
        answer(street, task.number, Shape(label="Car"))
    with pytest.raises(BadInput, match="no area"):
        answer(street, task.number, Shape(label="Car", box=(5, 5, 5, 9)))
    for box in ((-1, 5, 20, 20), (300, 5, 321, 20), (300, 5, 320, 193)):
        with pytest.raises(BadInput, match="out of the image, which has 320 x 192 px"):
            answer(street, task.number, Shape(label="Car", box=box))
    assert tasks(street)[0].state == "open"


def test_a_task_of_another_project_is_not_there(street: Street) -> None:
    make(street, street.add_items(1))
    with pytest.raises(NotFound, match="no task 99"):
        answer(street, 99, CAR)
