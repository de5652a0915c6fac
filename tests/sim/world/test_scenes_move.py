"""Frames of one scene are near duplicates; scenes are not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np

from sabbatical.sim.world import EVERYTHING, Frame, stream


def difference(first: Frame, second: Frame) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(first.image_hwc.astype(int) - second.image_hwc.astype(int)).mean())


def test_consecutive_frames_are_nearly_alike_and_other_scenes_are_not() -> None:
    frames = list(stream(5, 12, 2, EVERYTHING))
    within = [difference(frames[k], frames[k + 1]) for k in range(0, 24, 2)]
    between = [difference(frames[k], frames[k + 2]) for k in range(0, 22, 2)]
    assert max(within) < np.median(between)
    assert np.median(between) > 3 * np.median(within)


def test_frames_of_a_scene_share_their_group_camera_and_conditions() -> None:
    for first, second in zip(stream(6, 6, 1, EVERYTHING), stream(6, 6, 1, EVERYTHING), strict=True):
        assert (first.scene, first.camera, first.conditions) == (second.scene, second.camera, second.conditions)
    frames = list(stream(6, 3, 3, EVERYTHING))
    assert len({frame.scene for frame in frames}) == 3
    assert len({frame.name for frame in frames}) == 9
    assert [frame.number for frame in frames] == [0, 1, 2] * 3


def test_movers_move_and_parked_vehicles_stay() -> None:
    distances: dict[tuple[str, int], list[float]] = defaultdict(list)
    speeds: dict[tuple[str, int], float] = {}
    for frame in stream(9, 12, 3, EVERYTHING):
        for thing in frame.things:
            distances[frame.scene, thing.track].append(thing.distance)
            speeds[frame.scene, thing.track] = thing.speed
    moved = [np.ptp(values) for key, values in distances.items() if speeds[key] > 2 and len(values) == 3]
    stayed = [np.ptp(values) for key, values in distances.items() if speeds[key] == 0]
    assert len(moved) > 3 and min(moved) > 0.05
    assert max(stayed) == 0


def test_time_runs_with_frames_and_scenes_and_fits_the_light() -> None:
    frames = list(stream(2, 14, 2, EVERYTHING))
    hours = {"day": (8, 17), "dusk": (17, 19), "night": (21, 24)}
    for frame in frames:
        taken = dt.datetime.fromisoformat(frame.captured_at)
        assert taken.tzinfo is not None
        low, high = hours[frame.time_of_day]
        assert low <= taken.hour < high
    first, second = (dt.datetime.fromisoformat(frame.captured_at) for frame in frames[:2])
    assert dt.timedelta() < second - first < dt.timedelta(seconds=1)
    days = [frame.captured_at[:10] for frame in frames]
    assert days == sorted(days) and days[0] < days[-1]
