"""What is ambiguous, unmapped or uncovered is said in words, with the names of the classes."""

from __future__ import annotations

from typing import Any

from sabbatical.taxonomy import Finding, SuperTaxonomy, Taxonomy, check


def taxonomy(labels: dict[str, Any], name: str = "t", **rest: Any) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": "street", "labels": labels} | rest)


def tree(classes: dict[str, Any]) -> SuperTaxonomy:
    return SuperTaxonomy.from_document({"super-taxonomy": "street", "classes": classes})


def found(findings: list[Finding], code: str, *words: str) -> list[Finding]:
    return [each for each in findings if each.code == code and all(word in each.message for word in words)]


def test_the_street_of_the_demo(street: SuperTaxonomy, aurora: Taxonomy, basalt: Taxonomy, corax: Taxonomy) -> None:
    findings = check(street, [aurora, basalt, corax])
    assert {(each.level, each.code, each.taxonomy, each.classes) for each in findings} == {
        ("warning", "uncovered", None, ("sign",)),
        ("warning", "uncovered", None, ("vehicle", "bus")),
        ("warning", "rules", "basalt", ("car", "truck")),
        ("note", "left-out", "basalt", ("vehicle", "bus")),
        ("note", "rules", "corax", ("vehicle",)),
    }
    assert found(findings, "uncovered", "Nobody labels sign: no model can learn it")
    assert found(findings, "uncovered", "bus is drawn only under a coarser label", "never bus")
    assert found(findings, "left-out", "basalt labels car and truck but not bus", "teaches nothing about vehicle")
    assert found(findings, "rules", "basalt draws car and truck with box_includes_mirrors: true", "not the target")


def test_a_complete_taxonomy_has_no_findings() -> None:
    assert check(tree({"car": {}, "light": {}}), [taxonomy({"Car": "car", "Lamp": "light"})]) == []


def test_a_label_of_an_unknown_class_is_an_error_and_the_rest_is_still_checked(street: SuperTaxonomy) -> None:
    findings = check(street, [taxonomy({"Human": "persn", "Car": "car"}, "bad"), taxonomy({"Car": "car"}, "good")])
    assert findings[0].level == "error"
    assert findings[0].classes == ("persn",)
    assert "Did you mean 'person'?" in findings[0].message
    assert found(findings, "left-out", "good labels car")
    assert not found(findings, "left-out", "bad labels")


def test_a_taxonomy_of_another_tree_is_an_error(street: SuperTaxonomy) -> None:
    other = Taxonomy.from_document({"taxonomy": "t", "super-taxonomy": "road", "labels": {"Car": "car"}})
    assert check(street, [other])[0].message == "t maps to 'road', but the tree is 'street'."


def test_two_labels_of_one_class_are_ambiguous(street: SuperTaxonomy) -> None:
    findings = check(street, [taxonomy({"Van": "car", "Estate": "car"})])
    (finding,) = found(findings, "ambiguous")
    assert finding.classes == ("car",)
    assert "'Van' and 'Estate' are all car" in finding.message


def test_a_label_above_another_is_ambiguous_and_says_about_what(street: SuperTaxonomy) -> None:
    (finding,) = found(check(street, [taxonomy({"Human": "person", "Grown": "adult"})]), "ambiguous")
    assert finding.classes == ("person", "adult")
    assert "a box 'Human' says nothing about adult or child" in finding.message


def test_one_of_several_is_ambiguous_only_with_its_parts() -> None:
    vehicles = tree({"vehicle": {"children": {"car": {}, "bicycle": {}, "motorbike": {}}}})
    two = {"class": "vehicle", "one_of": ["bicycle", "motorbike"]}
    assert not found(check(vehicles, [taxonomy({"Two": two, "Auto": "car"})]), "ambiguous")
    assert found(check(vehicles, [taxonomy({"Two": two, "Bike": "bicycle"})]), "ambiguous", "'Bike'", "'Two'")


def test_a_label_named_like_another_class_or_synonym_is_asked_about() -> None:
    lights = tree({"light": {"synonyms": ["traffic light"]}, "car": {}})
    findings = check(lights, [taxonomy({"Traffic_Light": "car", "CAR": "ignore", "light": "light"})])
    assert found(findings, "ambiguous", "'Traffic_Light' maps to car, though light is a class of that name")
    assert found(findings, "ambiguous", "'CAR' is ignored, though car is a class of that name")
    assert len(found(findings, "ambiguous")) == 2


def test_a_synonym_of_two_classes_is_ambiguous() -> None:
    findings = check(tree({"car": {"synonyms": ["auto"]}, "truck": {"synonyms": ["Auto"]}}), [])
    (finding,) = found(findings, "ambiguous")
    assert finding.taxonomy is None
    assert finding.classes == ("car", "truck")


def test_a_subtree_that_nobody_labels_is_said_once(street: SuperTaxonomy) -> None:
    findings = found(check(street, [taxonomy({"Human": "person"})]), "uncovered", "Nobody labels vehicle")
    assert [each.classes for each in findings] == [("vehicle", "car", "truck", "bus")]


def test_a_class_whose_absence_nobody_shows_is_said(street: SuperTaxonomy) -> None:
    findings = check(street, [taxonomy({"Car": "car", "Truck": "truck"})])
    assert found(findings, "uncovered", "vehicle is drawn in part, but no customer covers it")


def test_an_exhaustive_flag_that_would_help_is_proposed() -> None:
    people = {"adult": {}, "child": {}}
    both = taxonomy({"A": "adult", "C": "child"})
    (finding,) = found(check(tree({"person": {"children": people}}), [both]), "exhaustive")
    assert "write 'exhaustive: true' at person" in finding.message
    assert not check(tree({"person": {"children": people, "exhaustive": True}}), [both])


def test_without_any_taxonomy_nothing_can_be_learned(street: SuperTaxonomy) -> None:
    (finding,) = found(check(street, []), "uncovered")
    assert finding.classes == street.roots


def test_rules_without_a_target_and_targets_without_a_rule_are_noted(street: SuperTaxonomy) -> None:
    findings = check(street, [taxonomy({"Vehicle": "vehicle"}, rules={"min_side_px": 4})])
    assert found(findings, "rules", "min_side_px: 4, for which street has no target")
    assert found(findings, "rules", "does not state box_includes_mirrors")


def test_attributes_that_the_tree_does_not_know_or_knows_otherwise_are_said() -> None:
    cars = tree({"car": {"attributes": {"parked": "bool", "colour": ["red", "green"]}}})
    attributes = {"parked": ["yes", "no"], "colour": ["red", "green"], "doors": ["2", "4"]}
    findings = check(cars, [taxonomy({"Car": {"class": "car", "attributes": attributes}})])
    assert found(findings, "attributes", "parked", "is one of yes, no, but for car it is yes or no")
    assert found(findings, "attributes", "doors", "no model learns it")
    assert len(found(findings, "attributes")) == 2


def test_errors_stand_before_warnings_before_notes(street: SuperTaxonomy, basalt: Taxonomy) -> None:
    levels = [each.level for each in check(street, [basalt, taxonomy({"X": "nothing"})])]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert set(levels) == {"error", "warning", "note"}
