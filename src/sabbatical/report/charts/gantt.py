"""Steps in their order as bars over time: how long each took, and which only waited."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, axis_of, tick_text
from sabbatical.report.loop_story import TurnStep
from sabbatical.report.markup import el, join
from sabbatical.report.words import duration

LEAST = 0.4  # percent of the width: a step that took no time is still seen


def gantt(steps: Sequence[TurnStep], *, title: str) -> Markup:
    """One row a step. Time is in minutes where the whole is long."""
    starts = started(steps)
    whole = max((start + step.seconds for start, step in zip(starts, steps, strict=True)), default=1.0) or 1.0
    unit, size = ("min", 60.0) if whole > 180 else ("s", 1.0)
    axis = axis_of([0.0, whole / size], 6, floor=0.0)
    content = [_row(step, start / size, size, axis) for start, step in zip(starts, steps, strict=True)]
    return el("ol", _head(axis, unit), join(content), class_="gantt", aria_label=title)


def started(steps: Sequence[TurnStep]) -> list[float]:
    """When each step began, in seconds after the first."""
    starts, at = [], 0.0
    for step in steps:
        start = at if step.began is None else step.began
        starts.append(start)
        at = start + step.seconds
    return starts


def _head(axis: Axis, unit: str) -> Markup:
    ticks = join(
        el(
            "text",
            tick_text(t) + (f" {unit}" if t == axis.high else ""),
            x=axis.percent(t),
            y=12,
            text_anchor="end" if t == axis.high else "start" if t == axis.low else "middle",
            class_="tk",
        )
        for t in axis.ticks
    )
    return el("li", el("svg", ticks, class_="axis"), class_="head", aria_hidden="true")


def _row(step: TurnStep, start: float, size: float, axis: Axis) -> Markup:
    left = 100 * axis.share(start)
    width = max(100 * axis.share(step.seconds / size), LEAST)
    left = min(left, 100 - width)
    kind = "wait" if (step.waits or step.state == "waiting") and step.state != "failed" else step.state
    bar = el("i", class_=f"b {kind}", style=f"left:{left:.2f}%;width:{width:.2f}%")
    rules = join(el("u", style=f"left:{axis.percent(t)}") for t in axis.ticks)
    state = "" if step.state == "done" else step.state
    waits = el("span", "(waiting)", class_="sr") if step.waits else None
    name = join((el("b", step.name), el("em", state, class_=f"mini {state}") if state else None, waits))
    return el(
        "li",
        el("div", el("p", name, class_="name"), el("p", step.did, class_="did") if step.did else None),
        el("span", rules, bar, class_="lane", aria_hidden="true"),
        el("span", "–" if step.state == "skipped" else duration(step.seconds), class_="n"),
        class_=step.state,
    )
