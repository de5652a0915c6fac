"""A process that does one run loads what that needs, whatever its kind."""

from __future__ import annotations

from sabbatical.durable.steps import _bodies
from sabbatical.stages import all_steps  # noqa: F401 - registers every step
from sabbatical.stages.kinds import MODULES


def test_every_kind_of_run_is_done_by_the_module_that_is_named_for_it() -> None:
    ours = {kind: body.__module__ for kind, body in _bodies.items() if body.__module__.startswith("sabbatical.")}
    assert ours == {kind: f"sabbatical.stages.{module}" for kind, module in MODULES.items()}
