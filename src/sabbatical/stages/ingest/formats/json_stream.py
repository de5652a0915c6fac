"""JSON files of any size, read front to back in bounded memory.

Arrays are cut into blocks that a fast parser takes whole. A cut is right if and only if `[` + block + `]` parses:
the parse of a prefix is unique, so nothing nested can be mistaken for the end of an element. Where that does not
succeed (the last block of an array, a NaN, a fault) elements are taken one at a time. See
docs/decisions, "Streaming COCO".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from sabbatical.core.errors import BadFile

BLOCK = 1 << 20
CUTS = 4
"""How many places to try to cut a block at before its elements are taken one at a time."""
_SPACE = re.compile(rb"[ \t\r\n]*")
_TEXT_SPACE = re.compile(r"[ \t\r\n]*")
_BEFORE_OBJECT = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*$")
_OPEN_ENDS = frozenset({"", ".", *(f"{e}{sign}" for e in "eE" for sign in ("", "+", "-"))})
"""What may stand between a number and the end of the buffer while the number goes on behind it."""
_DECODER = json.JSONDecoder()
_PAD = 64


class JsonStream:
    """A cursor in a JSON file: ask what comes next, take it, and it moves on.

    Every method raises BadFile, with the byte where it happened, when the file is not JSON or ends too early.
    """

    def __init__(self, stream: BinaryIO, file: str, start: int = 0) -> None:
        self.stream = stream
        self.file = file
        self.buffer = b""
        self.at = 0
        self.base = start
        if start:
            stream.seek(start)
        elif self._more() and self.buffer.startswith(b"\xef\xbb\xbf"):
            self.at = 3

    @property
    def offset(self) -> int:
        """Bytes from the start of the file to the cursor."""
        return self.base + self.at

    def peek(self) -> bytes:
        """The next byte that is not white space; empty at the end of the file."""
        while True:
            found = _SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at : self.at + 1]
            if not self._more():
                return b""

    def members(self) -> Iterator[str]:
        """The keys of the object at the cursor. The caller takes each value before it asks for the next key."""
        self._expect(b"{")
        if self.peek() == b"}":
            self.at += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise self._fault("a key is not text")
            self._expect(b":")
            self.peek()
            yield key
            if self.peek() == b"}":
                self.at += 1
                return
            self._expect(b",")

    def elements(self) -> Iterator[list[Any]]:
        """The elements of the array at the cursor, in lists of as many as come at a time."""
        self._expect(b"[")
        if self.peek() == b"]":
            self.at += 1
            return
        while True:
            self.peek()
            yield self._block() or self._one_by_one() or [self.value()]
            if self.peek() == b"]":
                self.at += 1
                return
            self._expect(b",")

    def value(self) -> Any:
        """The whole value at the cursor; it must fit into memory."""
        self.peek()
        while True:
            text = self.buffer.decode("latin-1")
            try:
                _, end = _DECODER.raw_decode(text, self.at)
                if text[end : end + 3] not in _OPEN_ENDS or not self._more():
                    return self._take(end)
            except RecursionError as error:
                raise self._fault("it is nested too deeply") from error
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos > len(text) - _PAD
                if not (unfinished and self._more()):
                    self.at = error.pos
                    raise self._fault(error.msg) from error

    def skip(self) -> None:
        """Passes over the value at the cursor, an array of any length included."""
        if self.peek() == b"[":
            for _ in self.elements():
                pass
        else:
            self.value()

    def _block(self) -> list[Any] | None:
        """As many whole objects as the buffer holds, parsed at once; None if no cut is found."""
        if len(self.buffer) - self.at < BLOCK // 2:
            self._more()
        cut = len(self.buffer)
        for _ in range(CUTS):
            cut = self._cut_before(cut)
            if cut <= self.at:
                return None
            try:
                values: list[Any] = orjson.loads(b"[" + self.buffer[self.at : cut] + b"]")
            except orjson.JSONDecodeError:
                continue
            self.at = cut
            return values
        return None

    def _cut_before(self, end: int) -> int:
        """The last end of an object before `end` that another object follows; -1 if there is none near."""
        while True:
            end = self.buffer.rfind(b"{", self.at + 1, end)
            if end < 0:
                return -1
            low = max(self.at, end - _PAD)
            found = _BEFORE_OBJECT.search(self.buffer[low:end])
            if found:
                return low + found.start() + 1

    def _one_by_one(self) -> list[Any]:
        """The elements that lie wholly in the buffer; stands behind the last of them."""
        text = self.buffer.decode("latin-1")
        values: list[Any] = []
        at = self.at
        while True:
            try:
                _, end = _DECODER.raw_decode(text, at)
            except (json.JSONDecodeError, RecursionError):
                return values
            after = _end_of_space(text, end)
            if after == len(text) or text[end : end + 3] in _OPEN_ENDS:
                return values
            self.at = at
            values.append(self._take(end))
            if text[after] != ",":
                return values
            at = _end_of_space(text, after + 1)

    def _take(self, end: int) -> Any:
        raw = self.buffer[self.at : end]
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            try:
                value = _without_lone_surrogates(json.loads(raw))
            except ValueError as error:
                raise self._fault(f"it is not JSON in UTF-8 ({error})") from error
        self.at = end
        return value

    def _expect(self, byte: bytes) -> None:
        found = self.peek()
        if found != byte:
            raise self._fault(f"'{byte.decode()}' should stand here" if found else "it ends in the middle")
        self.at += 1

    def _more(self) -> bool:
        """Reads on; the buffer doubles while one value does not fit into it."""
        kept = self.buffer[self.at :]
        block = self.stream.read(max(BLOCK, len(kept)))
        if block:
            self.base += self.at
            self.buffer = kept + block
            self.at = 0
        return bool(block)

    def _fault(self, what: str) -> BadFile:
        hint = "Write the file again, or send the part before this byte."
        return BadFile(f"This is not whole JSON: {what}.", where=f"{self.file}, byte {self.offset}", hint=hint)


def _without_lone_surrogates(value: Any) -> Any:
    """What only the lenient parser takes may hold half characters, which nothing could store."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _end_of_space(text: str, at: int) -> int:
    found = _TEXT_SPACE.match(text, at)
    return found.end() if found else at
