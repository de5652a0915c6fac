"""A look tells what drifted, where, and since when, and is silent where nothing did."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sabbatical.stages.monitor.columns import NOTHING, Table
from sabbatical.stages.monitor.looking import Limits, cohorts, look, slices
from tests.stages.monitor.conftest import BOXES, TEXTS, frames, later, said

LIMITS = Limits(sure=0.01, effect=0.2)
WORDS = [f"word{number}" for number in range(300)]


def found(table: Table) -> dict[str, bool]:
    return {column.name: column.drifted for column in look(table, ~table.reference_i, LIMITS)}


def test_night_and_rain_are_noticed_and_what_did_not_change_is_not() -> None:
    rng = np.random.default_rng(0)
    table = Table.of([*frames(120, rng), *frames(100, rng, light=0.2, rain=0.7)], 120, BOXES)
    drifted = found(table)
    assert {name for name, is_drift in drifted.items() if is_drift} == {"brightness", "weather"}
    assert drifted.keys() >= {"sharpness", "top score", "objects found", "sum of scores", "class", "doubt", "unsure"}


def test_a_value_that_grew_is_a_slice_with_what_the_model_says_there() -> None:
    rng = np.random.default_rng(1)
    table = Table.of([*frames(120, rng), *frames(100, rng, rain=0.7)], 120, BOXES)
    columns = look(table, ~table.reference_i, LIMITS)
    (rain,) = slices(table, ~table.reference_i, columns, LIMITS)
    assert rain.name == "weather=rain"
    assert rain.before < 0.2
    assert rain.after > 0.5
    assert rain.items == sum(one.attributes["weather"] == "rain" for one in table.seen[120:])
    assert rain.top_score is not None
    assert rain.unsure is not None


def test_a_model_that_finds_less_is_noticed_in_its_answers() -> None:
    rng = np.random.default_rng(2)
    table = Table.of([*frames(150, rng, found=4), *frames(150, rng, found=0.7)], 150, BOXES)
    columns = {column.name: column for column in look(table, ~table.reference_i, LIMITS)}
    assert columns["objects found"].drifted
    assert columns["class"].drifted
    shares = {one.value: one for one in columns["class"].shares}
    assert shares[NOTHING].after > shares[NOTHING].before
    assert not columns["brightness"].drifted


def test_items_without_answers_count_for_what_comes_in_alone() -> None:
    rng = np.random.default_rng(3)
    learned = [replace(one, answer=None) for one in frames(60, rng)]
    table = Table.of([*frames(30, rng), *learned, *frames(60, rng, found=0.2)], 90, BOXES)
    columns = {column.name: column for column in look(table, ~table.reference_i, LIMITS)}
    assert columns["brightness"].groups == (90, 60)
    assert columns["objects found"].groups == (30, 60)
    assert columns["objects found"].drifted
    assert not columns["brightness"].drifted


def test_pictures_of_other_colours_are_noticed_as_a_whole() -> None:
    rng = np.random.default_rng(9)
    seen = frames(120, rng)
    for place, one in enumerate(seen):
        colours_d = rng.dirichlet(np.ones(64) + 3 * (np.arange(64) < (place >= 60) * 6)).astype(np.float32)
        one.facts.vectors["colours"] = np.sqrt(colours_d)
    drifted = found(Table.of(seen, 60, BOXES))
    assert {name for name, is_drift in drifted.items() if is_drift} == {"colours"}


@pytest.mark.parametrize("scenes", [1, 6])
def test_looks_without_change_alarm_as_seldom_as_promised(scenes: int) -> None:
    limits = Limits(sure=0.05, effect=0.2)
    alarms, trials = 0, 40
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        table = Table.of([*frames(120, rng, scenes=scenes), *frames(120, rng, scenes=scenes)], 120, BOXES)
        alarms += any(column.drifted for column in look(table, ~table.reference_i, limits))
    assert alarms <= 0.05 * trials + 2.6 * math.sqrt(trials * 0.05 * 0.95)


def test_texts_in_other_words_are_noticed_and_a_model_that_grew_unsure() -> None:
    rng = np.random.default_rng(4)
    table = Table.of([*said(rng, WORDS[:200], 80), *said(rng, WORDS[100:], 80, sure=0.62)], 80, TEXTS)
    drifted = found(table)
    assert {name for name, is_drift in drifted.items() if is_drift} == {
        "known words",
        "vocabulary",
        "top score",
        "margin",
        "unsure",
    }


def test_texts_of_one_kind_are_silent() -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = Table.of([*said(rng, WORDS, 60), *said(rng, WORDS, 60)], 60, TEXTS)
        alarms += any(found(table).values())
    assert alarms <= 2  # 40 looks at 1 %


def test_months_are_compared_one_by_one() -> None:
    rng = np.random.default_rng(5)
    same, dark = later(frames(60, rng), 25), later(frames(60, rng, light=0.1), 53)
    table = Table.of([*frames(100, rng), *same, *dark], 100, BOXES)
    february, march = cohorts(table, ~table.reference_i, LIMITS)
    assert (february.month, february.items, february.drifted) == ("2026-02", 60, [])
    assert (march.month, march.drifted) == ("2026-03", ["brightness"])
    assert march.means["brightness"] < february.means["brightness"]


def test_one_month_is_no_cohort() -> None:
    rng = np.random.default_rng(6)
    table = Table.of([*frames(40, rng), *frames(40, rng)], 40, BOXES)
    assert cohorts(table, ~table.reference_i, LIMITS) == []


def test_a_few_scenes_are_not_tested_and_say_why() -> None:
    rng = np.random.default_rng(7)
    table = Table.of([*frames(100, rng), *frames(40, rng, light=0.1, scenes=20)], 100, BOXES)
    column = next(one for one in look(table, ~table.reference_i, LIMITS) if one.name == "brightness")
    assert column.p_value is None
    assert column.note == "too few to test: 2 groups with a value in the window; it takes 8"


def test_a_column_that_never_varies_is_left_out() -> None:
    rng = np.random.default_rng(8)
    table = Table.of([*frames(40, rng, rain=0), *frames(40, rng, rain=0)], 40, BOXES)
    assert not {"weather", "customer", "frame"} & {column.name for column in table.columns}
