"""`sabbatical train`: a snapshot and a recipe become a model version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from sabbatical.cli.ingest import given
from sabbatical.cli.output import say, table
from sabbatical.cli.session import Session, command
from sabbatical.cli.values import pairs
from sabbatical.cli.waiting import wait

if TYPE_CHECKING:
    from sabbatical.schemas.train import ModelVersion


def register(app: typer.Typer) -> None:
    example = """sabbatical train
sabbatical train --masking none --seed 1
sabbatical train small --set steps=300
sabbatical train --start v2
sabbatical train --recipes"""
    command(app, "train", example=example)(train)


def train(
    session: Session,
    recipe: Annotated[str, typer.Argument(help="A built-in recipe.")] = "default",
    snapshot: Annotated[str | None, typer.Option(help="Such as s3; the newest unless given.")] = None,
    masking: Annotated[
        Literal["none", "column", "tree", "tree+completion"] | None,
        typer.Option(help="none is the naive super-dataset; completion learns again on labels it completed itself."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same model.")] = None,
    start: Annotated[str | None, typer.Option(help="A model such as v2, whose weights it goes on from.")] = None,
    taxonomy: Annotated[list[str] | None, typer.Option(help="Learn from these customers only.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", "-s", help="A field of the recipe, as NAME=VALUE; can be repeated.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Train anew even if the same model is there.")] = False,
    recipes: Annotated[bool, typer.Option("--recipes", help="Only list the recipes and their fields.")] = False,
) -> None:
    """Train a model version. Interrupted or killed, the same command goes on where it stopped.

    Recipes for images:
    - default: 1000 steps of 8 images
    - small: 280 steps, for a first look
    - efficientdet: 1000 steps; the method's origin, with anchors

    Recipes for texts:
    - default, best: the mean of linear and network
    - rules: the names of the classes; learns nothing
    - linear: weighted words and parts of words
    - network: a small one on the same words

    With --start, default is the recipe of that model: where it began anew, with half the steps, and what is new to it
    twice as often. Models of texts are trained anew, which takes seconds.

    Ways to learn from many customers, to compare with: --set models=heads, customers or classes gives each customer or
    class outputs or a whole model of its own; docs/masking.md says what each is worth.

    Change a field with --set steps=300 or --set canvas=192,320; all: --recipes
    """
    if recipes:
        _show_recipes(session)
        return
    settings = pairs(setting, "--set")
    asked = given(snapshot=snapshot, masking=masking, seed=seed, start=start)
    asked |= given(taxonomies=taxonomy or None, again=again or None)
    model = wait(session.project.start_train(recipe, settings=settings, **asked))
    session.answer({"model": model.record.model_dump(mode="json")}, lambda: tell(model.record))


def tell(model: ModelVersion) -> None:
    """A model in words."""
    seconds = model.record.get("seconds")
    took = f" in {seconds:,.0f} s" if isinstance(seconds, int | float) else ""
    how = f"masking {model.masking}, seed {model.seed}"
    say(f"[bold]{model.name}[/]: {model.family} from {model.snapshot}, {how}{took}.")
    if model.start:
        say(f"It went on from {model.start}. {model.record['start'].get('anew', '')}".rstrip())
    say(f"It knows {escape(', '.join(model.classes))}.")
    for warning in model.record.get("warnings") or ():
        say(f"[yellow]warning[/] {escape(str(warning))}")
    say(f"[dim]Judge it: sabbatical evaluate {model.name}[/]")


def _show_recipes(session: Session) -> None:
    """The fields of every recipe with their values; `augmentation` and the parts of a text model as `part={...}`."""
    from sabbatical.learning.recipe import RECIPES, named  # noqa: PLC0415 - `--help` needs none of it
    from sabbatical.learning.text.recipe import TextRecipe  # noqa: PLC0415

    images = {name: named(name).to_dict() for name in RECIPES}
    texts = TextRecipe().to_dict()

    def words() -> None:
        fields = [(field, *[_value(images[name][field]) for name in RECIPES]) for field in images["default"]]
        table(["recipes for images", *[f"*{name}" for name in RECIPES]], fields)
        say("")
        table(["recipes for texts", "*default"], [(field, _value(value)) for field, value in texts.items()])
        say("[dim]The other text recipes are a value of `model`: rules, linear, network, best.[/]")
        say("Change one with [bold]--set steps=300[/], a part with [bold]--set 'augmentation={flip: 0}'[/].")

    session.answer({"recipes": {"images": images, "texts": {"default": texts}}}, words)


def _value(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_value(part)}" for name, part in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "-" if value is None else str(value)
