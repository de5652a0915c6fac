"""A batch like those before is silent; one that differs is said, with numbers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.history import Profile, compare, smirnov_p
from sabbatical.stages.ingest.languages import language_of, script_of
from tests.stages.ingest.making import read


@dataclass
class Thing:
    text: str | None = None
    width: int | None = 640
    height: int | None = 480
    brightness: float | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    payload: Payload | None = None


def street(rng: np.random.Generator, count: int, dark: float = 0.0, cars: float = 0.6, **more: Any) -> Profile:
    """Images of which a share shows cars, brightness around a half less `dark`."""
    return Profile.of(
        Thing(
            brightness=float(np.clip(rng.normal(0.5 - dark, 0.1), 0, 1)),
            attributes={"camera": "left", "speed": float(rng.normal())},
            payload=Payload(("car",) * int(rng.random() < cars) + ("sky",)),
            **more,
        )
        for _ in range(count)
    )


def codes(before: Profile, batch: Profile) -> list[str]:
    return [warning.code for warning in compare(before, batch)]


def test_batches_of_the_same_kind_are_silent() -> None:
    rng = np.random.default_rng(0)
    before = street(rng, 400)
    said = [code for _ in range(300) for code in codes(before, street(rng, 40))]
    assert len(said) <= 1


def test_a_darker_batch_is_said_with_both_medians() -> None:
    rng = np.random.default_rng(1)
    (warning,) = compare(street(rng, 300), street(rng, 60, dark=0.3))
    now, was = (float(number) for number in re.findall(r"below (0\.\d+)", warning.message))
    assert warning.code == "brightness" and now == pytest.approx(0.2, abs=0.04) and was == pytest.approx(0.5, abs=0.04)


def test_a_shift_of_label_shares_is_said_but_not_in_a_handful() -> None:
    rng = np.random.default_rng(2)
    before = street(rng, 300)
    (warning,) = compare(before, street(rng, 80, cars=0.2))
    assert warning.code == "label-share" and "'car'" in warning.message and "%" in warning.message
    assert codes(before, street(rng, 10, cars=0.0, dark=0.4)) == []


def test_new_columns_types_and_labels_are_said_as_facts() -> None:
    rng = np.random.default_rng(3)
    before = street(rng, 100)
    few = Profile.of([Thing(attributes={"camera": "left", "lens": "wide"}, payload=Payload(("tram",)))])
    assert codes(before, few) == ["unknown-column", "new-label"]
    others = Profile.of([Thing(attributes={"camera": 7}, brightness=0.5)] * 40)
    assert {"missing-column", "column-type"} <= set(codes(before, others))
    messages = " ".join(warning.message for warning in compare(before, few))
    assert "'lens' is new: 1 of 1" in messages and "'tram' is new: on 1 of 1 items, before on none of 100" in messages


def test_sizes_outside_of_what_was_seen_are_said() -> None:
    rng = np.random.default_rng(4)
    before = street(rng, 100)
    (warning,) = compare(before, street(rng, 40, width=4000, height=3000))
    assert warning.code == "image-size"
    assert warning.message == "The longer side of 40 of 40 images is 4000 pixels or so; before it was 640 to 640."
    assert codes(before, street(rng, 40, width=600, height=450)) == []


ENGLISH = ["Where is the card that you sent to me?", "I have not been able to do this with my app.", "What is it for?"]
GERMAN = [
    "Wo ist die Karte, die Sie mir geschickt haben?",
    "Ich kann das nicht mit der App machen.",
    "Was ist das für eine?",
]


def test_another_language_or_script_is_said() -> None:
    before = Profile.of(Thing(text=ENGLISH[i % 3]) for i in range(120))
    mixed = Profile.of(Thing(text=(GERMAN if i % 2 else ENGLISH)[i % 3]) for i in range(60))
    assert "50% of the texts are in German; before it was none." in [w.message for w in compare(before, mixed)]
    cyrillic = Profile.of(Thing(text="Где моя новая карта, которую вы прислали?") for _ in range(40))
    assert "script" in codes(before, cyrillic)
    assert codes(before, Profile.of(Thing(text=ENGLISH[i % 3]) for i in range(60))) == []


@pytest.mark.parametrize(
    ("text", "script", "language"),
    [
        (GERMAN[0], "Latin", "German"),
        ("Pourquoi est-ce que je ne peux pas payer avec cette carte ?", "Latin", "French"),
        ("¿Por qué no puedo pagar con mi tarjeta?", "Latin", "Spanish"),
        ("私のカードはどこですか", "Japanese", ""),
        ("12 + 3", "", ""),
        ("yes", "Latin", ""),
    ],
)
def test_script_and_language_of_a_text(text: str, script: str, language: str) -> None:
    assert (script_of(text), language_of(text)) == (script, language)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=30))
def test_profiles_add_up_and_survive_json(first: list[int], second: list[int]) -> None:
    def profile(kinds: list[int]) -> Profile:
        return Profile.of(
            Thing(text="the words of a text" * kind, attributes={f"k{kind}": kind}, payload=Payload((f"l{kind}",)))
            for kind in kinds
        )

    both = profile(first).merged(profile(second))
    assert both.to_dict() == profile(first + second).to_dict()
    assert Profile.from_dict(json.loads(json.dumps(both.to_dict()))) == both


@pytest.mark.parametrize(("n", "m", "distance"), [(50, 30, 0.3), (400, 40, 0.25), (1000, 1000, 0.06)])
def test_the_p_value_is_that_of_smirnov(n: int, m: int, distance: float) -> None:
    reference = float(stats.kstwobign.sf(distance * np.sqrt(n * m / (n + m))))
    assert smirnov_p(distance, n, m) == pytest.approx(reference, rel=0.35)
    assert smirnov_p(0.0, n, m) == 1.0


@pytest.mark.data("intents-hwu64")
def test_one_sets_halves_agree_and_another_set_does_not(mirror: Path) -> None:
    records, _ = read(mirror / "intents-hwu64" / "test.csv", label_column="scenario")
    rng = np.random.default_rng(0)
    order = rng.permutation(len(records)).tolist()
    half = [Thing(text=records[i].text, payload=records[i].payload) for i in order]
    before, same = Profile.of(half[:800]), Profile.of(half[800:])
    assert compare(before, same) == []
    bank, _ = read(mirror / "intents-hwu64" / "train.csv", label_column="scenario")
    only = [Thing(text=record.text, payload=record.payload) for record in bank if record.payload]
    alarms = [thing for thing in only if thing.payload and thing.payload.labels == ("alarm",)]
    assert "label-share" in codes(before, Profile.of(alarms[:100]))
