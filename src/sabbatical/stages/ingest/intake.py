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
from sabbatical.stages.ingest.fingerprints import NearDuplicates, near_pairs
from sabbatical.stages.ingest.leaks import Leaks
from sabbatical.stages.ingest.placing import Newcomer, Place, place
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


@dataclass(frozen=True, slots=True)
class Known:
    """The fingerprints of all items up to the place `seen`."""

    stored: NearDuplicates
    seen: int


@dataclass
class Intake:
    """One source going into one project, beside others that may go in meanwhile."""

    project: Project
    source: str
    customer: str | None
    pinned: Split | None
    run_id: str
    added: int = 0
    known: int = 0
    by_split: Counter[str] = field(default_factory=Counter)
    leaks: Leaks = field(init=False)
    _stored: NearDuplicates = field(default_factory=NearDuplicates)
    _seen: int = 0

    def __post_init__(self) -> None:
        self.leaks = Leaks(self.pinned)

    @property
    def origin(self) -> str:
        """Whose history this source belongs to: that of its customer, or its own."""
        return self.customer or self.source

    def catch_up(self, session: Session) -> None:
        """Learn the fingerprints of all items that were stored since the last time, by whomever."""
        kind = "text" if self.project.task == "text" else "image"
        upto = queries.last_seq(session, self.project.id)
        self._stored.add(queries.fingerprints(session, self.project.id, kind, self._seen, upto))
        self._seen = upto

    def known_now(self) -> Known:
        """What it knows of the items that are there, for `rewind` after a transaction that was not committed."""
        return Known(self._stored.copy(), self._seen)

    def rewind(self, known: Known) -> None:
        """Forget what was learned since."""
        self._stored, self._seen = known.stored, known.seen

    def store(self, session: Session, batch: Sequence[Prepared], now: datetime) -> list[Prepared]:
        """Add the items of a batch; answers the new ones, the first of equal bytes."""
        queries.one_at_a_time(session, self.project.id)
        self.catch_up(session)
        known = queries.known_items(session, self.project.id, [one.id for one in batch])
        first: dict[str, Prepared] = {}
        for one in batch:
            first.setdefault(one.id, one)
        new = [one for one in first.values() if one.id not in known]
        self.known += len(batch) - len(new)
        places = self._places(session, new)
        rows = [self._row(one, group, split, now) for one, (group, split) in zip(new, places, strict=True)]
        if rows:
            queries.add_items(session, rows)
        self.added += len(rows)
        self.by_split.update(row["split"] for row in rows)
        return new

    def _places(self, session: Session, new: Sequence[Prepared]) -> list[tuple[str, Split]]:
        """Group and split of each new item; groups that are new are kept."""
        newcomers = self._newcomers(session, new)
        own = sorted({one.group for one in newcomers if one.group is not None})
        known = queries.group_splits(session, self.project.id, own)
        pinned = self.pinned
        groups, splits = place(
            newcomers, known, lambda name: pinned or split_of(self.project, name), follow=pinned is None
        )
        there = {*known, *(twin.group for one in newcomers for twin in one.stored.values())}
        fresh = [
            {"project_id": self.project.id, "name": name, "split": splits[name]}
            for name in dict.fromkeys(groups)
            if name not in there
        ]
        if fresh:
            queries.add_groups(session, fresh)
        self._count_leaks(new, newcomers, groups, splits)
        return [(group, splits[group]) for group in groups]

    def _newcomers(self, session: Session, new: Sequence[Prepared]) -> list[Newcomer]:
        """The new items with their near duplicates."""
        seen = [(i, one.fingerprint) for i, one in enumerate(new) if one.fingerprint is not None]
        prints = [fingerprint for _, fingerprint in seen]
        stored = dict(zip((i for i, _ in seen), self._stored.near(prints), strict=True))
        earlier: dict[int, list[int]] = {}
        for first, later in near_pairs(prints):
            earlier.setdefault(seen[later][0], []).append(seen[first][0])
        ids = sorted({twin for twins in stored.values() for twin in twins.values()})
        places = queries.places_of(session, self.project.id, ids)
        return [
            Newcomer(
                one.id,
                None if one.group is None else f"{self.source}/{one.group}",
                {split: places[twin] for split, twin in stored.get(i, {}).items()},
                earlier.get(i, []),
            )
            for i, one in enumerate(new)
        ]

    def _count_leaks(
        self, new: Sequence[Prepared], newcomers: Sequence[Newcomer], groups: list[str], splits: dict[str, Split]
    ) -> None:
        for one, newcomer, group in zip(new, newcomers, groups, strict=True):
            near = {splits[groups[i]]: Place(new[i].name, self.source, groups[i]) for i in reversed(newcomer.earlier)}
            self.leaks.count(one.name, one.group is not None, splits[group], {**near, **newcomer.stored})

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
