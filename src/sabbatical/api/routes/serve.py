"""The released model, online: inputs in, answers out, and the answers that were given."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from sabbatical.api import errors, routing
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.runs import Key
from sabbatical.core.errors import BadRequest
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.serve import Answers, Arm, Batch, ImageFacts, Input, Served, ServedRecord, Serving
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import listing
from sabbatical.stages.serve.inputs import Asked, of_image, of_input

router = routing.router("/projects/{project}", "serve")
Asker = Annotated[Context, allow("serve.run")]
Reader = Annotated[Context, allow("serve.read")]
BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Input.model_json_schema(ref_template="#/components/schemas/{model}")},
            "image/*": BINARY,
        },
    }
}


@router.post("/predict", openapi_extra=BODY, response_model=Served)
async def predict_online(
    context: Asker, project: str, request: Request, facts: Annotated[ImageFacts, Query()], key: Key = None
) -> Response:
    """Ask the released model about one input: an image as the body, or a text, an image or an item in JSON.

    The query says more of an image; in JSON it stands beside the input. The answer comes when it is on record.
    """
    body, media_type = await request.body(), request.headers.get("content-type", "")
    found = await context.online.answer(project, lambda: [_asked(body, media_type, facts)], key)
    return _json(found.answers[0])


@router.post("/predict/batch", response_model=Answers)
async def predict_batch_online(context: Asker, project: str, asked: Batch, key: Key = None) -> Response:
    """Ask the released model about several inputs; if one cannot be used, none is answered."""

    def inputs() -> list[Asked]:
        return [of_input(one, where=f"field inputs.{number}.image") for number, one in enumerate(asked.inputs)]

    return _json(await context.online.answer(project, inputs, key))


@router.get("/serving")
def get_serving(context: Reader, project: str) -> Serving:
    """Which models this server answers with, and which it refuses."""
    return context.online.status(project)


@router.get("/served")
def list_served(
    context: Reader,
    project: str,
    model: str | None = None,
    arm: Arm | None = None,
    after: Place = None,
    limit: Limit = PAGE_SIZE,
) -> Page[ServedRecord]:
    """Answers that were given, newest first."""
    with context.reading() as session:
        found = projects.get(session, project)
        return listing.page(session, found, model=model, arm=arm, after=after, limit=limit)


@router.get("/served/{prediction}")
def get_served(context: Reader, project: str, prediction: str) -> ServedRecord:
    with context.reading() as session:
        return listing.get(session, projects.get(session, project), prediction)


def _asked(body: bytes, media_type: str, facts: ImageFacts) -> Asked:
    if media_type.startswith("image/") or media_type == "application/octet-stream":
        return of_image(body, facts)
    if not media_type.startswith("application/json"):
        raise BadRequest(
            f"A body of the type '{media_type[:60]}' is no input.",
            where="header Content-Type",
            hint="Send an image as image/jpeg or image/png, or an input as application/json.",
        )
    try:
        return of_input(Input.model_validate_json(body))
    except ValidationError as error:
        raise errors.invalid([one | {"loc": ("body", *one["loc"])} for one in error.errors()]) from error


def _json(answer: Served | Answers) -> Response:
    """As it is: the answer was made by a schema, which need not be asked again."""
    return Response(answer.model_dump_json(), media_type="application/json")
