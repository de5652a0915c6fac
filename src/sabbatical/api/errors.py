"""Errors as every client sees them: `{"error": {code, message, where, hint, retry}}` with the status of their kind."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from sabbatical.core.errors import BadRequest, Broken, NotFound, SabbaticalError, StorageFull
from sabbatical.core.ids import new_id
from sabbatical.schemas.refusal import told
from sabbatical.storage.files import FULL

log = logging.getLogger("sabbatical.api")
PLACES = {"body": "", "query": "query ", "path": "path ", "header": "header "}


def install(app: FastAPI) -> None:
    """Make `app` answer every error in one form."""
    app.add_exception_handler(SabbaticalError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer(error: SabbaticalError, status: int | None = None) -> JSONResponse:
    return JSONResponse({"error": error.to_dict()}, status_code=status or error.status)


def invalid(errors: list[dict[str, Any]] | Any, kind: type[BaseModel] | None = None) -> BadRequest:
    """What validation found, as one error that names the first field and counts the others; `kind` is of the body."""
    first, *others = errors
    place, *path = first["loc"]
    if place not in PLACES:
        place, path = "body", [place, *path]
    field = ".".join(str(part) for part in path)
    more = f" {len(others)} more {'fields are' if len(others) > 1 else 'field is'} wrong too." if others else ""
    where = f"{PLACES[place]}field {field}" if field and place == "body" else f"{PLACES[place]}{field}".strip() or place
    message, hint = told(first, kind if place == "body" else None, path)
    return BadRequest(f"{message}{more}", where=where, hint=hint)


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SabbaticalError)
    return answer(error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    body = getattr(request.scope.get("route"), "body_field", None)
    asked = body.field_info.annotation if body is not None else None
    kind = asked if isinstance(asked, type) and issubclass(asked, BaseModel) else None
    return answer(invalid(error.errors(), kind))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(NotFound(f"There is nothing at {request.url.path}.", hint="See /v1/openapi.json."))
    message = f"{request.method} {request.url.path}: {error.detail}."
    return answer(BadRequest(message, hint="See /v1/openapi.json."), error.status_code)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, OSError) and error.errno in FULL:
        return answer(StorageFull("The server's disk is full; nothing was half written.", hint="Free some space."))
    number = new_id("err")
    log.error("%s: %s %s", number, request.method, request.url.path, exc_info=error)
    return answer(
        Broken(f"Something of ours broke: {type(error).__name__}.", where=number, hint="The server's log tells more.")
    )
