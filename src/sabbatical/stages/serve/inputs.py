"""What a request sends, made ready to be asked about: checked, named by its content, and kept where it is to be."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from sabbatical.core.clock import to_utc
from sabbatical.core.errors import BadInput, BadRequest, NotFound
from sabbatical.core.ids import content_id
from sabbatical.schemas.project import Project
from sabbatical.schemas.serve import About, ImageFacts, Input, refuse_zero_bytes
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import Prepared, Preparer, Record
from sabbatical.stages.serve import queries
from sabbatical.stages.train.actions import Question
from sabbatical.storage.workspace import Workspace

SOURCE = "traffic"
"""The source of items that came with requests."""
LONGEST_ATTRIBUTES = 20_000  # bytes of JSON


@dataclass(frozen=True, slots=True)
class Asked:
    """One input as it came: a text, the bytes of an image, or the id of an item."""

    about: About
    attributes: dict[str, Any]
    text: str | None = None
    image: bytes | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """An input that a model can be asked about. `new`: what to keep of it as an item, unless it is one already."""

    question: Question
    about: About
    unit: str
    kept: bool
    captured_at: datetime | None
    new: Prepared | None = None


def of_input(given: Input, where: str = "field image") -> Asked:
    """An input of a JSON body.

    Raises:
        BadRequest: the image is no base64, or there is too much said about it.
    """
    try:
        image = None if given.image is None else base64.b64decode(given.image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"The image is not base64: {error}.", where=where) from error
    return Asked(given, _checked(given.attributes), given.text, image, given.item)


def of_image(data: bytes, facts: ImageFacts) -> Asked:
    """An image as a body, with what the query says of it.

    Raises:
        BadRequest: its attributes are no JSON object.
    """
    try:
        attributes = orjson.loads(facts.attributes) if facts.attributes else {}
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"This is not JSON: {error}.", where="query attributes") from error
    if not isinstance(attributes, dict):
        raise BadRequest("Attributes are a JSON object.", where="query attributes")
    return Asked(facts, _checked(attributes), image=data)


def ready(workspace: Workspace, project: Project, asked: Asked) -> Ready:
    """Check an input and, unless it shall not be kept, keep its bytes as media.

    Raises:
        BadInput: not what the project's models read, an empty or too long text.
        BadFile: no image, a damaged one, or one of too many pixels.
        NotFound: no such item.
        StorageFull: the disk is full.
    """
    if asked.item is not None:
        return _stored(workspace, project, asked, asked.item)
    _check_kind(project, is_text=asked.text is not None)
    if not (asked.about.record and asked.about.keep):
        return _passing(workspace, asked)
    record = Record(
        name=asked.about.name or "",
        file=SOURCE,
        read=None if asked.image is None else lambda: asked.image or b"",
        text=asked.text,
        group=asked.about.group,
        captured_at=_moment(asked.about),
        attributes=asked.attributes,
    )
    new, _ = Preparer(workspace.media, workspace.settings.max_pixels, 1).one(record)
    new.name = new.name or f"{SOURCE} {new.id[:8]}"
    question = Question(new.id, image=asked.image, text=asked.text)
    return Ready(question, asked.about, _unit(asked.about, new.id), True, new.captured_at, new)


def _passing(workspace: Workspace, asked: Asked) -> Ready:
    """An input that is not kept."""
    if asked.text is not None:
        ingest.check_text(asked.text)
    if asked.image is not None:
        ingest.check_size(asked.image, workspace.settings.max_pixels)
    key = content_id(asked.image if asked.image is not None else (asked.text or "").encode())
    question = Question(key, image=asked.image, text=asked.text)
    return Ready(question, asked.about, _unit(asked.about, key), False, _moment(asked.about))


def _stored(workspace: Workspace, project: Project, asked: Asked, item_id: str) -> Ready:
    with workspace.database.reading() as session:
        row = queries.item(session, project.id, item_id)
    if row is None:
        raise NotFound(f"The project '{project.name}' has no item '{item_id[:60]}'.", where="field item")
    if row.kind == "text":
        question = Question(row.id, text=row.text or "")
    else:
        question = Question(row.id, image=workspace.media.get(row.id))
    about = asked.about
    moment = _moment(about) or row.captured_at
    return Ready(question, about, about.unit or about.group or row.group[:200], True, moment)


def _check_kind(project: Project, *, is_text: bool) -> None:
    if is_text and project.task != "text":
        raise BadInput(f"The models of '{project.name}' look at images; this is a text.", where="field text")
    if not is_text and project.task == "text":
        raise BadInput(f"The models of '{project.name}' read texts; this is an image.", where="body")


def _checked(attributes: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(attributes)) > LONGEST_ATTRIBUTES:
        raise BadRequest(f"At most {LONGEST_ATTRIBUTES:,} bytes of attributes are taken.", where="field attributes")
    refuse_zero_bytes(attributes, "field attributes")
    return attributes


def _unit(about: About, item_id: str) -> str:
    return about.unit or about.group or item_id


def _moment(about: About) -> datetime | None:
    if about.captured_at is None:
        return None
    try:
        return to_utc(about.captured_at)
    except OverflowError as error:
        message = f"{about.captured_at.isoformat()} is no moment from year 1 to 9999 in UTC."
        raise BadRequest(message, where="field captured_at") from error
