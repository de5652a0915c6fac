"""`sabbatical run`: long work, how far it is and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sabbatical.cli.output import first, more, say, table, tell_error
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.waiting import wait
from sabbatical.core.errors import from_dict

if TYPE_CHECKING:
    from sabbatical.sdk.run import Run

Id = Annotated[str, typer.Argument(help="Such as run_01m7…; see `sabbatical run list`.")]


def register(app: typer.Typer) -> None:
    noun = group(app, "run", "Long work: how far it is, how it ended.")
    command(noun, "list", example="sabbatical run list")(list_runs)
    command(noun, "show", example="sabbatical run show run_01m7…", project=False)(show)
    command(noun, "cancel", example="sabbatical run cancel run_01m7…", project=False)(cancel)
    command(noun, "resume", example="sabbatical run resume run_01m7…", project=False)(resume)


def list_runs(
    session: Session, limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None
) -> None:
    """Newest first; of all projects unless one is named."""
    found, there_are = first(session.workspace.runs(session.project_name), limit)
    records = [one.record for one in found]

    def words() -> None:
        rows = [(r.id, r.kind, r.project, r.state, f"{r.fraction:.0%}", r.created_at) for r in records]
        table(["run", "kind", "project", "state", "done", "asked"], rows)
        more(there_are, len(rows))

    session.answer({"runs": [one.model_dump(mode="json") for one in records], "more": there_are}, words)


def show(
    session: Session,
    run: Id,
    quarantine: Annotated[bool, typer.Option(help="Everything that it set aside, with reasons.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="How many of these at most.")] = None,
) -> None:
    """One run."""
    found = session.workspace.run(run)
    document: dict[str, Any] = {"run": found.record.model_dump(mode="json")}
    refused, there_are = first(found.quarantine(), limit) if quarantine else ([], False)
    if quarantine:
        document["quarantined"] = [one.model_dump(mode="json") for one in refused]

    def words() -> None:
        _tell(found)
        if quarantine:
            table(
                ["file", "line", "field", "*reason"], [(one.file, one.line, one.field, one.reason) for one in refused]
            )
            more(there_are, len(refused))

    session.answer(document, words)


def cancel(session: Session, run: Id) -> None:
    """Ask a run to stop; what it has finished is kept."""
    found = session.workspace.run(run)
    found.cancel(why="sabbatical run cancel")
    session.answer({"run": found.record.model_dump(mode="json")}, lambda: _tell(found))


def resume(session: Session, run: Id) -> None:
    """Go on with a run that was cancelled, failed, or whose process died, and wait for its end."""
    found = session.workspace.run(run)
    found.resume()
    result = wait(found)
    session.answer({"run": found.record.model_dump(mode="json"), "result": result}, lambda: _tell(found))


def _tell(run: Run[Any]) -> None:
    record = run.record
    say(f"[bold]{record.kind}[/] {record.id} is [bold]{record.state}[/], {record.fraction:.0%}.")
    if not record.ended:
        say(escape(record.message))
    given = {name: value for name, value in record.params.items() if value not in (None, [], {}, False)}
    rows = [(f"asked: {name}", value) for name, value in given.items()]
    rows += [(name, value) for name, value in record.numbers.items()]
    simple = (int, float, str, bool)
    rows += [(name, value) for name, value in (record.result or {}).items() if isinstance(value, simple)]
    table(["", "*"], [(name, str(value)) for name, value in rows])
    if record.error is not None and record.ended:
        tell_error(from_dict(record.error))
