"""The recipe plays a whole turn against a real server, with nothing but an HTTP client."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from sabbatical.demo.served import served

RECIPE = Path(__file__).parents[2] / "recipes" / "a_turn_over_http.py"


def test_a_turn_over_http_ends_with_a_new_champion_that_knows_the_chats(tmp_path: Path) -> None:
    with served(tmp_path / "home") as (_, server):
        command = [sys.executable, str(RECIPE), server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    before, *_, last = done.stdout.splitlines()
    assert "v2 is the champion" in last
    unsure = [int(re.findall(r"of (\d+) of 60 chats|(\d+) of 60 chats", line)[-1][1] or 0) for line in (before, last)]
    assert unsure[1] < unsure[0]


def test_it_is_sixty_lines_and_needs_only_an_http_client() -> None:
    text = RECIPE.read_text()
    assert len(text.splitlines()) <= 60
    imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"random", "sys", "time", "httpx"}
