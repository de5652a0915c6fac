"""For machines one document with a schema, for people words in 80 columns."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, Said
from tests.sdk import street

QUESTIONS = {
    "project list": {"projects"},
    "project show": {"project", "taxonomies", "newest_snapshot", "newest_model"},
    "taxonomy show": {"taxonomies"},
    "taxonomy show a": {"taxonomies"},
    "taxonomy check": {"findings"},
    "taxonomy tables a": {"taxonomy", "version", "classes", "labels", "background", "box_weight", "coverage"},
    "snapshot create": {"snapshot"},
    "snapshot list": {"snapshots", "more"},
    "snapshot show": {"snapshot"},
    "snapshot diff s1 s1": {"diff"},
    "snapshot boxes --by class,split": {"snapshot", "rows"},
    "labels tasks": {"campaigns", "more"},
    "model list": {"models", "more"},
    "model show": {"model"},
    "evaluate": {"model", "snapshot", "items", "metrics", "evaluation"},
    "predict v1 --snapshot s1": {
        "model",
        "items",
        "quarantined",
        "quarantined_total",
        "computed",
        "stored",
        "found",
        "seconds",
    },
    "run list": {"runs", "more"},
    "data list": {"data"},
    "doctor": {"findings"},
}


def asked(question: str) -> list[str]:
    return question.split()


@pytest.mark.parametrize("question", QUESTIONS)
def test_with_json_there_is_one_document_on_stdout(sabbatical: Call, question: str) -> None:
    said = sabbatical(*asked(question), "--json")
    assert said.code == 0, said.err
    assert said.document["schema"] == 1
    assert set(said.document) == {"schema", *QUESTIONS[question]}


@pytest.mark.parametrize("question", QUESTIONS)
def test_for_people_nothing_is_wider_than_80_columns(sabbatical: Call, question: str) -> None:
    said = sabbatical(*asked(question))
    assert said.code == 0, said.err
    assert said.out.strip()
    assert max(map(len, said.out.splitlines())) <= 80
    with pytest.raises(json.JSONDecodeError):
        json.loads(said.out)


def test_progress_is_told_on_stderr_only(sabbatical: Call) -> None:
    said = sabbatical("snapshot", "create", "--split", "test", "--json")
    assert "snapshot" in said.err
    assert said.document["snapshot"]["name"] == "s2"


def test_ingest_answers_as_it_is_written_down(sabbatical: Call, tmp_path: Path) -> None:
    more = street.draw(tmp_path / "more", 3, seed=1)
    (more / "torn.png").write_bytes((more / "1-000.png").read_bytes()[:100])
    document = json.loads((more / "annotations.json").read_text())
    document["images"].append({"id": 99, "file_name": "torn.png", "width": 64, "height": 48})
    (more / "annotations.json").write_text(json.dumps(document))
    found = sabbatical("ingest", more, "--taxonomy", "a", "--json").document
    assert {"schema", "format", "added", "known", "quarantined", "seconds"} <= set(found)
    assert (found["format"], found["added"]) == ("coco", 3)
    assert set(found["quarantined"][0]) == {"file", "line", "field", "reason"}
    run = sabbatical("run", "list", "--json").document["runs"][0]["id"]
    shown = sabbatical("run", "show", run, "--quarantine", "--json").document
    assert shown["quarantined"] == found["quarantined"]


def test_a_first_project_is_made_from_the_data(fresh: Call, data: Path) -> None:
    assert fresh("ingest", data).code == 0
    shown = fresh("project", "show").out
    assert "learns boxes" in shown
    assert fresh("taxonomy", "check").out.startswith("Nothing to say")


def test_projects_and_taxonomies_are_made_by_hand(fresh: Call, tmp_path: Path) -> None:
    assert "street" in fresh("project", "create", "street", "--task", "boxes").out
    files = tmp_path / "road.yaml", tmp_path / "a.yaml"
    for file, document in zip(files, (street.SUPER, street.CUSTOMER), strict=True):
        file.write_text(json.dumps(document))
    said = fresh("taxonomy", "add", *files)
    assert said.code == 0, said.err
    assert "version 1" in said.out
    shown = fresh("taxonomy", "show").out
    assert "adult" in shown
    assert "Human is person" in shown


def test_a_model_is_trained_judged_against_another_and_asked(sabbatical: Call, tmp_path: Path) -> None:
    settings = [part for name, value in street.TINY.items() for part in ("--set", f"{name}={value}")]
    trained = sabbatical("train", "--masking", "none", "--seed", "7", *settings, "--json").document["model"]
    assert (trained["name"], trained["masking"], trained["seed"]) == ("v2", "none", 7)
    said = sabbatical("evaluate", "v2", "--against", "v1", "--page", tmp_path / "r.html", "--json").document
    assert (said["against"]["model"], said["page"]) == ("v1", str(tmp_path / "r.html"))
    assert set(said["metrics"]) >= {"overall", "by_class"}
    assert (tmp_path / "r.html").exists()
    found = sabbatical("predict", "v2", "--snapshot", "s1", "-o", tmp_path / "p.jsonl", "--json").document
    assert (found["items"], found["output"]) == (street.ITEMS, str(tmp_path / "p.jsonl"))
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == street.ITEMS
    assert sabbatical("model", "weights", tmp_path / "w.safetensors").code == 0


def test_a_model_is_exported_and_its_parity_is_said(sabbatical: Call, tmp_path: Path) -> None:
    file = tmp_path / "street.onnx"
    said = sabbatical("model", "export", "v1", "--onnx", file)
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    assert "street.onnxisv1asONNX" in "".join(said.out.split())  # a long path is broken anywhere
    assert "uint8 RGB (n, 32, 48, 3)" in words
    assert re.search(r"with v1: [\d,]+ of [\d,]+ places on 8 images are the same, to \d\.\de-\d\d at most\.", words)
    document = sabbatical("model", "export", "--onnx", file, "--json").document
    assert (document["output"], document["bytes"]) == (str(file), file.stat().st_size)
    assert document["difference"] < 1e-4 and document["same"] >= 0.97 * document["places"] > 50
    assert sabbatical("model", "export", "v1").code == 2


def test_labels_go_out_and_in(sabbatical: Call, tmp_path: Path) -> None:
    said = sabbatical("labels", "export", tmp_path / "out", "--format", "coco", "--json")
    assert said.document["items"] == street.ITEMS
    again = sabbatical("labels", "import", tmp_path / "out", "--taxonomy", "a", "--json").document
    assert again["added"] == 0
    item = _first_item(sabbatical)
    history = sabbatical("labels", "history", item, "--json").document["revisions"]
    assert {one["taxonomy"] for one in history} == {"a"}


def _first_item(sabbatical: Call) -> str:
    said: Said = sabbatical("predict", "v1", "--snapshot", "s1", "--json")
    run: dict[str, Any] = sabbatical("run", "list", "--json").document["runs"][0]
    assert said.code == 0
    return str(json.loads(Path(run["result"]["output"]).read_text().splitlines()[0])["item"])


def test_a_long_list_says_that_it_goes_on(sabbatical: Call) -> None:
    said = sabbatical("run", "list", "--limit", "2")
    assert "The first 2" in said.out
    assert len(sabbatical("run", "list", "--limit", "2", "--json").document["runs"]) == 2
