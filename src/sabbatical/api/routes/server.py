"""The server itself: its health, and the contract that it keeps."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from sabbatical import __version__
from sabbatical.api import front, routing
from sabbatical.api.access import allow
from sabbatical.api.context import Context

router = routing.router("", "server")
door = APIRouter()
Reader = Annotated[Context, allow("server.read")]


class Health(BaseModel):
    version: str
    database: str


@router.get("/health")
def get_health(context: Reader) -> Health:
    """Whether the server answers and its database does."""
    with context.reading() as session:
        dialect = session.connection().dialect.name
    return Health(version=__version__, database=dialect)


@router.get("/openapi.json", include_in_schema=False)
def get_contract(context: Reader, request: Request) -> dict[str, Any]:
    contract: dict[str, Any] = request.app.openapi()
    return contract


@door.get("/", include_in_schema=False)
def get_front_page(_context: Reader, request: Request) -> HTMLResponse:
    """What this is and where all else is, for a person with a browser."""
    page = front.page(request.app.openapi(), str(request.base_url).rstrip("/"))
    return HTMLResponse(page, headers={"Content-Security-Policy": front.POLICY})
