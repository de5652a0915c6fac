"""Who has outputs of their own: all customers together, each customer, or each class.

The ways to learn from many taxonomies that people use today, and the one that this project is for, are one thing cut
differently. A part is one network with the rows of the table bank (customers) that it learns from and the class that
each of its output columns tells:

    one         one part, one column a class                        every customer teaches every column as the masks say
    heads       one part, a block of columns for each customer      a customer teaches its own block alone
    customers   a part for each customer, its own classes           joined when it predicts
    classes     a part for each class, of those who draw it         joined when it predicts

A head for each taxonomy on a shared backbone is column masking over the disjoint union of the label sets: the last
layer has a block of columns for each customer, and masks see to it that nobody else teaches it.

Legend: t rows of the bank; l labels; k classes; c output columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sabbatical.taxonomy import TableBank

Models = Literal["one", "heads", "customers", "classes"]
MODELS: tuple[str, ...] = get_args(Models)


@dataclass(frozen=True, eq=False)
class Part:
    """One network of a model.

    Attributes:
        name: whose it is, for people and folders.
        rows: rows of the bank whose samples it learns from.
        class_c: the class of each of its columns.
        bank: the tables of all rows over its columns; rows that are not its own stay as they are and are not asked for.
        blocks: the columns that are each customer's own, of heads.
    """

    name: str
    rows: tuple[int, ...]
    class_c: tuple[int, ...]
    bank: TableBank
    blocks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def parts_of(
    models: Models, bank: TableBank, customer_t: Sequence[str], classes: Sequence[str], rows: Collection[int]
) -> list[Part]:
    """The networks that a model is made of.

    Args:
        models: the cut, see the head of this file.
        bank: the tables of every row, over all classes.
        customer_t: whose each row is; several rows may be one customer's (versions, twins for partial images).
        classes: names of all classes.
        rows: those that there are samples of; nobody else gets a network or columns.
    """
    everyone, every = tuple(sorted(rows)), tuple(range(len(classes)))
    drawn_tk: NDArray[np.bool_] = bank.target_tlk.max(axis=1) > 0
    drawn_tk[np.setdiff1d(np.arange(len(drawn_tk)), everyone)] = False
    names = dict.fromkeys(customer_t[t] for t in everyone)
    rows_of = {name: tuple(t for t in everyone if customer_t[t] == name) for name in names}
    if models == "one":
        return [Part("one", everyone, every, bank)]
    if models == "classes":
        shown = [(k, tuple(np.flatnonzero(drawn_tk[:, k]).tolist())) for k in every]
        return [Part(classes[k], rows, (k,), _columns(bank, (k,))) for k, rows in shown if rows]
    columns_of = {name: _any(drawn_tk, rows) for name, rows in rows_of.items()}
    if models == "customers":
        return [Part(name, rows, columns_of[name], _columns(bank, columns_of[name])) for name, rows in rows_of.items()]
    blocks = [(rows_of[name], columns) for name, columns in columns_of.items()]
    class_c = tuple(k for _, columns in blocks for k in columns)
    own_tc = np.concatenate([_owned(len(customer_t), rows, len(columns)) for rows, columns in blocks], axis=1)
    own_c = np.repeat(np.arange(len(blocks)), [len(columns) for _, columns in blocks])
    named = {name: tuple(np.flatnonzero(own_c == n).tolist()) for n, name in enumerate(columns_of)}
    return [Part("heads", everyone, class_c, _owned_columns(_columns(bank, class_c), own_tc), named)]


def _any(drawn_tk: NDArray[np.bool_], rows: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(drawn_tk[list(rows)].any(axis=0)).tolist())


def _owned(many: int, rows: tuple[int, ...], columns: int) -> NDArray[np.bool_]:
    own_tc = np.zeros((many, columns), np.bool_)
    own_tc[list(rows)] = True
    return own_tc


def _columns(bank: TableBank, class_c: tuple[int, ...]) -> TableBank:
    columns = list(class_c)
    return replace(
        bank,
        target_tlk=bank.target_tlk[:, :, columns],
        known_tlk=bank.known_tlk[:, :, columns],
        covered_tk=bank.covered_tk[:, columns],
        box_weight_tk=bank.box_weight_tk[:, columns],
    )


def _owned_columns(bank: TableBank, own_tc: NDArray[np.bool_]) -> TableBank:
    """The tables with every row silent about columns that are not its own."""
    own = own_tc.astype(np.float32)
    return replace(
        bank,
        target_tlk=bank.target_tlk * own[:, None],
        known_tlk=bank.known_tlk * own[:, None],
        covered_tk=bank.covered_tk * own,
    )
