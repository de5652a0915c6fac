"""Safe markup: elements built in Python and templates both escape whatever is not markup already.

Names of classes, customers and files are written by strangers. Nothing here turns a plain string into markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

ROOM = Path(__file__).parent
VOID = frozenset({"br", "circle", "col", "image", "img", "input", "line", "path", "rect", "use"})


def el(tag: str, *children: object, **attributes: object) -> Markup:
    """One element. `class_` becomes `class`, other underscores become hyphens; None and False leave a thing out.

    Numbers are written with at most two decimals.
    """
    head = Markup("").join(_attribute(name, value) for name, value in attributes.items())
    if tag in VOID and not children:
        return Markup("<{}{}/>").format(tag, head)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, head, join(children))


def join(parts: Iterable[object]) -> Markup:
    """Parts one after the other, escaped unless they are markup; None is left out."""
    return Markup("").join(escape(part) for part in parts if part is not None)


def number(value: float) -> str:
    """A coordinate: at most two decimals, no trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def render(template: str, **values: object) -> Markup:
    """A file of `templates/`, with everything escaped that is not markup."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704 - autoescape is on


@cache
def style(name: str) -> Markup:
    """A file of `style/`; ours, so it needs no escaping."""
    return Markup((ROOM / "style" / name).read_text("utf-8"))  # noqa: S704


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _attribute(name: str, value: object) -> Markup:
    if value is None or value is False:
        return Markup("")
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return Markup(" {}").format(name)
    text = number(value) if isinstance(value, float) else value
    return Markup(' {}="{}"').format(name, text)
