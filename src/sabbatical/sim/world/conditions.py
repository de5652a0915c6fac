"""What the day is like: weather, time of day, kind of camera, and how often each class appears.

A `Mix` is a set of probabilities, `Conditions` one draw of it. A stream that turns from `DAY` to `NIGHT_RAIN` drifts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sabbatical.core.errors import BadInput
from sabbatical.sim.world.dice import Dice

CLASSES = ("adult", "child", "car", "truck", "bus", "light", "sign")
WEATHERS = ("clear", "cloudy", "rain", "fog")
TIMES = ("day", "dusk", "night")
CAMERAS = ("kerb", "shop", "pole", "mast")

_CLASS_WEIGHTS = {"adult": 3.2, "child": 2.2, "car": 3.4, "truck": 1.4, "bus": 1.0, "light": 1.5, "sign": 1.2}


@dataclass(frozen=True)
class Conditions:
    """One draw of a `Mix`; `crowd` is how many things of the seven classes are put into the street."""

    weather: str
    time_of_day: str
    camera: str
    crowd: int

    @staticmethod
    def sample(dice: Dice, mix: Mix) -> Conditions:
        """Draw the conditions of one scene."""
        return Conditions(
            weather=dice.weighted(mix.weather),
            time_of_day=dice.weighted(mix.time_of_day),
            camera=dice.weighted(mix.camera),
            crowd=dice.whole(*mix.crowd),
        )


@dataclass(frozen=True)
class Mix:
    """How likely each condition is. Weights need not sum to 1; what is left out never happens.

    `classes` weighs what is put into the street (not what is seen: lights and signs are small and often hidden),
    `crowd` is the least and the most things a scene gets.

    Raises:
        BadInput: an unknown name, a negative weight, no positive weight, or a crowd that is not a range.
    """

    name: str
    weather: Mapping[str, float] = field(default_factory=lambda: {"clear": 6, "cloudy": 2, "rain": 1, "fog": 1})
    time_of_day: Mapping[str, float] = field(default_factory=lambda: {"day": 7, "dusk": 2, "night": 1})
    camera: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(CAMERAS, 1.0))
    classes: Mapping[str, float] = field(default_factory=lambda: dict(_CLASS_WEIGHTS))
    crowd: tuple[int, int] = (5, 11)

    def __post_init__(self) -> None:
        for what, known in (("weather", WEATHERS), ("time_of_day", TIMES), ("camera", CAMERAS), ("classes", CLASSES)):
            _check_weights(f"Mix.{what}", getattr(self, what), known)
        if not 0 <= self.crowd[0] <= self.crowd[1]:
            raise BadInput(f"{self.crowd} is no range of counts.", where="Mix.crowd", hint="Give (least, most).")

    def __hash__(self) -> int:
        parts = (self.weather, self.time_of_day, self.camera, self.classes)
        return hash((self.name, self.crowd, *(tuple(sorted(part.items())) for part in parts)))


def _check_weights(where: str, weights: Mapping[str, float], known: tuple[str, ...]) -> None:
    unknown = sorted(set(weights) - set(known))
    if unknown:
        raise BadInput(f"unknown name '{unknown[0]}'.", where=where, hint=f"Known are {', '.join(known)}.")
    if min(weights.values(), default=0.0) < 0 or sum(weights.values()) <= 0:
        raise BadInput("weights must not be negative, and one must be positive.", where=where)


EVERYTHING = Mix(
    "everything",
    weather={"clear": 3, "cloudy": 2, "rain": 3, "fog": 2},
    time_of_day={"day": 4, "dusk": 3, "night": 3},
)
"""Every condition often enough to be judged; for test sets."""

DAY = Mix(
    "day",
    weather={"clear": 6, "cloudy": 3, "rain": 0.5, "fog": 0.5},
    time_of_day={"day": 8.5, "dusk": 1.5},
)
"""Where a project begins: mostly fair weather, no night."""

NIGHT_RAIN = Mix(
    "night-rain",
    weather={"rain": 9, "cloudy": 1},
    time_of_day={"night": 8, "dusk": 2},
)
"""Where the stream drifts to."""
