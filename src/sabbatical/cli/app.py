"""The commands together, in the order of the loop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from sabbatical import __version__
from sabbatical.cli.noun import Noun
from sabbatical.cli.session import SCHEMA, print_json
from sabbatical.core.errors import BadRequest

# One module a command or noun; each adds itself with `register`.
ORDER = (
    "up",
    "demo",
    "data",
    "project",
    "taxonomy",
    "ingest",
    "labels",
    "snapshot",
    "train",
    "model",
    "evaluate",
    "release",
    "predict",
    "serve",
    "ask",
    "served",
    "feedback",
    "monitor",
    "mine",
    "assist",
    "autopilot",
    "study",
    "run",
    "doctor",
)

ABOUT = "One system for the whole life of an ML model: data, labels, one model for every taxonomy, a judgement."


class InOrder(Noun):
    """The whole command line: commands in the order of the loop; wrong use is said to machines too."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> Any:
        try:
            return super().main(args, *rest, **more)
        except SystemExit as end:
            wrong = getattr(end.__context__, "format_message", None)  # said in words on stderr by now
            if wrong is not None and "--json" in (sys.argv if args is None else args):
                hint = "See `sabbatical --help`, or --help after a command."
                print_json(SCHEMA | {"error": BadRequest(wrong(), where="command line", hint=hint).to_dict()})
            raise

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)


def _tell_version(ctx: typer.Context, asked: bool) -> None:
    if asked:
        document = SCHEMA | {"version": __version__}
        print_json(document) if ctx.params["as_json"] else typer.echo(f"sabbatical {__version__}")
        raise typer.Exit


def whole(
    as_json: Annotated[bool, typer.Option("--json", hidden=True, is_eager=True)] = False,
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, help="Show it and exit.")] = False,
) -> None:
    """What stands before any command; it also keeps one command alone from being the whole command line."""


def application(names: Sequence[str] = ORDER) -> typer.Typer:
    """The command line with these commands; one alone loads in half the time of all."""
    app = typer.Typer(
        name="sabbatical",
        cls=InOrder,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=ABOUT)(whole)
    for name in names:
        import_module(f"sabbatical.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command line; exit code 0, 1 (failed) or 2 (used wrongly)."""
    asked = [name for name in sys.argv[1:2] if name in ORDER]
    try:
        application(asked or ORDER)()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(1)
