"""An issue becomes one campaign a customer, within what the policy allows, and never a second time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import event

from sabbatical.schemas.campaign import CampaignIn, LabelTask
from sabbatical.schemas.mine import Ordered
from sabbatical.schemas.policy import Labeling
from sabbatical.stages.label import actions as labels
from sabbatical.stages.mine import actions as mining
from sabbatical.stages.mine.ordering import _left_this_week
from sabbatical.storage.tables import IssueRow, ItemRow
from tests.stages.conftest import NOW
from tests.stages.mine.conftest import Traffic


def order(
    traffic: Traffic,
    *numbers: int,
    now: datetime = NOW,
    key: str | None = None,
    actor_kind: Literal["person", "loop"] = "loop",
    **rules: Any,
) -> Ordered:
    with traffic.workspace.database.transaction() as session:
        asked = Labeling(**rules)
        return mining.order(session, traffic.project, numbers, asked, now, key, actor_kind=actor_kind)


def tasks(traffic: Traffic, made: Ordered) -> list[LabelTask]:
    with traffic.workspace.database.reading() as session:
        pages = [
            labels.tasks(session, traffic.project, one.name, state=None, after=None, limit=1000)
            for one in made.campaigns
        ]
    return [task for page in pages for task in page.rows]


def rows(traffic: Traffic, items: list[str]) -> dict[str, ItemRow]:
    with traffic.workspace.database.reading() as session:
        return {row.id: row for row in session.query(ItemRow) if row.id in items}


@pytest.fixture
def night(traffic: Traffic) -> Traffic:
    """Issue 1: at night, 40 answers of 20 scenes, half of each customer."""
    traffic.by_night(traffic.model())
    assert traffic.mine()["issues"] == [1]
    return traffic


def test_there_is_one_campaign_for_each_customer_with_the_items_of_that_customer(night: Traffic) -> None:
    made = order(night, 1)
    assert sorted(one.name for one in made.campaigns) == ["issue-1-aurora", "issue-1-basalt"]
    assert {(one.taxonomy, one.version) for one in made.campaigns} == {("aurora", 1), ("basalt", 1)}
    assert all("not sure at night" in one.instructions for one in made.campaigns)
    ordered = tasks(night, made)
    there = rows(night, [task.item for task in ordered])
    assert all(there[task.item].customer == task.campaign.removeprefix("issue-1-") for task in ordered)
    assert (made.tasks, len(ordered)) == (40, 40)
    assert night.issue(1).state == "ordered" and night.issue(1).tasks == {"open": 40}


def test_the_failing_items_come_first_and_one_of_each_scene_before_the_second_of_any(night: Traffic) -> None:
    made = order(night, 1, tasks_a_turn=20)
    ordered = [task.item for task in tasks(night, made)]
    assert set(Counter(row.group for row in rows(night, ordered).values()).values()) == {1}
    assert made.failing == min(20, night.issue(1).failing // 2)


def test_ordering_again_with_any_key_orders_nothing_and_answers_the_same_campaigns(night: Traffic) -> None:
    first = order(night, 1, key="turn 1")
    for key in ("turn 1", "turn 2", None):
        again = order(night, 1, key=key)
        assert (again.tasks, [one.id for one in again.campaigns]) == (0, [one.id for one in first.campaigns])
    assert len(tasks(night, first)) == 40


def test_ordering_again_says_that_it_was_ordered_in_which_campaigns_and_what_to_do(night: Traffic) -> None:
    order(night, 1)
    again = order(night, 1, actor_kind="person")
    assert again.notes == [
        "Issue 1 was ordered already, in issue-1-aurora and issue-1-basalt: 40 of 40 tasks are open. "
        "Label them: `sabbatical labels tasks issue-1-aurora`."
    ]
    items = [task.item for task in tasks(night, again)]
    night.street.label(items, "basalt", names=("Car",))
    night.street.label(items, "aurora", names=("Human",))
    [done] = order(night, 1).notes
    assert "0 of 40 tasks are open" in done and "`sabbatical mine resolve 1`" in done


def test_the_loop_keeps_to_its_tasks_a_turn_and_a_week(night: Traffic) -> None:
    made = order(night, 1, tasks_a_turn=30, tasks_a_week=35)
    assert (made.tasks, made.left_this_week) == (30, 5)
    issue = _another(night)
    assert order(night, issue, now=NOW + timedelta(days=6), tasks_a_turn=30, tasks_a_week=35).tasks == 5


def test_an_issue_that_the_budget_left_without_tasks_stays_open_and_it_is_said_why(night: Traffic) -> None:
    other = _another(night)
    made = order(night, 1, other, tasks_a_turn=1)
    assert (made.tasks, [one.name for one in made.campaigns]) == (1, ["issue-1-aurora"])
    assert (night.issue(1).state, night.issue(other).state) == ("ordered", "open")
    assert (night.issue(1).tasks, night.issue(other).tasks, night.issue(other).campaigns) == ({"open": 1}, {}, [])
    assert made.notes == [
        f"Issue {other} got no tasks and stays open: the 1 tasks that could be ordered went to others."
    ]
    assert all("in fog" not in one.instructions for one in made.campaigns)
    again = order(night, 1, other, tasks_a_turn=5)
    assert (again.tasks, night.issue(other).state, night.issue(other).tasks) == (5, "ordered", {"open": 5})


def test_an_issue_is_of_the_campaigns_that_have_its_items_and_counts_its_own_tasks(night: Traffic) -> None:
    other = _another(night)
    made = order(night, 1, other, tasks_a_turn=100)
    assert sorted(one.name for one in made.campaigns) == ["issue-1-2-aurora", "issue-1-2-basalt"]
    assert sorted(night.issue(1).campaigns) == ["issue-1-2-aurora", "issue-1-2-basalt"]
    assert night.issue(other).campaigns == ["issue-1-2-aurora"]
    assert (night.issue(1).tasks, night.issue(other).tasks) == ({"open": 40}, {"open": 30})


def test_what_the_loop_may_order_this_week_takes_one_question_however_much_it_ordered_before(night: Traffic) -> None:
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    def questions() -> int:
        asked.clear()
        with night.workspace.database.reading() as session:
            assert _left_this_week(session, night.project, Labeling(tasks_a_week=50), NOW) == left
        return len([one for one in asked if one.startswith("SELECT")])

    event.listen(night.workspace.database.engine, "before_cursor_execute", note)
    left = 50
    assert questions() == 1
    for number in (1, _another(night)):
        order(night, number, tasks_a_turn=10)
        left -= 10
        assert questions() == 1


def test_a_week_later_the_loop_may_order_again(night: Traffic) -> None:
    order(night, 1, tasks_a_turn=30, tasks_a_week=30)
    issue = _another(night)
    spent = order(night, issue, now=NOW + timedelta(days=6, hours=23), tasks_a_week=30)
    assert (spent.tasks, spent.campaigns, night.issue(issue).state) == (0, [], "open")
    assert "30 tasks that the policy allows in a week" in spent.notes[0]
    assert order(night, issue, now=NOW + timedelta(days=7, hours=1), tasks_a_week=30).tasks > 0


def test_what_a_person_orders_neither_counts_for_the_loop_nor_is_bound_by_it(night: Traffic) -> None:
    assert order(night, 1, actor_kind="person", tasks_a_turn=40, tasks_a_week=0).tasks == 40
    issue = _another(night)
    assert order(night, issue, tasks_a_turn=10, tasks_a_week=10).left_this_week == 0


def test_what_is_labeled_or_waits_elsewhere_is_not_ordered(night: Traffic) -> None:
    dark = [row.id for row in _all(night) if row.attributes["time_of_day"] == "night" and row.customer == "aurora"]
    night.street.label(dark[:5], "aurora", names=("Human",))
    with night.workspace.database.transaction() as session:
        asked = CampaignIn(name="by-hand", taxonomy="aurora", items=dark[5:8])
        labels.create_campaign(session, night.project, asked, NOW)
    made = order(night, 1)
    assert set(dark[:8]).isdisjoint(task.item for task in tasks(night, made))
    assert made.tasks == 32


def test_items_for_whom_no_taxonomy_is_known_are_left_out_and_it_is_said(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(40):
        night = scene % 2 == 1
        traffic.answer(
            model, f"scene {scene}", sure=not night, customer="cobalt" if scene % 4 == 1 else "aurora",
            time_of_day="night" if night else "day",
        )  # fmt: skip
    traffic.mine()
    made = order(traffic, 1)
    assert (made.tasks, [one.taxonomy for one in made.campaigns]) == (10, ["aurora"])
    assert "'cobalt' are left out" in made.notes[0]


def test_a_customer_without_a_taxonomy_of_its_name_is_labeled_as_before(traffic: Traffic) -> None:
    model = traffic.model()
    traffic.street.label(traffic.street.add_items(3, customer="cobalt"), "basalt")
    for scene in range(40):
        night = scene % 2 == 1
        traffic.answer(
            model, f"scene {scene}", sure=not night, customer="cobalt", time_of_day="night" if night else "day"
        )
    traffic.mine()
    assert [one.name for one in order(traffic, 1).campaigns] == ["issue-1-basalt"]


def _all(traffic: Traffic) -> list[ItemRow]:
    with traffic.workspace.database.reading() as session:
        return list(session.query(ItemRow).filter(ItemRow.source == "traffic"))


def _another(traffic: Traffic) -> int:
    """A second issue: in fog."""
    [model] = {row.model_id for row in _issues(traffic)}
    for scene in range(30):
        traffic.answer(model, f"foggy {scene}", sure=False, customer="aurora", time_of_day="day", weather="fog")
    number = max(traffic.mine()["issues"])
    return int(number)


def _issues(traffic: Traffic) -> list[IssueRow]:
    with traffic.workspace.database.reading() as session:
        return list(session.query(IssueRow))
