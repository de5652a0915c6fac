"""What slices are made of is gathered as the rows pass, in columns that stay small."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sabbatical.stages.dataset.actions import Labeled
from sabbatical.stages.evaluate.facts import MOST_VALUES, Facts
from sabbatical.stages.evaluate.slices import metadata_parts
from tests.stages.partial import labeled


def row(number: int, **more: Any) -> Labeled:
    return replace(labeled("own", "Car", partial=False), item_id=f"{number:032x}", **more)


def test_attributes_with_few_values_make_slices_and_unknown_ones_are_none() -> None:
    said = [
        {"weather": "rain", "plate": "0", "frame": 1},
        {"plate": "1", "frame": 2},
        {"weather": "sun", "lit": True, "plate": "2"},
        *({"weather": "sun", "plate": str(number), "site": "one"} for number in range(3, MOST_VALUES + 2)),
    ]
    facts = Facts()
    rows = [row(i, attributes=attributes, customer=("a", "b")[i % 2]) for i, attributes in enumerate(said)]
    assert list(facts.noting(rows)) == rows
    slices = facts.slices()
    assert sorted(slices) == ["customer", "lit", "site", "weather"]
    assert list(slices["weather"])[:4] == ["rain", None, "sun", "sun"]
    assert list(slices["lit"])[:4] == [None, None, "True", None]
    assert all(len(column) == len(said) for column in slices.values())


def test_one_customer_makes_no_slice() -> None:
    facts = Facts()
    list(facts.noting([row(0), row(1)]))
    assert facts.slices() == {}


def test_groups_are_numbered_and_moments_are_utc() -> None:
    facts = Facts()
    moment = datetime(2026, 3, 1, 12, 30, 0, 250_000, tzinfo=UTC)
    list(facts.noting([row(0, group="x", captured_at=moment), row(1, group="y"), row(2, group="x")]))
    assert facts.group_i.tolist() == [0, 1, 0]
    assert facts.captured_at[0] == np.datetime64("2026-03-01T12:30:00.250000")
    assert np.isnat(facts.captured_at[1:]).all()


def test_twelve_months_make_slices_and_more_words_do_not() -> None:
    facts = Facts()
    list(facts.noting(row(i, attributes={"month": f"m{i % MOST_VALUES}", "plate": f"p{i}"}) for i in range(40)))
    assert list(facts.slices()) == ["month"]


def test_many_numbers_stay_numbers_to_be_cut_at_their_quartiles() -> None:
    facts = Facts()
    list(facts.noting(row(i, attributes={"height": i / 2} if i else {}) for i in range(100)))
    height = facts.slices()["height"]
    assert list(height)[:3] == [None, 0.5, 1.0]
    assert len(metadata_parts({"height": height}, 100)) == 4


def test_numbers_that_turn_out_to_be_words_are_given_up() -> None:
    facts = Facts()
    list(facts.noting(row(i, attributes={"mixed": i if i < 50 else f"word {i}"}) for i in range(60)))
    assert facts.slices() == {}


def test_a_number_beyond_all_floats_is_a_word() -> None:
    facts = Facts()
    list(facts.noting(row(i, attributes={"huge": 10**400 + i}) for i in range(40)))
    assert facts.slices() == {}
