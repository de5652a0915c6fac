"""`sabbatical project`: a task and a super-taxonomy."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sabbatical.cli.output import say, table
from sabbatical.cli.session import Session, command, group


def register(app: typer.Typer) -> None:
    noun = group(app, "project", "Projects: each one task and one super-taxonomy.")
    command(noun, "create", example="sabbatical project create street --task boxes", project=False)(create)
    command(noun, "list", example="sabbatical project list", project=False)(list_projects)
    command(noun, "show", example="sabbatical project show street", project=False)(show)


def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, dot, dash, underscore.")],
    task: Annotated[Literal["boxes", "masks", "text"], typer.Option(help="What is to be learned.")] = "boxes",
    validation_share: Annotated[float, typer.Option(min=0, max=0.9, help="Groups that choose thresholds.")] = 0.1,
    test_share: Annotated[float, typer.Option(min=0, max=0.9, help="Groups that only judge.")] = 0.2,
    salt: Annotated[str | None, typer.Option(help="Projects of one salt split alike. By chance unless given.")] = None,
) -> None:
    """Make a project. The same again answers the same project."""
    made = session.workspace.create_project(
        name, task, validation_share=validation_share, test_share=test_share, salt=salt
    )
    session.answer(
        {"project": made.record.model_dump(mode="json")},
        lambda: say(f"The project [bold]{name}[/] learns {task}. Next: `sabbatical taxonomy add FILE`."),
    )


def list_projects(session: Session) -> None:
    """All projects, by name."""
    found = [one.record for one in session.workspace.projects()]

    def words() -> None:
        rows = [(one.name, one.task, one.validation_share, one.test_share, one.created_at) for one in found]
        table(["name", "task", "validation", "test", "made"], rows)
        if not found:
            say("No project yet: `sabbatical project create`, or ingest some data.")

    session.answer({"projects": [one.model_dump(mode="json") for one in found]}, words)


def show(
    session: Session, name: Annotated[str | None, typer.Argument(help="The only one unless given.")] = None
) -> None:
    """One project: its taxonomies, its newest snapshot and model."""
    project = session.workspace.project(name)
    taxonomies = project.taxonomies()
    snapshots, models = next(project.snapshots(), None), next(project.models(), None)
    document = {
        "project": project.record.model_dump(mode="json"),
        "taxonomies": [one.model_dump(mode="json") for one in taxonomies],
        "newest_snapshot": snapshots and snapshots.name,
        "newest_model": models and models.name,
    }

    def words() -> None:
        say(f"[bold]{project.name}[/] learns {project.record.task}.")
        table(["taxonomy", "version", "kind", "added"], [(t.name, t.version, t.kind, t.created_at) for t in taxonomies])
        say(f"Newest snapshot: {snapshots.name if snapshots else 'none yet'}.")
        say(f"Newest model: {models.name if models else 'none yet'}.")

    session.answer(document, words)
