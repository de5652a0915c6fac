"""Write a snapshot: stream the labels of a query to Parquet parts, and name the whole by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson

from sabbatical.core.batches import batched
from sabbatical.core.ids import DIGEST_BYTES
from sabbatical.core.progress import Progress, check
from sabbatical.storage import columns

PART_ROWS = 100_000

LABEL_TYPES = {
    "item_id": "VARCHAR",
    "revision_id": "VARCHAR",
    "kind": "VARCHAR",
    "name": "VARCHAR",
    "split": "VARCHAR",
    "group": "VARCHAR",
    "customer": "VARCHAR",
    "source": "VARCHAR",
    "captured_at": "TIMESTAMP",
    "width": "INTEGER",
    "height": "INTEGER",
    "text": "VARCHAR",
    "attributes": "VARCHAR",
    "taxonomy": "VARCHAR",
    "taxonomy_id": "VARCHAR",
    "shapes": "INTEGER",
    "payload": "BLOB",
}

DRAWN = {"labels": ["VARCHAR"], "label": ["INTEGER"], "box": ["FLOAT"]}  # of a payload, see schemas/label
SHAPES = """
SELECT item_id, split, customer, captured_at, taxonomy, label, CAST(class AS VARCHAR) AS class,
    box[4 * shape - 3] AS x0, box[4 * shape - 2] AS y0, box[4 * shape - 1] AS x1, box[4 * shape] AS y1
FROM (
    SELECT *, drawn.box AS box, drawn.labels[unnest(drawn.label) + 1] AS label,
        generate_subscripts(drawn.label, 1) AS shape
    FROM (SELECT *, from_json(decode(payload), '{drawn}') AS drawn FROM {labels})
) LEFT JOIN classes USING (taxonomy_id, label)
"""

# What a label of a taxonomy version stands for: (taxonomy id, label) -> class, or None where it is ignored.
Classes = Mapping[tuple[str, str], str | None]


@dataclass
class Parts:
    """The files of a snapshot: one row a label, and one row a shape."""

    labels: list[Path] = field(default_factory=list)
    shapes: list[Path] = field(default_factory=list)
    rows: int = 0


def write_parts(found: Iterable[Sequence[Any]], folder: Path, classes: Classes, most: int, progress: Progress) -> Parts:
    """Write all rows that `queries.labels` streams, each batch as one part; memory is bounded by one part.

    `most`: rows that may come at most, for the progress.

    Raises:
        StorageFull: the disk is full.
        Interrupted: it was cancelled.
    """
    parts = Parts()
    drawn, named = orjson.dumps(DRAWN).decode(), _named(classes)
    with columns.connect() as connection:
        for rows in found:
            check(progress)
            number = len(parts.labels)
            table = _columns(rows)
            parts.labels.append(folder / f"labels-{number:05d}.parquet")
            columns.write_part(connection, parts.labels[-1], table, LABEL_TYPES)
            if any(table["shapes"]):
                parts.shapes.append(folder / f"shapes-{number:05d}.parquet")
                query = SHAPES.format(drawn=drawn, labels=columns.scan(parts.labels[-1:]))
                columns.write_query(connection, parts.shapes[-1], query, classes=named)
            parts.rows += len(rows)
            progress.tell(parts.rows / max(most, 1), f"{parts.rows:,} labels written")
    return parts


def _columns(rows: Sequence[Any]) -> dict[str, Any]:
    table: dict[str, Any] = dict(zip(LABEL_TYPES, zip(*rows, strict=True), strict=True))
    table["captured_at"] = np.array([_naive(moment) for moment in table["captured_at"]], "datetime64[us]")
    return table


def _naive(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _named(classes: Classes) -> dict[str, Any]:
    taxonomies, labels = [key[0] for key in classes], [key[1] for key in classes]
    return {"taxonomy_id": taxonomies, "label": labels, "class": list(classes.values())}


def content_of(connection: duckdb.DuckDBPyConnection, labels: list[Path]) -> str:
    """The content id of a snapshot: a hash of its exact (item, revision) pairs, in the order of their ids."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    pairs = f"SELECT item_id, revision_id FROM {columns.scan(labels)} ORDER BY item_id, revision_id"  # noqa: S608
    for batch in batched(columns.rows(connection, pairs), 10_000):
        digest.update("".join(f"{item} {revision}\n" for item, revision in batch).encode())
    return digest.hexdigest()


def counts_of(connection: duckdb.DuckDBPyConnection, parts: Parts) -> dict[str, Any]:
    """How much a snapshot holds: items, labels, shapes, by split, by taxonomy, by label."""
    labels = columns.scan(parts.labels)
    total = connection.execute(
        f"SELECT count(DISTINCT item_id), count(*), sum(shapes) FROM {labels}"  # noqa: S608
    ).fetchall()[0]
    by_split = _nested(connection, f"SELECT split, count(DISTINCT item_id) FROM {labels} GROUP BY 1 ORDER BY 1")  # noqa: S608
    by_taxonomy = _nested(
        connection,
        f"SELECT taxonomy, split, count(*) FROM {labels} GROUP BY 1, 2 ORDER BY 1, 2",  # noqa: S608
    )
    by_label: dict[str, Any] = {}
    if parts.shapes:
        shapes = columns.scan(parts.shapes)
        by_label = _nested(connection, f"SELECT taxonomy, label, count(*) FROM {shapes} GROUP BY 1, 2 ORDER BY 1, 2")  # noqa: S608
    return {
        "items": total[0],
        "labels": total[1],
        "shapes": int(total[2]),
        "by_split": by_split,
        "by_taxonomy": by_taxonomy,
        "by_label": by_label,
    }


def _nested(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for *path, value in _all(connection, query):
        place = found
        for key in path[:-1]:
            place = place.setdefault(str(key), {})
        place[str(path[-1])] = value
    return found


def _all(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    return columns.rows(connection, query)
