"""Several text models, or several blocks of columns of one, that answer as one; see `learning.parts`.

    heads       A network shares its layers, and each customer has outputs of its own. A linear model has no layers to
                share: its classes are solved one by one, so what the customers share is how words are counted.
    customers   A model for each customer, from its texts alone, down to which words there are.
    classes     A model for each class, from the texts of those who label it. Linear classes are solved alone anyway:
                all that are learned from the same customers are kept as the columns of one model.

A column speaks of its class given the class above it, where its texts showed both sides; where several speak, they are
averaged. Nothing was learned across them: a model that has only seen a bank takes every text for one to a bank.

Legend: n texts, k classes, c columns of all parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from sabbatical.core.errors import NotFound
from sabbatical.core.progress import Part as Share
from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.parts import Part, parts_of
from sabbatical.learning.text import store
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import UNLABELED, Floats, Ints, TextColumns
from sabbatical.taxonomy import TableBank
from sabbatical.taxonomy.names import did_you_mean

QUIET = Quiet()


class JoinedModel:
    """The columns of all parts over one tree; see `fit`.

    `class_c` int64 is the class of each column, `weight_c` float32 how much it counts for it, and `owner_c` int64 the
    place in `customers` of the one who taught it alone, -1 where several did.
    """

    kind = "joined"

    def __init__(
        self,
        tree: ClassTree,
        parts: Mapping[str, Any],
        customers: Sequence[str],
        class_c: Ints,
        weight_c: Floats,
        owner_c: Ints,
    ) -> None:
        self.tree = tree
        self.parts = parts
        self.customers = tuple(customers)
        self.class_c, self.weight_c, self.owner_c = class_c, weight_c, owner_c
        many_k = np.bincount(class_c, weight_c > 0, len(tree))
        self._untold_k = np.where(many_k > 0, 0, tree.even_chance()).astype(np.float32)
        shape = (len(class_c), len(tree))
        self._share_ck = csr_matrix((weight_c, (np.arange(len(class_c)), class_c)), shape=shape)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.tree.names

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class."""
        chance_nc = np.concatenate([part.chances(texts) for part in self.parts.values()], axis=1)
        chance_nk = chance_nc @ self._share_ck + self._untold_k
        return self.tree.probabilities(np.asarray(chance_nk, np.float32))

    def of(self, customer: str) -> JoinedModel:
        """What one customer's own columns say alone; classes that it does not know stay at even chance.

        Raises:
            NotFound: no column is that customer's own.
        """
        own_c = self.owner_c == (self.customers.index(customer) if customer in self.customers else len(self.customers))
        if not own_c.any():
            raise NotFound(f"No part of the model is {customer}'s own.", hint=did_you_mean(customer, self.customers))
        weight_c = _averaging(self.class_c, np.where(own_c, self.weight_c, 0), len(self.tree))
        return JoinedModel(self.tree, self.parts, self.customers, self.class_c, weight_c, self.owner_c)

    @classmethod
    def fit(
        cls,
        fit_part: Callable[..., Any],
        recipe: TextRecipe,
        columns: TextColumns,
        targets: TargetTables,
        customers: Sequence[str],
        progress: Progress = QUIET,
        checkpoint: Path | None = None,
    ) -> JoinedModel:
        """Train one part after the other, each from the texts of its own customers.

        Args:
            fit_part: answers the model of a part, of its texts, targets, progress and folder for checkpoints.
            customers: whose each row of the tables is.

        Raises:
            EmptyDataset, Interrupted, Conflict: as a model of all does.
        """
        parts = _parts(recipe, columns, targets, customers)
        names = list(dict.fromkeys(customers))
        models: dict[str, Any] = {}
        class_c: list[int] = []
        weight_c: list[Floats] = []
        owner_c: list[Ints] = []
        for number, part in enumerate(parts):
            share = Share(progress, number / len(parts), (number + 1) / len(parts))
            own = columns.take(np.isin(columns.taxonomy_n, part.rows))
            aims = targets.part(part, alone=recipe.models == "classes")
            models[part.name] = fit_part(own, aims, share, checkpoint / part.name if checkpoint else None)
            class_c += part.class_c
            weight_c.append(_speaking(aims, own))
            owner_c.append(_owners(part, names, customers))
        places_c = np.array(class_c, np.int64)
        weights_c = _averaging(places_c, np.concatenate(weight_c), len(targets.tree))
        return cls(targets.tree, models, names, places_c, weights_c, np.concatenate(owner_c))

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        documents = {name: {"kind": part.kind, **part.to_document()} for name, part in self.parts.items()}
        tensors = {
            f"{number}/{key}": value
            for number, part in enumerate(self.parts.values())
            for key, value in part.tensors().items()
        }
        document = {
            "tree": self.tree.to_document(),
            "customers": self.customers,
            "parts": documents,
            "order": list(documents),
        }
        columns = {"class_c": self.class_c, "weight_c": self.weight_c, "owner_c": self.owner_c}
        store.write(path, self.kind, document, tensors | columns)

    @classmethod
    def read(
        cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], restore: Callable[..., Any]
    ) -> JoinedModel:
        """The model that `save` wrote, each part by `restore(kind, document, tensors)`."""
        parts = {
            name: restore(document["parts"][name]["kind"], document["parts"][name], store.beneath(str(number), tensors))
            for number, name in enumerate(document["order"])
        }
        tree, columns = ClassTree.from_document(document["tree"]), ("class_c", "weight_c", "owner_c")
        return cls(tree, parts, document["customers"], *(tensors[name] for name in columns))


def _parts(recipe: TextRecipe, columns: TextColumns, targets: TargetTables, customers: Sequence[str]) -> list[Part]:
    """The parts; linear models of classes that are learned from the same customers are one."""
    rows = np.unique(columns.taxonomy_n[columns.label_n != UNLABELED]).tolist()
    parts = parts_of(recipe.models, targets.bank, customers, targets.tree.names, rows)
    if recipe.models != "classes" or recipe.model != "linear":
        return parts
    together: dict[tuple[int, ...], list[int]] = {}
    for part in parts:
        together.setdefault(part.rows, []).extend(part.class_c)
    return [_columns_of(targets.bank, rows, class_c, customers) for rows, class_c in together.items()]


def _columns_of(bank: TableBank, rows: tuple[int, ...], class_c: list[int], customers: Sequence[str]) -> Part:
    own = replace(bank, target_tlk=bank.target_tlk[:, :, class_c], known_tlk=bank.known_tlk[:, :, class_c])
    return Part(" and ".join(dict.fromkeys(customers[t] for t in rows)), rows, tuple(class_c), own)


def _speaking(targets: TargetTables, columns: TextColumns) -> Floats:
    """float32[c]: 1 for a column whose texts showed both sides, a little for one side, 0 for a column of no text."""
    target_nc, mask_nc = targets.rows(columns)
    yes_c, no_c = (mask_nc * target_nc).sum(axis=0) > 0, (mask_nc * (1 - target_nc)).sum(axis=0) > 0
    return np.where(yes_c & no_c, 1.0, np.where(yes_c | no_c, 1e-6, 0.0)).astype(np.float32)


def _owners(part: Part, names: Sequence[str], customers: Sequence[str]) -> Ints:
    """int64[c]: the customer that alone teaches each column, -1 where several do."""
    taught_tc: NDArray[np.bool_] = np.any(part.bank.target_tlk > 0, axis=1)
    owners = [{names.index(customers[t]) for t in part.rows if taught_tc[t, c]} for c in range(taught_tc.shape[1])]
    return np.array([own.pop() if len(own) == 1 else -1 for own in owners], np.int64)


def _averaging(class_c: Ints, speaking_c: Floats, classes: int) -> Floats:
    total_k = np.bincount(class_c, speaking_c, classes)
    return (speaking_c / np.maximum(total_k[class_c], 1e-30)).astype(np.float32)
