"""Labelers do the tasks of a campaign through the public face, err as people do, and take a person's time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sabbatical.schemas.assist import Suggested
from sabbatical.schemas.item import Item
from sabbatical.schemas.label import Shape
from sabbatical.sdk.workspace import Workspace
from sabbatical.sim import keystrokes as klm
from sabbatical.sim import world
from sabbatical.sim.labelers import Drawing, Hand, Labeler, frame_truth, labor, text_work
from sabbatical.sim.world import HumanError
from tests.sdk.conftest import built, data, home, workspace

__all__ = ["built", "data", "home", "workspace"]
EXACT = HumanError(jitter_px=0.0, miss=0.0)
HERE, THERE = (10.0, 10.0, 50.0, 60.0), (100.0, 20.0, 140.0, 90.0)
CAR, HUMAN = Shape(label="Car", box=HERE), Shape(label="Human", box=THERE)


def suggested(label: str, box: tuple[float, float, float, float]) -> Suggested:
    return Suggested(label=label, box=box, score=0.9, sure=True, shown=True)


def assisted(truth: Sequence[Shape], *given: Suggested, error: HumanError = EXACT) -> Drawing:
    return Hand(error, np.random.default_rng(0), (320, 192)).assisted(truth, [True] * len(truth), given)


def scratch(truth: Sequence[Shape]) -> Drawing:
    return Hand(EXACT, np.random.default_rng(0), (320, 192)).from_scratch(truth, [True] * len(truth))


def test_a_box_from_scratch_takes_what_card_moran_and_newell_say() -> None:
    think, key, point, press = 1.35, 0.28, 1.10, 0.10
    around = think + 2 * key + 2 * 0.40
    assert scratch([]).seconds == pytest.approx(around)
    assert scratch([CAR]).seconds == pytest.approx(around + think + key + 2 * (point + 2 * press))
    assert pytest.approx(point + press + point + press) == klm.EDGE


def test_a_right_suggestion_is_accepted_quicker_than_drawn() -> None:
    done = assisted([CAR, HUMAN], suggested("Car", HERE), suggested("Human", THERE))
    assert (done.accepted, done.drawn, done.shapes) == (2, 0, [CAR, HUMAN])
    assert done.seconds == pytest.approx(klm.OPEN + klm.SUBMIT + 2 * klm.LOOK + klm.TAKE_ALL)
    assert done.seconds < scratch([CAR, HUMAN]).seconds


def test_an_edge_that_is_off_is_dragged_and_a_wrong_name_is_changed() -> None:
    done = assisted([CAR, HUMAN], suggested("Car", (10, 10, 50, 80)), suggested("Car", THERE))
    assert (done.corrected, done.renamed, done.accepted) == (1, 1, 0)
    assert done.shapes == [CAR, HUMAN]
    assert done.seconds == pytest.approx(klm.OPEN + klm.SUBMIT + 2 * klm.LOOK + klm.TAKE_ALL + klm.EDGE + klm.RENAME)


def test_what_is_quicker_drawn_anew_is_drawn_anew() -> None:
    done = assisted([CAR], suggested("Human", (4, 4, 44, 54)))
    assert (done.corrected, done.deleted, done.drawn, done.shapes) == (0, 1, 1, [CAR])


def test_what_is_not_there_is_removed_and_what_is_missing_is_drawn() -> None:
    done = assisted([CAR], suggested("Human", THERE))
    assert (done.deleted, done.drawn, done.shapes) == (1, 1, [CAR])
    assert done.seconds == pytest.approx(scratch([CAR]).seconds + klm.LOOK)


def test_even_bad_suggestions_cost_no_more_than_looking_at_them() -> None:
    dice = np.random.default_rng(2)
    for _ in range(50):
        corners = dice.uniform(0, 140, (6, 2))
        boxes = [(x, y, x + side, y + side) for (x, y), side in zip(corners.tolist(), [20, 30, 40] * 2, strict=True)]
        truth = [Shape(label="Car", box=box) for box in boxes[:3]]
        done = assisted(truth, *(suggested("Car", box) for box in boxes[1:]))
        assert done.seconds <= scratch(truth).seconds + 5 * klm.LOOK + 1e-9


def test_people_overlook_and_tremble_as_they_are_told_to() -> None:
    hand = Hand(HumanError(jitter_px=1.5, miss=0.1), np.random.default_rng(1), (320, 192))
    truth = [CAR] * 2000
    seen = hand.seen(truth)
    done = hand.from_scratch(truth, seen)
    assert (done.overlooked, done.drawn) == (seen.count(False), seen.count(True))
    assert 150 < done.overlooked < 250
    off = np.array([shape.box for shape in done.shapes]) - np.array(HERE)
    assert off.std() == pytest.approx(1.5, rel=0.05)


def test_a_text_takes_one_key_whether_it_is_suggested_or_not() -> None:
    said = [Shape(label="Sea")]
    alone = text_work("the sea is wide", said, [])
    right = text_work("the sea is wide", said, [Suggested(label="Sea", score=0.9, sure=True, shown=True)])
    wrong = text_work("the sea is wide", said, [Suggested(label="Sky", score=0.9, sure=True, shown=True)])
    assert alone.seconds == right.seconds == wrong.seconds == pytest.approx(4 / (238 / 60) + 1.35 + 0.28)
    assert (right.accepted, wrong.corrected, alone.drawn) == (1, 1, 1)
    assert wrong.shapes == said


def test_all_tasks_of_a_campaign_are_done_once_by_several_labelers(workspace: Workspace) -> None:
    project = workspace.project()
    items = [item.id for item in project.items()][:6]
    project.create_campaign("night", "a", items)

    def truth(item: Item, taxonomy: str) -> list[Shape]:
        assert taxonomy == "a"
        return [Shape(label="Human", box=(1, 1, 20, 20)), Shape(label="Car", box=(30, 10, 60, 40))]

    people = [Labeler(project, truth, f"labeler {n} (simulated)", HumanError(seed=n)) for n in (1, 2)]
    done = labor(people, ["night"])
    assert sorted(work.item for work in done) == sorted(items)
    assert {work.labeler for work in done} == {"labeler 1 (simulated)", "labeler 2 (simulated)"}
    assert project.campaign("night").tasks == {"done": 6}
    for work in done:
        newest = next(iter(project.labels(work.item)))
        assert (newest.id, newest.author, newest.author_kind) == (work.revision, work.labeler, "person")
        assert newest.active_seconds == work.seconds > 0
        assert project.task("night", work.task).revision == work.revision
    assert labor(people, ["night"]) == []


def test_labelers_start_from_what_the_model_suggests(workspace: Workspace) -> None:
    project = workspace.project()
    item = next(iter(project.items()))
    project.create_campaign("one", "a", [item.id])
    task = next(iter(project.tasks("one")))
    shapes = project.suggestion("one", task.number).shapes  # the built workspace has predicted all its items
    [work] = labor([Labeler(project, lambda *_: [], error=EXACT)], ["one"])
    assert work.deleted == sum(one.shown for one in shapes)
    [alone] = [work.scratch_seconds]
    assert work.seconds == pytest.approx(alone + klm.LOOK * work.deleted, abs=0.02)


def test_the_truth_of_the_built_in_world_is_told_in_each_customers_words() -> None:
    frame = world.render(3, 0, 0)
    truth = frame_truth(lambda item: {f"images/{frame.name}.jpg": frame}[item.name])
    values = {"id": "a", "kind": "image", "name": f"images/{frame.name}.jpg", "source": "s", "group": "g"}
    item = Item.model_validate(values | {"split": "train", "ingested_at": "2026-01-01T00:00:00Z"})
    for who in world.CUSTOMERS.values():
        assert {shape.label for shape in truth(item, who.name)} <= set(who.labels.values())
    everything = truth(item, "truth")
    assert len(everything) == len(frame.things)
