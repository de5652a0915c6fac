"""Pictures of what one model has right and the other wrong, and of what a model has wrong."""

from __future__ import annotations

from collections.abc import Sequence

from sabbatical.report.story import Drawn, Shot, Tagged
from sabbatical.report.words import Words, strong
from sabbatical.schemas.evaluate import Sample, Turned

KINDS = {"missed": "missed", "ghost": "nothing is there", "wrong_class": "wrong name"}


def shots_of(turned: Sequence[Turned], *, won: bool) -> tuple[Shot, ...]:
    """One shot each: dashed in its colour where the new model finds it, dashed white where it does not."""
    return tuple(
        Shot(
            item=t.item,
            drawn=(Drawn(t.box, t.name, "machine" if won else "nobody", t.after),),
            caption=(strong(t.name), f" {_score(t.before)} → {_score(t.after)}"),
            focus=t.box,
            frame=t.frame,
        )
        for t in turned
        if t.box is not None
    )


def some_of_each_kind(samples: Sequence[Sample], each: int) -> list[Sample]:
    """The first `each` of every kind, kind after kind, in the order in which the kinds come."""
    kinds = dict.fromkeys(sample.kind for sample in samples)
    return [sample for kind in kinds for sample in [s for s in samples if s.kind == kind][:each]]


def shots_of_samples(samples: Sequence[Sample]) -> tuple[Shot, ...]:
    """One shot a sample: what a person drew solid, what the model drew dashed, what nobody found dashed white."""
    return tuple(_shot(sample) for sample in samples if sample.truth or sample.predicted)


def texts_of(turned: Sequence[Turned]) -> tuple[Tagged, ...]:
    """One row a text whose tag turned right or wrong, with the score of the true tag before and after."""
    return tuple(Tagged(t.item, t.name, note=f"{_score(t.before)} → {_score(t.after)}") for t in turned)


def texts_of_samples(samples: Sequence[Sample]) -> tuple[Tagged, ...]:
    """One row a sample of a text model: its true tag and the one it got."""
    return tuple(Tagged(s.item, s.true_name, s.predicted_name, s.score) for s in samples)


def _shot(sample: Sample) -> Shot:
    truth, predicted = sample.truth, sample.predicted
    drawn = []
    if truth:
        drawn.append(Drawn(truth.box, truth.name, "nobody" if sample.kind == "missed" else "person"))
    if predicted:
        drawn.append(Drawn(predicted.box, predicted.name, "machine", predicted.score))
    about = truth or predicted
    return Shot(sample.item, tuple(drawn), _caption(sample), about.box if about else None, sample.frame)


def _caption(sample: Sample) -> Words:
    truth, predicted = sample.truth, sample.predicted
    if sample.kind == "missed" and truth:
        return (strong(truth.name), " missed")
    shown = f"{predicted.name} {_score(predicted.score)}" if predicted else "nothing"
    if sample.kind == "ghost":
        return (strong(shown), ", no such truth there")
    return (strong(truth.name if truth else "?"), f" taken for {shown}")


def _score(score: float | None) -> str:
    return "none" if score is None else f"{score:.2f}"
