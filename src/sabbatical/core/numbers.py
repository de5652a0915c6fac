"""Numbers in what clients send: the place where a page begins, and names such as `r2`."""

from __future__ import annotations

from sabbatical.core.errors import BadRequest

BIGGEST = 2**63 - 1
"""What a database holds as an integer."""
_DIGITS = len(str(BIGGEST))


def number_of(text: str) -> int | None:
    """A whole number from 0 to `BIGGEST`, written in the digits 0 to 9; None for anything else."""
    if not (text.isascii() and text.isdecimal()) or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number <= BIGGEST else None


def numbered(name: str, letter: str) -> int | None:
    """The number in a name such as `r2`; None for another name, such as an id."""
    return number_of(name.removeprefix(letter)) if name.startswith(letter) else None


def place_of(after: str | None) -> str | None:
    """The `next` of a page that is told by numbers, as it is; None begins at the first.

    Raises:
        BadRequest: no list has given it.
    """
    if after and number_of(after) is None:
        raise BadRequest(
            f"'{after[:40]}' is no place in this list.",
            where="query after",
            hint="Pass the `next` of the page before as it is, or nothing to begin at the first.",
        )
    return after or None
