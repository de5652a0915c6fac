"""A file of texts or a folder of images is asked about in batches; bad rows are named, and the rest goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import sabbatical as sb
from sabbatical.core.errors import BadInput
from sabbatical.schemas.serve import MOST_INPUTS
from tests.cli.test_serving import run
from tests.stages.serve.conftest import Served, built_images, built_texts, images, picture, texts

__all__ = ["built_images", "built_texts", "images", "texts"]
MANY = MOST_INPUTS * 2 + 5


def rows_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(row) for row in out.splitlines()]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A table of more texts than two requests hold, one of them empty and one too short a row."""
    rows = [f"{number},the sea has {number} waves,mail" for number in range(MANY)]
    rows[3], rows[70] = "3,,mail", "70,lonely"
    path = tmp_path / "notes.csv"
    path.write_text("\n".join(["number,text,from", *rows]))
    return path


def test_every_text_of_a_table_is_answered_in_its_order_and_bad_rows_are_named(texts: Served, notes: Path) -> None:
    said = run(texts, "ask", notes, "--json")
    assert said.code == 0, said.err
    rows = rows_of(said.out)
    assert [row["line"] for row in rows] == list(range(2, MANY + 2))
    assert [row["line"] for row in rows if row["refused"]] == [5, 72]
    assert "empty" in rows[3]["refused"] and "2 columns" in rows[70]["refused"]
    assert rows[0]["said"].startswith("sea ") and rows[0]["answer"]["model"] == "v1" and rows[0]["schema"] == 1
    assert len(texts.rows()) == MANY - 2 and len({row.request for row in texts.rows()}) == 3
    item = texts.get(f"items/{rows[0]['answer']['item']}")
    assert item["attributes"] == {"number": "0", "from": "mail"}


def test_for_people_there_is_a_line_a_text_and_a_sum(texts: Served, notes: Path) -> None:
    said = run(texts, "ask", notes, "--set", "weather=rain")
    lines = said.out.splitlines()
    assert said.code == 0 and max(map(len, lines)) <= 80
    assert lines[0].startswith("sea ") and "the sea has 0 waves" in lines[0]
    assert "refused notes.csv, line 5: The text is empty." in said.out
    assert f"{MANY - 2} answered" in lines[-1] and "2 refused" in lines[-1]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_answers_are_written_by_the_ending_of_the_file(texts: Served, notes: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"said.{ending}"
    said = run(texts, "ask", notes, "--output", output, "--json")
    assert said.document == {
        "schema": 1, "answered": MANY - 2, "unsure": 0, "refused": 2, "output": str(output.resolve()),
    }  # fmt: skip
    if ending == "csv":
        rows = list(csv.DictReader(output.open(newline="")))
        assert (rows[0]["label"], rows[0]["sure"], rows[0]["model"]) == ("sea", "True", "v1")
        assert rows[0]["prediction"].startswith("prd_") and rows[3]["refused"] == "The text is empty."
    else:
        assert rows_of(output.read_text())[0]["answer"]["found"][0]["label"] == "sea"
    assert run(texts, "ask", notes, "--output", tmp_path / "said.xml").code == 2


def test_the_column_is_found_or_said_and_a_line_that_is_no_json_is_named(texts: Served, tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_text('{"words": "sky"}\nno json\n{"words": "sea"}\n')
    unknown = run(texts, "ask", file)
    assert unknown.code == 1 and "--column" in unknown.err
    rows = rows_of(run(texts, "ask", file, "--column", "words", "--json").out)
    assert [row["said"][:3] if row["said"] else row["line"] for row in rows] == ["sky", 2, "sea"]
    wrong = run(texts, "ask", file, "--column", "word", "--json")
    assert wrong.code == 1 and rows_of(wrong.out)[-1]["error"]["message"] == "There is no column 'word'."


def test_an_input_that_the_server_refuses_costs_its_neighbours_no_answer(texts: Served, tmp_path: Path) -> None:
    rows = [{"text": f"sea {number}"} for number in range(9)]
    rows[2]["text"], rows[4]["note"] = "a zero\0byte", "x" * 30_000
    file = tmp_path / "notes.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    with sb.open(home=texts.made.workspace.home) as workspace:
        found = list(workspace.project().online.ask_all(file, unit="anna"))
        assert [row.where for row in found if row.answer is None] == ["notes.jsonl, line 3", "notes.jsonl, line 5"]
        assert "zero byte" in str(found[2].refused) and "20,000 bytes" in str(found[4].refused)
        assert {row.unit for row in texts.rows()} == {"anna"} and len(texts.rows()) == 7
        with pytest.raises(BadInput, match="no such file"):
            list(workspace.project().online.ask_all(tmp_path / "none.csv"))


def test_a_folder_of_images_is_asked_and_what_is_none_is_named(images: Served, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(picture(number))
    (folder / "1.jpg").write_bytes(b"no image")
    (folder / "notes.doc").write_bytes(b"x")
    rows = rows_of(run(images, "ask", folder, "--json").out)
    assert [(row["name"] or row["file"], row["refused"] is None) for row in rows] == [
        ("0.jpg", True), ("1.jpg", False), ("2.jpg", True), ("notes.doc", False),
    ]  # fmt: skip
    assert rows[0]["said"][0].isdigit() and rows[0]["answer"]["found"][0]["box"]


def test_where_nothing_can_be_answered_the_command_fails(texts: Served, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    said = run(texts, "ask", tmp_path)
    assert said.code == 1 and "this is an image" in " ".join(said.out.split())
    assert run(texts, "ask", tmp_path, "--text", "sea").code == 2
    assert run(texts, "ask", "--text", "sea", "--column", "x").code == 2
