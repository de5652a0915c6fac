"""A taxonomy that is made or chosen for a source fits all of its labels, however late they come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step
from sabbatical.schemas.ingest import IngestReport, IngestRequest
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.label.sources import open_source
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW, Street
from tests.stages.label.test_importing import ingest

ROWS, LATE = 2100, 200
"""More than a first look at a source sees, and the rows with a label that comes only then."""


def take(workspace: Workspace, source: Path, *, labels_only: bool) -> IngestReport:
    asked = IngestRequest(source=str(source), project="tickets", labels_only=labels_only)
    with workspace.database.transaction() as session:
        row = runs.ask(session, project_id=None, kind="ingest", params={"source": str(source)}, now=NOW)
    work = open_source(Step(workspace, row.id, None, {}, Quiet()), asked)
    return work.attach() if labels_only else work.take()


@pytest.mark.parametrize("labels_only", [True, False])
def test_a_taxonomy_made_from_a_sorted_table_has_its_last_label(
    workspace: Workspace, tmp_path: Path, *, labels_only: bool
) -> None:
    texts = [f"{number},ticket {number * 7919} about {number % 13}" for number in range(ROWS + LATE)]
    (tmp_path / "texts.csv").write_text("\n".join(["id,text", *texts]) + "\n")
    rows = [f"{text},{'alpha' if number < ROWS else 'beta'}" for number, text in enumerate(texts)]
    (tmp_path / "labels.csv").write_text("\n".join(["id,text,label", *rows]) + "\n")
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="tickets", task="text"), NOW)
    take(workspace, tmp_path / "texts.csv", labels_only=False)
    report = take(workspace, tmp_path / "labels.csv", labels_only=labels_only)
    assert (report.labels.added, report.labels.refused, report.quarantined_total) == (ROWS + LATE, 0, 0)
    with workspace.database.reading() as session:
        ((_, taxonomy),) = projects.customer_taxonomies(session, project.id).values()
    assert sorted(taxonomy.names) == ["alpha", "beta"]


def sorted_boxes(path: Path, *labels: str) -> str:
    """Boxes on 0.jpg and so on: of the first label on the first ROWS images, then of each of the others on one."""
    names = [*[labels[0]] * ROWS, *labels[1:]]
    rows = [{"file_name": f"{i}.jpg", "shapes": [{"label": name, "box": [1, 1, 9, 9]}]} for i, name in enumerate(names)]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return str(path)


def test_the_taxonomy_chosen_is_the_one_that_has_the_last_label(street: Street, tmp_path: Path) -> None:
    street.add_items(ROWS + 1)
    wider = {"taxonomy": "cobalt", "version": 1, "super-taxonomy": "street", "labels": {"Car": "car", "Bus": "bus"}}
    with street.workspace.database.transaction() as session:
        projects.add_taxonomy(session, street.project, wider, NOW)
    source = sorted_boxes(tmp_path / "labels.jsonl", "Car", "Bus")
    report = ingest(street, source, labels_only=True, taxonomy=None, customer="basalt")
    assert (report["taxonomy"], report["labels"]["added"], report["labels"]["refused"]) == ("cobalt", ROWS + 1, 0)


def test_a_label_that_no_taxonomy_has_is_said_before_anything_is_taken(street: Street, tmp_path: Path) -> None:
    street.add_items(ROWS + 1)
    with pytest.raises(BadInput, match="No taxonomy has all the labels of this source: 'Car', 'Zebra'"):
        ingest(street, sorted_boxes(tmp_path / "labels.jsonl", "Car", "Zebra"), labels_only=True, taxonomy=None)
