"""What does not move: ground, sky and buildings, painted once a scene."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sabbatical.sim.world.facades import paint_facades
from sabbatical.sim.world.ground import GroundPlane, mirror_ground, paint_ground
from sabbatical.sim.world.sky import paint_sky
from sabbatical.sim.world.street import Street
from sabbatical.sim.world.view import View

_TIMES = 2
"""Buildings are painted at twice the size and reduced, which smooths their edges."""


def paint_background(view: View, street: Street, rng: np.random.Generator) -> Image.Image:
    """The empty street as an RGB picture of the camera's size."""
    width, rows = view.camera.size_wh
    plane = GroundPlane(view.camera)
    picture = paint_ground(view, street, plane, rng)
    paint_sky(picture, view, rng)
    solid = Image.new("L", (width, rows), 255) if view.light.wet else None
    large = picture.resize((width * _TIMES, rows * _TIMES), Image.Resampling.NEAREST)
    paint_facades(large, _TIMES, solid, view, street, rng)
    picture = large.reduce(_TIMES)
    return picture if solid is None else mirror_ground(picture, solid, view, plane)
