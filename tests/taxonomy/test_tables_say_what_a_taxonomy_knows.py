"""The tables against slow, literal restatements of their definitions, over random trees and mappings."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sabbatical.core.errors import BadInput, BadTaxonomy
from sabbatical.taxonomy import (
    ClassNode,
    Label,
    SuperTaxonomy,
    Tables,
    Taxonomy,
    bank,
    carried,
    coverage_words,
    masked_tables,
    naive_tables,
    renewed,
    tables,
)

TREES = settings(max_examples=120, deadline=None)


@st.composite
def trees(draw: st.DrawFn, most: int = 10) -> SuperTaxonomy:
    size = draw(st.integers(1, most))
    parents = [draw(st.integers(-1, k - 1)) for k in range(size)]
    nodes = [
        ClassNode(
            f"c{k}",
            None if parent < 0 else f"c{parent}",
            exhaustive=k in parents and draw(st.booleans()),
            rules={"tight": draw(st.booleans())} if draw(st.booleans()) else {},
        )
        for k, parent in enumerate(parents)
    ]
    return SuperTaxonomy("tree", 1, tuple(draw(st.permutations(nodes))))


@st.composite
def labels(draw: st.DrawFn, tree: SuperTaxonomy, name: str) -> Label:
    to = draw(st.sampled_from([None, *tree.names, *tree.names]))
    parts = [] if to is None else [each for each in tree.subtree(to) if each != to]
    one_of = draw(st.lists(st.sampled_from(parts), max_size=3, unique=True)) if parts and draw(st.booleans()) else []
    return Label(name, to, one_of=tuple(one_of))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[SuperTaxonomy, Taxonomy]:
    tree = draw(trees())
    each = [draw(labels(tree, f"L{row}")) for row in range(draw(st.integers(1, 6)))]
    rules = {"tight": draw(st.booleans())} if draw(st.booleans()) else {}
    return tree, Taxonomy("t", 1, "tree", tuple(each), rules)


def kinds(tree: SuperTaxonomy, name: str) -> set[str]:
    """What an instance of a class can be in the end: a leaf, or something that no child of a class stands for."""
    children = [node.name for node in tree.classes if node.parent == name]
    found = set[str]().union(*(kinds(tree, child) for child in children))
    return found if children and tree[name].exhaustive else found | {name}


def is_above(tree: SuperTaxonomy, upper: str, lower: str | None) -> bool:
    while lower is not None:
        if lower == upper:
            return True
        lower = tree[lower].parent
    return False


def is_covered(tree: SuperTaxonomy, drawn: set[str], name: str) -> bool:
    """The definition, word by word."""
    if any(is_above(tree, each, name) for each in drawn):
        return True
    children = [node.name for node in tree.classes if node.parent == name]
    return bool(children) and tree[name].exhaustive and all(is_covered(tree, drawn, child) for child in children)


def target_rule(tree: SuperTaxonomy, name: str | None) -> object:
    while name is not None:
        if "tight" in tree[name].rules:
            return tree[name].rules["tight"]
        name = tree[name].parent
    return None


@TREES
@given(worlds())
def test_tables_are_their_definitions(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    tree, taxonomy = world
    strict, plain = tables(tree, taxonomy), tables(tree, taxonomy, exclusive=False)
    drawn = {name for label in taxonomy.labels for name in label.drawn}
    for k, name in enumerate(tree.names):
        assert strict.covered_k[k] == plain.covered_k[k] == is_covered(tree, drawn, name)
        differs = taxonomy.rules.get("tight", target_rule(tree, name)) != target_rule(tree, name)
        assert strict.box_weight_k[k] == (0.5 if differs and target_rule(tree, name) is not None else 1)
    for row, label in enumerate(taxonomy.labels):
        assert strict.ignored_l[row] == (label.to is None)
        assert strict.class_l[row] == (-1 if label.to is None else tree.names.index(label.to))
        if label.to is None:
            assert not strict.target_lk[row].any()
            assert not strict.known_lk[row].any()
            assert not plain.known_lk[row].any()
        elif not label.one_of:
            for k, name in enumerate(tree.names):
                above, beneath = is_above(tree, name, label.to), is_above(tree, label.to, name)
                told = above or not beneath
                assert strict.target_lk[row, k] == plain.target_lk[row, k] == above
                assert strict.known_lk[row, k] == told
                assert plain.known_lk[row, k] == (told and (above or bool(strict.covered_k[k])))


@TREES
@given(worlds())
def test_tables_never_say_what_could_be_false(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    tree, taxonomy = world
    told = tables(tree, taxonomy)
    drawn_kinds = set[str]().union(*(kinds(tree, name) for label in taxonomy.labels for name in label.drawn))
    for k, name in enumerate(tree.names):
        assert told.covered_k[k] == (kinds(tree, name) <= drawn_kinds)
        for row, label in enumerate(taxonomy.labels):
            may_be = set[str]().union(*(kinds(tree, each) for each in label.drawn))
            if told.known_lk[row, k]:
                assert told.target_lk[row, k] == (may_be <= kinds(tree, name))
                assert told.target_lk[row, k] or not (may_be & kinds(tree, name))


@TREES
@given(worlds(), st.randoms(use_true_random=False))
def test_order_of_classes_and_labels_only_permutes_the_tables(
    world: tuple[SuperTaxonomy, Taxonomy], rng: random.Random
) -> None:
    tree, taxonomy = world
    shuffled_tree = SuperTaxonomy("tree", 1, tuple(rng.sample(tree.classes, len(tree))))
    shuffled = Taxonomy("t", 1, "tree", tuple(rng.sample(taxonomy.labels, len(taxonomy))), taxonomy.rules)
    columns = [shuffled_tree.index(name) for name in tree.names]
    rows = [shuffled.index(name) for name in taxonomy.names]
    for make in (tables, naive_tables):
        one, other = make(tree, taxonomy), make(shuffled_tree, shuffled)
        assert np.array_equal(one.target_lk, other.target_lk[rows][:, columns])
        assert np.array_equal(one.known_lk, other.known_lk[rows][:, columns])
        assert np.array_equal(one.covered_k, other.covered_k[columns])
        assert np.array_equal(one.box_weight_k, other.box_weight_k[columns])
        assert np.array_equal(one.ignored_l, other.ignored_l[rows])


@TREES
@given(worlds(), st.data())
def test_another_label_never_uncovers_a_class(world: tuple[SuperTaxonomy, Taxonomy], data: st.DataObject) -> None:
    tree, taxonomy = world
    more = Taxonomy("t", 1, "tree", (*taxonomy.labels, data.draw(labels(tree, "more"))))
    assert (tables(tree, more).covered_k >= tables(tree, taxonomy).covered_k).all()
    fewer = (~tables(tree, taxonomy, exclusive=False).known_lk.astype(bool)).sum()
    assert (~tables(tree, more, exclusive=False).known_lk[:-1].astype(bool)).sum() <= fewer


@given(st.integers(1, 8))
def test_a_flat_fully_labeled_taxonomy_masks_nothing(size: int) -> None:
    tree = SuperTaxonomy("flat", 1, tuple(ClassNode(f"c{k}") for k in range(size)))
    taxonomy = Taxonomy("t", 1, "flat", tuple(Label(f"L{k}", f"c{k}") for k in range(size)))
    for exclusive in (True, False):
        full = tables(tree, taxonomy, exclusive=exclusive)
        assert full.known_lk.all()
        assert full.covered_k.all()
        assert np.array_equal(full.target_lk, np.eye(size))


@TREES
@given(worlds())
def test_column_masking_knows_no_more_than_tree_masking(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    strict, plain = tables(*world), tables(*world, exclusive=False)
    assert (plain.known_lk <= strict.known_lk).all()
    assert np.array_equal(plain.target_lk, strict.target_lk)
    assert (plain.target_lk <= plain.known_lk).all()
    negatives = (plain.known_lk > 0) & (plain.target_lk == 0)
    assert (negatives <= (plain.covered_k > 0)).all()


@TREES
@given(worlds())
def test_what_old_shapes_of_a_split_label_are_told_is_true_of_each_part(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    tree, parts = world
    assume(len(parts) > 1)
    old = Taxonomy("t", 1, "tree", (Label("whole", "gone"),))
    heirs = tuple(replace(label, since=("whole",)) for label in parts.labels)
    new = Taxonomy("t", 2, "tree", heirs)
    told = tables(tree, renewed(old, new, tree))
    assert carried(old, new, tree)["whole"].change == "split"
    may_be = set[str]().union(*(kinds(tree, name) for label in heirs for name in label.drawn))
    for k, name in enumerate(tree.names):
        if told.known_lk[0, k]:
            assert told.target_lk[0, k] == (may_be <= kinds(tree, name))
            assert told.target_lk[0, k] or not (may_be & kinds(tree, name))
        assert told.covered_k[k] == (kinds(tree, name) <= may_be)


@TREES
@given(st.lists(worlds(), min_size=1, max_size=4))
def test_a_bank_holds_each_taxonomy_and_pads_with_nothing(worlds_t: list[tuple[SuperTaxonomy, Taxonomy]]) -> None:
    tree = worlds_t[0][0]
    every = [tables(tree, Taxonomy("t", 1, "tree", tuple(fitting(tree, taxonomy)))) for _, taxonomy in worlds_t]
    stacked = bank(every)
    for t, one in enumerate(every):
        count = len(one.ignored_l)
        assert np.array_equal(stacked.target_tlk[t, :count], one.target_lk)
        assert np.array_equal(stacked.known_tlk[t, :count], one.known_lk)
        assert np.array_equal(stacked.covered_tk[t], one.covered_k)
        assert np.array_equal(stacked.ignored_tl[t, :count], one.ignored_l)
        assert np.array_equal(stacked.box_weight_tk[t], one.box_weight_k)
        assert np.array_equal(stacked.class_tl[t, :count], one.class_l)
        assert not stacked.target_tlk[t, count:].any()
        assert not stacked.known_tlk[t, count:].any()
        assert stacked.ignored_tl[t, count:].all()
        assert (stacked.class_tl[t, count:] == -1).all()
    assert {array.dtype.name for array in (stacked.target_tlk, stacked.known_tlk, stacked.covered_tk)} == {"float32"}


def fitting(tree: SuperTaxonomy, taxonomy: Taxonomy) -> list[Label]:
    return [Label(label.name, label.to if label.to in tree else None) for label in taxonomy.labels]


def row(told: Tables, street: SuperTaxonomy, table: str, label: int) -> set[str]:
    return {street.names[k] for k in np.flatnonzero(getattr(told, table)[label])}


def test_the_demo_of_the_street(street: SuperTaxonomy, aurora: Taxonomy, basalt: Taxonomy, corax: Taxonomy) -> None:
    every = set(street.names)
    a, b, c = (tables(street, taxonomy) for taxonomy in (aurora, basalt, corax))
    assert row(a, street, "target_lk", 0) == {"person"}
    assert row(a, street, "known_lk", 0) == every - {"adult", "child"}
    assert row(a, street, "known_lk", 1) == set()
    assert {street.names[k] for k in np.flatnonzero(a.covered_k)} == {"person", "adult", "child"}
    assert row(b, street, "target_lk", 2) == {"vehicle", "car"}
    assert row(b, street, "known_lk", 2) == every
    assert {street.names[k] for k in np.flatnonzero(b.covered_k)} == {"person", "adult", "child", "car", "truck"}
    assert row(c, street, "known_lk", 0) == every - {"car", "truck", "bus"}
    plain = tables(street, basalt, exclusive=False)
    assert row(plain, street, "known_lk", 2) == {"person", "adult", "child", "vehicle", "car", "truck"}


def test_a_label_that_is_one_of_several_classes_covers_only_those() -> None:
    tree = SuperTaxonomy.from_document(
        {"super-taxonomy": "s", "classes": {"vehicle": {"children": {"car": {}, "bicycle": {}, "motorbike": {}}}}}
    )
    label = Label("Two_wheeler", "vehicle", one_of=("bicycle", "motorbike"))
    told = tables(tree, Taxonomy("t", 1, "s", (label,)))
    assert told.target_lk.tolist() == [[1, 0, 0, 0]]
    assert told.known_lk.tolist() == [[1, 1, 0, 0]]
    assert told.covered_k.tolist() == [0, 0, 1, 1]
    words = {each.name: each.state for each in coverage_words(tree, Taxonomy("t", 1, "s", (label,)))}
    assert words == {
        "vehicle": "in part",
        "car": "not labeled",
        "bicycle": "coarse only",
        "motorbike": "coarse only",
    }


def test_naive_tables_take_what_is_not_drawn_for_background(street: SuperTaxonomy, aurora: Taxonomy) -> None:
    naive = naive_tables(street, aurora)
    assert row(naive, street, "target_lk", 0) == {"person"}
    assert naive.known_lk[0].all()
    assert naive.covered_k.all()
    assert naive.ignored_l.tolist() == [False, True]
    assert not naive.known_lk[1].any()


def test_naive_targets_are_single(street: SuperTaxonomy, basalt: Taxonomy) -> None:
    assert naive_tables(street, basalt).target_lk.sum(axis=1).tolist() == [1, 1, 1, 1]


@TREES
@given(worlds())
def test_no_way_of_masking_contradicts_what_a_label_says(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    """What a label says is known; what it cannot tell apart is known to the naive way alone."""
    for masking in ("tree", "column", "none"):
        told = masked_tables(*world, masking)
        assert (told.known_lk >= told.target_lk).all()
        assert (told.known_lk[told.ignored_l] == 0).all()
        open_lk = (tables(*world).known_lk == 0) & ~told.ignored_l[:, None]
        assert (told.known_lk[open_lk] == (masking == "none")).all()


@TREES
@given(worlds())
def test_column_masks_are_whole_columns_where_the_label_leaves_them_be(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    told, exact = masked_tables(*world, "column"), tables(*world)
    silent_lk = (exact.known_lk > 0) & (exact.target_lk == 0)
    columns_lk = np.broadcast_to(told.covered_k, told.known_lk.shape)
    assert np.array_equal(told.known_lk[silent_lk], columns_lk[silent_lk])


@TREES
@given(worlds())
def test_nothing_but_the_masks_differs_between_the_ways(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    tree = masked_tables(*world, "tree")
    for masking in ("column", "none"):
        other = masked_tables(*world, masking)
        for name in ("target_lk", "ignored_l", "box_weight_k", "class_l"):
            assert np.array_equal(getattr(other, name), getattr(tree, name))
    flat = masked_tables(*world, "none", flat=True)
    assert (flat.target_lk.sum(axis=1) == ~flat.ignored_l).all()
    assert (flat.target_lk <= tree.target_lk).all()


def test_box_weights_follow_the_rules_that_differ(street: SuperTaxonomy, basalt: Taxonomy, corax: Taxonomy) -> None:
    weights = tables(street, basalt, rule_weight=0.25).box_weight_k
    assert {street.names[k] for k in np.flatnonzero(weights < 1)} == {"vehicle", "car", "truck", "bus"}
    assert weights.min() == 0.25
    assert (tables(street, corax).box_weight_k == 1).all()
    assert (tables(street, basalt, rule_weight=1).box_weight_k == 1).all()


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_rule_weight_out_of_range_is_refused(street: SuperTaxonomy, basalt: Taxonomy, weight: float) -> None:
    with pytest.raises(BadInput, match="from 0 to 1"):
        tables(street, basalt, rule_weight=weight)


def test_every_missing_class_is_named_with_the_nearest_one(street: SuperTaxonomy) -> None:
    taxonomy = Taxonomy("t", 1, "street", (Label("A", "adlt"), Label("C", "car"), Label("V", "vehicles")))
    for use in (tables, naive_tables, coverage_words):
        with pytest.raises(BadTaxonomy) as caught:
            use(street, taxonomy)
        message = str(caught.value)
        assert "'A' maps to 'adlt'" in message
        assert "'V' maps to 'vehicles', which version 1 of 'street' does not have" in message
        assert "'adult'" in message
        assert "'C'" not in message


def test_one_of_must_stand_beneath_its_class(street: SuperTaxonomy) -> None:
    taxonomy = Taxonomy("t", 1, "street", (Label("A", "vehicle", one_of=("car", "adult")),))
    with pytest.raises(BadTaxonomy, match="one of 'adult', which do not stand beneath 'vehicle'"):
        tables(street, taxonomy)


def test_a_bank_of_nothing_or_of_different_trees_is_refused(street: SuperTaxonomy, aurora: Taxonomy) -> None:
    with pytest.raises(BadInput, match="at least one"):
        bank([])
    small = SuperTaxonomy("street", 2, (ClassNode("person"),))
    with pytest.raises(BadInput, match=r"\[1, 9\] classes"):
        bank([tables(street, aurora), tables(small, aurora)])


@TREES
@given(worlds())
def test_coverage_in_words_agrees_with_the_tables(world: tuple[SuperTaxonomy, Taxonomy]) -> None:
    tree, taxonomy = world
    told = tables(tree, taxonomy)
    for k, each in enumerate(coverage_words(tree, taxonomy)):
        assert each.name == tree.names[k]
        assert bool(told.covered_k[k]) == (each.state in {"covered", "coarse only", "by its children"})
        assert bool(each.labels) == (each.state != "not labeled")
        trained = [taxonomy[name] for name in each.labels if not taxonomy[name].ignored]
        if each.state == "coarse only":
            assert all(label.to != each.name for label in trained)


def test_coverage_of_the_street_in_words(street: SuperTaxonomy, basalt: Taxonomy, corax: Taxonomy) -> None:
    of_basalt = {name: (state, labels_) for name, state, labels_ in coverage_words(street, basalt)}
    assert of_basalt["person"] == ("by its children", ("Pedestrian_adult", "Pedestrian_child"))
    assert of_basalt["car"] == ("covered", ("Car",))
    assert of_basalt["vehicle"] == ("in part", ("Car", "Truck"))
    assert of_basalt["bus"] == ("not labeled", ())
    of_corax = {name: (state, labels_) for name, state, labels_ in coverage_words(street, corax)}
    assert of_corax["bus"] == ("coarse only", ("Vehicle",))
