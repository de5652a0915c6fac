"""No item ever moves, and the shares grow together."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from sabbatical.schemas.project import Project
from sabbatical.stages.ingest.split import split_of


def a_project(salt: str, validation: float = 0.1, test: float = 0.2) -> Project:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Project(
        id="p", name="p", task="boxes", salt=salt, validation_share=validation, test_share=test, created_at=moment
    )


@given(st.lists(st.text(), max_size=200), st.text(alphabet="0123456789abcdef", min_size=8, max_size=32))
@settings(max_examples=100)
def test_growing_in_any_order_moves_no_group(groups: list[str], salt: str) -> None:
    project = a_project(salt)
    drawn: dict[str, str] = {}
    for group in groups:
        assert drawn.setdefault(group, split_of(project, group)) == split_of(project, group)


def test_shares_are_as_asked_at_every_size() -> None:
    project = a_project("salt", 0.1, 0.2)
    splits = [split_of(project, f"scene-{number}") for number in range(20_000)]
    for size in (2_000, 20_000):
        share = splits[:size].count("test") / size
        assert abs(share - 0.2) < 4 * (0.2 * 0.8 / size) ** 0.5
        share = splits[:size].count("validation") / size
        assert abs(share - 0.1) < 4 * (0.1 * 0.9 / size) ** 0.5


def test_another_salt_splits_otherwise() -> None:
    names = [f"scene-{number}" for number in range(500)]
    one, other = a_project("a"), a_project("b")
    same = sum(split_of(one, name) == split_of(other, name) for name in names)
    assert 200 < same < 350
