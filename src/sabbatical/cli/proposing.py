"""A proposal of the mapping assistant: told as a table, written as files that a person corrects."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from sabbatical.cli.output import say, table
from sabbatical.core.errors import BadFile, Conflict

if TYPE_CHECKING:
    from sabbatical.schemas.proposal import LabelProposal, MappingProposal

ENDING = ".proposed.yaml"
COLUMNS = ("*label", "*proposal", "chance", "*model finds", "*name")


def places(found: MappingProposal, output: Path | None) -> list[tuple[Path, str]]:
    """Where to write which file: the tree first, if it grows, as it is to be added."""
    taxonomy = output or Path(_file_name(found.taxonomy))
    beside = f"{output.stem}.tree{output.suffix}" if output else _file_name(found.super_taxonomy)
    tree = [] if found.files.tree is None else [(taxonomy.with_name(beside), found.files.tree)]
    return [*tree, (taxonomy, found.files.taxonomy)]


def _file_name(name: str) -> str:
    """A file of this folder, whatever a taxonomy is called."""
    return re.sub(r"[^\w.-]+|^\.+", "-", name) + ENDING


def write(files: list[tuple[Path, str]]) -> None:
    """Write what is not there yet.

    Raises:
        Conflict: a file is there, which a person may have corrected.
        BadFile: a file cannot be written.
    """
    for path, _ in files:
        if path.exists():
            raise Conflict(
                "This file is there already, and may be corrected by hand; nothing was written.",
                where=str(path.resolve()),
                hint="Name another with --output, or remove it. What the model found is kept: it is not asked again.",
            )
    for path, text in files:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadFile(f"It cannot be written: {error.strerror}.", where=str(path)) from error


def tell(found: MappingProposal, files: list[tuple[Path, str]]) -> None:
    """A proposal in words and figures, and what to do with it."""
    for note in found.notes:
        say(escape(note))
    table(COLUMNS, [_row(one) for one in found.labels], title=f"{found.taxonomy} beside {found.super_taxonomy}")
    if found.decided:
        labels = "1 label had" if len(found.decided) == 1 else f"{len(found.decided):,} labels had"
        say(f"[dim]{labels} a class already and stayed as decided.[/]")
    if found.added:
        say(f"New classes for {escape(found.super_taxonomy)}: {escape(', '.join(found.added))}.")
    if found.undecided:
        say(f"[yellow]{len(found.undecided):,} left for you to decide[/]: {escape(', '.join(found.undecided))}.")
    names = " ".join(str(path) for path, _ in files)
    say(f"Read {escape(names)}: the evidence stands beside each label. Correct what is wrong, then:")
    say(f"  sabbatical taxonomy add {escape(names)}")


def _row(one: LabelProposal) -> tuple[str, str, str, str, str]:
    name = one.names[0] if one.names else None
    said = one.said if one.relation != "ambiguous" else f"ambiguous: {one.said}"
    return one.label, said, f"{one.chance:.0%}", _finds(one), f"{name.class_name}: {name.kind}" if name else "-"


def _finds(one: LabelProposal) -> str:
    """On how many of the things looked at the model finds the classes of the likeliest way, or what it finds most."""
    if not one.looked_at:
        return "-"
    named = [thing for thing in one.things if thing.class_name in one.ways[0].classes]
    shown = named or sorted(one.things, key=lambda thing: -thing.found)[:1]
    found = [f"{thing.class_name} {thing.found}" for thing in shown] or [f"nothing {one.nothing}"]
    return f"{', '.join(found)} of {one.looked_at}"
