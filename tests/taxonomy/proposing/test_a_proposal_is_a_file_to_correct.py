"""A proposal is written as YAML that `taxonomy add` takes where it is decided, and refuses where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy import ClassNode, SuperTaxonomy, Taxonomy
from sabbatical.taxonomy.proposing import Draft, Files, Sightings, draft_of, propose, write

NODES = (
    ClassNode("person", exhaustive=True),
    *(ClassNode(name, "person") for name in ("adult", "child")),
    ClassNode("vehicle", attributes={"parked": "bool"}),
    *(ClassNode(name, "vehicle") for name in ("car", "truck", "bus")),
    *(ClassNode(name) for name in ("light", "sign", "tree")),
)
STREET = SuperTaxonomy("street", 3, NODES, {"min_side_px": 4})
LABELS = ("kalo", "mivu", "sote", "pani", "rudu", "light", "odd: name")


def proposed(draft: Draft | None = None) -> Files:
    """Same as car; parents of truck and bus, of sign and tree; child of person; new; two that share light."""
    rows = [
        {"car": 45},
        {"truck": 24, "bus": 22},
        {"sign": 22, "tree": 25},
        {"person": 45},
        {},
        {"light": 24},
        {"light": 24},
    ]
    found_lk = np.array([[row.get(name, 0) for name in STREET.names] for row in rows], float)
    nothing_l = np.array([5, 4, 3, 5, 50, 26, 26], float)
    undrawn_k = np.array([{"person": 150, "light": 20}.get(name, 0) for name in STREET.names], float)
    seen = Sightings(found_lk, nothing_l, undrawn_k, np.ones(len(STREET), bool))
    return write(draft or Draft("basalt", 2), STREET, propose(LABELS, STREET, seen), ["Said first."])


def test_a_file_has_its_evidence_as_comments_and_a_body_for_each_label() -> None:
    files = proposed()
    labels = yaml.safe_load(files.taxonomy)["labels"]
    assert files.taxonomy.startswith("# Said first.\ntaxonomy: basalt\nversion: 2\nsuper-taxonomy: street\nlabels:\n")
    assert list(labels) == list(LABELS)
    assert labels["kalo"] == "car"
    assert labels["mivu"] == {"class": "vehicle", "one_of": ["truck", "bus"]}
    assert "  # car is found on 45 of 50 (79% to 96%;" in files.taxonomy
    assert set(files.undecided) == {
        name for name, body in labels.items() if isinstance(body, dict) and "undecided" in body
    }


def test_the_tree_grows_by_what_it_lacks_and_all_that_stood_there_means_the_same() -> None:
    files = proposed()
    assert files.tree is not None
    grown = SuperTaxonomy.from_yaml(files.tree)
    assert (grown.version, grown.rules) == (4, STREET.rules)
    assert set(grown.names) - set(STREET.names) == set(files.added)
    for name in STREET.names:
        assert [above for above in grown.lineage(name) if above in STREET] == list(STREET.lineage(name))
        assert grown[name].exhaustive is STREET[name].exhaustive and grown[name].attributes == STREET[name].attributes
    assert grown.children("sote") == ("sign", "tree")
    assert grown["rudu"].parent is None
    assert set(grown.children("person")) == {"adult", "child"}  # they are said to be all there are


def test_what_is_undecided_is_refused_by_name_until_it_is_decided() -> None:
    files = proposed()
    assert files.undecided and files.tree is not None
    with pytest.raises(BadTaxonomy) as error:
        Taxonomy.from_yaml(files.taxonomy)
    assert "still undecided" in error.value.message and f"'{files.undecided[0]}'" in error.value.message
    assert error.value.hint == "In place of 'undecided' write a class of the tree, or 'ignore'."
    document = yaml.safe_load(files.taxonomy)
    document["labels"] |= dict.fromkeys(files.undecided, "light")
    Taxonomy.from_document(document).require_classes(SuperTaxonomy.from_yaml(files.tree))


def test_a_new_class_has_a_name_that_none_has() -> None:
    seen = Sightings(np.zeros((1, len(STREET))), np.array([50.0]), np.zeros(len(STREET)), np.ones(len(STREET), bool))
    new = propose(["kalo"], STREET, seen)
    tree = SuperTaxonomy("street", 3, (*NODES, ClassNode("other", synonyms=("Kalo",))))
    files = write(Draft("basalt", 1), tree, new)
    assert (new[0].relation, files.added) == ("new", ("kalo of basalt",))


def test_labels_are_read_with_or_without_classes_and_what_is_decided_stays() -> None:
    listed, names = draft_of({"taxonomy": "a", "labels": ["Human", {"name": "Car", "class": "car"}]}, STREET)
    assert (names, listed.decided) == (["Human"], {"Car": {"class": "car"}})
    body = {"class": "car", "attributes": {"parked": "bool"}}
    mapped = {"taxonomy": "a", "super-taxonomy": "street", "rules": {"min_side_px": 8}}
    mapped |= {"labels": {"A": None, "B": "Ignore", "C": body, "D": "lorry", "E": {"undecided": ["car"]}}}
    draft, names = draft_of(mapped, STREET, "b")
    assert (draft.name, names, draft.rules) == ("b", ["A", "D", "E"], {"min_side_px": 8})
    files = write(draft, STREET, propose(names, STREET))
    document = yaml.safe_load(files.taxonomy)
    assert (document["labels"]["C"], document["labels"]["B"], document["rules"]) == (body, "Ignore", {"min_side_px": 8})


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"taxonomy": "a", "labels": []}, "There are no labels."),
        ({"taxonomy": "a", "labels": ["Car", "car "]}, "2 labels have one name"),
        ({"taxonomy": "a", "super-taxonomy": "blood", "labels": ["Car"]}, "belongs to the super-taxonomy 'blood'"),
        ({"labels": ["Car"]}, "'taxonomy', the name of the label set"),
        ({"taxonomy": "a", "labels": ["Car"], "clases": {}}, "does not have a field 'clases'"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(document: dict[str, object], words: str) -> None:
    with pytest.raises(BadTaxonomy) as error:
        draft_of(document, STREET)
    assert words in error.value.message
