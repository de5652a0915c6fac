"""Which recipe a request means: a built-in one by name, with settings of one's own, fitted to the data."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

from sabbatical.core.errors import BadInput, BadRequest, NotFound
from sabbatical.learning import recipe as detector_recipes
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.schemas.project import Task
from sabbatical.schemas.train import TrainRequest

TEXT_RECIPES = ("default", "rules", "linear", "network", "best")
GRID = 16  # pixels; a canvas is a multiple of it

Recipe = DetectorRecipe | TextRecipe


def recipe_for(task: Task, asked: TrainRequest, sizes: list[tuple[int, int]]) -> Recipe:
    """The recipe of a request. `sizes` are (height, width) of training images, for a canvas of their shape.

    Raises:
        BadRequest: no recipe of this name, or a setting that it does not have or that cannot be.
    """
    try:
        return _recipe(task, asked, sizes)
    except (BadInput, NotFound) as error:
        raise BadRequest(error.message, where=error.where, hint=error.hint) from error


def _recipe(task: Task, asked: TrainRequest, sizes: list[tuple[int, int]]) -> Recipe:
    settings = dict(asked.settings)
    if asked.masking is not None:
        settings["masking"] = asked.masking
    if asked.seed is not None:
        settings["seed"] = asked.seed
    if task == "text":
        return _text_recipe(asked.recipe, settings)
    found = detector_recipes.named(asked.recipe).with_settings(settings)
    return found if "canvas" in settings else replace(found, canvas=fitted_canvas(found.canvas, sizes))


def _text_recipe(name: str, settings: dict[str, Any]) -> TextRecipe:
    if name not in TEXT_RECIPES:
        raise NotFound(f"There is no text recipe '{name}'.", hint=f"There are: {', '.join(TEXT_RECIPES)}.")
    base: dict[str, Any] = {} if name == "default" else {"model": name}
    return TextRecipe.from_dict({**base, **settings})


def fitted_canvas(canvas: tuple[int, int], sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """A canvas (height, width) of the same area in the shape of the median image, so that little of it is border."""
    if not sizes:
        return canvas
    shape = median(width / height for height, width in sizes)
    shape = min(max(shape, 0.4), 2.5)
    height = (canvas[0] * canvas[1] / shape) ** 0.5
    return _on_grid(height), _on_grid(height * shape)


def _on_grid(side: float) -> int:
    return max(2 * GRID, round(side / GRID) * GRID)
