"""A small team labels from the command line: the next task, an answer, what the model suggests as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sabbatical as sb
from tests.cli.conftest import Call
from tests.cli.test_serving import run
from tests.stages.serve.conftest import Served, built_texts, texts

__all__ = ["built_texts", "texts"]
BOX = [4.0, 5.0, 20.0, 25.0]


@pytest.fixture
def night(home: Path) -> list[int]:
    """The numbers of the tasks of a campaign of three images."""
    with sb.open(home=home) as workspace:
        project = workspace.project()
        project.create_campaign("night", "a", [item.id for item in project.items()][:3])
        return [task.number for task in project.tasks("night")]


def test_the_next_task_is_shown_with_its_image_its_labels_and_the_suggestion(
    sabbatical: Call, night: list[int], tmp_path: Path
) -> None:
    shown = sabbatical("labels", "next", "--save", tmp_path / "look.png")
    assert shown.code == 0, shown.err
    assert f"Task {night[0]} of night, 3 open" in shown.out and "Human, Car" in shown.out
    assert "v1 in the words of a 1" in shown.out and (tmp_path / "look.png").read_bytes()[1:4] == b"PNG"
    assert max(map(len, shown.out.splitlines())) <= 80
    document = sabbatical("labels", "next", "night", "--json").document
    assert (document["task"]["number"], document["labels"], document["open"]) == (night[0], ["Human", "Car"], 3)
    assert document["suggestion"]["model"] == "v1" and document["item"]["width"] == 64
    later = sabbatical("labels", "next", "--after", str(night[0]), "--json").document
    assert later["task"]["number"] == night[1]


def test_boxes_are_said_from_a_file_and_the_same_again_changes_nothing(
    sabbatical: Call, night: list[int], tmp_path: Path
) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"shapes": [{"label": "human", "box": BOX}]}))
    for _ in range(2):
        said = sabbatical("labels", "answer", str(night[0]), "--shapes", tmp_path / "s.json", "--by", "anna")
        assert said.code == 0 and "is 1 Human, says anna" in said.out
    listed = sabbatical("labels", "tasks", "night")
    assert "1 Human" in listed.out and "anna" in listed.out and "open" in listed.out
    assert sabbatical("labels", "next", "--json").document["task"]["number"] == night[1]
    (tmp_path / "t.json").write_text(json.dumps([{"label": "Kar", "box": BOX}]))
    wrong = sabbatical("labels", "answer", str(night[1]), "--shapes", tmp_path / "t.json")
    assert wrong.code == 1 and "Did you mean 'Car'?" in wrong.err and "'Human'" in wrong.err
    other = sabbatical("labels", "answer", str(night[0]), "--shapes", tmp_path / "t.json", "--json")
    assert other.code == 1
    (tmp_path / "t.json").write_text("[]")
    refused = sabbatical("labels", "answer", str(night[0]), "--shapes", tmp_path / "t.json", "--json")
    assert refused.document["error"]["code"] == "conflict"
    meant = sabbatical("labels", "answer", str(night[0]), "--shapes", tmp_path / "t.json", "--change", "--json")
    assert meant.document["task"]["said"] == "nothing"


def test_where_nothing_is_suggested_nothing_can_be_accepted(sabbatical: Call, night: list[int]) -> None:
    assert sabbatical("labels", "next", "--json").document["suggestion"]["said"] == "nothing"
    refused = sabbatical("labels", "answer", str(night[0]), "--accept")
    assert refused.code == 1 and "suggests no box" in refused.err and "An empty list" in refused.err


def test_skipped_tasks_come_no_more_and_the_end_is_said(sabbatical: Call, night: list[int]) -> None:
    for number in night:
        assert "skipped" in sabbatical("labels", "answer", str(number), "--skip").out
    assert "Nothing is open" in sabbatical("labels", "next").out
    assert sabbatical("labels", "next", "night", "--json").document["task"] is None


def test_an_answer_is_one_thing(sabbatical: Call, night: list[int], tmp_path: Path) -> None:
    for options in ((), ("--accept", "--skip"), ("--label", "Car", "--accept")):
        assert sabbatical("labels", "answer", str(night[0]), *options).code == 2
    absent = sabbatical("labels", "answer", str(night[0]), "--shapes", tmp_path / "none.json")
    assert absent.code == 1 and "cannot be read" in absent.err
    (tmp_path / "s.json").write_text("{")
    assert "not JSON" in sabbatical("labels", "answer", str(night[0]), "--shapes", tmp_path / "s.json").err


def test_texts_are_read_whole_labeled_in_a_word_and_suggested_only_once_the_model_was_asked(texts: Served) -> None:
    long = "the sea " * 60
    asked = run(texts, "ask", "--text", long, "--json").document["answers"][0]
    with sb.open(home=texts.made.workspace.home) as workspace:
        project = workspace.project()
        (taxonomy,) = [one.name for one in project.taxonomies() if one.kind != "super"]
        unasked = next(item.id for item in project.items() if item.id != asked["item"])
        project.create_campaign("notes", taxonomy, [asked["item"], unasked])
    shown = run(texts, "labels", "next")
    assert shown.code == 0 and " ".join(shown.out.split()).count("the sea") == 60
    assert "--accept" in shown.out and "Sea" in shown.out
    number = run(texts, "labels", "next", "--json").document["task"]["number"]
    done = run(texts, "labels", "answer", str(number), "--accept", "--json").document["task"]
    assert done["said"] == "Sea" and len(done["text"]) == 300 and done["text"].endswith("…")
    assert run(texts, "labels", "answer", str(number), "--accept", "--json").document["task"] == done
    lacking = run(texts, "labels", "next")
    assert "No suggestion" in lacking.out and "--accept" not in lacking.out
    said = run(texts, "labels", "answer", str(number + 1), "--label", "sky")
    assert said.code == 0 and "is Sky" in said.out
    wrong = run(texts, "labels", "answer", str(number + 1), "--label", "skye", "--change")
    assert wrong.code == 1 and "Did you mean 'Sky'?" in wrong.err


def test_a_list_for_machines_says_whether_there_is_more(sabbatical: Call, night: list[int]) -> None:
    cut, whole = (sabbatical("labels", "tasks", "night", "--json", *limit).document for limit in (("--limit", "1"), ()))
    assert (len(cut["tasks"]), cut["more"]) == (1, True)
    assert (len(whole["tasks"]), whole["more"]) == (len(night), False)
    assert sabbatical("labels", "tasks", "--json").document["more"] is False
