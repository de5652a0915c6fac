"""Write a snapshot as files of another tool's format, under each customer's names or those of the super-taxonomy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PIL import Image

from sabbatical.core.progress import Progress, check
from sabbatical.schemas.dataset import ExportRequest
from sabbatical.schemas.label import Payload
from sabbatical.stages.dataset.reading import Labeled
from sabbatical.stages.label.actions import ExportItem
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy


def export_items(
    workspace: Workspace, labeled: Iterator[Labeled], asked: ExportRequest, taxonomies: dict[str, Taxonomy]
) -> Iterator[ExportItem]:
    """Items on their way out, one at a time; names that two items share get their id in front."""
    seen: set[str] = set()
    for one in labeled:
        if asked.splits is not None and one.split not in asked.splits:
            continue
        name = one.name if one.name not in seen else f"{one.item_id}-{Path(one.name).name}"
        seen.add(name)
        payload = one.payload if asked.names == "customer" else in_classes(one.payload, taxonomies[one.taxonomy_id])
        image = workspace.media.get(one.item_id) if asked.media and one.kind == "image" else None
        yield ExportItem(
            name=name,
            payload=payload,
            text=one.text,
            width=one.width,
            height=one.height,
            group=one.group,
            captured_at=one.captured_at,
            attributes={**one.attributes, "split": one.split},
            media_type="" if image is None else _media_type(image),
            read=None if image is None else partial(bytes, image),
        )


def _media_type(image: bytes) -> str:
    """What kind of image these bytes are, by what they begin with."""
    with Image.open(io.BytesIO(image)) as opened:
        return opened.get_format_mimetype() or ""


def in_classes(payload: Payload, taxonomy: Taxonomy) -> Payload:
    """The same shapes under the names of the super-taxonomy; shapes of ignored labels are left out."""
    classes = {label.name: label.to for label in taxonomy.labels}
    kept = [i for i, label in enumerate(payload.labels) if classes.get(label) is not None]
    place = {old: new for new, old in enumerate(kept)}
    return Payload(
        labels=tuple(str(classes[payload.labels[i]]) for i in kept),
        boxes_n4=payload.boxes_n4[kept] if len(payload.boxes_n4) else payload.boxes_n4,
        polygons={place[i]: value for i, value in payload.polygons.items() if i in place},
        masks={place[i]: value for i, value in payload.masks.items() if i in place},
        attributes={place[i]: value for i, value in payload.attributes.items() if i in place},
        crowds=frozenset(place[i] for i in payload.crowds if i in place),
        partial=payload.partial,
    )


def class_names(asked: ExportRequest, tree: SuperTaxonomy, taxonomies: dict[str, Taxonomy]) -> list[str]:
    """The names in the order of their numbers."""
    if asked.names == "super":
        return list(tree.names)
    return list(dict.fromkeys(label.name for taxonomy in taxonomies.values() for label in taxonomy.labels))


def counted(items: Iterator[ExportItem], expected: int, progress: Progress) -> Iterator[ExportItem]:
    """The same items, telling how far the export is."""
    for count, item in enumerate(items, 1):
        if count % 200 == 0:
            check(progress)
            progress.tell(count / max(expected, 1), f"{count:,} of {expected:,} items written")
        yield item
