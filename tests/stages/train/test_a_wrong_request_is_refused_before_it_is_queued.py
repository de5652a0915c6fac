"""What cannot be trained is said in the request: no failed run stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.core.errors import SabbaticalError
from sabbatical.durable import runs
from sabbatical.schemas.train import TrainRequest
from sabbatical.stages.train import asking
from tests.stages.conftest import NOW
from tests.stages.train.shapes import Shapes


def count(shapes: Shapes) -> int:
    with shapes.workspace.database.reading() as session:
        return len(runs.page(session, shapes.project.id, after=None, limit=1000))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"settings": {"canvas": 96}}, "'canvas' must be 2 whole numbers"),
        ({"settings": {"step": 3}}, "no field 'step'"),
        ({"settings": {"canvas": "96,16"}}, "'canvas' must be 32 or more"),
        ({"seed": -1}, "'seed' must be 0 or more"),
        ({"recipe": "large"}, "no recipe 'large'. There are: default, small, efficientdet"),
        ({"taxonomies": ["nobody"]}, "no taxonomy 'nobody'. It has: boxes, circles"),
    ],
)
def test_a_wrong_request_is_refused_and_leaves_no_run(shapes: Shapes, asked: dict[str, Any], message: str) -> None:
    before = count(shapes)
    with pytest.raises(SabbaticalError, match=message), shapes.workspace.database.transaction() as session:
        asking.ask(session, shapes.project, TrainRequest(**asked), NOW)
    assert count(shapes) == before


def test_a_canvas_may_be_a_text_with_a_comma(shapes: Shapes) -> None:
    with shapes.workspace.database.transaction() as session:
        row = asking.ask(session, shapes.project, TrainRequest(settings={"canvas": "96,96"}), NOW)
    assert row.state == "queued"
