"""Within one source the first labeling of an item stands; one that differs from it later is set aside, and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.actions import Refusal
from sabbatical.stages.label import queries
from sabbatical.stages.label.matching import Matched


@dataclass
class FirstSaid:
    """What one source said first of each item; keeps two hashes of each, about 110 bytes as Python holds them.

    It does not matter where batches end. A source that is read again from its start, by this run or another,
    comes to the same firsts.
    """

    _first: dict[int, int] = field(default_factory=dict)
    """Hash of an item's id to that of its payload."""

    def stands(self, item_id: str, payload: bytes) -> bool:
        """Whether this is the first that is said of the item, or says the first again."""
        said = hash(payload)
        return self._first.setdefault(hash(item_id), said) == said

    def refusals(self, session: Session, project_id: str, later: Sequence[Matched]) -> list[Refusal]:
        """Why labelings that do not stand are set aside; those that stand must have been kept before."""
        there = queries.said(session, project_id, list({item_id for item_id, *_ in later}))
        firsts = {
            item_id: (name, payload) for item_id, name, payload in there if self._first[hash(item_id)] == hash(payload)
        }
        return [_refusal(file, line, *firsts[item_id], payload) for item_id, file, line, payload in later]


def _refusal(file: str, line: int | None, name: str, first: bytes, later: Payload) -> Refusal:
    reason = f"It contradicts what this source says before of the item '{name}': {_difference(first, later)}."
    return Refusal(file, line, "label", f"{reason} The first labels are kept, these are left out.")


def _difference(first: bytes, later: Payload) -> str:
    """What two labelings of one item do not agree on, as `first, later`."""
    before, after = (" and ".join(sorted(set(one.labels))) or "nothing" for one in (Payload.from_bytes(first), later))
    return f"{before}, {after}" if before != after else f"other shapes of {after}"
