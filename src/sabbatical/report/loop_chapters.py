"""The loop's chapters from what the wire says of releases, issues and turns. Of drift: `drift_page.drift_chapter`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from sabbatical.report import loop_story as told
from sabbatical.report.story import Drawn, Hand, Shot, Tagged
from sabbatical.report.words import strong
from sabbatical.schemas.autopilot import Turn
from sabbatical.schemas.mine import Issue, IssueItem
from sabbatical.schemas.policy import StageName
from sabbatical.schemas.release import ArmEvidence, Decision, Evidence, Release

STAGES = get_args(StageName)
WAITS = frozenset({"labels", "shadow", "canary", "ab"})  # steps of a turn in which only others work

SAID = {
    "missed": "missed", "wrong_class": "taken for something else", "ghost": "seen where there is none",
    "unsure": "not sure", "feedback": "called wrong", "alike": "alike",
}  # fmt: skip


def released_chapter(
    release: Release, decisions: Sequence[Decision], now: Evidence | None = None, *, name: str = "Release"
) -> told.Released:
    """The way of a release. `decisions` come oldest first; `now` is what traffic shows of the stage it is in."""
    own = [one for one in decisions if one.release == release.name]
    return told.Released(
        model=release.model,
        before=release.champion,
        gates=tuple(
            told.Gate(gate.gate, gate.verdict, gate.reason, gate.value, gate.interval, gate.limit)
            for gate in release.gates
        ),
        stages=_stages(release, own, now),
        decisions=tuple(
            told.Decision(
                kind=one.kind,
                actor=one.actor,
                actor_kind=one.actor_kind,
                at=one.created_at,
                why="" if one.kind == "gate" else " ".join(one.reasons),
                to=one.stage_to if one.stage_to and one.stage_to in STAGES else "",
                passed=one.passed,
            )
            for one in own
        ),
        name=name,
    )


def _stages(release: Release, decisions: Sequence[Decision], now: Evidence | None) -> tuple[told.Stage, ...]:
    """A stage begins with the decision that leads to it; the next move holds the evidence that it was left on."""
    moves = [(one.stage_to, one) for one in decisions if one.stage_to is not None]
    shares: dict[str, float] = {stage.stage: stage.challenger_share for stage in release.rules.stages}
    stages = []
    for i, (stage, move) in enumerate(moves):
        if stage not in STAGES:
            continue
        left = moves[i + 1][1] if i + 1 < len(moves) else None
        seen = _seen(left, now, stage)
        stages.append(
            told.Stage(
                name=stage,
                share=shares.get(stage, release.share),
                champion=_arm(release.champion, seen.champion) if seen else None,
                challenger=_arm(release.model, seen.challenger) if seen else None,
                compared=seen.compared if seen else 0,
                agreed=seen.agreed if seen else 0,
                began_at=move.created_at,
                ended_at=left.created_at if left else None,
            )
        )
    return tuple(stages)


def _seen(left: Decision | None, now: Evidence | None, stage: str) -> Evidence | None:
    """What traffic showed of a stage when it was left, or shows now."""
    if left is None:
        return now if now and now.stage == stage else None
    traffic = left.evidence.get("traffic")
    seen = Evidence.model_validate(traffic) if traffic else None
    return seen if seen and seen.stage == stage else None


def _arm(model: str | None, seen: ArmEvidence) -> told.Arm | None:
    if model is None or not seen.requests:
        return None
    return told.Arm(
        model, seen.requests, seen.median_ms, seen.p95_ms, seen.failures, seen.unsure, seen.right, seen.wrong
    )


def mined_chapter(
    model: str,
    issues: Sequence[Issue],
    ordered: Sequence[told.Ordered] = (),
    *,
    shots: Mapping[int, Sequence[Shot]] | None = None,
    texts: Mapping[int, Sequence[Tagged]] | None = None,
    budget: int | None = None,
) -> told.Mined:
    """The issues of a model; `shots` and `texts` are some of their failures, by the number of the issue."""
    return told.Mined(
        model=model,
        issues=tuple(
            _issue(one, (shots or {}).get(one.number, ()), (texts or {}).get(one.number, ())) for one in issues
        ),
        ordered=tuple(ordered),
        answers=max((one.window.answers for one in issues), default=0),
        failures=sum(one.failing for one in issues),
        budget=budget,
    )


def _issue(one: Issue, shots: Sequence[Shot], texts: Sequence[Tagged]) -> told.Issue:
    symptom = one.symptom
    return told.Issue(
        number=one.number,
        title=one.title.partition(f", {symptom.failed:,} of ")[0],  # its counts stand beside it
        failures=symptom.failed,
        answers=symptom.answers,
        lift=symptom.lift,
        interval=symptom.interval,
        kind=symptom.kind,
        alike=one.alike,
        rest=(symptom.rest_failed, symptom.rest_answers),
        shots=tuple(shots),
        texts=tuple(texts),
    )


def failure_shot(failed: IssueItem, found: Sequence[Drawn] = (), frame: tuple[int, int] | None = None) -> Shot:
    """An item that failed, with what the model found there (`found`) and what it missed or saw where nothing is.

    Of an item that is only unsure the boxes that the model found are all there is to show.
    """
    missed = [_marked(one, "nobody") for one in failed.detail.get("missed", [])]
    wrong = [_marked(one, "person") for one in failed.detail.get("wrong_class", []) if isinstance(one[-1], list)]
    ghosts = [_marked(one, "machine") for one in failed.detail.get("ghost", [])]
    names = ", ".join(dict.fromkeys(str(one[0]) for one in failed.detail.get(failed.kind, [])))
    caption = (strong(names), f" {SAID[failed.kind]}") if names else SAID[failed.kind]
    return Shot(failed.item, (*found, *missed, *wrong, *ghosts), caption, None, frame)


def _marked(one: Sequence[object], hand: Hand) -> Drawn:
    """A place as an issue keeps it: its class, the class that was said if another, and its corners."""
    *classes, box = one
    x1, y1, x2, y2 = (float(side) for side in box)  # type: ignore[attr-defined]
    return Drawn((x1, y1, x2, y2), str(classes[0]), hand)


def turn_chapter(turn: Turn, name: str) -> told.TurnSteps:
    """A turn by its steps."""
    return told.TurnSteps(
        turn=name,
        steps=tuple(
            told.TurnStep(
                name=step.name.replace("-", " "),
                seconds=step.seconds,
                did=step.message,
                began=max((step.started_at - turn.created_at).total_seconds(), 0.0),
                state=step.state,
                waits=step.name in WAITS,
            )
            for step in turn.steps
        ),
        outcome=turn.message,
        begun_by=turn.why,
    )
