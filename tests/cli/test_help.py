"""Every command helps itself: what it does, with an example that names it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
import typer.main

import sabbatical
from sabbatical.cli import app
from sabbatical.cli.app import ORDER, application, main
from tests.cli.conftest import call


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, child in sorted(getattr(command, "commands", {}).items()):
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(leaves(typer.main.get_command(application())))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_shows_an_example_of_itself(path: tuple[str, ...]) -> None:
    said = call(*path, "--help")
    assert said.code == 0
    assert "Example" in said.out
    assert f"sabbatical {' '.join(path)}" in " ".join(said.out.split())
    assert "--json" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_the_commands_stand_in_the_order_of_the_loop() -> None:
    said = call("--help").out
    places = [said.index(f"│ {name} ") for name in ORDER]
    assert places == sorted(places)


def test_a_noun_alone_helps() -> None:
    said = call("snapshot")
    assert "create" in said.out + said.err
    assert said.code in {0, 2}


def test_a_noun_alone_is_used_wrongly_and_a_machine_gets_one_document_for_it() -> None:
    for arguments in (["--json"], ["snapshot", "--json"], ["--json", "snapshot"]):
        said = call(*arguments)
        assert (said.code, said.document["error"]["code"]) == (2, "bad_request")
        assert "Missing command" in said.document["error"]["message"]


def test_the_version_is_told_to_people_and_machines() -> None:
    assert call("--version").out == f"sabbatical {sabbatical.__version__}\n"
    for arguments in (["--version", "--json"], ["--json", "--version"]):
        said = call(*arguments)
        assert (said.code, said.document) == (0, {"schema": 1, "version": sabbatical.__version__})


@pytest.mark.parametrize("name", ORDER)
def test_a_command_loads_its_own_module_alone_and_is_what_it_is_among_all(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded: list[str] = []

    def load(module: str) -> ModuleType:
        loaded.append(module)
        return import_module(module)

    monkeypatch.setattr(app, "import_module", load)
    among_all = [path for path in COMMANDS if path[0] == name]
    assert among_all == list(leaves(typer.main.get_command(application([name]))))
    for path in among_all:
        loaded.clear()
        monkeypatch.setattr(sys, "argv", ["sabbatical", *path, "--help"])
        with pytest.raises(SystemExit) as end:
            main()
        assert (end.value.code, loaded) == (0, [f"sabbatical.cli.{name}"])
        assert f"sabbatical {' '.join(path)}" in " ".join(capsys.readouterr().out.partition("Example")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--json", "project", "list", "--help"], ["nosuch"]])
def test_what_does_not_begin_with_a_command_sees_all_of_them(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[set[str]] = []

    def make(names: Sequence[str]) -> typer.Typer:
        made.append(set(names))
        return application(names)

    monkeypatch.setattr(app, "application", make)
    monkeypatch.setattr(sys, "argv", ["sabbatical", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, made) == (2 if arguments == ["nosuch"] else 0, [{path[0] for path in COMMANDS}])
