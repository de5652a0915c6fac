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
from sabbatical.stages.ingest import item_queries, queries
from sabbatical.stages.ingest.fingerprints import NearDuplicates, near_pairs
from sabbatical.stages.ingest.leaks import Leaks
from sabbatical.stages.ingest.placing import Newcomer, Place, place
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
    refusals: list[Refusal] = field(default_factory=list)
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

    def store(
        self, session: Session, batch: Sequence[Prepared], now: datetime
    ) -> tuple[list[Prepared], list[Prepared]]:
        """Add the items of a batch; answers those whose labels count (the first of equal bytes), and the new ones."""
        queries.one_at_a_time(session, self.project.id)
        self.catch_up(session)
        known = queries.known_items(session, self.project.id, [one.id for one in batch])
        first, left_out = self._first_of_equal_bytes(batch, known)
        self._say_left_out(session, left_out, {one.id: one for one in first}, known)
        new = [one for one in first if one.id not in known]
        self.known += len(batch) - len(new)
        places = self._places(session, new)
        rows = [self._row(one, group, split, now) for one, (group, split) in zip(new, places, strict=True)]
        if rows:
            queries.add_items(session, rows)
        self.added += len(rows)
        self.by_split.update(row["split"] for row in rows)
        return first, new

    def _first_of_equal_bytes(
        self, batch: Sequence[Prepared], known: dict[str, tuple[str, str]]
    ) -> tuple[list[Prepared], list[Prepared]]:
        """One of each id, and the others that have labels.

        A second file of the same bytes in this source may not overrule the labels of the first.
        """
        first: dict[str, Prepared] = {}
        left_out = []
        for one in batch:
            stored_name, stored_by = known.get(one.id, (one.name, ""))
            earlier = first[one.id].name if one.id in first else stored_name
            if one.id not in first and (earlier == one.name or stored_by != self.run_id):
                first[one.id] = one
            elif one.payload is not None:
                left_out.append(one)
        return list(first.values()), left_out

    def _say_left_out(
        self,
        session: Session,
        left_out: Sequence[Prepared],
        first: dict[str, Prepared],
        known: dict[str, tuple[str, str]],
    ) -> None:
        """Refuse labels whose bytes came before, saying which labels they contradict, if they do."""
        stored = item_queries.payloads_of(session, self.project.id, [one.id for one in left_out if one.id not in first])
        for one in left_out:
            if one.id in first:
                kept = first[one.id]
                payload, place = kept.payload, kept.file if kept.line is None else f"{kept.file}:{kept.line}"
            else:
                payload, place = stored.get(one.id), known[one.id][0]
            assert one.payload is not None
            said = None if payload is None else _difference(payload, one.payload)
            name = first[one.id].name if one.id in first else known[one.id][0]
            reason = f"It has the same bytes as '{name}', whose labels are kept; these are left out."
            if said is not None:
                reason = f"It contradicts {place}: {said}. The bytes are the same; the labels of '{name}' are kept."
            self.refusals.append(Refusal(one.file, one.line, "label" if said is not None else None, reason))

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


def _difference(kept: Payload, other: Payload) -> str | None:
    """What two labelings of the same bytes do not agree on, as `kept, other`; None if they agree."""
    if kept.to_bytes() == other.to_bytes():
        return None
    before, after = (" and ".join(sorted(set(one.labels))) or "nothing" for one in (kept, other))
    return f"{before}, {after}" if before != after else f"other shapes of {after}"
