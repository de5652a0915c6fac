"""Models that were never trained, on the way to all traffic: for decisions, which look at no weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from sabbatical.schemas.policy import ReleaseRules
from sabbatical.schemas.release import Evidence, GateVerdict, ProposeRequest, Release, Verdict
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.release import actions as releases
from sabbatical.stages.release.proposing import begin
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import ModelRow, SnapshotRow
from tests.stages.conftest import NOW, Street, street

__all__ = ["street"]
RULES = ReleaseRules.model_validate(
    {
        "stages": [
            {"stage": "shadow", "requests": 5},
            {"stage": "canary", "share": 0.2, "requests": 5},
            {"stage": "full", "requests": 0},
        ]
    }
)


@dataclass
class Road:
    """A project whose models are proposed, and verbs for what persons and the loop decide."""

    street: Street
    snapshot: str
    minutes: int = 0

    @property
    def project(self) -> Any:
        return self.street.project

    def now(self) -> datetime:
        self.minutes += 1
        return NOW + timedelta(minutes=self.minutes)

    def model(self, number: int) -> ModelVersion:
        """A model version, made when it is first named."""
        with self.street.workspace.database.transaction() as session:
            if session.get(ModelRow, f"mod_{number}") is None:
                session.add(self._row(number))
                session.flush()
            return models.get(session, self.project, f"mod_{number}")

    def _row(self, number: int) -> ModelRow:
        return ModelRow(
            id=f"mod_{number}",
            project_id=self.project.id,
            number=number,
            snapshot_id=self.snapshot,
            family="detector",
            recipe={"masking": "tree"},
            recipe_id="r",
            super_taxonomy_id=self.street.taxonomy_ids["super"],
            code_version="c",
            seed=0,
            weights="w",
            record={},
            created_at=NOW,
        )

    def propose(
        self, number: int, verdict: Verdict = "passed", *, stages: Sequence[str] | None = None, **asked: Any
    ) -> Release:
        """A release of a model of which the gates say this."""
        model = self.model(number)
        named = {"stages": [{"stage": name} for name in stages or ()]}
        rules = ReleaseRules.model_validate(named) if stages else RULES
        said = GateVerdict(gate="items", verdict=verdict, reason=f"it {verdict}")
        request = ProposeRequest(model=model.name, rules=rules, **asked)
        with self.street.workspace.database.transaction() as session:
            row = begin(session, self.project, f"run_{self.minutes}", model, request, [said], {}, self.now())
            return releases.get(session, self.project, row.id)

    def do(self, verb: Callable[..., Any], *place: str, by: str = "person", **said: Any) -> Any:
        """A decision, such as `hold`, about a release or the champion."""
        who = {} if verb in {releases.pin, releases.unpin} else {"actor_kind": by}
        with self.street.workspace.database.transaction() as session:
            words = {"why": "", "actor": by, "now": self.now(), **who, **said}
            return verb(session, self.project, *place, **words)

    def advance(self, release: Release, by: str = "loop", **said: Any) -> Release:
        """To the next stage, on evidence that suffices unless given."""
        said.setdefault("evidence", self.evidence(self.read(releases.get, release.id)))
        found = self.do(releases.advance, release.id, by=by, **said)
        assert isinstance(found, Release)
        return found

    def evidence(self, release: Release, requests: int = 5) -> Evidence | None:
        if release.stage not in {"shadow", "canary", "ab"}:
            return None
        arm = {"requests": requests, "median_ms": 10.0}
        document = {"release": release.id, "stage": release.stage, "since": release.stage_since}
        return Evidence.model_validate(document | {"champion": arm, "challenger": arm})

    def champion_of(self, number: int) -> Release:
        """A model proposed and taken to all traffic by the loop."""
        found = self.propose(number, actor_kind="loop")
        while found.stage != "full":
            found = self.advance(found)
        return found

    def read(self, verb: Callable[..., Any], *place: Any) -> Any:
        with self.street.workspace.database.reading() as session:
            return verb(session, self.project, *place)

    @property
    def champion(self) -> str | None:
        found = self.read(releases.champion)
        return found.name if found else None

    def session(self) -> Any:
        return self.street.workspace.database.transaction()


def kinds(road: Road, session: Session) -> list[str]:
    """What was decided, oldest first."""
    return [one.kind for one in releases.decisions(session, road.project, None, None, 100).rows][::-1]


@pytest.fixture
def road(street: Street) -> Road:
    empty: dict[str, Any] = {"query": {}, "cutoff": 0, "counts": {}, "parts": [], "boxes": [], "created_at": NOW}
    with street.workspace.database.transaction() as session:
        session.add(SnapshotRow(id="snp_1", project_id=street.project.id, number=1, content="c", **empty))
    return Road(street, "snp_1")
