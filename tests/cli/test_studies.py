"""A study is one command: what has ended is not done again, and what is wrong is said before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call

TINY = ("steps=4", "batch=2", "canvas=64,64", "widths=8,12,16,24,32", "pyramid=16,16,24,32", "places=30")


@pytest.mark.data("bccd")
def test_a_study_answers_every_method_and_claim_and_its_page_stands_alone(fresh: Call, tmp_path: Path) -> None:
    page = tmp_path / "study.html"
    settings = [word for one in TINY for word in ("--set", one)]
    command = ("study", "masking", "--seeds", "1", "-m", "naive", "-m", "tree", *settings, "--json")
    said = fresh(*command, "--page", page)
    assert said.code == 0, said.err
    found = said.document
    assert (found["study"], found["data"], found["seeds"], found["missing"]) == ("masking", "bccd", [0], [])
    assert set(found["methods"]) == {"naive", "tree"}
    assert set(found["methods"]["tree"]["metrics"]["by_class"]) == {"RBC", "WBC", "Platelets"}
    assert found["report"] == str(page)
    assert "<script src" not in page.read_text()
    runs = fresh("run", "list", "--json").document["runs"]
    assert [run["kind"] for run in runs].count("trial") == 2
    again = fresh(*command)
    assert again.document["methods"] == found["methods"]
    runs = fresh("run", "list", "--json").document["runs"]
    assert [run["kind"] for run in runs].count("trial") == 2


def test_a_study_with_nothing_done_says_what_is_missing(fresh: Call) -> None:
    said = fresh("study", "growth", "--seeds", "1", "--now", "--json")
    assert said.document["missing"] == ["warm-0", "scratch-0", "new-0"]
    assert said.document["methods"] == {}


@pytest.mark.parametrize(("words", "named"), [(("--data", "bcd"), "bccd"), (("-m", "trees"), "tree")])
def test_what_cannot_be_studied_is_refused_with_what_can(fresh: Call, words: tuple[str, str], named: str) -> None:
    said = fresh("study", "masking", *words, "--json")
    assert said.code in {1, 2}
    assert named in said.document["error"]["hint"]
    assert fresh("run", "list", "--json").document["runs"] == []
