"""Cars, trucks and buses: several kinds of each, whose shapes are built once and drawn from any side in any paint."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from sabbatical.sim.world.camera import Floats
from sabbatical.sim.world.colour import CARGO, COACH, PAINT, RGB, pick
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.mesh import GLASS, INSIDE, RED_LAMP, SHINING, WHITE_LAMP, Shape, ShapeBuilder
from sabbatical.sim.world.sprite import Sprite
from sabbatical.sim.world.view import Pose, View

_BODY, _SECOND, _STRIPE, _DARK, _WINDOW, _HEAD, _TAIL, _RIM, _PLATE = range(9)
_FIXED: tuple[RGB, ...] = ((34, 34, 38), (66, 80, 94), (255, 244, 214), (214, 40, 32), (136, 138, 142), (238, 214, 150))

_CARS = {  # length, width, height, belt, front and rear of the cabin at the belt, slope of windscreen and rear window
    "hatchback": (4.0, 1.76, 1.5, 0.9, 0.85, -1.9, 0.62, 0.4),
    "sedan": (4.65, 1.82, 1.45, 0.88, 1.15, -1.55, 0.66, 0.55),
    "estate": (4.6, 1.86, 1.62, 0.96, 1.15, -2.24, 0.6, 0.18),
    "taxi": (4.65, 1.82, 1.48, 0.88, 1.15, -1.55, 0.66, 0.55),
    "van": (4.7, 1.92, 1.95, 1.06, 1.6, -2.3, 0.6, 0.12),
}
_TRUCKS = {  # cab length, load length, load height, cab height, width
    "box": (1.9, 5.2, 3.25, 2.6, 2.4),
    "tipper": (1.9, 4.4, 2.15, 2.6, 2.4),
    "delivery": (1.7, 3.4, 2.75, 2.2, 2.1),
}
_BUSES = {"city": (10.5, 2.5, 3.05), "coach": (11.5, 2.5, 3.4), "minibus": (6.4, 2.15, 2.6)}

KINDS = {"car": tuple(_CARS), "truck": tuple(_TRUCKS), "bus": tuple(_BUSES)}


@dataclass(frozen=True, eq=False)
class Vehicle:
    """One vehicle: kind, paint, size (width, length, height in metres); `lit`: its lamps burn in the dark."""

    kind: str
    shape: Shape
    palette_s3: Floats
    size: tuple[float, float, float]
    lit: bool
    _colours: dict[float, Floats] = field(default_factory=dict)

    @property
    def footprint(self) -> tuple[float, float, float]:
        width, length, height = self.size
        return width / 2, length / 2, height

    def sprite(self, view: View, pose: Pose) -> Sprite | None:
        """Draw the vehicle; see `Look`."""
        lit = self.lit and view.light.lamps
        if pose.heading not in self._colours:  # a vehicle keeps its heading through a scene, and so its colours
            self._colours[pose.heading] = self.shape.colours(self.palette_s3, view.light, pose.heading, lit)
        return self.shape.sprite(self._colours[pose.heading], view, pose, lit)


def make_vehicle(label: str, dice: Dice, lit: bool) -> Vehicle:
    """A car, truck or bus of any kind in any paint."""
    kinds = KINDS[label]
    kind = dice.pick(kinds)
    body = {"car": PAINT, "truck": CARGO, "bus": COACH}[label]
    first = (226, 186, 60) if kind == "taxi" else pick(dice, body)
    second = pick(dice, CARGO if dice.chance(0.4) else PAINT)
    stripe = pick(dice, COACH) if dice.chance(0.7) else first
    palette_s3 = np.array([first, second, stripe, *_FIXED], dtype=np.float64)
    shape, size = {"car": _car, "truck": _truck, "bus": _bus}[label](kind)
    return Vehicle(kind, shape, palette_s3, size, lit)


@cache
def _car(kind: str) -> tuple[Shape, tuple[float, float, float]]:
    length, width, height, belt, front, rear, slope_front, slope_rear = _CARS[kind]
    half, end, hood = width / 2, length / 2, belt - 0.12
    build = ShapeBuilder()
    build.part((0.0, 0.5, 0.0))
    build.treads(half, (-0.31 * length, 0.31 * length), 0.33, _DARK)
    build.prism(_block(-end + 0.1, end - 0.1, 0.12, 0.4), half * 0.92, _DARK)
    nose = ((end, 0.32), (end, hood - 0.16), (end - 0.12, hood), (front, belt), (rear, belt))
    build.prism(((-end, 0.32), *nose, (-end, belt - 0.06)), half, _BODY)
    build.end(end + 0.01, (-half * 0.5, hood - 0.32, half * 0.5, hood - 0.18), _DARK)
    build.end(end + 0.01, (-half * 0.5, 0.36, half * 0.5, 0.5), _DARK)
    build.end(-end - 0.01, (-half * 0.4, 0.5, half * 0.4, 0.64), _PLATE)
    build.pair(end + 0.01, (half * 0.58, half * 0.96), (hood - 0.36, hood - 0.16), _HEAD, WHITE_LAMP)
    build.pair(-end - 0.01, (half * 0.6, half * 0.96), (belt - 0.34, belt - 0.12), _TAIL, RED_LAMP)
    build.side(half + 0.01, (-0.02, 0.4, 0.02, belt - 0.04), _BODY, tone=0.7)
    build.wheels(half + 0.02, (-0.31 * length, 0.31 * length), 0.33, _DARK, _RIM)
    build.part((0.0, belt, (front + rear) / 2))
    ends = (rear, front, rear + slope_rear, front - slope_front)
    build.prism(((rear, belt), (front, belt), (ends[3], height), (ends[2], height)), half * 0.97, _BODY, half * 0.8)
    _car_windows(build, ends, (belt, height), (half * 0.97, half * 0.8))
    if kind == "taxi":
        build.part((0.0, height, 0.0))
        build.prism(_block(-0.1, 0.1, height, height + 0.17), 0.3, _PLATE)
    return build.shape(), (width, length, height)


def _block(start: float, stop: float, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """The side view of a box, as `prism` takes it."""
    return ((start, low), (stop, low), (stop, high), (start, high))


def _car_windows(
    build: ShapeBuilder, z: tuple[float, float, float, float], y: tuple[float, float], half: tuple[float, float]
) -> None:
    """Windows on the four faces of a cabin: z are rear and front at the belt, rear and front at the roof."""
    rear, front, roof_rear, roof_front = z
    low, high = y[0] + 0.06, y[1] - 0.08

    def at(share: float, y_at: float) -> tuple[float, float]:
        """z along the side at a height, and the half width there."""
        up = (y_at - y[0]) / (y[1] - y[0])
        start, stop = rear + (roof_rear - rear) * up, front + (roof_front - front) * up
        return start + (stop - start) * share, half[0] + (half[1] - half[0]) * up + 0.01

    for sign in (-1.0, 1.0):
        for first, last in ((0.08, 0.46), (0.52, 0.92)):
            corners = [(*at(first, low), low), (*at(last, low), low), (*at(last, high), high), (*at(first, high), high)]
            build.face([(sign * across, up, along) for along, across, up in corners], _WINDOW, GLASS)
    for share, nudge in ((1.0, 0.015), (0.0, -0.015)):
        (z0, x0), (z1, x1) = at(share, low), at(share, high)
        build.pane((x0 * 0.88, low, z0 + nudge), (x1 * 0.88, high, z1 + nudge), _WINDOW)


@cache
def _truck(kind: str) -> tuple[Shape, tuple[float, float, float]]:
    cab_long, load_long, load_top, cab_top, width = _TRUCKS[kind]
    half, length = width / 2, cab_long + load_long + 0.15
    end, joint = length / 2, length / 2 - cab_long
    axles = (-end + 0.9, end - 0.9) if kind == "delivery" else (-end + 0.9, -end + 1.95, end - 1.0)
    build = ShapeBuilder()
    build.part((0.0, 0.45, 0.0), under=True)
    build.treads(half, axles, 0.46, _DARK)
    build.prism(_block(-end + 0.1, end - 0.1, 0.3, 0.85), half * 0.8, _DARK)
    build.part((0.0, 1.7, joint - 0.15 - load_long / 2))
    build.prism(_block(-end, joint - 0.15, 0.8, load_top), half, _BODY)
    if kind == "tipper":
        for share in (0.15, 0.38, 0.61, 0.84):
            z = -end + load_long * share
            build.side(half + 0.01, (z, 0.85, z + 0.1, load_top), _BODY, tone=0.75)
    else:
        build.side(half + 0.01, (-end + 0.3, 1.5, joint - 0.5, 2.1), _STRIPE)
    build.end(-end - 0.01, (-0.03, 0.85, 0.03, load_top - 0.06), _BODY, tone=0.6)
    build.pair(-end - 0.02, (half * 0.66, half * 0.96), (0.85, 1.07), _TAIL, RED_LAMP)
    build.wheels(half + 0.01, axles[:-1], 0.46, _DARK, _RIM)
    build.part((0.0, 1.4, end - cab_long / 2))
    wall = half * 0.97
    build.prism(((joint, 0.45), (end, 0.45), (end, 1.25), (end - 0.25, cab_top), (joint, cab_top)), wall, _SECOND)
    build.side(wall + 0.01, (joint + 0.45, 1.35, end - 0.3, cab_top - 0.2), _WINDOW, GLASS)
    build.pane((half * 0.86, 1.35, end), (half * 0.86, cab_top - 0.18, end - 0.2), _WINDOW)
    build.end(end + 0.01, (-half * 0.6, 0.8, half * 0.6, 1.15), _DARK)
    build.pair(end + 0.02, (half * 0.64, half * 0.93), (0.6, 0.82), _HEAD, WHITE_LAMP)
    build.wheels(half + 0.01, axles[-1:], 0.46, _DARK, _RIM)
    return build.shape(), (width, length, max(load_top, cab_top))


@cache
def _bus(kind: str) -> tuple[Shape, tuple[float, float, float]]:
    length, width, height = _BUSES[kind]
    half, end = width / 2, length / 2
    sill, head = (1.6, height - 0.5) if kind == "coach" else (1.2, height - 0.55)
    axles = (-end + length * 0.22, end - length * 0.24)
    build = ShapeBuilder()
    build.part((0.0, 1.5, 0.0))
    build.treads(half, axles, 0.5, _DARK)
    build.prism(_block(-end + 0.1, end - 0.1, 0.15, 0.5), half * 0.94, _DARK)
    front = ((end, 0.36), (end, sill), (end - 0.15, height - 0.12), (end - 0.35, height))
    build.prism(((-end, 0.36), *front, (-end + 0.2, height), (-end, height - 0.15)), half, _BODY)
    panes = max(round((length - 1.2) / 1.45), 3)
    step = (length - 1.0) / panes
    for k in range(panes):
        z = -end + 0.45 + k * step
        build.side(half + 0.01, (z, sill, z + step - 0.14, head), _WINDOW, INSIDE)
    build.side(half + 0.015, (-end + 0.1, sill - 0.32, end - 0.1, sill - 0.14), _STRIPE, tone=0.66)
    for share in (0.8, 0.42) if kind == "city" else (0.82,):
        z = -end + length * share
        build.side(half + 0.02, (z, 0.42, z + 1.1, head), _WINDOW, INSIDE, tone=0.8)
    build.pane((half * 0.9, sill - 0.1, end + 0.02), (half * 0.9, head, end - 0.1), _WINDOW)
    build.end(-end - 0.01, (-half * 0.8, sill + 0.2, half * 0.8, head), _WINDOW, INSIDE)
    build.end(end + 0.03, (-half * 0.65, head + 0.06, half * 0.65, head + 0.34), _PLATE, SHINING)
    build.pair(end + 0.03, (half * 0.66, half * 0.96), (0.6, 0.82), _HEAD, WHITE_LAMP)
    build.pair(-end - 0.02, (half * 0.66, half * 0.96), (0.75, 0.97), _TAIL, RED_LAMP)
    build.wheels(half + 0.02, axles, 0.5, _DARK, _RIM)
    return build.shape(), (width, length, height)
