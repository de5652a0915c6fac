"""How routes are declared: under `/v1`, tagged by their stage, named in the contract by their function."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute


def router(prefix: str, stage: str) -> APIRouter:
    """The routes of one noun."""
    return APIRouter(prefix=f"/v1{prefix}", tags=[stage], generate_unique_id_function=_operation)


def reading(whole: APIRouter) -> APIRouter:
    """Those routes of a router that only read."""
    part = APIRouter()
    part.routes.extend(route for route in whole.routes if isinstance(route, APIRoute) and route.methods == {"GET"})
    return part


def _operation(route: APIRoute) -> str:
    return route.name
