"""The built-in world as data of studies: everything in it is known, so that any customer can be made of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from sabbatical.sim.world import DAY, Frame, Mix, stream, write_dataset

SEED, SCENES, FRAMES = 41, 400, 3
WEEKLY_SCENES = 60
A_WEEK = WEEKLY_SCENES * FRAMES
WEEKS = (
    Mix("sunny", weather={"clear": 1}, time_of_day={"day": 1}),
    Mix("cloudy", weather={"cloudy": 1, "clear": 1}, time_of_day={"day": 1}),
    Mix("evenings", weather={"clear": 1, "cloudy": 1}, time_of_day={"dusk": 1}),
    Mix("rainy", weather={"rain": 1}, time_of_day={"day": 1, "dusk": 1}),
    Mix("nights", weather={"clear": 1, "rain": 1}, time_of_day={"night": 1}),
)
"""A stream that drifts: each week looks unlike those before."""


def draw_streets(folder: Path) -> Path:
    """A folder of street scenes by day with their whole truth, as COCO; drawn once."""
    return _drawn(folder, stream(SEED, SCENES, FRAMES, DAY))


def draw_weeks(folder: Path) -> Path:
    """A folder of scenes of several weeks, `A_WEEK` images of each, one week after the other, as COCO; drawn once."""
    return _drawn(
        folder, chain.from_iterable(stream(SEED + n, WEEKLY_SCENES, FRAMES, mix) for n, mix in enumerate(WEEKS))
    )


def _drawn(folder: Path, frames: Iterable[Frame]) -> Path:
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".street."))
    file = write_dataset(unfinished, frames)
    file.rename(unfinished / "annotations.json")
    try:
        unfinished.rename(folder)
    except OSError:  # another process was quicker
        shutil.rmtree(unfinished)
    return folder
