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
        raise _no_place(after)
    return after or None


def ranked(score: float, key: str) -> str:
    """The `next` of a page that is told by a score, the highest first, and the key of what has it."""
    return f"{score!r} {key}"


def rank_of(after: str | None) -> tuple[float, str] | None:
    """The score and the key after which a page begins; None begins at the first.

    Raises:
        BadRequest: no list has given it.
    """
    if not after:
        return None
    score, _, key = after.partition(" ")
    try:
        return float(score), key
    except ValueError:
        raise _no_place(after) from None


def _no_place(after: str) -> BadRequest:
    return BadRequest(
        f"'{after[:40]}' is no place in this list.",
        where="query after",
        hint="Pass the `next` of the page before as it is, or nothing to begin at the first.",
    )
