"""Releases: proposed by a run, then advanced, held, rejected; the champion that answers, and every decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.runs import Key, request_key
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.release import (
    AdvanceRequest,
    Alias,
    Champion,
    Decision,
    DecisionRequest,
    ProposeRequest,
    Release,
    Reverted,
    Traffic,
)
from sabbatical.schemas.run import Run
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import actions as releases
from sabbatical.stages.serve import actions as served

router = routing.router("/projects/{project}/releases", "release")
champion = routing.router("/projects/{project}", "release")
Reader = Annotated[Context, allow("release.read")]
Runner = Annotated[Context, allow("release.run")]


@router.post("", status_code=202)
def propose_model(context: Runner, project: str, asked: ProposeRequest, key: Key = None) -> Run:
    """Judge a model by the gates, against the champion; where they pass, its release begins.

    The run's result says `release`, `model`, `stage`, `passed` (null: the gates cannot tell), `evaluation`, `reasons`.
    """
    with context.moving() as session:
        row = releases.ask_propose(
            session, projects.get(session, project), asked, context.now(), asked_runs.request_key(key)
        )
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_releases(context: Reader, project: str, after: Place = None, limit: Limit = PAGE_SIZE) -> Page[Release]:
    """Newest first."""
    with context.reading() as session:
        return releases.page(session, projects.get(session, project), after, limit)


@router.get("/{release}")
def get_release(context: Reader, project: str, release: str) -> Release:
    """By name (`r2`) or id; `newest` is the newest."""
    with context.reading() as session:
        return releases.get(session, projects.get(session, project), _name(release))


@router.get("/{release}/traffic")
def get_release_traffic(context: Reader, project: str, release: str) -> Traffic:
    """What traffic shows of it in its stage, and whether that suffices to leave it."""
    with context.reading() as session:
        found = projects.get(session, project)
        record = releases.get(session, found, _name(release))
        return releases.traffic(session, found, record.id, served.evidence(session, record, agreement=True))


@router.post("/{release}/advance")
def advance_release(context: Runner, project: str, release: str, asked: AdvanceRequest, key: Key = None) -> Release:
    """To its next stage, if gates and traffic suffice, or `anyway`. At full it becomes the champion."""
    with context.reading() as session:  # those who write answers down do not wait for this
        record = releases.get(session, projects.get(session, project), _name(release))
        evidence = served.evidence(session, record, agreement=True)
    with context.moving() as session:
        found = projects.get(session, project)
        said = _said(context, asked, key) | {"stage": asked.stage, "anyway": asked.anyway}
        return releases.advance(session, found, record.id, evidence=evidence, **said)


@router.post("/{release}/hold")
def hold_release(context: Runner, project: str, release: str, asked: DecisionRequest, key: Key = None) -> Release:
    """Keep it in its stage; a person's hold stops the loop until it is resumed or advanced by a person."""
    return _decided(context, project, release, releases.hold, asked, key)


@router.post("/{release}/resume")
def resume_release(context: Runner, project: str, release: str, asked: DecisionRequest, key: Key = None) -> Release:
    """Let it go on."""
    return _decided(context, project, release, releases.resume, asked, key)


@router.post("/{release}/reject")
def reject_release(context: Runner, project: str, release: str, asked: DecisionRequest, key: Key = None) -> Release:
    """End it; the champion answers everything."""
    return _decided(context, project, release, releases.reject, asked, key)


@champion.get("/champion")
def get_champion(context: Reader, project: str) -> Champion:
    """Which model answers, which is on its way, and which a revert would bring back."""
    with context.reading() as session:
        return releases.standing(session, projects.get(session, project))


@champion.post("/champion/revert")
def revert_champion(context: Runner, project: str, asked: DecisionRequest, key: Key = None) -> Reverted:
    """Take back the newest change of what answers: a challenger on traffic goes, else the champion before returns.

    What waits at the gate ends with the champion that it was compared with.
    """
    with context.moving() as session:
        return releases.revert(session, projects.get(session, project), **_said(context, asked, key))


@champion.post("/champion/pin")
def pin_champion(context: Runner, project: str, asked: DecisionRequest, key: Key = None) -> Champion:
    """Forbid the loop to replace the champion."""
    return _pinned(context, project, releases.pin, asked, key)


@champion.post("/champion/unpin")
def unpin_champion(context: Runner, project: str, asked: DecisionRequest, key: Key = None) -> Champion:
    """Let the loop replace the champion again."""
    return _pinned(context, project, releases.unpin, asked, key)


@champion.get("/decisions")
def list_decisions(
    context: Reader, project: str, release: str | None = None, after: Place = None, limit: Limit = PAGE_SIZE
) -> Page[Decision]:
    """Of one release or of all, newest first."""
    with context.reading() as session:
        return releases.decisions(session, projects.get(session, project), release, after, limit)


@champion.get("/aliases")
def list_aliases(context: Reader, project: str) -> list[Alias]:
    """The names that move from model to model."""
    with context.reading() as session:
        return releases.aliases(session, projects.get(session, project))


def _decided(
    context: Context, project: str, release: str, verb: Callable[..., Release], asked: DecisionRequest, key: str | None
) -> Release:
    with context.moving() as session:
        found = projects.get(session, project)
        record = releases.get(session, found, _name(release))
        return verb(session, found, record.id, **_said(context, asked, key))


def _pinned(
    context: Context, project: str, verb: Callable[..., None], asked: DecisionRequest, key: str | None
) -> Champion:
    said = {name: value for name, value in _said(context, asked, key).items() if name != "actor_kind"}
    with context.moving() as session:
        found = projects.get(session, project)
        verb(session, found, **said)
        return releases.standing(session, found)


def _said(context: Context, asked: DecisionRequest, key: str | None) -> dict[str, Any]:
    said = asked.model_dump(include={"actor", "actor_kind", "why"})
    return said | {"now": context.now(), "key": request_key(key)}


def _name(release: str) -> str | None:
    return None if release == "newest" else release
