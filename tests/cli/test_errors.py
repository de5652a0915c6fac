"""Exit code 1 when it failed, 2 when it was used wrongly; words that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from sabbatical.core.errors import by_code
from tests.cli.conftest import Call, call


def test_an_error_is_words_on_stderr(sabbatical: Call) -> None:
    said = sabbatical("snapshot", "show", "s9")
    assert (said.code, said.out) == (1, "")
    assert "no snapshot 's9'" in said.err
    assert "do" in said.err


def test_with_json_an_error_is_the_document(sabbatical: Call) -> None:
    said = sabbatical("snapshot", "show", "s9", "--json")
    assert said.code == 1
    assert set(said.document) == {"schema", "error"}
    error = said.document["error"]
    assert error["code"] in by_code()
    assert set(error) == {"code", "message", "where", "hint", "retry"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["snapshot", "diff", "s1"],
        ["train", "--seed", "many"],
        ["train", "--masking", "all"],
        ["train", "--set", "steps"],
        ["predict", "v1"],
        ["predict", "v1", "a.png", "--snapshot", "s1"],
        ["project", "create", "x", "--task", "smell"],
        ["nothing"],
        ["project", "nothing"],
        ["train", "--nothing"],
        ["run", "show"],
        ["run", "list", "--limit", "0"],
        ["project", "create", "Bad Name"],
        ["project", "create", "x", "--test-share", "0.6", "--validation-share", "0.6"],
        ["snapshot", "create", "--split", "half"],
        ["snapshot", "create", "--captured-from", "tomorrow"],
        ["snapshot", "export", "out", "--format", "tiff"],
        ["train", "huge"],
        ["train", "--set", "nosuch=1"],
        ["train", "--set", "steps=many"],
        ["taxonomy", "add", "no/such.yaml"],
        ["ingest", "no/such/folder"],
        ["ingest", "taxonomy.yaml", "--option", "nosuch=1"],
        ["labels", "import", "no/such.json"],
        ["predict", "v1", "no/such/folder"],
        ["evaluate", "--behaviour", "no/such.yaml"],
        ["evaluate", "--behaviour", "broken.yaml"],
        ["demo", "--data", "nosuch"],
        ["up", "--port", "99999999"],
    ],
)
def test_used_wrongly_is_exit_code_2_for_people_and_machines(
    sabbatical: Call, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taxonomy.yaml").write_text("labels: {}\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    said = sabbatical(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err
    document = sabbatical(*arguments, "--json")
    assert (document.code, document.document["error"]["code"]) == (2, "bad_request")


@pytest.mark.parametrize(
    "arguments",
    [
        ["snapshot", "show", "s9"],
        ["snapshot", "create", "--customer", "nobody"],
        ["taxonomy", "show", "nobody"],
        ["train", "--snapshot", "s9"],
        ["evaluate", "v9"],
        ["model", "show", "v9"],
        ["run", "show", "run_x"],
        ["project", "show", "nobody"],
        ["data", "get", "nosuch"],
        ["taxonomy", "add", "broken.yaml"],
    ],
)
def test_what_was_asked_rightly_and_failed_is_exit_code_1(
    sabbatical: Call, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.yaml").write_text("a: [\n")
    said = sabbatical(*arguments, "--json")
    assert said.code == 1
    assert said.document["error"]["code"] not in ("bad_request", "broken")


@pytest.mark.parametrize("early", [["--home"], ["--json", "--home"], ["--project", "street", "--home"]])
def test_options_of_every_command_may_stand_before_it(home: Path, early: list[str]) -> None:
    for nouns in ([], ["snapshot"]):
        rest = ["snapshot", "list"][len(nouns) :]
        said = call(*nouns, *early, home, *rest)
        late = call("snapshot", "list", *early, home)
        assert (said.code, said.out) == (0, late.out) and "s1" in said.out


@pytest.mark.parametrize("early", [["-pstreet"], ["--json", "-pstreet"], ["-pstreet", "--json"]])
def test_the_project_may_stand_before_the_command_without_a_space(sabbatical: Call, early: list[str]) -> None:
    said = sabbatical(*early, "snapshot", "list")
    assert (said.code, said.out) == (0, sabbatical("snapshot", "list", *early).out) and "s1" in said.out
    assert "nobody" in sabbatical("-pnobody", "snapshot", "list").err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--home", "--json", "project", "list"],
        ["project", "list", "--home", "--json"],
        ["project", "list", "--home=--json"],
        ["demo", "--folder", "--json"],
        ["snapshot", "create", "--customer", "a", "--customer", "--json"],
    ],
)
def test_an_option_is_no_value_of_another_and_nothing_is_made(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = call(*arguments)
    assert said.code == 2 and "its value is missing" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_demo_on_data_that_it_does_not_know_is_refused_before_anything_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = call("demo", "--data", "nosuch")
    assert (said.code, said.out) == (2, "") and "'bccd'" in said.err
    assert "1. Data" not in said.err and list(tmp_path.iterdir()) == []


def test_an_option_that_a_command_does_not_take_is_refused_wherever_it_stands(home: Path) -> None:
    for arguments in (["--project", "road", "demo"], ["demo", "--project", "road"]):
        said = call(*arguments)
        assert said.code == 2 and "--project" in said.err
    assert call("--home", home).code == 2


@pytest.mark.parametrize("arguments", [["project", "show"], ["snapshot", "list"], ["train"], ["evaluate"]])
def test_without_a_project_it_is_said_what_to_do(fresh: Call, arguments: list[str]) -> None:
    said = fresh(*arguments)
    assert said.code == 1
    assert "no project yet" in said.err
    assert "project create" in " ".join(said.err.split())


def test_of_several_projects_one_is_to_be_named(fresh: Call) -> None:
    fresh("project", "create", "a")
    fresh("project", "create", "b", "--task", "text")
    said = fresh("snapshot", "list")
    assert (said.code, "2 projects" in said.err) == (1, True)
    assert fresh("snapshot", "list", "--project", "b").code == 0


def test_a_taxonomy_that_contradicts_itself_names_file_and_line(fresh: Call, tmp_path: Path) -> None:
    fresh("project", "create", "a")
    (tmp_path / "t.yaml").write_text("super-taxonomy: r\nclasses:\n  a: {}\n  a: {}\n")
    said = fresh("taxonomy", "add", tmp_path / "t.yaml", "--json")
    assert said.document["error"]["code"] == "bad_taxonomy"
    assert "line 4" in said.document["error"]["where"]


def test_a_run_that_fails_fails_the_command(sabbatical: Call) -> None:
    said = sabbatical("snapshot", "create", "--customer", "nobody")
    assert said.code == 1
    assert "No label fits this query" in said.err
    assert said.err.count("No label fits") == 1
    run = sabbatical("run", "list", "--json").document["runs"][0]
    assert run["state"] == "failed"
    assert "No label fits" in sabbatical("run", "show", run["id"]).err


def test_a_snapshot_of_nothing_says_that_nothing_is_labeled(fresh: Call) -> None:
    fresh("project", "create", "a")
    said = " ".join(fresh("snapshot", "create").err.split())
    assert "Nothing is labeled in this project yet" in said
    assert "Ingest data with labels" in said


def test_a_taxonomy_that_is_not_there_is_named_with_those_that_are_and_nothing_is_run(sabbatical: Call) -> None:
    before = sabbatical("run", "list", "--json").document
    error = sabbatical("snapshot", "create", "--taxonomy", "nobody", "--json").document["error"]
    assert (error["message"], error["hint"]) == ("There is no taxonomy 'nobody'.", "There are: a.")
    assert sabbatical("run", "list", "--json").document == before
    assert sabbatical("snapshot", "create", "--taxonomy", "a").code == 0
    assert "There are: road, a." in sabbatical("taxonomy", "show", "nobody").err


def test_a_host_of_the_network_is_refused(fresh: Call) -> None:
    said = fresh("up", "--host", "0.0.0.0", "--port", "0")
    assert said.code == 1
    assert "only this machine may ask" in " ".join(said.err.split())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = call("project", "list", "--home", tmp_path / "file" / "home")
    assert said.code == 1
    assert "workspace folder cannot be made" in " ".join(said.err.split())
