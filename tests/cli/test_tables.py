"""Tables fit a terminal of 80 columns, and no number in them is cut."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.cli import output

INTERVAL = "100.0 (100.0-100.0)"


def lines_of(capsys: pytest.CaptureFixture[str], columns: list[str], *rows: list[Any]) -> list[str]:
    output.table(columns, rows)
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said)) <= 80
    return said


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("name", ["car", "a class with a name that goes on and on and on for much of the line"])
def test_numbers_with_their_intervals_are_never_cut(capsys: pytest.CaptureFixture[str], name: str) -> None:
    said = lines_of(capsys, ["*class", "ap50", "recall", "precision", "f1", "n"], [name, *[INTERVAL] * 4, 12345])
    whole = " ".join(said)
    assert (whole.count("100.0 "), whole.count("(100.0-100.0)"), whole.count("12,345")) == (4, 4, 1)
    assert "…" not in whole
    assert "".join("".join(line[: min(12, len(name))].split()) for line in said[1:]) == name.replace(" ", "")


def test_where_there_is_room_a_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines_of(capsys, ["*slice", "map50", "n"], ["night", INTERVAL, 5], ["day", "9.0 (8.0-9.9)", 12])
    assert len(said) == 3
    assert said[1].split() == ["night", "100.0", "(100.0-100.0)", "5"]


def test_a_long_text_gives_way_before_the_words_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    for mark, rows in (("*", 5), ("~", 2)):
        said = lines_of(
            capsys, ["prediction", "model", f"{mark}text"], ["prd_01m7abcdefghijklmnop", "v12", "sea " * 60]
        )
        assert said[1].startswith("prd_01m7abcdefghijklmnop  v12  ") and (len(said) >= rows)
    assert said[1].endswith("…")


def test_an_id_stays_whole_where_a_text_can_give_way(capsys: pytest.CaptureFixture[str]) -> None:
    columns = ["prediction", "model", "arm", "verdict", "*it is, comment", "when"]
    row = ["prd_01m80asekn0a4100200w", "v1", "champion", "wrong", "money; looks like an invoice", "just now"]
    assert lines_of(capsys, columns, row)[1].startswith("prd_01m80asekn0a4100200w  v1     champion  wrong")


def test_what_is_no_number_stands_left_and_numbers_stand_right(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines_of(capsys, ["what", "n", "share"], ["a", 5, "12%"], ["b", 1200, "3%"])
    assert said[1:] == ["a         5    12%", "b     1,200     3%"]
