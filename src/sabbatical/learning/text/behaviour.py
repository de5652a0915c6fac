"""Behavioural tests of a text model, as data (after Ribeiro et al., "Beyond Accuracy", ACL 2020).

Three kinds of promise, each a list of cases in a YAML file:
    minimum       a short, clear text has its class: `{text: ..., class: ...}`
    invariance    what does not matter changes nothing: `{texts: [..., ...]}`, or `{text: "by {who}", who: [..., ...]}`
    direction     an addition moves a class the right way: `{text: ..., add: ..., raises: ...}`, or `lowers`
A text "has" a class if the class is the likeliest among its siblings, and so is every class above it.
Legend: n texts, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from sabbatical.core.errors import BadInput
from sabbatical.learning.text.texts import Floats, TextModel
from sabbatical.taxonomy import SuperTaxonomy, parse_yaml

Kind = Literal["minimum", "invariance", "direction"]
_KINDS = ("minimum", "invariance", "direction")


@dataclass(frozen=True)
class Case:
    """Texts, and the class that is promised: of the one text, or moved from the first text to the second."""

    texts: tuple[str, ...]
    promised: str | None = None
    up: bool = True


@dataclass(frozen=True)
class Promise:
    """Cases of one kind under one name."""

    name: str
    kind: Kind
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Failure:
    """A text, what was promised of it, and what the model said."""

    text: str
    expected: str
    got: str


@dataclass(frozen=True)
class Kept:
    """How far a promise is kept, of `total` cases."""

    name: str
    kind: Kind
    passed: int
    total: int
    failures: tuple[Failure, ...]

    @property
    def rate(self) -> float:
        return self.passed / self.total

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def read(path: Path) -> tuple[Promise, ...]:
    """The promises of a file.

    Raises:
        BadTaxonomy: it is no YAML mapping.
        BadInput: a test or case that cannot be understood, naming it.
    """
    return from_document(parse_yaml(path.read_text(encoding="utf-8"), where=str(path)), where=str(path))


def from_document(document: Mapping[str, Any], where: str = "behaviour") -> tuple[Promise, ...]:
    """The promises of a document `{tests: [{name, kind, cases: [...]}]}`; errors as in `read`."""
    tests = document.get("tests")
    if not isinstance(tests, list) or not tests:
        raise BadInput("There are no tests.", where=where, hint="List them under 'tests'.")
    return tuple(_promise(test, f"{where}, test {number}") for number, test in enumerate(tests, start=1))


def run(promises: Sequence[Promise], model: TextModel, super_taxonomy: SuperTaxonomy) -> list[Kept]:
    """Try every case, with one call of the model; pass rates and failures, promise by promise.

    Raises:
        BadTaxonomy: a promise names a class that the super-taxonomy lacks.
    """
    texts = [text for promise in promises for case in promise.cases for text in case.texts]
    answers_nk = iter(model.predict(texts))
    return [_judge(promise, answers_nk, super_taxonomy) for promise in promises]


def lineage(probabilities_k: Floats, super_taxonomy: SuperTaxonomy) -> tuple[str, ...]:
    """The classes that a text has: the likeliest root, its likeliest child, and so on down to a leaf."""
    found: tuple[str, ...] = ()
    siblings = super_taxonomy.roots
    while siblings:
        places = [super_taxonomy.index(name) for name in siblings]
        found += (siblings[int(np.argmax(probabilities_k[places]))],)
        siblings = super_taxonomy.children(found[-1])
    return found


def _judge(promise: Promise, answers_nk: Any, super_taxonomy: SuperTaxonomy) -> Kept:
    found = []
    for case in promise.cases:
        answers = [next(answers_nk) for _ in case.texts]
        found.append(_JUDGES[promise.kind](case, answers, super_taxonomy))
    failures = tuple(failure for failure in found if failure)
    return Kept(promise.name, promise.kind, len(found) - len(failures), len(found), failures)


def _minimum(case: Case, answers: list[Floats], super_taxonomy: SuperTaxonomy) -> Failure | None:
    promised = super_taxonomy[cast(str, case.promised)].name
    found = lineage(answers[0], super_taxonomy)
    return None if promised in found else Failure(case.texts[0], promised, found[-1])


def _invariance(case: Case, answers: list[Floats], super_taxonomy: SuperTaxonomy) -> Failure | None:
    found = [lineage(answer, super_taxonomy)[-1] for answer in answers]
    for text, other in zip(case.texts, found, strict=True):
        if other != found[0]:
            return Failure(text, f"{found[0]}, as for '{case.texts[0]}'", other)
    return None


def _direction(case: Case, answers: list[Floats], super_taxonomy: SuperTaxonomy) -> Failure | None:
    promised = cast(str, case.promised)
    before, after = (float(answer[super_taxonomy.index(promised)]) for answer in answers)
    if after != before and (after > before) == case.up:
        return None
    expected = f"{promised} {'above' if case.up else 'below'} {before:.3f}, as for '{case.texts[0]}'"
    return Failure(case.texts[1], expected, f"{after:.3f}")


_JUDGES = {"minimum": _minimum, "invariance": _invariance, "direction": _direction}


def _promise(test: Any, where: str) -> Promise:
    if not isinstance(test, Mapping) or test.get("kind") not in _KINDS or not isinstance(test.get("name"), str):
        raise BadInput("A test has a name and a kind.", where=where, hint=f"Kinds: {', '.join(_KINDS)}.")
    cases = test.get("cases")
    if not isinstance(cases, list) or not cases:
        raise BadInput("The test has no cases.", where=where)
    kind: Kind = test["kind"]
    places = [f"{where}, case {number}" for number in range(1, len(cases) + 1)]
    return Promise(
        test["name"], kind, tuple(_case(kind, case, place) for case, place in zip(cases, places, strict=True))
    )


def _case(kind: Kind, case: Any, where: str) -> Case:
    try:
        if kind == "minimum":
            return Case((_text(case["text"]),), _text(case["class"]))
        if kind == "invariance":
            texts = tuple(map(_text, case["texts"])) if "texts" in case else _filled(case)
            if len(texts) < 2:
                raise ValueError("nothing changes in it")
            return Case(texts)
        up = "raises" in case
        changed = f"{_text(case['text'])} {_text(case['add'])}"
        return Case((_text(case["text"]), changed), _text(case["raises" if up else "lowers"]), up)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"The case {case!r} cannot be understood: {error}.", where=where) from error


def _filled(case: Mapping[str, Any]) -> tuple[str, ...]:
    slots = {name: values for name, values in case.items() if name != "text"}
    fillings = (dict(zip(slots, chosen, strict=True)) for chosen in product(*slots.values()))
    return tuple(_text(case["text"]).format(**filling) for filling in fillings)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
