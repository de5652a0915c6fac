"""A proposal of the mapping assistant is a run: bounded, repeatable, and nothing is asked of a model twice."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from sabbatical.core.errors import BadRequest, Interrupted, NotFound
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.label import Payload
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.schemas.proposal import MappingProposal, ProposalRequest
from sabbatical.stages.assist import actions as assistance
from sabbatical.stages.assist.sighting import Sighting
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import ItemRow
from sabbatical.storage.workspace import Workspace, open_workspace
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from tests.stages.conftest import NOW, SUPER

TREE = SuperTaxonomy.from_document(SUPER)
ABOUT = {
    "sea": "ship sail harbour wave tide anchor boat deck crew reef",
    "sky": "cloud plane wing bird storm pilot rocket star moon kite",
    "soil": "plough field seed root worm mud farm crop harvest barn",
}


def sentences(about: str, count: int, seed: int) -> list[str]:
    dice = np.random.default_rng(seed)
    return [" ".join(dice.choice(ABOUT[about].split(), 5)) + f" {seed}{number}" for number in range(count)]


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@dataclass
class Texts:
    """A project of texts with a model, and a new customer's file."""

    workspace: Workspace
    project: Project
    file: Path

    def run(self, kind: str, progress: Any = None, **params: Any) -> dict[str, Any]:
        with self.workspace.database.transaction() as session:
            row = runs.ask(session, project_id=self.project.id, kind=kind, params=params, now=NOW)
        return body_of(kind)(Step(self.workspace, row.id, self.project.id, params, progress or Quiet()))

    def propose(self, **asked: Any) -> MappingProposal:
        """Ask as every interface does, and do it in this process."""
        with self.workspace.database.transaction() as session:
            row = assistance.ask_proposal(session, self.project, ProposalRequest(**asked), NOW)
        made = body_of(row.kind)(Step(self.workspace, row.id, self.project.id, row.params, Quiet()))
        return MappingProposal.model_validate({key: value for key, value in made.items() if key != "schema"})

    def items(self) -> int:
        with self.workspace.database.reading() as session:
            return session.query(ItemRow).count()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all copies are made of; not to be changed."""
    folder = tmp_path_factory.mktemp("words")
    first = [(text, about) for about in ABOUT for text in sentences(about, 20, 0)]
    second = [(text, "Ocean") for text in sentences("sea", 40, 1)]
    second += [(text, "above_ground") for text in sentences("sky", 40, 2)]
    second += [(text, ("ploughs", "seeds")[n % 2]) for n, text in enumerate(sentences("soil", 80, 3))]
    workspace = open_workspace(load(home=folder / "home"))
    with workspace.database.transaction() as session:
        asked = ProjectIn(name="words", task="text", test_share=0.0, validation_share=0.0, salt="words")
        project = projects.create(session, asked, NOW)
    made = Texts(workspace, project, write(folder / "second.csv", second))
    made.run("ingest", source=str(write(folder / "first.csv", first)))
    made.run("snapshot")
    made.run("train", recipe="linear")
    workspace.close()
    return folder


@pytest.fixture
def texts(built: Path, tmp_path: Path) -> Iterator[Texts]:
    workspace = open_workspace(load(home=shutil.copytree(built / "home", tmp_path / "home")))
    with workspace.database.reading() as session:
        project = projects.get(session, "words")
    yield Texts(workspace, project, built / "second.csv")
    workspace.close()


def test_the_labels_of_a_source_are_proposed_from_a_bounded_sample_that_is_asked_about_once(texts: Texts) -> None:
    before = texts.items()
    found = texts.propose(source=str(texts.file), taxonomy="second", things=25)
    assert {one.label: one.said for one in found.labels} == {
        "Ocean": "same as sea",
        "above_ground": "same as sky",
        "ploughs": "child of soil",
        "seeds": "child of soil",
    }
    assert (found.items, found.of, found.computed) == (100, 160, 100)
    assert texts.items() == before + 100
    assert all(one.looked_at == 25 and one.drawn == 40 for one in found.labels)
    example = found.labels[0].examples[0]
    assert (example.found, example.fits, example.box) == ("sea", True, None) and example.text
    again = texts.propose(source=str(texts.file), taxonomy="second", things=25)
    assert again.computed == 0
    assert again.model_dump(exclude={"computed"}) == found.model_dump(exclude={"computed"})


def test_a_run_that_was_stopped_goes_on_with_what_was_answered(texts: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sabbatical.stages.predict.answers.AT_ONCE", 32)

    class Stops(Quiet):
        told = 0.0

        def tell(self, fraction: float, message: str, **numbers: Any) -> None:
            self.told = fraction

        def stopping(self) -> bool:
            return self.told > 0.5

    params = ProposalRequest(source=str(texts.file), taxonomy="second", model="v1").model_dump(mode="json")
    with pytest.raises(Interrupted):
        texts.run("propose-taxonomy", Stops(), **params)
    rest = texts.propose(**params)
    assert 0 < rest.computed < rest.items


def test_a_taxonomy_that_is_there_is_looked_at_under_its_own_name_and_says_what_taught_the_model(texts: Texts) -> None:
    found = texts.propose(taxonomy="words-labels")
    assert (found.version, found.of, found.computed) == (2, 60, 60)
    assert [one.said for one in found.labels] == [f"same as {name}" for name in ABOUT]
    assert any("v1 learned from labels of words-labels" in note for note in found.notes)


def test_decided_labels_stay_and_names_alone_need_no_model_and_store_nothing(texts: Texts) -> None:
    before = texts.items()
    document = {"taxonomy": "third", "labels": {"Seas": None, "mud": "soil", "zzz": None}}
    found = texts.propose(document=document, source=str(texts.file), model="none")
    assert (found.model, texts.items(), found.notes) == (None, before, ["Names alone were compared."])
    assert {one.label: one.relation for one in found.labels} == {"Seas": "same", "zzz": "ambiguous"}
    assert (found.decided, found.undecided) == (["mud"], ["zzz"])
    assert yaml.safe_load(found.files.taxonomy)["labels"]["mud"] == "soil"


def test_a_request_for_nothing_that_is_there_is_refused_before_it_is_queued(texts: Texts) -> None:
    with pytest.raises(BadRequest, match="It needs a taxonomy"):
        texts.propose(source=str(texts.file))
    with pytest.raises(NotFound, match="has no taxonomy 'nosuch'"):
        texts.propose(taxonomy="nosuch")
    with pytest.raises(NotFound, match="no model 'v9'"):
        texts.propose(taxonomy="words-labels", model="v9")


def sighting(*labels: str) -> Sighting:
    return Sighting(TREE, labels, TREE.names, {"car": 0.3})


def answer(*found: tuple[str, float, tuple[float, ...]]) -> Answer:
    boxes_n4 = np.array([box for _, _, box in found], np.float32).reshape(-1, 4)
    classes_n = np.array([TREE.index(name) for name, _, _ in found], np.int64)
    return Answer(classes_n, np.array([score for _, score, _ in found], np.float32), boxes_n4)


HERE, NEAR, HALF, THERE = (10, 10, 50, 50), (11, 10, 50, 51), (30, 10, 70, 50), (200, 20, 240, 90)


def test_boxes_meet_by_their_overlap_and_what_is_found_where_nothing_is_drawn_is_counted_once() -> None:
    looked = sighting("Auto", "Mensch")
    drawn = Payload(("auto", "Mensch"), np.array([HERE, (100, 100, 120, 140)], np.float32))
    found = answer(("vehicle", 0.8, NEAR), ("car", 0.35, HERE), ("person", 0.9, HALF))
    more = answer(*[("person", 0.9, THERE), ("adult", 0.6, THERE), ("person", 0.7, (201, 20, 240, 90))])
    both = Answer(
        np.concatenate([found.classes_n, more.classes_n]),
        np.concatenate([found.scores_n, more.scores_n]),
        np.concatenate([found.boxes_n4, more.boxes_n4]),
    )
    looked.look("i", drawn, both)
    counted = looked.counted()
    assert (counted.found_lk[0, TREE.index("car")], counted.nothing_l.tolist()) == (1, [0, 1])
    assert counted.undrawn_k.tolist() == [float(name == "adult") for name in TREE.names]


def test_a_partial_image_says_nothing_of_where_nothing_is_drawn_and_a_crowd_is_no_thing() -> None:
    looked = sighting("Auto")
    drawn = Payload(("Auto", "Auto"), np.array([HERE, HALF], np.float32), crowds=frozenset({1}), partial=True)
    looked.look("i", drawn, answer(("car", 0.9, HERE), ("light", 0.9, THERE)))
    counted = looked.counted()
    assert counted.looked_at_l.tolist() == [1] and not counted.undrawn_k.any()


def test_the_tree_that_a_proposal_grows_is_taken_with_the_taxonomy_once_it_is_decided(texts: Texts) -> None:
    found = texts.propose(source=str(texts.file), taxonomy="second", things=25)
    assert found.files.tree is not None and found.undecided == []
    with texts.workspace.database.transaction() as session:
        for text in (found.files.tree, found.files.taxonomy):
            projects.add_taxonomy(session, texts.project, yaml.safe_load(text), NOW)
        kept = projects.customer_taxonomies(session, texts.project.id)["second"][1]
        tree = projects.super_taxonomy(session, texts.project.id)[1]
    assert isinstance(kept, Taxonomy) and tree["ploughs"].parent == tree["seeds"].parent == "soil"
