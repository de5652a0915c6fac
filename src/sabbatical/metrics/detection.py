"""The figures of a detector from its matched table: AP, and recall, precision and F1 at the threshold of each class.

Shapes: b resamples (row 0 whole data), k classes, d judged detections, i images, a size ranges, t IoU thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sabbatical.metrics.average_precision import resampled_ap
from sabbatical.metrics.columns import Bools, Floats
from sabbatical.metrics.figures import Figures, mean_over_classes, rates
from sabbatical.metrics.matching import Matches
from sabbatical.metrics.resampling import Resamples, Tally

LEAD = ("map50", "ap50")


def detection_figures(
    matches: Matches,
    threshold_k: Floats,
    resamples: Resamples,
    *,
    judged_ik: Bools,
    area: str = "all",
    all_ious: bool = False,
    least: int = 1,
) -> Figures:
    """Figures at IoU 0.5; with `all_ious` also `map` over the thresholds that were matched.

    Classes with fewer than `least` truths do not enter the means.
    """
    a, t = matches.at(0.5, area)
    at: Sequence[int] = [t, *(n for n in range(len(matches.ious_t)) if all_ious and n != t)]
    unit_i, classes = resamples.unit_i, matches.classes
    outcome_d = matches.outcomes(a, t)
    shown_d = (matches.score_d >= threshold_k[matches.class_d]) & (outcome_d >= 0)
    counted_g = ~matches.ignored_ag[a]
    truths = Tally.of(matches.class_g[counted_g], unit_i[matches.image_g[counted_g]], classes)
    guessed = Tally.of(matches.class_d[shown_d], unit_i[matches.image_d[shown_d]], classes)
    right_d = shown_d & (outcome_d == 1)
    right = Tally.of(matches.class_d[right_d], unit_i[matches.image_d[right_d]], classes)
    truths_bk, guessed_bk, right_bk = (tally.weigh(resamples.weights_bu) for tally in (truths, guessed, right))
    ap_tbk = resampled_ap(matches, a, at, resamples.weights_bu, unit_i, truths_bk)
    by_class = {"ap50": ap_tbk[0]} | rates(right_bk, guessed_bk, truths_bk)
    mean_k = truths_bk[0] >= least
    overall = {"map50": mean_over_classes(by_class["ap50"], mean_k)}
    if all_ious:
        overall["map"] = mean_over_classes(ap_tbk.mean(axis=0), mean_k)
    overall |= {name: mean_over_classes(by_class[name], mean_k) for name in ("recall", "precision", "f1")}
    seen_i = judged_ik.any(axis=1)
    return Figures(
        overall=overall,
        by_class=by_class,
        n=len(np.unique(matches.truth_g[counted_g])),
        n_k=truths_bk[0].astype(np.int64),
        mean_k=mean_k,
        images=int(seen_i.sum()),
        units=len(np.unique(unit_i[seen_i])),
        lead=LEAD,
        trials=dict.fromkeys(overall, float(truths_bk[0].sum())),
        trials_by_class={"ap50": truths_bk[0], "recall": truths_bk[0], "f1": truths_bk[0], "precision": guessed_bk[0]},
    )


def on_images(matches: Matches, mask_i: Bools) -> Matches:
    """The part of a matched table that lies on some images; nothing is matched again."""
    kept_d = mask_i[matches.image_d]
    kept_c = kept_d[matches.overlapping_c]
    place_d = np.cumsum(kept_d) - 1
    return replace(
        matches,
        detection_d=matches.detection_d[kept_d],
        class_d=matches.class_d[kept_d],
        image_d=matches.image_d[kept_d],
        score_d=matches.score_d[kept_d],
        rank_d=matches.rank_d[kept_d],
        in_range_ad=matches.in_range_ad[:, kept_d],
        ignored_ag=matches.ignored_ag | ~mask_i[matches.image_g],
        overlapping_c=place_d[matches.overlapping_c[kept_c]],
        found_atc=matches.found_atc[:, :, kept_c],
    )
