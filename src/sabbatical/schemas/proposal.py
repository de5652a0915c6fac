"""What the mapping assistant is asked, and what it proposes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.item import Glimpse

Verdict = Literal["same", "child", "parent", "new", "ambiguous"]
NAMES_ALONE = "none"


class ProposalRequest(BaseModel):
    """Compare a customer's labels with the super-taxonomy. At least one of taxonomy, document and source is given."""

    model_config = ConfigDict(extra="forbid")

    taxonomy: str | None = Field(
        None, description="A customer's taxonomy of the project; or what to call the one in the document or source."
    )
    document: dict[str, Any] | None = Field(None, description="A taxonomy whose labels may have no class yet.")
    source: str | None = Field(None, description="Data with labels, such as COCO or CSV: `upload:<id>`, or a path.")
    options: dict[str, Any] = Field(default_factory=dict, description="How to read the source; see IngestRequest.")
    model: str | None = Field(
        None, description="Whose findings count; the champion unless given, else the newest; `none`: names alone."
    )
    things: int = Field(50, ge=1, le=1000, description="How many labeled things of each label are looked at, at most.")


class Way(BaseModel):
    """One way in which a label may stand to the tree."""

    relation: Literal["same", "child", "parent", "new"]
    classes: list[str]
    chance: float = Field(ge=0, le=1)


class NameEvidence(BaseModel):
    """How a label's name stands to a name of a class."""

    class_name: str
    name: str
    kind: str
    words: str


class ThingEvidence(BaseModel):
    """What the model finds of a class on the labeled things."""

    class_name: str
    found: int
    of: int
    interval: tuple[float, float] = Field(description="95 % of the share found.")
    chance: float = Field(description="How often it is found on a thing of another label.")
    p_value: float = Field(description="How likely so many would be, were it found as often as on other labels.")
    hold: float = Field(description="How much of what is found to be it has this label, were all drawn equally often.")


class Example(Glimpse):
    """A labeled thing, to look at."""

    item: str
    box: tuple[float, float, float, float] | None = Field(None, description="x0 y0 x1 y1, pixels; none for a text.")
    found: str | None = Field(description="The class that the model finds; None for nothing.")
    score: float | None = None
    fits: bool = Field(description="Whether what is found there fits the proposal.")


class LabelProposal(BaseModel):
    """What one label is to the tree, with what speaks for it."""

    label: str
    relation: Verdict
    classes: list[str]
    chance: float = Field(
        ge=0, le=1, description="How likely the proposal is; of an ambiguous label the likeliest way."
    )
    said: str
    ways: list[Way] = Field(description="The likeliest ways, the best first.")
    drawn: int | None = Field(None, description="How often the label is drawn or said; None where that is not known.")
    looked_at: int
    nothing: int = Field(description="Of those looked at, on how many the model finds nothing.")
    names: list[NameEvidence]
    things: list[ThingEvidence]
    evidence: list[str]
    examples: list[Example]


class ProposedFiles(BaseModel):
    """YAML files as `taxonomy add` reads them; what is undecided in them it refuses until a person has decided it."""

    taxonomy: str
    tree: str | None = Field(description="The next version of the super-taxonomy; None where it lacks nothing.")


class MappingProposal(BaseModel):
    """What a customer's labels are to the super-taxonomy."""

    taxonomy: str
    version: int
    super_taxonomy: str
    super_version: int
    model: str | None = Field(description="None: names alone were compared.")
    items: int = Field(description="Labeled items that were looked at.")
    of: int = Field(description="Labeled items that there are.")
    computed: int = Field(description="Items that the model was asked about now; the rest it had answered before.")
    labels: list[LabelProposal]
    decided: list[str] = Field(description="Labels that had a class already and were left as they are.")
    undecided: list[str]
    added: list[str] = Field(description="New classes of the tree.")
    notes: list[str]
    files: ProposedFiles
