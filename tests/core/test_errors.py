"""Errors travel: what the server raises, the client raises."""

from __future__ import annotations

import pytest

from sabbatical.core import errors
from sabbatical.core.errors import SabbaticalError


@pytest.mark.parametrize("kind", [kind for code, kind in errors.by_code().items() if code != "error"])
def test_every_error_survives_the_wire(kind: type[SabbaticalError]) -> None:
    error = kind("It is so.", where="file a.csv, line 3", hint="Do this.")
    back = errors.from_dict(error.to_dict())
    assert type(back) is kind
    assert (back.message, back.where, back.hint, back.retry) == (error.message, error.where, error.hint, kind.retry)


def test_codes_are_unique_and_each_has_a_status() -> None:
    def below(kind: type[SabbaticalError]) -> list[type[SabbaticalError]]:
        return [kind, *(found for child in kind.__subclasses__() for found in below(child))]

    kinds = below(SabbaticalError)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(400 <= kind.status < 600 for kind in kinds)


def test_the_tree_in_the_docstring_is_the_tree_of_the_code() -> None:
    for kind in errors.by_code().values():
        assert f" {kind.__name__} " in f" {errors.__doc__} ".replace("\n", " ")


def test_an_unknown_code_is_our_fault() -> None:
    assert isinstance(errors.from_dict({"code": "of-the-future", "message": "?"}), errors.Broken)
