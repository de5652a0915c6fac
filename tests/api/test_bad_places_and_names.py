"""Places, numbers, names and texts that no list or table can hold are refused in words, by every route."""

from __future__ import annotations

import httpx
import pytest

STREET = "/v1/projects/street"
NUMBERED = (
    "served",
    "feedback",
    "issues",
    "drift",
    "autopilot/policies",
    "releases",
    "decisions",
    "models",
    "snapshots",
)
LISTS = (
    *NUMBERED,
    "autopilot/turns",
    "evaluations",
    "predictions?model=v1",
    "campaigns/night/tasks",
    "issues/1/items",
    "items/{item}/labels",
)
HUGE = 2**63


@pytest.mark.parametrize("after", ["abc", "1.5", "-1", "²", "٣", str(HUGE), "9" * 30, "1 ", "%00"])
def test_a_place_that_no_page_gave_is_refused_by_every_list(full: httpx.Client, after: str) -> None:
    item = full.get(f"{STREET}/items?limit=1").json()["rows"][0]["id"]
    for one in LISTS:
        place = f"{STREET}/{one.format(item=item)}"
        answer = full.get(f"{place}{'&' if '?' in place else '?'}after={after}")
        assert answer.status_code < 500, (one, answer.text)
        if one in NUMBERED or after == "%00":
            assert answer.status_code == 400, (one, answer.text)
            assert answer.json()["error"]["code"] == "bad_request"
    run = full.get("/v1/runs?limit=1").json()["rows"][0]["id"]
    assert full.get(f"/v1/runs/{run}/quarantine?after={after}").status_code == 400
    assert full.get(f"/v1/runs?after={after}").status_code < 500


@pytest.mark.parametrize("one", NUMBERED)
def test_the_first_and_the_last_place_are_places(full: httpx.Client, one: str) -> None:
    for after in ("", "0", str(HUGE - 1)):
        assert full.get(f"{STREET}/{one}?after={after}").status_code == 200


@pytest.mark.parametrize("number", ["²", "٣", str(HUGE), "9" * 30, "-1", "1.0", "%00", ""])
def test_a_number_that_no_name_has_names_nothing(full: httpx.Client, number: str) -> None:
    for one in (
        f"releases/r{number}",
        f"drift/d{number}",
        f"models/v{number}",
        f"snapshots/s{number}",
        f"issues/{number}x",
        f"served?model=v{number}",
        f"releases/r{number}/traffic",
    ):
        answer = full.get(f"{STREET}/{one}")
        assert answer.status_code in {400, 404}, (one, answer.text)
        assert answer.json()["error"]["message"]


def test_an_issue_of_a_number_out_of_bounds_is_none(full: httpx.Client) -> None:
    for number in (HUGE, 10**20, -1):
        assert full.get(f"{STREET}/issues/{number}").status_code == 400
        assert full.get(f"{STREET}/issues/{number}/items").status_code == 400
        assert full.get(f"{STREET}/campaigns/night/tasks/{number}").status_code == 400
        assert full.post(f"{STREET}/issues/orders", json={"issues": [number], "tasks": 5}).status_code in {400, 404}
    assert full.get(f"{STREET}/issues/{HUGE - 1}").status_code == 404


@pytest.mark.parametrize("field", ["text", "unit", "name", "group", "customer", "attributes"])
def test_a_zero_byte_is_refused_before_a_model_is_asked(full: httpx.Client, field: str) -> None:
    asked = {"text": "the sea"} | {field: {"from": ["a\0b"]} if field == "attributes" else "a\0b"}
    for path, body in (("predict", asked), ("predict/batch", {"inputs": [asked]})):
        answer = full.post(f"{STREET}/{path}", json=body)
        assert answer.status_code == 400 and "zero byte" in answer.json()["error"]["message"]
        assert field in answer.json()["error"]["where"]


@pytest.mark.parametrize("field", ["prediction", "comment", "author", "key"])
def test_a_zero_byte_in_feedback_is_refused(full: httpx.Client, field: str) -> None:
    asked = {"prediction": "prd_1", "verdict": "right"} | {field: "a\0b"}
    answer = full.post(f"{STREET}/feedback", json=asked)
    assert (answer.status_code, answer.json()["error"]["where"]) == (400, f"field {field}")
    assert full.get(f"{STREET}/served/prd_%00").status_code == 400
