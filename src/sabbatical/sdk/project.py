"""A project: its taxonomies, data sets and models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from sabbatical.core.errors import BadFile
from sabbatical.schemas import project as schema
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.dataset import Snapshot as SnapshotRecord
from sabbatical.schemas.dataset import SnapshotQuery
from sabbatical.schemas.taxonomy import TaxonomyFinding, TaxonomyTables
from sabbatical.sdk.client import Client, place
from sabbatical.sdk.run import Run, Watcher
from sabbatical.sdk.snapshot import Snapshot


class Project:
    """One task and one super-taxonomy."""

    def __init__(self, client: Client, record: schema.Project) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Project {self.name}: {self.record.task}>"

    @property
    def name(self) -> str:
        return self.record.name

    def taxonomy_add(self, document: str | Path | Mapping[str, Any]) -> schema.TaxonomyVersion:
        """Add a version of the super-taxonomy or of a customer's taxonomy: a YAML file, or the document itself."""
        if isinstance(document, Mapping):
            body, media_type = orjson.dumps(document), "application/json"
        else:
            body, media_type = _read(Path(document)), "application/yaml"
        answer = self._client.post(self._place("taxonomies"), body, media_type=media_type)
        return schema.TaxonomyVersion.model_validate(answer)

    def taxonomies(self) -> list[schema.TaxonomyVersion]:
        """The newest version of each, the super-taxonomy first."""
        return [schema.TaxonomyVersion.model_validate(row) for row in self._client.get(self._place("taxonomies"))]

    def taxonomy_history(self, name: str) -> list[schema.TaxonomyVersion]:
        """Every version of one taxonomy, newest first."""
        rows = self._client.get(self._place("taxonomies", name, "history"))
        return [schema.TaxonomyVersion.model_validate(row) for row in rows]

    def taxonomy_check(self) -> list[TaxonomyFinding]:
        """What is ambiguous, unmapped or uncovered, errors first."""
        return [TaxonomyFinding.model_validate(row) for row in self._client.get(self._place("taxonomies", "check"))]

    def taxonomy_tables(self, name: str) -> TaxonomyTables:
        """What a customer's labels say about every class, and what nothing drawn means."""
        return TaxonomyTables.model_validate(self._client.get(self._place("taxonomies", name, "tables")))

    def start_snapshot(self, **query: Any) -> Run[Snapshot]:
        """Begin to freeze the labels that the query means now; see `SnapshotQuery` for its fields."""
        answer = self._client.post(self._place("snapshots"), SnapshotQuery(**query))
        return Run(self._client, run_schema.Run.model_validate(answer), self._made_snapshot)

    def snapshot(self, *, progress: Watcher | None = None, **query: Any) -> Snapshot:
        """Freeze the labels that the query means now."""
        return self.start_snapshot(**query).wait(progress)

    def find_snapshot(self, name: str | None = None) -> Snapshot:
        """A snapshot by name, the newest without one."""
        answer = self._client.get(self._place("snapshots", name or "newest"))
        return Snapshot(self._client, SnapshotRecord.model_validate(answer))

    def snapshots(self) -> Iterator[Snapshot]:
        """Newest first."""
        for record in self._client.pages(SnapshotRecord, self._place("snapshots")):
            yield Snapshot(self._client, record)

    def _made_snapshot(self, run: run_schema.Run) -> Snapshot:
        assert run.result is not None
        return self.find_snapshot(run.result["snapshot"])

    def _place(self, *parts: str) -> str:
        return place("projects", self.name, *parts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
