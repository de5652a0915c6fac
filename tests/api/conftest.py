from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.core.settings import load
from sabbatical.sdk.in_process import AppTransport
from sabbatical.storage.workspace import Workspace, open_workspace
from tests.sdk.conftest import built, data, home

__all__ = ["built", "data", "home"]
ADDRESS = "http://127.0.0.1:8400"


class Noted:
    """A dispatcher that only notes what it was given, so that a run stays queued."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def dispatch(self, run_id: str, kind: str) -> None:
        self.runs.append(run_id)

    def close(self) -> None:
        return None


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with nothing in it."""
    opened = open_workspace(load(home=tmp_path / "empty", max_request_bytes=10_000, max_upload_bytes=50_000))
    yield opened
    opened.close()


@pytest.fixture
def app(empty: Workspace, noted: Noted) -> FastAPI:
    return create_app(empty, noted, InProcess(), free_paths=False)


@pytest.fixture
def client(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the empty workspace, as a server on this machine would treat it."""
    with httpx.Client(transport=AppTransport(app), base_url=ADDRESS) as opened:
        yield opened


@pytest.fixture
def full(home: Path, noted: Noted) -> Iterator[httpx.Client]:
    """A client of the built workspace."""
    workspace = open_workspace(load(home=home))
    app = create_app(workspace, noted, InProcess(), free_paths=False)
    with httpx.Client(transport=AppTransport(app), base_url=ADDRESS) as opened:
        yield opened
    workspace.close()
