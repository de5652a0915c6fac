"""The step that looks for drift: choose two sides, measure and ask what is not known of them, compare, tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from sabbatical.core.errors import BadFile, NotFound
from sabbatical.core.ids import new_id
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.report import Picture, drift_page, picture_of
from sabbatical.schemas.monitor import DriftReport, MonitorRequest
from sabbatical.schemas.policy import Watching
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.monitor import queries, telling
from sabbatical.stages.monitor.columns import Says, Seen, Table
from sabbatical.stages.monitor.looking import Limits, cohorts, look, slices
from sabbatical.stages.monitor.sides import LEAST, Choosing, Sides, require_items, seen_of, side
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import actions as serving
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import DriftRow

EXAMPLES = 6
"""Items of each side that the page shows."""


@step("monitor")
def monitor(step: Step) -> dict[str, Any]:
    """Look at the newest answers of a model; a run that was killed after its look finds it."""
    asked = MonitorRequest.model_validate(step.params)
    with step.workspace.database.reading() as session:
        there = queries.look(session, step.project, step.run_id)
        project = projects.by_id(session, step.project)
        model = models.get(session, project, asked.model)
    if there is not None:
        return _result(there)
    choosing = Choosing(step.workspace, project, model, asked)
    require_items(choosing)
    sides = choosing.sides()
    for name, items, given in (("window", sides.window, asked.items), ("reference", sides.reference, asked.against)):
        if len(items) < LEAST:
            answers = len(sides.later) + len(sides.window)
            hint = telling.what_to_do(len(items), LEAST, name, answers, named=given is not None)
            message = telling.too_few(model.name, len(items), LEAST, name)
            return {"drift": None, "drifted": False, "message": message, "hint": hint}
    every = [*sides.reference, *sides.later, *sides.window]
    seen = seen_of(step, choosing, every, Part(step.progress, 0.0, 0.8))
    step.progress.tell(0.8, "Comparing")
    report = _report(step, choosing, sides, seen)
    step.progress.tell(0.95, "Drawing the page")
    return _result(_keep(step, model, report, _page(step, report, sides, seen)))


def _report(step: Step, choosing: Choosing, sides: Sides, seen: list[Seen]) -> DriftReport:
    """The look itself; its name is known when it is kept."""
    asked, model = choosing.asked, choosing.model
    limits = Limits(asked.sure or Watching().sure, asked.effect or Watching().effect)
    with step.workspace.database.reading() as session:
        says = Says(model.classes, serving.abstention(session, model))
    before, after = _ends(sides, seen)
    table = Table.of(seen, before, says)
    place_i = np.arange(len(seen))
    columns = look(table, place_i >= after, limits)
    report = DriftReport(
        name="",
        project=choosing.project.name,
        model=model.name,
        task=choosing.project.task,
        created_at=step.workspace.clock(),
        drifted=any(column.drifted for column in columns),
        sentences=[],
        reference=side(sides.source, seen[:before]),
        window=side("items" if asked.items else "served", seen[after:]),
        sure=limits.sure,
        effect=limits.effect,
        columns=columns,
        slices=slices(table, place_i >= after, columns, limits),
        cohorts=cohorts(table, place_i >= before, limits),
    )
    report.sentences = telling.sentences(report)
    return report


def _ends(sides: Sides, seen: list[Seen]) -> tuple[int, int]:
    """Where the reference ends and the window begins, among the items that are still there."""
    there = {one.item_id for one in seen}
    counts = [sum(one.item_id in there for one in part) for part in (sides.reference, sides.later)]
    return counts[0], counts[0] + counts[1]


def _page(step: Step, report: DriftReport, sides: Sides, seen: list[Seen]) -> str:
    before, after = _ends(sides, seen)
    shown = tuple([one.item_id for one in part[:EXAMPLES]] for part in (seen[:before], seen[after:][::-1]))
    texts = {one.item_id: one.text for one in seen if one.text is not None and one.item_id in {*shown[0], *shown[1]}}
    pictures: dict[str, Picture] = {}
    for item in dict.fromkeys([*shown[0], *shown[1]] if report.task == "boxes" else []):
        try:
            pictures[item] = picture_of(step.workspace.media.get(item))
        except (BadFile, NotFound):
            continue
    return drift_page(report, shown[0], shown[1], pictures=pictures, texts=texts)


def _keep(step: Step, model: ModelVersion, report: DriftReport, page: str) -> DriftRow:
    media, clock = step.workspace.media, step.workspace.clock
    with step.workspace.database.transaction() as session:
        number = queries.next_number(session, step.project)
        report.name = f"d{number}"
        summary = {
            "sentences": report.sentences,
            "drifts": [one.model_dump(mode="json") for one in report.drifts()],
            "reference": report.reference.model_dump(mode="json"),
            "window": report.window.model_dump(mode="json"),
        }
        row = DriftRow(
            id=new_id("dft"),
            project_id=step.project,
            number=number,
            key=step.run_id,
            model_id=model.id,
            drifted=report.drifted,
            summary=summary,
            report=media.put(report.model_dump_json().encode()),
            page=media.put(page.encode()),
            created_at=clock(),
        )
        session.add(row)
    return row


def _result(row: DriftRow) -> dict[str, Any]:
    return {"drift": f"d{row.number}", "drifted": row.drifted, "message": row.summary["sentences"][0]}
