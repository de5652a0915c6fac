"""Frames that several tests look at, drawn once."""

from __future__ import annotations

import pytest

from sabbatical.sim.world import EVERYTHING, Frame, stream


@pytest.fixture(scope="session")
def frames() -> list[Frame]:
    """One frame of each of 120 scenes of every condition."""
    return list(stream(77, 120, 1, EVERYTHING))
