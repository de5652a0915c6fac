"""One command."""

from __future__ import annotations

from typing import Any

import typer.core


class Verb(typer.core.TyperCommand):
    """No option is the value of another: `--home --json` lacks its folder, and makes none named `--json`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        for option in (one for one in self.params if one.param_type_name == "option"):
            value = ctx.params.get(option.name)
            for one in value if isinstance(value, list | tuple) else (value,):
                if str(one).startswith("--"):
                    wrong = f"its value is missing, '{one}' looks like an option."
                    raise typer.BadParameter(wrong, ctx, param_hint=f"'{option.opts[0]}'")
        return rest
