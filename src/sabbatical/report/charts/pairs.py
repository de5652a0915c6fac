"""Pictures in pairs: what the model suggested, and what was kept."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Context
from sabbatical.report.charts.tiles import photo, ratio_of
from sabbatical.report.loop_story import Relabeled
from sabbatical.report.markup import el, join
from sabbatical.report.words import sentence


def pairs(content: Sequence[Relabeled], context: Context, *, columns: int = 3) -> Markup:
    """One figure a pair, the suggestion on the left."""
    ratio = ratio_of([pair.final for pair in content], context)
    figures = join(_pair(pair, context, ratio) for pair in content)
    return el("div", figures, class_="pairs", style=f"--n:{columns};--ratio:{ratio:.3f}")


def _pair(pair: Relabeled, context: Context, ratio: float) -> Markup:
    both = join((photo(pair.suggested, context, ratio), photo(pair.final, context, ratio)))
    words = pair.note or pair.final.caption
    caption = el("figcaption", sentence(words)) if words else None
    return el("figure", el("div", both, class_="two"), caption, class_="tile")
