"""What every command shares: its options, its workspace, its errors, its two ways to answer."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, NoReturn, ParamSpec

import orjson
import typer

from sabbatical.cli.noun import Noun
from sabbatical.cli.output import tell_error
from sabbatical.cli.verb import Verb
from sabbatical.core.errors import SabbaticalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sabbatical import Workspace
    from sabbatical.sdk.project import Project

P = ParamSpec("P")
SCHEMA = {"schema": 1}
GROUP = "Options of every command"

Home = Annotated[
    Path | None, typer.Option("--home", help="The workspace folder; else SABBATICAL_HOME.", rich_help_panel=GROUP)
]
Url = Annotated[str | None, typer.Option("--url", help="A running server; else SABBATICAL_URL.", rich_help_panel=GROUP)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.", rich_help_panel=GROUP)]
InProject = Annotated[
    str | None, typer.Option("--project", "-p", help="Which project; the only one unless given.", rich_help_panel=GROUP)
]


SHARED: tuple[tuple[str, Any, Any], ...] = (
    ("project_name", InProject, None),
    ("home", Home, None),
    ("url", Url, None),
    ("as_json", AsJson, False),
)


class Session:
    """One call of one command."""

    def __init__(self, project_name: str | None, home: Path | None, url: str | None, as_json: bool) -> None:
        self.home = home
        self.url = url
        self.as_json = as_json
        self.project_name = project_name
        self._workspace: Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace, opened when it is first needed."""
        if self._workspace is None:
            import sabbatical  # noqa: PLC0415 - `--help` needs none of it

            self._workspace = sabbatical.open(home=self.home, url=self.url, patient=False)
        return self._workspace

    @property
    def project(self) -> Project:
        return self.workspace.project(self.project_name)

    def answer(self, document: dict[str, Any], show: Callable[[], None]) -> None:
        """Answer with a document for machines, or by showing it to a person."""
        if self.as_json:
            print_json(SCHEMA | document)
        else:
            show()

    def close(self) -> None:
        if self._workspace is not None:
            self._workspace.close()


def print_json(document: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()


def command(
    app: typer.Typer, name: str, *, example: str, project: bool = True, url: bool = True
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Add a function to the command line. It gets a `Session` first; the shared options are added to its own.

    The example is shown under its help. `project` and `url` say whether it takes these options.
    """
    left_out = {name for name, kept in (("project_name", project), ("url", url)) if not kept}

    def add(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        call: Callable[..., None] = function

        @wraps(function)
        def run(**given: Any) -> None:
            shared = {name: given.pop(name, default) for name, _, default in SHARED}
            session = Session(**shared)
            with _told(session):
                call(session, **given)

        run.__signature__ = _signature(function, left_out)  # type: ignore[attr-defined]
        text = inspect.getdoc(function) or ""
        lines = "\n\n".join(f"[dim]$[/dim] {line}" for line in example.splitlines())
        app.command(name, cls=Verb, help=f"{text}\n\n[bold]Example[/bold]\n\n{lines}")(run)
        return function

    return add


def group(app: typer.Typer, name: str, text: str) -> typer.Typer:
    """A noun with commands of its own."""
    made = typer.Typer(cls=Noun, help=text, no_args_is_help=True)
    app.add_typer(made, name=name)
    return made


def _signature(function: Callable[..., None], left_out: set[str]) -> inspect.Signature:
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    kind = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(name, kind, default=default, annotation=hint)
        for name, hint, default in SHARED
        if name not in left_out
    ]
    return inspect.Signature([one.replace(kind=kind) for one in own] + shared)


@contextmanager
def _told(session: Session) -> Iterator[None]:
    """Errors as words on stderr, or as the document, with their exit code."""
    try:
        yield
    except SabbaticalError as error:
        _fail(session, error)
    finally:
        session.close()


def _fail(session: Session, error: SabbaticalError) -> NoReturn:
    if session.as_json:
        print_json(SCHEMA | {"error": error.to_dict()})
    else:
        tell_error(error)
    raise typer.Exit(error.exit_code)
