"""What is proposed for each label of a customer, with what speaks for it.

Legend: l labels, k classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sabbatical.taxonomy.names import listed
from sabbatical.taxonomy.proposing.hypotheses import Hypothesis, hypotheses, odds_of
from sabbatical.taxonomy.proposing.likeness import WORDED, Kind, Likeness, likeness
from sabbatical.taxonomy.proposing.sightings import Shares, Sightings, by_chance, shares, wilson
from sabbatical.taxonomy.proposing.weights import Weights, fitted
from sabbatical.taxonomy.tree import SuperTaxonomy

Verdict = Literal["same", "child", "parent", "new", "ambiguous"]
SHOWN_CLASSES = 3
SHOWN_WAYS = 3
LEAST_SHOWN = 0.1  # of the things of a label, on which a class is found
LEAST_CHANCE = 0.1  # of another way, to be named beside the best


@dataclass(frozen=True)
class Named:
    """How a label's name stands to a class: to its own, or to one of its synonyms."""

    class_name: str
    name: str
    kind: str
    words: str


@dataclass(frozen=True)
class Seen:
    """What a model finds on the things of a label: a class on `found` of `of`, where by chance it would on `chance`.

    `interval`: 95 %, of the share found. `p_value`: how likely so many are by chance. `hold`: how much of what the
    model finds to be the class has this label, were every label drawn equally often.
    """

    class_name: str
    found: int
    of: int
    interval: tuple[float, float]
    chance: float
    p_value: float
    hold: float


@dataclass(frozen=True)
class Proposal:
    """What one label is to the tree, as `chance` has it, and the next likeliest ways in which it may stand to it.

    `ambiguous` where none is likely enough, or where another label is likelier the same; `ways` says between what.
    """

    label: str
    relation: Verdict
    classes: tuple[str, ...]
    chance: float
    ways: tuple[Hypothesis, ...]
    names: tuple[Named, ...] = ()
    seen: tuple[Seen, ...] = ()
    looked_at: int = 0
    nothing: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def said(self) -> str:
        """`same as car`, `parent of car and truck`, `new`; of an ambiguous one what it may be."""
        if self.relation == "ambiguous" and (self.names or self.seen):
            return " or ".join(way_said(way.relation, way.classes) for way in self.ways)
        if self.relation == "ambiguous":
            return "nothing speaks for any class"
        return way_said(self.relation, self.classes)


def way_said(relation: str, classes: Sequence[str]) -> str:
    return "new" if not classes else f"{relation} {'as' if relation == 'same' else 'of'} {listed(classes)}"


def propose(
    labels: Sequence[str],
    tree: SuperTaxonomy,
    seen: Sightings | None = None,
    *,
    by_name: bool = True,
    weights: Weights | None = None,
) -> list[Proposal]:
    """What each label is to the tree: by its name, and by what a model finds on its things where that is known.

    Without `by_name` the names say nothing, as where they are codes.
    """
    weights = weights or fitted()
    alike = likeness(labels, tree)
    shared = shares(tree, seen) if seen is not None else None
    ranked = hypotheses(tree, odds_of(tree, alike if by_name else None, shared, weights, len(labels)), weights)
    found = []
    for row, label in enumerate(labels):
        ways = _ways(ranked[row])
        best = ways[0]
        made = Proposal(label, best.relation, best.classes, best.chance, ways)
        if best.chance < weights.sure:
            made = replace(made, relation="ambiguous")
        made = replace(made, names=_named(alike, row, tree, ways) if by_name else ())
        if seen is not None and shared is not None:
            made = replace(made, **_sighted(seen, shared, row, tree, ways))
        found.append(made)
    return _one_each(found)


def _ways(ranked: Sequence[Hypothesis]) -> tuple[Hypothesis, ...]:
    return (ranked[0], *(way for way in ranked[1:SHOWN_WAYS] if way.chance >= LEAST_CHANCE))


def _one_each(found: Sequence[Proposal]) -> list[Proposal]:
    """A class is the same as one label, the likeliest; a second one is for a person to look at."""
    best: dict[str, Proposal] = {}
    for one in found:
        if one.relation == "same" and (one.classes[0] not in best or one.chance > best[one.classes[0]].chance):
            best[one.classes[0]] = one
    settled = []
    for one in found:
        other = best.get(one.classes[0]) if one.relation == "same" else None
        if other is None or other is one:
            settled.append(one)
        else:
            note = f"'{other.label}' is more likely the same as {other.classes[0]}."
            settled.append(replace(one, relation="ambiguous", notes=(*one.notes, note)))
    return settled


def _named(alike: Likeness, row: int, tree: SuperTaxonomy, ways: Sequence[Hypothesis]) -> tuple[Named, ...]:
    """How the name stands to the classes of the likeliest ways, and to the one that is most alike."""
    places = [tree.index(name) for way in ways for name in way.classes[:SHOWN_CLASSES]]
    nearest = int((alike.kind_lk[row] - alike.score_lk[row].clip(0, 0.999)).argmin())
    found = []
    for k in dict.fromkeys([*places, nearest]):
        kind = Kind(int(alike.kind_lk[row, k]))
        if kind is not Kind.NONE:
            node = tree.classes[k]
            name = (node.name, *node.synonyms)[int(alike.name_lk[row, k])]
            words = f"The name {WORDED[kind]}: {_called(node.name, name)}."
            found.append(Named(node.name, name, kind.name.lower(), words))
    return tuple(found)


def _called(class_name: str, name: str) -> str:
    return f"'{name}'" if name == class_name else f"'{name}', which is {class_name}"


def _sighted(
    seen: Sightings, shared: Shares, row: int, tree: SuperTaxonomy, ways: Sequence[Hypothesis]
) -> dict[str, Any]:
    """What the model finds, of the classes of the likeliest ways and of those that it finds most."""
    looked = round(float(seen.looked_at_l[row]))
    facts: dict[str, Any] = {"looked_at": looked, "nothing": round(float(seen.nothing_l[row]))}
    if not looked:
        return facts | {"notes": ("No labeled thing was looked at; the name alone says this.",)}
    named = [tree.index(name) for way in ways for name in way.classes]
    order = (-shared.within_lk[row]).argsort(kind="stable")[:SHOWN_CLASSES].tolist()
    most = [k for k in order if shared.within_lk[row, k] >= LEAST_SHOWN * looked]
    untaught = [tree.names[k] for k in dict.fromkeys(named) if not shared.seen_lk[row, k]]
    notes = (f"The model never learned {listed(untaught, 'or')} apart, so that it cannot tell.",) if untaught else ()
    told = [_share(seen, shared, row, k, tree) for k in dict.fromkeys([*named, *most]) if shared.seen_lk[row, k]]
    return facts | {"seen": tuple(one for one in told if one.found), "notes": notes}


def _share(seen: Sightings, shared: Shares, row: int, k: int, tree: SuperTaxonomy) -> Seen:
    looked_l, found_l = seen.looked_at_l, shared.within_lk[:, k]
    others = [i for i in range(len(looked_l)) if i != row and looked_l[i] > 0]
    rates = [found_l[i] / looked_l[i] for i in others]
    chance = sum(rates) / len(rates) if rates else 0.0
    found, of = round(float(found_l[row])), round(float(looked_l[row]))
    return Seen(
        class_name=tree.names[k],
        found=found,
        of=of,
        interval=wilson(found, of),
        chance=chance,
        p_value=by_chance(found, of, chance),
        hold=float(shared.hold_lk[row, k] / max(shared.hold_of_lk[row, k], 1e-9)),
    )
