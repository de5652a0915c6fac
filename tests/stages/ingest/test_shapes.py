"""Boxes against the image they are drawn on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sabbatical.core.errors import BadInput
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Record
from sabbatical.stages.ingest.shapes import NO_SIZE, NOT_NUMBERS, OK, OUTSIDE, ROUNDING, fit, fit_payload, fit_record

NUMBERS = st.floats(-50, 150, width=32)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=8))
def test_what_is_taken_lies_inside_and_what_is_refused_has_its_reason(boxes: list[tuple[float, ...]]) -> None:
    boxes_n4 = np.array(boxes, np.float32).reshape(-1, 4)
    found = fit(boxes_n4, np.full(len(boxes), 100.0), np.full(len(boxes), 80.0))
    for box, clipped, fault, over in zip(boxes_n4, found.boxes_n4, found.fault_n, found.over_n, strict=True):
        x0, y0, x1, y1 = box.astype(float)
        if fault == NO_SIZE:
            assert x1 <= x0 or y1 <= y0
            continue
        inside = max(min(x1, 100) - max(x0, 0), 0) * max(min(y1, 80) - max(y0, 0), 0)
        assert (fault == OUTSIDE) == (inside < 0.5 * np.float32((x1 - x0) * (y1 - y0))) or abs(
            inside - 0.5 * (x1 - x0) * (y1 - y0)
        ) < 1e-3 * (x1 - x0) * (y1 - y0)
        assert over == pytest.approx(max(0, -x0, -y0, x1 - 100, y1 - 80), abs=1e-4) or fault == OUTSIDE
        if fault == OK:
            assert (clipped >= 0).all() and (clipped <= [100, 80, 100, 80]).all()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.one_of(NUMBERS, st.sampled_from([0, 1, 100, np.nan, np.inf, 1e38]))] * 4), max_size=4),
    st.sampled_from([0, 100]),
    st.sampled_from([0, 80]),
)
def test_a_payload_is_left_alone_where_every_box_fits_and_only_there(
    boxes: list[tuple[float, ...]], width: int, height: int
) -> None:
    boxes_n4 = np.array(boxes, np.float32).reshape(-1, 4)
    payload = Payload(("a",) * len(boxes), boxes_n4)
    taken, refusals = fit_payload(payload, width, height, "f", None)
    fitted = fit(boxes_n4, np.full(len(boxes), width), np.full(len(boxes), height))
    kept_n = fitted.fault_n == OK
    assert len(refusals) == (~kept_n | (fitted.over_n > ROUNDING)).sum()
    assert (taken is None) == (len(boxes) > 0 and not kept_n.any())
    if taken is not None:
        assert taken.boxes_n4.tolist() == fitted.boxes_n4[kept_n].tolist()
        assert taken.partial == (not kept_n.all())


def test_numbers_that_are_none_are_refused_and_an_unknown_size_clips_nothing() -> None:
    boxes_n4 = np.array([[0, 0, np.nan, 1], [0, 0, np.inf, 1], [-9, -9, 999, 999]], np.float32)
    unknown = np.array([100.0, 100.0, np.nan])
    found = fit(boxes_n4, unknown, unknown)
    assert found.fault_n.tolist() == [NOT_NUMBERS, NOT_NUMBERS, OK]
    assert found.boxes_n4[2].tolist() == [-9, -9, 999, 999] and found.over_n[2] == 0


def record(*boxes: list[float], width: int | None = None, height: int | None = None) -> Record:
    payload = Payload(tuple(f"box {i}" for i in range(len(boxes))), np.array(boxes, np.float32))
    return Record("1.jpg", "labels.csv", 7, width=width, height=height, payload=payload)


def test_a_record_is_settled_on_the_true_size_of_its_image() -> None:
    one = record([-5, 0, 20, 20], [90, 0, 150, 20], [1, 1, 2, 2])
    assert one.payload is not None
    one.payload = replace(one.payload, attributes={2: {"kept": True}}, crowds=frozenset({1, 2}))
    clipped, refused = fit_record(one, 100, 80)
    assert one.payload.labels == ("box 0", "box 2") and one.payload.boxes_n4[0].tolist() == [0, 0, 20, 20]
    assert one.payload.attributes == {1: {"kept": True}} and one.payload.crowds == {1} and one.width == 100
    assert (clipped.field, clipped.line, clipped.kept) == ("shape 1", 7, True)
    assert (refused.field, refused.kept) == ("shape 2", False)


def test_labels_of_another_size_are_not_taken_and_a_turned_image_is_said() -> None:
    other = record([0, 0, 9, 9], width=80, height=100)
    (refusal,) = fit_record(other, 100, 80)
    assert other.payload is None and "without its EXIF rotation" in refusal.reason and refusal.kept
    (refusal,) = fit_record(record([0, 0, 9, 9], width=50, height=40), 100, 80)
    assert "50 x 40 pixels, the image is 100 x 80" in refusal.reason


def test_a_record_with_no_shape_left_is_not_taken_for_empty() -> None:
    one = record([200, 200, 300, 300])
    list(fit_record(one, 100, 80))
    assert one.payload is None


@pytest.mark.parametrize("values", [{"labels_only": "yes"}, {"text_columns": 3}, {"confined": False}, {"label": "x"}])
def test_options_of_the_wrong_kind_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="option"):
        ReadOptions.of(values)
