"""The stream gives what the standard parser gives, at any block size, and says where a broken file breaks."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sabbatical.core.errors import BadFile
from sabbatical.stages.ingest.formats import json_stream
from sabbatical.stages.ingest.formats.json_stream import JsonStream

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(['"},{"', "\\", "]}", "é漢", "},  {"])
LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, width=32) | TEXTS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))
OBJECTS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=12)
INDENTS = st.sampled_from([None, 0, 3])


def stream_of(text: str, block: int) -> JsonStream:
    json_stream.BLOCK = block
    return JsonStream(io.BytesIO(text.encode()), "x.json")


def members(stream: JsonStream) -> dict[str, Any]:
    """Every member of the object, arrays put together from their blocks."""
    found: dict[str, Any] = {}
    for key in stream.members():
        if stream.peek() == b"[":
            found[key] = [value for block in stream.elements() for value in block]
        else:
            found[key] = stream.value()
    return found


@pytest.fixture(autouse=True)
def _block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "BLOCK", json_stream.BLOCK)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(TEXTS, OBJECTS | VALUES, max_size=4), INDENTS, st.integers(1, 200), st.booleans())
def test_it_gives_what_the_standard_parser_gives(document: Any, indent: int | None, block: int, ascii_: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_)
    assert members(stream_of(text, block)) == json.loads(text)


@pytest.mark.parametrize("number", ["0.5", "-1e-3", "2E+20", "10", "12.75e2"])
@pytest.mark.parametrize("block", range(1, 24))
def test_a_number_is_whole_wherever_a_block_ends(number: str, block: int) -> None:
    text = f'{{"one": {number}, "all": [{number}, {number}]}}'
    assert members(stream_of(text, block)) == json.loads(text)


@settings(max_examples=30, deadline=None)
@given(OBJECTS.filter(bool), st.integers(1, 200), st.data())
def test_it_goes_on_from_a_place_it_was_at(objects: Any, block: int, data: st.DataObject) -> None:
    text = json.dumps({"first": {}, "wanted": objects})
    stream = stream_of(text, block)
    for key in stream.members():
        place = stream.offset
        stream.skip()
        if key == "wanted":
            again = JsonStream(io.BytesIO(text.encode()), "x.json", place)
            assert [value for found in again.elements() for value in found] == json.loads(text)["wanted"]


@settings(max_examples=60, deadline=None)
@given(OBJECTS.filter(bool), st.integers(1, 200), st.floats(0, 0.999))
def test_a_file_that_ends_early_is_an_error_at_any_place(objects: Any, block: int, cut: float) -> None:
    text = json.dumps({"images": objects})
    with pytest.raises(BadFile, match=r"x\.json, byte \d+"):
        members(stream_of(text[: int(len(text) * cut)], block))


@pytest.mark.parametrize(
    "text", ['{"a" 1}', '{"a": 1 "b": 2}', "{1: 2}", '{"a": [1 2]}', '{"a": tru}', "[", "", '{"a": "\n"}']
)
def test_a_fault_is_said_with_its_place(text: str) -> None:
    with pytest.raises(BadFile, match=r"x\.json, byte \d+: This is not whole JSON"):
        members(stream_of(text, 64))


def test_not_a_number_and_half_characters_do_not_stop_it() -> None:
    text = '{"a": [{"x": NaN}, {"x": "\\ud800"}, {"x": 1}]}'
    (first, second, third) = members(stream_of(text, 16))["a"]
    assert first["x"] != first["x"] and second == {"x": "?"} and third == {"x": 1}


def test_a_fault_early_in_a_large_file_is_found_without_reading_it_all() -> None:
    data = io.BytesIO(b'{"a": [oops, ' + b" " * 5_000_000 + b"1]}")
    json_stream.BLOCK = 1 << 16
    with pytest.raises(BadFile):
        members(JsonStream(data, "x.json"))
    assert data.tell() < 1_000_000


def test_a_mark_of_utf_8_is_passed_over_and_other_encodings_are_refused() -> None:
    assert members(JsonStream(io.BytesIO(b'\xef\xbb\xbf{"a": 1}'), "x.json")) == {"a": 1}
    for data in ('{"a": 1}'.encode("utf-16"), '{"a": "é"}'.encode("latin-1")):
        with pytest.raises(BadFile):
            members(JsonStream(io.BytesIO(data), "x.json"))
