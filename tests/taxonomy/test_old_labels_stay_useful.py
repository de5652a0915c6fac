"""A change of taxonomy is a new version with a mapping from the old one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, carried, renewed, tables

TAGS = SuperTaxonomy.from_document(
    {
        "super-taxonomy": "tags",
        "version": 2,
        "classes": {"language": {}, "vision": {}, "other": {"children": {"graphs": {}, "series": {}, "games": {}}}},
    }
)


def taxonomy(labels: dict[str, Any], version: int = 1, tree: str = "tags") -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": "t", "version": version, "super-taxonomy": tree, "labels": labels})


def test_a_label_that_splits_stands_for_the_class_above_its_parts() -> None:
    old = taxonomy({"language": "language", "other": "other"})
    parts = {name: {"class": name, "replaces": ["other"]} for name in ("graphs", "series", "games")}
    new = taxonomy({"language": "language", **parts}, 2)
    after = carried(old, new, TAGS)
    assert after["language"].change == "kept"
    assert after["other"].change == "split"
    assert after["other"].labels == ("graphs", "series", "games")
    assert after["other"].to == "other"
    assert "'other' was split into 'graphs', 'series' and 'games'" in after["other"].words
    told = tables(TAGS, renewed(old, new, TAGS))
    assert told.covered_k[TAGS.index("other")] == 1
    assert told.target_lk[1, TAGS.index("other")] == 1
    assert told.known_lk[1, TAGS.index("graphs")] == 0


def test_parts_that_are_not_all_of_the_class_above_cover_only_themselves(street: SuperTaxonomy) -> None:
    old = taxonomy({"Big": "truck"}, tree="street")
    new = taxonomy({"Big": "truck", "Coach": {"class": "bus", "replaces": "Big"}}, 2, "street")
    again = renewed(old, new, street)
    assert again["Big"].to == "vehicle"
    assert again["Big"].one_of == ("truck", "bus")
    told = tables(street, again)
    covered = {street.names[k] for k in np.flatnonzero(told.covered_k)}
    assert covered == {"truck", "bus"}
    assert told.known_lk[0, street.index("car")] == 1


def test_parts_without_a_class_above_them_are_ignored_but_still_covered(street: SuperTaxonomy) -> None:
    old = taxonomy({"Thing": "light"}, tree="street")
    heirs = {"Sign": {"class": "sign", "replaces": "Thing"}, "Light": {"class": "light", "replaces": "Thing"}}
    again = renewed(old, taxonomy(heirs, 2, "street"), street)
    told = tables(street, again)
    assert again["Thing"].ignored
    assert not told.known_lk.any()
    assert {street.names[k] for k in np.flatnonzero(told.covered_k)} == {"light", "sign"}


def test_merged_labels_keep_what_they_tell(street: SuperTaxonomy) -> None:
    old = taxonomy({"Adult": "adult", "Child": "child"}, tree="street")
    new = taxonomy({"Human": {"class": "person", "replaces": ["Adult", "Child"]}}, 2, "street")
    after = carried(old, new, street)
    assert [after[name].change for name in ("Adult", "Child")] == ["merged", "merged"]
    assert after["Adult"].labels == ("Human",)
    assert after["Adult"].to == "adult"
    assert "merged with 'Child' into 'Human'" in after["Adult"].words


def test_a_renamed_label_keeps_its_class(street: SuperTaxonomy) -> None:
    after = carried(
        taxonomy({"Auto": "car"}, tree="street"),
        taxonomy({"Car": {"class": "car", "replaces": "Auto"}}, 2, "street"),
        street,
    )
    assert after["Auto"].change == "renamed"
    assert after["Auto"].to == "car"


def test_a_dropped_label_still_teaches_its_class(street: SuperTaxonomy) -> None:
    after = carried(
        taxonomy({"Car": "car", "Bus": "bus"}, tree="street"), taxonomy({"Car": "car"}, 2, "street"), street
    )
    assert after["Bus"].change == "dropped"
    assert after["Bus"].to == "bus"
    assert after["Bus"].labels == ()


@pytest.mark.parametrize(
    ("before", "now", "meaning"),
    [
        ("vehicle", "car", "vehicle"),  # finer from now on: old boxes may be any vehicle
        ("car", "vehicle", "car"),  # coarser from now on: old boxes lose nothing
        ("car", "light", "light"),  # the two exclude each other: the old mapping was wrong
        ("gone", "car", "car"),  # the tree renamed the class
        ("car", "ignore", None),
        ("ignore", "car", None),
    ],
)
def test_a_label_that_maps_elsewhere(street: SuperTaxonomy, before: str, now: str, meaning: str | None) -> None:
    after = carried(taxonomy({"X": before}, tree="street"), taxonomy({"x": now}, 2, "street"), street)
    assert after["X"].change == "moved"
    assert after["X"].labels == ("x",)
    assert after["X"].to == meaning


def test_a_class_that_is_gone_is_ignored_and_said(street: SuperTaxonomy) -> None:
    after = carried(
        taxonomy({"Tram": "tram", "Car": "car"}, tree="street"), taxonomy({"Car": "car"}, 2, "street"), street
    )
    assert after["Tram"].to is None
    assert after["Tram"].words == "'Tram' is no longer drawn; its old shapes are ignored."


def test_several_versions_fold_from_the_newest(street: SuperTaxonomy) -> None:
    first = taxonomy({"Thing": "vehicle"}, 1, "street")
    second = taxonomy(
        {"Big": {"class": "truck", "replaces": "Thing"}, "Car": {"class": "car", "replaces": "Thing"}}, 2, "street"
    )
    third = taxonomy(
        {"Bus": {"class": "bus", "replaces": "Big"}, "Truck": {"class": "truck", "replaces": "Big"}, "Car": "car"},
        3,
        "street",
    )
    again = renewed(first, renewed(second, third, street), street)
    assert again.version == 1
    assert again["Thing"].to == "vehicle"
    assert renewed(second, third, street)["Big"].one_of == ("bus", "truck")


def test_an_unchanged_taxonomy_means_what_it_meant(street: SuperTaxonomy, basalt: Taxonomy) -> None:
    assert renewed(basalt, basalt, street) == basalt


def test_replacing_a_label_that_never_was_is_refused(street: SuperTaxonomy, corax: Taxonomy) -> None:
    new = taxonomy({"Car": {"class": "car", "replaces": "Vehicel"}}, 2, "street")
    with pytest.raises(
        BadTaxonomy, match=r"'Car' replaces 'Vehicel', which version 1 did not have\. Did you mean 'Vehicle'\?"
    ):
        carried(corax, new, street)


def test_old_tables_hold_against_a_newer_tree(street: SuperTaxonomy, basalt: Taxonomy) -> None:
    document = street.to_document() | {"version": 2}
    document["classes"]["vehicle"]["exhaustive"] = True
    del document["classes"]["vehicle"]["children"]["bus"]
    newer = SuperTaxonomy.from_document(document)
    assert tables(street, basalt).covered_k[street.index("vehicle")] == 0
    assert tables(newer, basalt).covered_k[newer.index("vehicle")] == 1
