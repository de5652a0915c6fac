"""Whether the second model beats the first where it drifted, and loses nowhere, as far as that is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sabbatical.report.words import capital, listed, readable, signed, signed_span
from sabbatical.schemas.evaluate import Change, Comparison

DRIFTED = ("time_of_day=night", "weather=rain")


@dataclass(frozen=True)
class Gain:
    """`drifted` are the changes of the slices that drifted, of those that could be compared.

    `lost` are the classes and slices that are worse even among all that was looked at; `promoted` says whether the
    model became the champion.
    """

    model: str
    before: str
    drifted: tuple[Change, ...]
    lost: tuple[Change, ...]
    promoted: bool

    @classmethod
    def of(cls, model: str, comparison: Comparison, *, promoted: bool) -> Gain:
        slices = {one.name: one for one in comparison.changes if one.kind == "slice"}
        lost = [one for one in comparison.changes if one.kind != "class_in_slice" and one.sure and one.difference < 0]
        return cls(
            model=model,
            before=comparison.model,
            drifted=tuple(slices[name] for name in DRIFTED if name in slices),
            lost=tuple(sorted(lost, key=lambda one: one.difference)),
            promoted=promoted,
        )

    @property
    def better(self) -> bool | None:
        """Whether every slice that drifted is better by an interval that leaves out zero; None if one is not known."""
        if len(self.drifted) < len(DRIFTED):
            return None
        return all(one.interval[0] > 0 for one in self.drifted)

    @property
    def sentence(self) -> str:
        """The conclusion with its numbers: points, 95 % intervals."""
        who = self.model if self.promoted else f"{self.model}, which was not released,"
        numbers = listed(_told(one) for one in self.drifted)
        if self.better is None:
            known = f"; known is {numbers}" if numbers else ""
            words = f"whether {who} beats {self.before} by night and in rain, too few test labels can tell{known}"
        elif self.better:
            words = f"{who} beats {self.before} where it drifted: {numbers}"
        else:
            words = f"{who} does not surely beat {self.before} where it drifted: {numbers}"
        lost = listed((_told(one) for one in self.lost), limit=3)
        return f"{capital(words)}; it surely loses {f'on {lost}' if lost else 'nowhere'}."

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "against": self.before,
            "promoted": self.promoted,
            "better_where_drifted": self.better,
            "surely_worse": [one.name for one in self.lost],
            "sentence": self.sentence,
        }


def _told(change: Change) -> str:
    return f"{readable(change.name)} {signed(change.difference)} points (95 %: {signed_span(change.interval)})"
