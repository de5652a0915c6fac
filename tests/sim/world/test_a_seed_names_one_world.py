"""The same seed gives the same bytes: again, in another process, and for any frame without those before it."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from sabbatical.core.errors import BadInput
from sabbatical.sim.world import DAY, EVERYTHING, Frame, render, stream

_PRINT_HASH = """
import sys
from tests.sim.world.test_a_seed_names_one_world import content_hash
sys.stdout.write(content_hash())
"""


def fingerprint(frame: Frame) -> str:
    digest = hashlib.sha256(frame.image_hwc.tobytes())
    for thing in frame.things:
        digest.update(repr((thing.label, thing.box, thing.visible, thing.parked, thing.kind, thing.track)).encode())
        digest.update(thing.mask_hw.tobytes())
    digest.update(repr((frame.name, frame.captured_at, frame.conditions, frame.camera.id)).encode())
    return digest.hexdigest()


def content_hash() -> str:
    """One hash over scenes of every condition."""
    frames = stream(4, 10, 2, EVERYTHING)
    return hashlib.sha256("".join(fingerprint(frame) for frame in frames).encode()).hexdigest()


def test_two_processes_draw_the_same_bytes() -> None:
    other = subprocess.run([sys.executable, "-c", _PRINT_HASH], check=True, capture_output=True, text=True)
    assert other.stdout == content_hash()


def test_a_frame_needs_no_others() -> None:
    whole = {frame.name: fingerprint(frame) for frame in stream(8, 3, 4, EVERYTHING)}
    for scene, number in ((2, 3), (0, 2), (1, 0), (2, 1)):
        alone = render(8, scene, number, EVERYTHING)
        assert fingerprint(alone) == whole[alone.name]


def test_a_stream_can_begin_at_any_scene() -> None:
    late = next(stream(8, 1, 1, EVERYTHING, first=2))
    assert fingerprint(late) == fingerprint(render(8, 2, 0, EVERYTHING))


def test_another_seed_or_mix_is_another_world() -> None:
    first, second, third = render(1, 0, 0, DAY), render(2, 0, 0, DAY), render(1, 0, 0, EVERYTHING)
    assert len({first.scene, second.scene, third.scene}) == 3
    assert not np.array_equal(first.image_hwc, second.image_hwc)
    assert not np.array_equal(first.image_hwc, third.image_hwc)


def test_the_size_is_free() -> None:
    frame = render(1, 0, 0, EVERYTHING, size_wh=(200, 130))
    assert frame.image_hwc.shape == (130, 200, 3)
    assert all(thing.box[2] <= 200 and thing.box[3] <= 130 for thing in frame.things)


@pytest.mark.parametrize("place", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_negative_places_are_refused(place: tuple[int, int, int]) -> None:
    with pytest.raises(BadInput, match="must not be negative"):
        render(*place)


def test_a_stamp_sized_frame_is_refused() -> None:
    with pytest.raises(BadInput, match="too small"):
        render(0, 0, 0, size_wh=(40, 30))
