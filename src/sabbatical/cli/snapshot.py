"""`sabbatical snapshot`: immutable data sets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.output import first, more, say, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.dataset import Snapshot, SnapshotDiff
    from sabbatical.sdk.snapshot import Export

Name = Annotated[str | None, typer.Argument(help="Such as s3; the newest unless given.")]
Format = Annotated[
    Literal["coco", "yolo", "voc", "csv", "jsonl"], typer.Option("--format", "-f", help="How to write it.")
]
Names = Annotated[Literal["customer", "super"], typer.Option(help="Label names of each customer, or of classes.")]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", metavar="[train|validation|test]", help="Only items of this split; can be repeated."),
]


def register(app: typer.Typer) -> None:
    noun = group(app, "snapshot", "Immutable data sets, named by their content.")
    command(noun, "create", example="sabbatical snapshot create --attribute weather=rain")(create)
    command(noun, "list", example="sabbatical snapshot list")(list_snapshots)
    command(noun, "show", example="sabbatical snapshot show s1")(show)
    command(noun, "diff", example="sabbatical snapshot diff s1 s2")(diff)
    command(noun, "export", example="sabbatical snapshot export out/ --format yolo --snapshot s1")(export)
    command(noun, "boxes", example="sabbatical snapshot boxes --by class,split --max-side 16")(boxes)


def create(
    session: Session,
    taxonomy: Annotated[list[str] | None, typer.Option(help="Only labels of these taxonomies.")] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Only items of these customers.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only items of these sources.")] = None,
    split: Splits = None,
    attribute: Annotated[list[str] | None, typer.Option(help="Only items with NAME=VALUE.")] = None,
    captured_from: Annotated[datetime | None, typer.Option(help="Only items captured then or later.")] = None,
    captured_before: Annotated[datetime | None, typer.Option(help="Only items captured before.")] = None,
    labeled_before: Annotated[datetime | None, typer.Option(help="The labels as they were then.")] = None,
) -> None:
    """Freeze the labels that are there now. The same labels again are the same snapshot."""
    query: dict[str, Any] = given(
        taxonomies=taxonomy or None,
        customers=customer or None,
        sources=source or None,
        splits=split or None,
        captured_from=captured_from,
        captured_before=captured_before,
        labeled_before=labeled_before,
    )
    if attribute:
        query["attributes"] = pairs(attribute, "--attribute")
    made = wait(session.project.start_snapshot(**query)).record
    session.answer({"snapshot": made.model_dump(mode="json")}, lambda: _tell(made))


def list_snapshots(
    session: Session, limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None
) -> None:
    """Newest first."""
    found, there_are = first(session.project.snapshots(), limit)
    records = [one.record for one in found]

    def words() -> None:
        rows = [(r.name, r.counts["items"], r.counts["labels"], r.counts["shapes"], r.created_at) for r in records]
        table(["name", "items", "labels", "shapes", "made"], rows)
        more(there_are, len(rows))

    session.answer({"snapshots": [one.model_dump(mode="json") for one in records], "more": there_are}, words)


def show(session: Session, name: Name = None) -> None:
    """What is in a snapshot: items by split, labels by taxonomy."""
    found = session.project.find_snapshot(name).record
    session.answer({"snapshot": found.model_dump(mode="json")}, lambda: _tell(found))


def diff(
    session: Session,
    old: Annotated[str, typer.Argument(help="Such as s1.")],
    new: Annotated[str, typer.Argument(help="Such as s2.")],
) -> None:
    """What came, went and changed from one snapshot to another."""
    found = session.project.find_snapshot(old).diff(new)
    session.answer({"diff": found.model_dump(mode="json")}, lambda: _tell_diff(found))


def export(
    session: Session,
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is not there.")],
    snapshot: Annotated[str | None, typer.Option(help="Such as s3; the newest unless given.")] = None,
    file_format: Format = "coco",
    names: Names = "customer",
    split: Splits = None,
    media: Annotated[bool, typer.Option(help="Write the images or texts beside the labels.")] = True,
) -> None:
    """Write a snapshot as files."""
    chosen = session.project.find_snapshot(snapshot)
    run = chosen.start_export(folder, file_format, names=names, media=media, splits=split or None)
    answer_export(session, chosen.name, wait(run))


def answer_export(session: Session, snapshot: str, written: Export) -> None:
    """Say what was written, and what the format could not hold."""
    report = written.report

    def words() -> None:
        what = f"{report['items']:,} items and {report['shapes']:,} shapes of {snapshot}"
        say(f"{what} are in [bold]{escape(str(written.folder))}[/], as {report['format']}.")
        for lost in report["lost"]:
            say(f"[yellow]lost[/] {escape(lost['what'])}: {lost['count']:,}, such as {escape(str(lost['example']))}")

    session.answer({"snapshot": snapshot, **report, "folder": str(written.folder)}, words)


def boxes(
    session: Session,
    name: Name = None,
    by: Annotated[
        str, typer.Option(help="class, label, customer, split, week, taxonomy; several with commas.")
    ] = "class",
    of: Annotated[list[str] | None, typer.Option("--class", help="Only these classes and what is below them.")] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Only items of these customers.")] = None,
    split: Splits = None,
    min_side: Annotated[float | None, typer.Option(help="Pixels of the shorter side, at least.")] = None,
    max_side: Annotated[float | None, typer.Option(help="Pixels of the shorter side, less than.")] = None,
) -> None:
    """Count all shapes of a snapshot, by what you say.

    A snapshot is evidence and does not change: `class` is what each label meant
    on the day it was made, also after a new version of a taxonomy. Count by
    `taxonomy,label` to see what was said; training and judging read it as of now.
    """
    groups = [one.strip() for one in by.split(",")]
    asked = given(
        classes=of or None, customers=customer or None, splits=split or None, min_side=min_side, max_side=max_side
    )
    snapshot = session.project.find_snapshot(name)
    rows = snapshot.boxes(by=groups, **asked)
    columns = [*groups, "shapes", "items", "median_side"]

    def words() -> None:
        shown = [[*[row[name] for name in columns[:-1]], f"{row['median_side'] or 0:.1f}"] for row in rows]
        table([*groups, "shapes", "items", "median side, px"], shown, title=snapshot.name)

    session.answer({"snapshot": snapshot.name, "rows": rows}, words)


def _tell(found: Snapshot) -> None:
    counts = found.counts
    say(
        f"[bold]{found.name}[/]: {counts['items']:,} items, {counts['labels']:,} labels, "
        f"{counts['shapes']:,} shapes [dim]({found.content[:12]})[/]"
    )
    splits = list(counts["by_split"])
    rows = [
        (name, *[by_split.get(split, 0) for split in splits], sum(by_split.values()))
        for name, by_split in counts["by_taxonomy"].items()
    ]
    table(["labels of", *splits, "all"], [*rows, ("items", *counts["by_split"].values(), counts["items"])])
    shapes = [(t, label, n) for t, by_label in counts["by_label"].items() for label, n in by_label.items()]
    if shapes:
        table(["taxonomy", "label", "shapes"], shapes)


def _tell_diff(found: SnapshotDiff) -> None:
    say(
        f"From {found.old} to {found.new}: {found.added:,} labels added, {found.removed:,} removed, "
        f"{found.changed:,} changed; {found.moved:,} items changed their split."
    )
    if found.by_label:
        rows = [(name, one["old"], one["new"], one["new"] - one["old"]) for name, one in found.by_label.items()]
        table(["label", found.old, found.new, "difference"], rows)
