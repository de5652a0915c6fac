"""How a data set grew: items by split, stacked over time; each white line is a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.canvas import Canvas, drawing, text
from sabbatical.report.markup import el
from sabbatical.report.words import count, percent

LABEL_STEP = 30.0
LOOK = {"train": "h2", "validation": "h4", "test": "h6"}


def growth(names: Sequence[str], items: Mapping[str, Sequence[int]], *, title: str) -> Markup:
    """`names` are the snapshots in the order of time, `items` the number of items of each split in each of them.

    With fewer than two snapshots there is nothing to grow: the chart says so.
    """
    if len(names) < 2:
        return el("p", "One snapshot so far; growth shows from the second on.", class_="so")
    layers_st = np.cumsum([np.asarray(items[split], float) for split in items], axis=0)  # s splits, t snapshots
    times = list(range(len(names)))
    canvas = Canvas(
        Axis(0, len(names) - 1, ()), axis_of([0.0, float(layers_st.max())], 4, floor=0), left=50, right=118, bottom=26
    )
    parts: list[Markup] = [canvas.grid()]
    below, at = np.zeros(len(names)), canvas.height + LABEL_STEP
    for split, upper in zip(items, layers_st, strict=True):
        edge = canvas.path([*times, *times[::-1]], [*upper, *below[::-1]])
        parts.append(el("path", d=edge + "Z", style=f"fill:var(--{LOOK.get(split, 'h3')})"))
        share = f"{split} {percent(items[split][-1] / layers_st[-1, -1])}"
        middle = canvas.py(float(upper[-1] + below[-1]) / 2)
        at = min(middle, at - LABEL_STEP)  # the layers go upwards, so do their names
        parts.append(text(share, canvas.width - canvas.right + 8, at, "lb st"))
        parts.append(text(count(items[split][-1]), canvas.width - canvas.right + 8, at + 13))
        below = upper
    for time, name in enumerate(names):
        x = canvas.px(time)
        parts.append(
            el("line", x1=x, x2=x, y1=canvas.py(float(layers_st[-1, time])), y2=canvas.py(0), class_="cutline")
        )
        parts.append(text(name, x, canvas.height - 8, anchor="middle"))
    says = f"From {count(int(layers_st[-1, 0]))} to {count(int(layers_st[-1, -1]))} items over {len(names)} snapshots."
    return drawing(title, says, canvas.width, canvas.height, parts)
