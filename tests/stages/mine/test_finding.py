"""Only places that are surely worse are named, each once, and chance names hardly any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sabbatical.metrics.columns import Bools, Ints
from sabbatical.stages.evaluate.actions import Part, metadata_parts, pair_parts
from sabbatical.stages.mine.finding import Found, find
from sabbatical.stages.mine.outcomes import Outcome


def world(seed: int, too_many: float = 0.0, groups: int = 60) -> tuple[list[Outcome], list[Part], Ints]:
    """Scenes of two frames whose failures hang together; by night `too_many` more of them fail."""
    dice = np.random.default_rng(seed)
    columns = {
        "weather": dice.choice(["clear", "rain", "fog"], groups),
        "time": dice.choice(["day", "night"], groups),
        "camera": dice.choice(["a", "b", "c"], groups),
    }
    rate_g = np.clip(dice.beta(0.6, 2.4, groups) + too_many * (columns["time"] == "night"), 0, 1)
    group_a = np.repeat(np.arange(groups), 2)
    parts = metadata_parts({name: values[group_a].tolist() for name, values in columns.items()}, len(group_a))
    outcomes = []
    for label in ("adult", "child", "car", "truck"):
        could_a = dice.random(len(group_a)) < 0.7
        outcomes.append(Outcome("missed", label, could_a, could_a & (dice.random(len(group_a)) < rate_g[group_a])))
    return outcomes, [*parts, *pair_parts(parts)], group_a


def places(*columns: tuple[str, Sequence[str]]) -> list[Part]:
    parts = metadata_parts(dict(columns), len(columns[0][1]))
    return [*parts, *pair_parts(parts)]


def unsure(failed_a: Bools) -> Outcome:
    return Outcome("unsure", None, np.ones(len(failed_a), np.bool_), failed_a)


def where(found: Sequence[Found]) -> list[dict[str, str]]:
    return [one.part.where for one in found]


def test_chance_names_a_place_no_more_often_than_was_asked() -> None:
    named = sum(bool(find(*world(seed), sure=0.05)) for seed in range(40))
    assert named <= 5  # two are expected of forty


def test_what_is_worse_is_found_and_only_that() -> None:
    found = [find(*world(seed, 0.45, groups=140), sure=0.01) for seed in range(8)]
    assert [where(one) for one in found] == [[{"time": "night"}]] * 8


def test_the_interval_of_the_lift_holds_what_is_true() -> None:
    dice = np.random.default_rng(3)
    held = 0
    for _ in range(20):
        night_a = np.arange(400) % 2 == 1
        failed_a = dice.random(400) < np.where(night_a, 0.6, 0.2)
        [one] = find(
            [unsure(failed_a)], places(("time", np.where(night_a, "night", "day").tolist())), np.arange(400), 0.01
        )
        held += one.symptom.interval[0] <= 3.0 <= one.symptom.interval[1]
        assert one.symptom.lift == round((failed_a[night_a].sum() / 200) / (failed_a[~night_a].sum() / 200), 3)
    assert held >= 17


def test_the_rain_of_the_night_is_told_once_as_night() -> None:
    dice = np.random.default_rng(1)
    night_a = np.arange(200) < 80
    rain_a = np.where(night_a, dice.random(200) < 0.9, dice.random(200) < 0.1)
    failed_a = dice.random(200) < np.where(night_a, 0.8, 0.1)
    columns = (
        ("time", np.where(night_a, "night", "day").tolist()),
        ("weather", np.where(rain_a, "rain", "clear").tolist()),
    )
    assert where(find([unsure(failed_a)], places(*columns), np.arange(200), 0.01)) == [{"time": "night"}]


def test_two_places_that_have_nothing_in_common_are_both_told_the_larger_first() -> None:
    time = ["night" if a < 80 else "day" for a in range(300)]
    camera = ["mast" if 80 <= a < 120 else "kerb" for a in range(300)]
    failed_a = np.array([((a < 80 or 80 <= a < 120) and a % 5 > 0) or a % 20 == 0 for a in range(300)])
    found = find([unsure(failed_a)], places(("time", time), ("camera", camera)), np.arange(300), 0.01)
    assert where(found) == [{"time": "night"}, {"camera": "mast"}]


def test_the_frames_of_one_scene_are_one_failure() -> None:
    group_a = np.array([0] * 60 + list(range(1, 41)))
    time = ["night"] * 60 + ["night" if a % 2 else "day" for a in range(40)]
    failed_a = np.array([True] * 60 + [a % 10 == 0 for a in range(40)])
    assert find([unsure(failed_a)], places(("time", time)), group_a, 0.05) == []


def test_a_time_is_named_only_where_no_attribute_tells_more() -> None:
    week = ["2026-W10" if a < 60 else "2026-W11" for a in range(200)]
    failed_a = np.array([a < 60 and a % 6 > 0 for a in range(200)])
    time = ["night" if a < 60 else "day" for a in range(200)]
    camera = ["mast" if a % 2 else "kerb" for a in range(200)]
    groups = np.arange(200)
    assert where(find([unsure(failed_a)], places(("week", week), ("time", time)), groups, 0.01)) == [{"time": "night"}]
    assert where(find([unsure(failed_a)], places(("week", week), ("camera", camera)), groups, 0.01)) == [
        {"week": "2026-W10"}
    ]


def test_what_else_is_wrong_in_a_place_is_told_with_it() -> None:
    night_a = np.arange(200) < 80
    worst = Outcome("missed", "car", np.ones(200, np.bool_), night_a & (np.arange(200) % 10 > 0))
    other = unsure(night_a & (np.arange(200) % 2 > 0) | (np.arange(200) % 25 == 0))
    [one] = find([other, worst], places(("time", np.where(night_a, "night", "day").tolist())), np.arange(200), 0.01)
    assert (one.symptom.kind, one.symptom.label, [also.kind for also in one.also]) == ("missed", "car", ["unsure"])


def test_of_a_few_groups_nothing_is_said() -> None:
    time = ["night"] * 7 + ["day"] * 7
    assert find([unsure(np.arange(14) < 7)], places(("time", time)), np.arange(14), 0.05) == []


def test_what_is_put_aside_is_not_named_again() -> None:
    night_a = np.arange(200) < 80
    failed_a = night_a & (np.arange(200) % 5 > 0)
    columns = places(("time", np.where(night_a, "night", "day").tolist()))
    assert find([unsure(failed_a)], columns, np.arange(200), 0.01, aside_a=night_a) == []
