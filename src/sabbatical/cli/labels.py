"""`sabbatical labels`: revisions in and out, history, tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sabbatical.cli import ingest, labeling
from sabbatical.cli.output import called, first, more, table
from sabbatical.cli.session import Session, command, group
from sabbatical.cli.snapshot import Format, Names, answer_export
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import wait

ANSWERS = """sabbatical labels answer 17 --label sea
sabbatical labels answer 18 --shapes shapes.json
sabbatical labels answer 19 --accept --by anna"""


def register(app: typer.Typer) -> None:
    noun = group(app, "labels", "What is said of items: append-only revisions.")
    command(noun, "import", example="sabbatical labels import labels.json --taxonomy customer-a")(import_labels)
    command(noun, "export", example="sabbatical labels export out/ --format coco")(export_labels)
    command(noun, "history", example="sabbatical labels history 4c1f…")(history)
    command(noun, "tasks", example="sabbatical labels tasks\nsabbatical labels tasks night-rain --state open")(tasks)
    command(noun, "next", example="sabbatical labels next night-rain --save look.jpg")(labeling.next_task)
    command(noun, "answer", example=ANSWERS)(labeling.answer)


def import_labels(
    session: Session,
    source: ingest.Source,
    taxonomy: ingest.Taxonomy = None,
    author: Annotated[str | None, typer.Option(help="Who made the labels; the source unless given.")] = None,
    option: ingest.Options = None,
) -> None:
    """Attach labels to items that are here already, matched by name."""
    asked = ingest.given(taxonomy=taxonomy, author=author)
    options = pairs(option, "--option")
    run = session.project.start_ingest(source, labels_only=True, options=options, tell=ingest.sending, **asked)
    report = wait(run)
    session.answer(report.model_dump(mode="json", by_alias=True), lambda: ingest.tell(report, run.id))


def export_labels(
    session: Session,
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is not there.")],
    file_format: Format = "coco",
    names: Names = "customer",
    media: Annotated[bool, typer.Option(help="Write the images or texts beside the labels.")] = True,
) -> None:
    """Write all current labels as files. They are frozen into a snapshot first, so that they can be named again."""
    snapshot = wait(session.project.start_snapshot())
    run = snapshot.start_export(folder, file_format, names=names, media=media)
    answer_export(session, snapshot.name, wait(run))


def history(
    session: Session,
    item: Annotated[str, typer.Argument(help="The id of an item.")],
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None,
) -> None:
    """Every revision of an item's labels, newest first."""
    found, there_are = first(session.project.labels(item), limit)

    def words() -> None:
        rows = [
            (one.id[:12], f"{one.taxonomy} {one.version}", one.author, one.state, len(one.shapes), one.created_at)
            for one in found
        ]
        table(["revision", "taxonomy", "author", "state", "shapes", "when"], rows)
        more(there_are, len(found))

    session.answer({"revisions": [one.model_dump(mode="json") for one in found], "more": there_are}, words)


def _campaigns(session: Session, limit: int | None) -> None:
    found, there_are = first(session.project.campaigns(), limit)

    def words() -> None:
        rows = [(c.name, f"{c.taxonomy} {c.version}", c.tasks.get("open", 0), sum(c.tasks.values())) for c in found]
        table(["campaign", "taxonomy", "open", "tasks"], rows)
        more(there_are, len(found))

    session.answer({"campaigns": [one.model_dump(mode="json") for one in found], "more": there_are}, words)


def tasks(
    session: Session,
    campaign: Annotated[str | None, typer.Argument(help="Its tasks; all campaigns without it.")] = None,
    state: Annotated[Literal["open", "done", "skipped"] | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most.")] = None,
) -> None:
    """Campaigns, or the tasks of one."""
    if campaign is None:
        _campaigns(session, limit)
        return
    found, there_are = first(session.project.tasks(campaign, state), limit)

    def words() -> None:
        rows = [(str(one.number), one.state, one.said, one.author, called(one)) for one in found]
        table(["task", "state", "labeled", "by", "~item"], rows)
        more(there_are, len(found))

    session.answer({"tasks": [one.model_dump(mode="json") for one in found], "more": there_are}, words)
