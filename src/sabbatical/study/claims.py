"""What we claim of masking, held against the figures of a study.

Differences are paired: both methods were judged on the same images in each resample.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sabbatical.metrics.columns import Floats
from sabbatical.metrics.resampling import bootstrap_interval
from sabbatical.schemas.study import Claim
from sabbatical.study.box_figures import BoxFigures

Found = Mapping[str, BoxFigures]
GAP, NEAR_RECALL, NEAR_ERROR = 0.9, 0.02, 0.02


def box_claims(found: Found, classes: tuple[str, ...]) -> list[Claim]:
    """Every claim that the methods at hand can answer."""
    return [
        *_gap(found, "tree", "tree masking closes the gap from naive to the oracle in mAP@0.5", GAP),
        *_gap(found, "completion", "masking with completion closes the gap from naive to the oracle in mAP@0.5", GAP),
        *_ahead(found, "completion", "tree", "completion adds mAP@0.5 to masking, and never takes any", 0.0),
        *_error(found, "naive", "naive scores are uncalibrated: calibration error above the oracle's", above=True),
        *_error(found, "tree", "masked scores are calibrated: calibration error beside the oracle's", above=False),
        *_recalls(found, "tree", classes),
        *_recalls(found, "completion", classes),
        *_ahead(found, "tree", "classes", "one masked model against one model per class, in mAP@0.5", 0.0),
        *_cost(found),
        *_ahead(found, "tree", "heads", "one masked model against a head per customer, in mAP@0.5", 0.0),
        *_ahead(found, "tree", "customers", "one masked model against a model per customer, in mAP@0.5", 0.0),
        *_ahead(found, "tree", "column", "tree masking against column masking, in mAP@0.5", 0.0),
        *_ahead(found, "tree", "fewer", "partial labels against as many on whole images, in mAP@0.5", 0.0),
        *_ahead(found, "tree", "recalibrated", "masking against background recalibration, in mAP@0.5", 0.0),
    ]


def rule_claims(found: Found) -> list[Claim]:
    """Every way to learn from boxes of another rule against ignoring the rules, and against each other's best."""
    pairs = [(name, "ignored") for name in ("weighted", "silent", "oversampled", "finetuned")] + [
        ("weighted", "oversampled"),
        ("weighted", "finetuned"),
    ]
    pairs += [("weighted", "target"), ("silent", "weighted")]
    return [
        _claim(
            f"{name} against {other}, mAP over IoU 0.5 and 0.75",
            found[name].map_b - found[other].map_b,
            "+0.000 or more",
            0.0,
        )
        for name, other in pairs
        if {name, other} <= found.keys()
    ]


def _gap(found: Found, name: str, claim: str, target: float) -> list[Claim]:
    if not {name, "naive", "oracle"} <= found.keys():
        return []
    naive_b, oracle_b = found["naive"].map50_b, found["oracle"].map50_b
    gap_b = oracle_b - naive_b
    part_b = np.divide(found[name].map50_b - naive_b, gap_b, out=np.full_like(gap_b, np.nan), where=gap_b > 0)
    return [_claim(claim, part_b, f"{target:.2f} or more", target)]


def ahead(claim: str, ours: BoxFigures, theirs: BoxFigures, target: float = 0.0) -> Claim:
    """That one method's mAP@0.5 is ahead of another's, both in one pool."""
    return _claim(claim, ours.map50_b - theirs.map50_b, f"{target:+.3f} or more", target)


def _ahead(found: Found, name: str, other: str, claim: str, target: float) -> list[Claim]:
    return [ahead(claim, found[name], found[other], target)] if {name, other} <= found.keys() else []


def _error(found: Found, name: str, claim: str, *, above: bool) -> list[Claim]:
    if not {name, "oracle"} <= found.keys():
        return []
    more_b = found[name].error_b - found["oracle"].error_b
    if above:
        return [_claim(claim, more_b, f"more than {NEAR_ERROR:.2f}", NEAR_ERROR)]
    return [_claim(claim, more_b, f"{NEAR_ERROR:.2f} or less", NEAR_ERROR, at_most=True)]


def _recalls(found: Found, name: str, classes: tuple[str, ...]) -> list[Claim]:
    """At the precision that the oracle has at its own threshold, each class."""
    if not {name, "oracle"} <= found.keys():
        return []
    oracle = found["oracle"]
    made = []
    for k in oracle.curves:
        precision_b = oracle.curves[k].precision_at(float(oracle.threshold_k[k]))
        less_b = found[name].recall_at(k, precision_b) - oracle.recall_at(k, precision_b)
        claim = f"recall of {classes[k]} at the oracle's precision, {name} beside the oracle"
        made.append(_claim(claim, less_b, f"{-NEAR_RECALL:+.2f} or more", -NEAR_RECALL))
    return made


def _cost(found: Found) -> list[Claim]:
    if not {"tree", "classes"} <= found.keys():
        return []
    ours, theirs = found["tree"].cost, found["classes"].cost
    many = theirs["parameters"] / ours["parameters"]
    made = []
    for name, words in (("train_seconds", "training"), ("predict_ms", "inference")):
        part = ours[name] / theirs[name]
        claim = f"cost of {words}, as a part of one model per class ({many:.1f} times the parameters)"
        target = 1.1 / many
        made.append(Claim(claim=claim, value=part, target=f"{target:.2f} or less", met=part <= target))
    return made


def _claim(claim: str, value_b: Floats, words: str, target: float, *, at_most: bool = False) -> Claim:
    value, interval = float(value_b[0]), bootstrap_interval(value_b)
    if np.isnan(value):
        return Claim(claim=claim, value=None, target=words, met=None)
    met = value <= target if at_most else value >= target
    sure = None
    if interval:
        sure = interval[1] <= target if at_most else interval[0] >= target
    return Claim(claim=claim, value=value, interval=interval, target=words, met=met, sure=sure)
