"""What a model suggests for an item, in the words of the customer who labels it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.serve import Verdict


class PrelabelRequest(BaseModel):
    """Ask a model about all open tasks of a campaign, so that its suggestions are there at once."""

    model_config = ConfigDict(extra="forbid")

    campaign: str
    model: str | None = Field(None, description="Name or id; the champion unless given, else the newest.")


class Suggested(BaseModel):
    """One shape (or the label of a text) as the model would draw it."""

    label: str = Field(description="A label of the customer's taxonomy.")
    box: tuple[float, float, float, float] | None = Field(None, description="x0 y0 x1 y1, pixels.")
    score: float = Field(ge=0, le=1)
    sure: bool = Field(description="At or above the threshold of its class.")
    shown: bool = Field(description="Likely enough to save more time than it costs to look at: shown from the start.")


class Suggestion(Glimpse):
    """What a labeler starts from; the likeliest shape stands first."""

    item: str
    model: str
    taxonomy: str
    version: int
    shapes: list[Suggested]
    said: str = Field(description="What is shown from the start, in words; this is what accepting it says.")
    feedback: Verdict | None = Field(None, description="The last word on what the model answered to this item.")
    expected: float = Field(description="How many shapes are to be expected: the sum of all their scores.")
