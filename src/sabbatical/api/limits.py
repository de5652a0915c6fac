"""No body may be larger than its limit, whatever its headers say; uploads have a limit of their own.

No address may hold a zero byte: no name does, and not every database can compare with one.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sabbatical.api.errors import answer
from sabbatical.core.errors import BadRequest

UPLOADS = "/v1/uploads"


class SizeLimit:
    """ASGI middleware that counts what arrives; the application's handler of HTTP errors answers 413."""

    def __init__(self, app: ASGIApp, limit: int, upload_limit: int) -> None:
        self._app = app
        self._limit = limit
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "\0" in scope.get("path", "") or b"%00" in scope.get("query_string", b""):
            await answer(BadRequest("An address must not hold a zero byte.", where="path or query"))(
                scope, receive, send
            )
            return
        limit = self._upload_limit if scope.get("path") == UPLOADS else self._limit
        announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
        count = int(announced) if announced.isdigit() and int(announced) > limit else 0

        async def counted() -> Message:
            nonlocal count
            message = await receive() if count <= limit else {"type": "http.request"}
            count += len(message.get("body", b""))
            if count > limit:
                raise HTTPException(413, f"the request is larger than {limit:,} bytes")
            return message

        await self._app(scope, counted, send)
