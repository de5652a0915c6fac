"""Drift on the command line: too little is said to be too little, a look is told in words and as a document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import sabbatical as sb
from tests.cli.conftest import Call


def test_a_model_that_answered_nothing_has_nothing_to_look_at(sabbatical: Call) -> None:
    said = sabbatical("monitor", "report", "--json")
    assert said.code == 1
    assert said.document["error"]["code"] == "empty_dataset"
    assert "v1 has answered 0 new items; a look takes at least 20." in said.document["error"]["message"]
    assert "It takes 20 more answers" in said.document["error"]["hint"]
    assert "smaller window" not in said.document["error"]["hint"]
    assert sabbatical("monitor", "list", "--json").document == {"schema": 1, "drifts": [], "more": False}
    missing = sabbatical("monitor", "show", "d1")
    assert missing.code == 1
    assert "sabbatical monitor report" in missing.err


def test_a_look_is_listed_and_shown(sabbatical: Call, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dark"
    folder.mkdir()
    dice = np.random.default_rng(0)
    for number in range(24):
        Image.fromarray(dice.integers(0, 20, (48, 64, 3), dtype=np.uint8)).save(folder / f"{number}.png")
    with sb.open(home=home) as workspace:
        project = workspace.project()
        dark = [one.item for one in project.model().predict(folder)]
        assert project.monitor(items=dark, against=[item.id for item in project.items()][:24]).drifted
    shown = sabbatical("monitor", "show", "--page", tmp_path / "drift.html")
    assert "brightness" in shown.out
    assert "effect: how far it moved" in shown.out and "0.2 or more counts" in " ".join(shown.out.split())
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "drifted: 24 items against 24, chance of a false alarm 1.0%." in " ".join(shown.out.split())
    assert (tmp_path / "drift.html").read_text().startswith("<!doctype html>")
    document = sabbatical("monitor", "show", "d1", "--json").document
    assert {one["slice"] for one in document["drift"]["drifts"]} >= {"brightness", "contrast"}
    assert {"window", "slice", "statistic", "p_value", "effect"} == set(document["drift"]["drifts"][0])
    (listed,) = sabbatical("monitor", "list", "--json").document["drifts"]
    assert (listed["name"], listed["model"], listed["window"]["items"]) == ("d1", "v1", 24)
    assert "d1" in sabbatical("monitor", "list").out
