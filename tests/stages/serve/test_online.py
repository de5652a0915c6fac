"""Requests are answered by the champion, and an answer that somebody got is on record."""

from __future__ import annotations

import base64
import threading
import zlib
from typing import Any

import pytest
from sqlalchemy import event

from sabbatical.core.ids import content_id
from sabbatical.schemas.serve import ASK
from sabbatical.storage.tables import AliasRow
from tests.stages.serve.conftest import Served, picture


def test_a_text_is_answered_recorded_and_kept_as_an_item(texts: Served) -> None:
    found = texts.ask(text="the sea is wide", unit="anna", name="a note", attributes={"from": "mail"}, customer="notes")
    assert found["model"] == "v1" and found["arm"] == "champion"
    assert found["found"][0]["label"] == "sea" and found["item"] == content_id(b"the sea is wide")
    (row,) = texts.rows()
    assert (row.id, row.request, row.unit, row.kept) == (found["id"], found["request"], "anna", True)
    item = texts.get(f"items/{found['item']}")
    assert item["source"] == "traffic" and item["customer"] == "notes" and item["attributes"] == {"from": "mail"}


def test_an_image_is_answered_with_boxes_in_its_own_pixels(images: Served) -> None:
    data = picture(size=(200, 300))
    query = {"unit": "camera 1", "attributes": '{"weather": "rain"}', "captured_at": "2026-03-01T10:00:00Z"}
    place = f"/v1/projects/{images.made.project.name}/predict"
    answer = images.http.post(place, content=data, params=query, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["found"][0]["sure"]
    square = [side * 300 / 64 for side in (12, 10, 36, 34)]
    assert found["found"][0]["box"] == pytest.approx(square, abs=28)
    assert all(0 <= x0 < x1 <= 300 and 0 <= y0 < y1 <= 200 for x0, y0, x1, y1 in (f["box"] for f in found["found"]))
    item = images.get(f"items/{found['item']}")
    assert (item["width"], item["height"]) == (300, 200) and item["attributes"] == {"weather": "rain"}
    assert item["captured_at"].startswith("2026-03-01T10:00:00")
    assert images.ask(item=found["item"])["found"] == found["found"]
    again = images.ask(image=base64.b64encode(data).decode(), record=False)
    assert again["found"] == found["found"] and again["id"] is None
    assert len(images.rows()) == 2


def test_many_inputs_are_answered_in_their_order(texts: Served) -> None:
    inputs = [{"text": f"the {word} {number}"} for number, word in enumerate(["sea", "sky", "sea"])]
    found = texts.post("predict/batch", {"inputs": inputs}).json()
    assert [one["found"][0]["label"] for one in found["answers"]] == ["sea", "sky", "sea"]
    assert {row.request for row in texts.rows()} == {found["request"]}
    assert [row.item_id for row in texts.rows()] == [one["item"] for one in found["answers"]]


@pytest.mark.parametrize("path", ["predict", "predict/batch"])
def test_inputs_are_decoded_off_the_event_loop(images: Served, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    threads: list[str] = []
    real = base64.b64decode

    def noted(*given: Any, **named: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return real(*given, **named)

    monkeypatch.setattr(base64, "b64decode", noted)
    asked = {"image": base64.b64encode(picture()).decode()}
    assert images.post(path, {"inputs": [asked] * 2} if "/" in path else asked).status_code == 200
    assert threads and all(name.startswith("sabbatical-serve") for name in threads)


def test_an_input_that_shall_not_be_kept_is_no_item(texts: Served) -> None:
    found = texts.ask(text="a secret of the sky", keep=False)
    (row,) = texts.rows()
    assert row.id == found["id"] and not row.kept
    assert texts.http.get(f"/v1/projects/notes/items/{found['item']}").status_code == 404


def test_doubt_asks_a_person_from_the_cut_off_on(texts: Served) -> None:
    sure = texts.ask(text="sea sea sea")
    unsure = texts.ask(text="nothing that it knows")
    assert sure["doubt"] < unsure["doubt"]
    cut = (sure["doubt"] + unsure["doubt"]) / 2
    assert texts.ask(text="sea sea sea", ask_above=cut)["ask"] is None
    asked = texts.ask(text="nothing that it knows", ask_above=cut)
    assert asked["ask"] == ASK and asked["sure"] is False
    assert texts.ask(text="nothing that it knows", ask_above=1)["sure"] is True


def test_a_request_repeated_with_its_key_is_on_record_once(texts: Served) -> None:
    place, headers = "/v1/projects/notes/predict", {"Idempotency-Key": "once"}
    first, second = (texts.http.post(place, json={"text": "the sea"}, headers=headers).json() for _ in range(2))
    assert first["id"] == second["id"] and first["found"] == second["found"]
    assert [row.id for row in texts.rows()] == [first["id"]]


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({}, 400, "one of text, image and item; given: none"),
        ({"text": "a", "item": "b"}, 400, "given: text, item"),
        ({"text": "  "}, 400, "The text is empty"),
        ({"image": "!!"}, 400, "not base64"),
        ({"image": base64.b64encode(b"x").decode()}, 400, "read texts; this is an image"),
        ({"item": "0" * 32}, 404, "has no item"),
        ({"text": "a", "path": "/etc/passwd"}, 400, "path"),
        ({"text": "a", "captured_at": "0001-01-01T00:00:00+05:00"}, 400, "year 1 to 9999"),
        ({"text": "a", "captured_at": "9999-12-31T23:59:59-05:00", "keep": False}, 400, "year 1 to 9999"),
        ({"text": "a", "attributes": {"long": "x" * 20_000}}, 400, "bytes of attributes"),
    ],
)
def test_wrong_inputs_are_said_and_leave_nothing(
    texts: Served, asked: dict[str, object], status: int, said: str
) -> None:
    answer = texts.post("predict", asked)
    assert answer.status_code == status and said in answer.text
    assert texts.rows() == []


def test_images_that_cannot_be_looked_at_are_refused(images: Served) -> None:
    place = f"/v1/projects/{images.made.project.name}/predict"
    for data, kind, said in [
        (b"no image", "image/png", "no image of a known format"),
        (picture(size=(200, 200))[:3000], "image/jpeg", "damaged"),
        (picture(size=(40, 40), kind="PNG"), "text/plain", "is no input"),
    ]:
        for keep in (True, False):
            answer = images.http.post(place, content=data, params={"keep": keep}, headers={"Content-Type": kind})
            assert answer.status_code == 400, answer.text
            assert said in answer.text or (not keep and "decoded" in answer.text)
    assert images.rows() == []


def test_an_image_of_too_many_pixels_is_not_decoded(images: Served) -> None:
    data = picture(size=(40, 40), kind="PNG")
    header = b"IHDR" + (50_000).to_bytes(4, "big") + (50_000).to_bytes(4, "big") + data[24:29]
    bomb = data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:]
    place = f"/v1/projects/{images.made.project.name}/predict"
    for keep in (True, False):
        answer = images.http.post(place, content=bomb, params={"keep": keep}, headers={"Content-Type": "image/png"})
        assert answer.status_code == 400 and "pixels" in answer.text


def test_a_project_without_a_released_model_says_what_to_do(texts: Served) -> None:
    with texts.made.workspace.database.transaction() as session:
        session.query(AliasRow).delete()
    texts.online.changed()
    answer = texts.post("predict", {"text": "the sea"})
    assert answer.status_code == 409 and "sabbatical release propose" in answer.text


def test_answers_are_listed_newest_first(texts: Served) -> None:
    ids = [texts.ask(text=f"the sea {number}")["id"] for number in range(3)]
    first = texts.get("served", limit=2)
    assert [row["id"] for row in first["rows"]] == ids[:0:-1]
    assert [row["id"] for row in texts.get("served", after=first["next"])["rows"]] == ids[:1]
    assert texts.get(f"served/{ids[0]}")["found"][0]["label"] == "sea"


def test_a_list_of_answers_says_what_was_asked_and_answered_and_what_people_said_of_it(texts: Served) -> None:
    asked = [texts.ask(text="the sea is wide", name="a.txt"), texts.ask(text="the sky", keep=False)]
    texts.post("feedback", {"prediction": asked[0]["id"], "verdict": "wrong"})
    texts.post("feedback", {"prediction": asked[0]["id"], "verdict": "right"})
    passing, kept = texts.get("served")["rows"]
    assert (kept["name"], kept["text"], kept["feedback"]) == ("a.txt", "the sea is wide", "right")
    assert kept["said"] == f"sea {kept['found'][0]['score']:.2f}"
    assert (passing["name"], passing["text"], passing["feedback"]) == (None, None, None)


def test_a_page_of_many_answers_costs_as_many_questions_as_one_of_few(texts: Served) -> None:
    for number in range(12):
        texts.ask(text=f"the sea and {number} waves")
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    def questions(limit: int) -> int:
        asked.clear()
        assert len(texts.get("served", limit=limit)["rows"]) == limit
        return len(asked)

    engine = texts.made.workspace.database.engine
    event.listen(engine, "before_cursor_execute", note)
    few, many = questions(1), questions(12)
    event.remove(engine, "before_cursor_execute", note)
    assert few == many
