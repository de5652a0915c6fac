"""The gates: what was measured of a model, against the rules, as verdicts with the numbers they stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sabbatical.schemas.policy import BehaviourGate, ItemsGate, LatencyGate, MetricGate, ReleaseRules, SizeGate
from sabbatical.schemas.release import GateVerdict, Verdict
from sabbatical.stages.release.comparing import classes, overall, slices
from sabbatical.stages.release.measured import Measured, count, listed, metric_name, more, said_of


def judge(rules: ReleaseRules, measured: Measured) -> list[GateVerdict]:
    """One verdict for each gate, in the order of the rules.

    Why there is no report, or none against the champion, is said by the first gate that needs it.
    """
    verdicts = [GATES[gate.gate](gate, measured) for gate in rules.gates]
    said = [one for one in verdicts if measured.missing and one.reason.startswith(measured.missing)]
    for one in said[1:]:
        one.reason = one.reason.removeprefix(measured.missing)
    return verdicts


def _items(gate: ItemsGate, measured: Measured) -> GateVerdict:
    many = measured.report.items if measured.report else 0
    said = {"gate": "items", "value": many, "limit": gate.at_least, "items": many}
    if many >= gate.at_least:
        return said_of("passed", f"{count(measured, many)} judged it; at least {gate.at_least:,} are asked.", **said)
    sentence = (
        f"{measured.missing}Only {count(measured, many)} judged it, {gate.at_least - many:,} fewer than the "
        f"{gate.at_least:,} that are asked: {more(measured, 'at_least', 'items')}"
    )
    return said_of("undecided", sentence, **said)


def _metric(gate: MetricGate, measured: Measured) -> GateVerdict:
    said: dict[str, Any] = {"gate": "metric", "limit": gate.at_least, "where": gate.metric}
    if measured.report is None:
        return said_of("undecided", f"{measured.missing}There is no report with {metric_name(gate.metric)}.", **said)
    value = getattr(measured.report.metrics.overall, gate.metric)
    if value is None:
        known = measured.report.metrics.overall.model_dump(exclude_none=True)
        sentence = f"The report has no {metric_name(gate.metric)}; it has {listed(list(known))}."
        return said_of("undecided", sentence, **said)
    span = measured.report.metrics.intervals.overall.get(gate.metric)
    between = f" ({span[0] * 100:.1f} to {span[1] * 100:.1f})" if span else ""
    sentence = (
        f"{metric_name(gate.metric)} is {value * 100:.1f}{between} on "
        f"{count(measured, measured.report.items)}; at least {gate.at_least * 100:.1f} is asked."
    )
    passed: Verdict = "passed" if value >= gate.at_least else "failed"
    return said_of(passed, sentence, value=value, interval=span, items=measured.report.items, **said)


def _latency(gate: LatencyGate, measured: Measured) -> GateVerdict:
    """Both limits must hold, each where it is given; against the champion only where there is one that can be asked."""
    found = measured.latency
    if found is None:
        splits = listed(measured.splits)
        reason = f"There is no labeled item of {splits} to measure its speed on: {more(measured, None, 'latency')}"
        return said_of("undecided", reason, gate="latency")
    slow = gate.at_most_ms is not None and found.ours_ms > gate.at_most_ms
    parts = [f"It takes {found.ours_ms:.1f} ms an item in the middle of {found.items} items"]
    if gate.at_most_ms is not None:
        parts.append(f"at most {gate.at_most_ms:g} ms are allowed")
    times = found.ours_ms / max(found.theirs_ms, 1e-3) if found.theirs_ms is not None else None
    if gate.times_champion is not None and times is not None and found.theirs_ms is not None:
        little = times > gate.times_champion and found.ours_ms - found.theirs_ms <= gate.slack_ms
        slow |= times > gate.times_champion and not little
        allowed = f"at most {gate.times_champion:g} times is allowed" + (
            f", or {gate.slack_ms:g} ms more" if little else ""
        )
        parts.append(f"{times:.2f} times the {found.theirs_ms:.1f} ms of {measured.champion}, {allowed}")
    elif gate.times_champion is not None and found.unmeasured:
        parts.append(f"the speed of {measured.champion} could not be measured: {found.unmeasured.rstrip('.')}")
    elif gate.times_champion is not None:
        parts.append("there is no champion to compare with")
    end = ". Take a smaller recipe, or allow more." if slow else "."
    said: dict[str, Any] = {"gate": "latency", "value": found.ours_ms, "limit": gate.at_most_ms, "items": found.items}
    unknown = bool(found.unmeasured) and gate.times_champion is not None and gate.at_most_ms is None
    verdict: Verdict = "failed" if slow else "undecided" if unknown else "passed"
    return said_of(verdict, "; ".join(parts) + end, **said)


def _size(gate: SizeGate, measured: Measured) -> GateVerdict:
    size = measured.bytes / 1e6
    large = size > gate.at_most_mb
    sentence = f"The file that is served has {size:,.1f} MB; at most {gate.at_most_mb:g} MB are allowed."
    end = " Take a smaller recipe, or allow more." if large else ""
    return said_of("failed" if large else "passed", sentence + end, gate="size", value=size, limit=gate.at_most_mb)


def _behaviour(gate: BehaviourGate, measured: Measured) -> GateVerdict:
    said: dict[str, Any] = {"gate": "behaviour", "limit": gate.at_least}
    tried = measured.report.behaviour if measured.report else []
    total, passed = sum(one.total for one in tried), sum(one.passed for one in tried)
    if not total:
        hint = "give them with `sabbatical release propose --behaviour FILE`, or take the gate out."
        return said_of("undecided", f"No behavioural tests were tried: {hint}", **said)
    share = passed / total
    broken = [f"{one.name} ({one.passed} of {one.total})" for one in tried if one.passed < one.total]
    sentence = (
        f"It keeps {passed:,} of {total:,} behavioural cases ({share:.1%}); at least {gate.at_least:.1%} is asked."
    )
    sentence += f" Not kept: {listed(broken)}." if broken else ""
    return said_of("passed" if share >= gate.at_least else "failed", sentence, value=share, items=total, **said)


GATES: dict[str, Callable[[Any, Measured], GateVerdict]] = {
    "items": _items,
    "overall": overall,
    "slices": slices,
    "classes": classes,
    "metric": _metric,
    "latency": _latency,
    "size": _size,
    "behaviour": _behaviour,
}
