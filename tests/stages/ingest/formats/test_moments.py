"""Times as files write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sabbatical.stages.ingest.formats.moments import moment

WHEN = datetime(2020, 2, 20, 6, 43, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2020-02-20 06:43:18",
        "2020-02-20T06:43:18Z",
        "2020-02-20T08:43:18+02:00",
        "2020:02:20 06:43:18",
        1582180998,
        "1582180998",
        1582180998000,
        1582180998.0,
        1582180998000000,
    ],
)
def test_usual_ways_to_write_a_time_mean_the_same_moment(value: Any) -> None:
    assert moment(value) == WHEN


@pytest.mark.parametrize(
    "value", [None, "", "yesterday", "20/02/2020", "2020-13-01", True, 2020, "20200220", float("nan"), 1e30, [], {}]
)
def test_what_names_no_moment_without_a_doubt_is_none(value: Any) -> None:
    assert moment(value) is None
