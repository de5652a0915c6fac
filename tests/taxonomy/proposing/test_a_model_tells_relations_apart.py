"""What a model finds on a customer's things says what the labels are: by shares, against chance, and nothing more."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, binom

from sabbatical.core.errors import BadInput
from sabbatical.taxonomy import ClassNode, SuperTaxonomy
from sabbatical.taxonomy.proposing import Proposal, Sightings, finest, propose
from sabbatical.taxonomy.proposing.sightings import by_chance, log_beta_binomial, shares, wilson

STREET = SuperTaxonomy(
    "street",
    1,
    (
        ClassNode("vehicle"),
        *(ClassNode(name, "vehicle") for name in ("car", "truck", "bus")),
        *(ClassNode(name) for name in ("person", "light", "sign", "tree", "dog")),
    ),
)
CODES = ("kalo", "mivu", "sote", "pani", "rudu", "gefi")  # names that say nothing


def seen(
    *found: dict[str, int], nothing: tuple[int, ...] = (), untaught: tuple[str, ...] = (), **undrawn: int
) -> Sightings:
    counts = [[row.get(name, 0) for name in STREET.names] for row in found]
    empty = np.array([*nothing, *[0] * len(found)][: len(found)], float)
    taught_k = np.array([name not in untaught for name in STREET.names])
    return Sightings(
        np.array(counts, float), empty, np.array([undrawn.get(name, 0) for name in STREET.names], float), taught_k
    )


def said(sightings: Sightings, labels: tuple[str, ...] = CODES) -> list[str]:
    return [one.said for one in propose(labels[: len(sightings.nothing_l)], STREET, sightings)]


def test_both_shares_say_same_child_parent_and_new() -> None:
    found = seen(
        {"person": 46, "dog": 1},
        {"car": 45},
        {"truck": 25, "bus": 22},
        {"light": 44},
        {"light": 46},
        {"tree": 2},
        nothing=(3, 5, 3, 6, 4, 48),
    )
    assert said(found) == [
        "same as person",
        "same as car",
        "parent of truck and bus",
        "child of light",
        "child of light",
        "new",
    ]


def test_a_label_of_all_children_is_the_class_above_them() -> None:
    found = seen({"car": 20, "truck": 15, "bus": 12}, {"person": 45}, nothing=(3, 5))
    assert said(found) == ["same as vehicle", "same as person"]


def test_what_a_customer_draws_only_a_part_of_is_a_child_though_no_label_has_the_rest() -> None:
    all_drawn, a_third = seen({"car": 45}, {"person": 45}), seen({"car": 45}, {"person": 45}, car=120)
    assert said(all_drawn)[0] == "same as car"
    assert propose(CODES[:2], STREET, a_third)[0].ways[0].relation == "child"


def test_a_class_that_the_model_never_learned_is_no_evidence() -> None:
    nothing_found = ({}, {"person": 45})
    judged = propose(("sign", "kalo"), STREET, seen(*nothing_found, nothing=(50, 5)))[0]
    spared = propose(("sign", "kalo"), STREET, seen(*nothing_found, nothing=(50, 5), untaught=("sign",)))[0]
    assert (spared.relation, spared.classes) == ("same", ("sign",))
    assert spared.chance > judged.chance
    assert any("never learned sign" in note for note in spared.notes)


def test_without_evidence_nothing_is_proposed() -> None:
    alone = propose(("kalo", "mivu"), STREET)
    assert [one.relation for one in alone] == ["ambiguous", "ambiguous"]
    unseen = propose(("kalo", "mivu"), STREET, seen({"person": 45}, {}, nothing=(5, 0)))[1]
    assert unseen.relation == "ambiguous" and unseen.looked_at == 0


def test_two_labels_are_not_the_same_as_one_class() -> None:
    names = ("automobile", "car", "kalo")
    found = propose(names, STREET, seen({"car": 40}, {"car": 40}, {"person": 45}))
    assert sum(one.relation == "same" and one.classes == ("car",) for one in found) <= 1


def test_neither_the_order_of_labels_nor_that_of_classes_changes_anything() -> None:
    dice = np.random.default_rng(0)
    labels = (*CODES[:4], "parked car", "light")
    found_lk = dice.integers(0, 30, (6, len(STREET))).astype(float) * (dice.random((6, len(STREET))) < 0.3)
    nothing_l, taught_k = dice.integers(0, 9, 6).astype(float), np.ones(len(STREET), bool)
    plain = propose(labels, STREET, Sightings(found_lk, nothing_l, np.zeros(len(STREET)), taught_k))
    order = dice.permutation(6)
    flipped = SuperTaxonomy("street", 1, tuple(reversed(STREET.classes)))
    place = [STREET.index(name) for name in flipped.names]
    moved = Sightings(found_lk[order][:, place], nothing_l[order], np.zeros(len(STREET)), taught_k)
    other = {one.label: one for one in propose([labels[i] for i in order], flipped, moved)}

    def fact(one: Proposal) -> tuple[str, frozenset[str], float]:
        return one.relation, frozenset(one.classes), round(one.chance, 6)

    assert [fact(one) for one in plain] == [fact(other[one.label]) for one in plain]


def test_shares_are_counted_as_they_are_explained() -> None:
    sightings = seen({"car": 6, "vehicle": 2}, {"car": 3, "bus": 1}, nothing=(2, 0), car=3, truck=2)
    counted = shares(STREET, sightings)
    k, above = STREET.index("car"), STREET.index("vehicle")
    assert (counted.part_lk[0, above], counted.part_of_lk[0, above]) == (8, 10)
    assert (counted.part_lk[0, k], counted.part_of_lk[0, k]) == (6, 8)
    drawn = 9 / (9 + 3)  # of what is found to be a car
    assert counted.hold_lk[1, k] / counted.hold_of_lk[1, k] == pytest.approx(drawn * (3 / 4) / (6 / 10 + 3 / 4))
    with pytest.raises(BadInput):
        Sightings(np.zeros((2, 3)), np.zeros(2), np.zeros(3), np.zeros(4, bool))


def test_a_thing_is_found_as_fine_as_the_scores_allow() -> None:
    scores = np.zeros((4, len(STREET)))
    for row, found in enumerate([{"vehicle": 0.9, "car": 0.4}, {"truck": 0.6, "bus": 0.55}, {"person": 0.3}, {}]):
        for name, score in found.items():
            scores[row, STREET.index(name)] = score
    found_n = finest(STREET, scores, np.full(len(STREET), 0.5))
    assert [STREET.names[k] if k >= 0 else None for k in found_n] == ["vehicle", "truck", None, None]


def test_chances_and_intervals_are_those_of_the_books() -> None:
    ours = log_beta_binomial(np.array([3.0]), np.array([9.0]), (2.0, 0.7)) - log_beta_binomial(
        np.array([3.0]), np.array([9.0]), (0.4, 5.0)
    )
    assert ours[0] == pytest.approx(betabinom.logpmf(3, 9, 2.0, 0.7) - betabinom.logpmf(3, 9, 0.4, 5.0))
    assert by_chance(7, 20, 0.2) == pytest.approx(binom.sf(6, 20, 0.2))
    assert wilson(37, 40) == pytest.approx((0.8014, 0.9742), abs=1e-3)
