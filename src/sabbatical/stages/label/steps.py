"""The step that takes a source in, with the labels it holds. Run again, it adds only what is new."""

from __future__ import annotations

from typing import Any

from sabbatical.durable.steps import Step, step
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.stages.label.sources import open_source


@step("ingest")
def ingest(step: Step) -> dict[str, Any]:
    """Ingest a source."""
    asked = IngestRequest.model_validate(step.params)
    work = open_source(step, asked)
    done = work.attach() if asked.labels_only else work.take()
    return done.model_dump(mode="json", by_alias=True, exclude={"seconds"})
