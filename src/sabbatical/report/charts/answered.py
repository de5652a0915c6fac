"""Right answers over the share a model answers itself, when it leaves the unsure to a person."""

from __future__ import annotations

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.canvas import Canvas, drawing, text
from sabbatical.report.markup import el
from sabbatical.report.story import Abstention
from sabbatical.report.words import percent, points

SHARES = Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def answered(data: Abstention) -> Markup:
    """The curve in the accent with the threshold in use marked; right is in points."""
    share, right = data.chosen
    rights = [100 * value for value in data.right]
    canvas = Canvas(SHARES, axis_of([*rights, 100.0], 4, floor=0.0, ceiling=100.0), width=360, height=230, right=16)
    x, y = canvas.px(share), canvas.py(100 * right)
    floor = canvas.height - canvas.bottom
    parts = [
        canvas.grid("share of texts it answers itself"),
        el("path", d=canvas.path(data.answered, rights), class_="ln new"),
        el("path", d=f"M{canvas.left} {y:.1f} L{x:.1f} {y:.1f} L{x:.1f} {floor:.1f}", class_="guide"),
        el("circle", cx=x, cy=y, r=10, class_="glow"),
        el("circle", cx=x, cy=y, r=4.6, class_="dt", style="fill:var(--accent)"),
        text(f"threshold {data.threshold:.2f}", x - 10, y + 20, "lb st", "end", "fill:var(--accent)"),
    ]
    says = (
        f"At the threshold in use it answers {percent(share)} of the texts; {points(right)} of 100 answers are right."
    )
    return drawing("Right answers over the share answered", says, canvas.width, canvas.height, parts)
