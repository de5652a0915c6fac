"""Online serving on the wire: what is asked, what is answered by which model, and what people say of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sabbatical.core.errors import BadRequest
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.label import Shape
from sabbatical.schemas.predict import Found

Arm = Literal["champion", "shadow", "canary", "ab"]
"""champion answered. canary, ab: the challenger answered. shadow: it answered beside the champion, unseen."""
SEEN: tuple[Arm, ...] = ("champion", "canary", "ab")
"""Arms whose answers somebody got."""
Verdict = Literal["right", "wrong"]
ASK = "not sure: ask a person"
MOST_INPUTS = 64


def refuse_zero_bytes(value: Any, where: str = "body") -> Any:
    """A JSON-like value as it is, unless a text in it holds a zero byte, which not every database can keep.

    Raises:
        BadRequest: one does, and where.
    """
    if isinstance(value, str) and "\0" in value:
        raise BadRequest("A text must not hold a zero byte.", where=where, hint="Take it out, and send it again.")
    if isinstance(value, dict):
        for key, one in value.items():
            refuse_zero_bytes(key, where)
            refuse_zero_bytes(one, f"field {key}" if where == "body" else f"{where}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            refuse_zero_bytes(one, f"{where}.{number}")
    return value


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_zero_bytes(cls, value: Any) -> Any:
        return refuse_zero_bytes(value)


class About(Wire):
    """What is said of an input beside its bytes."""

    unit: str | None = Field(
        None,
        max_length=200,
        description="Who or what asks (a user, a camera): a release sends all of a unit to one model. The group, or "
        "the input itself, unless given.",
    )
    name: str | None = Field(None, max_length=500, description="Such as a file name.")
    group: str | None = Field(None, max_length=200, description="Video, scene or site; splits keep groups whole.")
    customer: str | None = Field(None, max_length=200)
    captured_at: datetime | None = None
    record: bool = Field(True, description="Keep the answer; without, feedback cannot point at it.")
    keep: bool = Field(True, description="Keep the input as an item too, so that it can be labeled.")
    ask_above: float | None = Field(
        None, ge=0, le=1, description="Doubt from which a person is asked; chosen on validation unless given."
    )


class ImageFacts(About):
    """The query of a request whose body is an image."""

    attributes: str | None = Field(None, max_length=20_000, description='A JSON object, such as {"weather": "rain"}.')


class Input(About):
    """One input: a text, an image in base64, or an item that is here."""

    text: str | None = None
    image: str | None = Field(None, description="The bytes of a JPEG, PNG, ... in base64.")
    item: str | None = Field(None, description="Id of a stored item.")
    attributes: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one(self) -> Input:
        given = [name for name in ("text", "image", "item") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"an input is one of text, image and item; given: {', '.join(given) or 'none'}")
        return self


class Batch(Wire):
    inputs: list[Input] = Field(min_length=1, max_length=MOST_INPUTS)


class Served(BaseModel):
    """What the released model says of one input."""

    id: str | None = Field(description="The prediction, for feedback; none if it was not recorded.")
    request: str
    item: str = Field(description="Content id of the input.")
    model: str
    arm: Arm
    found: list[Found] = Field(description="Best first; those at or above the threshold of their class are `sure`.")
    sure: bool
    doubt: float = Field(ge=0, le=1, description="0: none; above the model's cut-off a person is asked.")
    ask: str | None = Field(description=f"'{ASK}', or none.")
    latency_ms: float = Field(description="Of the model's call, which may answer several inputs at once.")
    created_at: datetime


class Answers(BaseModel):
    """One answer to each input, in their order."""

    request: str
    answers: list[Served]


class ServedRecord(Served, Glimpse):
    """A recorded answer. `failure`: why the model could not answer; `found` is then empty."""

    said: str = Field(description="What was found, in words: `sea 0.93`, or `2 person, 1 car`.")
    feedback: Verdict | None = Field(None, description="The last word on it.")
    unit: str
    failure: str | None
    captured_at: datetime | None


class FeedbackIn(Wire):
    """What somebody says of an answer."""

    prediction: str = Field(description="The id that the answer carries.")
    verdict: Verdict
    shapes: list[Shape] | None = Field(None, description="What is there instead.")
    label: str | None = Field(
        None, description="What a text is instead, by its class or by a customer's label; the same as one shape."
    )
    comment: str = Field("", max_length=5000)
    author: str = Field("owner", min_length=1, max_length=200)
    key: str | None = Field(None, max_length=80, description="The same key again answers the same feedback.")


class Feedback(BaseModel):
    id: str
    prediction: str
    item: str
    model: str
    arm: Arm
    verdict: Verdict
    label: str | None = Field(description="What is there instead, where that is one shape; else see `shapes`.")
    shapes: list[Shape] | None
    comment: str
    author: str
    created_at: datetime


class Refused(BaseModel):
    """A model that cannot answer, and since when; it is tried again."""

    model: str
    reason: str
    since: datetime


class Serving(BaseModel):
    """How this server answers for a project. `answering` is not `champion` while that is loading, or was refused."""

    champion: str | None
    answering: str | None
    challenger: str | None
    stage: str | None
    share: float
    warm: list[str] = Field(description="Models in memory.")
    refused: list[Refused]
    answered: int = Field(description="Inputs answered by this process.")
    failed: int = Field(description="Inputs that no model could answer.")
