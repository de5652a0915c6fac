"""Does a score mean what it says: the share that was right over the score, and how many predictions had it."""

from __future__ import annotations

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis
from sabbatical.report.charts.canvas import Canvas, drawing, text
from sabbatical.report.markup import el
from sabbatical.report.words import points
from sabbatical.schemas.evaluate import Calibration, ReliabilityBin

UNIT = Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def reliability(calibration: Calibration, *, title: str) -> Markup:
    """Dots with 95 % intervals; on the diagonal a score is honest, above it too modest, below too sure."""
    canvas = Canvas(UNIT, UNIT, width=330, height=290, left=36, right=16, top=14, bottom=34)
    parts = [canvas.grid("score"), el("path", d=canvas.path((0, 1), (0, 1)), class_="honest")]
    most = max((bin_.n for bin_ in calibration.bins), default=1)
    parts += [_mass(canvas, bin_, most) for bin_ in calibration.bins]
    if calibration.bins:
        xs, ys = [b.score for b in calibration.bins], [b.right for b in calibration.bins]
        parts.append(el("path", d=canvas.path(xs, ys), class_="ln thin new"))
    parts += [_dot(canvas, bin_) for bin_ in calibration.bins]
    parts.append(text("share that was right", canvas.left, 8))
    parts.append(text("too modest", canvas.px(0.04), canvas.py(0.9)))
    parts.append(text("too sure", canvas.px(0.97), canvas.py(0.42), anchor="end"))
    says = f"Expected calibration error {points(calibration.ece)} points over {len(calibration.bins)} bins."
    return drawing(title, says, canvas.width, canvas.height, parts)


def _mass(canvas: Canvas, bin_: ReliabilityBin, most: int) -> Markup:
    height = 22 * bin_.n / most
    return el("rect", x=canvas.px(bin_.score) - 3, y=canvas.py(0) - height, width=6, height=height, rx=1, class_="mass")


def _dot(canvas: Canvas, bin_: ReliabilityBin) -> Markup:
    x = canvas.px(bin_.score)
    low, high = bin_.interval
    bar = el("line", x1=x, x2=x, y1=canvas.py(low), y2=canvas.py(high), class_="ci", style="stroke:var(--accent)")
    words = f"score {bin_.score:.2f}: {points(bin_.right)} of 100 right, {bin_.n} predictions"
    point = el(
        "circle", el("title", words), cx=x, cy=canvas.py(bin_.right), r=4.2, class_="dt", style="fill:var(--accent)"
    )
    return el("g", bar, point)
