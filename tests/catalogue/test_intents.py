"""Three sets of intents are customers of one tree, and for what each label means in it there is a reason."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

import pytest

from sabbatical.catalogue import prepare
from sabbatical.catalogue.workbench import read_csv
from sabbatical.taxonomy import IGNORE, SuperTaxonomy, Taxonomy, check

FOLDER = Path(str(files("sabbatical"))) / "catalogue/intents"
TREE = SuperTaxonomy.read(FOLDER / "intents.yaml")
LINKS = read_csv(FOLDER / "links.csv")


def relation(one: str, other: str) -> str | None:
    """How the first class stands to the second."""
    if IGNORE in (one, other):
        return None
    if one == other:
        return "same-as"
    if TREE.is_beneath(other, one):
        return "parent-of"
    return "child-of" if TREE.is_beneath(one, other) else None


def test_every_label_has_one_entry_with_a_reason_of_its_own_and_says_how_sure_it_is() -> None:
    assert len({(row["customer"], row["label"]) for row in LINKS}) == len(LINKS) == 292
    assert all(row["reason"].endswith(".") and len(row["reason"]) > 20 for row in LINKS)
    assert Counter(row["certainty"] for row in LINKS) == {"clear": 225, "ambiguous": 67}


def test_what_a_link_says_is_what_the_tree_says() -> None:
    for row in LINKS:
        found = defaultdict(list)
        for other in LINKS:
            if other["customer"] != row["customer"]:
                found[relation(row["class"], other["class"])].append(f"{other['customer']}/{other['label']}")
        kinds = [kind for kind in ("same-as", "parent-of", "child-of") if found[kind]]
        expected = "ignore" if row["class"] == IGNORE else next(iter(kinds), "new")
        assert row["link"] == expected, row
        assert sorted(row["with"].split()) == sorted(each for kind in kinds for each in found[kind]), row


def test_each_link_to_another_set_names_a_label_of_it_in_its_reason() -> None:
    unnamed = [row["label"] for row in LINKS if row["with"] and not any(name in row["reason"] for name in named(row))]
    assert not unnamed


def named(row: dict[str, str]) -> set[str]:
    return {part for each in row["with"].split() for part in each.split("/")}


def test_a_third_of_the_labels_of_the_two_assistants_are_linked_and_the_bank_has_its_own() -> None:
    linked = Counter(row["customer"] for row in LINKS if row["with"])
    assert linked == {"banking77": 17, "clinc150": 51, "hwu64": 34}
    assert Counter(row["link"] for row in LINKS) == {
        "new": 189,
        "child-of": 56,
        "same-as": 28,
        "parent-of": 18,
        "ignore": 1,
    }


def test_no_label_of_a_customer_stands_above_another_of_its_own_or_at_the_same_class() -> None:
    for row in LINKS:
        own = [other for other in LINKS if other["customer"] == row["customer"] and other is not row]
        assert not [other for other in own if relation(row["class"], other["class"])], row


@pytest.mark.data("intents-banking77")
@pytest.mark.data("intents-clinc150")
@pytest.mark.data("intents-hwu64")
def test_the_labels_are_those_of_the_texts_and_the_taxonomies_have_no_error(mirror: Path, tmp_path: Path) -> None:
    plan = prepare("intents", mirror, tmp_path)
    taxonomies = [Taxonomy.read(tmp_path / file) for file in plan.taxonomies]
    assert [len(taxonomy) for taxonomy in taxonomies] == [77, 151, 64]
    assert not [
        one for one in check(SuperTaxonomy.read(tmp_path / plan.super_taxonomy), taxonomies) if one.level == "error"
    ]
    for taxonomy in taxonomies:
        used = set()
        for source in plan.sources:
            if source.taxonomy == taxonomy.name:
                with (tmp_path / source.path).open(encoding="utf-8", newline="") as file:
                    used |= {row["label"] for row in csv.DictReader(file)}
        assert used == set(taxonomy.names)
