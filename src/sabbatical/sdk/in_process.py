"""The application in this process, behind the same HTTP contract: an httpx transport over one event loop in one thread.

The thread lives from the first request to `close`. Bodies stream both ways, so that memory does not grow with them.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, cast

import httpx
from anyio import ClosedResourceError, EndOfStream, create_memory_object_stream, to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp, Message, Scope

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.core.settings import Settings
from sabbatical.durable.dispatch import ChildDispatcher
from sabbatical.storage.workspace import open_workspace

LOOPBACK = ("127.0.0.1", 0)


def open_in_process(settings: Settings) -> AppTransport:
    """The application on a workspace folder. Runs are children of this process, and stop when it is closed.

    Raises:
        NewerWorkspace, Unavailable: the workspace cannot be opened.
    """
    with ExitStack() as opened:
        workspace = open_workspace(settings)
        opened.callback(workspace.close)
        dispatcher = ChildDispatcher(workspace)
        opened.callback(dispatcher.close)
        app = create_app(workspace, dispatcher, InProcess(), free_paths=True)
        opened.callback(app.state.context.online.close)
        return AppTransport(app, opened.pop_all())


class AppTransport(httpx.BaseTransport):
    """Answers requests by an ASGI application, as if they came from the address `client`.

    One that nobody closes is closed when nobody uses it any more, or at the end of the interpreter.
    """

    def __init__(self, app: ASGIApp, resources: ExitStack | None = None, client: tuple[str, int] = LOOPBACK) -> None:
        self._app = app
        self._client = client
        opened = resources or ExitStack()
        self._portal: BlockingPortal = opened.enter_context(start_blocking_portal(name="sabbatical"))
        self._close = weakref.finalize(self, opened.close)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _Exchange(self._app, request, self._client)
        ended = self._portal.start_task_soon(exchange.run)
        try:
            status, headers = exchange.started.result()
        except BaseException:
            ended.cancel()
            raise
        return httpx.Response(status, headers=headers, stream=_Body(self._portal, exchange), request=request)

    def close(self) -> None:
        self._close()


class _Exchange:
    """One request and its response, inside the event loop."""

    def __init__(self, app: ASGIApp, request: httpx.Request, client: tuple[str, int]) -> None:
        self._app = app
        self._chunks: Iterator[bytes] = iter(cast(Iterable[bytes], request.stream))
        self._scope = _scope(request, client)
        self._sender, self.receiver = create_memory_object_stream[bytes](1)
        self.started: Future[tuple[int, list[tuple[bytes, bytes]]]] = Future()

    async def run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except Exception as error:
            if not self.started.done():
                self.started.set_exception(error)
        finally:
            self._sender.close()

    async def _receive(self) -> Message:
        chunk = await to_thread.run_sync(next, self._chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started.set_result((message["status"], list(message["headers"])))
        elif message.get("body"):
            await self._sender.send(message["body"])


class _Body(httpx.SyncByteStream):
    def __init__(self, portal: BlockingPortal, exchange: _Exchange) -> None:
        self._portal = portal
        self._receiver = exchange.receiver

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                yield self._portal.call(self._receiver.receive)
            except (EndOfStream, ClosedResourceError):
                return

    def close(self) -> None:
        self._portal.call(self._receiver.aclose)


def _scope(request: httpx.Request, client: tuple[str, int]) -> Scope:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": client,
        "root_path": "",
    }
    return scope
