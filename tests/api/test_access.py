"""Nobody but the owner: every route asks one policy, and the policy knows who is who."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from sabbatical.api.access import ACTIONS, Allow, InProcess, LocalOwner, allow
from sabbatical.api.app import ROUTERS, create_app
from sabbatical.core.errors import BadInput, Broken
from sabbatical.sdk.in_process import AppTransport
from sabbatical.storage.workspace import Workspace
from tests.api.conftest import ADDRESS, Noted

TOKEN = "a-token-of-the-owner"
HERE, ELSEWHERE = ("127.0.0.1", 5000), ("192.168.1.7", 5000)
ROUTES = [route for router in ROUTERS for route in router.routes]


def ask(
    workspace: Workspace, path: str = "/v1/projects", who: tuple[str, int] = HERE, **headers: str
) -> httpx.Response:
    app = create_app(workspace, Noted(), LocalOwner(TOKEN), free_paths=False)
    with httpx.Client(transport=AppTransport(app, client=who), base_url=ADDRESS) as client:
        return client.get(path, headers=headers)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: getattr(route, "name", str(route)))
def test_every_route_passes_through_the_one_policy(route: APIRoute) -> None:
    assert isinstance(route, APIRoute)
    actions = [one.call.action for one in route.dependant.dependencies if isinstance(one.call, Allow)]
    assert len(actions) == 1
    assert actions[0] in ACTIONS


def test_there_are_no_routes_but_those(app: FastAPI) -> None:
    paths = {(route.path, method) for route in ROUTES if isinstance(route, APIRoute) for method in route.methods}
    described = {(path, method.upper()) for path, methods in app.openapi()["paths"].items() for method in methods}
    assert described == paths - {("/v1/openapi.json", "GET"), ("/", "GET")}
    assert app.routes == ROUTES
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert ask(app.state.context.workspace, path).status_code == 404


def test_every_action_is_used() -> None:
    used = {
        one.call.action
        for route in ROUTES
        if isinstance(route, APIRoute)
        for one in route.dependant.dependencies
        if isinstance(one.call, Allow)
    }
    assert used == set(ACTIONS)


def test_an_action_that_is_not_in_the_table_cannot_be_used() -> None:
    with pytest.raises(Broken, match="not in the table"):
        allow("project.destroy")


def test_the_owner_on_this_machine_may(empty: Workspace) -> None:
    assert ask(empty).status_code == 200
    assert ask(empty, who=("::1", 1), Host="localhost:8400").status_code == 200


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic " + TOKEN, "Bearer"])
def test_who_is_elsewhere_may_not_without_the_token(empty: Workspace, token: str) -> None:
    answer = ask(empty, who=ELSEWHERE, Authorization=token)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "not_allowed"
    assert "see projects" in answer.json()["error"]["message"]


def test_who_shows_the_token_may_from_anywhere(empty: Workspace) -> None:
    assert ask(empty, who=ELSEWHERE, Authorization=f"Bearer {TOKEN}", Host="sabbatical.example").status_code == 200


@pytest.mark.parametrize("token", ["", " ", "short", "a" * 19])
def test_a_token_that_could_be_guessed_protects_nothing_and_is_refused(token: str) -> None:
    with pytest.raises(BadInput, match=r"fewer than 20 .*Remove the file `token`"):
        LocalOwner(token)


def test_showing_an_empty_token_opens_nothing(empty: Workspace) -> None:
    for shown in ("Bearer ", "Bearer", "bearer   "):
        assert ask(empty, Authorization=shown, Host="evil.example").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "", "[::1"])
def test_another_name_that_points_here_is_refused(empty: Workspace, host: str) -> None:
    answer = ask(empty, Host=host)
    assert answer.status_code == 403
    assert answer.json()["error"]["where"] == "header Host"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
def test_a_page_of_another_site_is_refused(empty: Workspace, origin: str) -> None:
    assert ask(empty, Origin=origin).status_code == 403
    assert ask(empty, Origin=ADDRESS).status_code == 200


def test_in_process_the_caller_owns_the_folder_anyway(empty: Workspace) -> None:
    app = create_app(empty, Noted(), InProcess(), free_paths=True)
    with httpx.Client(transport=AppTransport(app, client=ELSEWHERE), base_url=ADDRESS) as client:
        assert client.get("/v1/projects").status_code == 200
