"""Numbers read as people write them."""

from __future__ import annotations

import pytest

from sabbatical.report.markup import el
from sabbatical.report.words import (
    capital,
    counted,
    cut,
    duration,
    listed,
    new,
    percent,
    points,
    readable,
    sentence,
    signed,
    signed_span,
    small,
    span,
)


def test_rates_are_points_of_a_hundred() -> None:
    assert points(0.7416) == "74.2" and points(None) == "–"
    assert span((0.71, 0.772)) == "71.0 to 77.2"


@pytest.mark.parametrize(("rate", "text"), [(0.0241, "+2.4"), (-0.031, "−3.1"), (0.0001, "0.0"), (-0.0004, "0.0")])
def test_a_change_has_its_sign_unless_it_is_none(rate: float, text: str) -> None:
    assert signed(rate) == text


def test_an_interval_around_zero_shows_both_signs() -> None:
    assert signed_span((-0.011, 0.037)) == "−1.1 to +3.7"


@pytest.mark.parametrize(
    ("rate", "text"), [(0.0, "0%"), (0.001, "under 1%"), (0.238, "24%"), (0.999, "over 99%"), (1.0, "100%")]
)
def test_a_share_that_is_there_is_never_nothing(rate: float, text: str) -> None:
    assert percent(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.42 s"), (41.6, "42 s"), (59.7, "1 min 0 s"), (131, "2 min 11 s"), (9660, "2 h 41 min")],
)
def test_times_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_lists_count_what_is_too_much() -> None:
    assert listed([]) == "" and listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert listed("abcdefgh", limit=4) == "a, b, c and 5 more"


def test_names_of_models_keep_their_letters() -> None:
    assert [capital(t) for t in ("tree masking", "v2", "mAP at IoU 0.5", "")] == [
        "Tree masking",
        "v2",
        "mAP at IoU 0.5",
        "",
    ]


def test_counts_and_small_words() -> None:
    assert counted(1, "box", "boxes") == "1 box" and counted(1200, "box", "boxes") == "1,200 boxes"
    assert small(3, "vocabulary", "vocabularies") == "Three vocabularies" and small(12, "item") == "12 items"


def test_long_texts_are_cut_with_a_sign() -> None:
    assert cut("a  b\nc", 10) == "a b c" and cut("abcdef", 4) == "abc…"


def test_stress_is_escaped_too() -> None:
    assert sentence(("<b>", new("<i>"))) == "&lt;b&gt;<em>&lt;i&gt;</em>"


def test_elements_escape_children_and_attributes() -> None:
    assert el("p", "<", title='"><') == '<p title="&#34;&gt;&lt;">&lt;</p>'
    assert el("rect", x=1.239, hidden=True, style=None) == '<rect x="1.24" hidden/>'


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("weather=fog, camera=mast", "fog + mast"),
        ("size=small", "small objects"),
        ("parked=True", "parked True"),
        ("camera_height=2 to 3.5", "camera height 2 to 3.5"),
        ("bus, weather=fog", "bus + fog"),
        ("plain", "plain"),
    ],
)
def test_slices_are_said_in_words(name: str, said: str) -> None:
    assert readable(name) == said
