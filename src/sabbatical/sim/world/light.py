"""Light and air: what a surface's colour becomes after sun, lamps, haze and distance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sabbatical.sim.world.colour import RGB, clamp, mixed
from sabbatical.sim.world.conditions import Conditions
from sabbatical.sim.world.dice import Dice


@dataclass(frozen=True)
class Light:
    """The light of one scene. `ambient` multiplies colours; air of `fog` colour takes over at a rate of `haze` a metre.

    `sun` points from the ground to the sun in world coordinates; `shadow` is how dark a cast shadow is (0 none).
    `lamps` says whether street lamps, windows and headlights are on, `halo` how far their glow reaches, and `wet`
    (0 to 1) how much the ground mirrors.
    """

    ambient: tuple[float, float, float]
    sun: tuple[float, float, float]
    shadow: float
    fog: RGB
    haze: float
    sky_top: RGB
    sky_low: RGB
    cloud: RGB
    cloudiness: float
    lamps: bool
    wet: float
    halo: float

    def shade(self, colour: RGB, distance: float, gain: float = 1.0) -> RGB:
        """`colour` under this light, seen from `distance` metres."""
        clear = math.exp(-self.haze * distance)
        rest = 1.0 - clear
        clear *= gain
        red, green, blue = self.ambient
        return clamp(
            colour[0] * red * clear + self.fog[0] * rest,
            colour[1] * green * clear + self.fog[1] * rest,
            colour[2] * blue * clear + self.fog[2] * rest,
        )

    def through(self, gains: tuple[float, float, float]) -> Light:
        """The same light through a camera whose white balance multiplies red, green and blue by `gains`."""

        def cast(colour: RGB) -> RGB:
            return clamp(colour[0] * gains[0], colour[1] * gains[1], colour[2] * gains[2])

        red, green, blue = self.ambient
        return replace(
            self,
            ambient=(red * gains[0], green * gains[1], blue * gains[2]),
            fog=cast(self.fog),
            sky_top=cast(self.sky_top),
            sky_low=cast(self.sky_low),
            cloud=cast(self.cloud),
        )

    def glow(self, colour: RGB, distance: float) -> RGB:
        """The colour of something that shines by itself, seen from `distance` metres."""
        return mixed(self.fog, colour, math.exp(-0.5 * self.haze * distance))

    def facing(self, x: float, y: float, z: float) -> float:
        """How bright a surface with this unit normal is, about 0.6 to 1.15."""
        sun = self.sun[0] * x + self.sun[1] * y + self.sun[2] * z
        return 0.78 + 0.1 * y + (0.16 + 0.45 * self.shadow) * max(sun, 0.0) - 0.12 * self.shadow


_SKIES: dict[str, tuple[RGB, RGB, RGB]] = {  # top, at the horizon, clouds
    "day": ((96, 154, 212), (206, 226, 238), (250, 250, 250)),
    "dusk": ((84, 92, 150), (246, 176, 120), (232, 150, 130)),
    "night": ((10, 14, 30), (34, 38, 62), (44, 46, 66)),
}
_AMBIENT = {"day": (1.0, 0.99, 0.97), "dusk": (0.68, 0.57, 0.61), "night": (0.34, 0.36, 0.46)}
_GREY_SKY: dict[str, RGB] = {"day": (186, 194, 202), "dusk": (132, 118, 134), "night": (40, 42, 54)}
_HAZE = {"clear": (0.002, 0.006), "cloudy": (0.004, 0.009), "rain": (0.010, 0.020), "fog": (0.032, 0.062)}
_CLOUDS = {"clear": (0.05, 0.5), "cloudy": (0.6, 0.9), "rain": (0.9, 1.0), "fog": (1.0, 1.0)}
_GREYNESS = {"clear": 0.0, "cloudy": 0.45, "rain": 0.8, "fog": 1.0}
_DIMMING = {"clear": 1.0, "cloudy": 0.92, "rain": 0.86, "fog": 0.94}
_SHADOW = {"clear": 0.42, "cloudy": 0.08, "rain": 0.0, "fog": 0.0}


def light_of(conditions: Conditions, dice: Dice) -> Light:
    """The light of a scene; the sun stands somewhere in front of or beside the street, low at dusk."""
    time, weather = conditions.time_of_day, conditions.weather
    top, low, cloud = _SKIES[time]
    grey, greyness = _GREY_SKY[time], _GREYNESS[weather]
    exposure = _DIMMING[weather] * dice.between(0.92, 1.06)
    red, green, blue = (value * exposure for value in _AMBIENT[time])
    dull = greyness * 0.4 * (red + green + blue) / 3
    keep = 1 - greyness * 0.4
    turn = dice.between(-math.pi, math.pi)
    lift = math.radians(float(dice.between(32, 62) if time == "day" else dice.between(14, 24)))
    sun = (math.sin(turn) * math.cos(lift), math.sin(lift), math.cos(turn) * math.cos(lift))
    sky_low = mixed(low, grey, greyness)
    return Light(
        ambient=(red * keep + dull, green * keep + dull, blue * keep + dull),
        sun=sun,
        shadow=0.0 if time == "night" else _SHADOW[weather] * (0.8 if time == "dusk" else 1.0),
        fog=mixed(sky_low, grey, 0.4),
        haze=dice.between(*_HAZE[weather]) * (0.7 if time == "night" else 1.0),
        sky_top=mixed(top, grey, greyness * 0.9),
        sky_low=sky_low,
        cloud=mixed(cloud, grey, greyness * 0.6),
        cloudiness=dice.between(*_CLOUDS[weather]),
        lamps=time != "day",
        wet=dice.between(0.5, 1.0) if weather == "rain" else 0.0,
        halo={"fog": 1.8, "rain": 1.3}.get(weather, 1.0),
    )
