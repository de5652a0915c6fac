"""Reads a page as a browser would, for tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "col", "hr", "img", "input", "link", "meta"}
ADDRESS = {"href", "src", "action", "data", "poster", "srcset", "xlink:href", "formaction"}


@dataclass
class Read:
    """What stands on a page: tags in order, attributes, text, and tags that do not match."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    torn: list[str] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """Everything that a browser could fetch or go to."""
        found = [value for name, value in self.attributes if name in ADDRESS]
        styles = [value for name, value in self.attributes if name == "style"]
        return found + [url for style in [*styles, self.text] for url in re.findall(r"url\(([^)]*)\)|@import", style)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.read = Read()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.read.torn.append(tag)

    def handle_data(self, data: str) -> None:
        self.read.text += data

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read.tags.append(tag)
        self.read.attributes += [(name, value or "") for name, value in attrs]


def read(page: str) -> Read:
    reader = _Reader()
    reader.feed(page)
    reader.read.torn += reader.open
    return reader.read
