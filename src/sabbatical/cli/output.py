"""Words and tables for a person at a terminal, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

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
    """A table whose columns of numbers stand right.

    A column named `*x` takes what space is left, on several lines if need be; `~x` takes it too and is cut to one.
    """
    made = Table(box=None, title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    cells = [[_cell(value) for value in row] for row in rows]
    numbers = [all(_is_number(row[i]) for row in cells) and bool(cells) for i in range(len(columns))]
    for name, number in zip(columns, numbers, strict=True):
        made.add_column(
            name.lstrip("*~"),
            justify="right" if number else "left",
            no_wrap=not name.startswith("*"),
            overflow="fold" if name.startswith("*") else "ellipsis",
            ratio=1 if name.startswith(("*", "~")) else None,
        )
    for row in cells:
        made.add_row(*[escape(cell) for cell in row])
    out.print(made)


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
    return cell in {"-", ""} or cell.replace(",", "").replace(".", "").replace("%", "").lstrip("-").isdigit()
