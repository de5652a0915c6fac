"""Where neither model can be loaded, each is told with its own fault, and what to do is said once."""

from __future__ import annotations

from pathlib import Path

from tests.stages.serve.conftest import Served


def test_two_damaged_models_are_told_with_one_hint(texts: Served) -> None:
    for name in ("v1", "v2"):
        texts.release(texts.model(name), "full", 1.0, full=True)
    for name in ("v1", "v2"):
        Path(texts.made.workspace.media.path(texts.model(name).weights)).write_bytes(b"damaged")
    answer = texts.post("predict", {"text": "the sea"})
    assert answer.status_code == 503
    said = answer.json()["error"]
    assert "The file of v1 is damaged" in said["message"] and "The file of v2 is damaged" in said["message"]
    assert (said["message"] + said["hint"]).count("from a backup") == 1
    (first, *_) = texts.get("serving")["refused"]
    assert first["reason"].count("from a backup") == 1
