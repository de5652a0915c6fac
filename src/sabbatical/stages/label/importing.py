"""Take a source into a project: its items, and the labels it holds for them, batch by batch.

Each batch is one transaction; killed at any moment and run again, a source adds only what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Progress, check
from sabbatical.schemas.ingest import HistoryWarning, IngestReport, Quarantined
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import (
    Entry,
    Intake,
    Prepared,
    Preparer,
    Profile,
    Recognition,
    Record,
    Refusal,
    compare,
)
from sabbatical.stages.label.contradictions import FirstSaid
from sabbatical.stages.label.keeping import Author, Said, keep
from sabbatical.stages.label.matching import Matched, Matching
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import Taxonomy

SHOWN = 1000  # refusals in a report; the rest pages
MATCHED_AT_ONCE = 5000


@dataclass
class Import:
    """One source on its way in."""

    workspace: Workspace
    run_id: str
    source: Path
    recognition: Recognition
    intake: Intake
    taxonomy: tuple[str, Taxonomy] | None
    author: Author
    report: IngestReport
    progress: Progress
    expected: int | None = None
    reading: Iterator[Entry] | None = None
    """The entries of the source, where the first look at it goes on with all of them."""
    before: Profile = field(default_factory=Profile)
    batch: Profile = field(default_factory=Profile)
    item_ids: list[str] | None = None
    """Filled with the ids of all items of the source where a caller asks for them with an empty list."""
    payloads: dict[str, Payload] | None = None
    """Filled with what the source says of each item where a caller asks for it with an empty dictionary."""
    _read: int = field(default=0)
    _labels: Counter[str] = field(default_factory=Counter)
    """How often each label was said, as it is spelled in the source."""
    _first: FirstSaid = field(default_factory=FirstSaid)
    _known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._known = frozenset(self.taxonomy[1].names if self.taxonomy else ())

    def take(self) -> IngestReport:
        """Items and their labels.

        Raises:
            BadInput: nothing of the source could be taken.
        """
        settings = self.workspace.settings
        preparer = Preparer(self.workspace.media, settings.max_pixels, settings.workers + 2)
        for ready, refused in preparer.batches(self.recognition.reader.read(self.source)):
            check(self.progress)
            for one in ready:
                one.payload = self._spelled(one.payload)
            with self.workspace.database.transaction() as session:
                new = self.intake.store(session, ready, self.workspace.clock())
                said = [(one.id, one.file, one.line, one.payload) for one in ready if one.payload is not None]
                self._keep(session, said, refused)
                self._remember(session, new)
                self._set_aside(session, refused)
            if self.item_ids is not None:
                self.item_ids.extend(one.id for one in ready)
            if self.payloads is not None:
                self.payloads |= {one.id: one.payload for one in ready if one.payload is not None}
            self._tell(len(ready) + len(refused))
        self.report.added, self.report.known = self.intake.added, self.intake.known
        self.report.by_split = dict(self.intake.by_split)
        self.report.warnings += [*self._respelled(), *compare(self.before, self.batch), *self.intake.leaks.warnings()]
        if not self.report.added + self.report.known:
            self._nothing_taken("items", "Name the folder or archive that holds the files that its entries name.")
        return self.report

    def attach(self) -> IngestReport:
        """Labels only, for items that are here already, matched by name.

        Raises:
            BadInput: there are no labels, or none of them could be taken.
        """
        matching = Matching(self.intake)
        for entries in batched(self.reading or self.recognition.reader.read(self.source), MATCHED_AT_ONCE):
            check(self.progress)
            records = [entry for entry in entries if isinstance(entry, Record) and entry.payload is not None]
            refused = [entry for entry in entries if isinstance(entry, Refusal)]
            with self.workspace.database.transaction() as session:
                self._attach(session, list(matching.by_name(session, records, refused)), refused)
            self._tell(len(entries))
        with self.workspace.database.reading() as session:
            waited = matching.by_file_name(session, MATCHED_AT_ONCE)
        for matched, refused in waited:
            check(self.progress)
            with self.workspace.database.transaction() as session:
                self._attach(session, matched, refused)
        if matching.example is not None:
            label, item = matching.example
            count = f"{matching.matched_loosely:,} {'items were' if matching.matched_loosely > 1 else 'item was'}"
            message = f"{count} matched by file name, without folders: '{label}' is read as '{item}'."
            self.report.warnings.append(HistoryWarning(code="matched-by-file-name", message=message))
        self.report.warnings += self._respelled()
        if not self.report.labels.added + self.report.labels.known:
            self._nothing_taken("labels", "Ingest the items first, under the names that the labels have.")
            raise BadInput(
                f"There are no labels in it; read: {self._read:,} entries of the format {self.report.format}.",
                where=str(self.source.name),
                hint="Name the file that holds the labels, or in a table their column: --option label_column=NAME. If"
                " it says of each item that nothing is there, say under which taxonomy: --taxonomy NAME.",
            )
        return self.report

    def _attach(self, session: Session, matched: Sequence[Matched], refused: list[Refusal]) -> None:
        said = [(item, file, line, self._spelled(payload) or payload) for item, file, line, payload in matched]
        self._keep(session, said, refused)
        self._set_aside(session, refused)
        self.report.known += len(matched)

    def _spelled(self, payload: Payload | None) -> Payload | None:
        """The same payload under the taxonomy's spelling of its labels, where only case or white space differ."""
        if payload is None or self.taxonomy is None:
            return payload
        self._labels.update(payload.labels)
        taxonomy = self.taxonomy[1]
        if self._known.issuperset(payload.labels):
            return payload
        return replace(payload, labels=tuple(_spelling(taxonomy, name) for name in payload.labels))

    def _respelled(self) -> list[HistoryWarning]:
        """A word on each label that was read under another spelling."""
        if self.taxonomy is None:
            return []
        pairs = [(name, _spelling(self.taxonomy[1], name)) for name in self._labels]
        return [
            HistoryWarning(
                code="label-spelling",
                message=f"'{name}' ({self._labels[name]:,}) is read as '{known}' ({self._labels[known]:,}).",
            )
            for name, known in pairs
            if name != known
        ]

    def _nothing_taken(self, what: str, hint: str) -> None:
        """Raises BadInput with the first reason if everything was set aside."""
        if not self.report.quarantined_total:
            return
        first = self.report.quarantined[0]
        place = first.file if first.line is None else f"{first.file}:{first.line}"
        raise BadInput(
            f"No {what} could be taken; set aside: {self.report.quarantined_total:,}. The first, {place}:"
            f" {first.reason}",
            where=str(self.source.name),
            hint=f"{hint} All reasons: sabbatical run show {self.run_id} --quarantine",
        )

    def _remember(self, session: Session, new: Sequence[Prepared]) -> None:
        """Add new items to the profile of where they come from, in the transaction that adds them."""
        if not new:
            return
        added = Profile.of(new)
        self.batch = self.batch.merged(added)
        project, origin = self.intake.project, self.intake.origin
        profile = ingest.seen_before(session, project, origin).merged(added).to_dict()  # others may add meanwhile
        ingest.remember(session, project, origin, profile, self.workspace.clock())

    def _keep(self, session: Session, records: Sequence[Matched], refused: list[Refusal]) -> None:
        if self.taxonomy is None or not records:
            return
        taxonomy_id, taxonomy = self.taxonomy
        said: list[Said] = []
        later: list[Matched] = []
        for item_id, file, line, payload in records:
            content = payload.to_bytes()
            if not self._known.issuperset(payload.labels):
                unknown = sorted({*payload.labels} - self._known)
                refused.append(_unknown_labels(file, line, unknown, taxonomy))
            elif self._first.stands(item_id, content):
                said.append(Said(item_id, content, len(payload)))
            else:
                later.append((item_id, file, line, payload))
        now, project_id = self.workspace.clock(), self.intake.project.id
        added, known = keep(session, project_id, (taxonomy_id, taxonomy.name), said, self.author, now)
        refused += self._first.refusals(session, project_id, later)
        self.report.labels.added += added
        self.report.labels.known += known
        self.report.labels.refused += len(records) - len(said)

    def _set_aside(self, session: Session, refused: Sequence[Refusal]) -> None:
        if not refused:
            return
        ingest.quarantine(session, self.run_id, self.report.quarantined_total + 1, refused)
        self.report.quarantined_total += len(refused)
        room = SHOWN - len(self.report.quarantined)
        self.report.quarantined += [
            Quarantined(file=one.file, line=one.line, field=one.field, reason=one.reason) for one in refused[:room]
        ]

    def _tell(self, count: int) -> None:
        self._read += count
        fraction = self._read / self.expected if self.expected else 0.0
        of = f" of {self.expected:,}" if self.expected else ""
        aside = f", {self.report.quarantined_total:,} set aside" if self.report.quarantined_total else ""
        self.progress.tell(fraction, f"{self._read:,}{of} entries read{aside}")


def _spelling(taxonomy: Taxonomy, name: str) -> str:
    """The name as the taxonomy spells it; as it is, where the taxonomy has none like it."""
    found = None if name in taxonomy else taxonomy.find(name)
    return name if found is None else found.name


def _unknown_labels(file: str, line: int | None, unknown: list[str], taxonomy: Taxonomy) -> Refusal:
    names = ", ".join(f"'{name}'" for name in unknown[:5])
    reason = (
        f"The taxonomy '{taxonomy.name}' has no label {names}; the item was taken, its labels were not, for half a"
        " set of labels would teach that the rest is not there."
    )
    return Refusal(file, line, "label", reason, kept=True)
