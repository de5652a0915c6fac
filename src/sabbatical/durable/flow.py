"""A flow: a function of named steps and waits that survives. It is a DBOS workflow of the worker process.

Killed at any moment and started again, the function runs from its beginning, but what is done answers at once from the
record, so that it goes on where it stood. What a step changes and the record of it are one transaction: a step is done
once. A flow asks other runs to do the heavy work, under a key of the flow and the step, so that each is asked once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import Broken, Conflict, Interrupted, SabbaticalError, Stopped, Unavailable, from_dict
from sabbatical.durable import records, runs
from sabbatical.durable.execution import execute
from sabbatical.durable.faults import fault
from sabbatical.durable.patience import CANNOT_WRITE, recorded
from sabbatical.durable.steps import Step
from sabbatical.storage.database import explained
from sabbatical.storage.tables import RunRow, RunStepRow
from sabbatical.storage.workspace import Workspace

if TYPE_CHECKING:
    from dbos import StepOptions

log = logging.getLogger("sabbatical.runs")
LOOK_SECONDS = 0.2
LONGEST_CHECK_SECONDS, LONGEST_LOOK_SECONDS = 2.0, 60.0
PART_OF_A_WAIT = 0.01
"""A look may count a million answers: who waits for days looks once a minute."""
ATTEMPTS = 3
"""Of a step that failed because something did not answer, such as a database; with pauses that grow."""

Result = dict[str, Any]
HandOn = Callable[[str, str], None]
StopRule = Callable[[Session, RunRow], str | None]


@dataclass(frozen=True)
class Look:
    """What a look at something that is waited for tells: words for a person, and a result once it is over."""

    message: str
    result: Result | None = None


@dataclass(frozen=True)
class Rules:
    """When a flow is to stop, and the steps that it may have, in their order."""

    stop: StopRule | None
    plan: Sequence[str]


class Flow:
    """What a durable function works with."""

    def __init__(self, step: Step, kind: str, hand_on: HandOn, rules: Rules, fraction: float) -> None:
        self.workspace = step.workspace
        self.run_id = step.run_id
        self.project_id = step.project
        self.params = step.params
        self._progress = step.progress
        self._kind = kind
        self._hand_on = hand_on
        self._stop_rule = rules.stop
        self._plan = rules.plan
        self._fraction = fraction
        self._places = count()
        self.done: dict[str, Result] = {}
        """What each step so far has answered."""

    def key(self, name: str) -> str:
        """The key of what a step asks for: the same whenever this flow does this step."""
        return f"{self.run_id}:{name}"

    def now(self) -> datetime:
        return self.workspace.clock()

    def do(self, name: str, body: Callable[[Session], Result], *, message: str = "") -> Result:
        """Change something, in one transaction with the record of it. A `message` in the result is the step's."""

        def act() -> Result:
            with self.workspace.database.transaction() as session:
                self._check_in(session, name)
                result = body(session)
                self._end(session, name, result, message)
            return result

        return self._step(name, "running", act)

    def run(self, name: str, ask: Callable[[Session], RunRow], *, message: str = "") -> Result:
        """Ask for a run, wait until it has ended, answer its result.

        Raises:
            SabbaticalError: why it failed.
        """
        return self._step(name, "running", lambda: self._see_through(name, ask, message))

    def wait(self, name: str, look: Callable[[Session], Look], *, at_most: timedelta) -> Result:
        """Look again and again until it is over; `{"late": message}` when it took too long, counted from its begin."""
        return self._step(name, "waiting", lambda: self._watch(name, look, at_most))

    def _step(self, name: str, state: str, act: Callable[[], Result]) -> Result:
        from dbos import DBOS  # noqa: PLC0415 - only a worker needs it
        from dbos._error import DBOSMaxStepRetriesExceeded, DBOSUnexpectedStepError  # noqa: PLC0415

        place = next(self._places)
        again: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": ATTEMPTS,
            "interval_seconds": 2.0,
            "backoff_rate": 2.0,
            "should_retry": _may_pass,
        }
        try:
            with explained():
                self.done[name] = DBOS.run_step(again, self._once, name, place, state, act)
        except DBOSMaxStepRetriesExceeded as error:
            raise error.errors[-1] from None
        except DBOSUnexpectedStepError:  # a newer version has other steps; our own record knows what is done
            self.done[name] = self._once(name, place, state, act)
        return self.done[name]

    def _once(self, name: str, place: int, state: str, act: Callable[[], Result]) -> Result:
        with self.workspace.database.reading() as session:
            row = records.get(session, self.run_id, name)
            if row is not None and row.state == "done":
                return row.result or {}
        self._check(name)
        fault(self.workspace, f"{self._kind}.{name}.before")
        with self.workspace.database.transaction() as session:
            records.begin(session, self.run_id, name, place=place, state=state, now=self.now())
        self._tell(name, 0.0, name)
        try:
            result = act()
        except Exception as error:
            self._fail(name, error)
            raise
        fault(self.workspace, f"{self._kind}.{name}.after")
        return result

    def _tell(self, name: str, fraction: float, message: str) -> None:
        """How far the whole is, by the plan of its steps: it never goes back, also where a step begins anew."""
        if name in self._plan:
            self._fraction = max(self._fraction, (self._plan.index(name) + fraction) / len(self._plan))
        self._progress.tell(self._fraction, message)

    def _check(self, name: str, *, child: bool = False) -> None:
        """End here if that was asked for.

        Raises:
            Stopped: a person cancelled the flow, or its rule says to stop; a run that it waits for is let end.
            Interrupted: this process is to end; the next goes on.
        """
        with self.workspace.database.reading() as session:
            self._check_in(session, name, child=child)

    def _check_in(self, session: Session, name: str, *, child: bool = False) -> None:
        """As `_check`. In the transaction that changes something, no wish to stop can come between the two."""
        row = runs.get(session, self.run_id)
        why = None if child or self._stop_rule is None else self._stop_rule(session, row)
        if row.state != "running":
            by = runs.why_cancelled(row)
            raise Stopped(f"Cancelled at the step '{name}'{f': {by}' if by else '.'}")
        if self._progress.stopping():
            raise Interrupted(f"To be gone on with at the step '{name}'.")
        if why is not None:
            raise Stopped(why, where=f"step {name}")

    def _end(self, session: Session, name: str, result: Result, message: str) -> None:
        row = self._row(session, name)
        words = str(result.get("message", message))
        records.end(row, "done", self.now(), message=words, result=result)

    def _fail(self, name: str, error: Exception) -> None:
        """Put on record how a step ended; one that only waits for the next process is left as it is."""
        if isinstance(error, Interrupted) and not isinstance(error, Stopped):
            return
        state = "stopped" if isinstance(error, Stopped) else "failed"
        words = error.message if isinstance(error, SabbaticalError) else f"{type(error).__name__}: {error}"

        def end(session: Session) -> None:
            records.end(self._row(session, name), state, self.now(), message=words, result=None)

        try:
            recorded(self.workspace, end, self._progress.stopping)
        except CANNOT_WRITE as unwritten:  # this process is to end; why the step did matters more
            log.warning("how the step %s of run %s ended was not recorded: %s", name, self.run_id, unwritten)

    def _row(self, session: Session, name: str) -> RunStepRow:
        row = records.get(session, self.run_id, name)
        if row is None:
            raise Broken(f"The step '{name}' of run {self.run_id} is not on record.")
        return row

    def _see_through(self, name: str, ask: Callable[[Session], RunRow], message: str) -> Result:
        with self.workspace.database.transaction() as session:
            row = self._row(session, name)
            if row.result is None:
                self._check_in(session, name)
                child = ask(session)
                row.result, row.message = {"run": child.id}, message or child.kind
            else:
                child = runs.get(session, row.result["run"])
        fault(self.workspace, f"{self._kind}.{name}.during")
        if child.state == "queued":
            self._hand_on(child.id, child.kind)
        ended = self._ended(name, child.id)
        if ended.state == "cancelled":
            by = runs.why_cancelled(ended)
            raise Stopped(f"The {ended.kind} was cancelled{f': {by}' if by else '.'}", where=f"run {ended.id}")
        if ended.state == "failed":
            raise from_dict(ended.error or Broken(f"Run {ended.id} failed.").to_dict())
        result = dict(ended.result or {})
        with self.workspace.database.transaction() as session:
            self._end(session, name, result, message)
        return result

    def _ended(self, name: str, child_id: str) -> RunRow:
        """The run when it has ended. A flow that is cancelled meanwhile cancels it."""
        while True:
            with self.workspace.database.reading() as session:
                child = runs.get(session, child_id)
            if child.state in runs.ENDED:
                return child
            self._tell(name, child.fraction, f"{name}: {child.message}")
            try:
                self._check(name, child=True)
            except Stopped:
                with self.workspace.database.transaction() as session:
                    runs.cancel(session, child_id, self.now(), f"The {self._kind} that waited for it was cancelled.")
                raise
            time.sleep(LOOK_SECONDS)

    def _watch(self, name: str, look: Callable[[Session], Look], at_most: timedelta) -> Result:
        pause = LOOK_SECONDS
        while True:
            with self.workspace.database.reading() as session:
                seen, row = look(session), self._row(session, name)
            result = seen.result
            if result is None and self.now() >= row.started_at + at_most:
                result = {"late": seen.message}
            if result is not None or seen.message != row.message:
                with self.workspace.database.transaction() as session:
                    self._row(session, name).message = seen.message
                    if result is not None:
                        self._end(session, name, result, seen.message)
            if result is not None:
                return result
            self._tell(name, 0.0, f"{name}: {seen.message}")
            self._rest(name, pause)
            waited = (self.now() - row.started_at).total_seconds()
            pause = min(pause * 1.2, max(LONGEST_CHECK_SECONDS, waited * PART_OF_A_WAIT), LONGEST_LOOK_SECONDS)

    def _rest(self, name: str, seconds: float) -> None:
        """Wait; whoever wants the flow to end is heard meanwhile."""
        self._check(name)
        while seconds > 0:
            time.sleep(min(seconds, LONGEST_CHECK_SECONDS))
            seconds -= LONGEST_CHECK_SECONDS
            if seconds > 0:
                self._check(name)


Function = Callable[[Flow], Result]
_flows: dict[str, tuple[Function, Rules]] = {}
_modules: dict[str, str] = {}


def flow(kind: str, *, stop_rule: StopRule | None = None, plan: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Register a durable function as the work of a kind of run.

    `stop_rule` is asked before every step. `plan` names all steps that there may be, in their order: by it a run tells
    how far it is.
    """

    def register(function: Function) -> Function:
        if kind in _flows and _flows[kind][0] is not function:
            raise Broken(f"Two flows are registered as '{kind}'.")
        _flows[kind] = (function, Rules(stop_rule, plan))
        return function

    return register


def flow_in(kind: str, module: str) -> None:
    """Say which module registers the flow of a kind: it is loaded with the first such run, and not before."""
    _modules[kind] = module


def is_flow(kind: str) -> bool:
    return kind in _flows or kind in _modules


def follow(workspace: Workspace, run_id: str, hand_on: HandOn, stopping: threading.Event) -> str:
    """Do a flow in this thread, which must be that of a DBOS workflow, and answer its run's state."""
    with workspace.database.reading() as session:
        row = runs.get(session, run_id)

    def body(step: Step) -> Result:
        step.progress.tell(row.fraction, "Started")
        function, rules = _flow_of(row.kind)
        return function(Flow(step, row.kind, hand_on, rules, row.fraction))

    try:
        return execute(workspace, run_id, stopping, body=body)
    except Conflict:  # it has ended, or its former process still is at work on it
        with workspace.database.reading() as session:
            return runs.get(session, run_id).state


def _flow_of(kind: str) -> tuple[Function, Rules]:
    """The flow of a kind, loaded if this is the first of it.

    Raises:
        Broken: its module cannot be loaded, or has no such flow.
    """
    module = _modules.get(kind)
    try:
        if kind not in _flows and module is not None:
            import_module(module)
        return _flows[kind]
    except Exception as error:
        raise Broken(
            f"What does a {kind} cannot be loaded: {type(error).__name__}: {error}",
            where=module,
            hint="The installation is not whole, or was changed while it ran: install it again, and start it anew.",
        ) from error


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, Unavailable)
