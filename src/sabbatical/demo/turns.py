"""The turns of a demo as `sabbatical demo --json` prints them."""

from __future__ import annotations

from typing import Any

from sabbatical.demo.loop import Turned
from sabbatical.demo.play import Contest
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.release import Decision, Release


def as_json(contest: Contest, turned: Turned | None) -> list[dict[str, Any]]:
    """Each turn with its model, how it was judged, and, where it was released, the gates and the way it went."""
    turns = [
        _model(turn.models[-1].name, turn.models[-1].record.masking, turn.judged.report)
        for turn in (contest, *contest.later)
    ]
    if turned is None:
        return turns
    turns[0] |= _release(turned.first.record, turned.decisions)
    if turned.release is None or turned.second is None:
        return turns
    masking = contest.models[-1].record.masking
    second = _model(turned.release.record.model, masking, turned.second.report)
    return [*turns, second | _release(turned.release.record, turned.decisions)]


def loop_as_json(turned: Turned) -> dict[str, Any]:
    """The turn by itself: how it ended, its seconds by step, what was labeled, and what the new model changed where."""
    comparison = turned.second.report.comparison if turned.second else None
    changes = [one for one in comparison.changes if one.kind == "slice"] if comparison else []
    return {
        "outcome": turned.turn.outcome,
        "message": turned.turn.message,
        "seconds": {step.name: round(step.seconds, 2) for step in turned.turn.steps},
        "requests": turned.traffic.sent,
        "unsure": turned.traffic.unsure,
        "complaints": turned.traffic.reported,
        "issues": [issue.title for issue in turned.issues],
        "labeled": len(turned.works),
        "label_seconds": round(sum(work.seconds for work in turned.works), 1),
        "label_seconds_from_scratch": round(sum(work.scratch_seconds for work in turned.works), 1),
        "changes": {
            one.name: {"before": one.before, "after": one.after, "interval": one.interval, "n": one.n}
            for one in changes
            if len(one.where) == 1
        },
        "gain": turned.gain.as_json() if turned.gain else None,
    }


def _model(name: str, masking: str, report: Report) -> dict[str, Any]:
    metrics = report.metrics.model_dump(mode="json", exclude_none=True)
    against = report.comparison.against().model_dump(mode="json") if report.comparison else None
    return {"model": name, "masking": masking, "metrics": metrics} | ({"against": against} if against else {})


def _release(release: Release, decisions: list[Decision]) -> dict[str, Any]:
    reasons = [f"{one.gate} {one.verdict}: {one.reason}" for one in release.gates]
    stages = [one.stage_to for one in decisions if one.release == release.name and one.stage_to]
    return {"gate": {"passed": release.passed, "reasons": reasons}, "release": stages}
