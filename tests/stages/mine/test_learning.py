"""An issue is closed by a model that answers only if the model learned some of the labels that were ordered for it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from sabbatical.core.ids import new_id
from sabbatical.schemas.mine import Issue
from sabbatical.schemas.policy import Labeling
from sabbatical.stages.label import actions as labels
from sabbatical.stages.mine import actions as mining
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import ModelRow, RevisionRow, SnapshotRow
from tests.stages.conftest import NOW
from tests.stages.mine.conftest import Traffic


@pytest.fixture
def ordered(traffic: Traffic) -> Traffic:
    """Issues 1 (night) and 2 (fog), each ordered by itself with ten tasks of one customer."""
    model = traffic.model()
    for scene in range(80):
        time, weather = (("night", "clear"), ("day", "fog"), ("day", "clear"), ("day", "clear"))[scene % 4]
        bad = (time, weather) != ("day", "clear")
        traffic.answer(model, f"scene {scene}", sure=not bad, time_of_day=time, weather=weather)
    assert sorted(traffic.mine()["issues"]) == [1, 2]
    with traffic.workspace.database.transaction() as session:
        for number in (1, 2):
            mining.order(session, traffic.project, [number], Labeling(tasks_a_turn=10), NOW)
    return traffic


def label(traffic: Traffic, number: int, many: int) -> None:
    """Label so many of the tasks of an issue."""
    [campaign] = traffic.issue(number).campaigns
    with traffic.workspace.database.reading() as session:
        rows = labels.tasks(session, traffic.project, campaign, state="open", after=None, limit=many).rows
    traffic.street.label([row.item for row in rows], "aurora", names=("Human",))


def learn(traffic: Traffic, query: dict[str, object] | None = None) -> list[Issue]:
    """A model of a snapshot of all labels so far answers; the issues that this closes."""
    model = traffic.model()
    with traffic.workspace.database.transaction() as session:
        number = session.scalar(select(func.max(SnapshotRow.number))) or 0
        cutoff = session.scalar(select(func.max(RevisionRow.seq))) or 0
        snapshot = SnapshotRow(
            id=new_id("snp"), project_id=traffic.project.id, number=number + 1, content=new_id("c"), query=query or {},
            cutoff=cutoff, counts={}, parts=[], boxes=[], created_at=NOW,
        )  # fmt: skip
        session.add(snapshot)
        session.flush()
        row = session.get(ModelRow, model)
        assert row is not None
        row.snapshot_id = snapshot.id
        session.flush()
        return mining.learned(session, traffic.project, models.get(session, traffic.project, row.id), NOW)


def test_an_issue_is_resolved_by_a_model_that_learned_its_labels_and_it_is_said_how_many(ordered: Traffic) -> None:
    assert learn(ordered) == []
    label(ordered, 1, 3)
    assert [one.number for one in learn(ordered)] == [1]
    assert (ordered.issue(1).state, ordered.issue(2).state) == ("resolved", "ordered")
    assert ordered.issue(1).why == "v3 learned the labels of 3 of its 10 tasks, and answers now."


def test_labels_that_came_after_the_snapshot_close_nothing_before_another_model_learned_them(ordered: Traffic) -> None:
    label(ordered, 1, 10)
    with ordered.workspace.database.transaction() as session:
        model = models.get(session, ordered.project, "v1")
        assert mining.learned(session, ordered.project, model, NOW) == []
    assert ordered.issue(1).state == "ordered"
    label(ordered, 2, 10)
    assert [one.number for one in learn(ordered)] == [1, 2]
    assert learn(ordered) == []


def test_a_model_of_a_narrowed_snapshot_closes_nothing(ordered: Traffic) -> None:
    label(ordered, 1, 10)
    assert learn(ordered, {"taxonomies": ["basalt"]}) == []
    assert ordered.issue(1).state == "ordered"
