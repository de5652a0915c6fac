"""The card of the gates: what a model must pass, what was measured, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Card, key, sign
from sabbatical.report.charts.axis import Axis
from sabbatical.report.charts.entries import Entry, entries, scale
from sabbatical.report.charts.rows import band, dot, limit
from sabbatical.report.loop_story import Gate, Verdict
from sabbatical.report.markup import el, join
from sabbatical.report.words import NOT_MEASURED, Words, amount, bad, listed, points, signed, strong

MARKS = {
    "passed": ("✓", "passed", "passed"),
    "failed": ("!", "failed", "failed"),
    "undecided": ("?", "cannot be judged", "unsure"),
}
KNOWN = {
    "items": ("Enough to judge by", "items", True),
    "overall": ("Not worse overall", "change", True),
    "slices": ("No slice worse", "change", True),
    "classes": ("No class worse", "change", True),
    "metric": ("Good enough", "points", True),
    "latency": ("Fast enough", "ms", False),
    "size": ("Small enough", "MB", False),
    "behaviour": ("Behaves as asked", "points", True),
}


def gates_card(gates: Sequence[Gate], *, beside: bool) -> Card:
    """One row a gate; `beside` where other cards stand at its side."""
    body = entries([_gate(gate) for gate in gates], title="Gates")
    failed, open_ = with_verdict(gates, "failed"), with_verdict(gates, "undecided")
    says: Words = ("Every gate is passed.",)
    if failed:
        says = ("It fails at ", bad(listed([_title(gate).lower() for gate in failed])), ".")
    elif open_:
        says = (
            "Too little is known for ",
            strong(listed([_title(gate).lower() for gate in open_])),
            "; the rest is passed.",
        )
    legend = key((sign("dot"), "measured"), (sign("band ink"), "95% interval"), (sign("limit"), "limit"))
    if not gates:
        body, legend, says = el("p", "No gate was asked for.", class_="so"), Markup(""), ()
    sub = "what it must pass; each on its own scale"
    return Card("Gates", body, sub, legend, says, width=7 if beside else 12, tall=beside)


def with_verdict(gates: Sequence[Gate], verdict: Verdict) -> list[Gate]:
    return [gate for gate in gates if gate.verdict == verdict]


def _title(gate: Gate) -> str:
    return KNOWN[gate.name][0] if gate.name in KNOWN else gate.name


def _gate(gate: Gate) -> Entry:
    mark, verdict, tone = MARKS[gate.verdict]
    _, unit, least = KNOWN.get(gate.name, ("", "change", True))
    unit, least = gate.unit or unit, least if gate.at_least is None else gate.at_least
    number = NOT_MEASURED if gate.value is None else _in(gate.value, unit)
    bound = "" if gate.limit is None else f"{'at least' if least else 'at most'} {_in(gate.limit, unit)}"
    return Entry(mark, verdict, _title(gate), gate.reason, _plot(gate), number, bound, tone)


def _plot(gate: Gate) -> Markup | None:
    """The measured number and its interval against the limit, on the gate's own scale."""
    if gate.value is None:
        return None
    known = [gate.value, *(gate.interval or ()), *(() if gate.limit is None else (gate.limit,))]
    room = 0.15 * ((max(known) - min(known)) or abs(gate.value) or 1.0)
    axis = Axis(min(known) - room, max(known) + room, ())
    colour = "bad-fill" if gate.verdict == "failed" else "ink"
    parts = [scale(axis), band(axis, *gate.interval, colour) if gate.interval else None]
    return join([*parts, None if gate.limit is None else limit(axis, gate.limit), dot(axis, gate.value, colour)])


def _in(value: float, unit: str) -> str:
    if unit == "points":
        return points(value)
    return signed(value) if unit == "change" else amount(value, unit)
