"""Which recipe a request means: a built-in one by name, with settings of one's own, fitted to the data.

A training that goes on from a model takes that model's recipe. Where that model began anew, it is made shorter
(`DetectorRecipe.going_on`); where it went on itself, its recipe serves again as it is.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

from sabbatical.core.errors import BadInput, BadRequest, NotFound
from sabbatical.learning import recipe as detector_recipes
from sabbatical.learning.config import misfits
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.schemas.project import Task
from sabbatical.schemas.train import ModelVersion, TrainRequest

TEXT_RECIPES = ("default", "rules", "linear", "network", "best")
GRID = 16  # pixels; a canvas is a multiple of it

Recipe = DetectorRecipe | TextRecipe


def recipe_for(
    task: Task, asked: TrainRequest, sizes: list[tuple[int, int]], start: ModelVersion | None = None
) -> Recipe:
    """The recipe of a request. `sizes` are (height, width) of training images, for a canvas of their shape.

    Raises:
        BadRequest: no recipe of this name, a setting that it does not have or that cannot be, or a detector of another
            shape than that of `start`.
    """
    try:
        return _recipe(task, asked, sizes, start)
    except (BadInput, NotFound) as error:
        raise BadRequest(error.message, where=error.where, hint=error.hint) from error


def _recipe(task: Task, asked: TrainRequest, sizes: list[tuple[int, int]], start: ModelVersion | None) -> Recipe:
    settings = dict(asked.settings)
    if asked.masking is not None:
        masking, _, completion = asked.masking.partition("+")
        settings |= {"masking": masking} | ({"completion": True} if completion else {})
    if asked.seed is not None:
        settings["seed"] = asked.seed
    if task == "text":
        return _text_recipe(asked.recipe, settings, start)
    if start is None:
        found = detector_recipes.named(asked.recipe).with_settings(settings)
        return found if "canvas" in settings else replace(found, canvas=fitted_canvas(found.canvas, sizes))
    there = DetectorRecipe.from_dict(start.recipe)
    base = detector_recipes.named(asked.recipe)
    if asked.recipe == "default":
        base = there if start.start else there.going_on()
    return _fitting(base.with_settings({"canvas": there.canvas} | settings), there, start.name)


def _fitting(recipe: DetectorRecipe, there: DetectorRecipe, name: str) -> DetectorRecipe:
    """The recipe, whose detector must have the shape of that to go on from. Raises BadInput."""
    old, new = (one.detector(["any"], [-1]) for one in (there, recipe))
    wrong = misfits(old, new)
    if wrong:
        raise BadInput(
            f"The training cannot go on from {name}: {'; '.join(wrong.values())}.",
            where="field start",
            hint=f"Leave {' and '.join(wrong)} to the recipe of {name}, or train anew without `start`.",
        )
    return recipe


def _text_recipe(name: str, settings: dict[str, Any], start: ModelVersion | None) -> TextRecipe:
    if name not in TEXT_RECIPES:
        raise NotFound(f"There is no text recipe '{name}'.", hint=f"There are: {', '.join(TEXT_RECIPES)}.")
    base: dict[str, Any] = start.recipe if start and name == "default" else {}
    named = {} if name == "default" else {"model": name}
    inner = {
        part: {**base[part], **told}
        for part, told in settings.items()
        if isinstance(told, dict) and isinstance(base.get(part), dict)
    }
    return TextRecipe.from_dict({**base, **named, **settings, **inner})


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
