"""The loop's face: its policy as a file, on and off, one turn, what it says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import sabbatical as sb
from sabbatical.core.errors import BadFile, BadRequest
from sabbatical.schemas.policy import Policy
from sabbatical.sdk.project import Project
from tests.cli.conftest import Said, call

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with sb.open(home=tmp_path / "home") as workspace:
        workspace.create_project("desk", "text")
    return tmp_path / "home"


def sabbatical(home: Path, *arguments: str | Path) -> Said:
    return call("autopilot", *arguments, "--home", home)


def project_of(home: Path) -> Project:
    return sb.open(home=home).project()


def test_a_project_has_the_usual_policy_and_is_off(home: Path) -> None:
    status = project_of(home).autopilot.status()
    assert (status.policy.enabled, status.policy.policy, status.now, status.turns) == (False, Policy(), None, [])


def test_a_policy_comes_from_a_file_and_goes_back_to_one(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("when: {every: week}\nlabel: {tasks_a_week: 50, wait: 3d}\n")
    assert sabbatical(home, "on", "--policy", file).code == 0
    shown = sabbatical(home, "policy")
    document = yaml.safe_load(shown.out)
    assert (document["when"]["every"], document["label"]["wait"]) == ("week", "3d")
    file.write_text(shown.out)
    assert sabbatical(home, "policy", file).code == 0
    assert len(list(project_of(home).autopilot.policies())) == 1


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("label: {tasks_a_weak: 50}", "policy.label.tasks_a_weak"),
        ("label: {wait: soon}", "policy.label.wait"),
        ("release: {stages: [{stage: canary}]}", "policy.release"),
        ("when: {every: hour}", "policy.when.every"),
    ],
)
def test_a_policy_that_cannot_be_names_its_field(home: Path, tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(BadRequest) as raised:
        project_of(home).autopilot.set_policy(tmp_path / "policy.yaml")
    assert where in str(raised.value.where)


def test_a_policy_that_is_no_yaml_is_said_with_its_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("when: [")
    with pytest.raises(BadFile, match="no YAML"):
        project_of(home).autopilot.on(tmp_path / "policy.yaml")
    with pytest.raises(BadFile, match="cannot be read"):
        project_of(home).autopilot.on(tmp_path / "none.yaml")


def test_status_says_on_or_off_when_the_next_turn_is_due_and_that_a_worker_is_missing(home: Path) -> None:
    assert "is off" in sabbatical(home, "status").out
    project_of(home).autopilot.on({"when": {"every": "day"}})
    told = sabbatical(home, "status").out
    assert "is on, by owner" in told
    assert re.search(r"Next turn: \d{4}-\d\d-\d\d \d\d:\d\d, a day after it was turned on", told)
    assert "sabbatical up" in told
    document = sabbatical(home, "status", "--json").document
    assert (document["schema"], document["status"]["policy"]["enabled"]) == (1, True)
    assert "is off" in sabbatical(home, "off").out


def test_the_policy_in_the_manual_is_one() -> None:
    text = (ROOT / "docs" / "autopilot.md").read_text()
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    policy = Policy.model_validate(yaml.safe_load(found[1]))
    assert policy.when.every is not None
    assert [stage.stage for stage in policy.release.stages][-1] == "full"
