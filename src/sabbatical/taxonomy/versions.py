"""A change of a customer's taxonomy: what each label of the old version stands for in the new one.

Old revisions are never rewritten. They keep the labels they were drawn with, and `renewed` says what those labels mean
in the tree of today, so that the tables of the old version stay useful.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy.labels import Label, Taxonomy
from sabbatical.taxonomy.names import did_you_mean, folded, quoted
from sabbatical.taxonomy.tree import SuperTaxonomy

Change = Literal["kept", "renamed", "moved", "split", "merged", "dropped"]


@dataclass(frozen=True)
class Carried:
    """What became of one old label.

    kept      same name, same class          renamed   another name, same class
    moved     one new label, another class   merged    one new label took over several old ones
    split     several new labels             dropped   no new label

    `labels` are the new labels that took over. `meaning` is the old label as it is to be read now: its class (None
    where nothing can be learned from it any more), and which parts were drawn. `words` say it for people.
    """

    name: str
    change: Change
    labels: tuple[str, ...]
    meaning: Label
    words: str

    @property
    def to(self) -> str | None:
        return self.meaning.to


def carried(old: Taxonomy, new: Taxonomy, super_: SuperTaxonomy) -> dict[str, Carried]:
    """What each old label stands for now, by its name.

    A new label takes over the old ones it `replaces`, and the one of its own name. Where one label takes over, the old
    class holds if it is as fine as the new one or coarser (old boxes do not become finer by a new rule, nor lose what
    they tell), and the new class where the two exclude each other or the old one is gone. Where several take over, an
    old box is one of theirs: it stands for their common ancestor, but covers only the parts that were drawn.

    `super_` is the tree of today, which must have the classes of `new`. Raises BadTaxonomy if it has not, or where
    `new` replaces a label that `old` has not.
    """
    new.require_classes(super_)
    heirs = _heirs(old, new)
    return {label.name: _carry(label, heirs[label.name], heirs, super_) for label in old.labels}


def renewed(old: Taxonomy, new: Taxonomy, super_: SuperTaxonomy) -> Taxonomy:
    """The old taxonomy, its labels and version unchanged, its classes those that they stand for now.

    Its tables serve the old revisions. Over several versions fold from the newest:
    `renewed(first, renewed(second, third, super_), super_)`. Raises BadTaxonomy as `carried` does.
    """
    meanings = carried(old, new, super_)
    labels = tuple(meanings[label.name].meaning for label in old.labels)
    return replace(old, super_taxonomy=super_.name, labels=labels)


def _heirs(old: Taxonomy, new: Taxonomy) -> dict[str, list[Label]]:
    heirs: dict[str, list[Label]] = {label.name: [] for label in old.labels}
    for label in new.labels:
        named = {folded(name): name for name in label.since}
        if old.find(label.name):
            named.setdefault(folded(label.name), label.name)
        for name in named.values():
            before = old.find(name)
            if before is None:
                message = f"'{label.name}' replaces '{name}', which version {old.version} did not have."
                hint = did_you_mean(name, old.names)
                raise BadTaxonomy(message, where=f"taxonomy '{new.name}' version {new.version}", hint=hint)
            heirs[before.name].append(label)
    return heirs


def _carry(label: Label, heirs: Sequence[Label], all_heirs: dict[str, list[Label]], super_: SuperTaxonomy) -> Carried:
    names = tuple(heir.name for heir in heirs)
    if not heirs:
        return _dropped(label, super_)
    if len(heirs) > 1:
        return _split(label, heirs, super_)
    heir = heirs[0]
    others = [
        name for name, theirs in all_heirs.items() if name != label.name and heir.name in [each.name for each in theirs]
    ]
    meaning = _one_heir(label, heir, super_)
    if others:
        words = f"'{label.name}' was merged with {quoted(others)} into '{heir.name}'; {_stands(meaning)}."
        return Carried(label.name, "merged", names, meaning, words)
    if (heir.to, heir.one_of) != (label.to, label.one_of):
        words = f"'{label.name}' ({_class(label)}) is now '{heir.name}' ({_class(heir)}); {_stands(meaning)}."
        return Carried(label.name, "moved", names, meaning, words)
    if heir.name != label.name:
        return Carried(label.name, "renamed", names, meaning, f"'{label.name}' is now called '{heir.name}'.")
    return Carried(label.name, "kept", names, meaning, f"'{label.name}' is unchanged.")


def _one_heir(label: Label, heir: Label, super_: SuperTaxonomy) -> Label:
    if label.to is None:
        return label if _known(label, super_) else _gone(label)
    if heir.to is not None and _known(label, super_):
        related = super_.is_beneath(label.to, heir.to) or super_.is_beneath(heir.to, label.to)
        if related:
            return label
    return replace(label, to=heir.to, one_of=heir.one_of)


def _split(label: Label, heirs: Sequence[Label], super_: SuperTaxonomy) -> Carried:
    parts = tuple(dict.fromkeys(name for heir in heirs for name in heir.drawn))
    common = super_.common_ancestor(parts)
    whole = common is not None and _drew_all_of(label, common, super_)
    meaning = replace(label, to=common, one_of=() if whole or common in parts else parts)
    if label.to is None:  # what was never looked at closely does not become a lesson now
        meaning = _one_heir(label, heirs[0], super_)
    words = f"'{label.name}' was split into {quoted(heir.name for heir in heirs)}; {_stands(meaning)}"
    words += ", of which the new labels are parts." if meaning.to else "."
    return Carried(label.name, "split", tuple(heir.name for heir in heirs), meaning, words)


def _dropped(label: Label, super_: SuperTaxonomy) -> Carried:
    meaning = label if _known(label, super_) else _gone(label)
    words = f"'{label.name}' is no longer drawn; {_stands(meaning)}."
    return Carried(label.name, "dropped", (), meaning, words)


def _drew_all_of(label: Label, name: str, super_: SuperTaxonomy) -> bool:
    return any(above in super_ and super_.is_beneath(name, above) for above in label.drawn)


def _known(label: Label, super_: SuperTaxonomy) -> bool:
    return all(name in super_ for name in (label.to, *label.one_of) if name is not None)


def _gone(label: Label) -> Label:
    return replace(label, to=None, one_of=())


def _class(label: Label) -> str:
    return label.to or "ignored"


def _stands(meaning: Label) -> str:
    if meaning.to is None:
        return "its old shapes are ignored"
    return f"its old shapes stand for {meaning.to}"
