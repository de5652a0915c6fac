"""Names of classes and labels: when two are the same, and which one was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 12


def folded(name: str) -> str:
    """The form in which names are compared: case and white space do not make a new name."""
    return " ".join(name.split()).casefold()


def same_named(names: Iterable[str]) -> list[list[str]]:
    """Groups of two or more names that are the same but for case and white space, in order of first sight."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(folded(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def loosely(name: str) -> str:
    """The form in which two names are near enough to be mistaken for each other: `Traffic_Light`, `traffic light`."""
    return folded(name.replace("_", " ").replace("-", " "))


def listed(names: Iterable[str], joint: str = "and") -> str:
    """`a, b and c`; nothing for no names."""
    *before, last = [*names] or [""]
    return f"{', '.join(before)} {joint} {last}" if before else last


def quoted(names: Iterable[str], joint: str = "and") -> str:
    """`'a', 'b' and 'c'`; nothing for no names."""
    return listed((f"'{name}'" for name in names), joint)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest known ones, or a few of those there are."""
    by_fold = {folded(each): each for each in known}
    return nearest(name, by_fold.values()) or there_are(by_fold.values())


def nearest(name: str, known: Iterable[str]) -> str:
    """Whether one of the known names was meant; nothing where none is near."""
    by_fold = {folded(each): each for each in known}
    near = difflib.get_close_matches(folded(name), list(by_fold), n=3, cutoff=0.6)
    return f"Did you mean {quoted((by_fold[fold] for fold in near), 'or')}?" if near else ""


def there_are(known: Iterable[str]) -> str:
    """A few of the names that can be chosen."""
    every = [*known]
    if not every:
        return "There are none to choose from."
    rest = len(every) - SHOWN
    return f"There are {quoted(every[:SHOWN])}{f' and {rest} more' if rest > 0 else ''}."
