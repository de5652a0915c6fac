"""What a chart draws is what the numbers say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from sabbatical.report.card import Context
from sabbatical.report.chapters.confusion import confusion_card
from sabbatical.report.chapters.duel import changes_say
from sabbatical.report.chapters.turned import shots_of, shots_of_samples, some_of_each_kind
from sabbatical.report.charts.axis import axis_of, tick_text
from sabbatical.report.charts.coverage import coverage
from sabbatical.report.charts.dumbbell import dumbbell
from sabbatical.report.charts.growth import growth
from sabbatical.report.charts.heat import heat, shares
from sabbatical.report.charts.histogram import histogram
from sabbatical.report.charts.intervals import Measured, intervals
from sabbatical.report.charts.lines import lines
from sabbatical.report.charts.precision_recall import precision_recall
from sabbatical.report.charts.reliability import reliability
from sabbatical.report.charts.share_bars import Bar, Part, share_bars
from sabbatical.report.charts.teaching import teaching
from sabbatical.report.charts.tiles import tile, whole_rows
from sabbatical.report.picture import Picture
from sabbatical.report.story import Drawn, Histogram, Node, Place, Shot, Trace
from sabbatical.report.words import plain
from sabbatical.schemas.evaluate import Confusion, Curve, Marked, Operating, Sample, Turned
from tests.report.made_up import CLASSES, PARENTS, boxes_report, calibration, change_of, nodes, world_customers
from tests.report.reading import read

CONTEXT = Context({"car": "c5", "truck": "c6", "bus": "c7", "light": "c8"})


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_an_axis_holds_all_its_values_between_round_ends(values: list[float]) -> None:
    axis = axis_of(values)
    step = axis.ticks[1] - axis.ticks[0]
    assert axis.low <= min(values) + step * 1e-6 and max(values) - step * 1e-6 <= axis.high
    assert 2 <= len(axis.ticks) <= 12
    assert all(b > a for a, b in zip(axis.ticks, axis.ticks[1:], strict=False))


@given(st.lists(st.floats(0, 1), max_size=20))
def test_an_axis_of_rates_stays_between_0_and_1(values: list[float]) -> None:
    axis = axis_of(values, floor=0.0, ceiling=1.0)
    assert 0 <= axis.low < axis.high <= 1 + 1e-9
    assert all(0 <= float(axis.percent(v).rstrip("%")) <= 100 for v in values)


def test_an_axis_leaves_out_what_is_not_finite() -> None:
    assert axis_of([0.0, 10.0, float("nan"), float("inf")]).high == 10.0


@pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), (40, "40"), (2500, "2,500"), (0.00075, "0.00075"), (0, "0")])
def test_ticks_are_short_and_exact(value: float, text: str) -> None:
    assert tick_text(value) == text


def test_a_dumbbell_colours_only_what_is_more_than_chance() -> None:
    rows = [
        change_of("car", 0.5, 0.7, "ap50"),
        change_of("bus", 0.7, 0.5, "ap50"),
        change_of("truck", 0.5, 0.51, "ap50"),
    ]
    markup = dumbbell(rows, CONTEXT, title="By class", unit="truths")
    better, worse, same = re.findall(r"<tr[^>]*><th scope.*?</tr>", markup, flags=re.S)
    assert "--accent" in better and "--bad-fill" not in better and "+20.0" in better
    assert 'class="worse"' in worse and "−20.0" in worse
    assert "stroke:var(--ink-3)" in same and "--bad" not in same


def test_the_band_of_a_dumbbell_is_the_interval_of_the_change() -> None:
    markup = dumbbell([change_of("car", 0.5, 0.7, "ap50")], CONTEXT, title="By class", unit="truths")
    low, high = (float(x) for x in re.search(r'x1="([\d.]+)%" x2="([\d.]+)%"[^>]*class="ci"', markup).groups())  # type: ignore[union-attr]
    ring = float(re.findall(r'cx="([\d.]+)%"[^>]*class="rg"', markup)[0])
    dot = float(re.findall(r'cx="([\d.]+)%"[^>]*class="dt"', markup)[0])
    per_rate = (dot - ring) / 0.2
    assert low - ring == pytest.approx(0.165 * per_rate, abs=0.1)
    assert high - ring == pytest.approx(0.235 * per_rate, abs=0.1)


def test_a_row_without_a_number_says_why() -> None:
    markup = intervals([Measured(Markup("sign"), None, None, 0, "too few")], title="t", unit="boxes", value="AP")
    assert "too few" in markup and "circle" not in markup


def test_confusion_shares_are_of_the_truths_and_of_the_so_called_in_the_ghost_row() -> None:
    confusion = Confusion(
        rows=["a", "b", "ghost"], columns=["a", "b", "missed"], counts=[[8, 0, 2], [5, 5, 0], [7, 5, 0]]
    )
    table = shares(confusion)
    assert table[0] == [0.8, 0.0, 0.2]
    assert table[2][:2] == [7 / 20, 0.5]


def test_the_largest_error_is_said_and_outlined() -> None:
    confusion = Confusion(
        rows=["a", "b", "ghost"], columns=["a", "b", "missed"], counts=[[80, 0, 20], [0, 70, 30], [7, 5, 0]]
    )
    card = confusion_card(confusion, boxes_report([]))
    assert plain(card.says) == "30% of b are missed: the largest error."
    assert card.body.count('class="rim"') == 1


def test_an_empty_confusion_draws() -> None:
    assert "svg" in heat(Confusion(rows=["a"], columns=["a"], counts=[[0]]), title="t")


def test_coverage_tells_three_states_apart() -> None:
    markup = coverage(nodes(), world_customers([f"item-{i}" for i in range(12)]), CONTEXT, unit="Boxes")
    assert "cv covered" in markup and "cv coarse-only" in markup and "cv not-labeled" in markup
    assert "Pedestrian_adult" in markup and "by its children" in markup
    assert markup.count("<tr") == len(CLASSES) + 1


def test_silent_entries_are_hatched_and_the_others_say_1_or_0() -> None:
    two = (Node("car"), Node("bus"), Node("light"))
    markup = teaching((Place("car", (1, 0, None)),), two, CONTEXT)
    assert markup.count("url(#hatch)") == 1
    assert "<desc>1, 0, silent</desc>" in markup
    assert ".91" in teaching((Place("light", (0, 0, 0.91)),), two, CONTEXT)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6).filter(any))
def test_the_parts_of_a_bar_fill_it(sizes: list[int]) -> None:
    markup = share_bars([Bar("a", tuple(Part(s, "h2", str(s)) for s in sizes))], title="t")
    widths = [float(x) for x in re.findall(r"width:([\d.]+)%", markup)]
    assert sum(widths) == pytest.approx(100, abs=0.1)


def test_a_bar_of_nothing_draws() -> None:
    assert "<li>" in share_bars([Bar("a", (Part(0, "h2", "0"),))], title="t")


def test_a_curve_that_diverged_still_draws() -> None:
    y = (1.0, 2.0, float("inf"), float("nan"), 3.0)
    markup = lines([Trace("run", (0, 1, 2, 3, 4), y)], title="Loss", x_name="step")
    assert "nan" not in markup and "inf" not in markup and "3 run" in markup


def test_a_run_without_numbers_says_so() -> None:
    assert "Nothing was recorded" in lines([Trace("run", (), ())], title="Loss", x_name="step")


def test_a_long_run_is_thinned() -> None:
    long = tuple(float(i) for i in range(50_000))
    assert len(lines([Trace("run", long, long)], title="Loss", x_name="step")) < 20_000


def test_the_threshold_in_use_is_marked_and_said() -> None:
    curve = Curve(recall=[0.0, 0.5, 1.0], precision=[1.0, 0.8, 0.2], score=[0.9, 0.5, 0.1])
    markup = precision_recall("car", curve, Operating(threshold=0.5, precision=0.8, recall=0.5))
    assert "threshold 0.50 precision is 80.0 and recall 50.0" in markup and "glow" in markup
    assert "glow" not in precision_recall("car", curve)


def test_calibration_draws_one_dot_a_bin() -> None:
    assert reliability(calibration(), title="t").count('class="dt"') == len(calibration().bins)


def test_growth_needs_two_snapshots() -> None:
    assert "second on" in growth(("s1",), {"train": (3,)}, title="t")
    assert "From 4 to 8 items over 2 snapshots." in growth(("s1", "s2"), {"train": (3, 6), "test": (1, 2)}, title="t")


def test_a_histogram_says_where_most_lie() -> None:
    markup = histogram(Histogram((0, 1, 2), (3, 9), "px", before=(1, 1)), title="t")
    assert "12 values; most, 9, lie between 1 and 2 px." in markup and markup.count('class="hist"') == 2


def _tile(drawn: Drawn, pictures: dict[str, Picture]) -> str:
    return str(tile(Shot("item-0", (drawn,), frame=(640, 384)), Context(CONTEXT.colours, pictures)))


def test_a_person_is_solid_a_machine_dashed_and_nobody_dashed_white(pictures: dict[str, Picture]) -> None:
    box = (1.0, 2.0, 30.0, 40.0)
    assert 'class="hum" style="stroke:var(--c5)"' in _tile(Drawn(box, "car"), pictures)
    assert 'class="mac" style="stroke:var(--c5)"' in _tile(Drawn(box, "car", "machine", 0.5), pictures)
    assert 'class="mac" style="stroke:#fff"' in _tile(Drawn(box, "car", "nobody"), pictures)


def test_dark_colours_get_a_white_casing(pictures: dict[str, Picture]) -> None:
    assert 'class="cas light"' in _tile(Drawn((1, 2, 3, 4), "truck"), pictures)
    assert 'class="cas"' in _tile(Drawn((1, 2, 3, 4), "car"), pictures)


def test_boxes_of_another_frame_size_fit_the_picture(pictures: dict[str, Picture]) -> None:
    """Boxes are in pixels of the judged frame, here twice the picture's own."""
    assert "scale(2.00000 2.00000)" in _tile(Drawn((1, 2, 3, 4), "car"), pictures)


def test_a_focus_shows_a_window_inside_the_frame(pictures: dict[str, Picture]) -> None:
    shot = Shot("item-0", focus=(300, 180, 318, 190), frame=(320, 192))
    x, y, w, h = (float(v) for v in re.search(r'viewBox="([^"]+)"', tile(shot, Context({}, pictures)))[1].split())  # type: ignore[index]
    assert w < 320 and x >= 0 and y >= 0 and x + w <= 320.1 and y + h <= 192.1


def test_what_is_won_is_drawn_by_the_model_and_what_is_lost_by_nobody() -> None:
    turned = [Turned(item="i", name="car", box=(0, 0, 9, 9), before=None, after=0.6)]
    assert shots_of(turned, won=True)[0].drawn[0].hand == "machine"
    assert shots_of(turned, won=False)[0].drawn[0].hand == "nobody"
    assert plain(shots_of(turned, won=True)[0].caption) == "car none → 0.60"


def test_samples_show_both_hands() -> None:
    wrong = Sample(
        item="i", kind="wrong_class", score=0.9, truth=Marked(box=(0, 0, 9, 9), name="car"),
        predicted=Marked(box=(0, 0, 8, 8), name="bus", score=0.9),
    )  # fmt: skip
    (shot,) = shots_of_samples([wrong])
    assert [d.hand for d in shot.drawn] == ["person", "machine"]
    assert plain(shot.caption) == "car taken for bus 0.90"


@pytest.mark.parametrize(("have", "shown"), [(3, 3), (5, 5), (7, 5), (12, 10), (0, 0)])
def test_tiles_fill_their_rows(have: int, shown: int) -> None:
    assert len(whole_rows([Shot(str(i)) for i in range(have)], 10)) == shown


def test_the_worst_samples_show_every_kind() -> None:
    samples = [Sample(item=str(i), kind=kind, score=1 - i / 9) for i, kind in enumerate(["missed"] * 4 + ["ghost"] * 3)]
    assert [s.item for s in some_of_each_kind(samples, 2)] == ["0", "1", "4", "5"]


def test_words_on_changes_name_what_cannot_be_told_apart() -> None:
    rows = (
        change_of("car", 0.5, 0.7, "ap50"),
        change_of("bus", 0.7, 0.5, "ap50"),
        change_of("truck", 0.5, 0.51, "ap50"),
    )
    assert plain(changes_say(rows, "v2")) == "v2 is better on car, worse on bus; truck cannot be told apart."
    assert plain(changes_say(rows[2:], "v2")) == "No row differs by more than chance."


def test_charts_of_the_world_are_well_formed() -> None:
    assert read(coverage(nodes(), (), CONTEXT, unit="Boxes")).torn == []
    assert PARENTS["adult"] == "person"
