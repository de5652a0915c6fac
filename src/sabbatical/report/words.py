"""Numbers as people read them, and sentences whose parts may be stressed.

Rates lie in 0..1 and are written as points of 100. Minus is the true minus sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from sabbatical.report.markup import el, join

NOT_MEASURED = "–"
UNSAYING = frozenset({"true", "false", "yes", "no", "none", "unknown", "other"})
SMALL_WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True, slots=True)
class Stress:
    """Words that stand out: `new` in the accent, `bad` in red, `strong` in ink."""

    text: str
    kind: Literal["new", "bad", "strong"]


Words = tuple["str | Stress", ...]


def new(text: str) -> Stress:
    return Stress(text, "new")


def bad(text: str) -> Stress:
    return Stress(text, "bad")


def strong(text: str) -> Stress:
    return Stress(text, "strong")


def sentence(words: Words | str) -> Markup:
    """Words as markup, escaped."""
    parts = (words,) if isinstance(words, str) else words
    tags = {"new": "em", "bad": "s", "strong": "b"}
    return join(part if isinstance(part, str) else el(tags[part.kind], part.text) for part in parts)


def plain(words: Words | str) -> str:
    """Words without their stress."""
    return words if isinstance(words, str) else "".join(p if isinstance(p, str) else p.text for p in words)


def points(rate: float | None) -> str:
    """0.7416 -> 74.2"""
    return NOT_MEASURED if rate is None else f"{100 * rate:.1f}"


def percent(rate: float) -> str:
    """0.238 -> 24%; a share that is small but there is never 0%, nor one that is not whole 100%."""
    shown = round(100 * rate)
    if rate > 0 and shown == 0:
        return "under 1%"
    return "over 99%" if rate < 1 and shown == 100 else f"{shown}%"


def signed(rate: float) -> str:
    """A difference of rates: 0.0241 -> +2.4, -0.031 -> −3.1, 0.0001 -> 0.0"""
    text = f"{abs(100 * rate):.1f}"
    if text == "0.0":
        return text
    return ("+" if rate > 0 else "−") + text


def span(interval: tuple[float, float]) -> str:
    """(0.71, 0.772) -> 71.0 to 77.2"""
    return f"{points(interval[0])} to {points(interval[1])}"


def signed_span(interval: tuple[float, float]) -> str:
    """(0.011, 0.037) -> +1.1 to +3.7"""
    return f"{signed(interval[0])} to {signed(interval[1])}"


def count(value: int) -> str:
    """12480 -> 12,480"""
    return f"{value:,}"


def counted(value: int, noun: str, many: str | None = None) -> str:
    """1, box -> 1 box; 1200, box, boxes -> 1,200 boxes"""
    return f"{count(value)} {noun if value == 1 else many or noun + 's'}"


def small(value: int, noun: str, many: str | None = None) -> str:
    """3, customer -> Three customers; above ten in digits."""
    word = SMALL_WORDS[value] if value < len(SMALL_WORDS) else count(value)
    return f"{word} {noun if value == 1 else many or noun + 's'}"


def listed(names: Iterable[str], word: str = "and", limit: int = 6) -> str:
    """a, b and c; names beyond `limit` are counted."""
    parts = list(names)
    if len(parts) > limit:
        parts = [*parts[: limit - 1], f"{len(parts) - limit + 1} more"]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def duration(seconds: float) -> str:
    """0.42 -> 0.42 s, 41.6 -> 42 s, 131 -> 2 min 11 s, 9660 -> 2 h 41 min"""
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def amount(value: float, unit: str = "") -> str:
    """A number with its unit, as long as its size needs: 12.4 ms, 0.031, 1,204 MB"""
    size = abs(value)
    digits = 0 if size >= 100 or value == round(value) else 1 if size >= 1 else 2 if size >= 0.1 else 3
    text = f"{value:,.{digits}f}"
    return f"{text} {unit}".rstrip().replace("-", "−")


def chance(p: float) -> str:
    """A p-value: 0.0312 -> 0.031, 0.00002 -> under 0.001"""
    return "under 0.001" if p < 0.001 else f"{p:.2g}" if p < 0.995 else "1"


def times(ratio: float) -> str:
    """3.12 -> 3.1 times"""
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:.0f} times"


def clock(at: datetime) -> str:
    """An instant within a day: 14:02:07"""
    return f"{at:%H:%M:%S}"


def headed(text: str) -> str:
    """The text with its first letter large, whatever stands after it."""
    return text[:1].upper() + text[1:]


def cut(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def capital(text: str) -> str:
    """The text with its first letter large, unless its first word is a name such as v2 or mAP."""
    first = text.split(" ", 1)[0]
    return text if not first.isalpha() or not first.islower() else text[0].upper() + text[1:]


def readable(name: str) -> str:
    """A slice as people say it: `weather=fog, camera=mast` -> fog + mast; what is no word keeps its column."""
    return " + ".join(_value(part) for part in name.split(", "))


def _value(part: str) -> str:
    column, equals, value = part.partition("=")
    if not equals:
        return part
    if column == "size":
        return f"{value} objects"
    said = value.replace("_", " ").replace(" ", "").isalpha() and value.lower() not in UNSAYING
    return value if said else f"{column.replace('_', ' ')} {value}"
