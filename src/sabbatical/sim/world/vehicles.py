"""Cars, trucks and buses, several kinds of each, built once and drawn from any side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sabbatical.sim.world.colour import CARGO, COACH, PAINT, RGB, pick, scaled
from sabbatical.sim.world.mesh import GLASS, RED_LAMP, SHINING, WHITE_LAMP, Mesh, MeshBuilder
from sabbatical.sim.world.sprite import Sprite
from sabbatical.sim.world.view import Pose, View

_WINDOW: RGB = (66, 80, 94)
_DARK: RGB = (34, 34, 38)
_HEAD: RGB = (255, 244, 214)
_TAIL: RGB = (214, 40, 32)

CARS = ("hatchback", "sedan", "estate", "taxi", "van")
TRUCKS = ("box", "tipper", "delivery")
BUSES = ("city", "coach", "minibus")


@dataclass(frozen=True, eq=False)
class Vehicle:
    """One vehicle: its kind, its mesh, its size in metres, and whether its lamps burn when it is dark."""

    kind: str
    mesh: Mesh
    size: tuple[float, float, float]
    lit: bool

    @property
    def footprint(self) -> tuple[float, float, float]:
        width, length, height = self.size
        return width / 2, length / 2, height

    def sprite(self, view: View, pose: Pose) -> Sprite | None:
        """Draw the vehicle; see `Look`."""
        return self.mesh.sprite(view, pose, self.lit and view.light.lamps)


def car(rng: np.random.Generator, lit: bool) -> Vehicle:
    """A car of any kind."""
    kind = CARS[int(rng.integers(len(CARS)))]
    length, width, height = {
        "hatchback": (4.0, 1.76, 1.5), "sedan": (4.65, 1.82, 1.45), "estate": (4.6, 1.86, 1.62),
        "taxi": (4.65, 1.82, 1.48), "van": (4.7, 1.92, 1.95),
    }[kind]  # fmt: skip
    paint = (226, 186, 60) if kind == "taxi" else pick(rng, PAINT)
    half, end = width / 2, length / 2
    belt = height * (0.6 if kind != "van" else 0.55)
    front, hood = end - 1.15 if kind != "van" else end - 0.75, belt - 0.12
    rear = {"sedan": -end + 0.75, "taxi": -end + 0.75, "hatchback": -end + 0.1}.get(kind, -end + 0.06)
    slope_front, slope_rear = (0.62, {"sedan": 0.5, "taxi": 0.5, "hatchback": 0.4}.get(kind, 0.18))
    build = MeshBuilder()
    build.part((0.0, 0.5, 0.0))
    build.prism(((-end + 0.1, 0.12), (end - 0.1, 0.12), (end - 0.1, 0.4), (-end + 0.1, 0.4)), half * 0.92, _DARK)
    build.prism(
        ((-end, 0.32), (end, 0.32), (end, hood - 0.16), (end - 0.12, hood), (front, belt), (rear, belt), (-end, belt - 0.06)),
        half, paint,
    )  # fmt: skip
    _car_ends(build, half, end, hood, belt)
    build.side(half + 0.01, (-0.02, 0.4, 0.02, belt - 0.04), scaled(paint, 0.7))
    build.wheels(half + 0.02, (-0.31 * length, 0.31 * length), 0.33)
    build.part((0.0, belt, (front + rear) / 2))
    roof_front, roof_rear = front - slope_front, rear + slope_rear
    top_half = half * 0.8
    build.prism(((rear, belt), (front, belt), (roof_front, height), (roof_rear, height)), half * 0.97, paint, top_half)
    _greenhouse(build, (rear, front, roof_rear, roof_front), (belt, height), (half * 0.97, top_half))
    if kind == "taxi":
        build.part((0.0, height, 0.0))
        build.prism(
            ((-0.1, height), (0.1, height), (0.08, height + 0.16), (-0.08, height + 0.16)), 0.3, (250, 240, 200)
        )
    return Vehicle(kind, build.mesh(), (width, length, height), lit)


def _car_ends(build: MeshBuilder, half: float, end: float, hood: float, belt: float) -> None:
    for z, low, colour, kind in (
        (end + 0.01, hood - 0.34, _HEAD, WHITE_LAMP),
        (-end - 0.01, belt - 0.34, _TAIL, RED_LAMP),
    ):
        build.end(z, (-half * 0.5, 0.36, half * 0.5, 0.52), _DARK if z > 0 else (220, 220, 214))
        for sign in (-1.0, 1.0):
            x0, x1 = sorted((sign * half * 0.58, sign * half * 0.96))
            build.end(z, (x0, low, x1, low + 0.2), colour, kind)
    build.end(end + 0.01, (-half * 0.5, hood - 0.32, half * 0.5, hood - 0.18), _DARK)


def _greenhouse(
    build: MeshBuilder, z: tuple[float, float, float, float], y: tuple[float, float], half: tuple[float, float]
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
            corners = [at(first, low), at(last, low), at(last, high), at(first, high)]
            heights = (low, low, high, high)
            build.face([(sign * h, yy, zz) for (zz, h), yy in zip(corners, heights, strict=True)], _WINDOW, GLASS)
    for share, nudge in ((1.0, 0.015), (0.0, -0.015)):
        (z0, h0), (z1, h1) = at(share, low), at(share, high)
        build.face(
            ((-h0 * 0.88, low, z0 + nudge), (h0 * 0.88, low, z0 + nudge), (h1 * 0.88, high, z1 + nudge), (-h1 * 0.88, high, z1 + nudge)),
            _WINDOW, GLASS,
        )  # fmt: skip


def truck(rng: np.random.Generator, lit: bool) -> Vehicle:
    """A truck of any kind: a cab in front, a load behind."""
    kind = TRUCKS[int(rng.integers(len(TRUCKS)))]
    cab_long, load_long, load_top, cab_top, width = {
        "box": (1.9, 5.2, 3.25, 2.6, 2.4), "tipper": (1.9, 4.4, 2.15, 2.6, 2.4), "delivery": (1.7, 3.4, 2.75, 2.2, 2.1),
    }[kind]  # fmt: skip
    cargo, cab = pick(rng, CARGO), pick(rng, CARGO if rng.random() < 0.4 else PAINT)
    half, length = width / 2, cab_long + load_long + 0.15
    end, joint = length / 2, length / 2 - cab_long
    build = MeshBuilder()
    build.part((0.0, 0.45, 0.0))
    build.prism(((-end + 0.1, 0.3), (end - 0.1, 0.3), (end - 0.1, 0.85), (-end + 0.1, 0.85)), half * 0.8, _DARK)
    build.wheels(half, (-end + 0.9, -end + 1.95, end - 1.0) if kind != "delivery" else (-end + 0.9, end - 0.9), 0.46)
    build.part((0.0, 1.7, joint - 0.15 - load_long / 2))
    build.prism(((-end, 0.8), (joint - 0.15, 0.8), (joint - 0.15, load_top), (-end, load_top)), half, cargo)
    if kind == "tipper":
        for share in (0.15, 0.38, 0.61, 0.84):
            z = -end + load_long * share
            build.side(half + 0.01, (z, 0.85, z + 0.1, load_top), scaled(cargo, 0.75))
    elif rng.random() < 0.7:
        stripe = pick(rng, COACH)
        build.side(half + 0.01, (-end + 0.3, 1.5, joint - 0.5, 2.1), stripe)
    build.end(-end - 0.01, (-0.03, 0.85, 0.03, load_top - 0.06), scaled(cargo, 0.6))
    _end_lamps(build, half, -end - 0.02, 0.85, _TAIL, RED_LAMP)
    build.part((0.0, 1.4, end - cab_long / 2))
    build.prism(((joint, 0.45), (end, 0.45), (end, 1.25), (end - 0.25, cab_top), (joint, cab_top)), half * 0.97, cab)
    build.side(half * 0.97 + 0.01, (joint + 0.45, 1.35, end - 0.3, cab_top - 0.2), _WINDOW, GLASS)
    build.face(
        ((-half * 0.86, 1.35, end), (half * 0.86, 1.35, end), (half * 0.86, cab_top - 0.18, end - 0.2), (-half * 0.86, cab_top - 0.18, end - 0.2)),
        _WINDOW, GLASS,
    )  # fmt: skip
    build.end(end + 0.01, (-half * 0.6, 0.8, half * 0.6, 1.15), _DARK)
    _end_lamps(build, half * 0.97, end + 0.02, 0.6, _HEAD, WHITE_LAMP)
    return Vehicle(kind, build.mesh(), (width, length, max(load_top, cab_top)), lit)


def _end_lamps(build: MeshBuilder, half: float, z: float, low: float, colour: RGB, kind: int) -> None:
    for sign in (-1.0, 1.0):
        x0, x1 = sorted((sign * half * 0.66, sign * half * 0.96))
        build.end(z, (x0, low, x1, low + 0.22), colour, kind)


def bus(rng: np.random.Generator, lit: bool) -> Vehicle:
    """A bus of any kind: one long box with a band of windows."""
    kind = BUSES[int(rng.integers(len(BUSES)))]
    length, width, height = {"city": (10.5, 2.5, 3.05), "coach": (11.5, 2.5, 3.4), "minibus": (6.4, 2.15, 2.6)}[kind]
    paint, half, end = pick(rng, COACH), width / 2, length / 2
    sill, head = (1.2, height - 0.55) if kind != "coach" else (1.6, height - 0.5)
    build = MeshBuilder()
    build.part((0.0, 1.5, 0.0))
    build.prism(((-end + 0.1, 0.15), (end - 0.1, 0.15), (end - 0.1, 0.5), (-end + 0.1, 0.5)), half * 0.94, _DARK)
    build.prism(
        ((-end, 0.36), (end, 0.36), (end, sill), (end - 0.15, height - 0.12), (end - 0.35, height), (-end + 0.2, height), (-end, height - 0.15)),
        half, paint,
    )  # fmt: skip
    band = (255, 226, 160) if lit else _WINDOW
    panes = max(round((length - 1.2) / 1.45), 3)
    step = (length - 1.0) / panes
    for k in range(panes):
        z = -end + 0.45 + k * step
        build.side(half + 0.01, (z, sill, z + step - 0.14, head), _WINDOW, GLASS)
    build.side(half + 0.015, (-end + 0.1, sill - 0.32, end - 0.1, sill - 0.14), scaled(paint, 0.62))
    for share in (0.8, 0.42) if kind == "city" else (0.82,):
        z = -end + length * share
        build.side(half + 0.02, (z, 0.42, z + 1.1, head), (52, 62, 74), GLASS)
    build.face(
        ((-half * 0.9, sill - 0.1, end + 0.02), (half * 0.9, sill - 0.1, end + 0.02), (half * 0.9, head, end - 0.1), (-half * 0.9, head, end - 0.1)),
        _WINDOW, GLASS,
    )  # fmt: skip
    build.end(-end - 0.01, (-half * 0.8, sill + 0.2, half * 0.8, head), _WINDOW, GLASS)
    build.end(
        end + 0.03, (-half * 0.65, head + 0.06, half * 0.65, head + 0.34), band if lit else (250, 200, 90), SHINING
    )
    _end_lamps(build, half, end + 0.03, 0.6, _HEAD, WHITE_LAMP)
    _end_lamps(build, half, -end - 0.02, 0.75, _TAIL, RED_LAMP)
    build.wheels(half + 0.02, (-end + length * 0.22, end - length * 0.24), 0.5)
    return Vehicle(kind, build.mesh(), (width, length, height), lit)
