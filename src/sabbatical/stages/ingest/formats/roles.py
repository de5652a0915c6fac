"""Which column or key of a table plays which part, found by name, and where names fail by what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sabbatical.core.errors import BadInput
from sabbatical.stages.ingest.options import ReadOptions

TEXTS = ("text", "utterance", "sentence", "document", "message", "query", "question", "comment", "review", "prompt")
TITLES = ("title", "subject", "headline")
DESCRIPTIONS = ("description", "summary", "abstract", "body", "content")
LABELS = ("label", "tag", "category", "class", "intent", "class_name", "label_name", "target", "topic")
IDS = ("id", "_id", "item_id", "uid", "uuid", "name")
IMAGES = ("file_name", "filename", "image", "image_path", "file_path", "filepath", "path", "img", "file")
CORNERS = (("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"))
SIZED = (("x", "y", "w", "h"), ("x", "y", "width", "height"), ("bbox_x", "bbox_y", "bbox_w", "bbox_h"))
SHAPES = "shapes"
_PROSE_WORDS = 3.0
"""Mean words from which on an unnamed column is taken for prose."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts; names are those of the table, as it spells them."""

    kind: Literal["text", "image"]
    texts: tuple[str, ...] = ()
    label: str | None = None
    id: str | None = None
    image: str | None = None
    box: tuple[str, ...] = ()
    corners: bool = True
    """The box is x0 y0 x1 y1; else x y width height."""

    @property
    def words(self) -> str:
        """What was found, for people."""
        source = " and ".join(f"'{name}'" for name in self.texts) if self.kind == "text" else f"'{self.image}'"
        said = [f"{self.kind} from {source}"]
        if self.label:
            said.append(f"label from '{self.label}'")
        if self.box:
            said.append("boxes from " + ", ".join(f"'{name}'" for name in self.box))
        return ", ".join(said)

    def rest(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that play no part here."""
        used = {*self.texts, self.label, self.id, self.image, *self.box}
        return {name: value for name, value in row.items() if name not in used}


def roles_of(columns: Sequence[str], sample: Sequence[Mapping[str, Any]], options: ReadOptions) -> Roles | None:
    """The parts that the columns play; None if neither a text nor an image is among them.

    Raises:
        BadInput: an option names a column that is not there.
    """
    for wanted in (*options.text_columns, options.label_column, options.id_column, options.image_column):
        if wanted is not None and wanted not in columns:
            hint = f"The columns are: {', '.join(columns)}."
            raise BadInput(f"There is no column '{wanted}'.", where=f"field {wanted}", hint=hint)
    known = {_plain(column): column for column in reversed(columns)}
    label = options.label_column or _first(known, LABELS)
    item_id = options.id_column or _first(known, IDS)
    image = options.image_column or _first(known, IMAGES)
    box, corners = _box(known)
    texts = options.text_columns or _texts(known)
    drawn = SHAPES in columns
    if image is not None and not options.text_columns and (box or drawn or options.image_column or not texts):
        return Roles("image", (), label, item_id, image, box, corners)
    texts = texts or _prose(columns, sample, exclude={label, item_id, image})
    return Roles("text", texts, label, item_id) if texts else None


def no_text(columns: Sequence[str], file: str) -> BadInput:
    """The error for a table in which neither texts nor images were found."""
    item_id = _first({_plain(column): column for column in columns}, IDS)
    alone = f" Ids alone ('{item_id}') are not enough: each row needs its text or image, also where only labels count."
    looked = ", ".join((*TEXTS[:3], *TITLES[:1], *DESCRIPTIONS[:1], *IMAGES[:2]))
    return BadInput(
        f"No column holds texts or names of images. The columns are: {', '.join(columns) or 'none'}; "
        f"looked for {looked} and the like.",
        where=file,
        hint="Name the columns: text_columns or image_column." + (alone if item_id else ""),
    )


def _plain(column: str) -> str:
    return column.strip().casefold().replace(" ", "_").replace("-", "_")


def _first(known: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((known[name] for name in names if name in known), None)


def _texts(known: Mapping[str, str]) -> tuple[str, ...]:
    if "text" in known:
        return (known["text"],)
    parts = (_first(known, TITLES), _first(known, DESCRIPTIONS))
    both = tuple(part for part in parts if part is not None)
    alone = _first(known, TEXTS)
    return both or ((alone,) if alone else ())


def _box(known: Mapping[str, str]) -> tuple[tuple[str, ...], bool]:
    for names in (*CORNERS, *SIZED):
        if all(name in known for name in names):
            return tuple(known[name] for name in names), names in CORNERS
    return (), True


def _prose(columns: Sequence[str], sample: Sequence[Mapping[str, Any]], exclude: set[str | None]) -> tuple[str, ...]:
    """The one column with the most words, if its values read like prose."""
    words = {
        column: sum(len(value.split()) for value in values) / len(values)
        for column in columns
        if column not in exclude
        and (values := [row[column] for row in sample if isinstance(row.get(column), str) and row[column].strip()])
    }
    best = max(words, key=lambda column: words[column], default=None)
    return (best,) if best is not None and words[best] >= _PROSE_WORDS else ()
