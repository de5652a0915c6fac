"""Whether what traffic shows of a release suffices to leave its stage."""

from __future__ import annotations

from sabbatical.metrics.resampling import wilson
from sabbatical.schemas.policy import Stage
from sabbatical.schemas.release import ArmEvidence, Evidence, GateVerdict, Readiness


def ready(rules: Stage, evidence: Evidence) -> Readiness:
    """Whether the stage may be left, with a sentence for each thing that was looked at.

    `judge` tells apart what is not yet known (wait) and what is bad (no waiting helps).
    """
    found = judge(rules, evidence)
    return Readiness(all(one.verdict == "passed" for one in found), [one.reason for one in found])


def judge(rules: Stage, evidence: Evidence) -> list[GateVerdict]:
    """What was answered, what failed, how fast, and what feedback says, each against the rules of the stage."""
    found = [_requests(rules, evidence), _failures(rules, evidence), _latency(rules, evidence)]
    return found if rules.wrong_at_most is None else [*found, _feedback(rules.wrong_at_most, evidence)]


def _requests(rules: Stage, evidence: Evidence) -> GateVerdict:
    many, needed = evidence.challenger.requests, rules.requests
    enough = many >= needed
    reason = f"It was asked {many:,} times in {rules.stage}; {needed:,} are needed"
    reason += "." if enough else f", so {needed - many:,} are missing: wait, or send it traffic."
    return GateVerdict(
        gate="requests", verdict="passed" if enough else "undecided", reason=reason, value=many, limit=needed
    )


def _failures(rules: Stage, evidence: Evidence) -> GateVerdict:
    """Failed for sure once so many failed that no later answers could make up for it."""
    many, bad, limit = evidence.challenger.requests, evidence.challenger.failures, rules.failures_at_most
    lost = bad > limit * max(many, rules.requests)
    share = bad / many if many else 0.0
    reason = f"It failed to answer {bad:,} of {many:,} requests ({share:.1%}); at most {limit:.1%} may fail"
    reason += ": reject it, and see its log for what it could not answer." if lost else "."
    unsure = many < rules.requests and bad > limit * many
    verdict = "failed" if lost else "undecided" if unsure else "passed"
    return GateVerdict.model_validate(
        {"gate": "failures", "verdict": verdict, "reason": reason, "value": share, "limit": limit, "items": many}
    )


def _latency(rules: Stage, evidence: Evidence) -> GateVerdict:
    ours, theirs, limit = evidence.challenger.median_ms, evidence.champion.median_ms, rules.slower_at_most
    if ours is None:
        missing = rules.requests > 0
        reason = "It has not answered yet, so nothing is known of its speed."
        return GateVerdict(gate="latency", verdict="undecided" if missing else "passed", reason=reason, limit=limit)
    if theirs is None:
        reason = f"It takes {ours:.1f} ms in the middle; the champion has answered nothing to compare with."
        return GateVerdict(gate="latency", verdict="passed", reason=reason, limit=limit)
    times = ours / max(theirs, 1e-3)
    slow = times > limit
    early = evidence.challenger.requests < rules.requests
    reason = (
        f"It takes {ours:.1f} ms in the middle, {times:.2f} times the champion's {theirs:.1f} ms; "
        f"at most {limit:g} times is allowed."
    )
    verdict = "passed" if not slow else "undecided" if early else "failed"
    return GateVerdict.model_validate(
        {"gate": "latency", "verdict": verdict, "reason": reason, "value": times, "limit": limit}
    )


def _feedback(limit: float, evidence: Evidence) -> GateVerdict:
    """Failed where the 95 % intervals (Wilson) of the two shares, the champion's times the limit, stand apart."""
    ours, theirs = _judged(evidence.challenger), _judged(evidence.champion)
    if not ours or not theirs:
        who = "its answers" if not ours else "the champion's answers"
        reason = f"Nobody said yet whether {who} are right; feedback is needed, or leave `wrong_at_most` out."
        return GateVerdict(gate="feedback", verdict="undecided", reason=reason, items=ours)
    share, other = evidence.challenger.wrong / ours, evidence.champion.wrong / theirs
    low, high = wilson(share, ours)
    bad = low > limit * wilson(other, theirs)[1]
    reason = (
        f"Feedback calls {evidence.challenger.wrong:,} of {ours:,} of its answers wrong ({share:.1%}, {low:.1%} to "
        f"{high:.1%}) and {evidence.champion.wrong:,} of {theirs:,} of the champion's ({other:.1%}); at most "
        f"{limit:g} times as many are allowed."
    )
    return GateVerdict(
        gate="feedback",
        verdict="failed" if bad else "passed",
        reason=reason,
        value=share,
        limit=limit * other,
        interval=(low, high),
        items=ours,
    )


def _judged(arm: ArmEvidence) -> int:
    return arm.right + arm.wrong
