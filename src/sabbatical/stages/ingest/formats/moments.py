"""Times as files write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from sabbatical.core.clock import to_utc

_EXIF = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d:\d\d:\d\d)")
_SECONDS_FROM = 1e8  # 1973; smaller numbers are years, counters or frames
_MILLISECONDS_FROM = 1e11
_MICROSECONDS_FROM = 1e14


def moment(value: Any) -> datetime | None:
    """The moment that a value names, in UTC; None if it names none without a doubt.

    Taken are ISO 8601, EXIF's `2020:02:20 06:43:18`, and seconds, milli- or microseconds since 1970. A time without a
    zone is taken as UTC. Days and months in national order are not guessed.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _since_1970(float(value))
    text = str(value).strip()
    exif = _EXIF.fullmatch(text)
    if exif:
        text = f"{exif[1]}-{exif[2]}-{exif[3]} {exif[4]}"
    try:
        return to_utc(datetime.fromisoformat(text)) if "-" in text else _since_1970(float(text))
    except (ValueError, OverflowError):
        return None


def _since_1970(number: float) -> datetime | None:
    if not math.isfinite(number) or number < _SECONDS_FROM:
        return None
    for start in (_MICROSECONDS_FROM, _MILLISECONDS_FROM):
        if number >= start:
            number /= 1e6 if start == _MICROSECONDS_FROM else 1e3
            break
    try:
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
