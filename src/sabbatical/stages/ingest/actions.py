"""What other stages need of ingesting: recognise a source, make its records ready, take them in, find items again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.schemas.item import Split
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import queries
from sabbatical.stages.ingest.history import Profile, compare
from sabbatical.stages.ingest.images import check_size
from sabbatical.stages.ingest.intake import Intake, Prepared
from sabbatical.stages.ingest.items import glimpses
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.preparing import Preparer, check_text
from sabbatical.stages.ingest.recognise import Recognition, recognise
from sabbatical.stages.ingest.records import Classes, Entry, Reader, Record, Refusal
from sabbatical.storage.workspace import Workspace

__all__ = [
    "Classes",
    "Entry",
    "Intake",
    "Prepared",
    "Preparer",
    "Profile",
    "ReadOptions",
    "Reader",
    "Recognition",
    "Record",
    "Refusal",
    "check_size",
    "check_text",
    "compare",
    "find_by_name",
    "glimpses",
    "intake",
    "quarantine",
    "reading_options",
    "recognise",
    "remember",
    "seen_before",
]


def reading_options(workspace: Workspace, source: Path, given: dict[str, Any], **more: Any) -> ReadOptions:
    """How a run reads a source: as asked, within the limits of the workspace, uploads seeing only their own folder.

    Raises:
        BadInput: an option that does not exist, or whose value is of the wrong kind.
    """
    return ReadOptions.of(
        given,
        max_archive_bytes=workspace.settings.max_archive_bytes,
        max_item_bytes=workspace.settings.max_item_bytes,
        confined=source.resolve().is_relative_to(workspace.uploads),
        **more,
    )


def intake(
    session: Session, project: Project, source: str, customer: str | None, pinned: Split | None, run_id: str
) -> Intake:
    """An intake of one source into a project, which knows the fingerprints of all that is there."""
    begun = Intake(project, source, customer, pinned, run_id)
    begun.catch_up(session)
    return begun


def find_by_name(session: Session, project: Project, names: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the items that came under each of these names."""
    return queries.ids_by_name(session, project.id, names)


def quarantine(session: Session, run_id: str, start: int, refusals: Sequence[Refusal]) -> None:
    """Keep refusals, numbered from `start` in the order of the source."""
    rows: list[dict[str, Any]] = [
        {
            "run_id": run_id,
            "number": start + i,
            "file": refusal.file,
            "line": refusal.line,
            "field": refusal.field,
            "reason": refusal.reason,
        }
        for i, refusal in enumerate(refusals)
    ]
    queries.add_quarantined(session, rows)


def seen_before(session: Session, project: Project, origin: str) -> Profile:
    """The profile of what came from a customer or source so far."""
    return Profile.from_dict(queries.profile(session, project.id, origin) or {})


def remember(session: Session, project: Project, origin: str, profile: dict[str, Any], now: datetime) -> None:
    """Keep the profile of what came from a customer or source."""
    queries.keep_profile(session, project.id, origin, profile, now)
