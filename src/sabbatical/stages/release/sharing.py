"""How the traffic of a stage is shared out: by units, or where they are too few by items."""

from __future__ import annotations

from dataclasses import dataclass

from sabbatical.schemas.policy import Stage

SHARED = ("canary", "ab")
SEEN = 2000  # newest answers whose units are counted
EXPECTED = 20  # units that the challenger is to get: then a fixed share of them is seldom far from the share of traffic


@dataclass(frozen=True)
class Sharing:
    """How, and why in a sentence; `answers` were looked at, of `units`."""

    by_item: bool
    reason: str
    answers: int
    units: int


def units_needed(share: float) -> int:
    """How many units it takes for some to fall into a share: 200 for a tenth."""
    return round(EXPECTED / share)


def sharing_of(stage: Stage, answers: int, units: int) -> Sharing:
    """By units where there are enough of them, or where most answers went to units that were not seen before.

    The hash of a unit is fixed for a release: of 3 cameras, none falls into a tenth in 73 of 100 releases, and such a
    stage would never end.
    """
    needed = units_needed(stage.challenger_share)
    many = units >= needed or (answers >= EXPECTED and 2 * units >= answers)
    seen = f"{units:,} units in the newest {answers:,} answers"
    if many:
        return Sharing(False, f"{seen}: each unit keeps to one model in {stage.stage}.", answers, units)
    share = f"{stage.challenger_share:.0%}"
    why = f"{seen}; to share out {share} of them takes {needed:,}, so in {stage.stage} each item goes its own way."
    return Sharing(True, why, answers, units)
