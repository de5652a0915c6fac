"""`sabbatical train`: a snapshot and a recipe become a model version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.output import say
from sabbatical.cli.session import Session, command
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.train import ModelVersion


def register(app: typer.Typer) -> None:
    example = "sabbatical train\nsabbatical train --masking none --seed 1\nsabbatical train default --set steps=300"
    command(app, "train", example=example)(train)


def train(
    session: Session,
    recipe: Annotated[str, typer.Argument(help="A built-in recipe.")] = "default",
    snapshot: Annotated[str | None, typer.Option(help="Such as s3; the newest unless given.")] = None,
    masking: Annotated[
        Literal["none", "column", "tree"] | None, typer.Option(help="none is the naive super-dataset.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same model.")] = None,
    taxonomy: Annotated[list[str] | None, typer.Option(help="Learn from these customers only.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", "-s", help="A field of the recipe, as NAME=VALUE; can be repeated.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Train anew even if the same model is there.")] = False,
) -> None:
    """Train a model version. Interrupted or killed, the same command goes on where it stopped."""
    settings = pairs(setting, "--set")
    asked = given(snapshot=snapshot, masking=masking, seed=seed, taxonomies=taxonomy or None, again=again or None)
    model = wait(session.project.start_train(recipe, settings=settings, **asked))
    session.answer({"model": model.record.model_dump(mode="json")}, lambda: tell(model.record))


def tell(model: ModelVersion) -> None:
    """A model in words."""
    seconds = model.record.get("seconds")
    took = f" in {seconds:,.0f} s" if isinstance(seconds, int | float) else ""
    how = f"masking {model.masking}, seed {model.seed}"
    say(f"[bold]{model.name}[/]: {model.family} from {model.snapshot}, {how}{took}.")
    say(f"It knows {escape(', '.join(model.classes))}.")
    for warning in model.record.get("warnings") or ():
        say(f"[yellow]warning[/] {escape(str(warning))}")
    say(f"[dim]Judge it: sabbatical evaluate {model.name}[/]")
