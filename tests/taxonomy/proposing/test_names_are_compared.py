"""Names of labels and classes are the same in any spelling, and what is alike is told from what is not."""

from __future__ import annotations

import pytest

from sabbatical.taxonomy import ClassNode, SuperTaxonomy
from sabbatical.taxonomy.proposing.likeness import Kind, likeness
from sabbatical.taxonomy.proposing.words import slips, words_of


def tree(*names: str, **parents: str) -> SuperTaxonomy:
    nodes = [ClassNode(name, parents.get(name)) for name in names]
    return SuperTaxonomy("tree", 1, tuple(nodes))


def kind(label: str, name: str, *synonyms: str, beside: tuple[str, ...] = ("zebra", "fire hydrant")) -> Kind:
    nodes = (ClassNode(name, synonyms=synonyms), *(ClassNode(one) for one in beside))
    return Kind(int(likeness([label], SuperTaxonomy("tree", 1, nodes)).kind_lk[0, 0]))


@pytest.mark.parametrize(
    "name", ["traffic_light", "Traffic-Lights", "trafficLight", "TRAFFIC LIGHT", "the traffic light", "Ｔraffic  light"]
)
def test_a_name_is_the_same_in_any_case_number_and_joint(name: str) -> None:
    assert words_of(name) == ("traffic", "light")
    assert kind(name, "traffic light") is Kind.EQUAL


@pytest.mark.parametrize(
    ("label", "name", "expected"),
    [
        ("light_traffic", "traffic light", Kind.REORDERED),
        ("trafficlight", "traffic light", Kind.REORDERED),
        ("motocycle", "motorcycle", Kind.SLIP),
        ("TL", "traffic light", Kind.SHORT),
        ("vhcl", "vehicle", Kind.SHORT),
        ("pedest", "pedestrian", Kind.SHORT),
        ("parked car", "car", Kind.MORE),
        ("light", "traffic light", Kind.LESS),
        ("cat", "dog", Kind.NONE),
    ],
)
def test_each_way_of_being_alike_is_told_apart(label: str, name: str, expected: Kind) -> None:
    assert kind(label, name) is expected


def test_a_synonym_that_the_tree_gives_counts_as_the_name() -> None:
    assert kind("Lorry", "truck") is Kind.NONE
    found = likeness(["Lorry"], SuperTaxonomy("tree", 1, (ClassNode("truck", synonyms=("wagon", "lorry")),)))
    assert (Kind(int(found.kind_lk[0, 0])), int(found.name_lk[0, 0])) == (Kind.EQUAL, 2)


def test_what_most_labels_of_a_customer_begin_with_says_nothing() -> None:
    labels = ["obj_car", "obj_bus", "obj_person", "obj_parked_car"]
    kinds = likeness(labels, tree("car", "bus", "person")).kind_lk
    assert [Kind(int(kinds[i, i])) for i in range(3)] == [Kind.EQUAL] * 3
    assert Kind(int(kinds[3, 0])) is Kind.MORE


def test_a_label_made_of_several_classes_is_not_one_that_adds_the_class_above() -> None:
    street = tree("vehicle", "car", "truck", car="vehicle", truck="vehicle")
    kinds = likeness(["car_or_truck", "vehicle_car"], street).kind_lk
    assert [Kind(int(one)) for one in kinds[0]] == [Kind.NONE, Kind.BOTH, Kind.BOTH]
    assert Kind(int(kinds[1, 1])) is Kind.REORDERED


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        *[("abcd", other, True) for other in ("abcd", "abc", "abxcd", "acbd", "axcd")],
        *[("abcd", other, False) for other in ("dcba", "abcdef", "ab")],
    ],
)
def test_one_slip_is_a_letter_more_less_other_or_two_swapped(one: str, other: str, alike: bool) -> None:
    assert slips(one, other) is alike
    assert slips(other, one) is alike
