"""The released model of a project, online: ask it, look at what it answered, say whether it was right."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from sabbatical.core.errors import BadFile, BadRequest
from sabbatical.schemas import serve as schema
from sabbatical.sdk.asking import Row, ask_all
from sabbatical.sdk.client import Client, place, request

IMAGE = "application/octet-stream"


class Online:
    """The models that a server answers with; `project.online`."""

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._project = project

    def ask(self, given: str | bytes | Path | None = None, *, item: str | None = None, **about: Any) -> schema.Served:
        """Ask the released model about a text (str), an image (a path or bytes), or a stored item.

        `about`: unit, name, group, customer, captured_at, attributes, record, keep, ask_above; see `schemas.serve`.

        Raises:
            BadInput: it cannot be looked at.
            NotReady: no model is released.
        """
        data = _image(given)
        if data is None:
            answer = self._client.post(self._place("predict"), _input(given, item, about))
        else:
            if item is not None:
                raise BadRequest("Ask about an image or an item, not both.", where="field item")
            answer = self._client.post(self._place("predict"), data, media_type=IMAGE, params=_query(given, about))
        return schema.Served.model_validate(answer)

    def ask_many(self, inputs: Iterable[str | bytes | Path], **about: Any) -> list[schema.Served]:
        """Ask about several texts or images in one request, at most 64; `about` is said of each."""
        return self._batch([_input(given, None, about) for given in inputs])

    def ask_all(self, source: str | Path, *, column: str | None = None, **about: Any) -> Iterator[Row]:
        """Ask about every text of a CSV or JSONL file, or every image or text of a folder or archive, as `ingest` reads
        them: 64 a request, answered as they are read. A row that cannot be used comes with why; the rest goes on.

        `column` holds the texts where its name does not tell; `about` is said of each, beside what the rows say.

        Raises:
            BadInput: the source is not there, or nothing that can be asked is found in it.
            NotReady: no model is released.
        """
        return ask_all(self._batch, source, column, about)

    def status(self) -> schema.Serving:
        """Which models this server answers with, and which it refuses."""
        return schema.Serving.model_validate(self._client.get(self._place("serving")))

    def answers(self, *, model: str | None = None, arm: schema.Arm | None = None) -> Iterator[schema.ServedRecord]:
        """What was answered, newest first."""
        return self._client.pages(schema.ServedRecord, self._place("served"), model=model, arm=arm)

    def answer(self, prediction: str) -> schema.ServedRecord:
        """What was answered, by the id that the answer carries."""
        return schema.ServedRecord.model_validate(self._client.get(self._place("served", prediction)))

    def judge(self, prediction: str | schema.Served, verdict: schema.Verdict, **said: Any) -> schema.Feedback:
        """Say whether an answer was right; `said`: label or shapes of what is there, comment, author, key."""
        about = prediction if isinstance(prediction, str) else prediction.id
        if about is None:
            raise BadRequest("The answer was not recorded, so that nothing can point at it.", where="field prediction")
        asked = request(schema.FeedbackIn, prediction=about, verdict=verdict, **said)
        return schema.Feedback.model_validate(self._client.post(self._place("feedback"), asked))

    def feedback(self) -> Iterator[schema.Feedback]:
        """What was said of answers, newest first."""
        return self._client.pages(schema.Feedback, self._place("feedback"))

    def _batch(self, inputs: list[schema.Input]) -> list[schema.Served]:
        answer = self._client.post(self._place("predict", "batch"), request(schema.Batch, inputs=inputs))
        return schema.Answers.model_validate(answer).answers

    def _place(self, *parts: str) -> str:
        return place("projects", self._project, *parts)


def _image(given: str | bytes | Path | None) -> bytes | None:
    """The bytes of an image; None for a text.

    Raises:
        BadFile: the file cannot be read.
    """
    if not isinstance(given, Path):
        return given if isinstance(given, bytes) else None
    try:
        return given.read_bytes()
    except OSError as error:
        raise BadFile(f"The file cannot be read: {error.strerror}.", where=str(given)) from error


def _input(given: str | bytes | Path | None, item: str | None, about: dict[str, Any]) -> schema.Input:
    data = _image(given)
    image = None if data is None else base64.b64encode(data).decode()
    named = {"name": given.name} if isinstance(given, Path) else {}
    text = given if isinstance(given, str) else None
    values = {"text": text, "image": image, "item": item, **named, **about}
    return request(schema.Input, **{name: value for name, value in values.items() if value is not None})


def _query(given: str | bytes | Path | None, about: dict[str, Any]) -> dict[str, str]:
    named = {"name": given.name} if isinstance(given, Path) else {}
    said = {name: value for name, value in about.items() if name != "attributes"}
    attributes = {"attributes": orjson.dumps(about["attributes"]).decode()} if about.get("attributes") else {}
    asked = request(schema.ImageFacts, **{**named, **said, **attributes})
    given_fields = asked.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given_fields.items()}
