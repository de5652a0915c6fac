"""Reports and stories made up for tests, in the shape that the schemas give them."""

from __future__ import annotations

import numpy as np

from sabbatical.report.picture import Picture
from sabbatical.report.story import (
    Abstention,
    Behaviour,
    BehaviourTest,
    Cell,
    Contender,
    Contest,
    Customer,
    Customers,
    Drawn,
    Duel,
    Finding,
    Growth,
    Histogram,
    Judgement,
    Node,
    Place,
    Probe,
    Shot,
    Step,
    Story,
    Summary,
    Tagged,
    Teacher,
    Teaching,
    Trace,
)
from sabbatical.schemas.evaluate import (
    Calibration,
    Change,
    ClassScores,
    Coco,
    Comparison,
    Confusion,
    Curve,
    Intervals,
    Marked,
    Metrics,
    Operating,
    Overall,
    ReliabilityBin,
    Report,
    Sample,
    Slice,
    SliceScores,
    Threshold,
    Turned,
)

FRAME = (320, 192)
PARENTS: dict[str, str | None] = {"adult": "person", "child": "person", "car": "vehicle", "truck": "vehicle"}
PARENTS["bus"] = "vehicle"
CLASSES = ("person", "adult", "child", "vehicle", "car", "truck", "bus", "light", "sign")
JUDGED = ("adult", "child", "car", "truck", "bus", "light")
AP = {"adult": 0.71, "child": 0.62, "car": 0.86, "truck": 0.68, "bus": 0.74, "light": 0.57}
TRUTHS = {"adult": 630, "child": 188, "car": 1212, "truck": 243, "bus": 118, "light": 412}
SLICES = {"time_of_day=day": 0.78, "time_of_day=dusk": 0.69, "time_of_day=night": 0.52, "weather=clear": 0.75}
SLICES |= {"weather=rain": 0.66, "weather=fog": 0.58, "size=small": 0.41, "camera_height=under 3.2": 0.69}
TEXT_CLASSES = ("natural-language-processing", "computer-vision", "mlops", "other", "reinforcement-learning")
TEXT_CLASSES += ("graph-learning", "time-series")
TEXT_PARENTS: dict[str, str | None] = dict.fromkeys(TEXT_CLASSES[4:], "other")


def curve_of(area: float) -> Curve:
    recall = np.linspace(0, min(1.0, area + 0.18), 40)
    precision = np.clip(1 - (recall / (area + 0.25)) ** 6, 0, 1)
    return Curve(recall=recall.tolist(), precision=precision.tolist(), score=np.linspace(0.98, 0.02, 40).tolist())


def confusion_of(names: tuple[str, ...], boxes: bool) -> Confusion:
    counts = np.zeros((len(names) + boxes, len(names) + boxes), int)
    for i, name in enumerate(names):
        truths = TRUTHS.get(name, 60)
        counts[i, i] = int(truths * AP.get(name, 0.9))
        counts[i, (i + 1) % len(names)] = truths // 12
        if boxes:
            counts[i, -1] = truths - counts[i, i] - truths // 12
    if boxes:
        counts[-1, :-1] = 30
    rows, columns = ((*names, "ghost"), (*names, "missed")) if boxes else (names, names)
    return Confusion(rows=list(rows), columns=list(columns), counts=counts.tolist())


def calibration() -> Calibration:
    scores = np.linspace(0.08, 0.95, 10)
    right = np.clip(scores - 0.12 * np.sin(scores * 3), 0, 1)
    bins = [
        ReliabilityBin(
            score=float(s), right=float(r), interval=(max(r - 0.05, 0), min(r + 0.05, 1)), n=int(900 * (1.1 - s))
        )
        for s, r in zip(scores, right, strict=True)
    ]
    return Calibration(ece=0.071, bins=bins)


def slice_of(name: str, value: float | None, kind: str = "metadata", n: int = 240) -> Slice:
    if value is None:
        return Slice(
            name=name,
            kind=kind,
            where={},
            scores=SliceScores(n=n, images=9, note="too few to judge: 7 truths on 9 items"),
        )
    scores = SliceScores(
        map50=value, recall=value - 0.1, precision=value + 0.1, f1=value, accuracy=value, n=n, images=n // 3
    )
    band = (value - 0.04, value + 0.04)
    low = value - 0.7
    return Slice(
        name=name,
        kind=kind,
        where=dict(part.split("=") for part in name.split(", ") if "=" in part),
        scores=scores,
        intervals={"map50": band, "accuracy": band},
        difference=low,
        difference_interval=(low - 0.04, low + 0.04),
        p_value=0.01,
        sure=abs(low) > 0.04,
    )


def change_of(name: str, before: float, after: float, metric: str, kind: str = "class") -> Change:
    difference = after - before
    low, high = difference - 0.035, difference + 0.035
    verdict = "better" if low > 0 else "worse" if high < 0 else "same"
    return Change(
        kind=kind,
        name=name,
        metric=metric,
        before=before,
        after=after,
        difference=difference,
        interval=(low, high),
        n=TRUTHS.get(name, 200),
        verdict=verdict,
        sure=verdict != "same",
        p_value=0.5 if verdict == "same" else 0.001,
    )


def box_of(index: int) -> tuple[float, float, float, float]:
    x, y = 40 + 37 * index % 200, 60 + 23 * index % 80
    return (x, y, x + 30 + 5 * (index % 4), y + 24 + 6 * (index % 3))


def turned(items: list[str], start: int) -> list[Turned]:
    names = list(JUDGED)
    return [
        Turned(item=item, name=names[i % 6], box=box_of(i), before=0.2 if start else None, after=0.6, frame=FRAME)
        for i, item in enumerate(items, start)
    ]


def comparison_of(items: list[str]) -> Comparison:
    changes = [
        change_of(name, AP[name] - d, AP[name], "ap50")
        for name, d in zip(JUDGED, (0.2, 0.1, 0.01, 0.04, -0.06, 0.3), strict=True)
    ]
    changes += [change_of(n, v - 0.1, v, "map50", "slice") for n, v in SLICES.items()]
    return Comparison(
        model="v1", metric="map50", before=0.55, after=0.70, difference=0.15, interval=(0.11, 0.19), verdict="better",
        changes=changes, wrong_to_right=turned(items, 0), right_to_wrong=turned(items[:3], 1),
        wrong_to_right_count=212, right_to_wrong_count=19, curves={n: curve_of(AP[n] - 0.1) for n in JUDGED},
    )  # fmt: skip


def worst_of(items: list[str]) -> list[Sample]:
    kinds = ("missed", "ghost", "wrong_class")
    samples = []
    for i, item in enumerate(items):
        kind = kinds[i % 3]
        truth = Marked(box=box_of(i), name=JUDGED[i % 6]) if kind != "ghost" else None
        predicted = Marked(box=box_of(i), name=JUDGED[(i + 1) % 6], score=0.91 - 0.02 * i) if kind != "missed" else None
        samples.append(Sample(item=item, kind=kind, score=0.9, truth=truth, predicted=predicted, frame=FRAME))
    return samples


def boxes_report(items: list[str], *, compared: bool = False) -> Report:
    by_class = {n: ClassScores(ap50=AP[n], recall=AP[n] - 0.1, precision=0.8, f1=0.7, n=TRUTHS[n]) for n in JUDGED}
    by_class["sign"] = ClassScores(n=0)
    intervals = Intervals(
        overall={"map50": (0.66, 0.74)}, by_class={n: {"ap50": (AP[n] - 0.04, AP[n] + 0.03)} for n in JUDGED}
    )
    chosen = {
        n: Threshold(
            chosen=Operating(threshold=0.42, precision=0.81, recall=AP[n] - 0.05, f1=0.7),
            half=Operating(threshold=0.5, precision=0.9, recall=AP[n] - 0.15, f1=0.7),
        )
        for n in JUDGED
    }
    slices = [slice_of(name, value) for name, value in SLICES.items()] + [
        slice_of("weather=fog, time_of_day=night", None, "size", 7)
    ]
    return Report(
        task="boxes", model="v2", snapshot="s1", items=240, units=60, classes=list(CLASSES),
        judged={**dict.fromkeys(JUDGED, 240), "sign": 0},
        sentences=[
            "v2 is good at cars (AP 86.0) and weak at lights (57.0), most of all at night.",
            "Small objects under 16 px are found in 31 of 100 cases.",
        ],
        metrics=Metrics(
            overall=Overall(map50=0.70, map=0.41, recall=0.6, precision=0.8, f1=0.68),
            by_class=by_class,
            by_slice={s.name: s.scores for s in slices},
            intervals=intervals,
        ),
        coco=Coco(ap=0.41, ap50=0.7, ap75=0.44, ar_100=0.52),
        thresholds=chosen,
        curves={n: curve_of(AP[n]) for n in JUDGED},
        calibration=calibration(),
        confusion=confusion_of(JUDGED, boxes=True),
        slices=slices,
        cohorts=[slice_of(f"week {i}", 0.7 - 0.01 * i, "cohort") for i in range(1, 5)],
        worst=worst_of(items),
        comparison=comparison_of(items) if compared else None,
        notes=["The intervals resample 60 scenes 1,000 times."],
    )  # fmt: skip


def text_report(name: str, f1: float, items: list[str]) -> Report:
    by_class = {
        n: ClassScores(f1=f1 - 0.02 * i, recall=f1, precision=f1, n=70 - 8 * i) for i, n in enumerate(TEXT_CLASSES)
    }
    worst = [
        Sample(item=item, kind="wrong_class", score=0.8, true_name="other", predicted_name="mlops") for item in items
    ]
    return Report(
        task="text", model=name, snapshot="s1", items=191, units=191, classes=list(TEXT_CLASSES),
        judged=dict.fromkeys(TEXT_CLASSES, 191),
        sentences=[f"{name} tells language from vision almost always and errs most on other."],
        metrics=Metrics(
            overall=Overall(f1=f1 - 0.03, f1_weighted=f1, accuracy=f1, recall=f1, precision=f1),
            by_class=by_class,
            intervals=Intervals(
                overall={"f1_weighted": (f1 - 0.03, f1 + 0.025)},
                by_class={n: {"f1": (s.f1 - 0.05, min(s.f1 + 0.04, 1))} for n, s in by_class.items() if s.f1},
            ),
        ),
        calibration=calibration(), confusion=confusion_of(TEXT_CLASSES[:4], boxes=False), worst=worst,
        slices=[slice_of("short texts", f1 - 0.1), slice_of("long texts", f1)],
    )  # fmt: skip


def nodes() -> tuple[Node, ...]:
    return tuple(Node(n, PARENTS.get(n), TRUTHS.get(n, 0)) for n in CLASSES)


def world_customers(items: list[str]) -> tuple[Customer, ...]:
    def cells(**known: Cell) -> dict[str, Cell]:
        return {name: known.get(name, Cell("not labeled")) for name in CLASSES}

    def shots(start: int, own: dict[str, str]) -> tuple[Shot, ...]:
        labels = list(own.items())
        return tuple(
            Shot(
                item,
                tuple(
                    Drawn(box_of(i + k), labels[k % len(labels)][1], colour=labels[k % len(labels)][0])
                    for k in range(2)
                ),
                frame=FRAME,
            )
            for i, item in enumerate(items[start : start + 4], start)
        )

    k, by = Cell("coarse only"), Cell("by its children")
    a = cells(person=Cell("covered", "Human"), adult=k, child=k)
    b = cells(
        person=by, adult=Cell("covered", "Pedestrian_adult"), child=Cell("covered", "Pedestrian_child"),
        car=Cell("covered", "car"), truck=Cell("covered", "truck"),
    )  # fmt: skip
    d = cells(vehicle=Cell("covered", "Vehicle"), car=k, truck=k, bus=k, light=Cell("covered", "TrafficLight"))
    split = {"train": 240, "validation": 30, "test": 60}
    return (
        Customer("A", 330, split, a, "v1", 812, shots(0, {"person": "Human"})),
        Customer(
            "B", 310, {**split, "train": 220}, b, "v1", 1420, shots(4, {"adult": "Pedestrian_adult", "car": "car"})
        ),
        Customer(
            "C", 320, {**split, "train": 230}, d, "v1", 1130, shots(8, {"vehicle": "Vehicle", "light": "TrafficLight"})
        ),
    )


def world_teaching(items: list[str]) -> Teaching:
    n = None
    places = (
        Place("vehicle, drawn as “Vehicle”", (0, 0, 0, 1, n, n, n, 0, 0), box=(60, 80, 130, 130)),
        Place("light, drawn as “TrafficLight”", (0, 0, 0, 0, 0, 0, 0, 1, 0), box=(170, 40, 184, 70)),
        Place("child, drawn by nobody", (n, n, n, 0, 0, 0, 0, 0, n), box=(250, 120, 250, 120)),
        Place("empty road", (n, n, n, 0, 0, 0, 0, 0, n), box=(140, 170, 140, 170)),
    )
    drawn = (
        Drawn((60, 80, 130, 130), "Vehicle", colour="vehicle"),
        Drawn((170, 40, 184, 70), "TrafficLight", colour="light"),
    )
    teachers = (Teacher("A", 330, 410, 820), Teacher("B", 310, 760, 240), Teacher("C", 320, 650, 420))
    return Teaching("C", nodes(), places, Shot(items[9], drawn, frame=FRAME), teachers)


def traces() -> tuple[Trace, ...]:
    rng = np.random.default_rng(0)
    steps = tuple(float(s) for s in range(0, 800, 2))
    x = np.arange(400) / 400

    def of(name: str, end: float, tone: str) -> Trace:
        return Trace(name, steps, tuple((end + 1.6 * np.exp(-5 * x) + rng.normal(0, 0.05, 400)).tolist()), tone)

    return of("naive", 0.62, "old"), of("tree masking", 0.41, "new")


def world_story(pictures: dict[str, Picture]) -> Story:
    items = list(pictures)
    comparison = comparison_of(items[:8])
    low = (0.02, 0.0, 0.21, 0.06, 0.03, 0.01)
    recall = tuple(change_of(n, b, AP[n] - 0.15, "recall") for n, b in zip(JUDGED, low, strict=True))
    by_class = tuple(change for change in comparison.changes if change.kind == "class")
    rate = Trace(
        "rate", tuple(range(0, 800, 8)), tuple(float(v) for v in np.linspace(1e-3, 1e-5, 100)), "new", smooth=False
    )
    chapters = (
        Customers(
            world_customers(items),
            nodes(),
            (
                Finding("Nobody labels sign: no model can learn it.", "uncovered", asks=True),
                Finding("B labels car and truck but not bus: an empty place there is unknown for vehicle.", "left-out"),
                Finding("A labels people only, as Human: it cannot tell adult from child.", "coarse"),
                Finding("C labels vehicles coarsely: its boxes teach vehicle, and leave car, truck and bus open.", "C"),
            ),
            "s1",
            growth=Growth(
                ("s1", "s2", "s3"), {"train": (400, 600, 690), "validation": (50, 70, 90), "test": (100, 150, 180)}
            ),
            sizes=Histogram((0, 8, 16, 32, 64, 128), (210, 640, 800, 410, 90), "longer side of a box, px"),
        ),
        world_teaching(items),
        Duel("naive", "tree masking", comparison, recall, by_class, traces(), (rate,)),
        Judgement(boxes_report(items[:12])),
        Summary(
            ("", "naive", "tree masking", "change", "95% interval"),
            (
                ("mAP at 0.5", "55.0", "70.0", "+15.0", "+11.0 to +19.0"),
                ("recall at 0.5", "5.5", "54.7", "+49.2", "+45.0 to +53.0"),
            ),
            tuple(Step(n, s, t) for n, s, t in STEPS),
            (
                ("sabbatical snapshot show s1", "what the models learned from"),
                ("sabbatical evaluate v2 --against v1", "the comparison again"),
            ),
        ),
    )  # fmt: skip
    return Story("Street scenes", CLASSES, chapters, PARENTS, pictures)


STEPS = (
    ("ingest", 3.2, "960 items of three customers, none quarantined"),
    ("labels", 1.1, "3,362 boxes under each customer's own names"),
    ("snapshot", 0.4, "s1 with 690 to train, 90 to choose thresholds, 180 to judge"),
    ("train naive", 82.0, "800 steps"),
    ("train masked", 84.0, "800 steps"),
    ("evaluate", 9.7, "both models on 240 fully labeled images"),
)


def text_story() -> Story:
    texts = {
        f"t{i}": f"Title of project {i}\nWhat it does, in one or two sentences that go on for a while."
        for i in range(12)
    }
    items = list(texts)
    cells = {n: Cell("covered", n) for n in TEXT_CLASSES[:4]} | {n: Cell("coarse only") for n in TEXT_CLASSES[4:]}
    fine = {n: Cell("covered", n) for n in TEXT_CLASSES if n != "other"} | {"other": Cell("by its children")}
    tagged = tuple(Tagged(item, TEXT_CLASSES[i % 4]) for i, item in enumerate(items[:5]))
    tree = tuple(Node(n, TEXT_PARENTS.get(n), 90) for n in TEXT_CLASSES)
    split = {"train": 600, "validation": 68, "test": 96}
    reports = [text_report(n, f, items[:6]) for n, f in (("rules", 0.71), ("linear", 0.916), ("network", 0.934))]
    n = None
    chapters = (
        Customers(
            (
                Customer("four tags", 764, split, cells, "v1", texts=tagged),
                Customer("six tags", 191, split, fine, "v2", texts=tagged),
            ),
            tree, (Finding("other is split; old labels stay useful as its parent.", "six tags"),), "s1", "text",
        ),
        Teaching("four tags", tree, (
            Place("other", (0, 0, 0, 1, n, n, n), text="A gym for trading agents with replayed markets."),
            Place("computer-vision", (0, 1, 0, 0, 0, 0, 0), text="Counting pallets on a loading dock."),
        )),
        Contest(
            tuple(Contender(r.model, r, 3.4, 0.6) for r in reports),
            references=(("SciBERT, fine-tuned", 0.905), ("GPT-4 with examples", 0.930)),
        ),
        Judgement(reports[-1]),
        Behaviour(
            (
                BehaviourTest("Other words of the same meaning", "invariance", 40, 40),
                BehaviourTest(
                    "A word that decides is exchanged", "direction", 27, 30,
                    (Probe("Transformers for text", "natural-language-processing", "computer-vision"),),
                ),
            ),
            Abstention(
                0.6, (1.0, 0.9, 0.8, 0.6, 0.4), (0.934, 0.952, 0.966, 0.98, 0.99), (0.86, 0.958), tagged[:2]
            ),
        ),
        Summary(("model", "weighted F1"), (("rules", "71.0"), ("network", "93.4")), tuple(Step(*s) for s in STEPS)),
    )  # fmt: skip
    return Story("Made With ML", TEXT_CLASSES, chapters, TEXT_PARENTS, texts=texts)
