"""The ways to learn from many taxonomies that the studies compare; each is a few settings of the same recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEWCOMER = "nova"
"""The customer of the study of ramp time who comes last."""
TARGET = "tight"
"""The customer of the study of labeling rules who draws as the target is."""


@dataclass(frozen=True)
class Method:
    """One way.

    Attributes:
        title: for people.
        about: what it does, in a sentence.
        settings: of the recipe; nothing else differs.
        full: whether it learns from labels of everything, which no customer has.
        fewer: whether it learns from so many images fewer that as much is drawn as by all customers together.
        only: the customer whose labels alone it learns from; empty for all.
        finetune: the customer whose labels alone it learns from in the last third; empty for none.
        own: whether it answers with the newcomer's own outputs only, where it has some.
    """

    title: str
    about: str
    settings: Mapping[str, Any]
    full: bool = False
    fewer: bool = False
    only: str = ""
    finetune: str = ""
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
    "fewer": Method(
        "as many labels, whole",
        "Every class drawn, on so many images fewer that the labels are as many as the customers' together.",
        {"masking": "tree"},
        full=True,
        fewer=True,
    ),
    "oracle": Method("oracle", "Every class drawn on every image.", {"masking": "tree"}, full=True),
}

RAMP: Mapping[str, Method] = {
    "tree": Method("ours", "One masked model of all customers, the newcomer's labels as they come.", {}),
    "alone": Method("a model of its own", "The newcomer's labels alone.", {}, only=NEWCOMER),
    "heads": Method(
        "a new head", "A shared backbone, and outputs of the newcomer's own.", {"models": "heads"}, own=True
    ),
}
"""The ways to serve a customer who has hardly labeled anything yet."""
RULES: Mapping[str, Method] = {
    "ignored": Method("rules ignored", "Every box teaches alike, whatever its rule.", {"rule_weight": 1.0}),
    "weighted": Method("rule weights", "Boxes of another rule weigh half in the box regression.", {"rule_weight": 0.5}),
    "silent": Method("rule silent", "Boxes of another rule teach no box.", {"rule_weight": 0.0}),
    "oversampled": Method(
        "oversampling",
        "Every box alike; images drawn by the target's rule come three times as often.",
        {"rule_weight": 1.0, "favour": TARGET, "fresh_weight": 3.0},
    ),
    "finetuned": Method(
        "fine-tuning",
        "Every box alike for two thirds of the steps, then the target's images alone.",
        {"rule_weight": 1.0},
        finetune=TARGET,
    ),
    "target": Method("the target's images alone", "No box of another rule is learned from.", {}, only=TARGET),
}
"""The ways to learn where a box ends, if some customers draw by another rule."""
METHODS_OF: Mapping[str, Mapping[str, Method]] = {"masking": METHODS, "ramp": RAMP, "rules": RULES}
