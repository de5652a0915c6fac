"""A small street project, and items and labels to put into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from sabbatical.core.ids import content_id
from sabbatical.core.progress import Quiet
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.label import Payload
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages import all_steps  # noqa: F401 - registers the steps
from sabbatical.stages.ingest import queries as ingest_queries
from sabbatical.stages.ingest.split import split_of
from sabbatical.stages.label import actions as labels
from sabbatical.stages.label.actions import Author, Said
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SUPER = {
    "super-taxonomy": "street",
    "version": 1,
    "classes": {
        "person": {"exhaustive": True, "children": {"adult": {}, "child": {}}},
        "vehicle": {"exhaustive": True, "children": {"car": {}, "truck": {}, "bus": {}}},
        "light": {},
    },
}
AURORA = {"taxonomy": "aurora", "version": 1, "super-taxonomy": "street", "labels": {"Human": "person"}}
BASALT = {
    "taxonomy": "basalt",
    "version": 1,
    "super-taxonomy": "street",
    "labels": {"Adult": "adult", "Child": "child", "Car": "car", "Lorry": "truck", "Statue": "ignore"},
}


@dataclass
class Street:
    """A project with two customers, and verbs to fill it."""

    workspace: Workspace
    project: Project
    taxonomy_ids: dict[str, str]

    def add_items(self, count: int, *, start: int = 0, per_group: int = 1, customer: str = "aurora") -> list[str]:
        """Items known by their numbers; `per_group` consecutive ones share a group."""
        rows = [self._item(number, f"scene-{number // per_group}", customer) for number in range(start, start + count)]
        with self.workspace.database.transaction() as session:
            ingest_queries.add_items(session, rows)
        return [row["id"] for row in rows]

    def _item(self, number: int, group: str, customer: str) -> dict[str, Any]:
        return {
            "id": content_id(f"item {number}".encode()),
            "project_id": self.project.id,
            "kind": "image",
            "name": f"{number}.jpg",
            "source": "camera",
            "customer": customer,
            "group_name": group,
            "split": split_of(self.project, group),
            "media_type": "image/jpeg",
            "bytes": 10,
            "width": 320,
            "height": 192,
            "text": None,
            "fingerprint": number,
            "captured_at": NOW + timedelta(days=number % 28),
            "ingested_at": NOW,
            "ingest_id": "run_test",
            "attributes": {"weather": "rain" if number % 2 else "clear", "lane": number % 3},
        }

    def label(
        self,
        items: list[str],
        taxonomy: str = "basalt",
        names: tuple[str, ...] = ("Adult", "Car"),
        *,
        shift: float = 0.0,
        author: Author | None = None,
    ) -> tuple[int, int]:
        """Draw the same shapes in each item; answers (added, known)."""
        boxes_n4 = np.array([[10 + 40 * i + shift, 20, 40 + 40 * i + shift, 60] for i in range(len(names))], np.float32)
        payload = Payload(names, boxes_n4.reshape(-1, 4)).to_bytes()
        said = [Said(item, payload, len(names)) for item in items]
        with self.workspace.database.transaction() as session:
            taxonomy_id = (self.taxonomy_ids[taxonomy], taxonomy)
            return labels.keep(session, self.project.id, taxonomy_id, said, author or Author("camera", "import"), NOW)

    def run(self, kind: str, **params: Any) -> dict[str, Any]:
        """Do a step in this process."""
        return body_of(kind)(Step(self.workspace, f"run_{kind}", self.project.id, params, Quiet()))


@pytest.fixture
def street(workspace: Workspace) -> Street:
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="street", task="boxes", salt="street"), NOW)
        ids = {
            str(document.get("taxonomy", "super")): projects.add_taxonomy(session, project, document, NOW).id
            for document in (SUPER, AURORA, BASALT)
        }
    return Street(workspace, project, ids)
