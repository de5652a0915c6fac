"""Units keep to one model where they are many; where they are few, each item goes its own way, and it is said."""

from __future__ import annotations

import pytest

from sabbatical.schemas.policy import Stage
from sabbatical.schemas.release import Release
from sabbatical.stages.release import actions as releases
from sabbatical.stages.release.sharing import sharing_of, units_needed
from sabbatical.storage.tables import ServedRow
from tests.stages.conftest import NOW
from tests.stages.release.conftest import Road

STAGES = ("shadow", "canary", "ab", "full")


@pytest.mark.parametrize(
    ("answers", "units", "by_item"),
    [
        (2000, 3, True),
        (2000, 199, True),
        (2000, 200, False),
        (50, 45, False),  # nearly every answer went to a new unit: there are many more
        (50, 12, True),
        (10, 10, True),  # too few answers to tell
        (0, 0, True),
    ],
)
def test_a_tenth_is_of_units_where_they_are_many(answers: int, units: int, by_item: bool) -> None:
    assert units_needed(0.1) == 200
    assert sharing_of(Stage(stage="canary"), answers, units).by_item is by_item


def serve(road: Road, units: int, release: Release) -> None:
    """A hundred answers of the champion to so many units."""
    with road.session() as session:
        for number in range(100):
            row = ServedRow(
                id=f"prd_{number}", project_id=road.project.id, request="req", release_id=release.id,
                model_id=road.model(1).id, arm="champion", unit=f"camera {number % units}", item_id=f"{number}",
                kept=True, sure=True, payload=b"", latency_ms=1.0, created_at=NOW,
            )  # fmt: skip
            session.add(row)


def routed_by_item(road: Road) -> bool:
    with road.street.workspace.database.reading() as session:
        release = releases.routing(session, road.project.id).release
    assert release is not None
    return release.by_item


@pytest.mark.parametrize(("units", "by_item"), [(3, True), (90, False)])
def test_the_stage_is_shared_out_by_who_asked_before_and_the_decision_says_how(
    road: Road, units: int, by_item: bool
) -> None:
    road.champion_of(1)
    release = road.propose(2, stages=STAGES)
    serve(road, units, release)
    road.advance(release, by="person", anyway=True)
    assert routed_by_item(road) is by_item
    with road.session() as session:
        newest = releases.decisions(session, road.project, release.name, None, 1).rows[0]
    assert newest.stage_to == "canary" and newest.evidence["sharing"]["units"] == units
    said = "each item goes its own way" if by_item else "each unit keeps to one model"
    assert any(f"{units} units in the newest 100 answers" in one and said in one for one in newest.reasons)
