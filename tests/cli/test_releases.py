"""A model goes from the command line to all traffic and back; every answer is words for a person or one document."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
import yaml

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.core.settings import load
from sabbatical.sdk.client import Client
from sabbatical.sdk.in_process import AppTransport
from sabbatical.sdk.workspace import Workspace
from sabbatical.storage.workspace import open_workspace
from tests.cli.conftest import Call, Said, call
from tests.sdk import street

GATES = """
gates:
  - {gate: items, at_least: 3}
  - {gate: overall, lose_at_most: 1}
  - {gate: latency, times_champion: 100}
  - {gate: size}
stages:
  - {stage: shadow, requests: 0}
  - {stage: canary, share: 0.2, requests: 3}
  - {stage: full}
judge: {splits: [train, test]}
"""


@pytest.fixture(scope="module")
def played(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built workspace with the champion v1 and v2 in shadow; not to be changed."""
    home = Path(shutil.copytree(built, tmp_path_factory.mktemp("released") / "home"))
    stored = open_workspace(load(home=home))
    app = create_app(stored, street.HereAndNow(stored), InProcess(), free_paths=True)
    file = home / "gates.yaml"
    file.write_text(GATES)
    with Workspace(Client(httpx.Client(transport=AppTransport(app), base_url="http://here"), local=True)) as workspace:
        project = workspace.project("street")
        project.train(settings=street.TINY, seed=1)
        rules = yaml.safe_load(GATES)
        assert project.releases.propose("v1", rules=rules).stage == "full"
        assert project.releases.propose("v2", rules=rules, why="a second seed").stage == "shadow"
    stored.close()
    return home


@pytest.fixture
def on_its_way(played: Path, tmp_path: Path) -> Call:
    home = shutil.copytree(played, tmp_path / "released")
    return lambda *arguments: call(*arguments, "--home", home)


def said_of(said: Said) -> str:
    """The words without line breaks; they fit a terminal."""
    assert said.code == 0, said.err
    assert max(len(line) for line in said.out.splitlines()) <= 80
    return " ".join(said.out.split())


def test_a_model_is_taken_to_all_traffic_and_back(on_its_way: Call) -> None:
    status = said_of(on_its_way("release", "status"))
    assert "v1 answers" in status
    assert "r2: v2 is in shadow; next: canary." in status
    assert "0 are needed" in status
    moved = said_of(on_its_way("release", "advance"))
    assert (
        "went from shadow to canary with 20% of the requests. v2 answers 20% of the requests, v1 all others." in moved
    )
    assert "Next: full, once v2 was asked 3 times and nothing speaks against it." in moved
    early = on_its_way("release", "advance")
    assert early.code == 1
    assert "3 are missing" in " ".join(early.err.split())
    assert "--anyway" in early.err
    full = said_of(on_its_way("release", "advance", "r2", "--anyway", "--why", "no traffic yet", "--by", "ada"))
    assert "r2, the release of v2, went from canary to full. v2 is the champion and answers everything." in full
    assert "`sabbatical release revert` brings v1 back." in full
    assert "champion v2" in said_of(on_its_way("model", "alias"))
    back = said_of(on_its_way("release", "revert", "--why", "complaints"))
    assert "r2, the release of v2, is taken back: v1 is the champion again" in back
    assert on_its_way("model", "alias", "champion", "--json").document["aliases"][0]["model"] == "v1"
    listed = on_its_way("release", "decisions")
    assert any(
        line.startswith("    ") and len(line) > 70 for line in listed.out.splitlines()
    )  # as wide as there is room
    told = said_of(listed)
    assert "no traffic yet" in told and "a second seed" in told and "complaints" in told
    assert said_of(on_its_way("release", "list")).count("full") == 1
    assert on_its_way("release", "revert").code == 1


def test_a_person_holds_resumes_rejects_and_pins(on_its_way: Call) -> None:
    assert "is held in shadow" in said_of(on_its_way("release", "hold", "--why", "I look first"))
    assert "held by a person" in said_of(on_its_way("release", "status"))
    assert "may go on from shadow" in said_of(on_its_way("release", "resume", "r2"))
    assert "v1 is pinned" in said_of(on_its_way("release", "pin", "--by", "ada"))
    assert "pinned by ada" in said_of(on_its_way("release", "status"))
    assert "may replace v1" in said_of(on_its_way("release", "unpin"))
    assert "is rejected; v1 answers" in said_of(on_its_way("release", "reject", "--why", "misses cars"))
    none = on_its_way("release", "advance")
    assert (none.code, "No release is under way" in none.err) == (1, True)


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("release status", {"champion", "since", "former", "pinned_by", "release", "traffic", "refused"}),
        ("release list", {"releases", "more"}),
        ("release decisions r1", {"decisions", "more"}),
        ("release advance", {"release"}),
        ("release hold", {"release"}),
        ("release reject r2", {"release"}),
        ("release revert", {"release", "champion"}),
        ("release pin", {"champion", "since", "former", "pinned_by", "release"}),
        ("model alias", {"aliases"}),
    ],
)
def test_with_json_there_is_one_document(on_its_way: Call, question: str, fields: set[str]) -> None:
    said = on_its_way(*question.split(), "--json")
    assert said.code == 0, said.err
    assert set(said.document) == {"schema", *fields}


def test_a_proposal_shows_a_table_of_gates_and_fails_where_it_is_held(sabbatical: Call, tmp_path: Path) -> None:
    rules = tmp_path / "policy.yaml"
    rules.write_text("release:\n  gates: [{gate: items, at_least: 5000}, {gate: size}]\n")
    said = sabbatical("release", "propose", "v1", "--gates", rules)
    words = " ".join(said.out.split())
    assert said.code == 1
    assert "items cannot tell Only" in words
    assert "size passed The file that is served has" in words
    assert "Held at the gate" in words and "No model answers yet" in words
    document = sabbatical("release", "propose", "v1", "--gates", rules, "--json")
    assert (document.code, document.document["release"]["passed"]) == (1, None)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("gates: [{gate: speed}]", "field gates.0"),
        ("gates:\n  - {gate: slices, item: 3}", "field gates.0.slices.item"),
        ("stages: [{stage: shadow, wait: soon}, {stage: full}]", "field stages.0.wait"),
        ("stages: [{stage: full}, {stage: shadow}]", "gates.yaml"),
        ("release: {gate: []}", "field release.gate"),
        ("gates: [{gate: metric, metric: map51, at_least: 0.5}]", "field gates.0.metric"),
        ("- items", "gates.yaml"),
        ("gates: [}", "gates.yaml, line 1"),
        ("", "gates.yaml"),
    ],
)
def test_a_file_of_gates_that_cannot_be_read_is_refused_by_its_place(
    sabbatical: Call, tmp_path: Path, text: str, where: str
) -> None:
    file = tmp_path / "gates.yaml"
    file.write_text(text)
    said = sabbatical("release", "propose", "--gates", file, "--json")
    assert said.code in {1, 2}
    error = said.document["error"]
    assert str(file) in error["where"] and where in error["where"], error
    assert error["message"]
    assert "Extra inputs" not in error["message"]
    assert sabbatical("run", "list", "--json").document["runs"][0]["kind"] != "propose"


@pytest.mark.parametrize(
    ("text", "message", "meant"),
    [
        ("gaets: []", "There is no field 'gaets'.", "Did you mean 'gates'?"),
        ("gates: [{gate: slices, item: 3}]", "There is no field 'item'.", "Did you mean 'items'?"),
        ("gates: [{gate: slices, judge_by: point}]", "not 'point'.", "Did you mean 'points'?"),
        ("gates: [{gate: sizes}]", "There is no gate 'sizes'.", "Did you mean 'size'"),
        ("stages: [{stage: canry}, {stage: full}]", "not 'canry'.", "Did you mean 'canary'?"),
        ("release: {judge: {split: [test]}}", "There is no field 'split'.", "Did you mean 'splits'?"),
    ],
)
def test_a_slip_in_a_file_of_gates_says_what_was_meant(
    sabbatical: Call, tmp_path: Path, text: str, message: str, meant: str
) -> None:
    file = tmp_path / "gates.yaml"
    file.write_text(text)
    error = sabbatical("release", "propose", "--gates", file, "--json").document["error"]
    assert error["where"].startswith(f"{file}, field ")
    assert error["message"].endswith(message) and meant in error["hint"]
