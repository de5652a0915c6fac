"""The demo, small: every step is told, both models are judged, and one file holds the report."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sabbatical.cli.app import application
from sabbatical.demo import loop, ready

FIRST_HALF = ["Data", "Customers", "Ingest", "Snapshot", "Train", "Evaluate"]
STEPS = [*FIRST_HALF, "Release", "Serve", "Turn", "Report"]
FOREIGN = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|url\(["']?https?:|@import""")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of a few scenes, trainings of some seconds, and gates that models of so little can pass."""
    for name, value in {"SCENES": 16, "TEST_SCENES": 5, "DARK_SCENES": 2}.items():
        monkeypatch.setattr(ready, name, value)
    monkeypatch.setitem(ready.WORLD_SETTINGS, "steps", 40)
    monkeypatch.setitem(ready.WORLD_SETTINGS, "batch", 4)
    for name, value in {"DAY_SCENES": 10, "DARK_SCENES": 10, "STEPS": 30}.items():
        monkeypatch.setattr(loop, name, value)
    monkeypatch.setitem(loop.RULES, "gates", [{"gate": "items", "at_least": 5}, {"gate": "size"}])
    monkeypatch.setitem(loop.POLICY, "watch", {"window": 30, "reference": 30})
    monkeypatch.setitem(loop.POLICY, "label", {"tasks_a_turn": 12, "wait": "10m"})


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
        assert {"weather", "time_of_day", "camera", "size", "customer"} <= {
            key.split("=")[0] for key in metrics["by_slice"]
        }
        assert metrics["intervals"]["overall"]
    assert recall(turn["metrics"]) >= recall(naive)
    assert turn["gate"]["passed"] is True
    assert turn["release"][-3:] == ["shadow", "canary", "full"]
    assert {"brightness", "weather=rain", "time_of_day=night"} & {one["slice"] for one in told["drift"]}
    assert all(one["p_value"] < 0.01 and one["effect"] >= 0.2 for one in told["drift"])
    loop = told["loop"]
    assert loop["requests"] >= 60
    assert loop["seconds"]["monitor"] > 0
    # A model of so few steps may be unsure of everything; then nothing is worse than the rest, and nothing is ordered.
    assert (loop["outcome"], len(told["turns"])) in {("promoted", 2), ("nothing", 1)}
    if loop["outcome"] == "promoted":
        assert loop["labeled"] == 12
        assert told["turns"][1]["release"][-3:] == ["shadow", "canary", "full"]
    page = Path(told["report"]).read_text()
    assert Path(told["report"]).parent == tmp_path
    assert page.count("data:image/") >= 4
    assert not FOREIGN.search(page)


def recall(metrics: dict[str, Any]) -> float:
    found = [scores.get("recall") or 0.0 for scores in metrics["by_class"].values()]
    return sum(found) / len(found)
