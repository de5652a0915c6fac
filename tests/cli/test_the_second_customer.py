"""The worked example at the end of the document on taxonomies is so, command by command."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import call
from tests.sdk import street

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "taxonomies.md"


def draw_basalt(folder: Path) -> None:
    """Other pictures than the first customer's, with the labels of the second."""
    file = street.draw(folder, 30, 1) / "annotations.json"
    document = json.loads(file.read_text())
    names = ("Pedestrian_adult", "Pedestrian_child", "PKW")
    document["categories"] = [{"id": n + 1, "name": name} for n, name in enumerate(names)]
    for n, one in enumerate(document["annotations"]):
        one["category_id"] = n % 3 + 1
    file.write_text(json.dumps(document))


def test_a_second_customer_joins_as_the_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # children of other tests' making are found from here too
    street.draw(tmp_path / "cameras")
    draw_basalt(tmp_path / "basalt")
    example = DOCUMENT.read_text().split("## A second customer, step by step")[1]
    said = {}
    for kind, block in re.findall(r"```(yaml)?\n(.*?)```", example, re.DOTALL):
        if kind:
            (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block)
            continue
        for line in block.splitlines():
            words, _, file = line.partition(" > ")
            if words != "sabbatical train":  # trained enough elsewhere
                done = call(*shlex.split(words)[1:], "--home", tmp_path / "home")
                assert done.code == 0, (line, done.err)
                said[words] = " ".join(done.out.split())
                if file:
                    assert "classes:\n  Human: " in done.out and "version: 1\n" in done.out
    assert "The super-taxonomy cameras stands at version 2." in said["sabbatical taxonomy add tree.yaml basalt.yaml"]
    assert "error" not in said["sabbatical taxonomy check"]
    counts = said["sabbatical snapshot create"]
    assert "54 items" in counts and "basalt" in counts and "cameras-labels" in counts
