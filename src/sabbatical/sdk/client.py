"""One HTTP client for every object: JSON in and out, errors of the server as exceptions of ours, pages as iterators."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from sabbatical.core.errors import BadRequest, Broken, SabbaticalError, Unavailable, from_dict
from sabbatical.core.ids import new_id
from sabbatical.schemas.refusal import told

M = TypeVar("M", bound=BaseModel)
PAUSES = (0.3, 1.0, 3.0)
"""Seconds between the attempts of a request that can be repeated; a server that restarts is back by then."""
BLOCK = 1 << 20


class Client:
    """What the SDK's objects share. `local` says that the application runs in this process, on this machine's files.

    A server that has answered and does so no more may be restarting: it is asked again for a few seconds; one that is
    `patient` does the same with a server that has not answered yet.
    """

    def __init__(self, http: httpx.Client, *, local: bool, patient: bool = True) -> None:
        self._http = http
        self._waits = patient and not local
        self.local = local

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """Raises the error that the server answers with; Unavailable where none answers."""
        given = {name: value for name, value in params.items() if value is not None}
        return _json(self._patiently("GET", path, params=given))

    def text(self, path: str) -> str:
        return self._patiently("GET", path).text

    def content(self, path: str) -> bytes:
        return self._patiently("GET", path).content

    def post(
        self, path: str, body: Any = None, *, media_type: str | None = None, params: dict[str, str] | None = None
    ) -> Any:
        """Send `body`: a schema, a JSON value, or with a `media_type` bytes or chunks of them.

        It carries a key of its own, so that it can be repeated when no answer comes; chunks can be sent once only.
        """
        headers = {"Idempotency-Key": new_id("key")}
        if isinstance(body, BaseModel):
            body = body.model_dump(mode="json", exclude_unset=True, by_alias=True)
        if media_type is None:
            return _json(self._patiently("POST", path, json=body, headers=headers, params=params))
        headers["Content-Type"] = media_type
        send = self._patiently if isinstance(body, bytes) else self._send
        return _json(send("POST", path, content=body, headers=headers, params=params))

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def pages(self, kind: type[M], path: str, **params: Any) -> Iterator[M]:
        """Every row of a list, fetched page by page as it is read."""
        after: str | None = None
        while True:
            page = self.get(path, **params, after=after)
            yield from (kind.model_validate(row) for row in page["rows"])
            after = page["next"]
            if after is None:
                return

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterable[bytes]]:
        """The body of an answer in pieces."""
        with _explained(self._http), self._http.stream("GET", path) as response:
            if response.is_error:
                response.read()
            yield _checked(response).iter_bytes(BLOCK)

    def download(self, path: str, target: Path) -> Path:
        """Write an answer to a file, which appears whole or not at all."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            with self.stream(path) as chunks, part.open("wb") as handle:
                for chunk in chunks:
                    handle.write(chunk)
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def _patiently(self, method: str, path: str, **request: Any) -> httpx.Response:
        for pause in PAUSES:
            try:
                return self._send(method, path, **request)
            except Unavailable:
                if not self._waits:
                    raise
                time.sleep(pause)
        return self._send(method, path, **request)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        with _explained(self._http):
            response = self._http.request(method, path, **request)
            self._waits = not self.local
            return _checked(response)


def request(kind: type[M], **values: Any) -> M:
    """A request of the contract from keyword arguments.

    Raises:
        BadRequest: a field that does not exist or cannot have this value.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message, hint = told(first, kind, first["loc"])
        raise BadRequest(message, where=f"field {field}", hint=hint) from error


def place(*parts: str) -> str:
    """A path of the contract, its parts quoted."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _json(response: httpx.Response) -> Any:
    return response.json() if response.content else None


@contextmanager
def _explained(http: httpx.Client) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise Unavailable(
            f"The server at {http.base_url} does not answer: {error}.",
            hint="Start it with `sabbatical up`, or leave the address (--url, SABBATICAL_URL) out to work on a folder.",
        ) from error


def _checked(response: httpx.Response) -> httpx.Response:
    if not response.is_error:
        return response
    raise _error(response)


def _error(response: httpx.Response) -> SabbaticalError:
    try:
        return from_dict(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return Broken(
            f"{response.request.url} answered {response.status_code} in a form that is not ours.",
            hint="Is this the address of a Sabbatical server?",
        )
