"""Decisions that change which model answers. Each is kept with its reasons; a person's word stands against the loop."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Literal

from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict, NotReady
from sabbatical.schemas.policy import ReleaseRules
from sabbatical.schemas.project import Project
from sabbatical.schemas.release import ActorKind, Evidence, GateVerdict, Release, Reverted
from sabbatical.stages.release import listing, queries
from sabbatical.stages.release.keeping import ON_TRAFFIC, By, decide, repeated, to_stage
from sabbatical.stages.release.reverting import taken_back
from sabbatical.stages.release.traffic import judge
from sabbatical.storage.tables import ReleaseRow

Word = Literal["hold", "resume", "reject"]
SAID: dict[Word, str] = {"hold": "held", "resume": "resumed", "reject": "rejected"}


def advance(
    session: Session,
    project: Project,
    release_id: str,
    *,
    evidence: Evidence | None,
    actor: str,
    actor_kind: ActorKind,
    now: datetime,
    key: str | None = None,
    stage: str | None = None,
    anyway: bool = False,
    why: str = "",
) -> Release:
    """Take a release to its next stage; at full it becomes the champion.

    `stage` or the evidence's stage is the one to leave: of two who advance at once, the second moves nothing. A person
    may go on `anyway` where gates or traffic do not suffice.

    Raises:
        NotFound: no such release.
        Conflict: it has ended or moved meanwhile; or the loop would go against a person's hold or pin.
        NotReady: gates or traffic do not suffice, with what is missing.
    """
    by = By("advance", actor, actor_kind, why, key, now)
    row = listing.row_of(session, project, release_id)
    if repeated(session, project, by, row):
        return _told(session, project, row)
    _check_open(row, "advanced")
    _check_unmoved(row, stage, evidence)
    rules = ReleaseRules.model_validate(row.rules)
    coming = listing.following(row, rules)
    assert coming is not None
    _check_free(session, project, row, by, full=coming.stage == "full")
    verdicts = _verdicts(session, row, evidence)
    missing = [one.reason for one in verdicts if one.verdict != "passed"]
    if missing and (by.loop or not anyway):
        raise NotReady(
            f"r{row.number} may not leave {row.stage} yet: {' '.join(missing)}",
            where=f"release r{row.number}",
            hint="Do as it says, or let a person go on anyway: `sabbatical release advance --anyway`.",
        )
    reasons = [*by.reasons, *missing, *(one.reason for one in verdicts if one.verdict == "passed")]
    facts = {"enough": not missing, "traffic": evidence.model_dump(mode="json") if evidence else None}
    to_stage(session, project, by, row, coming, reasons=reasons, facts=facts)
    return _told(session, project, row)


def say(
    word: Word,
    session: Session,
    project: Project,
    release_id: str,
    *,
    actor: str,
    actor_kind: ActorKind,
    why: str,
    now: datetime,
    key: str | None = None,
) -> Release:
    """Decide on a release under way without taking it on: `hold`, `resume`, `reject`.

    Raises:
        NotFound: no such release.
        Conflict: it has ended, or is to be resumed and not held; or a person holds it and the loop would let it go.
    """
    by = By(word, actor, actor_kind, why, key, now)
    row = listing.row_of(session, project, release_id)
    if repeated(session, project, by, row):
        return _told(session, project, row)
    _check_open(row, SAID[word])
    if word == "resume" and listing.held_by(session, row) is None:
        raise Conflict(f"r{row.number} is not held.", where=f"release r{row.number}")
    if word != "hold":
        _check_free(session, project, row, by)
    decide(session, project, by, row, to="rejected" if word == "reject" else None)
    return _told(session, project, row)


hold = partial(say, "hold")
"""Keep a release where it is; a person's hold stops the loop until `resume`, or until a person advances it."""
resume = partial(say, "resume")
"""Let a release that is held go on."""
reject = partial(say, "reject")
"""End a release that is under way; the champion answers everything. The loop does not propose its model again."""


def revert(
    session: Session,
    project: Project,
    *,
    actor: str,
    actor_kind: ActorKind,
    why: str,
    now: datetime,
    key: str | None = None,
) -> Reverted:
    """Take the newest change of what answers back, and answer the release that was taken back.

    A challenger on traffic goes, and the champion answers everything; without one, the champion before comes back, and
    a release that waits at the gate ends, since it was compared with the champion that goes.

    Raises:
        Conflict: there is nothing to go back to; or the loop would go against a person.
    """
    by = By("revert", actor, actor_kind, why, key, now)
    if (done := repeated(session, project, by)) is not None:
        return taken_back(session, project, done)
    waiting = queries.under_way(session, project.id)
    if waiting is not None and waiting.stage in ON_TRAFFIC:
        _check_free(session, project, waiting, by)
        return taken_back(session, project, decide(session, project, by, waiting, to="reverted"))
    full = queries.newest_full(session, project.id)
    if full is None or full.champion_id is None:
        raise _nothing_before(session, project, waiting)
    _check_champion_free(session, project, full, by)
    if waiting is None:
        return taken_back(session, project, decide(session, project, by, full, to="reverted"))
    _check_free(session, project, waiting, by)
    made = decide(session, project, by, full, to="reverted", facts={"ended": waiting.id})
    goes = By("replace", actor, actor_kind, "The champion that it was compared with was taken back.", None, now)
    decide(session, project, goes, waiting, to="replaced")
    return taken_back(session, project, made)


def pin(session: Session, project: Project, *, actor: str, why: str, now: datetime, key: str | None = None) -> None:
    """A person forbids the loop to replace the champion; a person still may.

    Raises:
        Conflict: no model answers yet.
    """
    by = By("pin", actor, "person", why, key, now)
    champion = queries.alias(session, project.id, "champion")
    if champion is None:
        raise Conflict("No model answers yet, so there is none to pin.", hint="See `sabbatical release propose`.")
    if repeated(session, project, by) is None:
        decide(session, project, by, None, facts={"model": champion.model_id})


def unpin(session: Session, project: Project, *, actor: str, why: str, now: datetime, key: str | None = None) -> None:
    """Let the loop replace the champion again.

    Raises:
        Conflict: it is not pinned.
    """
    by = By("unpin", actor, "person", why, key, now)
    if repeated(session, project, by) is not None:
        return
    pinned = listing.pinned(session, project.id)
    if pinned is None:
        raise Conflict("The champion is not pinned.")
    decide(session, project, by, None, facts={"model": pinned.evidence["model"]})


def _nothing_before(session: Session, project: Project, waiting: ReleaseRow | None) -> Conflict:
    """That no model answered before; what only waits at the gate answers nothing that could be taken back."""
    champion = queries.alias(session, project.id, "champion")
    told = "No model answers yet" if champion is None else "The champion is the first that was released"
    told += ": there is nothing to go back to."
    if waiting is None:
        return Conflict(told, hint="Propose another: `sabbatical release propose`.")
    release = _told(session, project, waiting)
    return Conflict(
        f"{told} {release.name}, the release of {release.model}, waits at the gate and answers nothing.",
        where=f"release {release.name}",
        hint=f"End it with `sabbatical release reject {release.name}`, or let it go on: `sabbatical release advance`.",
    )


def _told(session: Session, project: Project, row: ReleaseRow) -> Release:
    return listing.releases(session, project, [row])[0]


def _check_open(row: ReleaseRow, verb: str) -> None:
    if row.ended_at is None:
        return
    hint = "It answers already; `sabbatical release revert` takes it back." if row.stage == "full" else "Propose again."
    raise Conflict(
        f"r{row.number} has ended ({row.stage}), so it cannot be {verb}.", where=f"release r{row.number}", hint=hint
    )


def _check_unmoved(row: ReleaseRow, stage: str | None, evidence: Evidence | None) -> None:
    """That the release is still where the caller, or what it observed, saw it."""
    seen = stage or row.stage
    if evidence is not None and (evidence.release, evidence.stage) != (row.id, row.stage):
        seen = f"{evidence.stage} of {evidence.release}"
    if seen != row.stage:
        raise Conflict(
            f"r{row.number} is in {row.stage}; what was asked is about {seen}.",
            where=f"release r{row.number}",
            hint="Somebody was faster; look at it again with `sabbatical release status`.",
        )


def _check_free(session: Session, project: Project, row: ReleaseRow, by: By, *, full: bool = False) -> None:
    """That the loop does not go against a person: neither a hold, nor with `full` a pin."""
    if not by.loop:
        return
    if listing.held_by(session, row) == "person":
        raise Conflict(
            f"A person holds r{row.number} in {row.stage}; the loop leaves it there.",
            where=f"release r{row.number}",
            hint="Let it go on with `sabbatical release resume`, or advance it yourself.",
        )
    if full:
        _check_unpinned(session, project)


def _check_champion_free(session: Session, project: Project, full: ReleaseRow, by: By) -> None:
    """That the loop takes back only what it released itself, and no champion that a person pinned."""
    if not by.loop:
        return
    _check_unpinned(session, project)
    last = queries.newest_of_each(session, [full.id], listing.MOVES).get(full.id)
    if last is not None and last.actor_kind == "person":
        raise Conflict(
            f"{last.actor} released the champion; the loop does not take it back.",
            where=f"release r{full.number}",
            hint="`sabbatical release revert` by a person does.",
        )


def _check_unpinned(session: Session, project: Project) -> None:
    pinned = listing.pinned(session, project.id)
    if pinned is not None:
        raise Conflict(
            f"{pinned.actor} pinned the champion; the loop does not replace it.",
            hint="Advance it yourself, or let the loop: `sabbatical release unpin`.",
        )


def _verdicts(session: Session, row: ReleaseRow, evidence: Evidence | None) -> list[GateVerdict]:
    """What the gates, or in a later stage its traffic, say of going on."""
    if row.stage == "gate":
        judged = queries.newest_of_each(session, [row.id], ("gate",))[row.id]
        return [GateVerdict.model_validate(one) for one in judged.evidence["gates"]]
    rules = listing.rules_of(row, row.stage)
    seen = evidence or Evidence.model_validate({"release": row.id, "stage": row.stage, "since": row.stage_since})
    return judge(rules, seen)
