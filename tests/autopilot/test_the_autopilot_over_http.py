"""The loop's face: its policy as a file, on and off, one turn, what it says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
import yaml

import sabbatical as sb
from sabbatical.autopilot import actions as autopilot
from sabbatical.core.errors import BadFile, BadRequest
from sabbatical.core.settings import load
from sabbatical.schemas.policy import Policy
from sabbatical.sdk.project import Project
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import open_workspace
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
        ("label: {tasks_a_weak: 50}", "label.tasks_a_weak"),
        ("label: {wait: soon}", "label.wait"),
        ("release: {stages: [{stage: canary}]}", "release"),
        ("when: {every: hour}", "when.every"),
        ("train:", "train"),
        ("trian: {recipe: linear}", "trian"),
    ],
)
def test_a_policy_that_cannot_be_names_its_file_and_field(home: Path, tmp_path: Path, text: str, where: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    with pytest.raises(BadRequest) as raised:
        project_of(home).autopilot.set_policy(file)
    assert raised.value.where == f"{file}, field {where}"


@pytest.mark.parametrize(
    ("text", "message", "meant"),
    [
        ("trian: {recipe: linear}", "There is no field 'trian'.", "Did you mean 'train'?"),
        ("label: {tasks_a_weak: 50}", "There is no field 'tasks_a_weak'.", "'tasks_a_week'"),
        ("release: {gates: [{gate: slice}]}", "There is no gate 'slice'.", "Did you mean 'slices'"),
        ("when: {every: weak}", "not 'weak'.", "Did you mean 'week'?"),
    ],
)
def test_a_slip_in_a_policy_says_what_was_meant(
    home: Path, tmp_path: Path, text: str, message: str, meant: str
) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    error = sabbatical(home, "on", "--policy", tmp_path / "policy.yaml", "--json").document["error"]
    assert error["message"].endswith(message) and meant in error["hint"]
    asked = {"policy": yaml.safe_load(text)}
    over_http = project_of(home)._client._http.post("/v1/projects/desk/autopilot/on", json=asked).json()["error"]
    assert (over_http["message"], over_http["hint"]) == (error["message"], error["hint"])
    assert over_http["where"].startswith("field policy.")


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("train: {recipe: lineer}", "train", "lineer"),
        ("train: {recipe: linear, settings: {lerning: 3}}", "train", "lerning"),
        ("release: {gates: [{gate: metric, metric: mapp, at_least: 0.5}]}", "release.gates.0.metric", "mapp"),
        ("release: {gates: [{gate: metric, metric: f1, at_least: 60}]}", "release.gates.0.at_least", "60"),
        ("release: {gates: [{gate: overall, lose_at_most: 2}]}", "release.gates.0", "0.02 is 2 points"),
        ("release: {judge: {taxonomies: [nobody]}}", "release.judge.taxonomies", "nobody"),
    ],
)
def test_what_a_turn_would_stumble_over_is_refused_with_the_policy(
    home: Path, tmp_path: Path, text: str, field: str, said: str
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    for command in (("on", "--policy", file), ("policy", file)):
        error = sabbatical(home, *command, "--json").document["error"]
        assert said in error["message"] and error["where"].startswith(f"{file}, field {field}"), error
    assert project_of(home).autopilot.status().policy.created_at is None


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
    assert "`sabbatical autopilot on`" in sabbatical(home, "status").out


def test_on_with_a_policy_by_which_no_turn_begins_says_so_and_what_to_do(home: Path) -> None:
    said = sabbatical(home, "on")
    words = " ".join(said.out.split())
    assert said.code == 0 and "No turn begins by itself, for the policy says no `when`" in words
    assert "`sabbatical autopilot on --policy FILE`" in words and "`sabbatical autopilot once`" in words
    assert "No turn begins by itself" in sabbatical(home, "on", "--json").document["next"]["why"]


def test_status_says_everything_that_begins_a_turn_and_how_many_labels_are_missing(home: Path) -> None:
    project_of(home).autopilot.on({"when": {"every": "day", "new_labels": 200}})
    told = sabbatical(home, "status").out
    assert "Next turn: 20" in told and "Or: once there are enough: 0 of 200 new labels have come." in told
    project_of(home).autopilot.on({"when": {"new_labels": 200}})
    assert "Next turn: once there are enough: 0 of 200 new labels have come." in sabbatical(home, "status").out


def test_the_policy_in_the_manual_is_one() -> None:
    text = (ROOT / "docs" / "autopilot.md").read_text()
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    policy = Policy.model_validate(yaml.safe_load(found[1]))
    assert policy.when.every is not None
    assert [stage.stage for stage in policy.release.stages][-1] == "full"


def test_a_turn_is_not_resumed_beside_another_and_the_answer_says_which_and_what_to_do(home: Path) -> None:
    project = project_of(home)
    http = project._client._http

    def post(path: str) -> httpx.Response:
        return http.post(path, json={})

    first = turn_of(home)
    assert post(f"/v1/runs/{first}/cancel").json()["state"] == "cancelled"
    second = turn_of(home)
    refused = post(f"/v1/runs/{first}/resume")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["where"]) == (409, "conflict", f"run {second}")
    assert f"`sabbatical run cancel {second}`" in error["hint"]
    assert [turn.state for turn in project.autopilot.turns()] == ["queued", "cancelled"]
    assert post(f"/v1/runs/{second}/cancel").json()["state"] == "cancelled"


def turn_of(home: Path) -> str:
    """A turn on record, which no worker has come for yet."""
    workspace = open_workspace(load(home=home))
    with workspace.database.transaction() as session:
        row = autopilot.once(session, projects.get(session, "desk"), "anna", workspace.clock())
    workspace.close()
    return row.id
