"""The usual policy, where a project has set none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sabbatical.schemas.policy import Policy
from sabbatical.schemas.release import ArmEvidence, Evidence
from sabbatical.stages.release.actions import judge


@pytest.mark.parametrize(("failures", "expected"), [(0, "passed"), (1, "passed"), (5, "failed")])
def test_a_failure_that_passes_does_not_end_a_release(failures: int, expected: str) -> None:
    for stage in Policy().release.stages[:-1]:
        arm = ArmEvidence(requests=stage.requests, failures=failures, median_ms=10.0)
        champion = ArmEvidence(requests=400, median_ms=10.0)
        since = datetime(2026, 3, 1, tzinfo=UTC)
        seen = Evidence(release="r", stage=stage.stage, since=since, challenger=arm, champion=champion)
        assert {one.gate: one.verdict for one in judge(stage, seen)}["failures"] == expected
