"""Data made ready for the demo: a folder of ordinary sources and taxonomies, with a plan that names them."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sabbatical.catalogue import Plan, PlanSource
from sabbatical.core.errors import BadRequest
from sabbatical.sdk.run import Watcher
from sabbatical.sdk.workspace import Workspace
from sabbatical.sim import world

SCENES = 110
FRAMES = 2
TEST_SCENES = 30
DARK_SCENES = 10
WORLD_SEED = 7
CUSTOMERS = (world.AURORA, world.BASALT, world.COBALT)
WORLD_SETTINGS: dict[str, Any] = {
    "steps": 480,
    "learning_rate": 1.5e-2,
    "widths": [8, 16, 32, 64, 96],
    "pyramid": [24, 32, 48, 64],
    "box_outputs": "subtree",
    "box_gain": 2.0,
    "augmentation": {"zoom": [1.0, 1.0], "colour": 0.0},
}
"""A small network and plain pictures: what learns most in a minute and a half of one core."""


@dataclass(frozen=True)
class Ready:
    """A plan in its folder, who judges, and how the demo trains on it.

    `judge` is the taxonomy of the fully labeled test data. `shares` are those of the project.
    """

    name: str
    plan: Plan
    folder: Path
    judge: str
    recipe: str
    settings: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)

    def path(self, file: str) -> Path:
        return self.folder / file

    @property
    def learners(self) -> list[str]:
        """The taxonomies that the models learn from."""
        names = (source.taxonomy for source in self.plan.sources if source.taxonomy and source.split != "test")
        return list(dict.fromkeys(names))


NAMES = ("world", "bccd", "made-with-ml")


def make_ready(name: str, workspace: Workspace, folder: Path, watch: Watcher | None = None) -> Ready:
    """Draw the world, or get a public data set from the mirror.

    Raises:
        BadRequest: the demo knows no data of this name.
        Unavailable: a public data set, and no mirror is set.
    """
    if name not in NAMES:
        raise BadRequest(f"There is no demo on '{name}'.", hint=f"There are: {', '.join(NAMES)}.")
    if name == "world":
        return _world(folder / "world")
    got = workspace.start_get(name).wait(watch)
    ready = Path(got["ready"])
    plan = Plan.load(ready)
    if name == "bccd":
        settings = {"steps": 420}
        shares = {"test_share": 0.0, "validation_share": 0.1}
        return Ready(name, plan, ready, "reference", "default", settings, shares)
    return Ready(name, plan, ready, "tags", "best", {}, {"test_share": 0.0, "validation_share": 0.0})


def _world(folder: Path) -> Ready:
    """Three customers' scenes by day; of each also test scenes with full truth, some of them by night and rain."""
    # Processes, since what draws holds the interpreter; started anew, since this one has threads.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        drawn = [pool.submit(_draw_labeled, folder, number, SCENES) for number in range(len(CUSTOMERS))]
        drawn += [pool.submit(_draw_test, folder, n, TEST_SCENES, DARK_SCENES) for n in range(len(CUSTOMERS))]
        for one in drawn:
            one.result()
    sources = []
    for who in CUSTOMERS:
        sources.append(PlanSource(path=f"{who.name}/{who.name}.json", source=who.name, taxonomy=who.name))
        sources.append(
            PlanSource(
                path=f"test-{who.name}/truth.json",
                source=f"{who.name}, test",
                taxonomy="truth",
                customer=who.name,
                split="test",
            )
        )
    names = [who.name for who in (*CUSTOMERS, world.TRUTH)]
    for name in ("super", *names):
        (folder / f"{name}.yaml").write_bytes((world.TAXONOMIES / f"{name}.yaml").read_bytes())
    plan = Plan(
        project="street",
        task="boxes",
        super_taxonomy="super.yaml",
        taxonomies=[f"{name}.yaml" for name in names],
        sources=sources,
    )
    plan.write(folder)
    return Ready("world", plan, folder, "truth", "small", WORLD_SETTINGS, {"test_share": 0.0, "validation_share": 0.15})


def _draw_labeled(folder: Path, number: int, scenes: int) -> None:
    """A customer's scenes, with what its people label."""
    who = CUSTOMERS[number]
    frames = world.stream(WORLD_SEED + number, scenes, FRAMES, who.mix(world.DAY))
    world.write_dataset(folder / who.name, frames, who, error=world.HumanError(seed=number))


def _draw_test(folder: Path, number: int, by_day: int, dark: int) -> None:
    """Other scenes of a customer, with the whole truth."""
    who = CUSTOMERS[number]
    light = world.stream(WORLD_SEED + 100 + number, by_day, FRAMES, who.mix(world.DAY))
    night = world.stream(WORLD_SEED + 200 + number, dark, FRAMES, who.mix(world.NIGHT_RAIN))
    world.write_dataset(folder / f"test-{who.name}", chain(light, night), world.TRUTH)
