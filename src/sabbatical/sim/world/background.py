"""What does not move: ground, sky and buildings, painted once a scene."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops

from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.facades import paint_facades
from sabbatical.sim.world.ground import GroundPlane, mirror_ground, paint_ground
from sabbatical.sim.world.sky import paint_sky
from sabbatical.sim.world.street import Street
from sabbatical.sim.world.view import View

_TIMES = 2
"""Buildings are painted at twice the size and reduced, which smooths their edges."""


@dataclass(frozen=True, eq=False)
class Backdrop:
    """The empty street (RGB), and where it shows buildings that stand before the junction (mode L, 255 or 0)."""

    picture: Image.Image
    corner: Image.Image | None


def paint_backdrop(view: View, street: Street, dice: Dice) -> Backdrop:
    """Paint the empty street at the camera's size."""
    width, rows = view.camera.size_wh
    plane = GroundPlane(view.camera)
    picture = paint_ground(view, street, plane, dice)
    paint_sky(picture, view, dice)
    large = picture.resize((width * _TIMES, rows * _TIMES), Image.Resampling.NEAREST)
    facades = paint_facades(large, _TIMES, view, street, dice)
    picture = large.reduce(_TIMES)
    if view.light.wet:
        ground = ImageChops.invert(facades.silhouette(view.camera))
        picture = mirror_ground(picture, ground, view, plane)
    corner = None if street.junction is None else facades.silhouette(view.camera, before=street.junction)
    return Backdrop(picture, corner)
