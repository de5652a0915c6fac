"""A small world of texts with known answers: two customers, one coarse, one fine."""

from __future__ import annotations

import numpy as np

from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import Masking, TextColumns
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

SUPER = SuperTaxonomy.from_yaml("""
super-taxonomy: living
classes:
  animal: {synonyms: [beast], children: {cat: {synonyms: [feline, kitten]}, dog: {synonyms: [hound, puppy]}}}
  plant: {synonyms: [flower]}
""")
COARSE_LABELS = Taxonomy.from_yaml("""
taxonomy: coarse
super-taxonomy: living
labels: {Animal: animal, Plant: plant, Stone: ignore}
""")
FINE_LABELS = Taxonomy.from_yaml("""
taxonomy: fine
super-taxonomy: living
labels: {Cat: cat, Dog: dog, Plant: plant}
""")
TAXONOMIES = [COARSE_LABELS, FINE_LABELS]
ANIMAL, CAT, DOG, PLANT = range(4)
COARSE, FINE = 0, 1
COARSE_ANIMAL, COARSE_PLANT, COARSE_STONE = 0, 1, 2
FINE_CAT, FINE_DOG, FINE_PLANT = 0, 1, 2
WORDS = {
    (FINE, FINE_CAT): "purring whiskers kitten meow",
    (FINE, FINE_DOG): "barking puppy leash wag",
    (FINE, FINE_PLANT): "leaf root flower seed",
    (COARSE, COARSE_ANIMAL): "fur tail paw snout",
    (COARSE, COARSE_PLANT): "petal stem soil seed",
}


def targets(masking: Masking = "tree") -> TargetTables:
    return TargetTables.of(SUPER, TAXONOMIES, masking)


def row(taxonomy: int, label: int) -> TextColumns:
    return TextColumns(["a text"], np.array([taxonomy]), np.array([label]))


def sentences(n: int, seed: int = 0, taxonomies: tuple[int, ...] = (COARSE, FINE)) -> TextColumns:
    """`n` texts of four words each, three from the label's own and one from any."""
    rng = np.random.default_rng(seed)
    keys = [key for key in WORDS if key[0] in taxonomies]
    everything = " ".join(WORDS.values()).split()
    texts, taxonomy, label = [], [], []
    for _ in range(n):
        key = keys[rng.integers(len(keys))]
        texts.append(" ".join([*rng.choice(WORDS[key].split(), 3), rng.choice(everything)]))
        taxonomy.append(key[0])
        label.append(key[1])
    return TextColumns(texts, np.array(taxonomy), np.array(label))
