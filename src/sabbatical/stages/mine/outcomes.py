"""What went wrong in which answer: by later labels, by the model's own doubt, by feedback.

Legend: a answers, i labeled items, p pairs of what is and what was taken for it, k classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sabbatical.metrics.classification import Answers
from sabbatical.metrics.columns import Bools, Ints, Truths
from sabbatical.schemas.mine import FailureKind
from sabbatical.stages.evaluate.actions import taken_for
from sabbatical.stages.mine.window import Window

SHARE_RIGHT = 0.2  # of verdicts; where fewer are "right", people speak up only when something is wrong

NEW_CLASS = "a class that the model does not know"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One way to fail: which answers could (`could_a`), and which did (`failed_a`)."""

    kind: FailureKind
    label: str | None
    could_a: Bools
    failed_a: Bools


Details = dict[int, dict[str, list[Any]]]
"""By answer and kind of failure, the class (true and said, of a wrong one) and box of each."""


def outcomes_of(window: Window) -> tuple[list[Outcome], Details]:
    """Every way to fail that any answer shows, with what failed in each."""
    found = [
        Outcome("unsure", None, np.ones(len(window), np.bool_), ~window.sure_a),
        Outcome("feedback", None, _judged(window), window.verdict_a < 0),
    ]
    by_label, details = _texts(window) if window.model.family == "text" else _boxes(window)
    return [one for one in (*found, *by_label) if one.failed_a.any()], details


def said_classes(window: Window) -> list[str]:
    """The class of each text: of its label where somebody has labeled it, else what the model says."""
    answers = _text_answers(window)
    class_a = np.where(answers.label_i >= 0, answers.label_i, answers.guess_i)
    return [window.tree.names[k] for k in class_a.tolist()]


def _judged(window: Window) -> Bools:
    """Answers that feedback could have called wrong: those with a verdict where people say "right" too, else all."""
    right, wrong = int((window.verdict_a > 0).sum()), int((window.verdict_a < 0).sum())
    judged_a: Bools = window.verdict_a != 0
    return judged_a if right and right >= SHARE_RIGHT * (right + wrong) else np.ones(len(window), np.bool_)


def _boxes(window: Window) -> tuple[list[Outcome], Details]:
    truth, answer_i = window.later.truth, window.later.answer_i
    truths = Truths.of(truth.boxes_n4, truth.item_n, truth.positive_nk, truth.known_nk, crowd=truth.crowd_n)
    found = window.detections(answer_i.tolist())
    taken = taken_for(found, truths, truth.judged_ik, window.threshold_k, window.tree.ancestors_kk)
    missed_p, ghost_p = taken.detection_p < 0, taken.truth_p < 0
    wrong_p = ~missed_p & ~ghost_p & (taken.true_p != taken.predicted_p)
    item_p = np.empty(len(missed_p), np.int64)
    item_p[~ghost_p] = truths.image_n[taken.truth_p[~ghost_p]]
    item_p[ghost_p] = found.image_m[taken.detection_p[ghost_p]]
    answer_p = answer_i[item_p]
    details: Details = {}
    kinds: tuple[tuple[FailureKind, Bools], ...] = (("missed", missed_p), ("ghost", ghost_p), ("wrong_class", wrong_p))
    for kind, failed_p in kinds:
        for p in np.flatnonzero(failed_p).tolist():
            box = found.boxes_m4[taken.detection_p[p]] if ghost_p[p] else truths.boxes_n4[taken.truth_p[p]]
            classes = [window.tree.names[k] for k in (taken.true_p[p], taken.predicted_p[p]) if k >= 0]
            one = [*classes, [round(side, 2) for side in box.tolist()]]
            details.setdefault(int(answer_p[p]), {}).setdefault(kind, []).append(one)
    return [
        *_by_class(window, "missed", taken.true_p, answer_p, ~ghost_p, missed_p),
        *_by_class(window, "wrong_class", taken.true_p, answer_p, ~ghost_p & ~missed_p, wrong_p),
        *_by_class(window, "ghost", taken.predicted_p, answer_p, ~missed_p, ghost_p),
    ], details


def _by_class(
    window: Window, kind: FailureKind, class_p: Ints, answer_p: Ints, could_p: Bools, failed_p: Bools
) -> Iterator[Outcome]:
    """For each class, the answers with something of it (or of a class beneath) that could fail, and that did."""
    for k, name in enumerate(window.tree.names):
        of_class_p = window.tree.ancestors_kk[class_p, k] & (class_p >= 0)
        could_a, failed_a = np.zeros((2, len(window)), np.bool_)
        could_a[answer_p[of_class_p & could_p]] = True
        failed_a[answer_p[of_class_p & failed_p]] = True
        yield Outcome(kind, name, could_a, failed_a)


def _texts(window: Window) -> tuple[list[Outcome], Details]:
    """What was said against the label, as far as that can tell: a class that the model does not know yet denies it."""
    answers = _text_answers(window)
    told_ak = answers.said_ik & answers.known_ik
    judged_a: Bools = np.logical_or.reduce(told_ak, axis=1)
    wrong_a: Bools = np.logical_or.reduce(told_ak & ~answers.target_ik, axis=1)
    names = [*window.tree.names, NEW_CLASS]
    details: Details = {
        a: {"wrong_class": [[names[answers.label_i[a]], names[answers.guess_i[a]]]]}
        for a in np.flatnonzero(wrong_a).tolist()
    }
    return [Outcome("wrong_class", None, judged_a, wrong_a)], details


def _text_answers(window: Window) -> Answers:
    """What is said beside what people say, one row an answer; of an answer without a label nothing is known."""
    truth, answer_i = window.later.truth, window.later.answer_i
    target_ak, known_ak = np.zeros((2, len(window), len(window.tree)), np.bool_)
    np.logical_or.at(target_ak, answer_i[truth.item_n], truth.positive_nk)
    np.logical_or.at(known_ak, answer_i[truth.item_n], truth.known_nk)
    return Answers.of(window.scores(), target_ak, known_ak, closure=window.tree.ancestors_kk)
