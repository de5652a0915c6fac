"""Solid things as painted faces: enough of 3D for vehicles, drawn back to front without a depth buffer.

A shape is made of convex parts; a part's faces that look away are left out, the rest is painted in the order given,
and parts are painted from the farthest to the nearest. Legend: f faces, p points of all faces, s palette slots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sabbatical.sim.world.brush import inks_of
from sabbatical.sim.world.camera import NEAR_M, Camera, Floats
from sabbatical.sim.world.light import Light
from sabbatical.sim.world.sprite import Canvas, Glow, Sprite
from sabbatical.sim.world.view import Pose, View

XYZ = tuple[float, float, float]

MATT, GLASS, INSIDE, SHINING, WHITE_LAMP, RED_LAMP = range(6)
"""What a face is made of. `INSIDE` is glass that shows a lit room when lamps are on; what comes after it shines."""

_ROOM = np.array((236.0, 204.0, 140.0))


@dataclass
class ShapeBuilder:
    """Collects faces in local metres: x to the right, y up, z ahead; the thing stands on y = 0."""

    points: list[XYZ] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    normals: list[XYZ] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    tones: list[float] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    centres: list[XYZ] = field(default_factory=list)
    unders: list[bool] = field(default_factory=list)

    def part(self, centre: XYZ, under: bool = False) -> None:
        """Begin a convex part, whose faces look away from `centre`; what lies `under` all others is painted first."""
        self.centres.append(centre)
        self.unders.append(under)

    def face(self, points: Sequence[XYZ], slot: int, kind: int = MATT, tone: float = 1.0) -> None:
        """Add a flat polygon of at least three points, in the palette's colour `slot` made brighter by `tone`."""
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = points[0], points[1], points[2]
        ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
        normal = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
        length = math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) or 1.0
        ox, oy, oz = self.centres[-1]
        outward = normal[0] * (ax - ox) + normal[1] * (ay - oy) + normal[2] * (az - oz)
        sign = (1.0 if outward >= 0 else -1.0) / length
        self.starts.append(len(self.points))
        self.points.extend(points)
        self.normals.append((normal[0] * sign, normal[1] * sign, normal[2] * sign))
        self.slots.append(slot)
        self.tones.append(tone)
        self.kinds.append(kind)
        self.parts.append(len(self.centres) - 1)

    def prism(
        self, profile: Sequence[tuple[float, float]], half: float, slot: int, half_top: float | None = None
    ) -> None:
        """A side view (z, y) pulled to both sides: by `half` at its foot, by `half_top` (if given) at its top."""
        low, high = min(y for _, y in profile), max(y for _, y in profile)
        top = half if half_top is None else half_top
        halves = [half + (top - half) * (y - low) / (high - low) for _, y in profile]
        left = [(-h, y, z) for (z, y), h in zip(profile, halves, strict=True)]
        right = [(h, y, z) for (z, y), h in zip(profile, halves, strict=True)]
        for k in range(len(profile)):
            after = (k + 1) % len(profile)
            self.face((left[k], left[after], right[after], right[k]), slot)
        self.face(left, slot)
        self.face(right, slot)

    def side(
        self, half: float, box: tuple[float, float, float, float], slot: int, kind: int = MATT, tone: float = 1.0
    ) -> None:
        """A rectangle (z from, y from, z to, y to) on both sides."""
        z0, y0, z1, y1 = box
        for x in (-half, half):
            self.face(((x, y0, z0), (x, y0, z1), (x, y1, z1), (x, y1, z0)), slot, kind, tone)

    def end(
        self, z: float, box: tuple[float, float, float, float], slot: int, kind: int = MATT, tone: float = 1.0
    ) -> None:
        """A rectangle (x from, y from, x to, y to) on the front or the rear."""
        x0, y0, x1, y1 = box
        self.face(((x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)), slot, kind, tone)

    def pane(self, low: XYZ, high: XYZ, slot: int) -> None:
        """A window across, symmetric about the middle: (half width, y, z) at its lower and its upper edge."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        self.face(((-x0, y0, z0), (x0, y0, z0), (x1, y1, z1), (-x1, y1, z1)), slot, GLASS)

    def pair(self, z: float, across: tuple[float, float], up: tuple[float, float], slot: int, kind: int) -> None:
        """A rectangle and its mirror image on the front or the rear, such as lamps."""
        for x0, x1 in ((-across[1], -across[0]), across):
            self.end(z, (x0, up[0], x1, up[1]), slot, kind)

    def wheels(self, half: float, places: Sequence[float], radius: float, tyre: int, rim: int) -> None:
        """A wheel on both sides at each z."""
        for z in places:
            for x in (-half, half):
                for share, slot in ((1.0, tyre), (0.55, rim)):
                    ring = [(x, radius + radius * share * sin, z + radius * share * cos) for sin, cos in _RING]
                    self.face(ring, slot)

    def treads(self, half: float, places: Sequence[float], radius: float, tyre: int) -> None:
        """What is seen of the first wheels from behind and of the last from ahead; to be added before the body."""
        for z in (places[0] - radius * 0.8, places[-1] + radius * 0.8):
            self.pair(z, (half * 0.68, half * 0.96), (0.0, radius), tyre, MATT)

    def shape(self) -> Shape:
        """What was collected, as arrays."""
        return Shape(
            points_p3=np.array(self.points),
            starts_f=np.array(self.starts),
            normals_f3=np.array(self.normals),
            slots_f=np.array(self.slots),
            tones_f=np.array(self.tones),
            kinds_f=np.array(self.kinds),
            parts_f=np.array(self.parts),
            centres_c3=np.array(self.centres),
            unders_c=np.array(self.unders),
        )


_RING = tuple((math.sin(k * math.tau / 10), math.cos(k * math.tau / 10)) for k in range(10))


@dataclass(frozen=True, eq=False)
class Shape:
    """Faces of one kind of thing as arrays, without colours; see `ShapeBuilder`."""

    points_p3: Floats
    starts_f: NDArray[np.int64]
    normals_f3: Floats
    slots_f: NDArray[np.int64]
    tones_f: Floats
    kinds_f: NDArray[np.int64]
    parts_f: NDArray[np.int64]
    centres_c3: Floats
    unders_c: NDArray[np.bool_]

    def colours(self, palette_s3: Floats, light: Light, heading: float, lit: bool) -> Floats:
        """Colours of the faces (f, 3) in a palette's paint, before street lamps and haze; `lit`: its lamps are on."""
        bare_f3 = palette_s3[self.slots_f] * self.tones_f[:, None]
        sun_f = np.maximum(self.normals_f3 @ (_turn(heading) @ np.array(light.sun)), 0.0)
        bright_f = 0.78 - 0.12 * light.shadow + 0.1 * self.normals_f3[:, 1] + (0.16 + 0.45 * light.shadow) * sun_f
        out_f3: Floats = bare_f3 * bright_f[:, None] * np.array(light.ambient)
        glass_f = (self.kinds_f == GLASS) | (self.kinds_f == INSIDE)
        out_f3[glass_f] = out_f3[glass_f] * 0.8 + np.array(light.sky_low) * 0.14
        if lit:
            out_f3[self.kinds_f >= SHINING] = bare_f3[self.kinds_f >= SHINING]
            out_f3[self.kinds_f == INSIDE] = _ROOM
        return out_f3

    def sprite(self, base_f3: Floats, view: View, pose: Pose, lit: bool) -> Sprite | None:
        """Draw the shape in its `colours`; `lit` as there. None when it cannot be in the frame."""
        camera = view.camera
        if not self._may_be_seen(camera, pose):
            return None
        turn_33 = _turn(pose.heading)
        place_3 = np.array((pose.x, 0.0, pose.z))
        uv_p2, depth_p = camera.project_from(turn_33, place_3, self.points_p3)
        if depth_p.min() < NEAR_M:
            return None
        left, top = uv_p2.min(axis=0).tolist()
        right, bottom = uv_p2.max(axis=0).tolist()
        if right < 0 or left > camera.size_wh[0] or bottom < 0 or top > camera.size_wh[1]:
            return None
        eye_3 = turn_33 @ (camera.place_3 - place_3)
        towards_f = ((eye_3 - self.points_p3[self.starts_f]) * self.normals_f3).sum(axis=1)
        faces = self._faces(towards_f, eye_3)
        inks = self._inks(base_f3[faces], self.kinds_f[faces], view, pose, float(depth_p.mean()), lit)
        canvas = Canvas(left, top, right, bottom, camera.size_wh)
        pixels = ((uv_p2 - (canvas.left, canvas.top)) * canvas.times).ravel().tolist()
        bounds, fill = self._bounds, canvas.brush.polygon
        for face, ink in zip(faces.tolist(), inks, strict=True):
            fill(pixels[bounds[face] : bounds[face + 1]], ink)
        return canvas.sprite(self._glows(uv_p2, depth_p, towards_f, view) if lit else ())

    @cached_property
    def _bounds(self) -> list[int]:
        """Where each face's numbers begin in a flat list of all points, and the end."""
        return [*(2 * self.starts_f).tolist(), 2 * len(self.points_p3)]

    @cached_property
    def _reach(self) -> float:
        """The radius of a ball around it."""
        return float(np.abs(self.points_p3).max(axis=0).sum())

    def _may_be_seen(self, camera: Camera, pose: Pose) -> bool:
        """A quick look before everything is projected."""
        u, _, depth = camera.spot(pose.x, 0.0, pose.z)
        if depth < NEAR_M:
            return False
        span = self._reach * camera.focal / max(depth - self._reach, NEAR_M)
        return -span < u < camera.size_wh[0] + span

    def _faces(self, towards_f: Floats, eye_3: Floats) -> NDArray[np.int64]:
        """The faces that look towards the camera, in the order of painting."""
        faces = np.flatnonzero(towards_f > 0)
        if len(self.centres_c3) == 1:
            return faces
        distance_c = ((self.centres_c3 - eye_3) ** 2).sum(axis=1)
        distance_c[self.unders_c] = np.inf
        return faces[np.argsort(-distance_c[self.parts_f[faces]], kind="stable")]

    @staticmethod
    def _inks(
        base_f3: Floats, kinds_f: NDArray[np.int64], view: View, pose: Pose, distance: float, lit: bool
    ) -> list[int]:
        clear = math.exp(-view.light.haze * distance)
        gain = clear * view.gain(pose.x, pose.z)
        out_f3 = base_f3 * (np.where(kinds_f >= INSIDE, clear, gain)[:, None] if lit else gain)
        out_f3 += np.array(view.light.fog) * (1 - clear)
        return inks_of(out_f3)

    def _glows(self, uv_p2: Floats, depth_p: Floats, towards_f: Floats, view: View) -> tuple[Glow, ...]:
        """The lamps that shine towards the camera; a lamp is a rectangle, so two corners give its middle."""
        lamps = np.flatnonzero((self.kinds_f >= WHITE_LAMP) & (towards_f > 0))
        starts = self.starts_f[lamps]
        middles = ((uv_p2[starts] + uv_p2[starts + 2]) / 2).tolist()
        found = []
        for (u, v), depth, towards, kind in zip(
            middles, depth_p[starts].tolist(), towards_f[lamps].tolist(), self.kinds_f[lamps].tolist(), strict=True
        ):
            aim = towards / max(depth, 1.0)
            if aim > 0.15:
                white = kind == WHITE_LAMP
                radius = (1.3 if white else 0.6) * view.camera.focal / depth * min(aim, 1.0) * view.light.halo
                found.append(Glow(u, v, radius, (255, 236, 190) if white else (220, 36, 24)))
        return tuple(found)


def _turn(heading: float) -> Floats:
    """Rows of local points times this are world points; this times a world vector is a local one."""
    sin, cos = math.sin(heading), math.cos(heading)
    return np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
