"""The demo, small: every step is told, both models are judged, and one file holds the report."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sabbatical.cli.app import application
from sabbatical.demo import loop, ready
from sabbatical.demo.gain import DRIFTED
from sabbatical.report.words import signed
from sabbatical.schemas.serve import Served
from sabbatical.sim.traffic import Sight, Traffic

TASKS = 12
FIRST_HALF = ["Data", "Customers", "Ingest", "Snapshot", "Train", "Evaluate"]
STEPS = [*FIRST_HALF, "Release", "Serve", "Turn", "Report"]
FOREIGN = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|url\(["']?https?:|@import""")


class AtNight(Traffic):
    """People complain of every answer by night that misses most, and of none by day.

    A model of so few steps misses most at any hour; so it is people who tell where it fails.
    """

    def send(self, sight: Sight) -> Served:
        self.complaints = float(sight.frame.time_of_day == "night")
        return super().send(sight)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of a few scenes, trainings of some seconds, and gates that models of so little can pass."""
    for name, value in {"SCENES": 10, "TEST_SCENES": 4, "DARK_SCENES": 3}.items():
        monkeypatch.setattr(ready, name, value)
    monkeypatch.setitem(ready.WORLD_SETTINGS, "steps", 24)
    monkeypatch.setitem(ready.WORLD_SETTINGS, "batch", 4)
    monkeypatch.setattr(loop, "Traffic", AtNight)
    for name, value in {"DAY_SCENES": 10, "DARK_SCENES": 10, "STEPS": 12, "AT_ONCE": 8}.items():
        monkeypatch.setattr(loop, name, value)
    monkeypatch.setitem(loop.RULES, "gates", [{"gate": "items", "at_least": 5}, {"gate": "size"}])
    for stage in loop.RULES["stages"][:2]:
        monkeypatch.setitem(stage, "requests", 6)
        monkeypatch.setitem(stage, "slack_ms", 1000.0)  # so few requests on a busy machine say nothing of speed
    monkeypatch.setitem(loop.POLICY, "watch", {"window": 30, "reference": 30})
    monkeypatch.setitem(loop.POLICY, "label", {"tasks_a_turn": TASKS, "wait": "10m"})


def demo(folder: Path) -> dict[str, Any]:
    asked = ["demo", "--data", "world", "--folder", str(folder), "--json"]
    result = CliRunner().invoke(application(), asked, env={"COLUMNS": "80", "TERM": "dumb"})
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("small")
def test_the_world_is_played_to_the_end(tmp_path: Path) -> None:
    told = demo(tmp_path)
    assert [step["name"] for step in told["steps"]] == STEPS
    assert all(step["summary"] and step["seconds"] >= 0 for step in told["steps"])
    customers = told["steps"][1]["summary"]
    assert "sign" in customers and "bus" in customers  # what nobody labels, and what is labeled only as a part
    naive, turn = told["naive"]["metrics"], told["turns"][0]
    assert (told["schema"], told["data"], turn["masking"]) == (1, "world", "tree")
    for metrics in (naive, turn["metrics"]):
        assert set(metrics["by_class"]) >= {"person", "adult", "child", "vehicle", "car", "truck", "light"}
        assert {"weather", "time_of_day", "camera_height", "size", "customer"} <= {
            key.split("=")[0] for key in metrics["by_slice"]
        }
        assert metrics["intervals"]["overall"]
    assert recall(turn["metrics"]) >= recall(naive)
    assert turn["gate"]["passed"] is True
    assert turn["release"][-3:] == ["shadow", "canary", "full"]
    assert {"brightness", "weather=rain", "time_of_day=night"} & {one["slice"] for one in told["drift"]}
    assert all(one["p_value"] < 0.01 and one["effect"] >= 0.2 for one in told["drift"])
    page = Path(told["report"]).read_text()
    assert Path(told["report"]).parent == tmp_path
    assert not FOREIGN.search(page)
    check_the_second_turn(told)
    check_its_report(page, told)


def check_the_second_turn(told: dict[str, Any]) -> None:
    """It ordered, waited for labels, learned them, judged and decided; whether it is better is its own affair."""
    loop = told["loop"]
    assert loop["requests"] >= 60
    assert any("night" in title for title in loop["issues"])
    assert loop["labeled"] == TASKS
    assert {"monitor", "mine", "order", "labels", "snapshot", "train", "propose"} <= set(loop["seconds"])
    assert loop["outcome"] in {"promoted", "kept"}
    assert len(told["turns"]) == 2
    second = told["turns"][1]
    assert second["gate"]["passed"] is True
    assert second["release"][0] == "shadow"
    assert (second["release"][-1] == "full") is (loop["outcome"] == "promoted")
    gain = loop["gain"]
    assert (gain["model"], gain["against"]) == (second["model"], told["turns"][0]["model"])
    assert gain["promoted"] is (loop["outcome"] == "promoted")
    for name in DRIFTED:
        change = loop["changes"][name]
        low, high = change["interval"]
        assert low <= change["after"] - change["before"] <= high
        assert f"{signed(low)} to {signed(high)}" in gain["sentence"]
    assert gain["better_where_drifted"] is all(loop["changes"][name]["interval"][0] > 0 for name in DRIFTED)


def check_its_report(page: str, told: dict[str, Any]) -> None:
    """What drifted, what was missed, what was labeled, each with its pictures; what is better, with intervals."""
    loop, cards = told["loop"], cards_of(page)
    assert told["loop"]["gain"]["sentence"] in html.unescape(re.sub(r"<[^>]+>", "", page))
    for title in ("Before", "Now"):
        assert cards[title].pictures >= 1, title
    ((missed, card),) = [(title, card) for title, card in cards.items() if title.startswith("#1 ")]
    assert "night" in missed.lower()
    assert card.pictures == len(card.captions) >= 1
    assert all(re.fullmatch(r"night, \w+: (\d+ missed|not labeled)", said) for said in card.captions)
    assert any("missed" in said for said in card.captions)
    labeled = cards["Suggested, and kept"]
    assert labeled.pictures == 2 * len(labeled.captions) >= 2
    assert all(re.fullmatch(r"\d+ s instead of \d+ s", said) for said in labeled.captions)
    for name in DRIFTED:
        low, high = loop["changes"][name]["interval"]
        assert f"95% interval {signed(low)} to {signed(high)}" in cards["What changed"].text


@dataclass
class CardRead:
    """A card of the report: its words, its pictures, and what is written under them."""

    text: str
    pictures: int
    captions: list[str]


def cards_of(page: str) -> dict[str, CardRead]:
    """Every card by its title; of those with the same title, the last."""
    found = {}
    for part in re.split(r"(?=<section class=\"card)", page)[1:]:
        title = re.search(r"<h3[^>]*>(.*?)</h3>", part, re.DOTALL)
        if title is None:
            continue
        captions = [words(one) for one in re.findall(r"<figcaption>(.*?)</figcaption>", part, re.DOTALL)]
        found[words(title[1])] = CardRead(words(part), len(re.findall(r'<use href="#[^"]+"', part)), captions)
    return found


def words(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup)).strip()


def recall(metrics: dict[str, Any]) -> float:
    found = [scores.get("recall") or 0.0 for scores in metrics["by_class"].values()]
    return sum(found) / len(found)
