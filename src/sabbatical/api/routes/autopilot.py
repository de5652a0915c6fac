"""The loop by itself: its policy, on and off, one turn, what it does."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit, Place
from sabbatical.api.runs import Key
from sabbatical.autopilot import actions as autopilot
from sabbatical.core.errors import BadRequest
from sabbatical.durable import WORKER_LOCK
from sabbatical.durable.lease import Lease
from sabbatical.schemas.autopilot import PolicyRecord, PolicyRequest, Status, Turn, TurnRequest
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import Run
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}/autopilot", "autopilot")
Reader = Annotated[Context, allow("autopilot.read")]
Runner = Annotated[Context, allow("autopilot.run")]


@router.get("")
def get_autopilot(context: Reader, project: str) -> Status:
    """What the loop does now, what it waits for, when it comes again, how its last turns ended."""
    worker = Lease.is_held(context.workspace.home / WORKER_LOCK)
    with context.reading() as session:
        return autopilot.status(session, projects.get(session, project), context.now(), worker=worker)


@router.get("/turns")
def list_turns(context: Reader, project: str, after: After = None, limit: Limit = PAGE_SIZE) -> Page[Turn]:
    """Every turn with its steps, newest first."""
    with context.reading() as session:
        return autopilot.turns(session, projects.get(session, project), after, limit, context.now())


@router.get("/turns/{run}")
def get_turn(context: Reader, project: str, run: str) -> Turn:
    """One turn with its steps, by its run; `newest` is the newest."""
    with context.reading() as session:
        found = projects.get(session, project)
        return autopilot.turn(session, found, None if run == "newest" else run, context.now())


@router.get("/policies")
def list_policies(context: Reader, project: str, after: Place = None, limit: Limit = PAGE_SIZE) -> Page[PolicyRecord]:
    """Every policy that there was, newest first."""
    with context.reading() as session:
        return autopilot.policy_history(session, projects.get(session, project), after, limit)


@router.post("/policies")
def set_policy(context: Runner, project: str, asked: PolicyRequest) -> PolicyRecord:
    """What the loop may do from the next turn on; whether it is on stays as it was."""
    if asked.policy is None:
        raise BadRequest("There is no policy in this request.", where="field policy")
    context.paths.settings(asked.policy.train.settings)
    with context.transaction() as session:
        found = projects.get(session, project)
        return autopilot.set_policy(session, found, asked.policy, asked.author, context.now())


@router.post("/on")
def turn_on(context: Runner, project: str, asked: PolicyRequest) -> PolicyRecord:
    """From now on turns begin by themselves when the policy says so."""
    if asked.policy is not None:
        context.paths.settings(asked.policy.train.settings)
    with context.transaction() as session:
        return autopilot.on(session, projects.get(session, project), asked.policy, asked.author, context.now())


@router.post("/off")
def turn_off(context: Runner, project: str, asked: TurnRequest) -> PolicyRecord:
    """No turn begins by itself, and the one under way stops at its next step."""
    with context.transaction() as session:
        return autopilot.off(session, projects.get(session, project), asked.author, context.now())


@router.post("/turns", status_code=202)
def ask_turn(context: Runner, project: str, asked: TurnRequest, key: Key = None) -> Run:
    """One turn now, whether the loop is on or off. There is one at a time: asked meanwhile, it is that one."""
    with context.transaction() as session:
        found = projects.get(session, project)
        row = autopilot.once(session, found, asked.author, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run
