"""What an issue is called, in words."""

from __future__ import annotations

from collections.abc import Mapping

from sabbatical.schemas.mine import FailureKind, Symptom

KINDS: dict[FailureKind, str] = {
    "missed": "missed",
    "ghost": "seen where there is none",
    "wrong_class": "taken for something else",
    "unsure": "not sure",
    "feedback": "called wrong",
}
KNOWN = {
    ("time_of_day", "night"): "at night",
    ("time_of_day", "dusk"): "at dusk",
    ("time_of_day", "dawn"): "at dawn",
    ("time_of_day", "day"): "by day",
    ("weather", "rain"): "in rain",
    ("weather", "fog"): "in fog",
    ("weather", "snow"): "in snow",
}
PATTERNS = {"class": "on {}", "customer": "of {}", "month": "in {}", "week": "in week {}"}


def title_of(where: Mapping[str, str], symptom: Symptom) -> str:
    """Such as `missed: vehicle at night, 41 of 60 answers, 3.1 times the rest`."""
    what = f"{KINDS[symptom.kind]}: {symptom.label}" if symptom.label else KINDS[symptom.kind]
    counts = f"{symptom.failed:,} of {symptom.answers:,} answers"
    return f"{what} {place_of(where)}, {counts}, {symptom.lift:.1f} times the rest"


def place_of(where: Mapping[str, str]) -> str:
    """Such as `at night in rain`, or `where camera is mast`."""
    known = [_phrase(name, value) for name, value in where.items() if _is_known(name, value)]
    rest = [f"{name.replace('_', ' ')} is {value}" for name, value in where.items() if not _is_known(name, value)]
    return " ".join([*known, *([f"where {' and '.join(rest)}"] if rest else [])])


def _is_known(name: str, value: str) -> bool:
    return (name, value) in KNOWN or name in PATTERNS


def _phrase(name: str, value: str) -> str:
    return KNOWN.get((name, value)) or PATTERNS[name].format(value)
