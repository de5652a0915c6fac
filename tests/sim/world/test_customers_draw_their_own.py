"""Each customer draws what their taxonomy names, and people err as asked."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.core.errors import NotFound
from sabbatical.sim.world import (
    AURORA,
    BASALT,
    CLASSES,
    COBALT,
    CUSTOMERS,
    SUPER_TAXONOMY,
    TRUTH,
    Conditions,
    Customer,
    Frame,
    HumanError,
    draw_labels,
)
from sabbatical.sim.world.customers import customer
from sabbatical.sim.world.dice import Dice
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, parse_yaml


def tree() -> SuperTaxonomy:
    return SuperTaxonomy.from_document(parse_yaml(SUPER_TAXONOMY.read_text()))


@pytest.mark.parametrize("who", [*CUSTOMERS.values(), TRUTH], ids=lambda who: who.name)
def test_the_labels_are_those_of_the_taxonomy_file(who: Customer) -> None:
    """Each class is drawn under the label that maps to it or to an ancestor of it."""
    taxonomy = Taxonomy.from_document(parse_yaml(who.taxonomy.read_text()))
    street = tree()
    means = {label.name: label.to for label in taxonomy.labels}
    assert set(who.labels.values()) == set(means)
    for leaf, label in who.labels.items():
        target = means[label]
        assert target is not None
        assert leaf in street.subtree(target)


def test_nobody_draws_signs_and_basalt_leaves_out_buses() -> None:
    drawn = {leaf for who in CUSTOMERS.values() for leaf in who.labels}
    assert drawn == set(CLASSES) - {"sign"}
    assert "bus" not in BASALT.labels
    assert set(AURORA.labels.values()) == {"Human"}
    assert {COBALT.labels[leaf] for leaf in ("car", "truck", "bus")} == {"Fahrzeug"}


def test_without_error_the_boxes_are_the_truth(frames: list[Frame]) -> None:
    for frame in frames[:20]:
        drawn = draw_labels(frame, TRUTH)
        assert [(one.label, one.box) for one in drawn] == [(thing.label, thing.box) for thing in frame.things]
        people = [thing.box for thing in frame.things if thing.label in ("adult", "child")]
        assert [one.box for one in draw_labels(frame, AURORA)] == people


def test_people_miss_and_jitter_as_much_as_asked(frames: list[Frame]) -> None:
    error = HumanError(jitter_px=1.5, miss=0.2, seed=3)
    drawn = [one for frame in frames for one in draw_labels(frame, TRUTH, error)]
    total = sum(len(frame.things) for frame in frames)
    assert abs(1 - len(drawn) / total - 0.2) < 0.05
    inner = [one for one in drawn if min(one.thing.box) > 6 and one.thing.box[2] < 300 and one.thing.box[3] < 180]
    offsets = np.array([one.box for one in inner]) - np.array([one.thing.box for one in inner])
    assert abs(offsets.std() - 1.5) < 0.2


def test_jittered_boxes_stay_boxes_within_the_frame(frames: list[Frame]) -> None:
    for frame in frames[:60]:
        for one in draw_labels(frame, TRUTH, HumanError(jitter_px=6.0, seed=1)):
            x0, y0, x1, y1 = one.box
            assert 0 <= x0 < x1 <= 320 and 0 <= y0 < y1 <= 192


def test_the_same_person_errs_alike_and_another_otherwise(frames: list[Frame]) -> None:
    once, again = (draw_labels(frames[0], TRUTH, HumanError(seed=5)) for _ in range(2))
    other = draw_labels(frames[0], TRUTH, HumanError(seed=6))
    assert once == again and once != other


def test_attributes_are_those_the_customer_asks_for(frames: list[Frame]) -> None:
    for frame in frames[:30]:
        for one in draw_labels(frame, BASALT):
            assert set(one.attributes) == ({"parked"} if one.label in ("Car", "Lorry") else set())
        for one in draw_labels(frame, COBALT):
            assert set(one.attributes) == {"occluded"}
            assert one.attributes["occluded"] == one.thing.occluded


def test_customers_see_the_street_through_other_cameras() -> None:
    dice = Dice("cameras")
    kinds = {who.name: [Conditions.sample(dice, who.mix()).camera for _ in range(300)] for who in CUSTOMERS.values()}
    assert max(set(kinds["aurora"]), key=kinds["aurora"].count) == "shop"
    assert max(set(kinds["basalt"]), key=kinds["basalt"].count) == "kerb"
    assert max(set(kinds["cobalt"]), key=kinds["cobalt"].count) == "mast"


def test_an_unknown_customer_is_named_in_the_message() -> None:
    with pytest.raises(NotFound, match="no customer 'dorado'"):
        customer("dorado")
