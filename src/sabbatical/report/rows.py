"""How the cards of a section stand: each row of twelve columns is full, whatever a report has and lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sabbatical.report.card import Card

FULL = 12


def in_rows(cards: Sequence[Card]) -> list[Card]:
    """The cards in their order, with those of a row that would stay open made wider, or three of what were two."""
    rows: list[list[Card]] = []
    still_open: list[Card] = []
    for one in cards:
        if one.width == FULL:
            rows, still_open = [*_closed(rows, still_open), [one]], []
            continue
        still_open.append(one)
        if sum(card.width * (1 + card.tall) for card in still_open) % FULL == 0:
            rows, still_open = [*rows, still_open], []
    return [card for row in _closed(rows, still_open) for card in row]


def _closed(rows: list[list[Card]], last: list[Card]) -> list[list[Card]]:
    if not last:
        return rows
    before = rows[-1] if rows else []
    if len(last) == 1 and len(before) == 2 and not any(card.tall for card in before):
        return [*rows[:-1], _even([*before, *last])]
    return [*rows, _even(last)]


def _even(row: list[Card]) -> list[Card]:
    return [replace(card, width=FULL // len(row), tall=False) for card in row]
