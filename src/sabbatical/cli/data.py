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
            (one.name, one.task, one.items, megabytes(one.size) if one.size else "built in", one.licence, one.title)
            for one in found
        ]
        table(["name", "task", "items", "size", "licence", "*what it is"], rows)

    session.answer({"data": [one.model_dump(mode="json") for one in found]}, words)


def get(session: Session, name: Annotated[str, typer.Argument(help="A name of `sabbatical data list`.")]) -> None:
    """Fetch a data set, every file checked. Run again, it fetches only what is missing."""
    result = wait(session.workspace.start_get(name))

    def words() -> None:
        say(f"[bold]{escape(name)}[/] is complete.")
        table(["", "*"], [(key, str(value)) for key, value in result.items() if key != "seconds"])

    session.answer({"data": name, **result}, words)
