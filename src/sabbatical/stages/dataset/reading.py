"""Read a snapshot back: its labels row by row, the difference of two, and questions about all its shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sabbatical.schemas.dataset import BoxQuery, SnapshotDiff
from sabbatical.schemas.item import Split
from sabbatical.schemas.label import Payload
from sabbatical.storage import columns
from sabbatical.storage.workspace import Workspace

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Labeled:
    """One item with what one customer's taxonomy says of it."""

    item_id: str
    revision_id: str
    kind: str
    name: str
    split: Split
    group: str
    customer: str | None
    source: str
    captured_at: datetime | None
    width: int | None
    height: int | None
    text: str | None
    attributes: dict[str, Any]
    taxonomy: str
    taxonomy_id: str
    payload: Payload


def local_parts(workspace: Workspace, keys: list[str]) -> list[Path]:
    """The parts of a snapshot as files on this machine."""
    return [workspace.media.local(key, workspace.folder("cache")) for key in keys]


def read_labels(workspace: Workspace, parts: list[str], splits: tuple[Split, ...] = ()) -> Iterator[Labeled]:
    """The labels of a snapshot in the order of item ids (the same on every reading), of some splits or of all."""
    where = "WHERE split IN (" + ", ".join("?" for _ in splits) + ")" if splits else ""
    names = ", ".join(f'"{field}"' for field in Labeled.__dataclass_fields__)
    query = f"SELECT {names} FROM {columns.scan(local_parts(workspace, parts))} {where} ORDER BY item_id, taxonomy"  # noqa: S608
    with columns.connect() as connection:
        for row in columns.rows(connection, query, splits):
            values = dict(zip(Labeled.__dataclass_fields__, row, strict=True))
            values["attributes"] = orjson.loads(values["attributes"])
            values["payload"] = Payload.from_bytes(bytes(values["payload"]))
            if values["captured_at"] is not None:
                values["captured_at"] = values["captured_at"].replace(tzinfo=UTC)
            yield Labeled(**values)


def read_items(workspace: Workspace, parts: list[str]) -> Iterator[str]:
    """The ids of a snapshot's items in their order, each once."""
    query = f"SELECT DISTINCT item_id FROM {columns.scan(local_parts(workspace, parts))} ORDER BY item_id"  # noqa: S608
    with columns.connect() as connection:
        yield from (row[0] for row in columns.rows(connection, query))


def difference(workspace: Workspace, old: tuple[str, list[str]], new: tuple[str, list[str]]) -> SnapshotDiff:
    """What came, went and changed between two snapshots, given as (name, label parts)."""
    with columns.connect() as connection:
        for side, (_, parts) in (("old", old), ("new", new)):
            table = columns.scan(local_parts(workspace, parts))
            connection.execute(
                f"CREATE TEMP VIEW {side}_labels AS SELECT item_id, taxonomy, revision_id, split FROM {table}"  # noqa: S608
            )
        connection.execute(
            "CREATE TEMP TABLE changes AS SELECT coalesce(o.item_id, n.item_id) AS item_id,"
            " CASE WHEN o.item_id IS NULL THEN 'added' WHEN n.item_id IS NULL THEN 'removed'"
            " ELSE 'changed' END AS what,"
            " o.split <> n.split AS moved FROM old_labels o FULL JOIN new_labels n"
            " ON o.item_id = n.item_id AND o.taxonomy = n.taxonomy"
            " WHERE o.revision_id IS DISTINCT FROM n.revision_id OR o.split IS DISTINCT FROM n.split"
        )
        totals = dict(connection.execute("SELECT what, count(*) FROM changes GROUP BY 1").fetchall())
        moved = connection.execute("SELECT count(*) FROM changes WHERE moved").fetchall()[0][0]
        first = {
            what: [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT item_id FROM changes WHERE what = ? ORDER BY 1 LIMIT ?", [what, SHOWN]
                ).fetchall()
            ]
            for what in ("added", "removed", "changed")
        }
    return SnapshotDiff(
        old=old[0],
        new=new[0],
        added=totals.get("added", 0),
        removed=totals.get("removed", 0),
        changed=totals.get("changed", 0),
        moved=moved,
        added_items=first["added"],
        removed_items=first["removed"],
        changed_items=first["changed"],
        by_label={},
    )


GROUPS = {
    "class": '"class"',
    "label": "label",
    "customer": "customer",
    "split": "split",
    "taxonomy": "taxonomy",
    "week": "strftime(captured_at, '%G-W%V')",
}


def count_shapes(
    workspace: Workspace, parts: list[str], asked: BoxQuery, classes: list[str] | None
) -> list[dict[str, Any]]:
    """Shapes counted by the groups asked for; `classes` are the super-classes asked for with all below them."""
    if not parts:
        return []
    where: list[str] = ["true"]
    values: list[Any] = []
    for column, wanted in (('"class"', classes), ("customer", asked.customers), ("split", asked.splits)):
        if wanted is not None:
            where.append(f"{column} IN ({', '.join('?' for _ in wanted)})")
            values.extend(wanted)
    for comparison, side in ((">=", asked.min_side), ("<", asked.max_side)):
        if side is not None:
            where.append(f"least(x1 - x0, y1 - y0) {comparison} ?")
            values.append(side)
    groups = ", ".join(f'{GROUPS[name]} AS "{name}"' for name in asked.by)
    keys = ", ".join(str(i + 1) for i in range(len(asked.by)))
    query = (
        f"SELECT {groups}, count(*) AS shapes, count(DISTINCT item_id) AS items,"  # noqa: S608
        f" median(least(x1 - x0, y1 - y0)) AS median_side FROM {columns.scan(local_parts(workspace, parts))}"
        f" WHERE {' AND '.join(where)} GROUP BY {keys} ORDER BY {keys}"
    )
    names = [*asked.by, "shapes", "items", "median_side"]
    with columns.connect() as connection:
        return [dict(zip(names, row, strict=True)) for row in columns.rows(connection, query, values)]
