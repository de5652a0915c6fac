"""A look for failures makes a few issues, the same look again makes none, and a person's word stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sabbatical.core.errors import BadRequest, Conflict, NotFound
from sabbatical.durable import runs
from sabbatical.schemas.campaign import LabelTask
from sabbatical.schemas.label import RevisionIn, Shape
from sabbatical.schemas.mine import MineRequest
from sabbatical.schemas.policy import Labeling
from sabbatical.stages.label import actions as labels
from sabbatical.stages.mine import actions as mining
from sabbatical.storage.tables import RunRow
from tests.stages.conftest import NOW
from tests.stages.mine.conftest import Traffic

CAR = ("car", 0.9, (10.0, 10.0, 60.0, 60.0))


def ask(traffic: Traffic, key: str | None, **asked: object) -> RunRow:
    with traffic.workspace.database.transaction() as session:
        return mining.ask(session, traffic.project, MineRequest.model_validate(asked), NOW, key)


def order(traffic: Traffic, *numbers: int) -> int:
    with traffic.workspace.database.transaction() as session:
        return mining.order(session, traffic.project, numbers, Labeling(), NOW, "turn:order").tasks


def test_doubt_alone_makes_an_issue_before_anybody_has_labeled_anything(traffic: Traffic) -> None:
    traffic.by_night(traffic.model())
    said = traffic.mine(drift="d1")
    assert (said["issues"], said["answers"], said["model"]) == ([1], 80, "v1")
    issue = traffic.issue(1)
    assert issue.where == {"time_of_day": "night"}
    assert issue.title.startswith("not sure at night, ")
    assert f"{issue.symptom.failed} of {issue.symptom.answers} answers" in issue.title
    assert (issue.symptom.answers, issue.symptom.rest_answers) == (40, 40)
    assert issue.symptom.interval[0] > 1 and issue.symptom.p_value <= 0.01
    assert (issue.window.answers, issue.window.groups, issue.window.labeled, issue.drift) == (80, 40, 0, "d1")
    assert (issue.failing, issue.alike) == (issue.symptom.failed, 40 - issue.symptom.failed)


def test_bad_feedback_alone_makes_an_issue(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(60):
        foggy = scene % 3 == 0
        verdict = ("wrong" if foggy else "right") if scene % 2 else None
        traffic.answer(model, f"scene {scene}", verdict=verdict, weather="fog" if foggy else "clear")
    assert traffic.mine()["issues"] == [1]
    symptom = traffic.issue(1).symptom
    assert (symptom.kind, symptom.failed, symptom.answers, symptom.rest_failed) == ("feedback", 10, 10, 0)
    assert traffic.issue(1).title.startswith("called wrong in fog, 10 of 10 answers")


def test_people_who_speak_up_only_when_something_is_wrong_are_counted_over_all_answers(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(60):
        foggy = scene % 3 == 0
        verdict = "wrong" if (foggy and scene % 2) or scene == 4 else None
        traffic.answer(model, f"scene {scene}", verdict=verdict, weather="fog" if foggy else "clear")
    traffic.mine()
    symptom = traffic.issue(1).symptom
    assert (symptom.failed, symptom.answers, symptom.rest_failed, symptom.rest_answers) == (10, 20, 1, 40)


def test_later_labels_say_which_class_is_missed_where(traffic: Traffic) -> None:
    model = traffic.model()
    dark, light = [], []
    for scene in range(60):
        night = scene % 2 == 1
        item = traffic.answer(
            model,
            f"scene {scene}",
            found=[] if night else [CAR],
            customer="basalt",
            time_of_day="night" if night else "day",
        )
        (dark if night else light).append(item)
    traffic.keep()
    with traffic.workspace.database.transaction() as session:
        for item in (*dark, *light):
            shapes = [Shape(label="Car", box=(10, 10, 60, 60))]
            asked = RevisionIn(item=item, taxonomy="basalt", shapes=shapes, author="p1")
            labels.revise(session, traffic.project, asked, NOW)
    traffic.mine()
    issue = traffic.issue(1)
    assert issue.where == {"time_of_day": "night"}
    assert (issue.symptom.kind, issue.symptom.label) in {("missed", "car"), ("missed", "vehicle")}
    assert (issue.symptom.failed, issue.symptom.answers, issue.window.labeled) == (30, 30, 60)
    with traffic.workspace.database.reading() as session:
        worst = mining.items(session, traffic.project, 1, None, 1).rows[0]
    assert worst.item in dark and worst.detail["missed"] == [["car", [10, 10, 60, 60]]]


def test_the_items_of_an_issue_page_to_the_same_as_all_at_once(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(60):
        traffic.answer(model, f"scene {scene}", sure=scene % 2 > 0, weather="clear" if scene % 2 else "rain")
    traffic.mine()
    with traffic.workspace.database.reading() as session:
        whole = mining.items(session, traffic.project, 1, None, 100)
        paged, after = [], None
        while after is not None or not paged:
            page = mining.items(session, traffic.project, 1, after, 7)
            paged, after = [*paged, *page.rows], page.next
        assert paged == whole.rows and len(paged) > 14 and whole.next is None
        with pytest.raises(BadRequest, match="no place in this list"):
            mining.items(session, traffic.project, 1, "first", 7)


def test_a_window_is_of_answers_whose_inputs_were_kept_however_few_they_are(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(60):
        traffic.answer(model, f"scene {scene}", sure=scene % 2 > 0, weather="clear" if scene % 2 else "rain")
        for number in range(9):
            traffic.answer(model, f"passing {scene} {number}", kept=False)
    said = traffic.mine(window=60)
    assert said["answers"] == 60 and said["issues"]


def test_traffic_that_is_alike_everywhere_makes_no_issue_and_it_is_said(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(40):
        traffic.answer(model, f"scene {scene}", sure=scene % 5 > 0, weather="rain" if scene % 2 else "clear")
    said = traffic.mine()
    assert said["issues"] == [] and said["groups"] == 40
    assert said["message"] == "Of 40 answers in 40 groups, no place fails surely more often than the rest."


def test_too_little_traffic_is_said_with_what_it_takes_and_is_no_error(traffic: Traffic) -> None:
    model = traffic.model()
    assert "0 answers of 0 groups are too few" in traffic.mine()["message"]
    traffic.by_night(model, scenes=6)
    said = traffic.mine()
    assert said["message"].startswith("12 answers of 6 groups are too few; it takes 16 groups.")
    assert "ask about 10 others at least" in said["message"] and said["groups"] == 6


def test_looking_again_brings_the_open_issue_up_to_date_and_makes_no_second(traffic: Traffic) -> None:
    model = traffic.model()
    traffic.by_night(model)
    first = traffic.mine()["issues"]
    traffic.answer(model, "scene new", sure=False, time_of_day="night", weather="rain")
    assert traffic.mine()["issues"] == first == [1]
    assert traffic.issue(1).symptom.answers == 41


def test_the_same_key_is_the_same_run(traffic: Traffic) -> None:
    traffic.model()
    assert ask(traffic, "turn 1:mine").id == ask(traffic, "turn 1:mine").id
    with pytest.raises(Conflict):
        ask(traffic, "turn 1:mine", window=50)
    with traffic.workspace.database.reading() as session:
        assert len(runs.page(session, traffic.project.id, after=None, limit=10)) == 1


def test_a_run_that_was_killed_after_it_made_an_issue_finds_it_again(traffic: Traffic) -> None:
    traffic.by_night(traffic.model())
    assert traffic.mine()["issues"] == [1]
    with traffic.workspace.database.transaction() as session:
        mining.resolve(session, traffic.project, 1, "mended", NOW)
    traffic.looks -= 1
    assert traffic.mine()["issues"] == [1]
    assert traffic.mine()["issues"] == [2]


def test_what_a_person_dismissed_does_not_come_back_for_this_model(traffic: Traffic) -> None:
    model = traffic.model()
    traffic.by_night(model)
    traffic.mine()
    with traffic.workspace.database.transaction() as session:
        closed = mining.dismiss(session, traffic.project, 1, "the lamps are being repaired", NOW)
    assert (closed.state, closed.why) == ("dismissed", "the lamps are being repaired")
    assert traffic.mine()["issues"] == []
    with (
        pytest.raises(Conflict, match=r"Issue 1 is dismissed: the lamps are being repaired\."),
        traffic.workspace.database.transaction() as session,
    ):
        mining.order(session, traffic.project, [1], Labeling(), NOW, actor_kind="person")
    with traffic.workspace.database.transaction() as session:
        made = mining.order(session, traffic.project, [1], Labeling(), NOW)
    assert (made.tasks, made.campaigns) == (0, []) and "dismissed" in made.notes[0]


def test_a_place_whose_labels_no_model_has_learned_is_waited_for_and_then_named_anew(traffic: Traffic) -> None:
    model = traffic.model()
    traffic.by_night(model)
    traffic.mine()
    assert order(traffic, 1) > 0
    assert traffic.mine() | {"message": ""} == {
        "model": "v1", "answers": 80, "groups": 40, "issues": [], "waiting": [1], "message": "",
    }  # fmt: skip
    campaigns = traffic.issue(1).campaigns
    items = [one.item for name in campaigns for one in _tasks(traffic, name)]
    traffic.street.label(items, "basalt", names=("Car",))
    traffic.street.label(items, "aurora", names=("Human",))
    assert traffic.issue(1).tasks.get("open") is None
    assert traffic.mine()["waiting"] == [1]
    traffic.model(NOW + timedelta(days=3000))  # it learned, and did not become champion
    assert (traffic.mine()["issues"], traffic.mine()["waiting"]) == ([2], [])


def _tasks(traffic: Traffic, campaign: str) -> list[LabelTask]:
    with traffic.workspace.database.reading() as session:
        return labels.tasks(session, traffic.project, campaign, state=None, after=None, limit=1000).rows


def test_an_issue_that_is_not_there_is_named(traffic: Traffic) -> None:
    with pytest.raises(NotFound, match="no issue 7"):
        traffic.issue(7)


def test_the_items_of_an_issue_are_told_with_what_was_answered_and_said_of_it(traffic: Traffic) -> None:
    model = traffic.model()
    for scene in range(60):
        foggy = scene % 3 == 0
        traffic.answer(
            model, f"scene {scene}", found=[CAR, CAR], verdict="wrong" if foggy else "right",
            weather="fog" if foggy else "clear",
        )  # fmt: skip
    traffic.mine()
    with traffic.workspace.database.reading() as session:
        worst, *_ = mining.items(session, traffic.project, 1, None, 100).rows
    assert (worst.said, worst.sure, worst.feedback) == ("2 car", True, "wrong")
    assert worst.name is not None and worst.name.endswith(".jpg") and worst.text is None
