"""Projects whose models are released by hand, and a client that asks them over HTTP, in this process."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.core.ids import new_id
from sabbatical.core.settings import load
from sabbatical.schemas.policy import ReleaseRules
from sabbatical.schemas.project import ProjectIn, Task
from sabbatical.schemas.release import Release
from sabbatical.schemas.train import ModelVersion
from sabbatical.sdk.in_process import AppTransport
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import actions as releases
from sabbatical.stages.serve.online import Online
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import AliasRow, ReleaseRow, ServedRow
from sabbatical.storage.workspace import open_workspace
from tests.api.conftest import Noted
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import LABELS, TOPICS, babble
from tests.stages.train.shapes import CUSTOMERS, SUPER, TINY, Shapes

LEARNING = ({"steps": 60}, {"steps": 12})


@dataclass
class Served:
    """A project whose models answer over HTTP."""

    made: Shapes
    http: httpx.Client
    online: Online

    def model(self, name: str | None = None) -> ModelVersion:
        with self.made.workspace.database.reading() as session:
            return models.get(session, self.made.project, name)

    def champion(self, model: ModelVersion) -> None:
        """Let a model answer."""
        row = AliasRow(project_id=self.made.project.id, name="champion", model_id=model.id, updated_at=NOW)
        with self.made.workspace.database.transaction() as session:
            session.merge(row)
        self.online.changed()

    def release(self, model: ModelVersion, stage: str, share: float = 0.0, *, full: bool = False) -> Release:
        """Let a model be on its way, or (`full`) have come to all traffic."""
        with self.made.workspace.database.transaction() as session:
            before = releases.champion(session, self.made.project)
            number = len(releases.page(session, self.made.project, None, 100).rows) + 1
            row = ReleaseRow(
                id=new_id("rel"),
                project_id=self.made.project.id,
                number=number,
                key=new_id("key"),
                model_id=model.id,
                champion_id=before.id if before else None,
                rules=ReleaseRules().model_dump(mode="json"),
                stage=stage,
                share=share,
                stage_since=NOW,
                created_at=NOW,
                ended_at=NOW if full else None,
            )
            session.add(row)
            session.flush()
            made = releases.get(session, self.made.project, row.id)
        if full:
            self.champion(model)
        self.online.changed()
        return made

    def ask(self, **asked: Any) -> dict[str, Any]:
        answer = self.post("predict", asked)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def post(self, path: str, asked: dict[str, Any]) -> httpx.Response:
        return self.http.post(f"/v1/projects/{self.made.project.name}/{path}", json=asked)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/v1/projects/{self.made.project.name}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self) -> list[ServedRow]:
        with self.made.workspace.database.reading() as session:
            return list(session.query(ServedRow).order_by(ServedRow.seq))


def picture(seed: int = 0, size: tuple[int, int] = (64, 64), kind: str = "JPEG") -> bytes:
    """A JPEG of noise with one bright square, as large in it as those that the models learned from."""
    image_hwc = np.random.default_rng(seed).integers(0, 90, (*size, 3)).astype(np.uint8)
    scale = max(size) / 64
    (top, left, side) = (round(length * scale) for length in (10, 12, 24))
    image_hwc[top : top + side, left : left + side] = 230
    file = io.BytesIO()
    Image.fromarray(image_hwc).save(file, kind)
    return file.getvalue()


def _open(home: Path, project: str) -> Iterator[Served]:
    workspace = open_workspace(load(home=home))
    app = create_app(workspace, Noted(), InProcess(), free_paths=False)
    with workspace.database.reading() as session:
        made = Shapes(workspace, projects.get(session, project), home)
    with httpx.Client(transport=AppTransport(app), base_url="http://127.0.0.1:8400", timeout=60) as http:
        served = Served(made, http, app.state.context.online)
        served.champion(served.model("v1"))
        yield served
    app.state.context.online.close()
    workspace.close()


def _begin(home: Path, name: str, task: Task, documents: Iterable[Mapping[str, Any]]) -> Shapes:
    workspace = open_workspace(load(home=home))
    asked = ProjectIn(name=name, task=task, validation_share=0.2, test_share=0.0, salt="served")
    with workspace.database.transaction() as session:
        project = projects.create(session, asked, NOW)
        for document in documents:
            projects.add_taxonomy(session, project, document, NOW)
    return Shapes(workspace, project, home.parent)


@pytest.fixture(scope="session")
def built_texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the models v1 of rules and v2, a linear one; not to be changed."""
    home = tmp_path_factory.mktemp("texts") / "home"
    made = _begin(home, "notes", "text", (TOPICS, LABELS))
    dice = random.Random(0)
    rows = [f"the {label.lower()} {babble(dice)},{label}" for _ in range(20) for label in ("Sea", "Sky")]
    path = home.parent / "notes.csv"
    path.write_text("\n".join(["text,label", *rows]))
    made.run("ingest", source=str(path))
    made.run("snapshot")
    made.run("train", recipe="rules")
    made.run("train", settings={"model": "linear"})
    made.workspace.close()
    return home


@pytest.fixture(scope="session")
def built_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two detectors, ready to serve; not to be changed."""
    home = tmp_path_factory.mktemp("images") / "home"
    made = _begin(home, "shapes", "boxes", (SUPER, *CUSTOMERS.values()))
    made.run("ingest", source=str(made.write("boxes", "Box", 24, 0)))
    made.run("snapshot")
    for settings in LEARNING:
        made.run("train", settings=TINY | settings)
        with made.workspace.database.reading() as session:
            newest = models.get(session, made.project, None)
        models.prepare(made.workspace, newest)
    made.workspace.close()
    return home


@pytest.fixture
def texts(built_texts: Path, tmp_path: Path) -> Iterator[Served]:
    """Texts, with v1 as the champion."""
    yield from _open(Path(shutil.copytree(built_texts, tmp_path / "home")), "notes")


@pytest.fixture
def images(built_images: Path, tmp_path: Path) -> Iterator[Served]:
    """Pictures, with v1 as the champion."""
    yield from _open(Path(shutil.copytree(built_images, tmp_path / "home")), "shapes")
