"""Requests in, answers out: models are asked in a few threads, and an answer goes out when it is on record.

inputs made ready -> challenger, champion -> rows to the recorder -> answer
                        \\-> in the shadow the challenger too, behind the answer's back
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sabbatical.core.errors import BadInput, NotReady, Unavailable
from sabbatical.core.ids import new_id
from sabbatical.schemas.serve import Answers, Served, Serving
from sabbatical.stages.serve import repeats
from sabbatical.stages.serve.cast import Cast
from sabbatical.stages.serve.exchange import Exchange
from sabbatical.stages.serve.inputs import Asked, ready
from sabbatical.stages.serve.outcomes import Outcome, row_of, served
from sabbatical.stages.serve.recorder import Entry, Recorder
from sabbatical.stages.serve.routes import Routes
from sabbatical.storage.workspace import Workspace

AT_ONCE = 32  # requests; further ones wait
MOST_WAITING = 512  # requests that are at work or wait, each with its bytes in memory; further ones come again
MOST_SHADOWS = 200  # requests that wait for a challenger in the shadow; further ones it does not see


@dataclass(frozen=True)
class Work:
    """A request at its end: the answers, which go out when what is to be `recorded` is.

    It tells whether another request with the same key was faster: what is on record then is the answer.
    """

    exchange: Exchange
    answers: Answers
    recorded: Future[bool] | None = None


class Online:
    """The released models of a workspace. Threads start with the first request; `close` writes what waits."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._routes = Routes(workspace)
        self._cast = Cast(workspace, width=len(os.sched_getaffinity(0)))
        self._recorder = Recorder(workspace)
        self._pool = ThreadPoolExecutor(AT_ONCE, "sabbatical-serve")
        self._behind = ThreadPoolExecutor(1, "sabbatical-shadow")
        self._shadows = threading.Semaphore(MOST_SHADOWS)
        self._answered: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._at_work = 0

    async def answer(self, project: str, ask: Callable[[], Sequence[Asked]], key: str | None = None) -> Answers:
        """One answer to each input, after they are on record. The same `key` again answers what was recorded first.

        `ask` tells the inputs; it is called in a thread, since to decode them takes its time.

        Raises:
            BadInput, NotFound: an input that cannot be used.
            Conflict: the key was used for other inputs.
            NotReady: no model is released.
            Unavailable: neither the released model nor the one before it can be loaded, or too many requests wait.
            StorageFull: the disk is full; nothing of the request is on record.
        """
        if self._at_work >= MOST_WAITING:
            raise Unavailable(f"{MOST_WAITING} requests wait already.", hint="Ask again in a moment, or fewer at once.")
        self._at_work += 1
        try:
            return await self._answered_to(project, ask, key)
        finally:
            self._at_work -= 1

    async def _answered_to(self, project: str, ask: Callable[[], Sequence[Asked]], key: str | None) -> Answers:
        loop = asyncio.get_running_loop()
        work = await loop.run_in_executor(self._pool, self._work, project, ask, key)
        if work.recorded is None:
            return work.answers
        if not await asyncio.wrap_future(work.recorded) or key is None:
            return work.answers
        return await loop.run_in_executor(self._pool, self._from_record, work, key)

    def status(self, project: str) -> Serving:
        """How this process answers for a project. Raises NotFound."""
        route = self._routes.of(project)
        return self._cast.status(route, self._answered[route.project.id], self._failed[route.project.id])

    def changed(self) -> None:
        """Read at once which models answer: somebody in this process has moved one."""
        self._routes.changed()

    def close(self) -> None:
        """Answer no more; what was answered is on record."""
        self._pool.shutdown()
        self._behind.shutdown(cancel_futures=True)
        self._cast.close()
        self._recorder.close()

    def _work(self, name: str, ask: Callable[[], Sequence[Asked]], key: str | None) -> Work:
        route = self._routes.of(name)
        self._cast.call(route)
        inputs = [ready(self._workspace, route.project, one) for one in ask()]
        exchange = Exchange(new_id("req"), key, self._workspace.clock(), route, inputs, self._cast)
        there = {} if key is None else self._there(exchange, key)
        if there:
            return Work(exchange, self._completed(exchange, there))
        if any(one.new is not None for one in inputs):
            self._recorder.expect(route.project)
        outcomes = self._outcomes(exchange)
        answers = sorted((one for one in outcomes if one.failure is None), key=lambda one: one.number)
        self._answered[route.project.id] += len(answers)
        recorded = self._record(exchange, outcomes, items=True, names=exchange.names())
        if route.routing.release is not None and route.routing.release.stage == "shadow":
            self._shadow(exchange)
        return Work(exchange, Answers(request=exchange.id, answers=[served(one) for one in answers]), recorded)

    def _there(self, exchange: Exchange, key: str) -> dict[int, Served]:
        with self._workspace.database.reading() as session:
            return repeats.recorded(session, exchange.route.project, key, exchange.inputs)

    def _from_record(self, work: Work, key: str) -> Answers:
        told = dict(enumerate(work.answers.answers)) | self._there(work.exchange, key)
        return _answers(work.exchange, told)

    def _completed(self, exchange: Exchange, there: dict[int, Served]) -> Answers:
        """What is on record, and anew what was not to be recorded."""
        rest = [number for number in range(len(exchange.inputs)) if number not in there]
        anew = {one.number: served(one) for one in (exchange.defend(rest) if rest else ())}
        return _answers(exchange, there | anew)

    def _outcomes(self, exchange: Exchange) -> list[Outcome]:
        """An answer to each input, and the failures of a challenger; those of the champion are on record at once."""
        outcomes = exchange.challenge()
        answered = {one.number for one in outcomes if one.failure is None}
        rest = [number for number in range(len(exchange.inputs)) if number not in answered]
        if not rest:
            return outcomes
        try:
            return outcomes + exchange.defend(rest)
        except (BadInput, NotReady):
            raise
        except Exception as error:
            self._failed[exchange.route.project.id] += len(rest)
            self._record(exchange, outcomes + exchange.failures(rest, "champion", error), items=True)
            raise

    def _record(
        self, exchange: Exchange, outcomes: Sequence[Outcome], *, items: bool, names: frozenset[str] = frozenset()
    ) -> Future[bool] | None:
        """Hand over what is to be kept, unless one of `names` is on record; None where that is nothing."""
        rows = [row_of(one, exchange.route) for one in outcomes if one.input.about.record]
        new = [(one.about.customer, one.new) for one in exchange.inputs if items and one.new is not None]
        return self._recorder.add(Entry(exchange.route.project, new, rows, names)) if rows else None

    def _shadow(self, exchange: Exchange) -> None:
        """Let the challenger answer too; while too many wait for that, it is spared."""
        if self._shadows.acquire(blocking=False):
            self._behind.submit(self._follow, exchange).add_done_callback(lambda _: self._shadows.release())

    def _follow(self, exchange: Exchange) -> None:
        self._record(exchange, exchange.follow(), items=False)


def _answers(exchange: Exchange, told: dict[int, Served]) -> Answers:
    """By the request that is on record, if one is."""
    recorded = (one.request for one in told.values() if one.id is not None)
    return Answers(request=next(recorded, exchange.id), answers=[told[number] for number in sorted(told)])
