"""The ways to learn masks from many taxonomies: those of boxes that make sense here, and the softmax."""

from __future__ import annotations

from collections.abc import Mapping

from sabbatical.study.methods import METHODS, Method

MASK_METHODS: Mapping[str, Method] = {
    **{name: METHODS[name] for name in ("naive", "customers", "heads", "column", "tree", "oracle")},
    "softmax-naive": Method(
        "naive softmax",
        "One softmax over all labels as a flat list; what is not painted is background.",
        {"masking": "none", "answer": "softmax"},
    ),
    "softmax": Method(
        "marginal softmax",
        "One softmax over the tree; a label is the union of what it may be, background of all that nobody covers.",
        {"masking": "tree", "answer": "softmax"},
    ),
    "softmax-oracle": Method(
        "softmax oracle", "The same, every class painted on every image.", {"answer": "softmax"}, full=True
    ),
}
