"""The loop's second part made up for tests: two turns of a street, with what they found and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from sabbatical.report.loop_story import (
    Arm,
    Column,
    Decision,
    Drift,
    Gate,
    Grown,
    Issue,
    Labeled,
    Mined,
    Month,
    Ordered,
    Relabeled,
    Released,
    Spread,
    Stage,
    Succession,
    Tally,
    TurnStep,
    TurnSteps,
)
from sabbatical.report.picture import Picture
from sabbatical.report.story import Drawn, Shot, Story, Tagged
from sabbatical.schemas.evaluate import Comparison
from tests.report.made_up import CLASSES, FRAME, PARENTS, box_of, change_of, turned

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DRIFTED = ("time_of_day=night", "weather=rain")
CLASSES_JUDGED = ("adult", "child", "car", "truck", "bus", "light")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def gates() -> tuple[Gate, ...]:
    lowest = (
        "None of 11 slices with 30 items or more surely loses more than 2.0 points; the lowest is weather=fog, −0.6."
    )
    return (
        Gate("items", "passed", "180 images judged it; at least 50 are asked.", 180, None, 50),
        Gate("overall", "passed", "mAP at IoU 0.5 is 65.4 after 58.0 of v1, it gains.", 0.074, (0.049, 0.101), 0),
        Gate("slices", "passed", lowest, -0.006, (-0.03, 0.02), -0.02),
        Gate("classes", "passed", "None of 6 classes surely loses more.", -0.011, (-0.04, 0.02), -0.02),
        Gate("latency", "passed", "It takes 11.8 ms an item, 1.04 times the 11.3 ms of v1.", 11.8, None, 17.1),
        Gate("size", "passed", "The file that is served has 5.2 MB; at most 200 MB are allowed.", 5.2, None, 200),
    )  # fmt: skip


def failed_gates() -> tuple[Gate, ...]:
    why = "1 of 11 slices surely loses more than 2.0 points: weather=fog, −6.2 (−10.0 to −3.0, 61 items)."
    slices = Gate("slices", "failed", why, -0.062, (-0.1, -0.03), -0.02)
    behaviour = Gate("behaviour", "undecided", "No behavioural tests were tried.", None, None, 1.0)
    return (*gates()[:2], slices, *gates()[3:], behaviour)


def stages(model: str = "v2", before: str | None = "v1") -> tuple[Stage, ...]:
    def arms(old: int, fresh: int, ms: float) -> tuple[Arm | None, Arm]:
        champion = Arm(before, old, ms, 1.9 * ms, 0, old // 8, 5, 1) if before else None
        return champion, Arm(model, fresh, 1.04 * ms, 2.1 * ms, 0, fresh // 10, 6, 0)

    compared = (64, 56) if before else (0, 0)
    return (
        Stage("shadow", 0.0, *arms(64, 64, 11.2), *compared, at(31), at(36), "nobody saw its answers"),
        Stage("canary", 0.1, *arms(271, 29, 11.6), 0, 0, at(36), at(49)),
        Stage("full", 1.0, None, Arm(model, 240, 11.8, 22.0), 0, 0, at(49), at(70)),
    )


def decisions() -> tuple[Decision, ...]:
    return (
        Decision("propose", "turn 2", "loop", at(28), "trained from v1 on s2"),
        Decision("gate", "turn 2", "loop", at(31), "6 of 6 gates.", "shadow", True),
        Decision("advance", "turn 2", "loop", at(36), "64 answers, none failed, 1.0 times as long.", "canary"),
        Decision("hold", "Operations", "person", at(40), "Let me look at fog first."),
        Decision("resume", "Operations", "person", at(44), "Fog is fine."),
        Decision("advance", "turn 2", "loop", at(49), "29 answers of the canary, none failed.", "full"),
    )


def released() -> Released:
    return Released("v2", gates(), "v1", stages(), decisions())


def spread_of(low: float, high: float, old: float, fresh: float) -> Spread:
    rng = np.random.default_rng(3)
    width = (high - low) / 7
    edges = np.linspace(low, high, 15)
    before, after = (
        np.histogram(rng.normal(middle, width, 200).clip(low, high), edges)[0] / 200 for middle in (old, fresh)
    )
    return Spread(tuple(edges.tolist()), tuple(before.tolist()), tuple(after.tolist()))


def columns() -> tuple[Column, ...]:
    def of(name: str, effect: float, p: float, before: float, after: float, unit: str, kind: str = "input") -> Column:
        room = abs(after - before) + 0.2 * abs(before)
        spread = spread_of(min(before, after) - room, max(before, after) + room, before, after)
        alarm = p < 0.01 and abs(effect) > 0.2
        return Column(name, effect, p, alarm, kind, "ks", min(abs(effect) / 2, 1), before, after, unit, spread)  # type: ignore[arg-type]

    return (
        of("brightness", 2.1, 1e-9, 0.46, 0.19, ""),
        of("contrast", 1.2, 1e-7, 0.21, 0.13, ""),
        of("saturation", 0.7, 2e-4, 0.31, 0.22, ""),
        of("sharpness", 0.18, 0.2, 7.1, 7.6, ""),
        of("top_score", 0.9, 1e-6, 0.81, 0.64, "", "answer"),
        of("found", 0.5, 0.002, 4.2, 3.1, "boxes an image", "answer"),
        of("share of person", 0.1, 0.7, 0.41, 0.39, "share", "answer"),
        Column("time_of_day", 1.4, 1e-9, True, "attribute", "chi2", 210.0,
               shares=(("day", 0.82, 0.14), ("dusk", 0.18, 0.2), ("night", 0.0, 0.66))),
        Column("weather", 0.8, 1e-6, True, "attribute", "chi2", 84.0,
               shares=(("clear", 0.6, 0.2), ("cloudy", 0.3, 0.18), ("rain", 0.06, 0.58), ("fog", 0.04, 0.04))),
        Column("camera", None, None, False, "attribute", note="one value only"),
    )  # fmt: skip


def months() -> tuple[Month, ...]:
    names = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05")
    sizes = (0.05, 0.15, 0.3, 0.9, 2.1)
    return tuple(
        Month(name, 40 + i, {"brightness": size, "weather": size / 2}, ("brightness",) if size > 0.5 else ())
        for i, (name, size) in enumerate(zip(names, sizes, strict=True))
    )


def drift(items: list[str]) -> Drift:
    grown = (
        Grown("time_of_day=night", 0.0, 0.66, 132, 0.52, 0.78, 0.4, 0.1),
        Grown("weather=rain", 0.06, 0.58, 116, 0.61, 0.74, 0.3, 0.12),
        Grown("time_of_day=dusk", 0.18, 0.2, 40, 0.79, 0.66),
        Grown("weather=clear", 0.6, 0.2, 40),
        Grown("time_of_day=day", 0.82, 0.14, 28),
    )
    half = len(items) // 2
    before, after = (tuple(Shot(item, frame=FRAME) for item in part) for part in (items[:half], items[half:]))
    return Drift("v1", columns(), 200, 200, 0.01, 0.2, "first answers", grown, months(), before, after)


def failure(item: str, i: int) -> Shot:
    drawn = (Drawn(box_of(i), "car", "nobody"), Drawn(box_of(i + 3), "car", "machine", 0.71))
    return Shot(item, drawn, "car missed", box_of(i), FRAME)


def mined(items: list[str]) -> Mined:
    shots = tuple(failure(item, i) for i, item in enumerate(items))
    issues = (
        Issue(1, "missed: vehicle at night", 41, 60, 3.1, (2.3, 4.2), "missed", 71, (31, 140), shots[:6]),
        Issue(2, "unsure: adult in rain", 22, 58, 1.9, (1.2, 2.8), "unsure", 50, (28, 142), shots[6:11]),
        Issue(3, "ghost: light at dusk", 6, 40, 1.2, (0.5, 2.4), "ghost"),
    )
    ordered = (
        Ordered("aurora", 34, 12, "aurora-1", (1, 2), 30),
        Ordered("basalt", 40, 22, "basalt-1", (1, 2), 36),
        Ordered("cobalt", 26, 14, "cobalt-1", (1,), 25),
    )
    return Mined("v1", issues, ordered, 200, 84, 100)


def labeled(items: list[str]) -> Labeled:
    rng = np.random.default_rng(5)

    def tally(name: str, tasks: int, kinds: tuple[int, int, int, int, int]) -> Tally:
        scratch = rng.gamma(6, 4.5, tasks)
        return Tally(name, tasks, *kinds, tuple((0.55 * scratch + 2).tolist()), tuple(scratch.tolist()))

    pairs = tuple(
        Relabeled(
            Shot(item, (Drawn(box_of(i), "car", "machine", 0.6),), frame=FRAME),
            Shot(item, (Drawn(box_of(i), "car"), Drawn(box_of(i + 2), "light")), frame=FRAME),
            "1 accepted, 1 drawn",
        )
        for i, item in enumerate(items[:6])
    )
    tallies = (
        tally("aurora", 34, (61, 22, 4, 9, 31)),
        tally("basalt", 40, (80, 31, 7, 6, 42)),
        tally("cobalt", 26, (40, 12, 0, 11, 19)),
    )
    return Labeled(tallies, pairs, model="v1")


def comparison(items: list[str]) -> Comparison:
    changes = [
        change_of(name, before, before + gain, "map50", "slice")
        for name, before, gain in (
            ("time_of_day=day", 0.72, 0.01),
            ("time_of_day=dusk", 0.66, 0.03),
            ("time_of_day=night", 0.41, 0.19),
            ("weather=clear", 0.71, -0.01),
            ("weather=fog", 0.55, -0.006),
            ("weather=rain", 0.52, 0.11),
        )
    ]
    gains = (0.08, 0.06, 0.11, 0.02, -0.011, 0.14)
    changes += [change_of(n, 0.6, 0.6 + gain, "ap50") for n, gain in zip(CLASSES_JUDGED, gains, strict=True)]
    for name, gain in zip(("car", "light", "adult"), (0.22, 0.2, 0.12), strict=True):
        where = change_of(f"{name}, {DRIFTED[0]}", 0.4, 0.4 + gain, "ap50", "class_in_slice")
        changes.append(where.model_copy(update={"class_name": name, "slice_name": DRIFTED[0]}))
    return Comparison(
        model="v1", metric="map50", before=0.58, after=0.654, difference=0.074, interval=(0.049, 0.101),
        verdict="better", changes=changes, wrong_to_right=turned(items[:10], 0), right_to_wrong=turned(items[:5], 1),
        wrong_to_right_count=143, right_to_wrong_count=22,
    )  # fmt: skip


def succession(items: list[str]) -> Succession:
    return Succession("v1", "v2", comparison(items), DRIFTED, 180)


def turn_steps() -> TurnSteps:
    told = (
        ("policy", 0.1, "the policy of the project, version 2", False),
        ("monitor", 4.2, "6 of 10 columns drifted", False),
        ("mine", 2.1, "3 issues in 200 answers", False),
        ("order", 0.6, "100 tasks for 3 customers", False),
        ("labels", 21.0, "100 of 100 tasks came", True),
        ("snapshot", 0.9, "s2 with 760 items", False),
        ("train", 78.0, "v2, from the weights of v1", False),
        ("propose", 9.4, "6 of 6 gates passed", False),
        ("shadow", 5.0, "64 answers", True),
        ("canary", 13.0, "29 answers", True),
        ("full", 0.2, "v2 is the champion", False),
    )
    steps = tuple(TurnStep(name, seconds, did, waits=waits) for name, seconds, did, waits in told)
    return TurnSteps("turn 2", steps, "v2 is the champion", "one call, `sabbatical autopilot once`")


def loop_story(pictures: dict[str, Picture]) -> Story:
    items = list(pictures)
    first = Released("v1", gates()[:1], None, stages("v1", None), decisions()[:3], name="First release")
    chapters = (
        first, drift(items), mined(items), labeled(items), released(), succession(items), turn_steps(),
        Released("v3", failed_gates(), "v2", name="Held back"),
    )  # fmt: skip
    return Story("Street scenes", CLASSES, chapters, PARENTS, pictures)


def text_loop_story() -> Story:
    """The same on texts: no pictures, tags instead of boxes."""
    texts = {f"t{i}": f"Title {i}\nWhat the project does in a sentence or two." for i in range(12)}
    items = list(texts)
    tagged = tuple(Tagged(item, "mlops", "computer-vision", 0.44) for item in items)
    words = Column("text length", 0.4, 0.001, True, "input", "KS", 0.3, 240.0, 180.0, "letters")
    chapters = (
        Drift("v1", (words,), 120, 90, texts_before=tagged[:3], texts_after=tagged[3:6]),
        Mined("v1", (Issue(1, "unsure: mlops in May", 9, 30, 2.2, (1.1, 4.0), "unsure", texts=tagged[:4]),)),
        Labeled((Tally("four tags", 30, 21, 0, 9, 0, 0, (3.1,) * 30, (4.4,) * 30),), texts=tagged[:4], noun="tag"),
        Succession("v1", "v2", comparison([]).model_copy(update={"metric": "f1_weighted"})),
    )
    return Story("Made With ML", ("mlops", "computer-vision"), chapters, texts=texts)
