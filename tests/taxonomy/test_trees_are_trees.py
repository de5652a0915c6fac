"""A super-taxonomy is a tree, or says why it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy import ClassNode, SuperTaxonomy


def flat(*pairs: tuple[str, str | None]) -> SuperTaxonomy:
    return SuperTaxonomy("t", 1, tuple(ClassNode(name, parent) for name, parent in pairs))


def test_relations_of_the_street(street: SuperTaxonomy) -> None:
    assert street.names == ("person", "adult", "child", "vehicle", "car", "truck", "bus", "light", "sign")
    assert street.parent_k.tolist() == [-1, 0, 0, -1, 3, 3, 3, -1, -1]
    assert street.depth_k.tolist() == [0, 1, 1, 0, 1, 1, 1, 0, 0]
    assert street.leaves == ("adult", "child", "car", "truck", "bus", "light", "sign")
    assert street.roots == ("person", "vehicle", "light", "sign")
    assert street.children("vehicle") == ("car", "truck", "bus")
    assert street.lineage("bus") == ("vehicle", "bus")
    assert street.subtree("person") == ("person", "adult", "child")
    assert street.common_ancestor(["car", "bus"]) == "vehicle"
    assert street.common_ancestor(["car", "vehicle"]) == "vehicle"
    assert street.common_ancestor(["car", "adult"]) is None
    assert street.common_ancestor([]) is None
    assert np.flatnonzero(street.ancestors_kk[street.index("car")]).tolist() == [3, 4]


def test_the_common_ancestor_is_the_deepest_one() -> None:
    tree = flat(("thing", None), ("vehicle", "thing"), ("car", "vehicle"), ("bus", "vehicle"), ("person", "thing"))
    assert tree.common_ancestor(["car", "bus"]) == "vehicle"
    assert tree.common_ancestor(["car", "person"]) == "thing"


def test_classes_may_come_in_any_order_and_are_kept_parents_first() -> None:
    tree = flat(("adult", "person"), ("car", "vehicle"), ("person", None), ("vehicle", None), ("child", "person"))
    assert tree.names == ("person", "adult", "child", "vehicle", "car")


def test_the_arrays_of_a_tree_cannot_be_changed(street: SuperTaxonomy) -> None:
    with pytest.raises(ValueError, match="read-only"):
        street.parent_k[0] = 5


def test_rules_and_attributes_are_handed_down_and_overridden() -> None:
    tree = SuperTaxonomy.from_document(
        {
            "super-taxonomy": "t",
            "rules": {"tight": True, "min_side_px": 2},
            "classes": {
                "vehicle": {
                    "attributes": {"parked": "bool"},
                    "rules": {"min_side_px": 4},
                    "children": {"car": {"rules": {"tight": False}, "attributes": {"doors": ["2", "4"]}}},
                },
                "light": {},
            },
        }
    )
    assert tree.rules_of("car") == {"tight": False, "min_side_px": 4}
    assert tree.rules_of("light") == {"tight": True, "min_side_px": 2}
    assert tree.attributes_of("car") == {"parked": "bool", "doors": ("2", "4")}
    assert tree.attributes_of("light") == {}


def test_a_cycle_is_shown_with_its_path() -> None:
    with pytest.raises(BadTaxonomy, match=r"circle: a > c > b > a\. Give one of 'c', 'b' and 'a' another parent"):
        flat(("a", "b"), ("b", "c"), ("c", "a"), ("fine", None))


def test_a_class_that_is_its_own_parent_is_a_cycle() -> None:
    with pytest.raises(BadTaxonomy, match="circle: a > a"):
        flat(("a", "a"))


def test_a_cycle_away_from_the_first_class_is_found() -> None:
    with pytest.raises(BadTaxonomy, match="circle: b > c > b"):
        flat(("a", "b"), ("b", "c"), ("c", "b"))


def test_an_unknown_parent_is_named_with_the_nearest_class() -> None:
    with pytest.raises(BadTaxonomy, match=r"'adult' has the parent 'persn'.*Did you mean 'person'\?"):
        flat(("person", None), ("adult", "persn"))


def test_classes_of_one_name_are_all_named_with_their_places() -> None:
    with pytest.raises(BadTaxonomy, match="'road > light' and 'Light'; 'car' and 'road > CAR'"):
        flat(("road", None), ("light", "road"), ("Light", None), ("car", None), ("CAR", "road"))


@pytest.mark.parametrize("classes", [(), (ClassNode("Ignore"),), (ClassNode("leaf", exhaustive=True),)])
def test_what_makes_no_sense_is_refused(classes: tuple[ClassNode, ...]) -> None:
    with pytest.raises(BadTaxonomy):
        SuperTaxonomy("t", 1, classes)


def test_an_unknown_class_comes_with_a_hint(street: SuperTaxonomy) -> None:
    with pytest.raises(BadTaxonomy, match=r"no class 'vehicel'\. Did you mean 'vehicle'\?"):
        street.index("vehicel")
    assert "vehicel" not in street
    assert street["bus"].parent == "vehicle"


def test_a_tree_survives_its_file(street: SuperTaxonomy, tmp_path: Path) -> None:
    street.write(tmp_path / "street.yaml")
    again = SuperTaxonomy.read(tmp_path / "street.yaml")
    assert again == street
    assert hash(again) == hash(street)
