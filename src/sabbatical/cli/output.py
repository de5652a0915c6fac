"""Words and tables for a person at a terminal, in 80 columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sabbatical.core.errors import SabbaticalError

if TYPE_CHECKING:
    from sabbatical.schemas.item import Glimpse

T = TypeVar("T")
out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)
SHOWN = 50
GAP = 2  # between columns
WIDE, MIDDLE, NARROW = 24, 14, 8  # what columns of words are left with, where others need the room
NUMBER = re.compile(r"-?[\d,]*\.?\d+%?( \(-?[\d.,]+-[\d.,]+\))?")
MINUTE, HOUR, DAY = 60, 3600, 86400


def tell_error(error: SabbaticalError) -> None:
    """What was wrong, where, and what to do."""
    err.print(f"[bold red]Error:[/] {escape(error.message)}")
    if error.where:
        err.print(f"  [dim]where[/]  {escape(error.where)}")
    if error.hint:
        err.print(f"  [dim]do[/]     {escape(error.hint)}")


def say(text: str) -> None:
    """One line; markup is allowed, so escape what comes from data."""
    out.print(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table whose columns of numbers stand right, and are never cut.

    A column named `*x` takes what space is left, on several lines if need be; `~x` takes it too and is cut to one.
    """
    made = Table(box=None, title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    cells = [[_cell(value) for value in row] for row in rows]
    numbers = [all(_is_number(row[i]) for row in cells) and bool(cells) for i in range(len(columns))]
    widths = _widths(columns, cells, numbers)
    for name, number, width in zip(columns, numbers, widths, strict=True):
        made.add_column(
            name.lstrip("*~"),
            justify="right" if number else "left",
            no_wrap=name.startswith("~"),
            overflow="ellipsis" if name.startswith("~") else "fold",
            width=width,
        )
    for row in cells:
        made.add_row(*[escape(cell) for cell in row])
    out.print(made)


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[bool]) -> list[int]:
    """The widths of columns in the width of the terminal.

    Where there is not enough, the wide columns give way first, then intervals go on a line of their own, then the wide
    ones give more, and at last other words, such as ids, are broken; a number never is.
    """
    names = [name.lstrip("*~") for name in columns]
    texts = [[name, *(row[i] for row in cells)] for i, name in enumerate(names)]
    widths = [max(map(cell_len, column)) for column in texts]
    words = [max(cell_len(word) for text in column for word in (text.split() or [""])) for column in texts]
    wide = [i for i, name in enumerate(columns) if name != names[i]]
    plain = [i for i in range(len(columns)) if i not in wide and not numbers[i]]
    giving = (
        [(i, min(widths[i], WIDE)) for i in wide],
        [(i, words[i]) for i, is_number in enumerate(numbers) if is_number],
    )
    last = [(i, min(widths[i], MIDDLE)) for i in wide], [(i, min(widths[i], NARROW)) for i in (*plain, *wide)]
    for group in (*giving, *last):
        while sum(widths) + GAP * (len(widths) - 1) > out.width and (
            left := [i for i, most in group if widths[i] > most]
        ):
            widths[max(left, key=lambda i: widths[i])] -= 1
    return widths


def line(text: str) -> None:
    """One line, cut where the terminal ends; markup is allowed, as in `say`."""
    out.print(text, no_wrap=True, overflow="ellipsis")


def called(item: Glimpse) -> str:
    """An item by its name and, where it is one, its text; without breaks, to be cut where there is no room."""
    return " ".join(": ".join(part for part in (item.name or "not kept", item.text) if part).split())


def first(rows: Iterator[T], limit: int | None) -> tuple[list[T], bool]:
    """The first of a list that may be long, and whether there are more."""
    found = list(islice(rows, (limit or SHOWN) + 1))
    return found[: limit or SHOWN], len(found) > (limit or SHOWN)


def more(there_are: bool, shown: int) -> None:
    """Say that a list goes on."""
    if there_are:
        out.print(f"[dim]The first {shown}; see more with --limit {shown * 10}.[/]")


def ago(moment: datetime) -> str:
    """How long ago, in one word."""
    seconds = max((datetime.now(UTC) - moment).total_seconds(), 0)
    for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} ago"
    return "just now"


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, datetime):
        return ago(value)
    return str(value)


def _is_number(cell: str) -> bool:
    """Also one with its interval, such as `91.2 (88.0-94.1)`."""
    return cell in {"-", ""} or NUMBER.fullmatch(cell) is not None
