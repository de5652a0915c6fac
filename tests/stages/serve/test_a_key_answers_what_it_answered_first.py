"""The same Idempotency-Key answers what was recorded first, and another input under it is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from sabbatical.stages.serve import queries
from tests.stages.serve.conftest import Served


def post(served: Served, asked: dict[str, Any], path: str = "predict") -> httpx.Response:
    return served.http.post(f"/v1/projects/notes/{path}", json=asked, headers={"Idempotency-Key": "once"})


def until(served: Served, **wanted: str) -> None:
    """Ask the same, off the record, until the model that was moved is in memory and answers."""
    for _ in range(400):
        found = served.ask(text="the sea", record=False)
        if wanted.items() <= found.items():
            return
        time.sleep(0.05)
    raise AssertionError(f"never answered by {wanted}")


def test_another_input_under_a_key_is_a_conflict(texts: Served) -> None:
    first = post(texts, {"text": "the sea"}).json()
    other = post(texts, {"text": "the sky"})
    assert other.status_code == 409 and "Idempotency-Key" in other.json()["error"]["message"]
    assert post(texts, {"text": "the sea", "unit": "anna"}).status_code == 409
    assert post(texts, {"inputs": [{"text": "the sea"}, {"text": "the sky"}]}, "predict/batch").status_code == 409
    assert post(texts, {"text": "the sea"}).json() == first
    assert [row.id for row in texts.rows()] == [first["id"]]


def test_after_a_promotion_a_key_answers_what_was_recorded_first(texts: Served) -> None:
    first = post(texts, {"text": "the sea"}).json()
    texts.champion(texts.model("v2"))
    until(texts, model="v2")
    assert post(texts, {"text": "the sea"}).json() == first
    assert first["model"] == "v1" and len(texts.rows()) == 1


def test_after_a_change_of_arms_a_key_answers_what_was_recorded_first(texts: Served) -> None:
    first = post(texts, {"text": "the sea"}).json()
    assert first["arm"] == "champion"
    texts.release(texts.model("v2"), "ab", 0.999)
    until(texts, arm="ab")
    assert post(texts, {"text": "the sea"}).json() == first
    assert len(texts.rows()) == 1


def test_a_batch_with_a_key_is_answered_in_its_order_also_where_some_is_not_recorded(texts: Served) -> None:
    inputs = [{"text": "the sea"}, {"text": "the sky", "record": False}, {"text": "the sky, again"}]
    first, again = (post(texts, {"inputs": inputs}, "predict/batch").json() for _ in range(2))
    assert first["request"] == again["request"]
    assert [one["id"] for one in again["answers"]] == [one["id"] for one in first["answers"]]
    assert [one["found"] for one in again["answers"]] == [one["found"] for one in first["answers"]]
    assert again["answers"][1]["id"] is None and len(texts.rows()) == 2
    shorter = post(texts, {"inputs": inputs[:2]}, "predict/batch")
    assert shorter.status_code == 409


def race(served: Served, monkeypatch: pytest.MonkeyPatch, asked: Sequence[dict[str, Any]]) -> list[httpx.Response]:
    """Answers to requests with one key that are all at work before any of them is on record."""
    held, goes_on = threading.Event(), threading.Event()
    real = queries.add

    def waits(session: Any, rows: list[dict[str, Any]]) -> None:
        held.set()
        assert goes_on.wait(20)
        real(session, rows)

    with monkeypatch.context() as patched, ThreadPoolExecutor(8) as pool:
        patched.setattr(queries, "add", waits)
        before = pool.submit(served.ask, text="something else")
        assert held.wait(20)
        racing = []
        for number, one in enumerate(asked):
            racing.append(pool.submit(post, served, one, "predict/batch"))
            while served.online._recorder._waiting.qsize() <= number:
                time.sleep(0.01)
        goes_on.set()
        before.result()
        return [future.result() for future in racing]


def test_of_requests_at_once_under_a_key_one_is_on_record_and_all_are_answered_by_it(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"inputs": [{"text": "the sea"}]}
    texts.ask(text="the sea", record=False)
    first, *others = (answer.json()["answers"] for answer in race(texts, monkeypatch, [asked] * 3))
    assert others == [first, first]
    assert len(texts.rows()) == 2


def test_of_requests_at_once_under_a_key_one_that_asks_something_else_leaves_nothing(
    texts: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, more = {"inputs": [{"text": "the sea"}]}, {"inputs": [{"text": "the sea"}, {"text": "the sky"}]}
    texts.ask(text="the sea", record=False)
    first, other = race(texts, monkeypatch, [one, more])
    assert (first.status_code, other.status_code) == (200, 409)
    assert post(texts, one, "predict/batch").json() == first.json()
    kept = {item["text"] for item in texts.get("items", source="traffic")["rows"]}
    assert len(texts.rows()) == 2 and kept == {"something else", "the sea"}
