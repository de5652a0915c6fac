"""Who answers: the traffic as a river, as wide as each model's share, from stage to stage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from sabbatical.report.markup import el, number
from sabbatical.report.words import percent

WIDTH, HEIGHT = 1000.0, 100.0
LEAST, GAP = 5.0, 3.0  # of the height: a share that is there is seen; the arms stand apart
BEND = 0.2  # of a stage's width


def river(stages: Sequence[tuple[str, float]], champion: str | None, challenger: str) -> Markup:
    """`stages` are names with the challenger's share, 0 where it only answers in the shadow."""
    edges = [HEIGHT - _deep(share) for _, share in stages]
    below = [edge - (GAP if 0 < edge < HEIGHT else 0.0) for edge in edges]
    shadows = [i for i, (_, share) in enumerate(stages) if not share]
    parts: list[Markup] = [_under(below, up=True, kind="old" if champion else "nobody")]
    parts.append(_under(edges, up=False, kind="new"))
    width = WIDTH / len(stages)
    parts += [
        el("line", x1=i * width, x2=(i + 1) * width, y1=HEIGHT + 9, y2=HEIGHT + 9, class_="shadowed") for i in shadows
    ]
    says = "; ".join(
        f"{name}: {challenger} answers {percent(share)}" if share else f"{name}: {challenger} answers in the shadow"
        for name, share in stages
    )
    return el(
        "svg",
        el("title", "Who answers, stage by stage"),
        el("desc", says + "."),
        *parts,
        viewBox=f"0 0 {number(WIDTH)} {number(HEIGHT + 14)}",
        preserveAspectRatio="none",
        role="img",
        class_="river",
    )


def _deep(share: float) -> float:
    """How much of the bed the challenger takes; both arms are seen where both answer."""
    return share * HEIGHT if share in (0, 1) else min(max(share * HEIGHT, LEAST), HEIGHT - LEAST)


def _under(edges: Sequence[float], *, up: bool, kind: str) -> Markup:
    """What lies above an edge (`up`) or under it; the edge bends where a stage ends."""
    width = WIDTH / len(edges)
    far = 0.0 if up else HEIGHT
    line = [f"M0 {number(far)} L0 {number(edges[0])}"]
    for i, (before, after) in enumerate(pairwise(edges), 1):
        x1, x, x2 = (i - BEND) * width, i * width, (i + BEND) * width
        line.append(f"L{x1:.1f} {before:.1f} C{x:.1f} {before:.1f} {x:.1f} {after:.1f} {x2:.1f} {after:.1f}")
    line.append(f"L{number(WIDTH)} {number(edges[-1])} L{number(WIDTH)} {number(far)} Z")
    return el("path", d=" ".join(line), class_=f"flow {kind}")
