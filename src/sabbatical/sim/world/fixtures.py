"""What stands in the street: lights and signs, which are labeled, and what only looks on or fools a detector."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sabbatical.sim.world.colour import AWNING, CLOTH, LEAF, RGB, mixed, pick, scaled
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.people import Person
from sabbatical.sim.world.sprite import Canvas, Glow, Pen, Sprite
from sabbatical.sim.world.view import Pose, View

_POLE: RGB = (104, 108, 112)
_CASE: RGB = (38, 42, 44)
_SIGNALS: dict[str, tuple[int, RGB, RGB]] = {  # place from the top, burning, dark
    "red": (0, (255, 58, 44), (92, 34, 30)),
    "amber": (1, (255, 190, 50), (96, 74, 30)),
    "green": (2, (64, 240, 140), (28, 78, 50)),
}
SIGNS = ("stop", "yield", "limit", "ban", "blue", "square", "diamond", "warning")

Paint = Callable[[Pen], None]


@dataclass(frozen=True, eq=False)
class Fixture:
    """A flat figure that faces the camera, `half` wide to each side, from `low` to `high` metres above the ground."""

    name: str
    half: float
    low: float
    high: float
    paint: Paint
    glow: tuple[float, RGB, float] | None = None
    """Height of a lamp, its colour, its radius in metres."""
    shines: Paint | None = None
    """What is painted in its own colour when lamps are on (or always, for a signal)."""
    always: bool = False
    stem: float = 0.3
    """Half its width where it meets the ground; 0 when it hangs."""

    @property
    def footprint(self) -> tuple[float, float, float]:
        return self.stem, self.stem, self.high

    def sprite(self, view: View, pose: Pose) -> Sprite | None:
        """Draw the fixture; see `Look`."""
        camera = view.camera
        u, v, depth = camera.spot(pose.x, 0.0, pose.z)
        if depth < 1.6:
            return None
        _, v_top, _ = camera.spot(pose.x, self.high, pose.z)
        scale = (v - v_top) / self.high
        reach, above = self.half * scale, v - self.low * scale
        if u + reach < 0 or u - reach > camera.size_wh[0] or above < 0 or v_top > camera.size_wh[1]:
            return None
        canvas = Canvas(u - reach, v_top, u + reach, above, camera.size_wh)
        gain, light = view.gain(pose.x, pose.z), view.light
        self.paint(Pen(canvas, u, v, scale, lambda colour: light.shade(colour, depth, gain)))
        glows: tuple[Glow, ...] = ()
        if self.shines and (self.always or light.lamps):
            self.shines(Pen(canvas, u, v, scale, lambda colour: light.glow(colour, depth)))
        if self.glow and light.lamps:
            height, colour, radius = self.glow
            glows = (Glow(u, v - height * scale, radius * scale * light.halo, light.glow(colour, depth)),)
        return canvas.sprite(glows)


def signal_head(state: str, arm: float) -> Fixture:
    """A traffic light's head in a state (red, amber, green), hung `arm` metres above the ground."""
    height, half = 1.25, 0.24
    place, burning, _ = _SIGNALS[state]

    def paint(pen: Pen) -> None:
        pen.box(-half, arm, half, arm + height, _CASE)
        for at, _, dark in _SIGNALS.values():
            pen.oval(0.0, arm + height - 0.25 - at * 0.38, 0.17, 0.17, dark)

    def shines(pen: Pen) -> None:
        pen.oval(0.0, arm + height - 0.25 - place * 0.38, 0.18, 0.18, burning)

    centre = arm + height - 0.25 - place * 0.38
    return Fixture(f"light-{state}", half, arm, arm + height, paint, (centre, burning, 0.8), shines, True, 0.0)


def pole(height: float, thick: float = 0.11) -> Fixture:
    """A bare pole."""
    return Fixture(
        "pole", thick, 0.0, height, lambda pen: pen.box(-thick / 2, 0.0, thick / 2, height, _POLE), stem=0.07
    )


def sign_plate(kind: str, low: float, size: float) -> Fixture:
    """A traffic sign's plate, `size` metres across, its lower edge `low` metres above the ground."""
    half, centre = size / 2, low + size / 2

    def ring(count: int, turn: float, share: float) -> list[tuple[float, float]]:
        reach = half * share
        angles = [turn + k * math.tau / count for k in range(count)]
        return [(reach * math.cos(a), centre + reach * math.sin(a)) for a in angles]

    white, red, blue, yellow, black = (240, 240, 236), (204, 36, 40), (36, 92, 176), (246, 198, 50), (36, 36, 38)

    def paint(pen: Pen) -> None:
        if kind == "stop":
            pen.polygon(ring(8, math.pi / 8, 1.08), white)
            pen.polygon(ring(8, math.pi / 8, 0.98), red)
            pen.box(-half * 0.62, centre - half * 0.16, half * 0.62, centre + half * 0.16, white)
        elif kind in ("yield", "warning"):
            turn = -math.pi / 2 if kind == "yield" else math.pi / 2
            pen.polygon(ring(3, turn, 1.1), red)
            pen.polygon(ring(3, turn, 0.68), white if kind == "yield" else yellow)
            if kind == "warning":
                pen.box(-half * 0.08, centre - half * 0.2, half * 0.08, centre + half * 0.35, black)
        elif kind in ("limit", "ban"):
            pen.oval(0.0, centre, half, half, red)
            pen.oval(0.0, centre, half * 0.74, half * 0.74, white)
            if kind == "limit":
                pen.box(-half * 0.42, centre - half * 0.34, -half * 0.06, centre + half * 0.34, black)
                pen.oval(half * 0.24, centre, half * 0.22, half * 0.36, black)
        elif kind == "blue":
            pen.oval(0.0, centre, half, half, blue)
            arrow = ((-0.16, -0.6), (0.16, -0.6), (0.16, 0.1), (0.45, 0.1), (0.0, 0.66), (-0.45, 0.1), (-0.16, 0.1))
            pen.polygon([(half * x, centre + half * y) for x, y in arrow], white)
        elif kind == "square":
            pen.box(-half, low, half, low + size, blue)
            pen.polygon(
                ((-half * 0.6, low + half * 0.3), (half * 0.6, low + half * 0.3), (0.0, low + size * 0.85)), white
            )
        else:
            pen.polygon(ring(4, math.pi / 2, 1.1), white)
            pen.polygon(ring(4, math.pi / 2, 0.86), yellow)

    return Fixture(f"sign-{kind}", half * 1.1, low - 0.06, low + size + 0.06, paint, stem=0.0)


def tree(dice: Dice) -> Fixture:
    """A street tree with a crown of many blobs."""
    height, crown = dice.between(4.6, 7.5), dice.between(1.3, 2.1)
    leaf, trunk = pick(dice, LEAF), (104, 78, 58)
    blobs = [
        (
            dice.between(-0.55, 0.55) * crown,
            height - dice.between(0.5, 1.45) * crown,
            dice.between(0.4, 0.62) * crown,
            dice.between(0.82, 1.14),
        )
        for _ in range(10)
    ]
    blobs.sort(key=lambda blob: blob[3])

    def paint(pen: Pen) -> None:
        pen.polygon(((-0.15, 0.0), (0.15, 0.0), (0.08, height - crown), (-0.08, height - crown)), trunk)
        pen.stroke(((0.0, height - crown * 1.9), (crown * 0.4, height - crown)), 0.09, trunk)
        for x, y, radius, tone in blobs:
            pen.oval(x, y, radius, radius * 0.86, scaled(leaf, tone))

    return Fixture("tree", crown * 1.2, 0.0, height, paint, stem=crown * 0.8)


def lamp_post(height: float, reach: float) -> Fixture:
    """A street lamp whose arm reaches over the road."""

    def paint(pen: Pen) -> None:
        pen.box(-0.07, 0.0, 0.07, height - 0.1, (78, 84, 88))
        pen.stroke(((0.0, height - 0.15), (reach, height - 0.05)), 0.08, (78, 84, 88))
        pen.box(reach - 0.24, height - 0.12, reach + 0.24, height, (190, 190, 180))

    def shines(pen: Pen) -> None:
        pen.box(reach - 0.2, height - 0.16, reach + 0.2, height - 0.08, (255, 240, 204))

    return Fixture(
        "lamp", abs(reach) + 0.4, 0.0, height, paint, (height - 0.1, (255, 214, 150), 1.9), shines, stem=0.09
    )


def small_thing(dice: Dice) -> Fixture:
    """A bin, a hydrant, a post box, a bollard, a plant tub or a parcel cabinet."""
    kind = dice.pick(("bin", "hydrant", "post box", "bollard", "tub", "cabinet"))
    colour = {"bin": (70, 96, 80), "hydrant": (200, 60, 48), "post box": (214, 168, 50), "bollard": (92, 92, 96),
              "tub": (150, 112, 86), "cabinet": (150, 154, 150)}[kind]  # fmt: skip
    height, half = {"bin": (1.0, 0.3), "hydrant": (0.8, 0.2), "post box": (1.3, 0.3), "bollard": (0.95, 0.11),
                    "tub": (1.2, 0.45), "cabinet": (1.25, 0.5)}[kind]  # fmt: skip

    def paint(pen: Pen) -> None:
        if kind == "hydrant":
            pen.box(-0.11, 0.0, 0.11, 0.62, colour)
            pen.box(-0.2, 0.36, 0.2, 0.52, scaled(colour, 0.85))
            pen.oval(0.0, 0.62, 0.14, 0.16, scaled(colour, 1.1))
        elif kind == "tub":
            pen.oval(0.0, 0.8, 0.42, 0.4, (88, 132, 70))
            pen.oval(-0.1, 0.95, 0.2, 0.2, (206, 92, 110))
            pen.polygon(((-0.36, 0.5), (0.36, 0.5), (0.3, 0.0), (-0.3, 0.0)), colour)
        else:
            pen.box(-half, 0.0, half, height * 0.94, colour)
            pen.box(-half * 1.0, height * 0.82, half * 1.0, height, scaled(colour, 0.75))
            if kind in ("post box", "bin"):
                pen.box(-half * 0.6, height * 0.66, half * 0.6, height * 0.74, _CASE)

    return Fixture(kind, half + 0.03, 0.0, height, paint, stem=half)


def billboard(dice: Dice) -> Fixture:
    """A poster with a painted person or car on it, which is none."""
    ground, ink = pick(dice, AWNING), pick(dice, CLOTH)
    person = Person.sample(dice, dice.chance(0.4), raining=False)
    shows_person, low, high, half = dice.chance(0.6), 0.7, 2.7, 0.75

    def paint(pen: Pen) -> None:
        pen.box(-half, 0.0, -half + 0.1, low, _POLE)
        pen.box(half - 0.1, 0.0, half, low, _POLE)
        pen.box(-half - 0.06, low - 0.06, half + 0.06, high + 0.06, (70, 74, 80))
        pen.box(-half, low, half, high, ground)
        if shows_person:
            inner = pen.within(0.0, low + 0.12, (high - low) * 0.84)
            person.paint(inner, math.pi * 0.9, 0.2, walking=False)
        else:
            y = low + 0.6
            pen.box(-0.6, y, 0.6, y + 0.28, ink)
            pen.polygon(
                ((-0.4, y + 0.26), (0.4, y + 0.26), (0.22, y + 0.55), (-0.26, y + 0.55)), mixed(ink, (60, 70, 80), 0.6)
            )
            for x in (-0.36, 0.36):
                pen.oval(x, y, 0.14, 0.14, _CASE)

    return Fixture("billboard", half + 0.1, 0.0, high + 0.06, paint, stem=0.5)
