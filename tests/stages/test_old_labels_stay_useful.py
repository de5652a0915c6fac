"""New versions of taxonomies, from end to end: old labels go on teaching and judging, and nothing stale is answered."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sabbatical.core.errors import BadTaxonomy
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages import all_steps  # noqa: F401 - registers the steps
from sabbatical.stages.evaluate import actions as evaluations
from sabbatical.stages.project import actions as projects
from sabbatical.stages.project import explaining
from sabbatical.stages.train import actions as models
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW

FLAT = {"super-taxonomy": "tree", "version": 1, "classes": {"vision": {}, "other": {}}}
DEEP = {**FLAT, "version": 2, "classes": {"vision": {}, "other": {"children": {"graphs": {}, "games": {}}}}}
WITHOUT = {**FLAT, "version": 3, "classes": {"vision": {}, "graphs": {}, "games": {}}}
COARSE = {"taxonomy": "tags", "version": 1, "super-taxonomy": "tree", "labels": {"vision": "vision", "other": "other"}}
PARTS = {name: {"class": name, "replaces": ["other"]} for name in ("graphs", "games")}
FINE = {**COARSE, "version": 2, "labels": {"vision": "vision", **PARTS}}
WORDS = {
    "vision": ("image", "pixel", "camera", "segment"),
    "graphs": ("node", "edge", "walk", "neighbour"),
    "games": ("reward", "policy", "agent", "play"),
}


@dataclass
class Tags:
    """A project of texts whose taxonomies change."""

    workspace: Workspace
    project: Project
    folder: Path

    def add(self, *documents: dict[str, Any]) -> None:
        with self.workspace.database.transaction() as session:
            for document in documents:
                projects.add_taxonomy(session, self.project, document, NOW)

    def run(self, kind: str, **params: Any) -> dict[str, Any]:
        with self.workspace.database.transaction() as session:
            row = runs.ask(session, project_id=self.project.id, kind=kind, params=params, now=NOW)
        return body_of(kind)(Step(self.workspace, row.id, self.project.id, params, Quiet()))

    def texts(self, name: str, labels: dict[str, str], split: str | None = None, count: int = 12) -> None:
        """A CSV with `count` texts of each kind, under the label that stands for it."""
        path = self.folder / f"{name}.csv"
        random = Random(name)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            for kind, label in labels.items():
                for _ in range(count):
                    noise = ["".join(random.choices("bcdfghklmnprstvz", k=6)) for _ in range(8)]
                    writer.writerow([" ".join(random.sample(WORDS[kind], 3) + noise), label])
        self.run("ingest", source=str(path), split=split)

    def report(self, **params: Any) -> Report:
        found = self.run("evaluate", **params)["evaluation"]
        return Report.model_validate_json(evaluations.report(self.workspace, self.project, found))


@pytest.fixture
def tags(workspace: Workspace, tmp_path: Path) -> Tags:
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="tags", task="text"), NOW)
    made = Tags(workspace, project, tmp_path)
    made.add(FLAT, COARSE)
    made.texts("old", {"vision": "vision", "graphs": "other", "games": "other"}, "train")
    made.run("snapshot")
    made.run("train", recipe="linear")
    made.add(DEEP, FINE)
    return made


def test_old_and_new_labels_teach_one_model_and_judge_both(tags: Tags) -> None:
    kinds = {name: name for name in WORDS}
    tags.texts("new", kinds, "train")
    tags.texts("judged", kinds, "test")
    tags.run("snapshot")
    assert tags.run("train", recipe="linear")["model"] == "v2"
    with tags.workspace.database.reading() as session:
        model = models.get(session, tags.project, "v2")
    assert {name: said["items"] for name, said in model.record["customers"].items()} == {"tags 1": 36, "tags 2": 36}
    report = tags.report(model="v2", against="v1")
    assert report.metrics.by_class["graphs"].f1 == 1.0
    assert report.comparison is not None
    old = tags.report(model="v1")
    assert set(old.metrics.by_class) == {"vision", "other"}
    assert old.metrics.by_class["other"].n == 24  # the finer labels judge what the old model can say


def test_what_labels_mean_now_decides_whether_a_training_is_the_same(tags: Tags) -> None:
    assert tags.run("train", recipe="linear")["trained"] is True
    assert tags.run("train", recipe="linear")["trained"] is False
    tags.add({**FINE, "version": 3, "labels": {"vision": "vision", "graphs": "graphs", "games": "vision"}})
    assert tags.run("train", recipe="linear")["trained"] is True


def test_a_class_that_is_gone_leaves_its_old_labels_without_meaning(tags: Tags) -> None:
    tags.add(WITHOUT)
    tags.texts("new", {name: name for name in WORDS}, "train")
    tags.run("snapshot")
    tags.run("train", recipe="linear")
    with tags.workspace.database.reading() as session:
        model = models.get(session, tags.project, None)
        said = explaining.findings(session, tags.project)
    assert model.classes == ["vision", "graphs", "games"]
    assert any(one.code == "carried" and "its old shapes are ignored" in one.message for one in said)


def test_what_became_of_old_labels_is_said(tags: Tags) -> None:
    with tags.workspace.database.reading() as session:
        said = [one.message for one in explaining.findings(session, tags.project) if one.code == "carried"]
    assert said == [
        "tags, version 1: 'other' was split into 'graphs' and 'games'; its old shapes stand for other,"
        " of which the new labels are parts."
    ]


def test_a_label_replaces_only_what_there_was(tags: Tags) -> None:
    labels = {"vision": "vision", "graphs": {"class": "graphs", "replaces": ["grphs"]}, "games": "games"}
    with pytest.raises(BadTaxonomy, match="'graphs' replaces 'grphs', which version 2 did not have"):
        tags.add({**FINE, "version": 3, "labels": labels})


def test_a_run_killed_after_its_model_was_kept_finds_it_again(tags: Tags) -> None:
    params = {"recipe": "linear", "again": True}
    with tags.workspace.database.transaction() as session:
        row = runs.ask(session, project_id=tags.project.id, kind="train", params=params, now=NOW)
    step = Step(tags.workspace, row.id, tags.project.id, params, Quiet())
    first, second = (body_of("train")(step) for _ in range(2))
    assert (first["trained"], second["trained"]) == (True, False)
    assert first["model"] == second["model"]
