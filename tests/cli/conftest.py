from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sabbatical.cli.app import application
from tests.sdk.conftest import built, data, home

__all__ = ["built", "data", "home"]


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Call = Callable[..., Said]


def call(*arguments: str | Path) -> Said:
    result = CliRunner().invoke(application(), [str(one) for one in arguments], env={"COLUMNS": "80", "TERM": "dumb"})
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def sabbatical(home: Path) -> Call:
    """Runs a command on a copy of the built workspace."""
    return lambda *arguments: call(*arguments, "--home", home)


@pytest.fixture
def fresh(tmp_path: Path) -> Call:
    """Runs a command on a folder in which nothing is."""
    return lambda *arguments: call(*arguments, "--home", tmp_path / "fresh")
