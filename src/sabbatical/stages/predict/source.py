"""A new source to predict: of the kind that the model reads, its items stored, and what was left out said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import Record
from sabbatical.stages.label import actions as labels
from sabbatical.stages.predict import queries
from sabbatical.stages.project import actions as projects

SHOWN = 1000  # of what was set aside; the run's quarantine has all
OTHERS = 1000  # projects looked at for one of the right kind


def take(step: Step, project: Project, model: str, source: str) -> list[str]:
    """Store the items of a source, without labels, and answer their ids in its order.

    Raises:
        BadInput: nothing can be read there, or images where the model reads texts, or the reverse; nothing is stored.
        BadFile: a file that is damaged as a whole.
    """
    _require_kind(step, project, model, Path(source))
    part = replace(step, progress=Part(step.progress, 0.0, 0.2))
    return labels.take_items(part, IngestRequest(project=project.name, source=source))


def set_aside(step: Step) -> dict[str, Any]:
    """What of the source was left out or changed, with reasons, and how much that was."""
    with step.workspace.database.reading() as session:
        rows = queries.quarantined(session, step.run_id, SHOWN)
        shown = [{"file": row.file, "line": row.line, "field": row.field, "reason": row.reason} for row in rows]
        return {"quarantined": shown, "quarantined_total": queries.count_quarantined(session, step.run_id)}


def _require_kind(step: Step, project: Project, model: str, source: Path) -> None:
    """A look at the first item, before anything is stored."""
    options = ingest.reading_options(step.workspace, source, {})
    entries = ingest.recognise(source, options).reader.read(source)
    first = next((entry for entry in entries if isinstance(entry, Record)), None)
    if first is None or (first.text is not None) == (project.task == "text"):
        return
    reads, holds = ("texts", "images") if project.task == "text" else ("images", "texts")
    with step.workspace.database.reading() as session:
        others = projects.page(session, None, OTHERS).rows
    fitting = [one.name for one in others if (one.task == "text") == (holds == "texts")]
    choose = f"ask a model of a project that does: --project {' or '.join(fitting[:5])}" if fitting else ""
    raise BadInput(
        f"{model} of '{project.name}', a project of the task '{project.task}', reads {reads}, but this source holds "
        f"{holds}, such as {first.name}.",
        where=str(source),
        hint=f"Nothing was stored. Give it {reads}"
        + (f", or {choose}." if choose else f", or make a project for {holds}: `sabbatical project create`."),
    )
