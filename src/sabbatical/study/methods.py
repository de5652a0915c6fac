"""The ways to learn from many taxonomies that the studies compare; each is a few settings of the same recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Method:
    """One way.

    Attributes:
        title: for people.
        about: what it does, in a sentence.
        settings: of the recipe; nothing else differs.
        full: whether it learns from labels of everything, which no customer has.
        alone: whether it learns from the newcomer's labels only.
        own: whether it answers with the newcomer's own outputs only, where it has some.
    """

    title: str
    about: str
    settings: Mapping[str, Any]
    full: bool = False
    alone: bool = False
    own: bool = False


METHODS: Mapping[str, Method] = {
    "naive": Method("naive", "One super-dataset; what is not drawn is background.", {"masking": "none"}),
    "recalibrated": Method(
        "recalibrated",
        "The same; where the model is sure of an object on background, it is believed (Zhang et al. 2020).",
        {"masking": "none", "recalibrate": 0.4},
    ),
    "customers": Method(
        "a model per customer", "Each customer's labels alone, joined when predicting.", {"models": "customers"}
    ),
    "heads": Method(
        "a head per customer", "A shared backbone, and outputs of each customer's own, joined.", {"models": "heads"}
    ),
    "classes": Method(
        "a model per class", "Each class alone, from those who draw it, joined when predicting.", {"models": "classes"}
    ),
    "column": Method("column masking", "One mask of columns for each taxonomy.", {"masking": "column"}),
    "tree": Method("tree masking", "Masks that know the tree: depth, and what excludes what.", {"masking": "tree"}),
    "completion": Method(
        "tree masking and completion",
        "The masked model completes the labels where nobody could draw, and learns on.",
        {"masking": "tree", "completion": True},
    ),
    "oracle": Method("oracle", "Every class drawn on every image.", {"masking": "tree"}, full=True),
}

RAMP: Mapping[str, Method] = {
    "tree": Method("ours", "One masked model of all customers, the newcomer's labels as they come.", {}),
    "alone": Method("a model of its own", "The newcomer's labels alone.", {}, alone=True),
    "heads": Method(
        "a new head", "A shared backbone, and outputs of the newcomer's own.", {"models": "heads"}, own=True
    ),
}
"""The ways to serve a customer who has hardly labeled anything yet."""
METHODS_OF: Mapping[str, Mapping[str, Method]] = {"masking": METHODS, "ramp": RAMP}
