"""`sabbatical data`: the catalogue of public data sets."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from sabbatical.cli.output import megabytes, say, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait


def register(app: typer.Typer) -> None:
    noun = group(app, "data", "Public data sets, fetched from a mirror (SABBATICAL_DATA_MIRROR).")
    command(noun, "list", example="sabbatical data list", project=False)(list_data)
    command(noun, "get", example="SABBATICAL_DATA_MIRROR=/mirror sabbatical data get bccd", project=False)(get)


def list_data(session: Session) -> None:
    """What there is: task, size, licence."""
    found = session.workspace.data_sets()

    def words() -> None:
        rows = [
            (one.name, one.task, one.items, megabytes(one.size) if one.size else "built in", one.title) for one in found
        ]
        table(["name", "task", "items", "size", "*what it is"], rows)
        for one in found:
            say(f"[dim]{one.name}: {escape(one.licence)}[/]")

    session.answer({"data": [one.model_dump(mode="json") for one in found]}, words)


def get(session: Session, name: Annotated[str, typer.Argument(help="A name of `sabbatical data list`.")]) -> None:
    """Fetch a data set, every file checked. Run again, it fetches only what is missing."""
    result = wait(session.workspace.start_get(name))

    def words() -> None:
        say(f"[bold]{escape(name)}[/] is complete, and ready as ordinary sources in {escape(result['ready'])}.")
        rows = [(_source(name, one["path"]), one["taxonomy"], one["split"]) for one in result["sources"]]
        table(["source for `sabbatical ingest`", "taxonomy", "split"], rows)

    session.answer({"data": name, **result}, words)


def _source(name: str, path: str) -> str:
    """What to name in `ingest`, also when the data set lies on a server."""
    return f"data:{name}-ready/{path.rpartition(f'/{name}-ready/')[2]}"
