"""Columns on disk: Parquet parts written and asked through DuckDB, with bounded memory.

DuckDB alone reads and writes them, from NumPy arrays; no other column library is needed (docs/decisions).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sabbatical.core.errors import BadFile, StorageFull

if TYPE_CHECKING:
    import duckdb

Columns = Mapping[str, Any]
ROW_GROUP = 20_000


@contextmanager
def connect(memory: str = "1GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own for one question; it spills to disk rather than grow.

    Raises:
        StorageFull: the disk is full.
        BadFile: a file of columns is damaged.
    """
    import duckdb  # noqa: PLC0415 - 14 MB that a web process needs for few of its requests

    connection = duckdb.connect(config={"memory_limit": memory, "threads": str(os.cpu_count() or 1)})
    connection.execute("SET enable_progress_bar = false")  # it would be drawn among what a command answers
    try:
        yield connection
    except duckdb.IOException as error:
        if "no space" in str(error).lower():
            raise StorageFull("The disk is full; nothing was half written.", hint="Free some space.") from error
        raise BadFile(f"A file of columns cannot be read: {error}.", hint="Make the snapshot again.") from error
    except duckdb.InvalidInputException as error:
        if "parquet" not in str(error).lower():
            raise
        raise BadFile(f"A file of columns is damaged: {error}.", hint="Make the snapshot again.") from error
    finally:
        connection.close()


def write_part(connection: duckdb.DuckDBPyConnection, path: Path, columns: Columns, types: Mapping[str, str]) -> None:
    """Write one Parquet file of `columns` (name -> array or list); it appears whole or not at all.

    `types` are DuckDB's type names; every column is cast to its own, so that parts of a data set always agree.
    Moments go in and come out in UTC without a zone (TIMESTAMP).
    """
    casts = ", ".join(f'CAST("{name}" AS {types[name]}) AS "{name}"' for name in columns)
    write_query(connection, path, f"SELECT {casts} FROM part_of_columns", part_of_columns=columns)  # noqa: S608


def write_query(connection: duckdb.DuckDBPyConnection, path: Path, query: str, **sources: Columns) -> None:
    """Write the answer of a query as one Parquet file, whole or not at all; `sources` are tables that it may name."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        for name, columns in sources.items():
            connection.register(name, {column: _array(values) for column, values in columns.items()})
        connection.execute(
            f"COPY ({query}) TO {quoted(part)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        )
        part.rename(path)
    finally:
        for name in sources:
            connection.unregister(name)
        part.unlink(missing_ok=True)


def quoted(path: Path | str) -> str:
    """A path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


def scan(paths: Iterable[Path]) -> str:
    """The table of several Parquet files, for a FROM clause."""
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}])"


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Iterable[Any] = (), size: int = 2000
) -> Iterator[tuple[Any, ...]]:
    """Rows of a query, fetched `size` at a time."""
    cursor = connection.execute(query, list(values))
    while batch := cursor.fetchmany(size):
        yield from batch


def _array(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
