"""Colours tell parents by hue, and never change for the same taxonomy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sabbatical.report.palette import FLAT, class_colours
from tests.report.made_up import CLASSES, PARENTS

TOKENS = {f"c{i}" for i in range(1, 13)}


def test_a_flat_taxonomy_takes_the_set_order() -> None:
    names = [f"class {i}" for i in range(12)]
    assert tuple(class_colours(names).values()) == FLAT


def test_children_take_their_parents_hue() -> None:
    colours = class_colours(CLASSES, PARENTS)
    assert [colours[n] for n in ("person", "adult", "child")] == ["c1", "c2", "c3"]
    assert [colours[n] for n in ("vehicle", "car", "truck", "bus")] == ["c4", "c5", "c6", "c7"]
    assert colours["light"] == "c8"


def test_no_two_classes_share_a_colour_while_there_are_enough() -> None:
    assert len(set(class_colours(CLASSES, PARENTS).values())) == len(CLASSES)


@given(st.integers(0, 40), st.data())
def test_any_tree_gets_colours_even_one_that_contradicts_itself(size: int, data: st.DataObject) -> None:
    names = [str(i) for i in range(size)]
    parents = {n: data.draw(st.sampled_from([*names, None, "unknown"])) for n in names}
    colours = class_colours(names, parents)
    assert list(colours) == names and set(colours.values()) <= TOKENS
    assert colours == class_colours(names, parents)
