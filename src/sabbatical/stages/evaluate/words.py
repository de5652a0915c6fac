"""One to three sentences on what a model is good and bad at, made of what its intervals support and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from sabbatical.schemas.evaluate import Change, Comparison, Interval, Report, Slice

HEADLINE = {"map50": "mAP at IoU 0.5", "accuracy": "Accuracy"}


def sentences(report: Report) -> list[str]:
    """The conclusion first. Points are hundredths; every number comes with its 95 % interval where there is one."""
    lines = _comparison_lines(report.model, report.comparison, report) if report.comparison else [_level(report)]
    return [*lines, *_classes(report), *_weak_slices(report.slices), *_untaught(report), *_unjudged(report)]


def _comparison_lines(model: str, comparison: Comparison, report: Report) -> list[str]:
    size = f"{_points(comparison.difference)} points"
    more, less = (
        ("finds more", "finds less") if report.task == "boxes" else ("is right more often", "is right less often")
    )
    sure = _plainest([change for change in comparison.changes if change.sure])
    worst = min((change for change in sure if change.verdict == "worse"), key=lambda c: c.interval[1], default=None)
    best = max((change for change in sure if change.verdict == "better"), key=lambda c: c.interval[0], default=None)
    if comparison.verdict == "same":
        parts = [f"it gains {_what(best)}"] if best else []
        parts += [f"it loses {_what(worst)}"] if worst else []
        first = f"{model} and {comparison.model} cannot be told apart on all data, {size}"
        first += f", but {' and '.join(parts)}." if parts else "."
    else:
        better = comparison.verdict == "better"
        along, across = (best, worst) if better else (worst, best)
        first = f"{model} {more if better else less} than {comparison.model}, {size}"
        first += f", above all {_what(along)}" if along else ""
        first += f", but it {'loses' if better else 'gains'} {_what(across)}." if across else "."
    second = (
        f"{HEADLINE[comparison.metric]} is {_hundred(comparison.after)} after {_hundred(comparison.before)}; the 95% "
        f"interval of the change is {_range(comparison.interval)}, paired over {_items(report)}."
    )
    return [first, second]


def _plainest(changes: list[Change]) -> list[Change]:
    """Without what a plainer change tells already: one of the class, or of a wider slice, whose interval overlaps."""

    def told(change: Change, plainer: Change) -> bool:
        wider = plainer.where.items() <= change.where.items() and plainer.class_name in (None, change.class_name)
        alike = plainer.verdict == change.verdict and _overlap(plainer.interval, change.interval)
        return plainer is not change and wider and alike

    return [change for change in changes if not any(told(change, other) for other in changes)]


def _level(report: Report) -> str:
    overall, spans = report.metrics.overall, report.metrics.intervals.overall
    lead, value = ("map50", overall.map50) if report.task == "boxes" else ("accuracy", overall.accuracy)
    if value is None:
        return f"{report.model} could not be judged: no item of {report.snapshot} holds a truth of its classes."
    span = f" ({_hundred(spans[lead][0])} to {_hundred(spans[lead][1])})" if lead in spans else ""
    if report.task == "text":
        return f"{report.model} labels {_hundred(value)} of 100 texts right{span}, judged on {_items(report)}."
    line = f"{report.model} reaches {_hundred(value)} mAP at IoU 0.5{span} on {_items(report)}"
    if overall.recall is None:
        return f"{line}."
    right = "" if overall.precision is None else f", and {overall.precision * 100:.0f} of 100 boxes it draws are right"
    return f"{line}; in the mean over classes it finds {overall.recall * 100:.0f} of 100 objects{right}."


def _classes(report: Report) -> list[str]:
    """The best and the worst class, if their intervals stand apart."""
    lead = "ap50" if report.task == "boxes" else "f1"
    spans = {name: found[lead] for name, found in report.metrics.intervals.by_class.items() if lead in found}
    scores = {name: getattr(report.metrics.by_class[name], lead) for name in spans if name not in report.untaught}
    values = {name: value for name, value in scores.items() if value is not None}
    if len(values) < 2:
        return []
    best, worst = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
    if spans[best][0] <= spans[worst][1]:
        return []
    what = "AP" if report.task == "boxes" else "F1"
    return [f"It is best at {best} ({what} {_hundred(values[best])}) and worst at {worst} ({_hundred(values[worst])})."]


def _weak_slices(slices: Sequence[Slice]) -> list[str]:
    """The slices that surely lie below all data, two at most; a narrower one only if it stands apart from a wider."""
    weak = [(part, span) for part in slices if part.sure and (span := part.difference_interval) and span[1] < 0]
    weak = [
        (part, span)
        for part, span in weak
        if not any(wide.where.items() < part.where.items() and _overlap(span, other) for wide, other in weak)
    ]
    weak.sort(key=lambda found: found[1][1])
    named = [f"{_place(part.where)} ({_points(part.difference)} points, {_range(span)})" for part, span in weak[:2]]
    return [f"It is weaker {' and '.join(named)} than on all data."] if named else []


def _untaught(report: Report) -> list[str]:
    """Classes that are there and that nothing taught: no fault of the model, yet part of the mean."""
    names = [name for name in report.untaught if report.metrics.by_class[name].n]
    if not names:
        return []
    they = "it counts" if len(names) == 1 else "they count"
    return [f"No label taught it {_listed(names)}; {they} as 0 in the mean."]


def _unjudged(report: Report) -> list[str]:
    names = [name for name, images in report.judged.items() if not images]
    if not names:
        return []
    them = "it" if len(names) == 1 else "them"
    return [f"{_listed(names)} could not be judged: no taxonomy of these items covers {them}."]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _what(change: Change) -> str:
    place = f" {_place(change.where)}" if change.where else ""
    numbers = f"({_points(change.difference)} points, {_range(change.interval)})"
    return f"{change.class_name}{place} {numbers}" if change.class_name else f"{place.strip()} {numbers}"


def _place(where: dict[str, str]) -> str:
    """A slice in words, such as "on small objects" or "where weather is rain and time is night"."""
    if set(where) == {"size"}:
        return f"on {where['size']} objects"
    if set(where) <= {"week", "month"}:
        return "in " + " ".join(f"{unit} {cohort}" for unit, cohort in where.items())
    return "where " + " and ".join(f"{column} is {value}" for column, value in where.items())


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _items(report: Report) -> str:
    noun = "image" if report.task == "boxes" else "text"
    groups = f" in {report.units:,} groups" if report.units != report.items else ""
    return f"{report.items:,} {noun}{'s' if report.items != 1 else ''}{groups}"


def _hundred(share: float) -> str:
    return f"{share * 100:.1f}"


def _points(difference: float | None) -> str:
    return f"{(difference or 0.0) * 100:+.1f}".replace("-", "−")


def _range(interval: Interval) -> str:
    return f"{_points(interval[0])} to {_points(interval[1])}"
