"""Precision over recall of one class, with the threshold that is used marked."""

from __future__ import annotations

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis
from sabbatical.report.charts.canvas import Canvas, drawing
from sabbatical.report.markup import el
from sabbatical.report.words import points
from sabbatical.schemas.evaluate import Curve, Operating

UNIT = Axis(0.0, 1.0, (0.0, 0.5, 1.0))


def precision_recall(name: str, curve: Curve, chosen: Operating | None = None, before: Curve | None = None) -> Markup:
    """The curve in the accent, another model's in ink."""
    canvas = Canvas(UNIT, UNIT, width=190, height=158, left=26, right=10, top=8, bottom=34)
    parts: list[Markup | None] = [canvas.grid("recall")]
    if before and before.recall:
        parts.append(el("path", d=canvas.path(before.recall, before.precision), class_="ln old"))
    if curve.recall:
        parts.append(el("path", d=canvas.path(curve.recall, curve.precision), class_="ln new"))
    says = f"Precision against recall of {name}."
    if chosen and chosen.recall is not None and chosen.precision is not None:
        parts.append(_chosen(canvas, chosen.recall, chosen.precision))
        says += (
            f" At the chosen threshold {chosen.threshold:.2f} precision is {points(chosen.precision)}"
            f" and recall {points(chosen.recall)}."
        )
    return drawing(f"Precision over recall, {name}", says, canvas.width, canvas.height, parts, grow=1.2)


def _chosen(canvas: Canvas, recall: float, precision: float) -> Markup:
    x, y = canvas.px(recall), canvas.py(precision)
    floor = canvas.height - canvas.bottom
    return el(
        "g",
        el("path", d=f"M{canvas.left} {y:.1f} L{x:.1f} {y:.1f} L{x:.1f} {floor:.1f}", class_="guide"),
        el("circle", cx=x, cy=y, r=10, class_="glow"),
        el("circle", cx=x, cy=y, r=4.6, class_="dt", style="fill:var(--accent)"),
    )
