"""How often the mapping assistant is right: on taxonomies renamed, merged and split by chance, and on three sets of
intents against the mapping that people decided.

    SABBATICAL_DATA_MIRROR=... python -m benchmarks.proposals [--seeds 8] [--home FOLDER] [--fit]

Compared are names alone, the model alone and both, and as peers the same name, and the nearest by difflib. A proposal
is right if relation and classes are; what is left to a person is neither right nor wrong. Intervals are of 95 %, over
perturbations drawn anew (over labels, for the intents). Half of the intents' classes, the tags of Made With ML, COCO's
stuff and a model of roads tune (`--fit` writes the weights); all else gives the figures. What models find is kept in
the folder, so that the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import sabbatical
from benchmarks.mapping import boxes, intents, texts
from benchmarks.mapping.fitting import Case, fit
from benchmarks.mapping.perturbing import PLAIN, TUNING, Base, perturb
from benchmarks.measuring import publish
from sabbatical.taxonomy import SuperTaxonomy, proposing
from sabbatical.taxonomy.names import folded
from sabbatical.taxonomy.proposing import Sightings, propose
from sabbatical.taxonomy.proposing import weights as weighing

TUNED_FROM = 1000  # seeds of perturbations that tune
NAMES = 60  # perturbations of each base that tune names; 20 that judge them
EACH = (6, 20)  # texts of a class that teach, by turns: a weak model and a fair one
DRAWS = 2000
UNKNOWN = {
    "world": (("bus", "light"), ("child", "sign")),
    "bccd": (("Platelets",), ("WBC",)),
    "road": (("bike", "crosswalk", "traffic_sign"),),
}
RELATIONS = ("same", "child", "parent", "new")


@dataclass(frozen=True)
class Answer:
    """What was said of one label: left to a person, or a way to stand to the tree."""

    relation: str
    classes: Sequence[str]
    left: bool = False


Method = Callable[[Case], list[Answer]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=8)
    options.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "sabbatical-proposals")
    options.add_argument("--fit", action="store_true", help="write the weights first")
    asked = options.parse_args()
    mirror = Path(os.environ["SABBATICAL_DATA_MIRROR"])
    if asked.fit:
        named = [case for base in _tuning_bases(mirror) for case in _named(base, TUNED_FROM, NAMES, TUNING)]
        seen = [*_texts(mirror, asked, tuning=True), *_boxes(mirror, asked, ("road",), TUNED_FROM, TUNING)]
        file = Path(str(proposing.__file__)).parent / weighing.FILE
        file.write_text(fit(named, seen).to_json())
        weighing.fitted.cache_clear()
    rows: list[dict[str, Any]] = []
    for base in _judging_bases(mirror):
        rows += _rows(f"names: {base.name}", _named(base, 0, 20, PLAIN), ("exact", "difflib", "names"))
    for blurred in (False, True):
        cases = list(_texts(mirror, asked, tuning=False, blurred=blurred))
        rows += _rows(f"intents perturbed{', blurred' if blurred else ''}", cases, METHODS)
    for name in ("world", "bccd"):
        rows += _rows(f"boxes: {name}", list(_boxes(mirror, asked, (name,), 0, PLAIN)), METHODS)
    rows += _decided(mirror, asked.home)
    publish("proposals", rows)


def _named(base: Base, first: int, many: int, parts: Sequence[str]) -> list[Case]:
    customers = [perturb(base, first + seed, parts=parts) for seed in range(many)]
    return [Case(base.name, one.tree, dict(one.truth)) for one in customers if one.truth]


def _texts(mirror: Path, asked: argparse.Namespace, *, tuning: bool, blurred: bool | None = None) -> Iterator[Case]:
    """Perturbations of halves of the intents with what a linear model finds; to tune, both as it is and blurred."""
    for name in texts.SETS:
        part = texts.half(texts.read(name, mirror), tuning=tuning)
        for number in range(asked.seeds):
            seed = number + (TUNED_FROM if tuning else 0)
            customer = perturb(part.base, seed, parts=TUNING if tuning else PLAIN)
            kept = asked.home / "texts" / f"{name}-{seed}.npz"
            found = texts.look(part, customer, seed, EACH[number % 2], kept)
            for blur in (False, True) if blurred is None else (blurred,):
                sizes = len(customer.truth), len(customer.tree)
                seen = texts.sightings(found, *sizes, blurred=blur, seed=seed)
                yield Case(name, customer.tree, dict(customer.truth), seen)


def _boxes(
    mirror: Path, asked: argparse.Namespace, names: Sequence[str], first: int, parts: Sequence[str]
) -> Iterator[Case]:
    """Perturbations of pictures, each with the model that never learned the leaves that are new in it."""
    for name in names:
        if name == "world":
            pictures = boxes.world(asked.home / "world")
        else:
            folders = {"road": ("carla-sim", "road-signs")}.get(name, (name,))
            pictures = boxes.public(name, [mirror / folder for folder in folders])
        for unknown in UNKNOWN[name]:
            with sabbatical.open(home=asked.home / "workspace") as workspace:
                told = boxes.ask(workspace, asked.home / "pictures", pictures, frozenset(unknown))
            for seed in range(first, first + 2 * asked.seeds):
                customer = perturb(pictures.base, seed, parts=parts, new=unknown)
                yield Case(name, customer.tree, dict(customer.truth), boxes.sightings(told, customer))


def _tuning_bases(mirror: Path) -> list[Base]:
    halves = [texts.half(texts.read(name, mirror), tuning=True).base for name in texts.SETS]
    return [_tags(mirror), _coco(mirror, stuff=True), *halves]


def _judging_bases(mirror: Path) -> list[Base]:
    halves = [texts.half(texts.read(name, mirror), tuning=False).base for name in texts.SETS]
    road = boxes.public("road signs, carla, bccd", [mirror / name for name in ("carla-sim", "road-signs", "bccd")])
    return [_coco(mirror, stuff=False), road.base, boxes.STREETS, *halves]


def _tags(mirror: Path) -> Base:
    """The tags of Made With ML, with their first parents and their aliases."""
    rows = json.loads((mirror / "made-with-ml" / "versions" / "2021-02-25_tags.json").read_text())
    names = {row["tag"] for row in rows}
    firsts = {row["tag"]: next((one for one in row["parents"] if one in names), None) for row in rows}
    tops = {name for name, parent in firsts.items() if parent is None}
    parents = {name: parent if parent in tops else None for name, parent in firsts.items()}
    return Base("tags", parents, {row["tag"]: [one for one in row["aliases"] if one not in names] for row in rows})


def _coco(mirror: Path, *, stuff: bool) -> Base:
    """COCO's 80 things, or its stuff, each beneath what COCO puts above it."""
    rows = json.loads((mirror / "coco-permissive" / "panoptic.json").read_text())["categories"]
    chosen = [row for row in rows if bool(row["isthing"]) != stuff]
    above = {_plain(row["name"]): f"any {_plain(row['supercategory'])}" for row in chosen}
    parents: dict[str, str | None] = {**above, **dict.fromkeys(above.values())}
    return Base("coco stuff" if stuff else "coco", parents)


def _plain(name: str) -> str:
    return name.removesuffix("-merged").removesuffix("-stuff").removesuffix("-other")


def _proposed(case: Case, seen: Sightings | None, *, by_name: bool = True) -> list[Answer]:
    found = propose(case.labels, case.tree, seen, by_name=by_name)
    return [Answer(one.ways[0].relation, one.ways[0].classes, one.relation == "ambiguous") for one in found]


def _exact(case: Case) -> list[Answer]:
    names = _all_names(case.tree)
    return [_same(names.get(folded(label))) for label in case.labels]


def _difflib(case: Case) -> list[Answer]:
    names = _all_names(case.tree)
    near = [difflib.get_close_matches(folded(label), list(names), 1) for label in case.labels]
    return [_same(names[one[0]] if one else None) for one in near]


def _all_names(tree: SuperTaxonomy) -> dict[str, str]:
    return {folded(name): node.name for node in tree.classes for name in (*node.synonyms, node.name)}


def _same(name: str | None) -> Answer:
    return Answer("new", ()) if name is None else Answer("same", (name,))


METHODS: dict[str, Method] = {
    "exact": _exact,
    "difflib": _difflib,
    "names": lambda case: _proposed(case, None),
    "model": lambda case: _proposed(case, case.seen, by_name=False),
    "both": lambda case: _proposed(case, case.seen),
}


def _rows(what: str, cases: Sequence[Case], methods: Sequence[str] | dict[str, Method]) -> list[dict[str, Any]]:
    """One row a method, over all labels of some perturbations."""
    rows = []
    for method in methods:
        judged = [_judged(case, METHODS[method](case)) for case in cases]
        facts = {"perturbations": len(cases), "labels": sum(map(len, judged))}
        rows.append({"set": what, "method": method, **facts, **_figures(judged, [_relations(case) for case in cases])})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _relations(case: Case) -> list[str]:
    return ["new" if truth.groups else truth.relation for truth in case.truth.values()]


def _judged(case: Case, answers: Sequence[Answer]) -> np.ndarray[Any, Any]:
    """bool [labels, 3]: whether the likeliest way is right, whether it was proposed, whether it is right or near."""
    pairs = list(zip(case.truth.values(), answers, strict=True))
    right = [truth.fits(one.relation, one.classes) for truth, one in pairs]
    near = [truth.is_near(one.relation, one.classes, case.tree) for truth, one in pairs]
    return np.array([right, [not one.left for one in answers], near]).T


def _figures(judged: Sequence[np.ndarray[Any, Any]], relations: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Shares with intervals from perturbations drawn anew, and the likeliest way's share right by true relation."""
    rng = np.random.default_rng(0)
    every = np.concatenate(judged)
    kinds = np.array([kind for each in relations for kind in each])
    counts = np.array([_counts(each) for each in judged])
    drawn = counts[rng.integers(len(counts), size=(DRAWS, len(counts)))].sum(axis=1)
    shares = {"right": (0, 4), "proposed": (1, 4), "right_of_proposed": (0, 1), "near_of_proposed": (3, 1)}
    shares["likeliest_right"] = (2, 4)
    found: dict[str, Any] = {}
    for name, (part, of) in shares.items():
        ratios = drawn[:, part] / np.maximum(drawn[:, of], 1)
        low, high = np.quantile(ratios, [0.025, 0.975])
        value = counts[:, part].sum() / max(counts[:, of].sum(), 1)
        found[name] = round(float(value), 4)
        found[f"{name}_interval"] = [round(float(low), 4), round(float(high), 4)]
    by = {kind: round(float(every[kinds == kind, 0].mean()), 4) for kind in RELATIONS if (kinds == kind).any()}
    return found | {
        "likeliest_right_by_relation": by,
        "labels_by_relation": {kind: int((kinds == kind).sum()) for kind in by},
    }


def _counts(each: np.ndarray[Any, Any]) -> list[int]:
    """Right and proposed, proposed, right, near and proposed, all."""
    right, proposed, near = each.T
    return [int(one.sum()) for one in (right & proposed, proposed, right, near & proposed)] + [len(each)]


def _decided(mirror: Path, home: Path) -> list[dict[str, Any]]:
    """Each set of intents as the newcomer to the tree of the other two; labels are drawn anew for the intervals."""
    cases: list[tuple[Case, list[bool]]] = []
    for newcomer in intents.newcomers():
        found = intents.look(newcomer, mirror, home / "intents" / f"{newcomer.name}.npz")
        seen = texts.sightings(found, len(newcomer.truth), len(newcomer.tree))
        clear = [newcomer.clear[label] for label in newcomer.truth]
        cases.append((Case(newcomer.name, newcomer.tree, dict(newcomer.truth), seen), clear))
    rows = []
    for what, certain in (("intents decided", False), ("intents decided, clear ones", True)):
        for method, answer in METHODS.items():
            judged, relations = [], []
            for case, clear in cases:
                each = _judged(case, answer(case))
                kept = [row for row in range(len(each)) if clear[row] or not certain]
                judged += [each[row : row + 1] for row in kept]
                relations += [[_relations(case)[row]] for row in kept]
            rows.append({"set": what, "method": method, "labels": len(judged), **_figures(judged, relations)})
            print(json.dumps(rows[-1]), flush=True)
    return rows


if __name__ == "__main__":
    main()
