"""A training of texts that was asked to stop goes on where it stood, to the same model."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.core.errors import Interrupted
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.stages.train import actions as models
from tests.stages.conftest import NOW
from tests.stages.test_old_labels_stay_useful import Tags, tags

__all__ = ["tags"]

SETTINGS = {"network": {"epochs": 12, "members": 1}}


class StopsAt(Quiet):
    """Asks to stop once the training has told of so much of itself."""

    def __init__(self, fraction: float) -> None:
        self.left = fraction
        self.told: list[float] = []
        self.epochs: list[str] = []

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        self.told.append(fraction)
        self.epochs += [message] if message.startswith("Epoch") else []

    def stopping(self) -> bool:
        return bool(self.told) and self.told[-1] >= self.left


def test_a_network_of_texts_goes_on_where_it_stood(tags: Tags) -> None:
    params = {"recipe": "network", "settings": SETTINGS, "again": True}
    whole = tags.run("train", **params)["model"]
    with tags.workspace.database.transaction() as session:
        row = runs.ask(session, project_id=tags.project.id, kind="train", params=params, now=NOW)
    with pytest.raises(Interrupted):
        body_of("train")(Step(tags.workspace, row.id, tags.project.id, params, StopsAt(0.6)))
    rest = StopsAt(2.0)
    parted = body_of("train")(Step(tags.workspace, row.id, tags.project.id, params, rest))["model"]
    assert 0 < len(rest.epochs) <= 7, rest.epochs  # it did not begin anew
    with tags.workspace.database.reading() as session:
        one, other = (models.get(session, tags.project, name) for name in (whole, parted))
    assert one.weights == other.weights
