"""Several commands under one name."""

from __future__ import annotations

from typing import Any

import typer.core

VALUED = frozenset({"--home", "--url", "--project", "-p"})
FLAGS = frozenset({"--json"})


class Noun(typer.core.TyperGroup):
    """Options of every command that stand before the command's name are read as if they stood after it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        at = early(args)
        name, rest = args[at : at + 1], args[at + 1 :]
        if not name and "--json" in args:
            ctx.fail("Missing command.")  # a machine gets no help text
        return super().parse_args(ctx, [*name, *args[:at], *rest] if name else [])


def early(args: list[str]) -> int:
    """How many arguments come before the first that is none of these options."""
    at = 0
    while at < len(args) and (args[at].partition("=")[0] in VALUED | FLAGS or _joined(args[at])):
        at += 2 if args[at] in VALUED else 1
    return min(at, len(args))


def _joined(argument: str) -> bool:
    """A value that follows the letter of its option at once, as in `-pNAME`."""
    return argument[:2] in VALUED and not argument.startswith("--")
