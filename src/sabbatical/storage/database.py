"""The SQL database: its engine, its sessions, its migrations. One request or one step is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sabbatical.core.errors import StorageFull, Unavailable
from sabbatical.storage.migrations import newest
from sabbatical.storage.tables import Base

BUSY_SECONDS = 30
SQLITE = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "cache_size=-8192",  # KB a connection; ids are hashes, so that one batch touches pages all over the indexes
)
WRITERS = 0x5ABBA71CA1
"""The lock that a PostgreSQL server gives to one writer of this database at a time."""
ANALYSED_ROWS = 1000  # of each index


class Database:
    """One SQL database behind a SQLAlchemy address; SQLite (write-ahead log) or PostgreSQL.

    On both a reader sees one moment from beginning to end, and writers queue: what one has read stays true until it
    commits, so that numbers have no gaps and no doubles, and what has a higher sequence number came later.
    """

    def __init__(self, url: str) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine: Engine = _engine(self.url)
        self._readers: Engine = self.engine.execution_options(reading=True)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self._readers = self._readers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            event.listen(self.engine, "begin", _begin_postgresql)

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
        """Bring the schema up to this version; a new database gets the tables of the code, as all migrations make them.

        Raises:
            NewerWorkspace: the database was written by a newer version of Sabbatical.
        """
        with explained(), self._readers.connect() as connection:
            if _revision(connection) == newest():
                return
        with explained(), self.engine.begin() as connection:
            current = _revision(connection)  # another process may have been faster
            if current is None:
                _make(connection)
            elif current != newest():
                # Alembic is slow to load, and hardly ever needed.
                from sabbatical.storage.upgrading import upgrade  # noqa: PLC0415

                upgrade(connection, current)

    def count_roughly(self) -> None:
        """Let the planner know how large the tables have become, before a question about all of them.

        PostgreSQL finds that out by itself; SQLite has to be told, in some milliseconds however large they are.
        """
        if self.engine.dialect.name == "sqlite":
            with self.transaction() as session:
                session.execute(text(f"PRAGMA analysis_limit = {ANALYSED_ROWS}"))
                session.execute(text("ANALYZE"))

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    options: dict[str, Any] = {}
    if not url.startswith("sqlite"):
        options = {"pool_pre_ping": True, "connect_args": {"options": f"-c lock_timeout={BUSY_SECONDS}s"}}
    try:
        return create_engine(
            url,
            json_serializer=lambda value: orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
            json_deserializer=orjson.loads,
            **options,
        )
    except ImportError as error:
        raise Unavailable(
            f"The driver of this database is not installed: {error.name}.",
            where="settings field database",
            hint="Install it with `pip install 'sabbatical[postgres]'`.",
        ) from error


def _make(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": newest()})


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


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
        if "locked" in text or "lock timeout" in text or "connection" in text or "unable to open" in text:
            raise Unavailable(f"The database does not answer: {error.orig}.", hint="Try again in a moment.") from error
        raise


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not guessed by the driver
    cursor = connection.cursor()
    for pragma in SQLITE:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # Readers begin deferred and never wait; writers say so up front, so that two of them queue instead of deadlocking.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
