"""The step that gets a public data set and makes it ready to be ingested like any other source."""

from __future__ import annotations

from typing import Any

from sabbatical import catalogue
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step


@step("get")
def get_data_set(step: Step) -> dict[str, Any]:
    """Fetch a data set of the catalogue, check every file, and write it as ordinary sources with a plan."""
    name = str(step.params["name"])
    workspace = step.workspace
    raw = catalogue.get(name, workspace.folder("data"), workspace.settings.data_mirror, Part(step.progress, 0, 0.8))
    step.progress.tell(0.8, "Writing it as ordinary sources")
    ready = workspace.folder("data", f"{name}-ready")
    plan = catalogue.prepare(name, raw, ready)
    return {
        "schema": 1,
        "data": name,
        "folder": str(raw),
        "ready": str(ready),
        "taxonomies": [str(ready / file) for file in (plan.super_taxonomy, *plan.taxonomies)],
        "sources": [{**source.model_dump(), "path": str(ready / source.path)} for source in plan.sources],
    }
