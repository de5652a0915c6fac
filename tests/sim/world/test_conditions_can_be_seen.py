"""Weather, light and camera change the picture, as often as the mix says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sabbatical.core.errors import BadInput
from sabbatical.sim.world import DAY, EVERYTHING, NIGHT_RAIN, Conditions, Frame, Mix, stream
from sabbatical.sim.world.dice import Dice


def only(name: str, weather: str, time: str, camera: str = "kerb") -> list[Frame]:
    mix = Mix(name, weather={weather: 1.0}, time_of_day={time: 1.0}, camera={camera: 1.0})
    return list(stream(3, 8, 1, mix))


def brightness(frames: list[Frame]) -> float:
    return float(np.mean([frame.image_hwc.mean() for frame in frames]))


def test_conditions_follow_the_mix() -> None:
    dice = Dice("test")
    drawn = [Conditions.sample(dice, NIGHT_RAIN) for _ in range(2000)]
    weather, times = Counter(one.weather for one in drawn), Counter(one.time_of_day for one in drawn)
    assert set(weather) == {"rain", "cloudy"} and set(times) == {"night", "dusk"}
    assert abs(weather["rain"] / 2000 - 0.9) < 0.03
    assert abs(times["night"] / 2000 - 0.8) < 0.03


def test_the_order_of_writing_a_mix_changes_nothing() -> None:
    first = Mix("same", weather={"clear": 1.0, "rain": 2.0})
    second = Mix("same", weather={"rain": 2.0, "clear": 1.0})
    assert first == second and hash(first) == hash(second)
    assert [Conditions.sample(Dice(1), first)] == [Conditions.sample(Dice(1), second)]


def test_night_is_darker_than_dusk_and_dusk_than_day() -> None:
    day, dusk, night = (brightness(only(time, "clear", time)) for time in ("day", "dusk", "night"))
    assert day > dusk + 10 > night + 40
    assert night > 12, "what cannot be seen cannot be labeled"


def test_fog_takes_contrast_from_what_is_far() -> None:
    def contrast(frames: list[Frame]) -> float:
        """Of the rows around the horizon, where the street ends."""
        return float(np.mean([frame.image_hwc[60:100].std() for frame in frames]))

    assert contrast(only("fog", "fog", "day")) < 0.75 * contrast(only("clear", "clear", "day"))


def test_rain_mirrors_the_sky_on_the_road() -> None:
    """The road below is darker, and less even along a row, than when it is dry."""
    wet, dry = only("wet", "rain", "day"), only("dry", "cloudy", "day")
    grey = [np.mean([frame.image_hwc[130:180].mean() for frame in frames]) for frames in (wet, dry)]
    assert grey[0] < grey[1]


def test_cameras_of_a_kind_stand_alike_and_keep_their_look() -> None:
    frames = list(stream(4, 30, 1, EVERYTHING))
    heights = {"kerb": (1.3, 1.8), "shop": (2.4, 3.4), "pole": (4.1, 5.7), "mast": (6.4, 8.6)}
    for frame in frames:
        low, high = heights[frame.camera.kind]
        assert low < frame.camera.height < high
        assert frame.camera.id.startswith(frame.camera.kind)
        assert frame.conditions.camera == frame.camera.kind
    assert len({frame.camera.id for frame in frames}) > 8


def test_day_has_no_night_and_the_drift_has_no_day() -> None:
    assert {frame.time_of_day for frame in stream(1, 12, 1, DAY)} <= {"day", "dusk"}
    assert {frame.time_of_day for frame in stream(1, 12, 1, NIGHT_RAIN)} <= {"night", "dusk"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("weather", {"hail": 1.0}, "unknown name 'hail'"),
        ("camera", {"kerb": -1.0}, "must not be negative"),
        ("classes", {}, "one must be positive"),
        ("crowd", (5, 2), "no range"),
    ],
)
def test_a_mix_that_cannot_be_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        Mix("bad", **{field: value})  # type: ignore[arg-type]
    assert caught.value.where == f"Mix.{field}"
