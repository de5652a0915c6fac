import numpy as np
import pytest

from sabbatical.core.errors import BadInput, EmptyDataset
from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import UNLABELED
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

from .worlds import COARSE, COARSE_ANIMAL, COARSE_STONE, FINE, FINE_CAT, FINE_PLANT, SUPER, TAXONOMIES, row, targets


def test_a_coarse_label_says_nothing_of_its_children():
    target, mask = targets().rows(row(COARSE, COARSE_ANIMAL))
    assert target.tolist() == [[1, 0, 0, 0]]
    assert mask.tolist() == [[1, 0, 0, 1]]


def test_a_fine_label_speaks_for_its_parent_and_against_its_siblings():
    target, mask = targets().rows(row(FINE, FINE_CAT))
    assert target.tolist() == [[1, 1, 0, 0]]
    assert mask.tolist() == [[1, 1, 1, 1]]


def test_what_is_no_animal_says_nothing_of_cats_given_animals():
    assert targets().rows(row(FINE, FINE_PLANT))[1].tolist() == [[1, 0, 0, 1]]


def test_column_masking_believes_in_absence_only_where_a_taxonomy_looks():
    cats = Taxonomy.from_yaml("{taxonomy: cats, super-taxonomy: living, labels: {Cat: cat}}")
    assert TargetTables.of(SUPER, [cats], "column").rows(row(0, 0))[1].tolist() == [[1, 1, 0, 0]]
    assert TargetTables.of(SUPER, [cats], "tree").rows(row(0, 0))[1].tolist() == [[1, 1, 1, 1]]


def test_over_a_flat_tree_column_masks_are_the_columns_that_a_taxonomy_covers():
    flat = SuperTaxonomy.from_yaml("{super-taxonomy: living, classes: [cat, dog, plant]}")
    some = [
        Taxonomy.from_yaml(f"{{taxonomy: t{n}, super-taxonomy: living, labels: {{{labels}}}}}")
        for n, labels in enumerate(["Cat: cat, Dog: dog", "Plant: plant, Rock: ignore"])
    ]
    columns = row(0, 0).join(row(0, 1)).join(row(1, 0)).join(row(1, 1))
    target, mask = TargetTables.of(flat, some, "column").rows(columns)
    assert mask.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert target.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_what_a_customer_never_looks_at_is_denied_in_doubt():
    cats = Taxonomy.from_yaml("{taxonomy: cats, super-taxonomy: living, labels: {Cat: cat}}")
    doubtful = TargetTables.of(SUPER, [cats, *TAXONOMIES], "none").doubtful(row(0, 0).join(row(2, FINE_CAT)))
    assert doubtful.tolist() == [[False, False, True, True], [False] * 4]


def test_the_naive_super_dataset_takes_what_is_not_said_for_absent():
    target, mask = targets("none").rows(row(COARSE, COARSE_ANIMAL))
    assert target.tolist() == [[1, 0, 0, 0]]
    assert mask.tolist() == [[1, 1, 1, 1]]


@pytest.mark.parametrize("masking", ["none", "column", "tree"])
def test_ignored_and_missing_labels_teach_nothing(masking):
    columns = row(COARSE, COARSE_STONE).join(row(0, UNLABELED)).join(row(FINE, FINE_CAT))
    target, mask = targets(masking).rows(columns)
    assert mask[:2].sum() == target[:2].sum() == 0
    assert mask[2].sum() == 4


def test_no_label_at_all_is_refused():
    with pytest.raises(EmptyDataset):
        targets().rows(row(0, UNLABELED))


@pytest.mark.parametrize(("taxonomy", "label"), [(2, 0), (-1, 0), (0, 3), (0, -2)])
def test_a_label_outside_the_tables_is_named(taxonomy, label):
    with pytest.raises(BadInput, match=r"text 1: Label .* of taxonomy"):
        targets().rows(row(FINE, FINE_CAT).join(row(taxonomy, label)))


def test_permuting_taxonomies_permutes_nothing_else():
    plain = targets().rows(row(FINE, FINE_CAT))
    swapped = TargetTables.of(SUPER, TAXONOMIES[::-1], "tree").rows(row(1 - FINE, FINE_CAT))
    np.testing.assert_array_equal(plain, swapped)
