"""What the charts of the loop draw is what its numbers say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sabbatical.report.charts.calendar import calendar
from sabbatical.report.charts.differences import Difference, differences
from sabbatical.report.charts.distribution import categories, distribution
from sabbatical.report.charts.entries import Entry, entries
from sabbatical.report.charts.gantt import gantt, started
from sabbatical.report.charts.river import HEIGHT, LEAST, WIDTH, river
from sabbatical.report.loop_story import Month, Spread, TurnStep
from tests.report.reading import read

shares = st.lists(st.floats(0, 1), min_size=1, max_size=5)


def _ends(markup: str, kind: str) -> list[float]:
    """The heights of an arm at the right end of each stage's straight part."""
    path = re.search(rf'd="([^"]+)" class="flow {kind}"', markup)
    assert path
    return [float(y) for _, y in re.findall(r"L([\d.]+) ([\d.]+)(?= C| L)", path[1])]


def test_a_river_is_as_wide_as_the_share() -> None:
    markup = river([("shadow", 0.0), ("canary", 0.25), ("full", 1.0)], "v1", "v2")
    edges = _ends(markup, "new")
    assert edges[0] == HEIGHT and 75.0 in edges and edges[-1] == 0.0
    assert markup.count('class="shadowed"') == 1
    assert "canary: v2 answers 25%" in markup and "shadow: v2 answers in the shadow" in markup


def test_a_share_that_is_there_is_seen() -> None:
    assert HEIGHT - LEAST in _ends(river([("canary", 0.001), ("ab", 0.5)], "v1", "v2"), "new")


def test_a_river_without_a_champion_shows_nobody() -> None:
    assert 'class="flow nobody"' in river([("canary", 0.1)], None, "v1")


@given(shares)
def test_a_river_stays_in_its_bed(values: list[float]) -> None:
    markup = river([(str(i), share) for i, share in enumerate(values)], "v1", "v2")
    for path in re.findall(r' d="([^"]+)"', markup):
        places = [float(value) for value in re.findall(r"-?[\d.]+", path)]
        assert all(0 <= x <= WIDTH for x in places[::2]) and all(0 <= y <= HEIGHT for y in places[1::2])


@given(st.lists(st.tuples(st.floats(0, 1e5), st.one_of(st.none(), st.floats(0, 1e5))), min_size=1, max_size=12))
def test_the_bars_of_a_turn_lie_inside_their_lane(given_steps: list[tuple[float, float | None]]) -> None:
    steps = [TurnStep(str(i), seconds, began=began) for i, (seconds, began) in enumerate(given_steps)]
    markup = gantt(steps, title="t")
    bars = re.findall(r'class="b done" style="left:([\d.]+)%;width:([\d.]+)%', markup)
    assert len(bars) == len(steps)
    assert all(float(left) + float(width) <= 100.02 for left, width in bars)


def test_a_step_begins_where_the_one_before_ended_unless_it_says_when() -> None:
    assert started([TurnStep("a", 3), TurnStep("b", 2), TurnStep("c", 1, began=9.0), TurnStep("d", 1)]) == [0, 3, 9, 10]


def test_waiting_is_hatched_and_failing_is_said_in_words() -> None:
    markup = gantt([TurnStep("labels", 5, waits=True), TurnStep("train", 1, state="failed")], title="t")
    assert (
        'class="b wait"' in markup and 'class="b failed"' in markup and ">failed<" in markup and "(waiting)" in markup
    )


def test_long_turns_are_in_minutes() -> None:
    assert "min</text>" in gantt([TurnStep("train", 3000)], title="t")
    assert " s</text>" in gantt([TurnStep("train", 30)], title="t")


@given(st.lists(st.integers(0, 999), min_size=3, max_size=20).filter(any), st.integers(1, 50))
def test_a_distribution_is_drawn_from_shares_whatever_they_sum_to(counts: list[int], times: int) -> None:
    edges = tuple(float(i) for i in range(len(counts) + 1))
    once = distribution("x", Spread(edges, tuple(counts), tuple(counts)))
    more = distribution("x", Spread(edges, tuple(times * n for n in counts), tuple(counts)))
    assert once == more


def test_a_distribution_stays_between_its_edges() -> None:
    """Edges that are not round do not push bars out of the picture."""
    markup = distribution("x", Spread((0.137, 0.5, 0.913), (0.5, 0.5), (0.2, 0.8)))
    for x, width in re.findall(r'<rect x="([-\d.]+)" y="[-\d.]+" width="([\d.]+)"', markup):
        assert float(x) >= 30 and float(x) + float(width) <= 292.5
    assert "now between 0.5 and 0.913" in markup


def test_categories_show_both_shares_in_numbers() -> None:
    assert "82% → 14%" in categories("time", [("day", 0.82, 0.14), ("night", 0.0, 0.86)])


def test_a_month_without_an_effect_is_no_zero_and_an_alarm_is_said() -> None:
    months = [Month("May", 40, {"brightness": 0.9}, ("brightness",)), Month("June", 9, {})]
    markup = calendar(months, [("brightness", "brightness")], title="t")
    assert "0.90" in markup and ", drifted" in markup and "0.00" not in markup and "·" in markup


def test_every_difference_is_drawn_against_zero() -> None:
    one = Difference("night", 0.19, (0.1, 0.28), 40, "better")
    two = Difference("fog", -0.05, (-0.09, -0.01), 40, "worse")
    markup = differences([one, two], title="t", unit="truths")
    assert markup.count('class="zero"') == 2 and "+19.0 points, 95% interval +10.0 to +28.0" in markup
    assert markup.count('<tr class="worse">') == 1


@pytest.mark.parametrize(("mark", "verdict"), [("✓", "passed"), ("!", "failed"), ("?", "cannot be judged")])
def test_a_verdict_is_heard_as_well_as_seen(mark: str, verdict: str) -> None:
    text = read(entries([Entry(mark, verdict, "Fast enough", "It is.", None, "3 ms")], title="t")).text
    assert mark in text and verdict in text
