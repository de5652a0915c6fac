"""What does not move: sky, ground and buildings, drawn once a scene.

Drawn at twice the size and reduced. The ground gets its light per pixel: haze, lamps, the buildings' shadow, grain.
Shapes: h rows, w columns.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from sabbatical.sim.world.camera import Floats
from sabbatical.sim.world.colour import RGB, mixed, scaled
from sabbatical.sim.world.street import END_M, Building, Street
from sabbatical.sim.world.view import View

_ROAD: RGB = (104, 106, 112)
_PAVING: RGB = (178, 172, 162)
_KERB: RGB = (202, 198, 190)
_LINE: RGB = (226, 224, 214)
TIMES = 2


def paint_background(view: View, street: Street, rng: np.random.Generator) -> Image.Image:
    """The empty street as an RGB picture of the camera's size."""
    ground = _ground(view, street, rng)
    size = view.camera.size_wh
    large = ground.resize((size[0] * TIMES, size[1] * TIMES), Image.Resampling.BILINEAR)
    _sky(large, view, rng)
    solid = Image.new("L", size, 255)
    _buildings(large, solid, view, street)
    picture = large.reduce(TIMES)
    if view.light.wet:
        picture = _mirror(picture, solid, view, rng)
    return picture


@cache
def noise_tile(seed: int, grain: int) -> NDArray[np.uint8]:
    """A tile (256, 256) of smooth noise around 128 that repeats without a seam; `grain` is the blob size in pixels."""
    rng = np.random.default_rng([seed, grain])
    spectrum = np.fft.rfft2(rng.standard_normal((256, 256)))
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None, :])
    smooth = np.fft.irfft2(spectrum * np.exp(-((frequency * grain) ** 2)), s=(256, 256))
    return np.clip(128 + 48 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def _sky(large: Image.Image, view: View, rng: np.random.Generator) -> None:
    """A gradient with clouds from the top to the horizon, over what is there."""
    light, camera = view.light, view.camera
    rows = int(min(max(camera.horizon, 0), camera.size_wh[1]) * TIMES) + 2
    if rows <= 3:
        return
    height, width = max(rows // 4, 2), large.width // 4
    down_h = np.linspace(0, 1, height)[:, None, None] ** 1.4
    sky_hw3 = np.array(light.sky_top) * (1 - down_h) + np.array(light.sky_low) * down_h
    top, left = rng.integers(0, 256, 2)
    rows_h = (top + np.arange(height) * 2) % 256
    columns_w = (left + np.arange(width)) % 256
    cloud_hw = noise_tile(3, 26)[rows_h[:, None], columns_w].astype(np.float64)
    cloud_hw += 0.35 * (noise_tile(4, 9)[rows_h[:, None], columns_w] - 128.0)
    share_hw1 = np.clip((cloud_hw - 215 + 150 * light.cloudiness) / 70, 0, 1)[:, :, None] * 0.85
    blended = sky_hw3 * (1 - share_hw1) + np.array(light.cloud) * share_hw1
    sky = Image.fromarray(blended.astype(np.uint8)).resize((large.width, rows), Image.Resampling.BILINEAR)
    large.paste(sky, (0, 0))
    _skyline(large, view, rng, rows)


def _skyline(large: Image.Image, view: View, rng: np.random.Generator, rows: int) -> None:
    """Roofs and hills far away, almost taken by the haze."""
    draw = ImageDraw.Draw(large)
    far = view.light.shade((120, 128, 140), 110.0)
    colour = mixed(far, view.light.fog, 0.35)
    x = 0
    while x < large.width:
        wide, high = int(rng.integers(14, 60)), int(rng.integers(4, 34))
        draw.rectangle(
            (x, rows - high, x + wide, rows), fill=mixed(colour, view.light.sky_low, float(rng.random()) * 0.4)
        )
        x += wide


def _quads(y: float, boxes: list[tuple[float, float, float, float]]) -> list[Floats]:
    return [np.array([[x0, y, z0], [x1, y, z0], [x1, y, z1], [x0, y, z1]]) for x0, z0, x1, z1 in boxes]


def _ground(view: View, street: Street, rng: np.random.Generator) -> Image.Image:
    """Road, pavements and markings, lit."""
    camera = view.camera
    width, rows = camera.size_wh
    flat = Image.new("RGB", (width * TIMES, rows * TIMES), _PAVING)
    draw = ImageDraw.Draw(flat)
    worn = float(rng.uniform(0.55, 1.0))
    line = mixed(_ROAD, _LINE, worn)
    for colour, boxes in _markings(street, line):
        for quad_n3 in _quads(0.0, boxes):
            outline = camera.outline(quad_n3)
            if outline is not None:
                draw.polygon((outline * TIMES).ravel().tolist(), fill=colour)
    small = np.asarray(flat.reduce(TIMES))
    return Image.fromarray(_lit_ground(small, view, street))


def _markings(street: Street, line: RGB) -> list[tuple[RGB, list[tuple[float, float, float, float]]]]:
    """Flat rectangles (x, z, x, z) by colour, in the order of painting."""
    half, end = street.half, END_M
    layers: list[tuple[RGB, list[tuple[float, float, float, float]]]] = [
        (_KERB, [(-half - 0.22, -4, half + 0.22, end)]),
        (_ROAD, [(-half, -4, half, end)]),
    ]
    dashes = [(-0.07, z, 0.07, z + 2.2) for z in np.arange(1.0, 60, 5.0)]
    if half > 5:
        dashes += [(side * (half - 2.15) - 0.05, -2.0, side * (half - 2.15) + 0.05, 60.0) for side in (-1, 1)]
    layers.append((line, dashes))
    clear = [(-half, street.crossing - 3.4, half, street.crossing + 2.2)]
    if street.junction is not None:
        low, high = street.junction - street.cross_half, street.junction + street.cross_half
        layers.append((_KERB, [(-60, low - 0.2, -half, high + 0.2), (half, low - 0.2, 60, high + 0.2)]))
        layers.append((_ROAD, [(-60, low, 60, high), (-half, low - 1, half, high + 1)]))
        middle = street.junction
        sides = [
            (s * x, middle - 0.07, s * (x + 2.2), middle + 0.07) for s in (-1, 1) for x in np.arange(half + 2, 40, 5.0)
        ]
        layers.append((line, sides))
    layers.append((_ROAD, clear))
    stripes = [
        (x, street.crossing - 1.6, x + 0.5, street.crossing + 1.6) for x in np.arange(-half + 0.35, half - 0.4, 1.0)
    ]
    layers.append((line, [*stripes, (0.1, street.crossing - 3.1, half - 0.1, street.crossing - 2.75)]))
    return layers


def _lit_ground(flat_hw3: NDArray[np.uint8], view: View, street: Street) -> NDArray[np.uint8]:
    camera, light = view.camera, view.light
    first = int(min(max(camera.horizon, 0), camera.size_wh[1] - 2))
    x_hw, z_hw, depth_hw = (part[first:] for part in camera.ground())
    gain_hw = np.ones_like(x_hw)
    grain_hw = noise_tile(1, 2)[(z_hw * 14).astype(np.int64) & 255, (x_hw * 14).astype(np.int64) & 255] - 128.0
    patch_hw = noise_tile(2, 14)[(z_hw * 5).astype(np.int64) & 255, (x_hw * 5).astype(np.int64) & 255] - 128.0
    gain_hw += grain_hw * (0.0012 * np.exp(-depth_hw / 14)) + patch_hw * (0.0011 * np.exp(-depth_hw / 40))
    if light.shadow:
        gain_hw *= 1.04 - light.shadow * _in_shadow(x_hw, z_hw, view, street)
    if light.lamps:
        near_hw = np.zeros_like(x_hw)
        for lamp_x, lamp_z in view.lamps[:10]:
            near_hw += 1.0 / (1.0 + ((x_hw - lamp_x) ** 2 + (z_hw - lamp_z) ** 2) / 9.0)
        gain_hw *= 1.0 + np.minimum(near_hw, 1.4) * (1.0 - light.ambient[1]) * 1.5
    if light.wet:
        gain_hw *= 1.0 - 0.32 * light.wet
    clear_hw = np.exp(-light.haze * np.minimum(depth_hw, 400.0))[:, :, None]
    gain_hw3 = (gain_hw[:, :, None] * clear_hw) * np.array(light.ambient)
    out_hw3 = flat_hw3.copy()
    lit_hw3 = flat_hw3[first:] * gain_hw3 + np.array(light.fog) * (1 - clear_hw)
    out_hw3[first:] = np.clip(lit_hw3, 0, 255).astype(np.uint8)
    return out_hw3


def _in_shadow(x_hw: Floats, z_hw: Floats, view: View, street: Street) -> Floats:
    """1 where a building stands between the ground and the sun, 0 elsewhere, soft at the edge."""
    sun_x, sun_y, sun_z = view.light.sun
    side = 1.0 if sun_x > 0 else -1.0
    to_wall_hw = side * street.wall - x_hw
    ratio = abs(sun_x) / max(sun_y, 0.1)
    if ratio < 0.05:
        return np.zeros_like(x_hw)
    hits_hw = z_hw + to_wall_hw / sun_x * sun_z
    row = [building for building in street.buildings if building.side == side]
    edges = np.array([value for building in row for value in (building.start, building.stop)])
    heights = np.array([0.0, *(value for building in row for value in (building.height, 0.0))])
    tall_hw = heights[np.searchsorted(edges, hits_hw)]
    return np.clip((tall_hw * ratio - np.abs(to_wall_hw)) / 0.5, 0, 1)


def _buildings(large: Image.Image, solid: Image.Image, view: View, street: Street) -> None:
    draw, mask = ImageDraw.Draw(large), ImageDraw.Draw(solid)
    for building in sorted(street.buildings, key=lambda building: -building.start):
        _Facade(draw, mask, view, street, building).paint()


class _Facade:
    """Paints one building: the wall along the street, then the wall that faces the camera."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, mask: ImageDraw.ImageDraw, view: View, street: Street, building: Building
    ) -> None:
        self.draw, self.mask, self.view, self.building = draw, mask, view, building
        self.inner = building.side * street.wall
        self.outer = self.inner + building.side * building.deep
        self.rng = np.random.default_rng(building.seed)

    def paint(self) -> None:
        one, light = self.building, self.view.light
        if one.stop > 1.0:
            along = np.array([[self.inner, 0.0, one.start], [self.inner, 0.0, one.stop]])
            self._wall(along, light.facing(-one.side, 0.0, 0.0))
        if one.start > 1.0:
            across = np.array([[self.inner, 0.0, one.start], [self.outer, 0.0, one.start]])
            self._wall(across, light.facing(0.0, 0.0, -1.0))

    def _wall(self, base_23: Floats, facing: float) -> None:
        """A wall over a line on the ground, with its windows; shaded in strips, because haze grows along it."""
        one, camera, light = self.building, self.view.camera, self.view.light
        way = base_23[1] - base_23[0]
        length = float(np.linalg.norm(way))
        strips = max(int(length / 6), 1)
        cuts = np.linspace(0, 1, strips + 1)
        for first, last in zip(cuts[:-1], cuts[1:], strict=True):
            corners = self._rect(base_23, first, last, 0.0, one.height)
            outline = camera.outline(corners)
            if outline is None or outline[:, 0].max() < 0 or outline[:, 0].min() > camera.size_wh[0]:
                continue
            middle = corners.mean(axis=0)
            distance = max(float(camera.seen(middle[None])[0, 2]), 1.0)
            gain = facing * self.view.gain(float(middle[0]), float(middle[2]))
            self.draw.polygon((outline * TIMES).ravel().tolist(), fill=light.shade(one.wall, distance, gain))
            self.mask.polygon(outline.ravel().tolist(), fill=0)
            for low, high, colour in ((one.height - 0.35, one.height, one.roof), (0.0, 0.5, scaled(one.wall, 0.7))):
                band = camera.outline(self._rect(base_23, first, last, low, high))
                if band is not None:
                    self.draw.polygon((band * TIMES).ravel().tolist(), fill=light.shade(colour, distance, gain))
        self._windows(base_23, length, facing)

    @staticmethod
    def _rect(base_23: Floats, first: float, last: float, low: float, high: float) -> Floats:
        way = base_23[1] - base_23[0]
        corners = np.array(
            [base_23[0] + way * first, base_23[0] + way * last, base_23[0] + way * last, base_23[0] + way * first]
        )
        corners[:, 1] = (low, low, high, high)
        return corners

    def _windows(self, base_23: Floats, length: float, facing: float) -> None:
        one, light = self.building, self.view.light
        bays, storeys = max(int(length / one.bay), 1), int((one.height - 3.9) / one.storey)
        boxes, tints = self._shop_boxes(bays)
        for storey in range(storeys):
            low = 3.7 + storey * one.storey
            for bay in range(bays):
                boxes.append(((bay + 0.27) / bays, (bay + 0.73) / bays, low + 0.35, low + 2.0))
                tints.append(1)
        if not boxes:
            return
        table = np.array(boxes)
        corners_n43 = np.empty((len(boxes), 4, 3))
        way = base_23[1] - base_23[0]
        for k, column in enumerate((0, 1, 1, 0)):
            corners_n43[:, k] = base_23[0] + way * table[:, column, None]
        corners_n43[:, :, 1] = table[:, (2, 2, 3, 3)]
        uv_p2, depth_p = self.view.camera.project(corners_n43.reshape(-1, 3))
        uv_n42, depth_n4 = uv_p2.reshape(-1, 4, 2), depth_p.reshape(-1, 4)
        width = self.view.camera.size_wh[0]
        wide_n = uv_n42[:, :, 0].max(1) - uv_n42[:, :, 0].min(1)
        keep_n = (
            (depth_n4.min(1) > 0.8) & (uv_n42[:, :, 0].max(1) > 0) & (uv_n42[:, :, 0].min(1) < width) & (wide_n > 0.6)
        )
        lit_n = self.rng.random(len(boxes)) < 0.42
        tone_n = self.rng.uniform(0.75, 1.15, len(boxes))
        flat = (uv_n42 * TIMES).reshape(len(boxes), 8).tolist()
        for k in np.flatnonzero(keep_n).tolist():
            distance = float(depth_n4[k, 0])
            if tints[k] == 2:
                assert one.awning is not None
                colour = light.shade(one.awning, distance, facing)
            elif light.lamps and (lit_n[k] or tints[k] == 3):
                colour = light.glow(scaled((255, 214, 140), float(tone_n[k]) * 0.9), distance)
            else:
                glass = mixed((70, 84, 98), light.sky_low, 0.0 if light.lamps else 0.25)
                colour = light.shade(scaled(glass, float(tone_n[k])), distance, facing)
            self.draw.polygon(flat[k], fill=colour)

    def _shop_boxes(self, bays: int) -> tuple[list[tuple[float, float, float, float]], list[int]]:
        """The ground floor: shop windows (3), a door (1) and an awning (2), or plain windows."""
        one = self.building
        if one.awning is None:
            boxes = [((bay + 0.25) / bays, (bay + 0.75) / bays, 1.0, 2.7) for bay in range(bays)]
            return boxes, [1] * bays
        boxes = [((bay + 0.08) / bays, (bay + 0.92) / bays, 0.6, 2.5) for bay in range(bays)]
        return [*boxes, (0.02, 0.98, 2.6, 3.3)], [*([3] * bays), 2]


def _mirror(picture: Image.Image, solid: Image.Image, view: View, rng: np.random.Generator) -> Image.Image:
    """Wet ground shows what stands above the horizon upside down, most in puddles."""
    camera = view.camera
    width, rows = camera.size_wh
    horizon = int(min(max(camera.horizon, 2), rows - 2))
    flipped = picture.crop((0, 0, width, horizon)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    flipped = flipped.resize((width, rows - horizon)).filter(ImageFilter.BoxBlur(2))
    x_hw, z_hw, _ = (part[horizon:] for part in camera.ground())
    shift = int(rng.integers(256))
    puddle_hw = noise_tile(5, 22)[
        ((z_hw * 9).astype(np.int64) + shift) & 255, ((x_hw * 14).astype(np.int64) + shift) & 255
    ]
    share_hw = view.light.wet * (0.16 + 0.4 * np.clip((puddle_hw - 140.0) / 30, 0, 1))
    mask = Image.fromarray((share_hw * 255).astype(np.uint8))
    blend = Image.new("L", (width, rows), 0)
    blend.paste(mask, (0, horizon))
    reflected = picture.copy()
    reflected.paste(flipped, (0, horizon))
    blend.paste(0, (0, 0), solid.point(_INVERT))
    return Image.composite(reflected, picture, blend)


_INVERT = [255 - value for value in range(256)]
