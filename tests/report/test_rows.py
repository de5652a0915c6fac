"""No row of cards stands half empty, whatever a report has and lacks."""

from __future__ import annotations

from itertools import product

import pytest
from markupsafe import Markup

from sabbatical.report import evaluation_page
from sabbatical.report.card import Card
from sabbatical.report.rows import FULL, in_rows
from sabbatical.schemas.evaluate import Report
from tests.report.made_up import boxes_report


def cards_of(*widths: int) -> list[Card]:
    return [Card(str(i), Markup(), width=width) for i, width in enumerate(widths)]


def rows_of(cards: list[Card]) -> list[int]:
    """The sum of widths of each row, as a browser breaks them."""
    rows = [0]
    for one in cards:
        rows = [*rows, one.width] if rows[-1] + one.width > FULL else [*rows[:-1], rows[-1] + one.width]
    return rows


@pytest.mark.parametrize("widths", [w for n in range(1, 6) for w in product((6, 12), repeat=n)])
def test_every_row_is_full_and_the_order_stays(widths: tuple[int, ...]) -> None:
    laid = in_rows(cards_of(*widths))
    assert set(rows_of(laid)) == {FULL}
    assert [card.title for card in laid] == [str(i) for i in range(len(widths))]


def test_rows_that_are_full_stay_as_they_are() -> None:
    for widths in ((6, 6, 12), (7, 5), (4, 4, 4, 12), (8, 4)):
        assert [card.width for card in in_rows(cards_of(*widths))] == list(widths)


def test_a_tall_card_keeps_the_two_beside_it() -> None:
    one, two, three = cards_of(6, 6, 6)
    tall = Card("tall", Markup(), width=6, tall=True)
    assert in_rows([one, tall, two]) == [one, tall, two]
    assert [card.width for card in in_rows([one, tall, two, three])] == [6, 6, 6, FULL]


def test_a_model_that_finds_nothing_has_a_page_that_says_so(items: list[str]) -> None:
    report: Report = boxes_report(items).model_copy(update={"calibration": None, "curves": {}, "thresholds": {}})
    page = evaluation_page(report)
    assert "draws no box that could be judged" in page
    assert "Precision over recall" not in page


def test_a_page_without_thresholds_has_no_legend_of_them(items: list[str]) -> None:
    page = evaluation_page(boxes_report(items).model_copy(update={"thresholds": {}}))
    assert "Precision over recall" in page and "threshold in use" not in page


def test_where_nothing_is_wrong_it_is_said(items: list[str]) -> None:
    assert "Every answer that could be judged is right." in evaluation_page(
        boxes_report(items).model_copy(update={"worst": []})
    )
