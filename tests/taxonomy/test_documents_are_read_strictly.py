"""Nothing in a file is silently dropped, overwritten or misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from sabbatical.core.errors import BadFile, BadTaxonomy
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, is_super_document, parse_yaml

TREES = {
    "a class that stands twice": (
        "super-taxonomy: s\nclasses:\n  a: {}\n  b: {}\n  a: {}",
        "x.yaml, line 5: 'a' stands twice, first in line 3",
    ),
    "a name that YAML reads as true": ("super-taxonomy: s\nclasses:\n  yes: {}", "line 3: The name True is not text"),
    "a misspelt field": ("super-taxonomy: s\nclasses: {a: {childen: {}}}", "Did you mean 'children'"),
    "a cycle by alias": ("super-taxonomy: s\nclasses: {a: &p {children: {b: *p}}}", "circle: a > b > b"),
    "a cycle in the flat form": (
        "super-taxonomy: s\nclasses: [{name: a, parent: b}, {name: b, parent: a}]",
        "x.yaml, super-taxonomy 's': The classes go in a circle: a > b > a",
    ),
    "no YAML": ("super-taxonomy: [", "line 1: This is not YAML"),
    "a date that cannot be": ("super-taxonomy: s\nversion: 2020-13-45", "This is not YAML: month must be in 1..12"),
    "a list": ("- a", "should be a mapping"),
    "nothing": ("", "should be a mapping (name: value), not nothing"),
    "no name": ("classes: {a: {}}", "'super-taxonomy', the name of the tree, should be text, not nothing"),
    "no classes": ("super-taxonomy: s", "There are no classes"),
    "a version of text": ("super-taxonomy: s\nversion: new\nclasses: {a: {}}", "whole number from 1, not 'new'"),
    "exhaustive of text": ("super-taxonomy: s\nclasses: {a: {exhaustive: 'no'}}", "true or false, not a text"),
    "an attribute of one value": ("super-taxonomy: s\nclasses: {a: {attributes: {x: [red]}}}", "two or more values"),
    "a rule that is a list": ("super-taxonomy: s\nclasses: {a: {rules: {x: [1]}}}", "true, false, a number or a text"),
    "deep nesting": ("[" * 5000, "This is nested too deeply"),
}


@pytest.mark.parametrize("case", TREES)
def test_a_damaged_tree_is_refused_with_its_place(case: str) -> None:
    yaml_text, message = TREES[case]
    with pytest.raises(BadTaxonomy) as caught:
        SuperTaxonomy.from_yaml(yaml_text, where="x.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("x.yaml")


LABELS = {
    "no labels": ("{}", "There are no labels"),
    "two labels of one name but for case": ("{Car: car, 'car ': car}", "2 labels have one name: 'Car' and 'car'"),
    "two labels of one name in a list": ("[Car, car]", "2 labels have one name: 'Car' and 'car'"),
    "a label that maps to nothing": ("{Car: }", "Label 'Car' maps to nothing. Write a class of the tree, or 'ignore'"),
    "a label that maps to a number": ("{Car: {class: 3}}", "The class of label 'Car' should be text, not 3"),
    "a misspelt field": ("{Car: {klass: car}}", "Did you mean 'class'"),
    "an empty name": ("{'': car}", "The name of a label is empty"),
    "a label twice": ("\n  Car: car\n  Car: truck", "line 4: 'Car' stands twice, first in line 3"),
    "replaces one label twice": ("{Car: {class: car, replaces: [A, A]}}", "names 'A' twice"),
}


@pytest.mark.parametrize("case", LABELS)
def test_a_damaged_label_set_is_refused(case: str) -> None:
    labels, message = LABELS[case]
    with pytest.raises(BadTaxonomy) as caught:
        Taxonomy.from_yaml(f"taxonomy: t\nlabels: {labels}\nsuper-taxonomy: s", where="t.yaml")
    assert message in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("super-taxonomy: straße".encode("latin-1"))
    with pytest.raises(BadFile, match=r"latin.yaml: This file is not UTF-8 text\. Save it as UTF-8"):
        SuperTaxonomy.read(tmp_path / "latin.yaml")
    with pytest.raises(BadFile, match=r"none.yaml: This file cannot be read: No such file"):
        Taxonomy.read(tmp_path / "none.yaml")


def test_a_merge_key_is_not_a_duplicate() -> None:
    document = parse_yaml("a: &x {p: 1, q: 2}\nb: {<<: *x, p: 3}")
    assert document["b"] == {"p": 3, "q": 2}


def test_both_forms_of_a_tree_are_the_same() -> None:
    nested = (
        "super-taxonomy: s\nversion: 2\nclasses: {a: {exhaustive: true, children: {b: {synonyms: [bee]}, c: }}, d: {}}"
    )
    flat = """
super-taxonomy: s
version: 2
classes: [{name: b, parent: a, synonyms: bee}, {name: a, exhaustive: true}, {name: c, parent: a}, d]
"""
    assert SuperTaxonomy.from_yaml(nested) == SuperTaxonomy.from_yaml(flat)


def test_both_forms_of_labels_are_the_same_and_survive_writing() -> None:
    mapping = """
taxonomy: t
version: 3
super-taxonomy: s
rules: {min_side_px: 4, tight: true}
labels:
  Adult: {class: adult, attributes: {occluded: bool, pose: [sitting, standing]}, replaces: [Human]}
  car: car
  Two_wheeler: {class: vehicle, one_of: [bicycle, motorbike]}
  Statue: Ignore
"""
    listed = """
taxonomy: t
version: 3
super-taxonomy: s
rules: {min_side_px: 4, tight: true}
labels:
- {name: Adult, class: adult, attributes: {occluded: bool, pose: [sitting, standing]}, replaces: Human}
- car
- {name: Two_wheeler, class: vehicle, one_of: [bicycle, motorbike]}
- {name: Statue, class: ignore}
"""
    taxonomy = Taxonomy.from_yaml(mapping)
    assert taxonomy == Taxonomy.from_yaml(listed) == Taxonomy.from_yaml(taxonomy.to_yaml())
    assert taxonomy["Statue"].ignored
    assert taxonomy["Adult"].attributes == {"occluded": "bool", "pose": ("sitting", "standing")}
    assert taxonomy.find("two_WHEELER ") == taxonomy["Two_wheeler"]
    assert taxonomy.find("Zebra") is None


def test_a_document_tells_which_kind_it_is() -> None:
    assert is_super_document({"super-taxonomy": "s", "classes": {}})
    assert not is_super_document({"taxonomy": "t", "super-taxonomy": "s", "labels": {}})


def test_a_tree_of_endless_aliases_is_refused_before_it_fills_the_memory() -> None:
    lines = ["super-taxonomy: s", "classes:", "  a0: &a0 {}"]
    lines += [f"  a{i}: &a{i} {{children: {{x{i}: *a{i - 1}, y{i}: *a{i - 1}}}}}" for i in range(1, 40)]
    with pytest.raises(BadTaxonomy, match="more than 10,000 classes"):
        SuperTaxonomy.from_yaml("\n".join(lines))
