"""The server itself: its health, and the contract that it keeps."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel

from sabbatical import __version__
from sabbatical.api import routing
from sabbatical.api.access import allow
from sabbatical.api.context import Context

router = routing.router("", "server")
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
