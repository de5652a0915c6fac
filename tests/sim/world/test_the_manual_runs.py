"""`docs/world.md`: its examples run, and its constants are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sabbatical.sim.world.conditions import CAMERAS, TIMES, WEATHERS
from sabbatical.sim.world.fixtures import SIGNS
from sabbatical.sim.world.frame import MIN_LONG_PX, MIN_SHORT_PX, MIN_VISIBLE, OCCLUDED_BELOW
from sabbatical.sim.world.scene import SCENES_A_DAY, STEP_S
from sabbatical.sim.world.vehicles import KINDS

MANUAL = (Path(__file__).parents[3] / "docs" / "world.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", MANUAL, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: str) -> None:
    exec(compile(example, "docs/world.md", "exec"), {})


def test_the_constants_are_those_of_the_code() -> None:
    assert (MIN_VISIBLE, MIN_LONG_PX, MIN_SHORT_PX) == (0.25, 8, 4)
    assert f"less than {OCCLUDED_BELOW} visible" in MANUAL
    assert f"{STEP_S} s apart" in MANUAL
    assert SCENES_A_DAY == 12 and len(SIGNS) == 8


def test_every_condition_and_vehicle_is_named() -> None:
    for name in (*WEATHERS, *TIMES, *CAMERAS, *(kind for kinds in KINDS.values() for kind in kinds)):
        assert name in MANUAL
