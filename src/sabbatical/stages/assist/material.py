"""What a proposal looks at: the labels of a customer, and a bounded sample of what they labeled.

The sample is the same whenever it is drawn: items in the order of a hash, each taken while one of its labels has still
too few things. A source is read for its labels; only items of the sample are stored, as `predict` stores a new source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sabbatical.core.ids import content_id
from sabbatical.core.progress import Part, check
from sabbatical.durable.steps import Step
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.schemas.label import Payload
from sabbatical.schemas.proposal import ProposalRequest
from sabbatical.stages.assist import queries
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import Classes, Entry, Reader, Record
from sabbatical.stages.label import actions as labels
from sabbatical.taxonomy.names import folded


@dataclass
class Material:
    """The labels that are there, how often each is used, and the sample: what is drawn in each item, by its id."""

    names: list[str] = field(default_factory=list)
    drawn: Counter[str] = field(default_factory=Counter)
    items: int = 0
    sample: dict[str, Payload] = field(default_factory=dict)

    def count(self, payload_labels: Iterable[str]) -> None:
        self.items += 1
        self.drawn.update(folded(label) for label in payload_labels)


def of_project(step: Step, taxonomy: str, wanted: Sequence[str], most: int) -> Material:
    """What the project's items have under a taxonomy of this name, in any version of it."""
    found = Material(list(wanted))
    quota = _Quota(wanted, most)
    with step.workspace.database.reading() as session:
        for item, payload in queries.labeled(session, step.project, taxonomy):
            check(step.progress)
            said = Payload.from_bytes(payload)
            found.count(said.labels)
            if quota.takes(said.labels):
                found.sample[item] = said
    return found


def of_source(step: Step, asked: ProposalRequest, wanted: Sequence[str] | None, *, stored: bool) -> Material:
    """What a source holds; its own label names unless some are `wanted`. The sample is taken in only if `stored`.

    Raises:
        BadInput: nothing can be read there, or it holds items of another kind than the project's.
        BadFile: a file that is damaged as a whole.
    """
    source = Path(str(asked.source))
    options = ingest.reading_options(step.workspace, source, asked.options)
    reader = ingest.recognise(source, options).reader
    found = Material()
    spelled: dict[str, str] = {}
    drawn: list[tuple[str, int, tuple[str, ...]]] = []
    for place, entry in enumerate(reader.read(source)):
        if isinstance(entry, Classes):
            spelled |= {folded(name): name for name in entry.names if folded(name) not in spelled}
        elif isinstance(entry, Record) and entry.payload is not None:
            found.count(entry.payload.labels)
            spelled |= {folded(name): name for name in entry.payload.labels if folded(name) not in spelled}
            drawn.append((content_id(f"{entry.file} {entry.name}".encode()), place, entry.payload.labels))
        if place % 1000 == 0:
            check(step.progress)
    found.names = list(wanted) if wanted is not None else [*spelled.values()]
    if stored and drawn:
        quota = _Quota(found.names, asked.things)
        places = {place for _, place, said in sorted(drawn) if quota.takes(said)}
        part = replace(step, progress=Part(step.progress, 0.0, 0.3))
        request = IngestRequest(source=str(source), options=asked.options, name=asked.taxonomy)
        found.sample = labels.take_labeled(part, request, lambda whole: _Chosen(whole, places))
    return found


@dataclass
class _Quota:
    """Takes an item while one of its labels has fewer than `most` things."""

    names: Sequence[str]
    most: int
    _left: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._left = {folded(name): self.most for name in self.names}

    def takes(self, said: Sequence[str]) -> bool:
        keys = [folded(label) for label in said]
        if not any(self._left.get(key, 0) > 0 for key in keys):
            return False
        for key in keys:
            self._left[key] = self._left.get(key, 0) - 1
        return True


@dataclass(frozen=True)
class _Chosen:
    """A reader of some of the entries of another."""

    whole: Reader
    places: set[int]

    @property
    def format(self) -> str:
        return self.whole.format

    def recognises(self, source: Path) -> str | None:
        return self.whole.recognises(source)

    def read(self, source: Path) -> Iterator[Entry]:
        for place, entry in enumerate(self.whole.read(source)):
            if place in self.places:
                yield entry
