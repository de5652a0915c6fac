"""Solid things as painted faces: enough of 3D for vehicles, drawn back to front without a depth buffer.

A mesh is made of convex parts; a part's faces that look away are left out, the rest is painted in the order given,
and parts are painted from the farthest to the nearest. Shapes: f faces, p points of all faces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sabbatical.sim.world.camera import NEAR_M, Floats
from sabbatical.sim.world.colour import RGB
from sabbatical.sim.world.sprite import Canvas, Glow, Sprite
from sabbatical.sim.world.view import Pose, View

XYZ = tuple[float, float, float]

MATT, GLASS, WHITE_LAMP, RED_LAMP, SHINING = range(5)
"""What a face is made of; lamps and what shines keep their colour at night."""


@dataclass
class MeshBuilder:
    """Collects faces in local metres: x to the right, y up, z ahead; the thing stands on y = 0."""

    points: list[XYZ] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    normals: list[XYZ] = field(default_factory=list)
    colours: list[RGB] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    centres: list[XYZ] = field(default_factory=list)

    def part(self, centre: XYZ) -> None:
        """Begin a convex part; faces added from now on look away from `centre`."""
        self.centres.append(centre)

    def face(self, points: Sequence[XYZ], colour: RGB, kind: int = MATT) -> None:
        """Add a flat polygon of at least three points."""
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
        self.colours.append(colour)
        self.kinds.append(kind)
        self.parts.append(len(self.centres) - 1)

    def prism(
        self, profile: Sequence[tuple[float, float]], half: float, colour: RGB, half_top: float | None = None
    ) -> None:
        """A side view (z, y) pulled to both sides by `half`; points above the middle by `half_top` where given."""
        low, high = min(y for _, y in profile), max(y for _, y in profile)
        top = half if half_top is None else half_top
        halves = [half + (top - half) * (y - low) / (high - low) for _, y in profile]
        left = [(-h, y, z) for (z, y), h in zip(profile, halves, strict=True)]
        right = [(h, y, z) for (z, y), h in zip(profile, halves, strict=True)]
        count = len(profile)
        for k in range(count):
            after = (k + 1) % count
            self.face((left[k], left[after], right[after], right[k]), colour)
        self.face(left, colour)
        self.face(right, colour)

    def side(self, half: float, box: tuple[float, float, float, float], colour: RGB, kind: int = MATT) -> None:
        """A rectangle (z from, y from, z to, y to) on both sides."""
        z0, y0, z1, y1 = box
        for x in (-half, half):
            self.face(((x, y0, z0), (x, y0, z1), (x, y1, z1), (x, y1, z0)), colour, kind)

    def end(self, z: float, box: tuple[float, float, float, float], colour: RGB, kind: int = MATT) -> None:
        """A rectangle (x from, y from, x to, y to) on the front or the rear."""
        x0, y0, x1, y1 = box
        self.face(((x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)), colour, kind)

    def wheels(self, half: float, places: Sequence[float], radius: float) -> None:
        """A wheel on both sides at each z."""
        for z in places:
            for x in (-half, half):
                for share, colour in ((1.0, (30, 30, 33)), (0.55, (136, 138, 142))):
                    ring = [(x, radius + radius * share * sin, z + radius * share * cos) for sin, cos in _RING]
                    self.face(ring, colour)

    def mesh(self) -> Mesh:
        """What was collected, as arrays."""
        return Mesh(
            points_p3=np.array(self.points),
            starts_f=np.array(self.starts),
            normals_f3=np.array(self.normals),
            colours_f3=np.array(self.colours, dtype=np.float64),
            kinds_f=np.array(self.kinds),
            parts_f=np.array(self.parts),
            centres=tuple(self.centres),
        )


_RING = tuple((math.sin(k * math.tau / 12), math.cos(k * math.tau / 12)) for k in range(12))


@dataclass(frozen=True, eq=False)
class Mesh:
    """Faces of one thing as arrays; see `MeshBuilder`."""

    points_p3: Floats
    starts_f: np.ndarray[tuple[int], np.dtype[np.int64]]
    normals_f3: Floats
    colours_f3: Floats
    kinds_f: np.ndarray[tuple[int], np.dtype[np.int64]]
    parts_f: np.ndarray[tuple[int], np.dtype[np.int64]]
    centres: tuple[XYZ, ...]

    def sprite(self, view: View, pose: Pose, lit: bool) -> Sprite | None:
        """Draw the mesh at a pose; `lit` switches its lamps on. None when it is not in front of the camera."""
        camera = view.camera
        sin, cos = math.sin(pose.heading), math.cos(pose.heading)
        turn_33 = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
        world_p3 = self.points_p3 @ turn_33
        world_p3[:, 0] += pose.x
        world_p3[:, 2] += pose.z
        uv_p2, depth_p = camera.project(world_p3)
        if depth_p.min() < NEAR_M:
            return None
        left, top = uv_p2.min(axis=0)
        right, bottom = uv_p2.max(axis=0)
        if right < 0 or left > camera.size_wh[0] or bottom < 0 or top > camera.size_wh[1]:
            return None
        eye_3 = turn_33 @ (camera.place_3 - (pose.x, 0.0, pose.z))
        towards_f = ((eye_3 - self.points_p3[self.starts_f]) * self.normals_f3).sum(axis=1)
        shades_f3 = self._shades(view, pose, self.normals_f3 @ turn_33, float(depth_p.mean()), lit)
        canvas = Canvas(left, top, right, bottom, camera.size_wh)
        self._paint(canvas, uv_p2, towards_f > 0, shades_f3, eye_3)
        glows = self._glows(camera.focal, uv_p2, depth_p, towards_f) if lit else ()
        return canvas.sprite(glows)

    def _shades(self, view: View, pose: Pose, normals_f3: Floats, distance: float, lit: bool) -> list[list[int]]:
        light = view.light
        sun_f = np.maximum(normals_f3 @ np.array(light.sun), 0.0)
        facing_f = 0.78 + 0.1 * normals_f3[:, 1] + (0.16 + 0.45 * light.shadow) * sun_f - 0.12 * light.shadow
        clear = math.exp(-light.haze * distance)
        gain = view.gain(pose.x, pose.z) * clear
        glass = self.kinds_f == GLASS
        mirror = 0.35 * facing_f * 0 + 0.35
        base_f3 = np.where(
            glass[:, None],
            self.colours_f3 * 0.65 + np.array(light.sky_low) / max(light.ambient[1], 0.2) * 0.35 * mirror[:, None],
            self.colours_f3,
        )
        out_f3 = base_f3 * facing_f[:, None] * (np.array(light.ambient) * gain) + np.array(light.fog) * (1 - clear)
        if lit:
            shining_f = self.kinds_f >= WHITE_LAMP
            out_f3[shining_f] = self.colours_f3[shining_f] * clear + np.array(light.fog) * (1 - clear)
        clipped: list[list[int]] = np.clip(out_f3, 0, 255).astype(np.int64).tolist()
        return clipped

    def _paint(
        self, canvas: Canvas, uv_p2: Floats, seen_f: np.ndarray[tuple[int], np.dtype[np.bool_]],
        shades_f3: list[list[int]], eye_3: Floats,
    ) -> None:  # fmt: skip
        pixels = ((uv_p2 - (canvas.left, canvas.top)) * canvas.times).ravel().tolist()
        bounds = [*(2 * self.starts_f).tolist(), len(pixels)]
        order = np.argsort([-sum((e - c) ** 2 for e, c in zip(eye_3, centre, strict=True)) for centre in self.centres])
        rank_f = np.argsort(order)[self.parts_f]
        fill = canvas.draw.polygon
        for k in np.argsort(rank_f, kind="stable").tolist():
            if seen_f[k]:
                fill(pixels[bounds[k] : bounds[k + 1]], fill=tuple(shades_f3[k]))

    def _glows(self, focal: float, uv_p2: Floats, depth_p: Floats, towards_f: Floats) -> tuple[Glow, ...]:
        found = []
        for k in np.flatnonzero((self.kinds_f == WHITE_LAMP) | (self.kinds_f == RED_LAMP)).tolist():
            start = int(self.starts_f[k])
            depth = float(depth_p[start])
            aim = float(towards_f[k]) / max(depth, 1.0)
            if aim > 0.15:
                white = self.kinds_f[k] == WHITE_LAMP
                u, v = uv_p2[start : start + 4].mean(axis=0)
                radius = (1.5 if white else 0.6) * focal / depth * min(aim, 1.0)
                found.append(Glow(float(u), float(v), radius, (255, 236, 190) if white else (220, 36, 24)))
        return tuple(found)
