"""One place at one time: what stands still is painted once, each frame adds what moves."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
from PIL import Image, ImageChops

from sabbatical.sim.world.background import paint_backdrop
from sabbatical.sim.world.brush import Stamp
from sabbatical.sim.world.camera import place_camera
from sabbatical.sim.world.conditions import Conditions, Mix
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.frame import Frame, Thing, visible_part
from sabbatical.sim.world.layout import Actor, Planner
from sabbatical.sim.world.lens import Lens, add_drops, add_glow, expose, rain_over, sample_drops
from sabbatical.sim.world.light import light_of
from sabbatical.sim.world.shadow import cast_shadows
from sabbatical.sim.world.sprite import Glow, Sprite
from sabbatical.sim.world.street import Street, lay_street
from sabbatical.sim.world.view import Pose, View

STEP_S = 0.4
"""Seconds between two frames of a scene."""
SCENES_A_DAY = 12

_HOURS = {"day": (8.0, 16.5), "dusk": (17.6, 19.0), "night": (21.0, 23.8)}
_VEHICLES = ("car", "truck", "bus")
_NOBODY = -1
"""The number of what is no actor: houses."""

Placed = tuple[int, Pose, Sprite]
"""An actor's number (or `_NOBODY`), how it stands, and how it looks from here."""


class Scene:
    """A street with its camera, light and actors; `frame` draws it at any moment."""

    def __init__(self, seed: int, number: int, mix: Mix, size_wh: tuple[int, int], start: dt.date) -> None:
        dice = Dice("scene", mix.name, seed, number)
        self.name, self.size_wh = f"{mix.name}-{seed}-{number:05d}", size_wh
        self.conditions = Conditions.sample(dice, mix)
        street = lay_street(dice)
        self.camera = place_camera(dice, self.conditions.camera, street.half, street.pavement, size_wh)
        light = light_of(self.conditions, dice)
        self.lens = Lens.of(self.camera, light.lamps)
        planner = Planner(dice, street, self.camera, self.conditions)
        planner.fill(mix)
        self.actors: tuple[Actor, ...] = tuple(planner.actors)
        self.view = View(self.camera, light.through(self.lens.gains), tuple(planner.lamps))
        self.began = _began(dice, number, self.conditions.time_of_day, start)
        self.drops = sample_drops(dice, size_wh) if light.wet else ()
        backdrop = paint_backdrop(self.view, street, dice)
        self.background = backdrop.picture
        self.rain = rain_over(self.background, light.wet, dice) if light.wet else None
        self.still = self._drawn(0.0, moving=False)
        cast_shadows(self.background, ((self.actors[k].look, pose) for k, pose, _ in self.still), self.view)
        if light.wet:
            self._mirror(self.background, self.still)
        self.still.extend(self._corners(backdrop.corner, street))

    def frame(self, number: int) -> Frame:
        """Draw the frame of a number; others need not be drawn before."""
        seconds = number * STEP_S
        dice = Dice("frame", self.name, number)
        moving = self._drawn(seconds, moving=True)
        picture = self._lit_ground(moving)
        cast_shadows(picture, ((self.actors[k].look, pose) for k, pose, _ in moving), self.view)
        if self.view.light.wet:
            self._mirror(picture, moving)
        placed = sorted([*self.still, *moving], key=self._order)[-255:]
        owners = Image.new("L", self.size_wh)
        for owner, (_, _, sprite) in enumerate(placed, start=1):
            sprite.stamp.colour(picture)
            sprite.stamp.own(owners, owner)
        if self.drops:
            add_drops(picture, self.drops)
        return Frame(
            image_hwc=expose(picture, self.lens, self._seen_glows(placed, owners), self.rain, dice),
            things=self._truth(placed, owners),
            scene=self.name,
            number=number,
            captured_at=(self.began + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds"),
            conditions=self.conditions,
            camera=self.camera,
        )

    def _order(self, one: Placed) -> tuple[float, int]:
        """From the farthest to the nearest."""
        return -self.camera.spot(one[1].x, 0.0, one[1].z)[2], one[0]

    def _drawn(self, seconds: float, moving: bool) -> list[Placed]:
        """The actors that can be seen, either those that move or those that do not."""
        found = []
        for index, actor in enumerate(self.actors):
            if (actor.speed > 0) == moving:
                pose = actor.pose(seconds)
                sprite = actor.look.sprite(self.view, pose)
                if sprite is not None:
                    found.append((index, pose, sprite))
        return found

    def _corners(self, mask: Image.Image | None, street: Street) -> list[Placed]:
        """The houses before the junction once more, as sprites: they hide what stands in the other street."""
        if (
            mask is None
            or street.junction is None
            or not any(abs(one.start[0]) > street.half + 1 for one in self.actors if one.label in _VEHICLES)
        ):
            return []
        houses = self.background.copy()
        houses.putalpha(mask)
        found = []
        z, width = street.junction - street.cross_half - street.pavement, self.size_wh[0]
        middle = min(max(int(self.camera.spot(0.0, 0.0, z)[0]), 0), width)
        for x, half in ((-street.wall, (0, 0, middle, mask.height)), (street.wall, (middle, 0, width, mask.height))):
            box = mask.crop(half).getbbox()
            if box:
                box = (box[0] + half[0], box[1], box[2] + half[0], box[3])
                part = houses.crop(box)
                sprite = Sprite(part, mask.crop(box).convert("1", dither=Image.Dither.NONE), box[0], box[1])
                found.append((_NOBODY, Pose(x, z), sprite))
        return found

    def _lit_ground(self, moving: list[Placed]) -> Image.Image:
        """The street without what moves, with the pools of headlights on it."""
        picture = self.background.copy()
        flat = max(min(self.camera.height / 12.0, 1.0), 0.2)
        for index, pose, _ in moving if self.view.light.lamps else ():
            actor = self.actors[index]
            if actor.label in _VEHICLES:
                ahead = actor.look.footprint[1] + 3.5
                x, z = pose.x + math.sin(pose.heading) * ahead, pose.z + math.cos(pose.heading) * ahead
                u, v, depth = self.camera.spot(x, 0.0, z)
                if depth > 2.0:
                    add_glow(picture, Glow(u, v, 3.2 * self.camera.focal / depth, (96, 88, 66)), tall=flat)
        return picture

    def _mirror(self, picture: Image.Image, placed: list[Placed]) -> None:
        """On wet ground each thing stands on its own faint image, and lamps draw long streaks."""
        wet = self.view.light.wet
        streaks: list[Glow] = []
        for _, pose, sprite in placed:
            foot = self.camera.spot(pose.x, 0.0, pose.z)[1]
            streaks.extend(Glow(glow.u, 2 * foot - glow.v, glow.radius * 0.7, glow.colour) for glow in sprite.glows)
            if sprite.top + sprite.image.height > foot - 4:  # what hangs high mirrors only its light
                flipped = sprite.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
                top = round(2 * foot) - sprite.top - sprite.image.height
                faint = ImageChops.multiply(flipped.getchannel("A"), Image.new("L", flipped.size, int(77 * wet)))
                Stamp(flipped, faint, faint, sprite.left, top).colour(picture)
        for streak in streaks:
            add_glow(picture, streak, tall=3.2, gain=0.35 * wet)

    def _seen_glows(self, placed: list[Placed], owners: Image.Image) -> list[Glow]:
        """The lamps that nothing hides."""
        width, rows = self.size_wh
        return [
            glow
            for owner, (_, _, sprite) in enumerate(placed, start=1)
            for glow in sprite.glows
            if 0 <= glow.u < width and 0 <= glow.v < rows and owners.getpixel((int(glow.u), int(glow.v))) == owner
        ]

    def _truth(self, placed: list[Placed], owners: Image.Image) -> tuple[Thing, ...]:
        owners_hw = np.asarray(owners)
        found = []
        for owner, (index, pose, sprite) in enumerate(placed, start=1):
            if index == _NOBODY:
                continue
            actor = self.actors[index]
            part = visible_part(owners_hw, owner, sprite) if actor.label else None
            if part is not None and actor.label is not None:
                found.append(
                    Thing(
                        label=actor.label,
                        box=part.box,
                        mask_hw=part.mask_hw,
                        visible=part.share,
                        parked=actor.parked,
                        distance=round(math.hypot(pose.x - self.camera.x, pose.z), 2),
                        speed=round(actor.speed, 2),
                        kind=actor.kind,
                        track=index,
                    )
                )
        return tuple(found)


def _began(dice: Dice, number: int, time_of_day: str, start: dt.date) -> dt.datetime:
    """When a scene was taken: on its day, at an hour that fits the light (UTC)."""
    low, high = _HOURS[time_of_day]
    midnight = dt.datetime.combine(start + dt.timedelta(days=number // SCENES_A_DAY), dt.time(), dt.UTC)
    return midnight + dt.timedelta(seconds=int(3600 * dice.between(low, high)))
