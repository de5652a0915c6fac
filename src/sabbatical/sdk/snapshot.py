"""An immutable data set."""

from __future__ import annotations

from typing import Any

from sabbatical.schemas import dataset as schema
from sabbatical.sdk.client import Client, place


class Snapshot:
    """A snapshot of one project."""

    def __init__(self, client: Client, record: schema.Snapshot) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        counts = self.record.counts
        return f"<Snapshot {self.name} of {self.record.project}: {counts['items']} items, {counts['shapes']} shapes>"

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def counts(self) -> dict[str, Any]:
        """items, labels, shapes, by_split, by_taxonomy, by_label."""
        return self.record.counts

    def diff(self, newer: Snapshot | str) -> schema.SnapshotDiff:
        """What came, went and changed from this one to `newer`."""
        name = newer if isinstance(newer, str) else newer.name
        return schema.SnapshotDiff.model_validate(self._client.get(self._place("diff", name)))

    def boxes(self, **query: Any) -> list[dict[str, Any]]:
        """A question about all shapes; see `BoxQuery` for its fields."""
        rows: list[dict[str, Any]] = self._client.post(self._place("boxes"), schema.BoxQuery(**query))
        return rows

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "snapshots", self.name, *parts)
