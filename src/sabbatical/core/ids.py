"""Names of things: content hashes for what is immutable, time-ordered ids for what happens."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from typing import Any

import orjson

DIGEST_BYTES = 16
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def content_id(data: bytes) -> str:
    """BLAKE2b-128 of `data` as 32 hex digits: the same bytes have the same id everywhere."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def content_id_of_chunks(chunks: Iterable[bytes]) -> str:
    """`content_id` of bytes that arrive in pieces."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def document_id(document: Any) -> str:
    """`content_id` of a JSON-like value; the order of keys does not matter."""
    return content_id(orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY))


def new_id(prefix: str) -> str:
    """A fresh id such as `run_06g2...`, sorted by when it was made (48 bits of ms, 50 of chance)."""
    stamp = int(time.time() * 1000) << 50 | secrets.randbits(50)
    digits = []
    for _ in range(20):
        stamp, rest = divmod(stamp, 32)
        digits.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(digits))}"
