"""One report says all that is known of a detector, and nothing that its intervals do not support."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sabbatical.core.errors import BadInput, EmptyDataset
from sabbatical.metrics.columns import Detections, Truths
from sabbatical.schemas.evaluate import Report
from sabbatical.stages.evaluate.detection_report import OtherDetector, detection_report
from sabbatical.stages.evaluate.subject import Subject
from tests.stages.evaluate.worlds import CLASSES, Scenes, found, scenes

WORLD = scenes(320)


def subject(world: Scenes = WORLD, resamples: int = 300, seed: int = 0) -> Subject:
    return Subject(
        model="v14",
        snapshot="s30",
        items=[f"item-{i}" for i in range(world.images)],
        classes=CLASSES,
        slices={
            "time": np.where(world.night_i, "night", "day").tolist(),
            "camera": [f"camera {i % 3}" for i in range(world.images)],
            "roof": ["open" if i < 4 else "closed" for i in range(world.images)],
        },
        captured_at=np.datetime64("2025-09-01", "us") + np.arange(world.images) % 28 * np.timedelta64(1, "D"),
        frames=[(1800, 600)] * world.images,
        resamples=resamples,
        seed=seed,
    )


@cache
def compared() -> Report:
    """v14 loses stop signs at night that v13 had found."""
    judged_ik = np.ones((WORLD.images, 3), bool)
    return detection_report(
        subject(),
        found(WORLD, 1, recall=0.9, lost_stops_at_night=0.6),
        WORLD.truths,
        judged_ik,
        against=OtherDetector("v13", found(WORLD, 2, recall=0.9)),
    )


def test_a_planted_weakness_is_found_and_said() -> None:
    report = compared()
    comparison = report.comparison
    assert comparison is not None
    assert report.sentences[0].startswith("v14 finds less than v13, −")
    assert "above all stop where time is night" in report.sentences[0]
    worst = min(comparison.changes, key=lambda change: change.difference)
    assert (worst.class_name, worst.where.get("time")) == ("stop", "night")
    assert "stop" in [change.name for change in comparison.changes if change.verdict == "worse"]
    assert [change.verdict for change in comparison.changes if change.name == "car"] == ["same"]
    assert "It is best at" in " ".join(report.sentences)
    lost = comparison.right_to_wrong
    assert comparison.right_to_wrong_count > comparison.wrong_to_right_count
    assert all((one.before or 0) >= 0.5 and (one.after or 0) < 0.5 for one in lost)
    assert sum(one.name == "stop" for one in lost) > len(lost) / 3


def test_the_short_form_is_the_documented_contract() -> None:
    document = json.loads(compared().evaluation().model_dump_json())
    assert list(document) == ["schema", "model", "snapshot", "items", "metrics", "against"]
    assert document["schema"] == 1
    metrics = document["metrics"]
    assert list(metrics) == ["overall", "by_class", "by_slice", "intervals"]
    assert set(metrics["overall"]) == {"map50", "map", "recall", "precision", "f1"}
    assert set(metrics["by_class"]["car"]) == {"ap50", "recall", "precision", "f1", "n"}
    assert set(document["against"]) == {"model", "difference", "interval", "better", "worse", "same"}
    low, high = metrics["intervals"]["overall"]["map50"]
    assert low <= metrics["overall"]["map50"] <= high


def test_a_report_survives_json_whole() -> None:
    text = compared().model_dump_json()
    assert Report.model_validate_json(text) == compared()
    assert "null" not in text
    assert "NaN" not in text
    with pytest.raises(ValueError, match="schema 2; this version of Sabbatical reads schema 1"):
        Report.model_validate({**json.loads(text), "schema": 2})


def test_a_slice_with_too_few_boxes_says_so_instead_of_a_number() -> None:
    report = compared()
    small = report.metrics.by_slice["roof=open"]
    assert small.map50 is None
    assert "too few to judge" in (small.note or "")
    assert any("roof=open" in note for note in report.notes)
    assert "roof=open" not in report.metrics.intervals.by_slice
    night = next(part for part in report.slices if part.name == "time=night")
    assert night.scores.n == int(WORLD.night_i[WORLD.truths.image_n].sum())
    assert night.by_class["stop"].recall == pytest.approx(0.3, abs=0.15)


def test_slices_by_size_pair_and_week_are_there_in_order() -> None:
    report = compared()
    kinds = [part.kind for part in report.slices]
    assert kinds == sorted(kinds, key=["metadata", "size", "pair"].index)
    assert [part.where["week"] for part in report.cohorts] == ["2025-W36", "2025-W37", "2025-W38", "2025-W39"]
    assert sum(part.scores.n for part in report.cohorts) == len(WORLD.class_n)


def test_parts_of_the_report_agree_with_one_another() -> None:
    report = compared()
    assert report.coco is not None
    assert report.confusion is not None
    assert report.calibration is not None
    assert report.metrics.overall.map50 == pytest.approx(report.coco.ap50)
    assert report.metrics.overall.map == pytest.approx(report.coco.ap)
    for name in CLASSES:
        chosen, scores = report.thresholds[name].chosen, report.metrics.by_class[name]
        assert (chosen.precision, chosen.recall, chosen.f1) == pytest.approx(
            (scores.precision, scores.recall, scores.f1)
        )
        row = report.confusion.counts[report.confusion.rows.index(name)]
        assert sum(row) == scores.n
        at = report.thresholds[name]
        assert at.recall_at_precision is not None
        assert 0 < (at.at_precision or 0) <= 1
        assert len(report.curves[name].recall) <= 101
    missed = [sample for sample in report.worst if sample.kind == "missed"]
    assert missed[0].truth is not None
    assert missed[0].predicted is None
    assert [sample.score for sample in report.worst] == sorted((s.score for s in report.worst), reverse=True)
    assert report.judged == dict.fromkeys(CLASSES, WORLD.images)


def test_a_model_is_the_same_as_itself_and_nothing_is_claimed() -> None:
    judged_ik = np.ones((WORLD.images, 3), bool)
    mine = found(WORLD, 1)
    report = detection_report(subject(), mine, WORLD.truths, judged_ik, against=OtherDetector("twin", mine))
    assert report.comparison is not None
    assert report.comparison.difference == 0
    assert {change.verdict for change in report.comparison.changes} == {"same"}
    assert report.sentences[0] == "v14 and twin cannot be told apart on all data, +0.0 points."
    assert report.comparison.right_to_wrong_count == 0


def test_equal_models_are_rarely_told_apart_by_any_slice() -> None:
    claimed = 0
    for seed in range(8):
        world = scenes(80, seed=seed)
        judged_ik = np.ones((world.images, 3), bool)
        other = OtherDetector("v13", found(world, 500 + seed))
        report = detection_report(
            subject(world, resamples=100), found(world, 100 + seed), world.truths, judged_ik, against=other
        )
        assert report.comparison is not None
        claimed += any(change.sure for change in report.comparison.changes)
    assert claimed <= 2


def test_a_class_that_no_taxonomy_covers_is_said_and_not_judged() -> None:
    judged_ik = np.ones((WORLD.images, 3), bool)
    judged_ik[:, 2] = False
    judged_ik[:100, 1] = False
    report = detection_report(subject(resamples=50), found(WORLD, 1), WORLD.truths, judged_ik)
    assert report.judged == {"car": 320, "light": 220, "stop": 0}
    assert report.metrics.by_class["stop"].model_dump() == {"n": 0}
    assert report.sentences[-1] == "stop could not be judged: no taxonomy of these items covers it."
    assert report.confusion is not None
    assert "stop" not in report.confusion.rows


def test_a_class_that_nothing_taught_is_no_weakness_of_the_model() -> None:
    judged_ik = np.ones((WORLD.images, 3), bool)
    detections = found(WORLD, 1)
    seen_m = detections.class_m != 2
    blind = Detections.of(
        detections.boxes_m4[seen_m], detections.image_m[seen_m], detections.class_m[seen_m], detections.score_m[seen_m]
    )
    report = detection_report(replace(subject(), untaught=["stop"]), blind, WORLD.truths, judged_ik)
    assert "No label taught it stop; it counts as 0 in the mean." in report.sentences
    assert not any("worst at stop" in sentence for sentence in report.sentences)


def test_nothing_labeled_gives_a_report_that_says_so() -> None:
    empty = Truths.of(np.zeros((0, 4)), [], np.zeros((0, 3), bool))
    none = Detections.of([], [], [], [])
    report = detection_report(subject(resamples=50), none, empty, np.ones((WORLD.images, 3), bool))
    assert "could not be judged" in report.sentences[0]
    assert report.metrics.overall.model_dump() == {}
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_one_scene_has_numbers_but_no_intervals() -> None:
    whole = subject(resamples=50)
    one_scene = Subject(**{**vars(whole), "groups": ["scene"] * WORLD.images})
    report = detection_report(one_scene, found(WORLD, 1), WORLD.truths, np.ones((WORLD.images, 3), bool))
    assert report.units == 1
    assert report.metrics.overall.map50 is not None
    assert report.metrics.intervals.overall == {}
    assert "There are no intervals" in report.notes[0]


def test_bad_input_is_refused_with_what_is_wrong() -> None:
    judged_ik = np.ones((WORLD.images, 3), bool)
    mine = found(WORLD, 1)
    nothing = Subject(model="v14", snapshot="s30", items=[], classes=CLASSES)
    with pytest.raises(EmptyDataset, match="s30 holds no items to judge v14 on"):
        detection_report(nothing, mine, WORLD.truths, judged_ik)
    with pytest.raises(BadInput, match="not 320 items x 3 classes"):
        detection_report(subject(), mine, WORLD.truths, judged_ik[:5])
    with pytest.raises(BadInput, match="2 thresholds were given for 3 classes"):
        detection_report(subject(), mine, WORLD.truths, judged_ik, threshold_k=np.array([0.5, 0.5]))
    with pytest.raises(BadInput, match="frames has 1 values"):
        detection_report(Subject(**{**vars(subject()), "frames": [(1, 1)]}), mine, WORLD.truths, judged_ik)


def test_intervals_of_much_data_come_from_fewer_resamples_and_never_from_few() -> None:
    asked = subject(resamples=1000)
    many = [len(asked.draws(guesses).weights_bu) - 1 for guesses in (0, 300_000, 600_000, 50_000_000)]
    assert many == [1000, 1000, 500, 200]


def test_groups_by_number_are_drawn_as_groups_by_name() -> None:
    numbers = np.array([4, 0, 4, 9, 0])
    for groups in (numbers, [str(number) for number in numbers]):
        unit_i = replace(subject(scenes(5)), groups=groups).draws(5).unit_i
        assert unit_i[0] == unit_i[2] and unit_i[1] == unit_i[4] and sorted(set(unit_i.tolist())) == [0, 1, 2]


def test_images_that_two_customers_labeled_are_counted_once_and_it_is_said() -> None:
    twice = replace(subject(), items=[f"item-{i // 2}" for i in range(WORLD.images)])
    report = detection_report(twice, found(WORLD, 1), WORLD.truths, np.ones((WORLD.images, 3), bool))
    assert report.items == WORLD.images // 2
    assert any(f"{WORLD.images} labelings of {WORLD.images // 2} items" in note for note in report.notes)
