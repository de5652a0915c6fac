"""Take batches of prepared items into a project: known or new, which group, which split, which labels.

A batch is one transaction. Killed at any moment, a source run again adds only what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.schemas.item import Split
from sabbatical.schemas.label import Payload
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import queries
from sabbatical.stages.ingest.fingerprints import NearDuplicates
from sabbatical.stages.ingest.records import Refusal
from sabbatical.stages.ingest.split import split_of


@dataclass(slots=True)
class Prepared:
    """A record whose bytes were read, looked at and kept: ready to become an item."""

    id: str
    kind: str
    name: str
    file: str
    line: int | None
    media_type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    text: str | None = None
    fingerprint: int | None = None
    brightness: float | None = None
    group: str | None = None
    captured_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    payload: Payload | None = None


@dataclass
class Intake:
    """One source going into one project."""

    project: Project
    source: str
    customer: str | None
    pinned: Split | None
    run_id: str
    duplicates: NearDuplicates
    added: int = 0
    known: int = 0
    by_split: Counter[str] = field(default_factory=Counter)
    leaks: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    _twin_groups: dict[str, str | None] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Whose history this source belongs to: that of its customer, or its own."""
        return self.customer or self.source

    def store(
        self, session: Session, batch: Sequence[Prepared], now: datetime
    ) -> tuple[list[Prepared], list[Prepared]]:
        """Add the items of a batch; answers those whose labels count (the first of equal bytes), and the new ones."""
        known = queries.known_items(session, self.project.id, [one.id for one in batch])
        first = self._first_of_equal_bytes(batch, known)
        new = [one for one in first if one.id not in known]
        self.known += len(batch) - len(new)
        groups = self._groups(session, new)
        splits = self._splits(session, groups)
        rows = [self._row(one, groups[one.id], splits[groups[one.id]], now) for one in new]
        if rows:
            queries.add_items(session, rows)
        self.added += len(rows)
        self.by_split.update(row["split"] for row in rows)
        return first, new

    def _first_of_equal_bytes(self, batch: Sequence[Prepared], known: dict[str, tuple[str, str]]) -> list[Prepared]:
        """One of each id; a second file of the same bytes in this source may not overrule the labels of the first."""
        first: dict[str, Prepared] = {}
        for one in batch:
            stored_name, stored_by = known.get(one.id, (one.name, ""))
            earlier = first[one.id].name if one.id in first else stored_name
            if one.id not in first and (earlier == one.name or stored_by != self.run_id):
                first[one.id] = one
            elif one.payload is not None:
                reason = f"It has the same bytes as '{earlier}', whose labels are kept; these are left out."
                self.refusals.append(Refusal(one.file, one.line, None, reason))
        return list(first.values())

    def _groups(self, session: Session, new: Sequence[Prepared]) -> dict[str, str]:
        """The group of each new item: the source's own, that of a near duplicate, or one of its own."""
        twins = self.duplicates.ask_and_add([(one.id, one.fingerprint) for one in new if one.fingerprint is not None])
        there = queries.groups_of(session, self.project.id, sorted(set(twins.values())))
        groups: dict[str, str] = {}
        self._twin_groups.clear()
        for one in new:
            twin = twins.get(one.id)
            twin_group = None if twin is None else there.get(twin) or groups.get(twin)
            if one.group is not None:
                groups[one.id] = f"{self.source}/{one.group}"
                self._twin_groups.setdefault(groups[one.id], twin_group)
            else:
                groups[one.id] = twin_group or one.id
        return groups

    def _splits(self, session: Session, groups: dict[str, str]) -> dict[str, str]:
        """The split of each group: as drawn before; as pinned; that of a near duplicate's group; by the hash."""
        wanted = sorted(set(groups.values()))
        twins = sorted({twin for name in wanted if (twin := self._twin_groups.get(name)) is not None})
        splits = queries.group_splits(session, self.project.id, sorted({*wanted, *twins}))
        fresh = []
        for name in wanted:
            if name in splits:
                self.leaks += self.pinned is not None and splits[name] != self.pinned
                continue
            twin = self._twin_groups.get(name)
            drawn = self.pinned or splits.get(twin or "") or split_of(self.project, name)
            splits[name] = drawn
            fresh.append({"project_id": self.project.id, "name": name, "split": drawn})
        if fresh:
            queries.add_groups(session, fresh)
        return splits

    def _row(self, one: Prepared, group: str, split: str, now: datetime) -> dict[str, Any]:
        return {
            "id": one.id,
            "project_id": self.project.id,
            "kind": one.kind,
            "name": one.name[:500],
            "source": self.source[:500],
            "customer": self.customer,
            "group_name": group,
            "split": split,
            "media_type": one.media_type,
            "bytes": one.bytes,
            "width": one.width,
            "height": one.height,
            "text": one.text,
            "fingerprint": one.fingerprint,
            "captured_at": one.captured_at,
            "ingested_at": now,
            "ingest_id": self.run_id,
            "attributes": one.attributes,
        }
