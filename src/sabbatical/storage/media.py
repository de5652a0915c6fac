"""Media by content: bytes under the hash of themselves, in a folder or any other fsspec address."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import fsspec
from fsspec.core import url_to_fs

from sabbatical.core.errors import BadInput, NotFound
from sabbatical.core.ids import content_id
from sabbatical.storage.files import room, written

HEX = frozenset("0123456789abcdef")


class Media:
    """A content-addressed store: writing the same bytes twice writes them once, a half-written file is never seen."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: fsspec.AbstractFileSystem
        self.files, self.root = url_to_fs(url)

    def path(self, key: str) -> str:
        """The place of `key`, two folder levels deep so that no folder grows too large.

        Raises:
            BadInput: `key` is not a content id; nothing else may name a file here.
        """
        if len(key) != 32 or not HEX.issuperset(key):
            raise BadInput(f"'{key[:60]}' is not a content id.", hint="A content id is 32 hex digits.")
        return f"{self.root}/{key[:2]}/{key[2:4]}/{key}"

    def put(self, data: bytes, *, repair: bool = False) -> str:
        """Keep `data` and return its content id. A file of another size is replaced; so are other bytes at `repair`.

        `repair` reads and hashes what is there, which would make every other writing slow.

        Raises:
            StorageFull: there is no room; nothing was half written.
        """
        key = content_id(data)
        place = self.path(key)
        if self._size(place) == len(data) and (not repair or self.whole(key)):
            return key
        part = f"{self._parts}/{key}.{secrets.token_hex(4)}"
        with room("The disk of the media store is full; nothing was half written."):
            for folder in (self._parts, place.rsplit("/", 1)[0]):
                self.files.makedirs(folder, exist_ok=True)
            try:
                with self.files.open(part, "wb") as handle:
                    handle.write(data)
                self.files.mv(part, place)
            except BaseException:
                if self.files.exists(part):
                    self.files.rm(part)
                raise
        return key

    def put_file(self, path: Path, *, repair: bool = False) -> str:
        """Keep the bytes of a file and return their content id; see `put`."""
        return self.put(path.read_bytes(), repair=repair)

    def get(self, key: str) -> bytes:
        """The bytes under `key`.

        Raises:
            NotFound: nothing is kept under it.
        """
        try:
            with self.files.open(self.path(key), "rb") as handle:
                data: bytes = handle.read()
        except FileNotFoundError as error:
            raise NotFound(f"No media with content id {key}.", hint="Was it ingested into this workspace?") from error
        return data

    def exists(self, key: str) -> bool:
        return bool(self.files.exists(self.path(key)))

    def whole(self, key: str) -> bool:
        """Whether the bytes under `key` are there and are those that were kept."""
        try:
            return content_id(self.get(key)) == key
        except NotFound:
            return False

    def local(self, key: str, cache: Path) -> Path:
        """A path on this machine with the bytes of `key`; fetched into `cache` when the store is elsewhere.

        Raises:
            NotFound: nothing is kept under it.
            StorageFull: there is no room in the cache; nothing was half written.
        """
        if self.files.protocol in {"file", "local"} or "file" in self.files.protocol:
            path = Path(self.path(key))
            if not path.exists():
                raise NotFound(f"No media with content id {key}.")
            return path
        path = cache / key
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            with written(path) as handle:
                handle.write(self.get(key))
        return path

    def remove_parts(self, before: datetime) -> int:
        """Remove what a killed process left half written before a moment; answers how many there were."""
        if not self.files.exists(self._parts):
            return 0
        count = 0
        for part in self.files.ls(self._parts, detail=False):
            try:
                changed = self.files.modified(part)
                if changed.replace(tzinfo=changed.tzinfo or UTC) < before:
                    self.files.rm(part)
                    count += 1
            except FileNotFoundError:  # it was finished meanwhile
                continue
        return count

    def _size(self, place: str) -> int | None:
        try:
            return int(self.files.size(place))
        except FileNotFoundError:
            return None

    @property
    def _parts(self) -> str:
        """Where files are while they are written: beside all others, so that those left by a kill are soon found."""
        return f"{self.root}/.parts"
