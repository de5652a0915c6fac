"""Where new items go: near duplicates share a split, and a split once drawn stays.

A source's own groups are kept. An item without one joins the group of a near duplicate. A group that is new goes
where its near duplicates are, to the held-out ones first; without any, where the hash draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sabbatical.schemas.item import Split

SPLITS: tuple[Split, ...] = ("test", "validation", "train")
"""In the order in which near duplicates are followed: what is held out stays held out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item is: its name, the source that it came with, its group."""

    name: str
    source: str
    group: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A new item, with all that was there or came earlier and nearly equals it."""

    id: str
    group: str | None
    """The group that its source gives it."""
    stored: Mapping[Split, Place]
    """The nearest stored item of each split, in the order of `SPLITS`."""
    earlier: Sequence[int]
    """Positions of others, earlier in its batch."""


def place(
    batch: Sequence[Newcomer], known: Mapping[str, Split], draw: Callable[[str], Split], follow: bool
) -> tuple[list[str], dict[str, Split]]:
    """The group of each new item, and the splits of all these groups.

    `known` has the splits of the source's groups that were drawn before; they stay. Without `follow` every new group
    is drawn, whatever it nearly equals.
    """
    splits = {**known, **{there.group: split for one in batch for split, there in one.stored.items()}}
    groups: list[str] = []
    for one in batch:
        groups.append(one.group or _joined(one, groups, splits) or one.id)
    touched, linked = _touched(batch, groups, splits)
    drawn: dict[str, Split] = {}
    for names in _connected(linked):
        near = {split for name in names for split in touched[name]} if follow else set()
        followed = next((split for split in SPLITS if split in near), None)
        drawn.update((name, followed or draw(names[0] if follow else name)) for name in names)
    return groups, {**splits, **drawn}


def _joined(one: Newcomer, groups: Sequence[str], splits: Mapping[str, Split]) -> str | None:
    """The group of a near duplicate, of one that is held out if there is any."""
    near = [*(there.group for there in one.stored.values()), *(groups[i] for i in one.earlier)]
    return min(near, key=lambda name: SPLITS.index(splits[name]) if name in splits else len(SPLITS), default=None)


def _touched(
    batch: Sequence[Newcomer], groups: Sequence[str], splits: Mapping[str, Split]
) -> tuple[dict[str, set[Split]], dict[str, set[str]]]:
    """For each new group the splits in which it has near duplicates, and the new groups in which it has some."""
    touched: dict[str, set[Split]] = {name: set() for name in groups if name not in splits}
    linked: dict[str, dict[str, None]] = {name: {} for name in touched}
    for one, group in zip(batch, groups, strict=True):
        if group in touched:
            touched[group].update(one.stored)
        for other in {groups[i] for i in one.earlier}:
            for here, there in ((group, other), (other, group)):
                if here in touched and there in touched:
                    linked[here][there] = None
                elif here in touched:
                    touched[here].add(splits[there])
    return touched, {name: set(others) for name, others in linked.items()}


def _connected(linked: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """The parts of a graph that hang together, each beginning with its earliest name."""
    seen: set[str] = set()
    for start in linked:
        if start in seen:
            continue
        seen.add(start)
        names = [start]
        for name in names:
            new = linked[name] - seen
            seen |= new
            names += sorted(new)
        yield names
