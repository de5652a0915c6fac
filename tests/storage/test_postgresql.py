"""The same promises on PostgreSQL. Needs a server: SABBATICAL_TEST_POSTGRES=postgresql://user@host:port/postgres."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from sabbatical.core.clock import utc_now
from sabbatical.core.errors import Unavailable
from sabbatical.core.settings import load
from sabbatical.durable import runs
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage import database as databases
from sabbatical.storage.database import Database
from sabbatical.storage.tables import Base, PredictionRow, ProjectRow, RunRow, SnapshotRow
from sabbatical.storage.upgrading import upgrade
from sabbatical.storage.workspace import Workspace, open_workspace
from tests.stages.predict.conftest import notes
from tests.stages.train.shapes import Shapes

__all__ = ["notes"]

SERVER = os.environ.get("SABBATICAL_TEST_POSTGRES")
pytestmark = pytest.mark.skipif(
    not SERVER, reason="needs a PostgreSQL server: set SABBATICAL_TEST_POSTGRES to its address"
)
THREADS = 6


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a database of the test's own."""
    server = make_url(str(SERVER)).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"sabbatical_test_{secrets.token_hex(6)}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def workspace(tmp_path: Path, url: str) -> Iterator[Workspace]:
    opened = open_workspace(load(home=tmp_path / "home", database=url))
    yield opened
    opened.close()


def ask(workspace: Workspace, key: str) -> str:
    with workspace.database.transaction() as session:
        return runs.ask(session, project_id=None, kind="ingest", params={}, now=utc_now(), key=key).id


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    database = Database(url)
    with database.engine.begin() as connection:
        upgrade(connection, None)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_many_that_open_a_new_workspace_at_once_make_it_once(tmp_path: Path, url: str) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        opened = list(pool.map(lambda _: open_workspace(load(home=tmp_path, database=url)), range(THREADS)))
    for one in opened:
        with one.database.reading() as session:
            assert session.scalar(select(func.count()).select_from(ProjectRow)) == 0
        one.close()


def test_a_reader_sees_one_moment(workspace: Workspace) -> None:
    with workspace.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(RunRow))
        ask(workspace, "meanwhile")
        assert session.scalar(select(func.count()).select_from(RunRow)) == before == 0
    with workspace.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RunRow)) == 1


def test_many_that_ask_with_one_key_at_once_get_one_run(workspace: Workspace) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        assert len(set(pool.map(lambda _: ask(workspace, "k"), range(4 * THREADS)))) == 1


def test_many_that_make_one_project_at_once_get_one_project(workspace: Workspace) -> None:
    def create(_: int) -> str:
        with workspace.database.transaction() as session:
            return projects.create(session, ProjectIn(name="street", task="boxes"), utc_now()).id

    with ThreadPoolExecutor(THREADS) as pool:
        assert len(set(pool.map(create, range(4 * THREADS)))) == 1


def test_a_writer_that_waits_too_long_is_told_to_try_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_SECONDS", 1)
    other = Database(workspace.database.url)
    with workspace.database.transaction() as first, other.transaction() as second:
        first.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="Try again"), databases.explained():
            second.execute(text("SELECT 1"))
    other.close()


def test_texts_go_from_a_file_to_answers(workspace: Workspace, notes: Shapes) -> None:
    done = notes.run("predict", snapshot="s1")
    assert (done["items"], notes.run("predict", snapshot="s1")["stored"]) == (40, 40)
    assert notes.run("snapshot")["snapshot"] == "s1"
    judges = notes.folder / "judges.csv"
    judges.write_text("text,label\nsea foam and salt,Sea\nhigh thin cloud,Sky\n")
    notes.run("ingest", source=str(judges), split="test")
    assert notes.run("snapshot")["snapshot"] == "s2"
    assert notes.run("evaluate", snapshot="s2")["evaluation"]
    with workspace.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PredictionRow)) == 42
        assert session.scalar(select(func.count()).select_from(SnapshotRow)) == 2
