"""Items that could not go where they should: counted one by one, and said in words with names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sabbatical.schemas.ingest import HistoryWarning
from sabbatical.schemas.item import Split
from sabbatical.stages.ingest.placing import Place

NAMED = 3
"""Items that a warning names; the others it counts."""


@dataclass
class Leaks:
    """What one source's new items met on their way in."""

    pinned: Split | None
    kept: Counter[Split] = field(default_factory=Counter)
    """Items that stayed with their own group, which is in another split than the one asked for."""
    moved: Counter[Split] = field(default_factory=Counter)
    """Items that went with their near duplicate, into another split than the one asked for."""
    crossing: Counter[tuple[Split, Split, str]] = field(default_factory=Counter)
    """Items with a near duplicate, there earlier, in another split: by their own split, that one's, and its source."""
    _named: defaultdict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))

    def count(self, name: str, own_group: bool, split: Split, near: Mapping[Split, Place]) -> None:
        """One new item: whether its source gave it a group, its split, and its near duplicates by their splits."""
        if self.pinned is not None and split != self.pinned:
            (self.kept if own_group else self.moved)[split] += 1
            self._name(("kept" if own_group else "moved", split), name, None if own_group else near.get(split))
        for other, there in near.items():
            if other != split:
                self.crossing[split, other, there.source] += 1
                self._name((split, other), name, there)

    def _name(self, key: tuple[str, ...], name: str, near: Place | None) -> None:
        if len(self._named[key]) < NAMED:
            self._named[key].append(f"'{name}'" + (f" like '{near.name}' of '{near.source}'" if near else ""))

    def warnings(self) -> Iterator[HistoryWarning]:
        """Everything in words, with numbers, names and what to do."""
        for split, count in sorted(self.kept.items()):
            yield HistoryWarning(
                code="split-kept",
                message=f"{_items(count)} went to {split}, not to {self.pinned} as asked, for there their groups have"
                f" been since earlier and no item ever moves: {self._some(('kept', split), count)}.",
            )
        for split, count in sorted(self.moved.items()):
            yield HistoryWarning(
                code="near-duplicate-moved",
                message=f"{_items(count)} went to {split}, not to {self.pinned} as asked, to the item that each"
                f" nearly equals: {self._some(('moved', split), count)}. Leave out what must not be in {split}.",
            )
        for split, other in sorted({(split, other) for split, other, _ in self.crossing}):
            yield HistoryWarning(code="near-duplicate-leak", message=self._leak(split, other))

    def _leak(self, split: Split, other: Split) -> str:
        sources = {source: n for (here, there, source), n in self.crossing.items() if (here, there) == (split, other)}
        count = sum(sources.values())
        most = sorted(sources.items(), key=lambda each: (-each[1], each[0]))
        origins = ", ".join(f"{n:,} of '{source}'" for source, n in most[:NAMED])
        origins += f" and {len(most) - NAMED:,} more sources" if len(most) > NAMED else ""
        flattered = "test" if "test" in (split, other) else "validation"
        causes = "their groups were there before, or they nearly equal items of several splits"
        cause = f"the split was pinned to {self.pinned}" if self.pinned == split else causes
        return (
            f"{_items(count)} of this source in {split} nearly equal items in {other} ({origins}), so scores on"
            f" {flattered} flatter: {self._some((split, other), count)}. They could not follow, for {cause}, and no"
            " item ever moves. To part them, take the sources into a new project: without these items, or with no"
            " split pinned and one group for all that belongs together."
        )

    def _some(self, key: tuple[str, ...], count: int) -> str:
        names = self._named[key]
        return ", ".join(names) + (f" and {count - len(names):,} more" if count > len(names) else "")


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count:,} items"
