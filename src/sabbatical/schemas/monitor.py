"""A look for drift: what it is asked, what it found, and the record of those that were made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.policy import MOST_COMPARED

Kind = Literal["number", "category", "vector"]
About = Literal["input", "attribute", "answer"]
Source = Literal["served", "snapshot", "items"]
ItemId = Annotated[str, Field(max_length=64)]
MOST_NAMED = 2000
"""Items that a request may name; they are kept with its run."""


class MonitorRequest(BaseModel):
    """What is compared. Fields that are left open are those of the policy's `watch`."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="Name or id; the champion unless given, else the newest.")
    window: int | None = Field(None, ge=20, le=MOST_COMPARED, description="Newest answers that are looked at.")
    reference: int | None = Field(
        None, ge=20, le=MOST_COMPARED, description="First answers of the model that they are compared with."
    )
    sure: float | None = Field(None, gt=0, lt=0.5, description="Chance of a false alarm, all columns together.")
    effect: float | None = Field(None, gt=0, description="Smaller effects (Cohen's d or w) are no drift.")
    items: list[ItemId] | None = Field(
        None, max_length=MOST_NAMED, description="Look at these items instead of the newest answers."
    )
    against: list[ItemId] | None = Field(
        None, max_length=MOST_NAMED, description="Compare with these items instead of the first answers."
    )


class Drift(BaseModel):
    """One thing that drifted: a column, or a value of an attribute that became more frequent."""

    window: str = Field(description="The look, such as d3.")
    slice: str = Field(description="Such as `brightness`, or `weather=rain`.")
    statistic: float = Field(
        description="Of the test: a distance of distributions, a chi-squared, a distance of means."
    )
    p_value: float = Field(description="Adjusted for all columns of the look.")
    effect: float = Field(description="In standard deviations (numbers, vectors) or Cohen's w (categories).")


class Side(BaseModel):
    """What was compared: answers that were `served`, items of the model's `snapshot`, or `items` that were named."""

    source: Source
    items: int
    groups: int = Field(description="Each counts once in the tests, however many items it has.")
    first: datetime | None = None
    last: datetime | None = None


class Histogram(BaseModel):
    """Shares of the reference and of the window between edges."""

    edges: list[float]
    before: list[float]
    after: list[float]


class Share(BaseModel):
    value: str
    before: float
    after: float


class DriftColumn(BaseModel):
    """One column of the look: how far the window is from the reference, and how sure that is."""

    name: str
    kind: Kind
    about: About
    test: Literal["ks", "chi2", "mmd"]
    statistic: float | None = None
    p_value: float | None = Field(None, description="Adjusted for all columns; None where it could not be tested.")
    p_alone: float | None = None
    effect: float | None = None
    groups: tuple[int, int] = Field((0, 0), description="Groups that have a value, in reference and window.")
    before: float | None = Field(None, description="Mean of the reference; of a number only.")
    after: float | None = None
    drifted: bool = False
    histogram: Histogram | None = None
    shares: list[Share] = []
    note: str | None = Field(None, description="Why it could not be tested.")


class DriftSlice(BaseModel):
    """A value of an attribute that became more frequent, and what the model says of the items that have it."""

    name: str = Field(description="Such as `weather=rain`.")
    where: dict[str, str]
    before: float = Field(description="Share of the reference.")
    after: float
    items: int = Field(description="Of the window.")
    effect: float
    top_score: float | None = Field(None, description="Mean in the window, of the items that have it.")
    top_score_rest: float | None = Field(None, description="Of those that have it not.")
    unsure: float | None = Field(None, description="Share of the answers that the model is not sure of.")
    unsure_rest: float | None = None


class Cohort(BaseModel):
    """The answers to what was captured in one month, against the reference."""

    month: str
    items: int
    drifted: list[str] = Field([], description="Columns that surely differ, all columns and months together.")
    effects: dict[str, float] = Field({}, description="By column.")
    means: dict[str, float] = Field({}, description="By column of numbers.")


class DriftReport(BaseModel):
    """Everything that a look found."""

    name: str
    project: str
    model: str
    task: Literal["boxes", "text"]
    created_at: datetime
    drifted: bool
    sentences: list[str]
    reference: Side
    window: Side
    sure: float
    effect: float
    columns: list[DriftColumn]
    slices: list[DriftSlice] = []
    cohorts: list[Cohort] = []

    def drifts(self) -> list[Drift]:
        """What drifted, the largest effect first; an attribute is named by its values that grew."""
        return sorted((one for column in self.columns for one in self._drifts(column)), key=lambda one: -one.effect)

    def _drifts(self, column: DriftColumn) -> Iterator[Drift]:
        if not column.drifted or column.statistic is None or column.p_value is None or column.effect is None:
            return
        statistic, p_value = column.statistic, column.p_value
        grown = [one for one in self.slices if column.name in one.where] if column.kind == "category" else []
        named = [(one.name, one.effect) for one in grown] or [(column.name, column.effect)]
        for name, effect in named:
            yield Drift(window=self.name, slice=name, statistic=statistic, p_value=p_value, effect=effect)


class DriftRecord(BaseModel):
    """A look that was made; its report and page are fetched apart."""

    id: str
    name: str
    project: str
    model: str
    drifted: bool
    sentences: list[str]
    drifts: list[Drift]
    reference: Side
    window: Side
    created_at: datetime
