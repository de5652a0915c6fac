"""Chapter: one picture, and which class each of its places teaches."""

from __future__ import annotations

from markupsafe import Markup

from sabbatical.report.card import Card, Context, Section, key, sign
from sabbatical.report.charts.share_bars import Bar, Part, share_bars
from sabbatical.report.charts.teaching import teaching as matrix
from sabbatical.report.charts.teaching import teaching_key
from sabbatical.report.charts.tiles import photo
from sabbatical.report.markup import el, join
from sabbatical.report.story import Place, Teacher, Teaching
from sabbatical.report.words import Words, counted, listed, percent, strong
from sabbatical.schemas.evaluate import Corners


def teaching(chapter: Teaching, context: Context) -> Section:
    silent = _silent(chapter)
    entries = [value for place in chapter.places for value in place.cells]
    quiet = sum(value is None for value in entries)
    numbers: Words = (
        strong(f"{quiet} of {len(entries)}"),
        " entries below are silent: their gradient is exactly 0. The others teach, each in its own class.",
    )
    cards = [_matrix(chapter, context, silent)]
    if chapter.teachers:
        cards.append(_teachers(chapter.teachers))
    return Section("Teaching", _headline(chapter, silent), numbers, tuple(cards), f"{quiet} silent")


def _headline(chapter: Teaching, silent: list[str]) -> Words:
    thing = "draws" if chapter.shot else "tags"
    if not silent:
        return (f"{chapter.customer} {thing} every class, so everything here teaches.",)
    if chapter.shot is None:
        return (f"Under {chapter.customer}, {listed(silent)} stay open: its texts teach them nothing.",)
    return (
        f"{chapter.customer} {thing} no ",
        listed(silent, "and no"),
        ". Plain training would learn here that there are none.",
    )


def _silent(chapter: Teaching) -> list[str]:
    """What stays open: of a picture the trees its background is silent on, of texts what a tag leaves open."""
    if chapter.shot is None:
        return [
            node.name for i, node in enumerate(chapter.nodes) if any(place.cells[i] is None for place in chapter.places)
        ]
    background = next((p for p in reversed(chapter.places) if 1 not in p.cells), None)
    if background is None:
        return []
    blank = {node.name for node, value in zip(chapter.nodes, background.cells, strict=True) if value is None}
    return [node.name for node in chapter.nodes if node.name in blank and node.parent not in blank]


def _matrix(chapter: Teaching, context: Context, silent: list[str]) -> Card:
    rows = matrix(tuple(_noted(place, chapter) for place in chapter.places), chapter.nodes, context)
    if chapter.shot:
        markers = _markers(chapter)
        picture = el("div", photo(chapter.shot, context), markers, class_="shot")
        body = el("div", picture, el("div", rows), class_="teach")
    else:
        body = rows
    kind = "picture" if chapter.shot else "tag"
    sub = f"{chapter.customer}. Columns are classes, rows are {'places in the picture' if chapter.shot else 'texts'}"
    says: Words = ("Hatched entries have no gradient at all. ",)
    if silent and chapter.shot:
        says += (
            f"A model trained plainly would be told at every empty place that there is no {listed(silent, 'and no')}.",
        )
    return Card(f"What one {kind} teaches", body, sub, teaching_key(), says, width=8 if chapter.teachers else 12)


def _noted(place: Place, chapter: Teaching) -> Place:
    """The place with a note of what stays open, unless it has one."""
    if place.note:
        return place
    names = [node.name for node, value in zip(chapter.nodes, place.cells, strict=True) if value is None]
    if not names:
        note = f"all {len(place.cells)} classes learn"
    elif 1 in place.cells:
        note = f"{listed(names, 'or')} stays open"
    else:
        note = f"silent on {listed(names)}"
    return Place(place.name, place.cells, note, place.box, place.text)


def _markers(chapter: Teaching) -> Markup | None:
    """The places' numbers on the picture, each beside its box and clear of the others."""
    assert chapter.shot is not None
    if chapter.shot.frame is None:
        return None
    width, height = chapter.shot.frame
    taken: list[tuple[float, float]] = []
    marks = []
    for number, place in enumerate(chapter.places, 1):
        if place.box is None:
            continue
        x, y = _free_spot(place.box, width, height, taken)
        taken.append((x, y))
        marks.append(el("i", number, class_="mk on", style=f"left:{100 * x / width:.1f}%;top:{100 * y / height:.1f}%"))
    return join(marks)


def _free_spot(box: Corners, width: float, height: float, taken: list[tuple[float, float]]) -> tuple[float, float]:
    """The first place left, right, above or below the box that is in the frame and clear of what is taken."""
    x1, y1, x2, y2 = box
    gap = 0.04 * width if x2 > x1 else 0.0
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    spots = [
        (x1 - gap, middle_y),
        (x2 + gap, middle_y),
        (middle_x, y1 - gap),
        (middle_x, y2 + gap),
        (middle_x, middle_y),
    ]
    for x, y in spots:
        inside = gap <= x <= width - gap and gap <= y <= height - gap
        if inside and all(abs(x - a) + abs(y - b) > 0.08 * width for a, b in taken):
            return x, y
    return spots[-1]


def _teachers(teachers: tuple[Teacher, ...]) -> Card:
    whole = sum(t.taught for t in teachers) or 1
    bars = []
    for t in teachers:
        total = max(t.taught + t.completed + t.silent, 1)
        parts = (
            Part(t.taught, "h4", f"{percent(t.taught / total)} taught by people"),
            Part(t.completed, "dashed", f"{percent(t.completed / total)} completed by the model"),
            Part(t.silent, "hatch", f"{percent(t.silent / total)} silent"),
        )
        bars.append(Bar(t.name, parts, counted(t.items, "item"), percent(t.taught / whole)))
    most = max(teachers, key=lambda t: t.silent / max(t.taught + t.completed + t.silent, 1))
    share = most.silent / max(most.taught + most.completed + most.silent, 1)
    entries = [(sign("h4"), "taught by people")]
    entries += [(sign("dashed"), "completed by the model")] if any(t.completed for t in teachers) else []
    legend = key(*entries, (sign("hatch"), "silent, gradient is 0"))
    body = join((share_bars(bars, title="Entries of the loss by customer"), el("p", legend, class_="keys")))
    says = f"{percent(share)} of what {most.name} could say stays unsaid." if share else "Nobody is silent."
    return Card("Who teaches", body, "share of the entries that learn", says=says, width=4)
