"""The database: migrated, never half written, and honest about what it cannot do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from sabbatical.core.clock import utc_now
from sabbatical.core.errors import NewerWorkspace, StorageFull
from sabbatical.core.settings import load
from sabbatical.storage.database import Database
from sabbatical.storage.migrations import newest
from sabbatical.storage.tables import Base, ItemRow, ProjectRow
from sabbatical.storage.upgrading import upgrade
from sabbatical.storage.workspace import Workspace, open_workspace

OLD = Path(__file__).parent / "old"


def a_project(name: str) -> ProjectRow:
    return ProjectRow(
        id=f"prj_{name}", name=name, task="boxes", salt="s", validation_share=0.1, test_share=0.2, created_at=utc_now()
    )


def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'migrated.db'}")
    with database.engine.begin() as connection:
        upgrade(connection, None)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert MigrationContext.configure(connection).get_current_revision() == newest()
    database.close()


def test_a_new_database_is_at_the_newest_revision(workspace: Workspace) -> None:
    with workspace.database.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == newest()
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("dump", sorted(OLD.glob("*.sql")), ids=lambda path: path.stem)
def test_an_old_workspace_opens_with_all_it_held(tmp_path: Path, dump: Path) -> None:
    old = sqlite3.connect(tmp_path / "sabbatical.db")
    old.executescript(dump.read_text())
    old.close()
    opened = open_workspace(load(home=tmp_path))
    with opened.database.reading() as session:
        assert session.scalars(select(ProjectRow.name)).all() == ["street"]
        assert len(session.scalars(select(ItemRow)).all()) == 3
    opened.close()


def test_a_workspace_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    opened = open_workspace(load(home=tmp_path))
    with opened.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    before = (tmp_path / "sabbatical.db").read_bytes()
    with pytest.raises(NewerWorkspace, match="newer version of Sabbatical"):
        open_workspace(load(home=tmp_path))
    assert (tmp_path / "sabbatical.db").read_bytes() == before


def test_a_transaction_that_fails_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(RuntimeError), workspace.database.transaction() as session:
        session.add(a_project("lost"))
        session.flush()
        raise RuntimeError
    with workspace.database.reading() as session:
        assert session.scalars(select(ProjectRow)).all() == []


def test_a_full_database_says_so_and_keeps_what_was_there(workspace: Workspace) -> None:
    with workspace.database.transaction() as session:
        session.add(a_project("kept"))
    full = Database(workspace.database.url)
    with pytest.raises(StorageFull, match="disk is full"), full.transaction() as session:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count = {pages}"))
        for number in range(2000):
            session.add(a_project(f"many-{number:04d}" + "x" * 150))
            session.flush()
    full.close()
    with workspace.database.reading() as session:
        assert session.scalars(select(ProjectRow.name)).all() == ["kept"]


def test_after_counting_the_planner_knows_how_large_the_tables_are(workspace: Workspace) -> None:
    with workspace.database.transaction() as session:
        session.add_all([a_project(str(number)) for number in range(50)])
    workspace.database.count_roughly()
    with workspace.database.reading() as session:
        sizes = session.execute(text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'project'")).scalars().all()
    assert sizes and all(size.split()[0] == "50" for size in sizes)
