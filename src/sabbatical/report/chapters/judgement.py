"""Chapter: what one model is good and bad at, from its evaluation report."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, class_name, key, sign
from sabbatical.report.chapters.confusion import confusion_card
from sabbatical.report.chapters.duel import METRICS
from sabbatical.report.chapters.turned import shots_of_samples, some_of_each_kind, texts_of_samples
from sabbatical.report.charts.intervals import Measured, intervals
from sabbatical.report.charts.precision_recall import precision_recall
from sabbatical.report.charts.reliability import reliability
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.charts.tiles import hands_key, tiles, whole_rows
from sabbatical.report.markup import el, join
from sabbatical.report.story import Judgement
from sabbatical.report.words import (
    Stress,
    Words,
    bad,
    capital,
    count,
    counted,
    listed,
    new,
    points,
    readable,
    signed,
    signed_span,
    span,
    strong,
)
from sabbatical.schemas.evaluate import Calibration, ClassScores, Report, Slice, Threshold

WORST = 15
LEAST_SLICES = 10


def judgement(chapter: Judgement, context: Context) -> Section:
    report = chapter.report
    cards = [class_card(report, context), slice_card(report), *detail_cards(report, context)]
    _, value = main_metric(report)
    note = points(value) if value is not None else ""
    return Section("Judgement", good_and_bad(report), report_numbers(report), tuple(c for c in cards if c), note)


def detail_cards(report: Report, context: Context) -> list[Card]:
    """Everything about one model but its classes and slices: errors, curves, calibration, samples, notes."""
    cards = [confusion_card(report.confusion, report) if report.confusion else None]
    cards.append(_calibration(report.calibration) if report.calibration else _no_calibration(report))
    cards.append(_cohorts(report) if len(report.cohorts) > 1 else None)
    cards.append(_curves(report, context) if any(curve.recall for curve in report.curves.values()) else None)
    cards.append(_worst(report, context) if report.worst else _nothing_wrong(report))
    cards.append(_notes(report) if len(report.sentences) > 1 or report.notes or report.coco else None)
    return [card for card in cards if card]


def main_metric(report: Report) -> tuple[str, float | None]:
    """The one number of a report: mAP at 0.5 for boxes, weighted F1 or accuracy for texts."""
    overall = report.metrics.overall
    names = ("map50",) if report.task == "boxes" else ("f1_weighted", "accuracy", "f1")
    name = next((n for n in names if getattr(overall, n) is not None), names[0])
    return name, getattr(overall, name)


def report_numbers(report: Report) -> Words:
    """The line under the conclusion: the main number with its interval, and what it was measured on."""
    name, value = main_metric(report)
    words: list[str | Stress] = [capital(METRICS.get(name, name)), " is ", strong(points(value))]
    interval = report.metrics.intervals.overall.get(name)
    if interval:
        words += ["; the 95% interval is ", strong(span(interval))]
    words.append(f", over {counted(report.items, 'item')}")
    if report.units != report.items:
        words.append(f" in {counted(report.units, 'group')}")
    overall = report.metrics.overall
    if report.task == "boxes" and overall.recall is not None and overall.precision is not None:
        words += [". Recall ", strong(points(overall.recall)), " and precision ", strong(points(overall.precision))]
        words.append(" at the chosen thresholds")
    return (*words, f". Snapshot {report.snapshot}.")


def class_card(report: Report, context: Context) -> Card:
    """AP or F1 by class with intervals; the other numbers in the table under it."""
    metric = "ap50" if report.task == "boxes" else "f1"
    scores = report.metrics.by_class
    ordered = sorted(scores, key=lambda name: -(getattr(scores[name], metric) or 0.0))
    found = report.metrics.intervals.by_class
    measured = [
        Measured(
            class_name(name, context),
            getattr(scores[name], metric),
            found.get(name, {}).get(metric),
            scores[name].n,
            "nothing could judge it" if not report.judged.get(name, 1) else "no truths to judge it",
        )
        for name in ordered
    ]
    body = intervals(measured, title="By class", unit="truths", value=METRICS[metric].split(" ")[0])
    table = Table(
        ("class", "AP 0.5", "recall", "precision", "F1", "threshold", "truths", "items"),
        tuple(_class_row(name, scores[name], report) for name in ordered),
    )
    legend = key((sign("dot"), report.model), (sign("band ink"), "95% interval"))
    sub = f"{METRICS[metric]}, in points"
    return Card("By class", body, sub, legend, _class_says(report, metric, ordered), table, 6)


def _class_row(name: str, scores: ClassScores, report: Report) -> tuple[object, ...]:
    threshold: Threshold | None = report.thresholds.get(name)
    return (
        name,
        points(scores.ap50),
        points(scores.recall),
        points(scores.precision),
        points(scores.f1),
        f"{threshold.chosen.threshold:.2f}" if threshold else "–",
        count(scores.n),
        count(report.judged.get(name, 0)),
    )


def _class_says(report: Report, metric: str, ordered: list[str]) -> Words:
    judged = [name for name in ordered if getattr(report.metrics.by_class[name], metric) is not None]
    silent = [name for name in report.classes if name not in judged]
    known = [name for name in judged if name not in report.untaught]
    words: list[str | Stress] = []
    if len(known) > 1:
        words += _ends(report, metric, known)
    if untaught := [name for name in judged if name in report.untaught]:
        words.append(f" No label taught {listed(untaught)}.")
    if silent:
        words.append(f" Nothing could judge {listed(silent)}.")
    return tuple(words)


def _ends(report: Report, metric: str, known: list[str]) -> list[str | Stress]:
    """The best and the weakest class, and whether they can be told apart."""
    best, last = (getattr(report.metrics.by_class[name], metric) for name in (known[0], known[-1]))
    if points(best) == points(last):
        return ["All stand at ", strong(points(best)), "."]
    words: list[str | Stress] = ["Best is ", strong(known[0]), ", weakest ", strong(known[-1])]
    spans = [report.metrics.intervals.by_class.get(name, {}).get(metric) for name in (known[0], known[-1])]
    apart = spans[0] is not None and spans[1] is not None and spans[0][0] > spans[1][1]
    return [*words, "." if apart else ", but their intervals do not stand apart."]


def slice_card(report: Report) -> Card | None:
    """The main number by slice with intervals."""
    if not report.slices:
        return None
    metric = _leading(report)
    shown = _telling(report.slices, max(LEAST_SLICES, len(report.metrics.by_class) + 2))
    name = METRICS[metric]
    body = intervals([_slice(s, metric) for s in shown], title="By slice", unit="truths", value=name.split(" ")[0])
    rows = tuple(_slice_row(s, metric) for s in report.slices)
    table = Table(("slice", name, "against all", "recall", "precision", "F1", "truths", "items"), rows)
    hidden = len(report.slices) - len(shown)
    sub = f"{name}, in points" + (f"; {hidden} more in the numbers" if hidden > 0 else "")
    return Card("By slice", body, sub, says=_slice_says(report, metric), table=table, width=6)


def _telling(slices: list[Slice], most: int) -> list[Slice]:
    """What surely differs first, then whole slices before pairs, in the order they came; pairs only if sure."""
    worth = [s for s in slices if s.kind != "pair" or s.sure]
    kept = sorted(range(len(worth)), key=lambda i: (not worth[i].sure, worth[i].kind == "pair"))[:most]
    return [worth[i] for i in sorted(kept)]


def _slice(part: Slice, metric: str) -> Measured:
    name = el("span", el("span", readable(part.name)), class_="cls")
    note = (part.scores.note or "").partition(":")[0]
    return Measured(name, getattr(part.scores, metric), part.intervals.get(metric), part.scores.n, note)


def _slice_row(part: Slice, metric: str) -> tuple[object, ...]:
    s = part.scores
    against = "–" if part.difference is None else signed(part.difference)
    if part.difference_interval:
        against += f" ({signed_span(part.difference_interval)})"
    scores = (points(value) for value in (s.recall, s.precision, s.f1))
    return (readable(part.name), points(getattr(s, metric)), against, *scores, count(s.n), count(s.images))


def _leading(report: Report) -> str:
    """The number by which slices are compared."""
    return "map50" if report.task == "boxes" else "accuracy"


def _slice_says(report: Report, metric: str) -> Words:
    """The slices that surely lie below all data, the weakest first."""
    whole = getattr(report.metrics.overall, metric)
    weak = weak_slices(report)
    if all(getattr(part.scores, metric) is None for part in report.slices):
        return ("Every slice is too small to judge.",)
    if not weak:
        return ("No slice lies below the whole by more than chance.",)
    return ("Surely below the whole, ", strong(points(whole)), ": ", bad(listed(weak, limit=4)), ".")


def weak_slices(report: Report) -> list[str]:
    """Slices that lie below all data even among all that were looked at; a pair only if neither half is named."""
    low = [s for s in report.slices if s.sure and s.difference_interval and s.difference_interval[1] < 0]
    single = {item for s in low if len(s.where) == 1 for item in s.where.items()}
    kept = [s for s in low if len(s.where) == 1 or not single & s.where.items()]
    return [readable(s.name) for s in sorted(kept, key=lambda s: s.difference or 0.0)]


def _calibration(calibration: Calibration) -> Card:
    body = reliability(calibration, title="Does a score mean what it says")
    over = sum((b.score - b.right) * b.n for b in calibration.bins)
    total = sum(b.n for b in calibration.bins) or 1
    lean = "too sure" if over > 0 else "too modest"
    says: Words = ("Scores are off by ", strong(f"{points(calibration.ece)} points"), f" in the mean, mostly {lean}.")
    if calibration.ece < 0.03:
        says = ("Scores mean what they say, within ", strong(f"{points(calibration.ece)} points"), " in the mean.")
    rows = tuple((f"{b.score:.2f}", points(b.right), span(b.interval), count(b.n)) for b in calibration.bins)
    table = Table(("mean score", "right of 100", "95% interval", "predictions"), rows)
    return Card("Calibration", body, f"{count(total)} predictions", says=says, table=table, width=6)


def _no_calibration(report: Report) -> Card:
    what = "draws no box" if report.task == "boxes" else "gives no answer"
    body = el("p", f"{report.model} {what} that could be judged, so there is no score to look at.", class_="so")
    return Card("Calibration", body, "does a score mean what it says", width=6)


def _nothing_wrong(report: Report) -> Card | None:
    """Of texts nothing else shows it; of boxes there is nothing to find then."""
    judged = sum(scores.n for scores in report.metrics.by_class.values())
    words = "Every answer that could be judged is right." if judged else "No label here judges what it was asked."
    return Card("Worst samples", el("p", words, class_="so"))


def _cohorts(report: Report) -> Card:
    metric = _leading(report)
    body = intervals(
        [_slice(s, metric) for s in report.cohorts], title="By time", unit="truths", value=METRICS[metric].split(" ")[0]
    )
    return Card("By time", body, "items by when they were taken, model fixed", width=6)


def _curves(report: Report, context: Context) -> Card:
    """Small multiples, one class each, all on the same axes."""
    before = report.comparison.curves if report.comparison else {}
    other = report.comparison.model if report.comparison else ""
    plots = []
    for name in (name for name in report.classes if name in report.curves):
        threshold = report.thresholds.get(name)
        chosen = threshold.chosen if threshold else None
        curve, other_curve = report.curves[name], before.get(name)
        if not curve.recall and not (other_curve and other_curve.recall):
            none = el("p", f"{report.model} never finds it.", class_="so")
            plots.append(el("figure", el("h3", class_name(name, context)), none))
            continue
        svg = precision_recall(name, curve, chosen, other_curve)
        facts = None
        if chosen:
            facts = el(
                "p",
                f"at {chosen.threshold:.2f}: precision ",
                el("b", points(chosen.precision)),
                ", recall ",
                el("b", points(chosen.recall)),
                class_="so",
            )
        plots.append(el("figure", el("h3", class_name(name, context)), svg, facts))
    rows = -(-len(plots) // 6)
    columns = f"--n:{-(-len(plots) // max(rows, 1))}"
    body = el("div", join(plots), class_="multiples", style=columns)
    entries = [(sign("line"), report.model)] + ([(sign("ink-line"), other)] if before else [])
    if not report.thresholds:
        return Card("Precision over recall", body, "by class", key(*entries), width=6 if len(plots) <= 2 else 12)
    legend = key(*entries, (sign("filled"), "chosen threshold"))
    sub = "by class; the dot is the threshold in use"
    return Card("Precision over recall", body, sub, legend, width=6 if len(plots) <= 2 else 12)


def _worst(report: Report, context: Context) -> Card:
    kinds = {"missed": "missed", "ghost": "found where no such truth is", "wrong_class": "called by a wrong name"}
    tally = [f"{sum(s.kind == k for s in report.worst)} {words}" for k, words in kinds.items()]
    shown = f", of which {WORST} are shown" if len(report.worst) > WORST else ""
    says = f"Of the {len(report.worst)} worst{shown}: {listed([t for t in tally if not t.startswith('0 ')])}."
    if report.task == "boxes":
        body = tiles(whole_rows(shots_of_samples(some_of_each_kind(report.worst, WORST // 3)), WORST), context)
        return Card(
            "Worst samples", body, "some of each kind, the surest of what is wrong first", hands_key(nobody=True), says
        )
    body = text_list(texts_of_samples(report.worst[:WORST]), context)
    legend = key((sign("person"), "a person's tag"), (sign("machine"), "the model's"))
    return Card("Worst samples", body, "surest of a wrong tag first", legend, says)


def _notes(report: Report) -> Card:
    coco = report.coco.model_dump(exclude_none=True) if report.coco else {}
    lines = [*report.sentences, *report.notes]
    body = el("ul", join(el("li", line) for line in lines), class_="notes")
    table = Table(("COCO number", "points"), tuple((k, points(v)) for k, v in coco.items())) if coco else None
    return Card("Also to know", body, "how this was measured", table=table)


def good_and_bad(report: Report) -> Words | str:
    """One sentence on what the model is good and bad at, as far as its intervals tell; else the report's own first."""
    metric = "ap50" if report.task == "boxes" else "f1"
    spans = {n: found[metric] for n, found in report.metrics.intervals.by_class.items() if metric in found}
    taught = [n for n in spans if n not in report.untaught]
    values = {n: float(getattr(report.metrics.by_class[n], metric) or 0.0) for n in taught}
    words: list[str | Stress] = []
    if len(values) > 1:
        best, worst = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
        if spans[best][0] > spans[worst][1]:
            words += ["is good at ", new(f"{best}, {points(values[best])}"), ", weak at "]
            words.append(bad(f"{worst}, {points(values[worst])}"))
    weak = weak_slices(report)
    if weak:
        words += [", and " if words else "is ", "weaker on ", bad(listed(weak, limit=3)), " than elsewhere"]
    if words:
        return (f"{capital(report.model)} ", *words, ".")
    if report.sentences:
        return report.sentences[0]
    name, value = main_metric(report)
    return (f"{report.model} reaches ", strong(points(value)), f" points of {METRICS.get(name, name)}.")
