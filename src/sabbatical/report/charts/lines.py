"""Curves over time or steps, such as the losses of two runs; the raw values pale, their moving mean strong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from sabbatical.report.charts.axis import axis_of, tick_text
from sabbatical.report.charts.canvas import Canvas, drawing, text
from sabbatical.report.markup import el
from sabbatical.report.story import Trace

POINTS = 240  # more than a plot of this size can show
LABEL_STEP = 14.0


def lines(
    traces: Sequence[Trace], *, title: str, x_name: str, height: float = 226, y_floor: float | None = None
) -> Markup:
    """All traces on one pair of axes, each named with its last value at its end. Empty traces are left out."""
    drawn = [(trace, *_thin(trace)) for trace in traces if np.isfinite(np.asarray(trace.y, float)).any()]
    if not drawn:
        return el("p", "Nothing was recorded.", class_="so")
    xs = np.concatenate([x for _, x, _, _ in drawn])
    ys = np.concatenate([mean for *_, mean in drawn] + [np.percentile(raw, [1, 97]) for _, _, raw, _ in drawn])
    canvas = Canvas(axis_of(xs, 4), axis_of(ys, 4, floor=y_floor), height=height, left=44, right=98)
    parts = [canvas.grid(x_name)]
    ends = []
    for trace, x, raw, mean in drawn:
        shown = np.clip(raw, canvas.y.low, canvas.y.high)
        if trace.smooth:
            parts.append(el("path", d=canvas.path(x, shown), class_=f"ln raw {trace.tone}"))
        parts.append(el("path", d=canvas.path(x, mean), class_=f"ln {trace.tone}"))
        ends.append((canvas.py(float(mean[-1])), canvas.px(float(x[-1])), trace, float(mean[-1])))
    parts += _labels(ends, canvas)
    says = "; ".join(f"{trace.name} ends at {value:.3g}" for _, _, trace, value in ends)
    return drawing(title, says, canvas.width, canvas.height, parts)


def _thin(trace: Trace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, raw y and moving mean of y, at no more than `POINTS` places."""
    x, y = np.asarray(trace.x, float), np.asarray(trace.y, float)
    sound = np.isfinite(y)  # a training that diverged still shows how far it came
    x, y = x[sound], y[sound]
    mean = y
    if trace.smooth and len(y) > 8:
        window = max(len(y) // 24, 3)
        padded = np.pad(y, (window // 2, window - 1 - window // 2), mode="edge")
        mean = np.convolve(padded, np.full(window, 1 / window), mode="valid")
    kept = np.unique(np.linspace(0, len(y) - 1, min(len(y), POINTS)).round().astype(int))
    return x[kept], y[kept], mean[kept]


def _labels(ends: list[tuple[float, float, Trace, float]], canvas: Canvas) -> list[Markup]:
    """Names at the ends of the curves, pushed apart where they would meet."""
    parts, lowest = [], -LABEL_STEP
    for y, x, trace, value in sorted(ends, key=lambda end: end[0]):
        at = max(y, lowest + LABEL_STEP)
        lowest = at
        ink = "accent" if trace.tone == "new" else "ink"
        parts.append(
            el(
                "circle",
                cx=x,
                cy=y,
                r=3.5,
                class_="dt",
                style=f"fill:var(--{'accent' if ink == 'accent' else 'ink-2'})",
            )
        )
        words = f"{tick_text(float(f'{value:.3g}'))} {trace.name}"
        parts.append(text(words, canvas.width - canvas.right + 8, at + 4, "tk st", style=f"fill:var(--{ink})"))
    return parts
