"""Releases over HTTP: what is asked wrongly is refused by its field, and what is repeated is done once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Noted

STREET = "/v1/projects/street"
BY = {"actor": "ada"}


def error(response: httpx.Response) -> dict[str, Any]:
    assert response.is_error
    found: dict[str, Any] = response.json()["error"]
    return found


def test_a_proposal_is_a_run_with_the_rules_that_are_meant(full: httpx.Client, noted: Noted) -> None:
    run = full.post(f"{STREET}/releases", json={"why": "first"}).raise_for_status().json()
    assert (run["kind"], run["state"], noted.runs) == ("propose", "queued", [run["id"]])
    assert (run["params"]["model"], run["params"]["snapshot"]) == ("v1", "s1")
    assert [gate["gate"] for gate in run["params"]["rules"]["gates"]][:2] == ["items", "overall"]
    assert run["params"]["rules"]["stages"][1]["wait"] == "1w"


def test_a_repeated_proposal_is_the_same_run(full: httpx.Client, noted: Noted) -> None:
    asked = {"rules": {"gates": [{"gate": "size"}]}}
    one, two = (full.post(f"{STREET}/releases", json=asked, headers={"Idempotency-Key": "k"}).json() for _ in range(2))
    assert one["id"] == two["id"]
    other = full.post(f"{STREET}/releases", json={"why": "else"}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, error(other)["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"rules": {"gates": [{"gate": "speed"}]}}, "rules.gates.0"),
        ({"rules": {"gates": [{"gate": "items", "at_lest": 3}]}}, "rules.gates.0.items.at_lest"),
        ({"rules": {"stages": [{"stage": "canary", "share": "half"}]}}, "rules.stages.0.share"),
        ({"rules": {"gates": [{"gate": "metric", "metric": "map51", "at_least": 0.1}]}}, "rules.gates.0.metric"),
        ({"rule": {}}, "rule"),
        ({"actor": ""}, "actor"),
        ({"actor_kind": "machine"}, "actor_kind"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused_by_its_field(
    full: httpx.Client, noted: Noted, asked: dict[str, Any], field: str
) -> None:
    said = error(full.post(f"{STREET}/releases", json=asked))
    assert (said["code"], said["where"]) == ("bad_request", f"field {field}")
    assert noted.runs == []


def test_before_the_first_release_everything_says_so(full: httpx.Client) -> None:
    champion = full.get(f"{STREET}/champion").json()
    assert champion == {"champion": None, "since": None, "former": None, "pinned_by": None, "release": None}
    assert full.get(f"{STREET}/aliases").json() == []
    for path in ("releases", "decisions"):
        assert full.get(f"{STREET}/{path}").json() == {"rows": [], "next": None}
    for path in ("releases/newest", "releases/r1", "releases/r1/traffic"):
        assert full.get(f"{STREET}/{path}").status_code == 404
    for path in ("champion/revert", "champion/pin", "champion/unpin"):
        assert error(full.post(f"{STREET}/{path}", json=BY))["code"] == "conflict"


def test_who_advances_says_which_stage_is_left(full: httpx.Client) -> None:
    said = error(full.post(f"{STREET}/releases/r1/advance", json=BY))
    assert (said["code"], said["where"]) == ("bad_request", "field stage")
    assert full.post(f"{STREET}/releases/r1/advance", json={"stage": "gate"}).status_code == 404
