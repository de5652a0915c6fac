"""A data set that was fetched is followed by the commands that make a project and a model of it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sabbatical.cli.data import following_commands
from tests.cli.conftest import call


def source(name: str, version: int, split: str | None = "train", taxonomy: str | None = "tags") -> dict[str, object]:
    path = f"/home/data/set-ready/{name}"
    return {"path": path, "source": name, "taxonomy": taxonomy, "version": version, "split": split, "customer": None}


def test_what_was_labeled_by_an_older_version_goes_in_before_the_newer_one(tmp_path: Path) -> None:
    files = []
    for name, text in (
        ("tree", "super-taxonomy: t\nversion: 1\nclasses: {a: {}}"),
        ("one", "taxonomy: tags\nsuper-taxonomy: t\nlabels: {a: a}"),
        ("finer", "super-taxonomy: t\nversion: 2\nclasses: {a: {}, b: {}}"),
        ("two", "taxonomy: tags\nversion: 2\nsuper-taxonomy: t\nlabels: {a: a, b: b}"),
    ):
        (tmp_path / f"{name}.yaml").write_text(text)
        files.append(str(tmp_path / f"{name}.yaml"))
    got = {"taxonomies": files, "sources": [source("old", 1), source("new", 2), source("bare", 1, None, None)]}
    said = [line.removeprefix("sabbatical ") for line in following_commands("set", "text", got)]
    add = [f"taxonomy add {file} --project set" for file in files]
    assert said == [
        "project create set --task text",
        *add[:2],
        "ingest data:set-ready/old --taxonomy tags --split train --name old --project set",
        "ingest data:set-ready/bare --name bare --project set",
        *add[2:],
        "ingest data:set-ready/new --taxonomy tags --split train --name new --project set",
        "snapshot create --project set",
        "train --project set",
    ]


@pytest.mark.data("bccd")
def test_the_commands_after_get_can_be_run_as_they_are_printed_up_to_the_first_source(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SABBATICAL_DATA_MIRROR", str(mirror))
    home = tmp_path / "home"
    said = call("data", "get", "bccd", "--home", home)
    assert said.code == 0, said.err
    printed = [line for line in said.out.splitlines() if line.startswith("sabbatical ")]
    assert [line.split()[1] for line in printed] == [
        *("project", "taxonomy", "taxonomy", "taxonomy", "taxonomy", "taxonomy"),
        *("ingest", "ingest", "ingest", "ingest", "snapshot", "train"),
    ]
    for line in printed[:7]:
        done = call(*shlex.split(line)[1:])
        assert done.code == 0, (line, done.err)
