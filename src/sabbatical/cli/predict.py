"""`sabbatical predict`: what a model says of items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sabbatical.cli.output import say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.predict import Prediction

SHOWN = 10


def register(app: typer.Typer) -> None:
    example = "sabbatical predict v2 new-images/ --output found.jsonl\nsabbatical predict v2 --snapshot s3"
    command(app, "predict", example=example)(predict)


def predict(
    session: Session,
    model: Annotated[str, typer.Argument(help="Such as v2.")],
    source: Annotated[Path | None, typer.Argument(help="Images or texts; they are stored first.")] = None,
    snapshot: Annotated[str | None, typer.Option(help="All items of a snapshot instead of a source.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="Stored items by id instead of a source.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write all predictions here, as JSONL.")] = None,
) -> None:
    """Ask a model. What it has said of an item before is answered from the store."""
    if (source is not None) + (snapshot is not None) + bool(item) != 1:
        raise typer.BadParameter("give one of SOURCE, --snapshot and --item.")
    found = wait(session.project.model(model).start_predict(source, snapshot=snapshot, items=item or None))
    document: dict[str, Any] = {name: value for name, value in found.counts.items() if name != "output"}
    if output is not None:
        document["output"] = str(found.save(output).resolve())

    def words() -> None:
        counts = found.counts
        say(
            f"[bold]{counts['model']}[/] on {counts['items']:,} items: {counts['computed']:,} computed, "
            f"{counts['stored']:,} from the store."
        )
        table(["item", "*found"], [(one.name, _said(one)) for one, _ in zip(found, range(SHOWN), strict=False)])
        if counts["found"]:
            table(["class", "found"], list(counts["found"].items()))
        _say_set_aside(counts)
        if output is not None:
            say(f"All of it: [bold]{escape(str(output.resolve()))}[/]")

    session.answer(document, words)


def _say_set_aside(counts: dict[str, Any]) -> None:
    total, shown = counts["quarantined_total"], counts["quarantined"][:SHOWN]
    if total:
        say(f"[yellow]{total:,} things were set aside or changed:[/]")
        table(["file", "line", "*reason"], [(one["file"], one["line"], one["reason"]) for one in shown])
    if total > len(shown):
        say(f"[dim]The first {len(shown)}; --json shows more.[/]")


def _said(prediction: Prediction) -> str:
    sure = [f"{one.label} {one.score:.2f}" for one in prediction.found if one.sure]
    rest = len(prediction.found) - len(sure)
    unsure = f"{rest} not sure" if rest and prediction.found[0].box is not None else ""
    return ", ".join([*sure[:6], *(["…"] if len(sure) > 6 else []), *([unsure] if unsure else [])]) or "nothing sure"
