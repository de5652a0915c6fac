"""Words about the classes that a training had nothing to learn from. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping


def untaught(taught: Mapping[str, float]) -> list[str]:
    """A sentence for each class that nothing taught, from how many drawn or written things taught each."""
    return [
        f"No sample taught the class '{name}': what the model says of it means nothing."
        for name, count in taught.items()
        if count == 0
    ]
