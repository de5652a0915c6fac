"""Colours of classes: twelve, safe for the colour-blind; the hue tells the parent, the lightness the child.

A colour is never the only sign: wherever it stands, the class's name stands with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from sabbatical.report.markup import el

# Parent first, then its children; smallest first, so that a tree takes the family that just fits.
FAMILIES = (("c1", "c2", "c3"), ("c4", "c5", "c6", "c7"), ("c9", "c10", "c11", "c12"))
FLAT = ("c2", "c5", "c8", "c11", "c3", "c6", "c10", "c7", "c1", "c12", "c4", "c9")
DARK = frozenset({"c6", "c7", "c11", "c12"})  # on a photo these get a white casing


def class_colours(classes: Sequence[str], parents: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Class name -> token name (`c1` .. `c12`), the same for the same taxonomy.

    `parents` names each class's parent, None or absent for a root. More classes than colours share some.
    """
    known = {name: parent for name, parent in (parents or {}).items() if parent in classes}
    members = {root: _below(root, classes, known) for root in classes if known.get(root) is None}
    free = list(FAMILIES)
    colours: dict[str, str] = {}
    for root, below in members.items():
        if below:
            family = _take(free or list(FAMILIES), len(below))
            free = [other for other in free if other != family]
            colours[root] = family[0]
            colours |= {name: family[1 + i % (len(family) - 1)] for i, name in enumerate(below)}
    left = [colour for colour in FLAT if colour not in colours.values()] or list(FLAT)
    single = [root for root, below in members.items() if not below]
    colours |= {name: left[i % len(left)] for i, name in enumerate(single)}
    return {name: colours.get(name, "c8") for name in classes}


def swatch(colour: str | None) -> Markup:
    """The small square beside a class's name; dashed where the class has no colour."""
    if colour is None:
        return el("i", class_="sw none")
    return el("i", class_="sw", style=f"background:var(--{colour})")


def _below(root: str, classes: Sequence[str], parents: Mapping[str, str | None]) -> list[str]:
    """Every class under a root, in the order of `classes`; a cycle ends the climb."""
    found = []
    for name in classes:
        climbed, at = {name}, parents.get(name)
        while at is not None and at not in climbed:
            if at == root:
                found.append(name)
                break
            climbed.add(at)
            at = parents.get(at)
    return found


def _take(free: list[tuple[str, ...]], children: int) -> tuple[str, ...]:
    fitting = [family for family in free if len(family) > children]
    return fitting[0] if fitting else max(free, key=len)
