"""Columns: written whole, read back as they were."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import BadFile
from sabbatical.storage import columns

TYPES = {"name": "VARCHAR", "n": "INTEGER", "at": "TIMESTAMP", "bytes": "BLOB", "x": "FLOAT"}


def test_a_part_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "it's a part.parquet"
    moment = datetime(2026, 1, 2, 3, 4, 5)
    table = {"name": ["a", None], "n": [1, None], "at": [moment, None], "bytes": [b"\0x", b""], "x": np.array([1.5, 2])}
    with columns.connect() as connection:
        columns.write_part(connection, path, table, TYPES)
        found = list(columns.rows(connection, f"SELECT * FROM {columns.scan([path])}"))
    assert found == [("a", 1, moment, b"\0x", 1.5), (None, None, None, b"", 2.0)]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(BadFile, match="Make the snapshot again"), columns.connect() as connection:
        list(columns.rows(connection, f"SELECT * FROM {columns.scan([path])}"))


def test_no_progress_is_drawn_among_what_a_command_answers() -> None:
    with columns.connect() as connection:
        assert list(columns.rows(connection, "SELECT current_setting('enable_progress_bar')")) == [(False,)]
