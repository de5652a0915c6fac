"""From a seed to frames: the same seed, scene and number give the same bytes, whatever was drawn before."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from sabbatical.core.errors import BadInput
from sabbatical.sim.world.background import paint_background
from sabbatical.sim.world.camera import Camera, Floats, place_camera
from sabbatical.sim.world.conditions import DAY, Conditions, Mix
from sabbatical.sim.world.frame import MIN_LONG_PX, MIN_SHORT_PX, MIN_VISIBLE, Frame, Thing
from sabbatical.sim.world.layout import Actor, Planner
from sabbatical.sim.world.lens import Lens, add_drops, add_rain, expose, glow_map, sample_drops
from sabbatical.sim.world.light import light_of
from sabbatical.sim.world.sprite import Glow, Sprite
from sabbatical.sim.world.street import lay_street
from sabbatical.sim.world.view import Pose, View

SIZE_WH = (320, 192)
STEP_S = 0.4
"""Seconds between two frames of a scene."""
START = dt.date(2025, 9, 1)
SCENES_A_DAY = 12

_HOURS = {"day": (8.0, 16.5), "dusk": (17.6, 19.0), "night": (21.0, 23.8)}


def render(
    seed: int, scene: int, frame: int, mix: Mix = DAY, *, size_wh: tuple[int, int] = SIZE_WH, start: dt.date = START
) -> Frame:
    """One frame of one scene.

    Args:
        seed: names a world; scenes of different seeds share nothing.
        scene: which scene, from 0; scenes follow one another in time, `SCENES_A_DAY` a day from `start` on.
        frame: which frame of the scene, from 0, `STEP_S` seconds apart.
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
    """All frames of `scenes` scenes from scene `first` on, in order of time; see `render`."""
    for scene in range(first, first + scenes):
        for number in range(frames_per_scene):
            yield render(seed, scene, number, mix, size_wh=size_wh, start=start)


@lru_cache(maxsize=4)
def _scene(seed: int, scene: int, mix: Mix, size_wh: tuple[int, int], start: dt.date) -> Scene:
    return Scene(seed, scene, mix, size_wh, start)


class Scene:
    """One place at one time: what stands still is drawn once, each frame adds what moves."""

    def __init__(self, seed: int, scene: int, mix: Mix, size_wh: tuple[int, int], start: dt.date) -> None:
        rng = np.random.default_rng([seed, scene])
        self.seed, self.number, self.size_wh = seed, scene, size_wh
        self.conditions = Conditions.sample(rng, mix)
        street = lay_street(rng)
        self.camera: Camera = place_camera(rng, self.conditions.camera, street.half, street.pavement, size_wh)
        light = light_of(self.conditions, rng)
        planner = Planner(rng, street, self.camera, self.conditions)
        planner.fill(mix)
        self.view = View(self.camera, light, tuple(planner.lamps))
        self.actors: tuple[Actor, ...] = tuple(planner.actors)
        self.began = _began(rng, scene, self.conditions.time_of_day, start)
        self.drops = sample_drops(rng, size_wh) if light.wet else ()
        self.background = paint_background(self.view, street, rng)
        self.lens = Lens.of(self.camera, light.lamps)
        self.table = self.lens.table
        self._still: dict[int, Sprite | None] = {}

    def frame(self, number: int) -> Frame:
        """Draw one frame."""
        seconds = number * STEP_S
        rng = np.random.default_rng([self.seed, self.number, number, 1])
        placed = self._placed(seconds)
        picture = self._lit_ground(placed)
        self._cast_shadows(picture, placed)
        if self.view.light.wet:
            self._reflect(picture, placed)
        owners = Image.new("L", self.size_wh)
        for owner, (_, _, sprite) in enumerate(placed, start=1):
            picture.paste(sprite.image, (sprite.left, sprite.top), sprite.image)
            owners.paste(owner, (sprite.left, sprite.top), sprite.mask)
        owners_hw = np.asarray(owners)
        picture = self._shine(picture, placed, owners_hw)
        if self.view.light.wet:
            picture = add_drops(add_rain(picture, 0.5 + 0.5 * self.view.light.wet, rng), self.drops)
        return Frame(
            image_hwc=expose(picture, self.lens, self.table, rng),
            things=self._truth(placed, owners_hw),
            scene=f"w{self.seed}-s{self.number:05d}",
            number=number,
            captured_at=(self.began + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds"),
            conditions=self.conditions,
            camera=self.camera,
        )

    def _placed(self, seconds: float) -> list[tuple[int, Pose, Sprite]]:
        """Everything that can be seen, from the farthest to the nearest; at most 255 things."""
        found: list[tuple[float, int, Pose, Sprite]] = []
        for index, actor in enumerate(self.actors):
            pose = actor.pose(seconds)
            if actor.speed:
                sprite = actor.look.sprite(self.view, pose)
            else:
                if index not in self._still:
                    self._still[index] = actor.look.sprite(self.view, pose)
                sprite = self._still[index]
            if sprite is not None:
                depth = self.camera.spot(pose.x, 0.0, pose.z)[2]
                found.append((depth, index, pose, sprite))
        found.sort(key=lambda entry: (-entry[0], entry[1]))
        return [(index, pose, sprite) for _, index, pose, sprite in found[-255:]]

    def _lit_ground(self, placed: list[tuple[int, Pose, Sprite]]) -> Image.Image:
        """The empty street, with the pools of headlights on it."""
        pools: list[Glow] = []
        if self.view.light.lamps:
            for index, pose, _ in placed:
                actor = self.actors[index]
                if actor.label in ("car", "truck", "bus") and not actor.parked:
                    ahead = actor.look.footprint[1] + 3.5
                    x, z = pose.x + math.sin(pose.heading) * ahead, pose.z + math.cos(pose.heading) * ahead
                    u, v, depth = self.camera.spot(x, 0.0, z)
                    if depth > 2.0:
                        pools.append(Glow(u, v, 3.2 * self.camera.focal / depth, (96, 88, 66)))
        flat = max(min(self.camera.height / 12.0, 1.0), 0.2)
        pool = glow_map(self.size_wh, pools, tall=flat)
        return ImageChops.add(self.background, pool) if pool else self.background.copy()

    def _cast_shadows(self, picture: Image.Image, placed: list[tuple[int, Pose, Sprite]]) -> None:
        """A dark place under each thing, and by sunlight a shadow away from the sun."""
        light = self.view.light
        shade = Image.new("L", self.size_wh, 0)
        draw = ImageDraw.Draw(shade)
        sun_x, sun_y, sun_z = light.sun
        for index, pose, _ in placed:
            actor = self.actors[index]
            half_x, half_z, height = actor.look.footprint
            if actor.kind.startswith(("sign", "light")):
                continue
            points_n3 = _ground_box(pose, half_x, half_z)
            if light.shadow > 0.15 and sun_y > 0:
                reach = min(height, 4.0) / sun_y
                shifted_n3 = points_n3 + (-sun_x * reach, 0.0, -sun_z * reach)
                hull = self._hull(np.concatenate([points_n3, shifted_n3]))
                if hull:
                    draw.polygon(hull, fill=int(255 * light.shadow * 0.9))
            base = self._hull(points_n3)
            if base:
                draw.polygon(base, fill=120)
        picture.paste((12, 14, 22), (0, 0, *self.size_wh), shade)

    def _hull(self, points_n3: Floats) -> list[tuple[float, float]] | None:
        uv_n2, depth_n = self.camera.project(points_n3)
        return _convex_hull(uv_n2.tolist()) if depth_n.min() > 0.8 else None

    def _reflect(self, picture: Image.Image, placed: list[tuple[int, Pose, Sprite]]) -> None:
        """On wet ground each thing stands on its own faint image."""
        share = [int(value * 0.34 * self.view.light.wet) for value in range(256)]
        streaks: list[Glow] = []
        for _, pose, sprite in placed:
            _, foot, _ = self.camera.spot(pose.x, 0.0, pose.z)
            flipped = sprite.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
            top = round(2 * foot - sprite.top - sprite.image.height)
            picture.paste(flipped, (sprite.left, top), flipped.getchannel("A").point(share))
            streaks.extend(Glow(glow.u, 2 * foot - glow.v, glow.radius * 0.7, glow.colour) for glow in sprite.glows)
        streak = glow_map(self.size_wh, streaks, tall=3.2, gain=0.4 * self.view.light.wet)
        if streak:
            picture.paste(ImageChops.add(picture, streak))

    def _shine(
        self, picture: Image.Image, placed: list[tuple[int, Pose, Sprite]], owners_hw: NDArray[np.uint8]
    ) -> Image.Image:
        """Lamps that are not hidden glow into the lens."""
        width, rows = self.size_wh
        glows = [
            glow
            for owner, (_, _, sprite) in enumerate(placed, start=1)
            for glow in sprite.glows
            if 0 <= glow.u < width and 0 <= glow.v < rows and owners_hw[int(glow.v), int(glow.u)] == owner
        ]
        shine = glow_map(self.size_wh, glows, gain=0.7)
        return ImageChops.add(picture, shine) if shine else picture

    def _truth(self, placed: list[tuple[int, Pose, Sprite]], owners_hw: NDArray[np.uint8]) -> tuple[Thing, ...]:
        found = []
        for owner, (index, pose, sprite) in enumerate(placed, start=1):
            actor = self.actors[index]
            if actor.label is not None:
                thing = self._thing(owner, index, actor, pose, sprite, owners_hw)
                if thing is not None:
                    found.append(thing)
        return tuple(found)

    def _thing(
        self, owner: int, index: int, actor: Actor, pose: Pose, sprite: Sprite, owners_hw: NDArray[np.uint8]
    ) -> Thing | None:
        top, left = max(sprite.top, 0), max(sprite.left, 0)
        region_hw = owners_hw[top : sprite.top + sprite.image.height, left : sprite.left + sprite.image.width] == owner
        whole = sprite.mask.histogram()[255]
        visible = int(region_hw.sum())
        if whole == 0 or visible < MIN_VISIBLE * whole:
            return None
        rows = np.flatnonzero(region_hw.any(axis=1))
        columns = np.flatnonzero(region_hw.any(axis=0))
        first_row, last_row, first, last = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        sides = sorted((last_row - first_row, last - first))
        if sides[0] < MIN_SHORT_PX or sides[1] < MIN_LONG_PX:
            return None
        assert actor.label is not None
        return Thing(
            label=actor.label,
            box=(float(left + first), float(top + first_row), float(left + last), float(top + last_row)),
            mask_hw=region_hw[first_row:last_row, first:last].copy(),
            visible=visible / whole,
            parked=actor.parked,
            distance=round(math.hypot(pose.x - self.camera.x, pose.z), 2),
            speed=round(actor.speed, 2),
            kind=actor.kind,
            track=index,
        )


def _began(rng: np.random.Generator, scene: int, time_of_day: str, start: dt.date) -> dt.datetime:
    """When a scene was taken: on its day, at an hour that fits the light (UTC)."""
    low, high = _HOURS[time_of_day]
    midnight = dt.datetime.combine(start + dt.timedelta(days=scene // SCENES_A_DAY), dt.time(), dt.UTC)
    return midnight + dt.timedelta(seconds=int(3600 * float(rng.uniform(low, high))))


def _ground_box(pose: Pose, half_x: float, half_z: float) -> Floats:
    sin, cos = math.sin(pose.heading), math.cos(pose.heading)
    corners = ((-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z))
    return np.array([[pose.x + x * cos + z * sin, 0.0, pose.z - x * sin + z * cos] for x, z in corners])


def _convex_hull(points: list[list[float]]) -> list[tuple[float, float]]:
    """Andrew's monotone chain (Information Processing Letters, 1979)."""
    ordered = sorted((x, y) for x, y in points)

    def half(sequence: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in sequence:
            while len(chain) >= 2:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return half(ordered) + half(ordered[::-1])
