"""How much a kind of names and a share of sightings tell of how a label stands to a class.

What is fitted stands in `weights.json`: written by `python -m benchmarks.proposals --fit`, on taxonomies perturbed by
chance, none of which is used for figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from sabbatical.taxonomy.proposing.sightings import Beta

FILE = "weights.json"
DIGITS = 4


@dataclass(frozen=True)
class Weights:
    """What evidence looks like under each way in which a label may stand to a class.

    names: by kind, and whether both are the other's nearest: how often that is so if the label is the `same` as the
      class, `beneath` it, `above` it, or `apart`
    part, hold: the shares (`sightings`) as beta distributions, for `same`, `beneath`, `above`, and for what is `apart`
      from a class at the top or `beside` another found beneath the same one
    prior: how common `same`, `child`, `parent` and `new` are
    trust: how many labels of the customer's own the prior weighs as much as
    member: the odds of one class more of a family being among several that a label stands above
    wider: the odds of a label standing above one class, and something that the tree lacks, against above several
    blind: how often the model is no judge of a label at all
    sure: the chance from which on a proposal is made
    """

    names: Mapping[str, tuple[float, ...]]
    part: Mapping[str, Beta]
    hold: Mapping[str, Beta]
    prior: Mapping[str, float] = field(default_factory=lambda: {"same": 0.4, "child": 0.2, "parent": 0.1, "new": 0.3})
    trust: float = 8.0
    member: float = 0.05
    wider: float = 0.2
    blind: float = 0.03
    sure: float = 0.75

    def to_json(self) -> str:
        """What is fitted."""
        tables = {"names": self.names, "part": self.part, "hold": self.hold}
        short = {
            name: {key: [float(f"{value:.{DIGITS}g}") for value in row] for key, row in table.items()}
            for name, table in tables.items()
        }
        return json.dumps(short, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Weights:
        """What `to_json` wrote."""
        tables: dict[str, dict[str, Any]] = json.loads(text)
        names, part, hold = (
            {key: tuple(row) for key, row in tables[name].items()} for name in ("names", "part", "hold")
        )
        return cls(names, part, hold)


@cache
def fitted() -> Weights:
    """The weights that the assistant uses."""
    return Weights.from_json((resources.files("sabbatical.taxonomy.proposing") / FILE).read_text("utf-8"))
