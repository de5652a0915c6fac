"""Photo tiles: one SVG with the picture and its boxes. Solid is a person, dashed the machine, dashed white nobody."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Context, key, sign
from sabbatical.report.markup import el, join
from sabbatical.report.palette import DARK
from sabbatical.report.picture import picture_id
from sabbatical.report.story import Drawn, Shot
from sabbatical.report.words import plain, sentence
from sabbatical.schemas.evaluate import Corners

RATIO = 5 / 3
LEAST = 0.5  # of the frame's width: a window never shows less


def tiles(shots: Sequence[Shot], context: Context, *, columns: int = 5) -> Markup:
    """A grid of tiles, all of one shape; fewer columns where the page is narrow."""
    ratio = ratio_of(shots, context)
    content = join(tile(shot, context, ratio) for shot in shots)
    return el("div", content, class_="tiles", style=f"--n:{columns};--ratio:{ratio:.3f}")


def whole_rows(shots: Sequence[Shot], limit: int, columns: int = 5) -> tuple[Shot, ...]:
    """At most `limit` of the shots, with no row left half empty unless there is but one."""
    shown = tuple(shots[:limit])
    return shown[: len(shown) // columns * columns] or shown


def tile(shot: Shot, context: Context, ratio: float = RATIO) -> Markup:
    """One picture with its boxes and caption; a shot with a focus shows the window around it."""
    caption = el("figcaption", sentence(shot.caption)) if shot.caption else None
    return el("figure", photo(shot, context, ratio), caption, class_="tile")


def photo(shot: Shot, context: Context, ratio: float | None = None) -> Markup:
    """The picture alone; without a ratio the whole frame is shown."""
    picture = context.pictures.get(shot.item)
    if picture is None:
        return el("span", el("em", "no picture"), class_="ph none")
    width, height = shot.frame or (picture.width, picture.height)
    scale = f"scale({width / picture.width:.5f} {height / picture.height:.5f})"
    x, y, w, h = _window(shot.focus, width, height, ratio) if shot.focus and ratio else (0, 0, width, height)
    image = el("use", href="#" + picture_id(shot.item), transform=scale)
    names = ", ".join(f"{drawn.name} ({drawn.hand})" for drawn in shot.drawn)
    svg = el(
        "svg",
        el("title", plain(shot.caption) or "picture"),
        el("desc", f"Boxes: {names}." if names else "No boxes."),
        image,
        join(_box(drawn, context) for drawn in shot.drawn),
        viewBox=f"{x:.1f} {y:.1f} {w:.1f} {h:.1f}",
        preserveAspectRatio="xMidYMid slice",
        role="img",
    )
    return el("span", svg, class_="ph", style=None if ratio else f"aspect-ratio:{width}/{height}")


def hands_key(nobody: bool = False) -> Markup:
    """The legend of the two hands."""
    entries = [(sign("person"), "a person"), (sign("machine"), "the model")]
    return key(*entries, *([(sign("nobody"), "nobody found it")] if nobody else []))


def _box(drawn: Drawn, context: Context) -> Markup:
    x1, y1, x2, y2 = drawn.box
    colour = context.colours.get(drawn.colour or drawn.name)
    shape = {"x": x1, "y": y1, "width": max(x2 - x1, 0.0), "height": max(y2 - y1, 0.0)}
    words = drawn.name if drawn.score is None else f"{drawn.name} {drawn.score:.2f}"
    casing = "cas light" if colour in DARK and drawn.hand != "nobody" else "cas"
    stroke = "#fff" if drawn.hand == "nobody" or colour is None else f"var(--{colour})"
    kind = "hum" if drawn.hand == "person" else "mac"
    return el(
        "g",
        el("title", words),
        el("rect", **shape, class_=casing),
        el("rect", **shape, class_=kind, style=f"stroke:{stroke}"),
    )


def ratio_of(shots: Sequence[Shot], context: Context) -> float:
    """The middle shape of the pictures, between 4:3 and 16:9."""
    known = [context.pictures[shot.item] for shot in shots if shot.item in context.pictures]
    shapes = sorted(picture.width / picture.height for picture in known)
    return min(max(shapes[len(shapes) // 2], 4 / 3), 16 / 9) if shapes else RATIO


def _window(box: Corners, width: float, height: float, ratio: float) -> tuple[float, float, float, float]:
    """A part of the frame in the tile's shape around the box, as x, y, width, height; the frame where it is larger."""
    x1, y1, x2, y2 = box
    w = max(2.4 * (x2 - x1), 2.4 * (y2 - y1) * ratio, LEAST * width)
    w = min(w, width, height * ratio)
    h = w / ratio
    x = min(max((x1 + x2 - w) / 2, 0.0), width - w)
    y = min(max((y1 + y2 - h) / 2, 0.0), height - h)
    return x, y, w, h
