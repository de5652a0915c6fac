"""The tasks of texts: which texts, which tree, and who labels what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from sabbatical.catalogue.adapters.intents import CUSTOMERS
from sabbatical.catalogue.workbench import read_csv
from sabbatical.core.errors import NotFound
from sabbatical.learning.text.texts import TextColumns
from sabbatical.study.texts import TextTask, without
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, parse_yaml
from sabbatical.taxonomy.names import did_you_mean

Data = Callable[[str], Path]
Rows = list[tuple[str, int, str]]
"""A text, the place of its taxonomy, and its label."""
LINEAR = {"model": "linear", "linear": {"offsets": 3.0}}


def text_task(name: str, data: Data) -> TextTask:
    """The task of a name. `data` answers the folder of a data set of the catalogue. Raises NotFound."""
    if name not in _TASKS:
        raise NotFound(f"There is no study of texts on '{name}'.", hint=did_you_mean(name, _TASKS))
    return _TASKS[name](data)


def _intents(data: Data) -> TextTask:
    """Three sets of intents, each a customer of one tree."""
    folder = Path(str(resources.files("sabbatical.catalogue") / "intents"))
    tree = SuperTaxonomy.read(folder / "intents.yaml")
    links = read_csv(folder / "links.csv")
    taxonomies = [
        _taxonomy(customer, tree, {row["label"]: row["class"] for row in links if row["customer"] == customer})
        for customer in CUSTOMERS
    ]
    parts: dict[str, Rows] = {"train": [], "test": []}
    for t, (customer, (column, splits)) in enumerate(CUSTOMERS.items()):
        for split, files in splits.items():
            for file in files:
                rows = read_csv(data(f"intents-{customer}") / f"{file}.csv")
                parts[split] += [(row["text"], t, row[column]) for row in rows]
    test = _columns(parts["test"], taxonomies)
    return TextTask(
        "intents", tree, taxonomies, without(_columns(parts["train"], taxonomies), test), test, None, LINEAR
    )


FREE = 10
"""A free tag of fewer training texts is too rare to be learned."""
SIX = ("natural-language-processing", "computer-vision")
"""Of the six tags, those that free tags divide."""


def _projects(data: Data) -> TextTask:
    """Made With ML: a third of the texts each by four tags, by six, and by the tasks among the free tags.

    All three kinds of tags are known of every text, so there is an oracle; texts of the holdout judge.
    """
    raw = data("made-with-ml")
    tags = {split: _tags(raw, split) for split in ("dataset", "holdout")}
    tasks = _tasks_among(raw, tags["dataset"])
    tree, taxonomies = _project_tree(tasks)
    full = {split: _rows(own, tasks) for split, own in tags.items()}
    texts = sorted({text for text, _, _ in full["dataset"]})
    turn = {texts[place]: number % 3 for number, place in enumerate(np.random.default_rng(4).permutation(len(texts)))}
    customers = [row for row in full["dataset"] if turn[row[0]] == row[1]]
    test = _columns(full["holdout"], taxonomies)
    training, oracle = (without(_columns(rows, taxonomies), test) for rows in (customers, full["dataset"]))
    return TextTask("made-with-ml", tree, taxonomies, training, test, oracle, LINEAR)


def _tags(raw: Path, split: str) -> list[tuple[str, str, str, Sequence[str]]]:
    """Of each text: the text, its tag of four, of six, and its free tags."""
    free = json.loads((raw / "versions/2021-05-10_projects.json").read_text("utf-8"))
    free_of = {str(row["id"]): row["tags"] for row in free}
    six_of = {row["id"]: row["tag"] for row in read_csv(raw / f"versions/2023-04-30_{split}.csv")}
    rows = [row for row in read_csv(raw / f"{split}.csv") if row["id"] in six_of]
    return [(f"{row['title']} {row['description']}", row["tag"], six_of[row["id"]], free_of[row["id"]]) for row in rows]


def _tasks_among(raw: Path, rows: Sequence[tuple[str, str, str, Sequence[str]]]) -> dict[str, str]:
    """The free tags that name a task of a field, with the field: what the data set's own list of tags puts under it.

    `transformers` is left out: it says how something was done, not what.
    """
    listed = json.loads((raw / "versions/2021-02-25_tags.json").read_text("utf-8"))
    above = {row["tag"]: [parent for parent in row["parents"] if parent in SIX] for row in listed}
    found = Counter((tag, six) for _, _, six, free in rows for tag in free if six in above.get(tag, ()))
    return {tag: six for (tag, six), many in found.items() if many >= FREE and tag != "transformers"}


def _rows(rows: Sequence[tuple[str, str, str, Sequence[str]]], tasks: Mapping[str, str]) -> Rows:
    """Every label of every text; of several tasks the one that is named last, as the list goes from broad to fine."""
    told: Rows = []
    for text, four, six, free in rows:
        own = [tag for tag in free if tasks.get(tag) == six]
        told += [(text, 0, four), (text, 1, six)]
        told += [(text, 2, own[-1])] if own else [(text, 2, six)] if six not in SIX else []
    return told


def _project_tree(tasks: Mapping[str, str]) -> tuple[SuperTaxonomy, list[Taxonomy]]:
    folder = resources.files("sabbatical.catalogue") / "made-with-ml"
    document = parse_yaml((folder / "projects.yaml").read_text("utf-8"))
    for tag in sorted(tasks):
        document["classes"][tasks[tag]].setdefault("children", {})[tag] = {}
    tree = SuperTaxonomy.from_document(document)
    six = [*SIX, "mlops", *tree.children("other")]
    free = [*sorted(tasks), *(name for name in six if name not in SIX)]
    labels = {"four": [*SIX, "mlops", "other"], "six": six, "free": free}
    return tree, [_taxonomy(name, tree, {label: label for label in own}) for name, own in labels.items()]


def _taxonomy(name: str, tree: SuperTaxonomy, labels: Mapping[str, str]) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": tree.name, "labels": dict(labels)})


def _columns(rows: Rows, taxonomies: Sequence[Taxonomy]) -> TextColumns:
    texts, taxonomy_n, labels = zip(*rows, strict=True)
    label_n = [taxonomies[t].index(label) for t, label in zip(taxonomy_n, labels, strict=True)]
    return TextColumns(texts, np.array(taxonomy_n, np.int64), np.array(label_n, np.int64))


_TASKS: Mapping[str, Callable[[Data], TextTask]] = {"intents": _intents, "made-with-ml": _projects}
TEXT_TASKS: Mapping[str, tuple[str, ...]] = {
    "intents": tuple(f"intents-{customer}" for customer in CUSTOMERS),
    "made-with-ml": ("made-with-ml",),
}
