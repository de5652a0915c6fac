"""What counts as a failure, and what cannot be told to be one."""

from __future__ import annotations

import numpy as np

from sabbatical.core.ids import new_id
from sabbatical.schemas.label import RevisionIn, Shape
from sabbatical.schemas.mine import FailureKind, Symptom
from sabbatical.stages.label import actions as labels
from sabbatical.stages.mine import actions as mining
from sabbatical.stages.mine.outcomes import Outcome, outcomes_of
from sabbatical.stages.mine.titles import title_of
from sabbatical.stages.mine.window import Window, read_window
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import FeedbackRow, ItemRow, ServedRow
from tests.stages.conftest import NOW
from tests.stages.mine.conftest import Found, Traffic
from tests.stages.predict.conftest import notes
from tests.stages.train.shapes import Shapes

__all__ = ["notes"]

Box = tuple[float, float, float, float]
HERE, THERE = (10.0, 10.0, 60.0, 60.0), (100.0, 20.0, 140.0, 90.0)


def window(traffic: Traffic) -> Window:
    traffic.keep()
    with traffic.workspace.database.reading() as session:
        model = models.get(session, traffic.project, "v1")
    return read_window(traffic.workspace, traffic.project, model, 1000)


def outcome(found: list[Outcome], kind: FailureKind, label: str | None = None) -> list[bool] | None:
    for one in found:
        if (one.kind, one.label) == (kind, label):
            return one.failed_a.tolist()
    return None


def labeled(
    traffic: Traffic, found: list[Found], taxonomy: str, *shapes: tuple[str, tuple[float, ...]]
) -> list[Outcome]:
    """What went wrong in one answer, by the label of a person."""
    item = traffic.answer(traffic.model(), "scene", found=found)
    traffic.keep()
    said = [Shape.model_validate({"label": name, "box": box}) for name, box in shapes]
    with traffic.workspace.database.transaction() as session:
        asked = RevisionIn(item=item, taxonomy=taxonomy, shapes=said, author="p1")
        labels.revise(session, traffic.project, asked, NOW)
    return outcomes_of(window(traffic))[0]


def test_a_thing_that_is_not_found_is_missed_as_its_class_and_all_above(traffic: Traffic) -> None:
    found = labeled(traffic, [], "basalt", ("Car", HERE))
    assert outcome(found, "missed", "car") == outcome(found, "missed", "vehicle") == [True]
    assert outcome(found, "missed", "truck") is None


def test_what_is_found_where_nothing_is_counts_as_seen_wrongly(traffic: Traffic) -> None:
    found = labeled(traffic, [("car", 0.9, HERE), ("car", 0.9, THERE)], "basalt", ("Car", HERE))
    assert outcome(found, "ghost", "car") == [True] and outcome(found, "missed", "car") is None


def test_one_class_taken_for_another_is_neither_missed_nor_made_up(traffic: Traffic) -> None:
    found = labeled(traffic, [("truck", 0.9, HERE)], "basalt", ("Car", HERE))
    assert outcome(found, "wrong_class", "car") == [True]
    assert outcome(found, "missed", "car") is None and outcome(found, "ghost", "truck") is None


def test_what_the_customer_does_not_draw_is_no_mistake(traffic: Traffic) -> None:
    found = labeled(traffic, [("car", 0.9, THERE), ("person", 0.9, HERE)], "aurora", ("Human", HERE))
    assert [one for one in found if one.kind != "unsure"] == []


def test_a_finer_class_than_the_label_tells_is_right(traffic: Traffic) -> None:
    found = labeled(traffic, [("adult", 0.9, HERE)], "aurora", ("Human", HERE))
    assert found == []


def test_what_is_below_its_threshold_is_not_found(traffic: Traffic) -> None:
    found = labeled(traffic, [("car", 0.4, HERE)], "basalt", ("Car", HERE))
    assert outcome(found, "missed", "car") == [True]


def test_only_the_newest_answer_to_an_item_and_the_last_word_on_it_count(traffic: Traffic) -> None:
    model = traffic.model()
    item = traffic.answer(model, "scene", sure=False, verdict="wrong")
    traffic.keep()
    with traffic.workspace.database.transaction() as session:
        before = session.query(ServedRow).one()
        values = {c.name: getattr(before, c.name) for c in ServedRow.__table__.columns if c.name != "seq"}
        session.add(ServedRow(**values | {"id": new_id("srv"), "sure": True}))
        session.flush()
        feedback = session.query(FeedbackRow).one()
        values = {c.name: getattr(feedback, c.name) for c in FeedbackRow.__table__.columns if c.name != "seq"}
        session.add(FeedbackRow(**values | {"id": new_id("fbk"), "verdict": "right"}))
    seen = window(traffic)
    assert (seen.items, seen.sure_a.tolist(), seen.verdict_a.tolist()) == ([item], [True], [1])


def serve_sky(notes: Shapes, model: str, items: list[str]) -> None:
    """To every text the model says that it is about the sky."""
    sky = Answer(np.array([0, 1]), np.array([0.2, 0.8], np.float32), np.zeros((0, 4), np.float32)).to_bytes()
    with notes.workspace.database.transaction() as session:
        session.add_all(
            ServedRow(
                id=new_id("srv"), project_id=notes.project.id, request="r", model_id=model, arm="champion",
                unit=item, item_id=item, kept=True, sure=True, payload=sky, latency_ms=1.0, created_at=NOW,
            )
            for item in items
        )  # fmt: skip


def test_texts_of_a_class_that_the_model_does_not_know_yet_are_taken_for_something_else(notes: Shapes) -> None:
    with notes.workspace.database.transaction() as session:
        model = models.get(session, notes.project, "v1")
        items = [row.id for row in session.query(ItemRow)]
        classes = {"sea": {}, "sky": {}, "land": {}}
        tree = {"super-taxonomy": "topics", "version": 2, "classes": classes}
        finer = {
            "taxonomy": "notes",
            "version": 2,
            "super-taxonomy": "topics",
            "labels": {n.title(): n for n in classes},
        }
        for document in (tree, finer):
            projects.add_taxonomy(session, notes.project, document, NOW)
        for item in items[:5]:
            asked = RevisionIn(item=item, taxonomy="notes", shapes=[Shape(label="Land")], author="p1")
            labels.revise(session, notes.project, asked, NOW)
    serve_sky(notes, model.id, items)
    found, details = outcomes_of(read_window(notes.workspace, notes.project, model, 100))
    [wrong] = [one for one in found if one.kind == "wrong_class"]
    assert wrong.could_a.all() and wrong.failed_a[:5].all()
    assert details[0] == {"wrong_class": [["a class that the model does not know", "sky"]]}


def test_texts_that_are_taken_for_another_class_are_told_by_their_class(notes: Shapes) -> None:
    with notes.workspace.database.reading() as session:
        model = models.get(session, notes.project, "v1")
        items = [row.id for row in session.query(ItemRow)]
    serve_sky(notes, model.id, items)
    assert notes.run("mine", model="v1")["issues"] == [1]
    with notes.workspace.database.reading() as session:
        issue = mining.get(session, notes.project, 1)
        worst = mining.items(session, notes.project, 1, None, 1).rows[0]
    assert issue.where == {"class": "sea"}
    assert (issue.symptom.kind, issue.symptom.failed, issue.symptom.answers) == ("wrong_class", 20, 20)
    assert issue.symptom.rest_failed == 0
    assert issue.title.startswith("taken for something else on sea, 20 of 20 answers")
    assert worst.detail == {"wrong_class": [["sea", "sky"]]}


def test_titles_are_sentences_a_person_understands() -> None:
    symptom = Symptom(
        kind="missed", label="vehicle", failed=41, answers=60, rest_failed=20, rest_answers=90, lift=3.07,
        interval=(2.1, 4.6), p_value=0.001,
    )  # fmt: skip
    assert title_of({"time_of_day": "night"}, symptom) == (
        "missed: vehicle at night, 41 of 60 answers, 3.1 times the rest"
    )
    unsure = symptom.model_copy(update={"kind": "unsure", "label": None})
    assert title_of({"camera": "mast-3", "weather": "rain"}, unsure).startswith(
        "not sure in rain where camera is mast-3, "
    )
    assert title_of({"class": "nlp", "month": "2020-05"}, unsure).startswith("not sure on nlp in 2020-05, ")
