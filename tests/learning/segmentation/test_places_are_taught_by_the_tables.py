"""What a label cannot say, a place is not taught; what it says, every way of learning says alike."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from sabbatical.learning.masking import mask_tables
from sabbatical.learning.samples import CUT, EMPTY
from sabbatical.learning.segmentation.losses import (
    PlaceTables,
    depth_loss,
    marginal_cross_entropy,
    masked_cross_entropy,
)
from sabbatical.learning.segmentation.outcomes import BACKGROUND, members, outcomes
from sabbatical.taxonomy import Masking, SuperTaxonomy, Taxonomy, bank, masked_tables

STREET = SuperTaxonomy.from_yaml(
    """
super-taxonomy: street
classes:
  person: {exhaustive: true, children: {adult: {}, child: {}}}
  vehicle: {children: {car: {}, bus: {}}}
  light: {}
"""
)
PERSON, ADULT, CHILD, VEHICLE, CAR, BUS, LIGHT = (
    STREET.index(name) for name in ("person", "adult", "child", "vehicle", "car", "bus", "light")
)
PARENTS = tuple(STREET.parent_k.tolist())
OUTCOMES = outcomes(PARENTS, [node.exhaustive for node in STREET.classes])
MEMBERS = torch.from_numpy(members(OUTCOMES, PARENTS))


def taxonomy(**labels: str) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": "one", "super-taxonomy": "street", "labels": labels})


AURORA = taxonomy(human="person", blur="ignore")
BASALT = taxonomy(grown="adult", small="child", car="car")
ALL = taxonomy(adult="adult", child="child", vehicle="vehicle", car="car", bus="bus", light="light")


def places_of(*customers: Taxonomy, masking: Masking = "tree") -> PlaceTables:
    return PlaceTables.of(mask_tables(bank([masked_tables(STREET, each, masking) for each in customers])))


def allowed(customer: Taxonomy, row: int) -> set[str]:
    table = places_of(customer)
    place = table.place(torch.tensor([0]), torch.tensor([row]))
    told = table.allowed(MEMBERS)[place][0].tolist()
    return {"-" if k == BACKGROUND else STREET.names[k] for k, may in zip(OUTCOMES, told, strict=True) if may}


def random_batch(seed: int, places: PlaceTables, taxonomies: int, columns: int) -> tuple[Tensor, Tensor]:
    """Logits (p, columns) that learn, and the row of each of 400 places, of any taxonomy and kind."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(400, columns, generator=generator).requires_grad_()
    taxonomy_p = torch.randint(taxonomies, (400,), generator=generator)
    return logits, places.place(taxonomy_p, torch.randint(-2, places.rows - 2, (400,), generator=generator))


def test_a_place_is_one_of_all_that_agrees_with_what_is_known() -> None:
    assert {STREET.names[k] for k in OUTCOMES if k >= 0} == {"adult", "child", "vehicle", "car", "bus", "light"}
    assert allowed(AURORA, 0) == {"adult", "child"}
    assert allowed(AURORA, EMPTY) == {"-", "vehicle", "car", "bus", "light"}
    assert allowed(BASALT, 0) == {"adult"}
    assert allowed(BASALT, EMPTY) == {"-", "vehicle", "bus", "light"}
    assert allowed(ALL, 2) == {"vehicle", "car", "bus"}  # drawn coarsely: it may be either, or neither
    assert allowed(ALL, EMPTY) == {"-"}
    everything = {"-", "adult", "child", "vehicle", "car", "bus", "light"}
    assert allowed(AURORA, CUT) == everything and allowed(AURORA, 1) == everything  # unknown, and drawn to be ignored


def test_the_chance_of_a_set_is_that_of_the_classes_that_a_customer_tells_apart() -> None:
    """Learning marginally is learning the customer's own flat classes with the sums of our chances."""
    logits_ps = torch.randn(50, len(OUTCOMES), dtype=torch.float64)
    chance_pk = torch.softmax(logits_ps, 1) @ MEMBERS.double()
    for customer, row, classes in ((AURORA, 0, [PERSON]), (BASALT, 2, [CAR]), (ALL, 2, [VEHICLE])):
        table = places_of(customer)
        may_ps = table.allowed(MEMBERS)[table.place(torch.zeros(50, dtype=torch.int64), torch.full((50,), row))]
        expected = -chance_pk[:, classes].sum(1).log().sum()
        torch.testing.assert_close(marginal_cross_entropy(logits_ps, may_ps), expected)
    table = places_of(BASALT)
    may_ps = table.allowed(MEMBERS)[table.place(torch.zeros(50, dtype=torch.int64), torch.full((50,), EMPTY))]
    expected = -(1 - chance_pk[:, [PERSON, CAR]].sum(1)).log().sum()
    torch.testing.assert_close(marginal_cross_entropy(logits_ps, may_ps), expected)


def test_masked_entries_have_a_gradient_of_exactly_zero() -> None:
    places = places_of(AURORA, BASALT)
    for gamma in (0.0, 2.0):
        logits_pk, place_p = random_batch(1, places, 2, len(STREET))
        mask_pm = places.mask_qm[place_p]
        masked_cross_entropy(logits_pk, places.target_qk[place_p], mask_pm, gamma=gamma).backward()
        assert logits_pk.grad is not None
        assert bool((logits_pk.grad[mask_pm == 0] == 0).all()) and bool((logits_pk.grad[mask_pm == 1] != 0).all())


def test_the_softmax_shares_a_set_as_it_will_and_is_silent_where_nothing_is_known() -> None:
    places = places_of(AURORA, BASALT)
    logits_ps, place_p = random_batch(2, places, 2, len(OUTCOMES))
    allowed_ps = places.allowed(MEMBERS)[place_p]
    marginal_cross_entropy(logits_ps, allowed_ps).backward()
    gradient_ps, chance_ps = logits_ps.grad, torch.softmax(logits_ps.detach(), 1)
    assert gradient_ps is not None
    silent_p = allowed_ps.all(1)
    assert bool(silent_p.any()) and bool((gradient_ps[silent_p] == 0).all())
    # Within a set every outcome is pushed in proportion to its chance: nobody's share of the set is called wrong.
    push_ps = gradient_ps / chance_ps
    inside = torch.where(allowed_ps, push_ps, torch.nan)
    spread_p = inside.nan_to_num(nan=-9e9).amax(1) - inside.nan_to_num(nan=9e9).amin(1)
    assert float(spread_p.abs().max()) < 1e-4


def test_moving_chance_within_a_set_changes_no_loss() -> None:
    table = places_of(AURORA)
    place_p = table.place(torch.zeros(1, dtype=torch.int64), torch.tensor([EMPTY]))
    may_ps = table.allowed(MEMBERS)[place_p]
    logits_ps = torch.randn(1, len(OUTCOMES), dtype=torch.float64)
    other_ps = logits_ps.clone()
    inside = torch.randn(1, int(may_ps.sum()), dtype=torch.float64)
    other_ps[may_ps] = (inside - inside.logsumexp(1) + logits_ps[may_ps].logsumexp(0))[0]
    torch.testing.assert_close(marginal_cross_entropy(other_ps, may_ps), marginal_cross_entropy(logits_ps, may_ps))


@pytest.mark.parametrize("answer", ["sigmoid", "softmax"])
def test_the_loss_of_a_whole_is_the_sum_over_its_parts_and_no_order_matters(answer: str) -> None:
    places = places_of(AURORA, BASALT)
    logits, place_p = random_batch(3, places, 2, len(OUTCOMES) if answer == "softmax" else len(STREET))

    def loss(chosen_p: Tensor, tables: PlaceTables, rows_p: Tensor) -> Tensor:
        if answer == "softmax":
            return marginal_cross_entropy(logits[chosen_p].double(), tables.allowed(MEMBERS)[rows_p[chosen_p]])
        found = logits[chosen_p].double()
        return masked_cross_entropy(
            found, tables.target_qk[rows_p[chosen_p]].double(), tables.mask_qm[rows_p[chosen_p]]
        )

    whole = loss(torch.arange(400), places, place_p)
    parts = sum(loss(part, places, place_p) for part in torch.randperm(400).split([7, 193, 200]))
    torch.testing.assert_close(whole, parts)
    swapped = places_of(BASALT, AURORA)
    torch.testing.assert_close(loss(torch.arange(400), swapped, (place_p + places.rows) % (2 * places.rows)), whole)


def test_permuting_classes_changes_nothing() -> None:
    order = [LIGHT, PERSON, VEHICLE, BUS, CAR, CHILD, ADULT]
    parents = tuple(-1 if PARENTS[k] < 0 else order.index(PARENTS[k]) for k in order)
    exhaustive = [STREET.classes[k].exhaustive for k in order]
    places = places_of(AURORA, BASALT, ALL)
    logits_pk, place_p = random_batch(4, places, 3, len(STREET))
    turned = PlaceTables(places.target_qk[:, order], places.mask_qm[:, order], places.rows)
    both = [
        masked_cross_entropy(x[:, o].double(), t.target_qk[place_p].double(), t.mask_qm[place_p])
        for x, o, t in ((logits_pk, list(range(7)), places), (logits_pk, order, turned))
    ]
    torch.testing.assert_close(both[0], both[1])
    outcome_s = outcomes(parents, exhaustive)
    column = {name: s for s, name in enumerate("-" if k < 0 else STREET.names[order[k]] for k in outcome_s)}
    first = [column["-" if k < 0 else STREET.names[k]] for k in OUTCOMES]
    logits_ps = torch.randn(400, len(OUTCOMES), dtype=torch.float64)
    may_ps = turned.allowed(torch.from_numpy(members(outcome_s, parents)))[place_p]
    other_ps = torch.empty_like(logits_ps)
    other_ps[:, first] = logits_ps
    torch.testing.assert_close(
        marginal_cross_entropy(other_ps, may_ps), marginal_cross_entropy(logits_ps, places.allowed(MEMBERS)[place_p])
    )


def test_full_labels_are_plain_training_bit_by_bit() -> None:
    flat = SuperTaxonomy.from_yaml("{super-taxonomy: street, classes: {a: {}, b: {}, c: {}}}")
    drawn = Taxonomy.from_document({"taxonomy": "t", "super-taxonomy": "street", "labels": {x: x for x in "abc"}})
    places = PlaceTables.of(mask_tables(bank([masked_tables(flat, drawn, "tree")])))
    class_p = torch.randint(-1, 3, (300,))
    place_p = places.place(torch.zeros(300, dtype=torch.int64), torch.where(class_p < 0, EMPTY, class_p))
    member_sk = torch.from_numpy(members(outcomes((-1, -1, -1), [False] * 3), (-1, -1, -1)))
    for ours, plain, columns in (
        (
            lambda x: masked_cross_entropy(x, places.target_qk[place_p], places.mask_qm[place_p]),
            lambda x: functional.binary_cross_entropy_with_logits(
                x, (class_p[:, None] == torch.arange(3)).float(), reduction="sum"
            ),
            3,
        ),
        (
            lambda x: marginal_cross_entropy(x, places.allowed(member_sk)[place_p]),
            lambda x: (torch.logsumexp(x, 1) - x.gather(1, class_p[:, None] + 1)[:, 0]).sum(),
            4,
        ),
    ):
        start = torch.randn(300, columns)
        logits = [start.clone().requires_grad_() for _ in range(2)]
        losses = [ours(logits[0]), plain(logits[1])]
        for loss in losses:
            loss.backward()
        assert logits[0].grad is not None and logits[1].grad is not None
        assert torch.equal(losses[0], losses[1]) and torch.equal(logits[0].grad, logits[1].grad)
    cross = functional.cross_entropy(start, class_p + 1, reduction="sum")
    torch.testing.assert_close(losses[0], cross)


def test_every_row_of_every_way_of_masking_allows_something() -> None:
    customers = (AURORA, BASALT, ALL)
    flat = torch.from_numpy(members(outcomes(PARENTS, [False] * 7, flat=True), PARENTS))
    ways: tuple[tuple[Masking, Tensor], ...] = (("tree", MEMBERS), ("column", MEMBERS), ("none", flat))
    for (masking, member_sk), customer in itertools.product(ways, customers):
        assert bool(places_of(customer, masking=masking).allowed(member_sk).any(1).all())


def test_depth_is_learned_where_it_is_told() -> None:
    logit_p, depth_p = torch.randn(6, requires_grad=True), torch.tensor([0.0, 0.4, 1.0, torch.nan, 0.2, torch.nan])
    told_p = torch.tensor([True, True, False, False, False, False])
    depth_loss(logit_p, depth_p, told_p).backward()
    assert logit_p.grad is not None
    np.testing.assert_allclose(
        logit_p.grad.numpy(), ((logit_p.sigmoid() - depth_p.nan_to_num()) * told_p).detach(), atol=1e-6
    )
