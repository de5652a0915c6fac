"""The SQL database: its engine, its sessions, its migrations. One request or one step is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sabbatical.core.errors import NewerWorkspace, StorageFull, Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30


class Database:
    """One SQL database behind a SQLAlchemy address; SQLite (write-ahead log) or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = create_engine(
            url,
            pool_pre_ping=not url.startswith("sqlite"),
            json_serializer=lambda value: orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
            json_deserializer=orjson.loads,
        )
        self._readers: Engine = self.engine.execution_options(reading=True)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or undoes everything on an error.

        Raises:
            StorageFull: the disk is full; nothing of this transaction was written.
        """
        with explained(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with explained(), Session(self._readers) as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema up to this version.

        Raises:
            NewerWorkspace: the database was written by a newer version of Sabbatical.
        """
        config = alembic_config(self.url)
        script = ScriptDirectory.from_config(config)
        with explained(), self.engine.begin() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            if current == script.get_current_head():
                return
            known = {revision.revision for revision in script.walk_revisions()}
            if current is not None and current not in known:
                raise NewerWorkspace(
                    f"This workspace was written by a newer version of Sabbatical (its schema is '{current}').",
                    where=self.engine.url.render_as_string(hide_password=True),
                    hint="Install that version or a newer one; nothing was changed.",
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()


def alembic_config(url: str) -> Config:
    """Alembic's configuration without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@contextmanager
def explained() -> Iterator[None]:
    """Errors of the database driver as errors of ours."""
    try:
        yield
    except OperationalError as error:
        text = str(error.orig).lower()
        if "disk is full" in text or "no space left" in text or "disk full" in text:
            raise StorageFull(
                "The disk is full; nothing of this step was written.", hint="Free some space and run it again."
            ) from error
        if "locked" in text or "connection" in text or "unable to open" in text:
            raise Unavailable(f"The database does not answer: {error.orig}.", hint="Try again in a moment.") from error
        raise


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not guessed by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # Readers begin deferred and never wait; writers say so up front, so that two of them queue instead of deadlocking.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
