"""People: adults and children, who differ by proportion as much as by size, in many clothes, walking or standing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sabbatical.sim.world.colour import CLOTH, HAIR, RGB, SKIN, TROUSERS, pick, scaled
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.sprite import Canvas, Pen, Sprite
from sabbatical.sim.world.view import Pose, View

_HATS = ("none", "none", "none", "beanie", "cap", "brim")
_ADULT_TOPS = ("jacket", "coat", "shirt", "dress", "hoodie")
_CHILD_TOPS = ("jacket", "shirt", "hoodie", "dress", "raincoat")


@dataclass(frozen=True)
class Person:
    """One person's body and clothes. Proportions are shares of `height` (metres)."""

    child: bool
    height: float
    build: float
    skin: RGB
    hair: RGB
    long_hair: bool
    top: str
    top_colour: RGB
    legs: str
    legs_colour: RGB
    shoes: RGB
    hat: str
    hat_colour: RGB
    bag: str
    bag_colour: RGB
    umbrella: RGB | None

    @staticmethod
    def sample(dice: Dice, child: bool, raining: bool) -> Person:
        """Draw a person; in rain a third carries an umbrella."""
        tops = _CHILD_TOPS if child else _ADULT_TOPS
        return Person(
            child=child,
            height=float(dice.between(0.98, 1.34) if child else dice.between(1.56, 1.9)),
            build=dice.between(0.88, 1.2),
            skin=pick(dice, SKIN),
            hair=pick(dice, HAIR),
            long_hair=dice.chance(0.4),
            top=dice.pick(tops),
            top_colour=pick(dice, CLOTH),
            legs=dice.pick(("trousers", "trousers", "shorts", "skirt")),
            legs_colour=pick(dice, TROUSERS),
            shoes=pick(dice, TROUSERS),
            hat=dice.pick(_HATS),
            hat_colour=pick(dice, CLOTH),
            bag=dice.pick(("none", "none", "backpack", "hand")),
            bag_colour=pick(dice, CLOTH),
            umbrella=pick(dice, CLOTH) if raining and dice.chance(0.34) else None,
        )

    @property
    def footprint(self) -> tuple[float, float, float]:
        return 0.22, 0.16, self.height

    def sprite(self, view: View, pose: Pose) -> Sprite | None:
        """Draw the person; see `Look`."""
        camera = view.camera
        u, v, depth = camera.spot(pose.x, 0.0, pose.z)
        if depth < 2.0:
            return None
        _, v_head, _ = camera.spot(pose.x, self.height, pose.z)
        scale = (v - v_head) / self.height
        angle = pose.towards(camera)
        reach = (0.48 if self.umbrella else 0.25 + 0.11 * abs(math.sin(angle))) * self.height * scale
        if u + reach < 0 or u - reach > camera.size_wh[0] or v_head > camera.size_wh[1]:
            return None
        above = 0.45 * self.height * scale if self.umbrella else 0.08 * self.height * scale
        canvas = Canvas(u - reach, v_head - above, u + reach, v + 0.03 * self.height * scale, camera.size_wh)
        gain = view.gain(pose.x, pose.z)
        pen = Pen(canvas, u, v, scale * self.height, lambda colour: view.light.shade(colour, depth, gain))
        self.paint(pen, angle, pose.time * 1.9 if pose.moving else 0.35, pose.moving)
        return canvas.sprite()

    def paint(self, pen: Pen, angle: float, cycle: float, walking: bool) -> None:
        """Draw with a pen whose unit is the person's height, seen at `angle` (0 from behind), in step `cycle`."""
        side = math.sin(angle)
        frontal = math.cos(angle) < 0
        body = _CHILD if self.child else _ADULT
        swing = math.sin(cycle * math.tau) * (0.55 if walking else 0.1)
        if self.bag == "backpack" and frontal is False and abs(side) < 0.7:
            self._torso(pen, body, side, swing)
            self._backpack(pen, body, side)
        else:
            if self.bag == "backpack":
                self._backpack(pen, body, side)
            self._torso(pen, body, side, swing)
        self._head(pen, body, side, frontal)
        if self.umbrella:
            self._umbrella(pen, body, self.umbrella)

    def _torso(self, pen: Pen, body: _Body, side: float, swing: float) -> None:
        half = body.shoulder_half * self.build * (1.0 - 0.32 * abs(side))
        far_arm, near_arm = scaled(self.top_colour, 0.78), scaled(self.top_colour, 0.9)
        self._arm(pen, body, side, -swing, -half, far_arm)
        for sign in (-1.0, 1.0):
            self._leg(pen, body, side, swing * sign, sign * half * 0.5 * (1 - abs(side)), sign)
        waist, hem = half * 0.86, body.hip - 0.02
        if self.top in ("coat", "dress", "raincoat"):
            hem = body.knee + (0.04 if self.top != "raincoat" else 0.1)
            pen.polygon(((-waist, body.hip), (waist, body.hip), (half * 1.2, hem), (-half * 1.2, hem)), self.top_colour)
        elif self.legs == "skirt":
            low = body.knee + 0.02
            pen.polygon(
                ((-waist, body.hip), (waist, body.hip), (half * 1.25, low), (-half * 1.25, low)), self.legs_colour
            )
        shoulder = body.shoulder
        pen.polygon(
            ((-half, shoulder - 0.03), (-half * 0.62, shoulder + 0.02), (half * 0.62, shoulder + 0.02),
             (half, shoulder - 0.03), (waist, body.hip - 0.03), (-waist, body.hip - 0.03)),
            self.top_colour,
        )  # fmt: skip
        if self.top in ("jacket", "coat") and abs(side) < 0.6:
            pen.box(-0.006, body.hip - 0.02, 0.006, shoulder, scaled(self.top_colour, 0.6))
        self._arm(pen, body, side, swing, half, near_arm)
        if self.bag == "hand":
            x = half + math.sin(swing) * side * 0.2 + 0.03
            pen.box(x - 0.045, body.hip - 0.16, x + 0.045, body.hip - 0.05, self.bag_colour)

    def _leg(self, pen: Pen, body: _Body, side: float, swing: float, hip_x: float, sign: float) -> None:
        lift = max(0.0, swing * sign) * 0.05 * (1 - abs(side))
        stride = math.sin(swing) * side
        knee = (hip_x + stride * body.knee, body.knee)
        foot = (hip_x + stride * body.hip * (0.98 if swing * sign > 0 else 0.86), 0.035 + lift)
        thick = body.thigh * self.build
        bare = self.legs in ("shorts", "skirt") or self.top == "dress"
        colour = self.legs_colour if sign > 0 else scaled(self.legs_colour, 0.82)
        pen.stroke((knee, foot), thick * 0.8, self.skin if bare else colour)
        pen.stroke(((hip_x, body.hip), knee), thick * 1.1, colour)
        pen.dot(knee, thick, colour)
        pen.oval(foot[0] + 0.025 * side, foot[1] - 0.013, 0.048, 0.024, self.shoes)

    def _arm(self, pen: Pen, body: _Body, side: float, swing: float, x: float, colour: RGB) -> None:
        reach = body.shoulder - body.hip + 0.02
        hand = (x * 1.12 + math.sin(swing) * side * reach, body.shoulder - reach * (1 - 0.1 * abs(swing)))
        elbow = ((x * 1.15 + hand[0]) / 2 - 0.02 * side, (body.shoulder + hand[1]) / 2)
        thick = 0.052 * self.build
        pen.stroke(((x * 0.95, body.shoulder - 0.03), elbow, hand), thick, colour)
        pen.dot(elbow, thick, colour)
        pen.oval(hand[0], hand[1] - 0.012, 0.027, 0.027, self.skin)

    def _backpack(self, pen: Pen, body: _Body, side: float) -> None:
        x = -0.11 * side
        wide = 0.085 * (1 - 0.3 * abs(side))
        pen.box(x - wide, body.hip + 0.05, x + wide, body.shoulder - 0.02, self.bag_colour)

    def _head(self, pen: Pen, body: _Body, side: float, frontal: bool) -> None:
        radius, centre = body.head, 1.0 - body.head
        pen.stroke(((0.0, body.shoulder), (0.0, centre)), radius * 0.8, scaled(self.skin, 0.88))
        if self.long_hair:
            pen.oval(-0.02 * side, centre - radius * 0.35, radius * 0.98, radius * 1.3, self.hair)
        pen.oval(0.0, centre, radius * 0.86, radius, self.skin if frontal or abs(side) > 0.4 else self.hair)
        if frontal or abs(side) > 0.4:
            pen.oval(-0.3 * radius * side, centre + radius * 0.42, radius * 0.88, radius * 0.6, self.hair)
        if self.hat == "beanie":
            pen.oval(0.0, centre + radius * 0.45, radius * 0.92, radius * 0.66, self.hat_colour)
        elif self.hat in ("cap", "brim"):
            brim = radius * (1.5 if self.hat == "brim" else 1.05)
            pen.oval(0.35 * radius * side, centre + radius * 0.4, brim, radius * 0.2, self.hat_colour)
            pen.oval(0.0, centre + radius * 0.6, radius * 0.82, radius * 0.5, self.hat_colour)
        if self.top in ("hoodie", "raincoat") and not frontal and self.hat == "none":
            pen.oval(0.0, centre, radius * 0.95, radius * 1.05, scaled(self.top_colour, 0.92))

    def _umbrella(self, pen: Pen, body: _Body, colour: RGB) -> None:
        top, half = 1.24, 0.42
        pen.stroke(((0.1, body.shoulder - 0.12), (0.02, top)), 0.014, (60, 60, 64))
        arc = [(half * math.cos(a), top - 0.17 + 0.2 * math.sin(a)) for a in np.linspace(0, math.pi, 12)]
        pen.polygon(arc, colour)
        pen.polygon([(x * 0.38, y) for x, y in arc], scaled(colour, 1.15))


@dataclass(frozen=True)
class _Body:
    """Heights of joints and half widths, as shares of the height."""

    head: float
    shoulder: float
    hip: float
    knee: float
    shoulder_half: float
    thigh: float


_ADULT = _Body(head=0.072, shoulder=0.82, hip=0.5, knee=0.27, shoulder_half=0.125, thigh=0.078)
_CHILD = _Body(head=0.108, shoulder=0.745, hip=0.43, knee=0.23, shoulder_half=0.135, thigh=0.088)
