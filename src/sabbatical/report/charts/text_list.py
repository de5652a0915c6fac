"""Texts with their tags: solid is what a person says, dashed what the model says."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Context
from sabbatical.report.markup import el, join
from sabbatical.report.story import Tagged
from sabbatical.report.words import cut

LENGTH = 150


def text_list(texts: Sequence[Tagged], context: Context, *, length: int = LENGTH) -> Markup:
    """One row a text; nothing at all for no texts."""
    if not texts:
        return Markup("")
    return el("ul", join(_row(tagged, context, length) for tagged in texts), class_="texts")


def tag(name: str, context: Context, *, machine: bool) -> Markup:
    """A tag in the colour of its class; dashed from a model."""
    colour = context.colours.get(name)
    style = f"border-color:var(--{colour})" if colour else None
    return el("span", name, class_="tag mac" if machine else "tag", style=style)


def _row(tagged: Tagged, context: Context, length: int) -> Markup:
    whole = context.texts.get(tagged.item, "(the text is not here)")
    title, _, rest = whole.partition("\n")
    words = el("p", el("b", cut(title, length)), " " if rest else None, cut(rest, length) if rest else None)
    tags = [tag(tagged.true, context, machine=False)] if tagged.true is not None else []
    if tagged.predicted is not None:
        tags.append(tag(tagged.predicted, context, machine=True))
    score = el("em", f"{tagged.score:.2f}") if tagged.score is not None else None
    note = el("em", tagged.note) if tagged.note else None
    return el("li", words, el("div", join(tags), score, note, class_="tags"))
