"""The step that takes a source in, with the labels it holds. Run again, it adds only what is new."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sabbatical.durable.steps import Step, step
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.stages.label.sources import open_source

COLLECTED_AFTER = 50_000
"""New objects after which Python looks for cycles among them; 700 by default."""


@step("ingest")
def ingest(step: Step) -> dict[str, Any]:
    """Ingest a source."""
    asked = IngestRequest.model_validate(step.params)
    with _collected_rarely():
        work = open_source(step, asked)
        done = work.attach() if asked.labels_only else work.take()
    return done.model_dump(mode="json", by_alias=True, exclude={"seconds"})


@contextmanager
def _collected_rarely() -> Iterator[None]:
    """What is read makes millions of objects and hardly a cycle; looking for cycles takes a sixth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
