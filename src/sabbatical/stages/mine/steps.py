"""The step that looks for failures and groups them into issues."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.metrics.resampling import LEAST_UNITS
from sabbatical.schemas.mine import MineRequest
from sabbatical.stages.mine import queries
from sabbatical.stages.mine.finding import Found, find
from sabbatical.stages.mine.keeping import Keeper
from sabbatical.stages.mine.outcomes import outcomes_of, said_classes
from sabbatical.stages.mine.places import inside, places_of
from sabbatical.stages.mine.window import Window, read_window
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import IssueRow

LEAST_GROUPS = 2 * LEAST_UNITS
"""Groups of near duplicates that a window must have: enough to resample in a place, and in the rest."""


@step("mine")
def mine(step: Step) -> dict[str, Any]:
    """Group the failures among a model's newest answers into issues."""
    asked = MineRequest.model_validate(step.params)
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, asked.model)
    step.progress.tell(0.0, f"Reading the answers of {model.name}")
    window = read_window(step.workspace, project, model, asked.window)
    groups = len(np.unique(window.facts.group_i))
    told = {"model": model.name, "answers": len(window), "groups": groups, "issues": [], "waiting": []}
    if groups < LEAST_GROUPS:
        return told | {"message": _too_few(len(window), groups)}
    step.progress.tell(0.3, f"Judging {len(window):,} answers")
    outcomes, details = outcomes_of(window)
    places = places_of(window.facts, said_classes(window) if project.task == "text" else None)
    with step.workspace.database.reading() as session:
        known = _known(session, step.project, model.id)
    aside_a = np.zeros(len(window), np.bool_)
    for _, _, where in known:
        aside_a |= inside(where, places, len(window))
    found = find(
        outcomes, places, window.facts.group_i, asked.sure, aside_a=aside_a, progress=Part(step.progress, 0.5, 0.9)
    )
    with step.workspace.database.transaction() as session:
        keeper = Keeper(session, step, window, places, asked.drift)
        numbers = [keeper.keep(one, details) for one in found]
    waiting = [number for number, state, _ in known if state == "ordered"]
    return told | {"issues": numbers, "waiting": waiting, "message": _message(window, groups, found, waiting)}


def _known(session: Session, project_id: str, model_id: str) -> list[tuple[int, str, dict[str, str]]]:
    """Number, state and place of this model's issues that a person dismissed, or whose labels no model learned yet."""
    rows = queries.issues_of_model(session, project_id, model_id)
    states = queries.task_states(session, [row.id for row in rows])
    newest = queries.newest_model_at(session, project_id)

    def waits(row: IssueRow) -> bool:
        return bool(states.get(row.id, {}).get("open")) or newest is None or newest <= row.updated_at

    return [
        (row.number, row.state, row.facts["where"])
        for row in rows
        if row.state == "dismissed" or (row.state == "ordered" and waits(row))
    ]


def _too_few(answers: int, groups: int) -> str:
    return (
        f"{answers:,} answers of {groups} groups are too few; it takes {LEAST_GROUPS} groups. What is nearly alike or "
        f"of one scene is one group: ask about {LEAST_GROUPS - groups} others at least, then look again."
    )


def _message(window: Window, groups: int, found: list[Found], waiting: list[int]) -> str:
    looked = f"Of {len(window):,} answers in {groups:,} groups"
    if found:
        many = "1 place is" if len(found) == 1 else f"{len(found)} places are"
        return f"{looked}, {many} surely worse than the rest."
    numbers = " and ".join(map(str, waiting))
    awaits = f" beside issue {numbers}, whose labels no model has learned yet" if waiting else ""
    return f"{looked}, no place fails surely more often than the rest{awaits}."
