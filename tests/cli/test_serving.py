"""The released model is asked, looked at and judged from the command line."""

from __future__ import annotations

import os
import re
import shlex
import signal
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.cli.conftest import Said, call
from tests.cli.test_processes import start
from tests.stages.serve.conftest import Served, built_texts, texts

__all__ = ["built_texts", "texts"]


def run(served: Served, *arguments: str | Path) -> Said:
    return call(*arguments, "--home", served.made.workspace.home)


def test_the_released_model_is_asked_and_judged(texts: Served) -> None:
    said = run(texts, "ask", "--text", "the sea is wide", "--unit", "anna", "--set", "from=mail", "--json")
    (one,) = said.document["answers"]
    assert said.code == 0 and one["model"] == "v1" and one["found"][0]["label"] == "sea"
    assert texts.get(f"items/{one['item']}")["attributes"] == {"from": "mail"}
    words = run(texts, "ask", "--item", one["item"], "--no-record")
    assert "sea" in words.out and "feedback give" not in words.out
    told = run(texts, "served", "list").out
    assert one["id"] in told and "the sea is wide" in told and "sea " in told
    assert "anna" in run(texts, "served", "show", one["id"]).out
    given = run(texts, "feedback", "give", one["id"], "wrong", "--label", "sky", "--by", "bert")
    assert given.code == 0 and "wrong, says bert: it is sky." in given.out
    assert run(texts, "feedback", "list", "--json").document["feedback"][0]["label"] == "sky"
    listed = run(texts, "feedback", "list")
    assert "sky" in listed.out and max(map(len, listed.out.splitlines())) <= 80
    record = run(texts, "served", "list", "--json").document["answers"][0]
    assert (record["text"], record["feedback"], record["said"][:4]) == ("the sea is wide", "wrong", "sea ")
    assert "called wrong" in run(texts, "served", "list").out
    assert "v1 is the champion" in run(texts, "served", "status").out


def test_wrong_use_is_said(texts: Served, tmp_path: Path) -> None:
    assert run(texts, "ask").code == 2
    assert run(texts, "feedback", "give", "prd_none", "perhaps").code == 2
    assert run(texts, "served", "list", "--arm", "both").code == 2
    missing = run(texts, "feedback", "give", "prd_none", "right")
    assert missing.code == 1 and "has given no answer" in missing.err
    absent = run(texts, "ask", tmp_path / "none.jpg")
    assert absent.code == 1 and "cannot be read" in absent.err


@pytest.mark.parametrize("text", ["word", "the sea is wide " * 40])
def test_a_text_that_is_given_as_a_file_is_told_how_to_be_asked(texts: Served, text: str) -> None:
    error = run(texts, "ask", text, "--json").document["error"]
    assert error["code"] == "bad_file" and "it is not there" in error["message"]
    assert error["hint"] == f"If it is a text: `sabbatical ask --text {shlex.quote(text)}`."


def test_a_picture_needs_nothing_said_of_it_to_be_asked(texts: Served, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(picture)
    for more in ((), ("--set", "weather=rain"), ("--unit", "anna")):
        said = run(texts, "ask", picture, *more)
        assert said.code != 0 and "this is an image" in said.err  # it is the model that reads texts


def test_a_server_that_only_serves_is_started_and_stopped(texts: Served) -> None:
    process = start(texts.made.workspace.home, "serve", "--port", "0")
    assert process.stdout is not None
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert url is not None
    answer = httpx.post(f"{url[0]}/v1/projects/notes/predict", json={"text": "the sky"}, timeout=60)
    assert answer.json()["found"][0]["label"] == "sky"
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "on record" in out
