"""Failures, issues, orders and suggestions from the command line, for people and machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sabbatical.core.ids import new_id
from sabbatical.core.settings import load
from sabbatical.storage.tables import ItemRow, ModelRow, PredictionRow, ProjectRow, ServedRow
from sabbatical.storage.workspace import open_workspace
from tests.cli.conftest import Call
from tests.stages.conftest import NOW


@pytest.fixture
def served(home: Path) -> None:
    """The model of the built workspace has answered to all its items; every other one, taken by night, in doubt."""
    workspace = open_workspace(load(home=home))
    with workspace.database.transaction() as session:
        project, model = session.scalars(select(ProjectRow)).one(), session.scalars(select(ModelRow)).one()
        said = {row.item_id: row.payload for row in session.scalars(select(PredictionRow))}
        for n, item in enumerate(session.scalars(select(ItemRow).order_by(ItemRow.seq))):
            item.attributes, item.customer = {"time_of_day": "night" if n % 2 else "day"}, "a"
            session.add(_served(project.id, model.id, item.id, n % 2 == 0, said[item.id]))
    workspace.close()


def _served(project: str, model: str, item: str, sure: bool, payload: bytes) -> ServedRow:
    facts: dict[str, Any] = {"arm": "champion", "unit": item, "kept": True, "latency_ms": 1.0, "created_at": NOW}
    return ServedRow(
        id=new_id("srv"),
        project_id=project,
        request="r",
        model_id=model,
        item_id=item,
        sure=sure,
        payload=payload,
        **facts,
    )


@pytest.mark.usefixtures("served")
def test_failures_become_an_issue_that_is_shown_and_ordered_and_what_it_orders_is_told(sabbatical: Call) -> None:
    looked = sabbatical("mine", "--sure", "0.05", "--json")
    assert looked.code == 0, looked.err
    [issue] = looked.document["issues"]
    assert (issue["number"], issue["where"], issue["state"]) == (1, {"time_of_day": "night"}, "open")
    assert "not sure at night" in " ".join(sabbatical("mine", "list").out.split())
    shown = sabbatical("mine", "show", "1")
    assert shown.code == 0 and "12 items failed" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    items = sabbatical("mine", "show", "1", "--json").document["items"]
    assert items[0]["name"].endswith(".png") and items[0]["name"][:3] in shown.out
    assert (items[0]["sure"], items[0]["feedback"]) == (False, None) and items[0]["said"]
    ordered = sabbatical("mine", "order", "1", "--tasks", "5", "--json").document
    told = sabbatical("mine", "order", "1").out
    assert "Nothing new was ordered." in told and "0 of the items" not in told
    assert ordered["notes"] == ["All items of these issues are labeled, or wait to be labeled in other campaigns."]
    assert (
        sabbatical("mine", "dismiss", "1", "--why", "nobody drives there", "--json").document["issue"]["state"]
        == "dismissed"
    )
    refused = sabbatical("mine", "order", "1", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (1, "conflict")
    assert "nobody drives there" in refused.document["error"]["message"]
    assert sabbatical("mine", "resolve", "9", "--json").document["error"]["code"] == "not_found"


def test_without_traffic_it_is_said_that_there_is_too_little(sabbatical: Call) -> None:
    looked = sabbatical("mine", "look")
    assert looked.code == 0 and "too few" in looked.out


def test_suggestions_are_made_for_a_campaign_and_shown(sabbatical: Call, home: Path) -> None:
    import sabbatical as sb  # noqa: PLC0415 - the fixture has the name of the package

    with sb.open(home=home) as workspace:
        project = workspace.project()
        project.create_campaign("night", "a", [item.id for item in project.items()][:2])
        number = next(iter(project.tasks("night"))).number
    told = sabbatical("assist", "prelabel", "night", "--json").document
    assert (told["campaign"], told["model"], told["items"], told["stored"]) == ("night", "v1", 2, 2)
    shown = sabbatical("assist", "show", "night", str(number))
    assert shown.code == 0 and "v1 in the words of a 1" in shown.out and ".png" in shown.out
    document = sabbatical("assist", "show", "night", str(number), "--json").document
    assert document["name"].endswith(".png") and document["said"] in shown.out and document["feedback"] is None
    assert max(map(len, shown.out.splitlines())) <= 80
    assert sabbatical("assist", "show", "night", "99", "--json").document["error"]["code"] == "not_found"
