"""Errors have one form, say what was wrong and where, and tell nothing of our insides."""

from __future__ import annotations

import errno
import logging
from typing import Any

import httpx
import pytest

from sabbatical.stages.project import actions as projects


def error(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "where", "hint", "retry"}
    return dict(body["error"])


def test_an_error_of_ours_comes_with_its_status(client: httpx.Client) -> None:
    answer = client.get("/v1/projects/nothing")
    assert answer.status_code == 404
    assert error(answer)["code"] == "not_found"
    assert "no project 'nothing'" in error(answer)["message"]


def test_a_wrong_field_is_named(client: httpx.Client) -> None:
    answer = client.post("/v1/projects", json={"name": "Bad Name", "task": "boxes"})
    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["where"]) == ("bad_request", "field name")


def test_of_several_wrong_fields_the_first_is_named_and_the_others_counted(client: httpx.Client) -> None:
    found = error(client.post("/v1/projects", json={"task": "smell", "test_share": 2}))
    assert found["where"] == "field name"
    assert found["message"].endswith("2 more fields are wrong too.")


def test_a_wrong_parameter_is_named(client: httpx.Client) -> None:
    assert error(client.get("/v1/projects?limit=0"))["where"] == "query limit"


def test_a_body_that_is_no_json_is_said_to_be_none(client: httpx.Client) -> None:
    answer = client.post("/v1/projects", content=b"{no", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert error(answer)["code"] == "bad_request"


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    answer = client.get("/v1/nowhere")
    assert (answer.status_code, error(answer)["code"]) == (404, "not_found")
    answer = client.delete("/v1/projects")
    assert (answer.status_code, error(answer)["code"]) == (405, "bad_request")


def test_a_fault_of_ours_is_logged_under_a_number_and_tells_nothing(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("secret of the inside")

    monkeypatch.setattr(projects, "page", fail)
    with caplog.at_level(logging.ERROR, "sabbatical.api"):
        answer = client.get("/v1/projects")
    assert answer.status_code == 500
    assert error(answer)["code"] == "broken"
    assert "secret" not in answer.text
    assert error(answer)["where"] in caplog.text
    assert "secret of the inside" in caplog.text


def test_a_full_disk_is_said_as_that(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(projects, "page", fail)
    answer = client.get("/v1/projects")
    assert (answer.status_code, error(answer)["code"], error(answer)["retry"]) == (507, "storage_full", True)
