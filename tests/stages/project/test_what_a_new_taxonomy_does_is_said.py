"""A taxonomy of another tree is refused; a new version says what became of each label of the one before."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.core.errors import BadTaxonomy
from sabbatical.schemas.project import ProjectIn, TaxonomyVersion
from sabbatical.stages.project import actions as projects
from sabbatical.stages.project import explaining
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW

TREE = {"super-taxonomy": "road", "classes": {"vehicle": {"children": {"car": None, "bus": None}}, "sign": None}}
FIRST = {"Auto": "car", "Wagen": "vehicle", "Schild": "sign", "Bus": "bus"}
SECOND: dict[str, Any] = {
    "PKW": {"class": "car", "replaces": ["Auto"]},
    "Lang": {"class": "bus", "replaces": ["Wagen"]},
    "Kurz": {"class": "car", "replaces": ["Wagen"]},
    "Bus": "bus",
}


def document(labels: dict[str, Any], above: str = "road") -> dict[str, Any]:
    return {"taxonomy": "a", "super-taxonomy": above, "labels": labels}


def add(workspace: Workspace, *documents: dict[str, Any]) -> TaxonomyVersion:
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="street", task="boxes"), NOW)
        return [projects.add_taxonomy(session, project, one, NOW) for one in documents][-1]


def test_a_taxonomy_of_another_tree_is_refused_with_the_right_name_and_check_goes_on(workspace: Workspace) -> None:
    add(workspace, TREE, document(FIRST))
    with pytest.raises(BadTaxonomy, match=r"'rode'.*'street' is 'road'.*Write `super-taxonomy: road`"):
        add(workspace, document(FIRST, "rode") | {"taxonomy": "b"})
    with workspace.database.reading() as session:
        project = projects.get(session, "street")
        assert [one.name for one in projects.taxonomies(session, project)] == ["road", "a"]
        assert all(one.level != "error" for one in explaining.findings(session, project))


def test_a_new_version_is_answered_with_what_became_of_each_old_label(workspace: Workspace) -> None:
    assert add(workspace, TREE, document(FIRST)).changes == []
    said = add(workspace, document(SECOND))
    assert said.version == 2
    assert {one.label: (one.change, one.labels, one.to) for one in said.changes} == {
        "Auto": ("renamed", ["PKW"], "car"),
        "Wagen": ("split", ["Lang", "Kurz"], "vehicle"),
        "Schild": ("dropped", [], "sign"),
        "Bus": ("kept", ["Bus"], "bus"),
    }
    assert next(one.words for one in said.changes if one.label == "Auto") == "'Auto' is now called 'PKW'."


def test_the_same_version_sent_again_answers_the_same(workspace: Workspace) -> None:
    add(workspace, TREE, document(FIRST))
    assert add(workspace, document(SECOND)) == add(workspace, document(SECOND))
