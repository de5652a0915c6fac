"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sabbatical.core.settings import load
from sabbatical.durable import dispatch, forkserver
from sabbatical.storage.workspace import Workspace, open_workspace
from tests import forks

MIRROR = os.environ.get("SABBATICAL_DATA_MIRROR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("data"):
            name = marker.args[0]
            if not MIRROR or not (Path(MIRROR) / name).is_dir():
                reason = f"needs the data set '{name}': set SABBATICAL_DATA_MIRROR to a folder that holds it"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def mirror() -> Path:
    """The folder of public data sets; tests that use it carry `@pytest.mark.data(name)`."""
    assert MIRROR is not None
    return Path(MIRROR)


@pytest.fixture(scope="session", autouse=True)
def forked() -> Iterator[None]:
    """Runs without a server, and workers of tests, come from one process that has imported what they need."""
    with pytest.MonkeyPatch.context() as patched:
        if forkserver.AVAILABLE:
            patched.setattr(dispatch, "Spawner", forks.Spawner)
        yield
    forks.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A fresh workspace on SQLite in a folder of the test's own."""
    opened = open_workspace(load(home=tmp_path / "home"))
    yield opened
    opened.close()
