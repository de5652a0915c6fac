"""Work on campaigns: what is to be labeled next, and what the model suggests for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sabbatical.schemas import run as run_schema
from sabbatical.schemas.assist import PrelabelRequest, Suggestion
from sabbatical.schemas.campaign import Campaign, LabelTask, TaskAnswer
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run, plain


def campaigns(client: Client, project: str) -> Iterator[Campaign]:
    """Newest first."""
    return client.pages(Campaign, place("projects", project, "campaigns"))


def campaign(client: Client, project: str, name: str) -> Campaign:
    """A campaign, with how many of its tasks are open, done and skipped."""
    return Campaign.model_validate(client.get(place("projects", project, "campaigns", name)))


def task(client: Client, project: str, name: str, number: int) -> LabelTask:
    """A task as it is now."""
    return LabelTask.model_validate(client.get(_task(project, name, number)))


def skip(client: Client, project: str, name: str, number: int) -> LabelTask:
    """Leave an open task undone."""
    return LabelTask.model_validate(client.post(_task(project, name, number, "skip")))


def next_task(client: Client, project: str, name: str | None, after: int | None) -> LabelTask | None:
    """The first open task of a campaign, or of the newest that has any; None where nothing is open."""
    if name is None:
        name = next((one.name for one in campaigns(client, project) if one.tasks.get("open")), None)
    if name is None:
        return None
    path = place("projects", project, "campaigns", name, "tasks")
    page = client.get(path, state="open", after=after, limit=1)
    return next((LabelTask.model_validate(row) for row in page["rows"]), None)


def answer(client: Client, project: str, number: int, **said: Any) -> LabelTask:
    """Say what the item of a task shows; see `TaskAnswer`."""
    asked = request(TaskAnswer, **said)
    return LabelTask.model_validate(client.post(place("projects", project, "tasks", str(number), "answer"), asked))


def suggestion(client: Client, project: str, name: str, number: int, model: str | None) -> Suggestion:
    """What a model suggests for a task."""
    return Suggestion.model_validate(client.get(_task(project, name, number, "suggestion"), model=model))


def start_prelabel(client: Client, project: str, name: str, model: str | None) -> Run[dict[str, Any]]:
    """Begin to ask a model about all open tasks of a campaign."""
    asked = request(PrelabelRequest, campaign=name, model=model)
    answer = client.post(place("projects", project, "prelabels"), asked)
    return Run(client, run_schema.Run.model_validate(answer), plain)


def _task(project: str, name: str, number: int, *parts: str) -> str:
    return place("projects", project, "campaigns", name, "tasks", str(number), *parts)
