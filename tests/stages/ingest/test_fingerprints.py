"""Near duplicates are found, others are not, however many are known."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from sabbatical.schemas.item import Split
from sabbatical.stages.ingest import fingerprints
from sabbatical.stages.ingest.fingerprints import (
    NearDuplicates,
    image_fingerprint,
    near_pairs,
    normalised,
    text_fingerprint,
)
from sabbatical.stages.ingest.images import probe
from sabbatical.stages.ingest.placing import SPLITS
from tests.stages.ingest.making import picture

PRINTS = st.integers(-(2**63), 2**63 - 1)


def distance(a: int | None, b: int | None) -> int:
    assert a is not None and b is not None
    return ((a ^ b) & (2**64 - 1)).bit_count()


def print_of(image: Image.Image, **save: Any) -> int | None:
    out = io.BytesIO()
    image.save(out, "JPEG", **save)
    return image_fingerprint(probe(out.getvalue(), 10**9).small_hw)


def test_the_same_picture_smaller_brighter_or_compressed_again_is_near_and_another_is_far() -> None:
    base = Image.open(io.BytesIO(picture(320, 240, seed=3, quality=95)))
    known = print_of(base, quality=95)
    changed = [base.resize((160, 120)), ImageEnhance.Brightness(base).enhance(1.1), base.crop((1, 1, 319, 239))]
    assert all(distance(known, print_of(image)) <= fingerprints.RADIUS for image in changed)
    assert distance(known, print_of(base, quality=20)) <= fingerprints.RADIUS
    others = [print_of(Image.open(io.BytesIO(picture(320, 240, seed=seed)))) for seed in range(10, 40)]
    assert min(distance(known, other) for other in others) > 2 * fingerprints.RADIUS


def test_a_picture_that_shows_nothing_has_no_fingerprint() -> None:
    assert print_of(Image.new("RGB", (64, 64), (3, 3, 3))) is None


def test_texts_written_otherwise_are_equal_and_others_are_far() -> None:
    first = text_fingerprint("Where is my new card? It should have come last week.")
    assert first == text_fingerprint("  where is my NEW card; it should have come, last week")
    assert distance(first, text_fingerprint("Where is my new card? It should have come last weekend.")) <= 6
    assert distance(first, text_fingerprint("Graph neural networks for molecules, explained with code.")) > 12
    assert text_fingerprint("?!") is None and normalised("Ｆｕｌｌ  width") == "full width"


def test_short_texts_are_near_only_to_themselves() -> None:
    assert text_fingerprint("yes") == text_fingerprint(" Yes! ")
    assert distance(text_fingerprint("yes"), text_fingerprint("yet")) > 12


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_nearest_of_those_before_is_found_in_any_growth(data: st.DataObject) -> None:
    """Against a plain search over all pairs, with small segments so that merges happen."""
    base = data.draw(st.lists(PRINTS, min_size=1, max_size=5))
    flips = data.draw(st.lists(st.tuples(st.integers(0, 4), st.sets(st.integers(0, 63), max_size=8)), max_size=40))
    prints = [base[which % len(base)] ^ -sum(1 << bit for bit in bits) for which, bits in flips]
    prints = [(value + 2**63) % 2**64 - 2**63 for value in prints]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(prints)), max_size=4)))
    tail = fingerprints._TAIL
    fingerprints._TAIL = 4
    try:
        known = NearDuplicates()
        found: list[dict[Split, str]] = []
        for start, end in pairwise([0, *cuts, len(prints)]):
            found += known.near(prints[start:end])
            known.add((str(i), prints[i], SPLITS[i % 3]) for i in range(start, end))
    finally:
        fingerprints._TAIL = tail
    assert len(known) == len(prints)
    for i, value in enumerate(prints):
        before = max(cut for cut in [0, *cuts] if cut <= i)
        near = [(distance(value, prints[j]), j) for j in range(before) if distance(value, prints[j]) <= known.radius]
        by_split = {split: [(far, j) for far, j in near if SPLITS[j % 3] == split] for split in SPLITS}
        assert found[i] == {split: str(min(there)[1]) for split, there in by_split.items() if there}
    pairs = [(i, j) for j in range(len(prints)) for i in range(j) if distance(prints[i], prints[j]) <= known.radius]
    assert near_pairs(prints) == pairs


def test_a_hundred_thousand_known_ones_are_asked_through_tables() -> None:
    rng = np.random.default_rng(0)
    prints = rng.integers(-(2**63), 2**63 - 1, 100_000, dtype=np.int64)
    known = NearDuplicates()
    known.add((f"item {i}", int(value), "train") for i, value in enumerate(prints))
    places = [0, 31_999, 77_777, 99_999]
    found = known.near([int(prints[place]) ^ 0b101 for place in places])
    assert found == [{"train": f"item {place}"} for place in places]


@pytest.mark.data("bccd")
def test_slides_of_blood_are_not_taken_for_one_another(mirror: Path) -> None:
    paths = sorted((mirror / "bccd" / "images").iterdir())
    prints = [image_fingerprint(probe(path.read_bytes(), 10**9).small_hw) for path in paths]
    assert None not in prints
    found = near_pairs([value for value in prints if value is not None])
    assert [(paths[i].stem, paths[j].stem) for i, j in found] == [("BloodImage_00037", "BloodImage_00038")]
