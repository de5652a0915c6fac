from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sabbatical as sb
from sabbatical.sdk.workspace import Workspace
from tests.sdk import street


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images with COCO labels."""
    return street.draw(tmp_path_factory.mktemp("street") / "cameras")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """The workspace that all copies are made of; not to be changed."""
    home = tmp_path_factory.mktemp("built") / "home"
    street.build(home, data)
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    """A copy of the built workspace."""
    return Path(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    with sb.open(home=home) as opened:
        yield opened
