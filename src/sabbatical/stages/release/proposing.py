"""A model is proposed: what may be, by which rules, as a run that judges it; and the release that the verdict makes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadRequest, Conflict
from sabbatical.core.ids import new_id
from sabbatical.durable import runs
from sabbatical.schemas.evaluate import Overall
from sabbatical.schemas.policy import MetricGate, Policy, ReleaseRules, Stage
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import GateVerdict, ProposeRequest
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import listing, queries
from sabbatical.stages.release.keeping import ON_TRAFFIC, By, decide, to_stage
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import ReleaseRow, RunRow


def ask_propose(
    session: Session, project: Project, asked: ProposeRequest, now: datetime, key: str | None = None
) -> RunRow:
    """A run that judges a model by the gates and, where they pass, begins its release.

    Its params are a `ProposeRequest` with the names and rules that are meant; its result is `release`, `model`,
    `stage`, `passed`, `evaluation` and `reasons`. The same key again is the same run.

    Raises:
        NotFound: no such model, snapshot or taxonomy.
        BadRequest: a gate that cannot be.
        Conflict: the key was used for something else; or the model may not be proposed, see `may_propose`.
    """
    there = queries.run_with_key(session, project.id, key) if key else None
    if there is not None:
        params = there.params if _same(there, asked) else asked.model_dump(mode="json")
        return runs.ask(session, project_id=project.id, kind="propose", params=params, now=now, key=key)
    model = models.get(session, project, asked.model)
    rules = asked.rules or policy_rules(session, project)
    check_rules(session, project, rules)
    may_propose(session, project, model, asked)
    snapshot = datasets.get(session, project, asked.snapshot).name
    resolved = asked.model_copy(update={"model": model.name, "snapshot": snapshot, "rules": rules})
    params = resolved.model_dump(mode="json")
    return runs.ask(session, project_id=project.id, kind="propose", params=params, now=now, key=key)


def _same(there: RunRow, asked: ProposeRequest) -> bool:
    """Whether a run was asked the same; what is left open now was filled in then."""
    given = asked.model_dump(mode="json").items()
    return there.kind == "propose" and all(
        there.params.get(name) == value for name, value in given if value is not None
    )


def policy_rules(session: Session, project: Project) -> ReleaseRules:
    """The rules of the project's policy, the usual ones without."""
    document = queries.policy(session, project.id)
    return Policy.model_validate(document or {}).release


def check_rules(session: Session, project: Project, rules: ReleaseRules, field: str = "rules") -> None:
    """Refuse what no report could answer; `field` is where the rules stand.

    Raises:
        BadRequest: naming the field.
    """
    known = [name for name in Overall.model_fields if name != "log_loss"]  # which is better when it is lower
    for number, gate in enumerate(rules.gates):
        if not isinstance(gate, MetricGate):
            continue
        where = f"field {field}.gates.{number}"
        if gate.metric not in known:
            hint = f"There are: {', '.join(known)}."
            raise BadRequest(f"There is no rate '{gate.metric}' of all data.", where=f"{where}.metric", hint=hint)
        if not 0 <= gate.at_least <= 1:
            hint = "Rates lie between 0 and 1: write 0.8 for 80 of 100."
            raise BadRequest(f"{gate.at_least:g} cannot be reached.", where=f"{where}.at_least", hint=hint)
    there = projects.customer_taxonomies(session, project.id) if rules.judge.taxonomies else {}
    for name in rules.judge.taxonomies or ():
        if name not in there:
            hint = f"There are: {', '.join(there) or 'none yet'}."
            raise BadRequest(f"There is no taxonomy '{name}'.", where=f"field {field}.judge.taxonomies", hint=hint)


def may_propose(session: Session, project: Project, model: ModelVersion, asked: ProposeRequest) -> None:
    """One release is under way at a time, and what a person has turned down the loop does not try again.

    Raises:
        Conflict: it may not, with what stands against it.
    """
    if queries.alias_of(session, project.id, "champion") == model.id:
        raise Conflict(f"{model.name} is the champion already.", where="field model")
    row = queries.under_way(session, project.id)
    if row is not None and row.stage in ON_TRAFFIC:
        hint = "Advance, reject or revert it first; see `sabbatical release status`."
        name = queries.model_names(session, {row.model_id})[row.model_id]
        raise Conflict(f"{name} is under way as r{row.number} ({row.stage}).", where="field model", hint=hint)
    if asked.actor_kind == "person":
        return
    if row is not None and listing.held_by(session, row) == "person":
        hint = "Let it go on with `sabbatical release resume`, or reject it."
        raise Conflict(f"A person holds r{row.number} at the gate.", where="field model", hint=hint)
    no = queries.turned_down(session, project.id, model.id)
    if no is not None:
        done = "rejected it" if no.kind == "reject" else "took it back"
        why = f": {no.reasons[0]}" if no.reasons else "."
        hint = "A person may still: `sabbatical release propose`."
        raise Conflict(f"The loop does not propose {model.name} again, since {no.actor} {done}{why}", hint=hint)


def begin(
    session: Session,
    project: Project,
    run_id: str,
    model: ModelVersion,
    asked: ProposeRequest,
    verdicts: Sequence[GateVerdict],
    facts: dict[str, Any],
    now: datetime,
) -> ReleaseRow:
    """Write the release that a verdict makes, with its two decisions; a release that waits at the gate gives way.

    Raises:
        Conflict: another release began meanwhile; see `may_propose`.
    """
    may_propose(session, project, model, asked)
    assert asked.rules is not None
    if (waiting := queries.under_way(session, project.id)) is not None:
        goes = By("replace", asked.actor, asked.actor_kind, f"{model.name} was proposed instead.", None, now)
        decide(session, project, goes, waiting, to="replaced")
    row = ReleaseRow(
        id=new_id("rel"),
        project_id=project.id,
        number=queries.next_number(session, project.id),
        key=run_id,
        model_id=model.id,
        champion_id=queries.alias_of(session, project.id, "champion"),
        rules=asked.rules.model_dump(mode="json"),
        stage="gate",
        share=0.0,
        stage_since=now,
        created_at=now,
    )
    session.add(row)
    session.flush()
    decide(session, project, _by(asked, run_id, "propose", now), row, facts={"model": model.id, "run": run_id})
    _through_the_gate(session, project, row, asked, verdicts, facts, _by(asked, run_id, "gate", now))
    return row


def _by(asked: ProposeRequest, run_id: str, kind: Any, now: datetime) -> By:
    why = asked.why if kind == "propose" else ""
    return By(kind, asked.actor, asked.actor_kind, why, f"{run_id}:{kind}", now)


def _through_the_gate(
    session: Session,
    project: Project,
    row: ReleaseRow,
    asked: ProposeRequest,
    verdicts: Sequence[GateVerdict],
    facts: dict[str, Any],
    by: By,
) -> None:
    assert asked.rules is not None
    passed = together(verdicts)
    reasons = [one.reason for one in verdicts]
    facts = facts | {"gates": [one.model_dump(mode="json") for one in verdicts]}
    coming = listing.following(row, asked.rules)
    assert coming is not None
    waits = _waits(session, project, asked, coming)
    if passed and waits is None:
        to_stage(session, project, by, row, coming, reasons=reasons, facts=facts, passed=passed)
        return
    to = "failed" if passed is False else "gate"
    decide(session, project, by, row, to=to, reasons=reasons, facts=facts, passed=passed)
    if waits is not None and to == "gate":
        decide(session, project, By("hold", by.actor, by.actor_kind, waits, f"{row.key}:hold", by.now), row)


def _waits(session: Session, project: Project, asked: ProposeRequest, coming: Stage) -> str | None:
    """Why a release waits at the gate though it may have passed: it was asked to, or a person pinned the champion."""
    if asked.hold:
        return "It was asked to wait at the gate for a decision."
    pin = listing.pinned(session, project.id) if asked.actor_kind == "loop" and coming.stage == "full" else None
    return f"{pin.actor} pinned the champion; the loop does not replace it." if pin else None


def together(verdicts: Sequence[GateVerdict]) -> bool | None:
    """What gates say together: one that failed decides; None where one cannot tell."""
    said = {one.verdict for one in verdicts}
    return False if "failed" in said else None if "undecided" in said else True
