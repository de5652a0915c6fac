"""Whether what traffic shows of a release suffices to leave its stage."""

from __future__ import annotations

import math

from sabbatical.metrics.resampling import wilson
from sabbatical.schemas.policy import Stage
from sabbatical.schemas.release import ArmEvidence, Evidence, GateVerdict, Readiness, Verdict
from sabbatical.stages.release.sharing import EXPECTED, SHARED, units_needed

LEAST_FEEDBACK = 10  # answers of each model that somebody judged


def ready(rules: Stage, evidence: Evidence) -> Readiness:
    """Whether the stage may be left, with a sentence for each thing that was looked at.

    `judge` tells apart what is not yet known (wait) and what is bad (no waiting helps).
    """
    found = judge(rules, evidence)
    return Readiness(all(one.verdict == "passed" for one in found), [one.reason for one in found])


def judge(rules: Stage, evidence: Evidence) -> list[GateVerdict]:
    """What was answered, what failed, how fast, and what feedback says, each against the rules of the stage.

    Nothing is bad before the challenger got the requests that the stage asks for.
    """
    return [
        _requests(rules, evidence),
        _failures(rules, evidence),
        _latency(rules, evidence),
        _feedback(rules, evidence) if rules.wrong_at_most is None else _limited(rules.wrong_at_most, rules, evidence),
    ]


def _early(rules: Stage, evidence: Evidence) -> bool:
    return evidence.challenger.requests < rules.requests


def _bad_or_early(bad: bool, rules: Stage, evidence: Evidence) -> Verdict:
    return "passed" if not bad else "undecided" if _early(rules, evidence) else "failed"


def _requests(rules: Stage, evidence: Evidence) -> GateVerdict:
    many, needed = evidence.challenger.requests, rules.requests
    reason = f"It was asked {many:,} times in {rules.stage}; {needed:,} are needed"
    reason += f", so {needed - many:,} are missing: {_waiting(rules, evidence)}" if many < needed else "."
    return GateVerdict(
        gate="requests",
        verdict="undecided" if many < needed else "passed",
        reason=reason,
        value=many,
        limit=needed,
    )


def _waiting(rules: Stage, evidence: Evidence) -> str:
    """What to do where requests are missing; that no unit is the challenger's, which no waiting mends."""
    asked, units, share = evidence.champion.requests, evidence.units, rules.challenger_share
    passed_by = rules.stage in SHARED and not evidence.challenger.requests and asked >= EXPECTED
    if not passed_by or units >= units_needed(share):
        return "wait, or send it traffic."
    return (
        f"{units:,} {'unit' if units == 1 else 'units'} asked {asked:,} times, and none of them is in the {share:.0%} "
        f"{rules.stage}. Raise the share and propose it again, send requests of more units, or let a person advance it."
    )


def _failures(rules: Stage, evidence: Evidence) -> GateVerdict:
    many, lost, limit = evidence.challenger.requests, evidence.challenger.failures, rules.failures_at_most
    share = lost / many if many else 0.0
    verdict = _bad_or_early(lost > limit * many, rules, evidence)
    reason = f"It failed to answer {lost:,} of {many:,} requests ({share:.1%}); at most {limit:.1%} may fail"
    reason += ": reject it, and see its log for what it could not answer." if verdict == "failed" else "."
    return GateVerdict(gate="failures", verdict=verdict, reason=reason, value=share, limit=limit, items=many)


def _latency(rules: Stage, evidence: Evidence) -> GateVerdict:
    """Failed where it is slower by the call and by the answer.

    A model answers all that wait in one call. Larger calls take longer, and less for each answer in them; the two arms
    get calls of different sizes. Slower by both is what no difference in size explains.
    """
    ours, theirs, limit = evidence.challenger, evidence.champion, rules.slower_at_most
    if ours.median_ms is None:
        missing = rules.requests > 0
        reason = "It has not answered yet, so nothing is known of its speed."
        return GateVerdict(gate="latency", verdict="undecided" if missing else "passed", reason=reason, limit=limit)
    if theirs.median_ms is None:
        reason = f"It takes {ours.median_ms:.1f} ms in the middle; the champion has answered nothing to compare with."
        return GateVerdict(gate="latency", verdict="passed", reason=reason, limit=limit)
    times = ours.median_ms / max(theirs.median_ms, 1e-3)
    reason = (
        f"A call of it takes {ours.median_ms:.1f} ms in the middle, {times:.2f} times the champion's "
        f"{theirs.median_ms:.1f} ms"
    )
    if ours.each_ms is not None and theirs.each_ms is not None:
        each = ours.each_ms / max(theirs.each_ms, 1e-3)
        reason += f", and for each answer in a call {each:.2f} times as long; the lesser counts"
        times = min(times, each)
    little = times > limit and ours.median_ms - theirs.median_ms <= rules.slack_ms
    allowed = f"at most {limit:g} times is allowed" + (f", or {rules.slack_ms:g} ms more" if little else "")
    return GateVerdict(
        gate="latency",
        verdict=_bad_or_early(times > limit and not little, rules, evidence),
        reason=f"{reason}; {allowed}.",
        value=times,
        limit=limit,
    )


def _feedback(rules: Stage, evidence: Evidence) -> GateVerdict:
    """Failed where it is surely called wrong more often: 95 % of the difference of the two shares is above zero.

    Source of the interval: Newcombe, Statistics in Medicine 1998, method 10 (of Wilson's).
    """
    ours, theirs = _judged(evidence.challenger), _judged(evidence.champion)
    if min(ours, theirs) < LEAST_FEEDBACK:
        reason = (
            f"Feedback judges {ours:,} of its answers and {theirs:,} of the champion's; below {LEAST_FEEDBACK} of each "
            "it is not compared."
        )
        return GateVerdict(gate="feedback", verdict="passed", reason=reason, items=ours)
    share, other = evidence.challenger.wrong / ours, evidence.champion.wrong / theirs
    (low, high), (least, most) = wilson(share, ours), wilson(other, theirs)
    more = share - other
    interval = more - math.hypot(share - low, most - other), more + math.hypot(high - share, other - least)
    sure = "surely more" if interval[0] > 0 else "not surely more"
    return GateVerdict(
        gate="feedback",
        verdict=_bad_or_early(interval[0] > 0, rules, evidence),
        reason=f"{_called(evidence)}: {sure} ({interval[0]:+.1%} to {interval[1]:+.1%}).",
        value=more,
        limit=0.0,
        interval=interval,
        items=ours,
    )


def _limited(limit: float, rules: Stage, evidence: Evidence) -> GateVerdict:
    """Failed where the 95 % intervals (Wilson) of the two shares, the champion's times the limit, stand apart."""
    ours, theirs = _judged(evidence.challenger), _judged(evidence.champion)
    if not ours or not theirs:
        who = "its answers" if not ours else "the champion's answers"
        reason = f"Nobody said yet whether {who} are right; feedback is needed, or leave `wrong_at_most` out."
        return GateVerdict(gate="feedback", verdict="undecided", reason=reason, items=ours)
    share, other = evidence.challenger.wrong / ours, evidence.champion.wrong / theirs
    low, high = wilson(share, ours)
    bad = low > limit * wilson(other, theirs)[1]
    return GateVerdict(
        gate="feedback",
        verdict=_bad_or_early(bad, rules, evidence),
        reason=f"{_called(evidence)} ({low:.1%} to {high:.1%}); at most {limit:g} times as many are allowed.",
        value=share,
        limit=limit * other,
        interval=(low, high),
        items=ours,
    )


def _called(evidence: Evidence) -> str:
    ours, theirs = evidence.challenger, evidence.champion
    return (
        f"Feedback calls {theirs.wrong:,} of {_judged(theirs):,} of the champion's answers wrong "
        f"({theirs.wrong / _judged(theirs):.1%}) and {ours.wrong:,} of {_judged(ours):,} of its own "
        f"({ours.wrong / _judged(ours):.1%})"
    )


def _judged(arm: ArmEvidence) -> int:
    return arm.right + arm.wrong
