"""The same Idempotency-Key answers what was recorded first, and another input under it is refused."""

from __future__ import annotations

import time
from typing import Any

import httpx

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
