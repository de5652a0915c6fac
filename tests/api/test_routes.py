"""What each route answers, on a workspace that was built by real work."""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sabbatical.durable import runs
from sabbatical.storage.workspace import Workspace
from tests.api.conftest import Noted
from tests.sdk.street import CUSTOMER, ITEMS, SUPER

STREET = "/v1/projects/street"


@pytest.fixture
def street(client: httpx.Client) -> str:
    """An empty project."""
    client.post("/v1/projects", json={"name": "street", "task": "boxes"}).raise_for_status()
    return STREET


def rows(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = client.get(path, params={**params, "limit": 5} | ({"after": after} if after else {})).json()
        assert len(page["rows"]) <= 5
        found += page["rows"]
        after = page["next"]
        if after is None:
            return found


def test_the_server_says_that_it_is_well(client: httpx.Client) -> None:
    assert client.get("/v1/health").json() == {"version": "0.1.0", "database": "sqlite"}


def test_the_contract_names_every_operation_once(client: httpx.Client) -> None:
    contract = client.get("/v1/openapi.json").json()
    names = [one["operationId"] for methods in contract["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names)) > 40


def test_a_project_is_made_once(client: httpx.Client, street: str) -> None:
    again = client.post("/v1/projects", json={"name": "street", "task": "boxes"})
    assert again.json() == client.get(street).json()
    other = client.post("/v1/projects", json={"name": "street", "task": "text"})
    assert other.status_code == 409


def test_a_taxonomy_is_sent_as_json_or_yaml(client: httpx.Client, street: str) -> None:
    first = client.post(f"{street}/taxonomies", json=SUPER)
    assert (first.status_code, first.json()["kind"], first.json()["version"]) == (201, "super", 1)
    text = yaml.safe_dump(CUSTOMER)
    second = client.post(f"{street}/taxonomies", content=text, headers={"Content-Type": "application/yaml"})
    assert second.json()["document"]["labels"] == CUSTOMER["labels"]
    assert client.post(f"{street}/taxonomies", content=text).json() == second.json()
    assert [one["name"] for one in client.get(f"{street}/taxonomies").json()] == ["road", "a"]


def test_a_bad_taxonomy_says_where(client: httpx.Client, street: str) -> None:
    headers = {"Content-Type": "application/yaml"}
    answer = client.post(f"{street}/taxonomies", content="classes:\n  a: {}\n  a: {}\n", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_taxonomy")
    assert "line 3" in answer.json()["error"]["where"]
    assert client.post(f"{street}/taxonomies", content=b"\xff\xfe", headers=headers).status_code == 400
    assert client.post(f"{street}/taxonomies", json=[1]).json()["error"]["code"] == "bad_taxonomy"


def test_history_check_and_tables_of_taxonomies(full: httpx.Client) -> None:
    assert [one["version"] for one in full.get(f"{STREET}/taxonomies/a/history").json()] == [1]
    findings = full.get(f"{STREET}/taxonomies/check").json()
    assert any(one["code"] == "uncovered" and "adult" in one["classes"] for one in findings)
    tables = full.get(f"{STREET}/taxonomies/a/tables").json()
    assert tables["classes"] == ["person", "adult", "child", "vehicle"]
    human = next(one for one in tables["labels"] if one["label"] == "Human")
    assert human["says"] == [1, None, None, 0]
    assert full.get(f"{STREET}/taxonomies/road/tables").status_code == 400
    assert full.get(f"{STREET}/taxonomies/nobody/tables").status_code == 404


def test_items_are_listed_once_each_in_the_order_they_came(full: httpx.Client) -> None:
    found = rows(full, f"{STREET}/items")
    assert [one["name"] for one in found] == [f"0-{n:03}.png" for n in range(ITEMS)]
    splits = {split: rows(full, f"{STREET}/items", split=split) for split in ("train", "validation", "test")}
    assert sum(len(one) for one in splits.values()) == ITEMS
    assert len(rows(full, f"{STREET}/items", labeled=True)) == ITEMS
    assert rows(full, f"{STREET}/items", labeled=False) == []
    assert rows(full, f"{STREET}/items", customer="nobody") == []
    assert len(rows(full, f"{STREET}/items", group=found[3]["group"])) >= 1
    assert full.get(f"{STREET}/items?split=nowhere").status_code == 400


def test_media_come_as_they_were_and_can_be_kept(full: httpx.Client, data: Path) -> None:
    item = rows(full, f"{STREET}/items")[0]
    place = f"{STREET}/items/{item['id']}/media"
    answer = full.get(place)
    assert answer.content == (data / item["name"]).read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = full.get(place, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert full.get(f"{STREET}/items/{'0' * 32}/media").status_code == 404
    assert full.get(f"{STREET}/items/..%2f..%2ftoken/media").status_code == 404


def test_labels_are_added_and_remembered(full: httpx.Client) -> None:
    item = rows(full, f"{STREET}/items")[0]["id"]
    shapes = [{"label": "Car", "box": [1, 2, 30, 40]}]
    asked = {"item": item, "taxonomy": "a", "shapes": shapes, "author": "ada"}
    made = full.post(f"{STREET}/labels", json=asked)
    assert made.status_code == 201
    history = rows(full, f"{STREET}/items/{item}/labels")
    assert [one["author_kind"] for one in history] == ["person", "import"]
    assert full.post(f"{STREET}/labels", json=asked).json() == made.json()
    wrong = full.post(f"{STREET}/labels", json=asked | {"shapes": [{"label": "Dog", "box": [1, 2, 3, 4]}]})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "bad_input")


def test_a_campaign_gathers_tasks(full: httpx.Client) -> None:
    items = [one["id"] for one in rows(full, f"{STREET}/items")]
    asked = {"name": "night", "taxonomy": "a", "items": items[:7]}
    assert full.post(f"{STREET}/campaigns", json=asked).json()["tasks"] == {"open": 7}
    assert full.post(f"{STREET}/campaigns", json=asked | {"items": items[:9]}).json()["tasks"] == {"open": 9}
    tasks = rows(full, f"{STREET}/campaigns/night/tasks", state="open")
    assert [one["item"] for one in tasks] == items[:9]
    full.post(f"{STREET}/campaigns", json=asked | {"name": "rain"})
    first = full.get(f"{STREET}/campaigns?limit=1").json()
    rest = full.get(f"{STREET}/campaigns?limit=1&after={first['next']}").json()
    assert [one["name"] for page in (first, rest) for one in page["rows"]] == ["rain", "night"] and not rest["next"]


def test_a_snapshot_is_described_and_asked(full: httpx.Client) -> None:
    [listed] = rows(full, f"{STREET}/snapshots")
    for name in ("s1", "newest", listed["id"], listed["content"]):
        assert full.get(f"{STREET}/snapshots/{name}").json() == listed
    counted = full.post(f"{STREET}/snapshots/s1/boxes", json={"by": ["class"], "max_side": 17}).json()
    assert {one["class"]: one["shapes"] for one in counted} == {"person": ITEMS // 2, "vehicle": ITEMS // 2}
    diff = full.get(f"{STREET}/snapshots/s1/diff/s1").json()
    assert (diff["added"], diff["removed"], diff["changed"], diff["moved"]) == (0, 0, 0, 0)
    assert full.get(f"{STREET}/snapshots/s9").status_code == 404


def test_a_model_is_described_and_fetched(full: httpx.Client) -> None:
    [listed] = rows(full, f"{STREET}/models")
    assert full.get(f"{STREET}/models/v1").json() == full.get(f"{STREET}/models/newest").json() == listed
    card = full.get(f"{STREET}/models/v1/card")
    assert card.headers["content-type"].startswith("text/markdown")
    assert card.text.startswith("# v1 of street")
    weights = full.get(f"{STREET}/models/v1/weights")
    header = int.from_bytes(weights.content[:8], "little")
    assert json.loads(weights.content[8 : 8 + header])
    assert 'filename="street-v1.safetensors"' in weights.headers["content-disposition"]


def test_a_model_is_exported_by_a_run(full: httpx.Client, noted: Noted) -> None:
    run = full.post(f"{STREET}/models/newest/exports", json={"format": "onnx"})
    assert run.status_code == 202
    asked = run.json()
    assert (asked["kind"], asked["state"], asked["params"]["model"]) == ("export-model", "queued", "v1")
    assert noted.runs == [asked["id"]]
    refused = full.post(f"{STREET}/models/v1/exports", json={"format": "tflite"})
    assert refused.status_code in {400, 422}


def test_a_report_is_data_and_a_sealed_page(full: httpx.Client) -> None:
    [listed] = rows(full, f"{STREET}/evaluations", model="v1")
    place = f"{STREET}/evaluations/{listed['id']}"
    assert full.get(place).json() == listed
    report = full.get(f"{place}/report").json()
    assert (report["schema"], report["model"], report["snapshot"]) == (1, "v1", "s1")
    page = full.get(f"{place}/page")
    assert page.text.lower().startswith("<!doctype html>")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_predictions_are_listed_by_model_and_by_item(full: httpx.Client) -> None:
    by_model = rows(full, f"{STREET}/predictions", model="v1")
    assert len({one["item"] for one in by_model}) == ITEMS
    [by_item] = rows(full, f"{STREET}/predictions", item=by_model[0]["item"])
    assert by_item == by_model[0]
    assert full.get(f"{STREET}/predictions").status_code == 400


def test_runs_are_listed_by_project_newest_first(full: httpx.Client) -> None:
    found = rows(full, "/v1/runs", project="street")
    assert [one["kind"] for one in found] == ["predict", "evaluate", "train", "snapshot", "ingest"]
    assert {one["state"] for one in found} == {"done"}
    assert rows(full, f"/v1/runs/{found[-1]['id']}/quarantine") == []
    assert full.get(f"/v1/runs/{found[0]['id']}").json() == found[0]


def test_the_files_of_a_run_are_fetched(full: httpx.Client, home: Path) -> None:
    predict = rows(full, "/v1/runs", project="street")[0]
    output = Path(predict["result"]["output"])
    assert full.get(f"/v1/runs/{predict['id']}/files").status_code == 403  # of the workspace it was copied from
    assert output.exists()


def test_a_folder_is_fetched_as_a_tar(client: httpx.Client, empty: Workspace) -> None:
    run = client.post("/v1/catalogue/bccd/get").json()
    folder = empty.folder("runs", run["id"], "files", "sub")
    (folder / "a.txt").write_bytes(b"x" * 700)
    with empty.database.transaction() as session:
        result = {"folder": str(folder.parent)}
        runs.end(session, run["id"], "done", empty.clock(), message="Done", result=result)
    answer = client.get(f"/v1/runs/{run['id']}/files")
    with tarfile.open(fileobj=BytesIO(answer.content)) as archive:
        assert archive.getnames() == ["sub/a.txt"]
        member = archive.extractfile("sub/a.txt")
        assert member is not None
        assert member.read() == b"x" * 700


def test_the_catalogue_is_there(client: httpx.Client) -> None:
    names = [one["name"] for one in client.get("/v1/catalogue").json()]
    assert names[0] == "world"
    assert {"bccd", "made-with-ml"} <= set(names)
    assert client.get("/v1/catalogue/bccd").json()["licence"] == "MIT"
    assert client.get("/v1/catalogue/nothing").status_code == 404


def ask(client: httpx.Client, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_long_work_is_recorded_then_handed_on(full: httpx.Client, noted: Noted) -> None:
    run = ask(full, f"{STREET}/models", {"settings": {"steps": 5}})
    assert (run["state"], run["kind"], run["params"]["snapshot"]) == ("queued", "train", "s1")
    assert noted.runs == [run["id"]]
    assert ask(full, f"{STREET}/models", {"settings": {"steps": 5}})["id"] == run["id"]
    assert ask(full, f"{STREET}/models", {"settings": {"steps": 6}})["id"] != run["id"]
    assert ask(full, f"{STREET}/models", {"settings": {"steps": 5}, "again": True})["id"] != run["id"]


def test_what_is_done_is_answered_at_once(full: httpx.Client, noted: Noted) -> None:
    assert ask(full, f"{STREET}/snapshots", {})["state"] == "done"
    assert ask(full, f"{STREET}/evaluations", {})["state"] == "done"
    assert noted.runs == []
    assert ask(full, f"{STREET}/evaluations", {"again": True})["state"] == "queued"


def test_a_new_label_makes_a_new_snapshot_be_asked_for(full: httpx.Client) -> None:
    item = rows(full, f"{STREET}/items")[0]["id"]
    full.post(f"{STREET}/labels", json={"item": item, "taxonomy": "a", "shapes": [], "author": "ada"})
    assert ask(full, f"{STREET}/snapshots", {})["state"] == "queued"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/ingests", {"source": "upload", "name": "x"}),
        (f"{STREET}/predictions", {"snapshot": "s1"}),
        (f"{STREET}/exports", {"format": "coco"}),
        ("/v1/catalogue/bccd/get", {}),
    ],
)
def test_the_same_key_again_is_the_same_run(full: httpx.Client, noted: Noted, path: str, body: dict[str, Any]) -> None:
    if body.get("source"):
        body = body | {"source": full.post("/v1/uploads?name=a.csv", content=b"text\nx\n").json()["source"]}
    first = ask(full, path, body, **{"Idempotency-Key": "once"})
    assert ask(full, path, body, **{"Idempotency-Key": "once"})["id"] == first["id"]
    assert ask(full, path, body)["id"] != first["id"]


def test_a_key_for_another_request_is_a_conflict(full: httpx.Client) -> None:
    ask(full, f"{STREET}/exports", {"format": "coco"}, **{"Idempotency-Key": "once"})
    answer = full.post(f"{STREET}/exports", json={"format": "voc"}, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 409


def test_a_run_is_cancelled_and_resumed(full: httpx.Client, noted: Noted) -> None:
    run = ask(full, f"{STREET}/exports", {"format": "coco"})
    assert full.post(f"/v1/runs/{run['id']}/cancel").json()["state"] == "cancelled"
    assert full.post(f"/v1/runs/{run['id']}/resume").json()["state"] == "queued"
    assert noted.runs == [run["id"], run["id"]]


def test_a_refused_request_leaves_no_run(full: httpx.Client, noted: Noted) -> None:
    before = len(rows(full, "/v1/runs"))
    assert full.post(f"{STREET}/predictions", json={}).status_code == 400
    assert full.post(f"{STREET}/predictions", json={"snapshot": "s1", "items": []}).status_code == 400
    assert full.post(f"{STREET}/models", json={"snapshot": "s7"}).status_code == 404
    assert full.post(f"{STREET}/evaluations", json={"against": "v7"}).status_code == 404
    assert full.post("/v1/projects/nobody/snapshots", json={}).status_code == 404
    assert len(rows(full, "/v1/runs")) == before
    assert noted.runs == []
