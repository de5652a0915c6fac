"""From a seed to frames: the same seed, scene and number give the same bytes, whatever was drawn before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

from sabbatical.core.errors import BadInput
from sabbatical.sim.world.conditions import DAY, Mix
from sabbatical.sim.world.frame import Frame
from sabbatical.sim.world.scene import Scene

SIZE_WH = (320, 192)
START = dt.date(2025, 9, 1)


def render(
    seed: int, scene: int, frame: int, mix: Mix = DAY, *, size_wh: tuple[int, int] = SIZE_WH, start: dt.date = START
) -> Frame:
    """One frame of one scene.

    Args:
        seed: names a world; scenes of different seeds, or of mixes of different names, share nothing.
        scene: which scene, from 0; scenes follow one another in time, `scene.SCENES_A_DAY` a day from `start` on.
        frame: which frame of the scene, from 0, `scene.STEP_S` seconds apart.
        mix: how likely each condition is.
        size_wh: width and height in pixels.
        start: the day of scene 0.

    Raises:
        BadInput: a negative seed, scene or frame, or a size under 64 x 64.
    """
    if min(seed, scene, frame) < 0:
        raise BadInput(
            "seed, scene and frame must not be negative.", where=f"seed {seed}, scene {scene}, frame {frame}"
        )
    if min(size_wh) < 64:
        raise BadInput(f"a frame of {size_wh[0]} x {size_wh[1]} is too small.", hint="Use 64 x 64 or more.")
    return _scene(seed, scene, mix, size_wh, start).frame(frame)


def stream(
    seed: int, scenes: int, frames_per_scene: int, mix: Mix = DAY, *, first: int = 0,
    size_wh: tuple[int, int] = SIZE_WH, start: dt.date = START,
) -> Iterator[Frame]:  # fmt: skip
    """The frames of `scenes` scenes from scene `first` on, scene after scene; see `render`."""
    for scene in range(first, first + scenes):
        for number in range(frames_per_scene):
            yield render(seed, scene, number, mix, size_wh=size_wh, start=start)


@lru_cache(maxsize=4)
def _scene(seed: int, scene: int, mix: Mix, size_wh: tuple[int, int], start: dt.date) -> Scene:
    return Scene(seed, scene, mix, size_wh, start)
