"""Snapshots: immutable data sets, their differences, and questions about all boxes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.item import Split
from sabbatical.schemas.label import RevisionState


class SnapshotQuery(BaseModel):
    """Which labels belong to a snapshot. What is left out does not narrow it."""

    model_config = ConfigDict(extra="forbid")

    taxonomies: list[str] | None = Field(None, description="Names of customers' taxonomies.")
    customers: list[str] | None = None
    sources: list[str] | None = None
    splits: list[Split] | None = None
    states: list[RevisionState] = ["submitted", "approved"]
    captured_from: datetime | None = None
    captured_before: datetime | None = None
    attributes: dict[str, Any] = Field({}, description="Item attributes that must equal these values.")
    labeled_before: datetime | None = Field(None, description="The labels as they were at this moment.")


class Snapshot(BaseModel):
    id: str
    name: str = Field(description="s1, s2, ... in the order of making.")
    project: str
    content: str = Field(description="Hash of the exact (item, revision) pairs.")
    query: SnapshotQuery
    cutoff: int = Field(description="The last label revision that was there.")
    counts: dict[str, Any] = Field(description="items, labels, shapes, by_split, by_taxonomy, by_label.")
    created_at: datetime


class SnapshotDiff(BaseModel):
    """What came, went and changed from `old` to `new`; `moved` must be empty, for no item ever changes its split."""

    old: str
    new: str
    added: int
    removed: int
    changed: int
    moved: int
    added_items: list[str] = Field(description="The first of them.")
    removed_items: list[str]
    changed_items: list[str]
    by_label: dict[str, dict[str, int]] = Field(description="Shapes a label: old, new.")


ExportFormat = Literal["coco", "yolo", "voc", "csv", "jsonl"]


class ExportRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: ExportFormat
    snapshot: str | None = Field(None, description="Name or id; the newest unless given.")
    folder: str | None = Field(
        None, description="Folder on the server's machine to write to; the run's own, to be fetched, unless given."
    )
    names: Literal["customer", "super"] = Field("customer", description="Label names of each customer, or of classes.")
    media: bool = Field(True, description="Write the images or texts beside the labels.")
    splits: list[Split] | None = None


class BoxQuery(BaseModel):
    """A question about all boxes of a snapshot, answered from its columns."""

    model_config = ConfigDict(extra="forbid")

    classes: list[str] | None = Field(None, description="Super-classes; a class includes what is below it.")
    customers: list[str] | None = None
    splits: list[Split] | None = None
    min_side: float | None = Field(None, description="Pixels; the shorter side.")
    max_side: float | None = Field(None, description="Pixels; the shorter side.")
    by: list[Literal["class", "label", "customer", "split", "week", "taxonomy"]] = ["class"]
