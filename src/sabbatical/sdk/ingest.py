"""Take data in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sabbatical.schemas import run as run_schema
from sabbatical.schemas.ingest import IngestReport, IngestRequest
from sabbatical.sdk import sources
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run


def start_ingest(
    client: Client, source: str | Path, *, tell: sources.Tell | None = None, **asked: Any
) -> Run[IngestReport]:
    """Begin to take a source in. What it is called is its own name here, wherever its bytes are sent.

    `tell` hears what is sent to a server, and how much it is.
    """
    path = Path(source)
    if not client.local and not asked.get("name") and path.exists():  # an upload is called otherwise over there
        asked["name"] = path.resolve().stem
    asking = request(IngestRequest, source=str(source), **asked)
    asking.source = sources.named(client, source, options=asking.options, alone=asking.labels_only, tell=tell)
    answer = client.post(place("ingests"), asking)
    return Run(client, run_schema.Run.model_validate(answer), _report)


def _report(run: run_schema.Run) -> IngestReport:
    return IngestReport.model_validate(run.result)
