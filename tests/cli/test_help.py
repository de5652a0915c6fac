"""Every command helps itself: what it does, with an example that names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from sabbatical.cli.app import ORDER, application
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
