"""`sabbatical data`: the catalogue of public data sets."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.markup import escape

from sabbatical.cli.output import megabytes, out, say, table
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
    task = next((one.task for one in session.workspace.data_sets() if one.name == name), "boxes")
    result = wait(session.workspace.start_get(name))
    following = following_commands(name, task, result, _where(session))

    def words() -> None:
        say(f"[bold]{escape(name)}[/] is complete, and ready as ordinary sources in {escape(result['ready'])}.")
        rows = [(_source(name, one["path"]), one["taxonomy"], one["split"]) for one in result["sources"]]
        table(["source for `sabbatical ingest`", "taxonomy", "split"], rows)
        say("Next, in this order:")
        for line in following:
            out.print(line, markup=False, soft_wrap=True)

    session.answer({"data": name, **result, "next": following}, words)


def following_commands(name: str, task: str, got: dict[str, Any], where: Sequence[str] = ()) -> list[str]:
    """The commands that make a project of a data set that is ready, a model at the end.

    A source is ingested while the version of the taxonomy that it was labeled by is the newest.
    """
    project = ["--project", name, *where]
    commands = [["project", "create", name, "--task", task, *where]]
    waiting = list(got["sources"])
    added: dict[str, int] = {}
    for file in got["taxonomies"]:
        taxonomy, version = _named(Path(file))
        if version > 1:  # what was labeled before goes in before
            ready = [one for one in waiting if one["taxonomy"] is None or added.get(one["taxonomy"]) == one["version"]]
            waiting = [one for one in waiting if one not in ready]
            commands += [_ingest(name, one, project) for one in ready]
        commands.append(["taxonomy", "add", _from_here(file), *project])
        added[taxonomy] = version
    commands += [_ingest(name, one, project) for one in waiting]
    commands += [["snapshot", "create", *project], ["train", *project]]
    return [shlex.join(["sabbatical", *words]) for words in commands]


def _ingest(name: str, one: dict[str, Any], project: list[str]) -> list[str]:
    said = {"taxonomy": one["taxonomy"], "customer": one.get("customer"), "split": one["split"], "name": one["source"]}
    options = [word for option, value in said.items() if value is not None for word in (f"--{option}", value)]
    return ["ingest", _source(name, one["path"]), *options, *project]


def _named(file: Path) -> tuple[str, int]:
    """What a taxonomy's file is about, and its version."""
    document = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}  # a server's files are not here
    return str(document.get("taxonomy")), int(document.get("version", 1))


def _from_here(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _where(session: Session) -> list[str]:
    """The options that name the workspace, if it was named."""
    home = ["--home", str(session.home)] if session.home else []
    return [*home, *(["--url", session.url] if session.url else [])]


def _source(name: str, path: str) -> str:
    """What to name in `ingest`, also when the data set lies on a server."""
    return f"data:{name}-ready/{path.rpartition(f'/{name}-ready/')[2]}"
