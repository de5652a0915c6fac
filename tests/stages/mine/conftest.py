"""A street project whose released model has answered, with attributes, doubts, feedback and later labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from sabbatical.core.ids import content_id, new_id
from sabbatical.core.progress import Quiet
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.mine import Issue
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import queries as ingest_queries
from sabbatical.stages.ingest.split import split_of
from sabbatical.stages.mine import actions as mining
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import FeedbackRow, ModelRow, ServedRow, SnapshotRow
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW, Street

CLASSES = ("person", "adult", "child", "vehicle", "car", "truck", "bus", "light")
Found = tuple[str, float, tuple[float, float, float, float]]


@dataclass
class Traffic:
    """What was asked of the model v1 of a street project."""

    street: Street
    served: int = 0
    looks: int = 0
    _items: list[dict[str, Any]] = field(default_factory=list)
    _rows: list[ServedRow | FeedbackRow] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        return self.street.workspace

    @property
    def project(self) -> Project:
        return self.street.project

    def model(self, at: datetime = NOW) -> str:
        """A model of the project's tree, of which nothing but its answers is needed here; answers its id."""
        with self.workspace.database.transaction() as session:
            many = session.query(ModelRow).count()
            if not many:
                session.add(
                    SnapshotRow(
                        id="snp", project_id=self.project.id, number=1, content="c", query={}, cutoff=0, counts={},
                        parts=[], boxes=[], created_at=NOW,
                    )
                )  # fmt: skip
                session.flush()
            row = ModelRow(
                id=new_id("mod"), project_id=self.project.id, number=many + 1, snapshot_id="snp", family="detector",
                recipe={"masking": "tree"}, recipe_id="r", super_taxonomy_id=self.street.taxonomy_ids["super"],
                code_version="1", seed=0, weights="w", record={"thresholds": {}}, created_at=at,
            )  # fmt: skip
            session.add(row)
            return row.id

    def answer(
        self,
        model: str,
        group: str,
        *,
        found: Sequence[Found] = (),
        sure: bool = True,
        verdict: str | None = None,
        customer: str = "aurora",
        day: int = 0,
        kept: bool = True,
        **attributes: Any,
    ) -> str:
        """One more answer, to an item of its own unless it is not `kept`; answers the item's id."""
        self.served += 1
        item = content_id(f"traffic {self.served}".encode())
        if kept:
            self._items.append(self._item(item, group, customer, day, attributes))
        said = Answer(
            np.array([CLASSES.index(name) for name, _, _ in found], np.int64),
            np.array([score for _, score, _ in found], np.float32),
            np.array([box for _, _, box in found], np.float32).reshape(-1, 4),
        )
        row = ServedRow(
            id=new_id("srv"), project_id=self.project.id, request="r", model_id=model, arm="champion", unit=group,
            item_id=item, kept=kept, sure=sure, payload=said.to_bytes(), latency_ms=1.0, created_at=NOW,
        )  # fmt: skip
        self._rows.append(row)
        if verdict is not None:
            self._rows.append(
                FeedbackRow(
                    id=new_id("fbk"), project_id=self.project.id, served_id=row.id, item_id=item, verdict=verdict,
                    comment="", author="driver", created_at=NOW,
                )
            )  # fmt: skip
        return item

    def keep(self) -> None:
        """Write what was answered so far."""
        with self.workspace.database.transaction() as session:
            if self._items:
                ingest_queries.add_items(session, self._items)
            for kind in (ServedRow, FeedbackRow):
                session.add_all(row for row in self._rows if isinstance(row, kind))
                session.flush()
        self._items, self._rows = [], []

    def _item(self, item: str, group: str, customer: str, day: int, attributes: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": item, "project_id": self.project.id, "kind": "image", "name": f"{self.served}.jpg",
            "source": "traffic", "customer": customer, "group_name": group, "split": split_of(self.project, group),
            "media_type": "image/jpeg", "bytes": 10, "width": 320, "height": 192, "text": None, "fingerprint": None,
            "captured_at": NOW + timedelta(days=day), "ingested_at": NOW, "ingest_id": "run", "attributes": attributes,
        }  # fmt: skip

    def by_night(self, model: str, scenes: int = 40, frames: int = 2, *, doubtful: float = 0.9) -> None:
        """Half of the scenes by day, sure but for one in ten; half by night, where it is mostly raining, doubtful."""
        dice = np.random.default_rng(5)
        for scene in range(scenes):
            night = scene % 2 == 1
            weather = "rain" if dice.random() < (0.8 if night else 0.1) else "clear"
            unsure = dice.random() < (doubtful if night else 0.1)
            for _ in range(frames):
                self.answer(
                    model,
                    f"scene {scene}",
                    sure=not unsure,
                    customer=("aurora", "basalt")[scene // 2 % 2],
                    time_of_day="night" if night else "day",
                    weather=weather,
                )

    def mine(self, **asked: Any) -> dict[str, Any]:
        """Look for failures, as a run of its own."""
        self.keep()
        self.looks += 1
        params = {"model": "v1", **asked}
        return body_of("mine")(Step(self.workspace, f"run_{self.looks}", self.project.id, params, Quiet()))

    def issue(self, number: int) -> Issue:
        with self.workspace.database.reading() as session:
            return mining.get(session, self.project, number)


@pytest.fixture
def traffic(street: Street) -> Traffic:
    return Traffic(street)
