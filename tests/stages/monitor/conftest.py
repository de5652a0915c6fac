"""What looks look at: rows as they come from traffic, and the projects of serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from sabbatical.stages.monitor.columns import Says, Seen
from sabbatical.stages.monitor.facts import Facts
from sabbatical.stages.train.actions import Abstention, Answer
from tests.stages.serve.conftest import built_texts, texts
from tests.stages.train.conftest import shapes

__all__ = ["built_texts", "shapes", "texts"]
JANUARY = datetime(2026, 1, 10, tzinfo=UTC)
CLASSES = ("vehicle", "light")
BOXES = Says(CLASSES, Abstention(True, np.array([0.5, 0.5]), np.array([0, 1]), 0.5))
TEXTS = Says(CLASSES, Abstention(False, np.array([0.5, 0.5]), np.array([0, 1]), 0.4))


def frames(
    count: int, rng: np.random.Generator, *, light: float = 0.5, rain: float = 0.1, found: float = 3.0, scenes: int = 1
) -> list[Seen]:
    """Frames in scenes of `scenes`: how light it is, how often it rains, how much the model finds."""
    made: list[Seen] = []
    for number in range(count):
        if number % scenes == 0:
            bright, wet = rng.normal(light, 0.1), rng.random() < rain
        objects = int(rng.poisson(found))
        scores_n = rng.uniform(0.2, 1.0, objects).astype(np.float32)
        answer = Answer(rng.integers(0, 2, objects), scores_n, np.zeros((objects, 4), np.float32))
        facts = Facts({"brightness": bright + rng.normal(0, 0.02), "sharpness": float(rng.normal(0.3, 0.05))})
        made.append(
            Seen(
                item_id=f"{rng.integers(1 << 60):032x}",
                group=f"scene {rng.integers(1 << 60)}" if number % scenes == 0 else made[-1].group,
                at=JANUARY + timedelta(days=number % 20),
                customer="aurora",
                attributes={"weather": "rain" if wet else "clear", "frame": number},
                facts=facts,
                answer=answer,
            )
        )
    return made


def later(seen: Sequence[Seen], days: int) -> list[Seen]:
    return [replace(one, at=one.at and one.at + timedelta(days=days)) for one in seen]


def said(rng: np.random.Generator, words: Sequence[str], count: int, sure: float = 0.9) -> list[Seen]:
    """Texts of twelve words each, and answers that lean to the first class."""
    made: list[Seen] = []
    for number in range(count):
        top = float(np.clip(rng.normal(sure, 0.05), 0.5, 1))
        scores_n = np.array([top, 1 - top] if rng.random() < 0.7 else [1 - top, top], np.float32)
        values: dict[str, Any] = {"customer": None, "attributes": {}, "facts": Facts({"words": 12.0})}
        text = " ".join(rng.choice(words, 12))
        answer = Answer(np.arange(2), scores_n, np.zeros((0, 4), np.float32))
        made.append(Seen(item_id=f"{number}", group=f"{number}-{text}", at=JANUARY, text=text, answer=answer, **values))
    return made
