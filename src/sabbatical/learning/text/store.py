"""One file a model: a safetensors file whose header carries the model's JSON and a digest of everything.

Nothing in it is executed when it is read. The digest makes a damaged file a refused file, not a wrong answer.
Format of the tensors: https://github.com/huggingface/safetensors (format section of its README).
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sabbatical.core.errors import BadFile, NotFound, StorageFull
from sabbatical.core.ids import DIGEST_BYTES, content_id_of_chunks

FORMAT = 1
KEY = "sabbatical text model"


def _digest(document: bytes, tensors: Mapping[str, NDArray[Any]]) -> str:
    chunks = [document]
    for name in sorted(tensors):
        chunks += [f"{name} {tensors[name].dtype} {tensors[name].shape}".encode(), tensors[name].tobytes()]
    return content_id_of_chunks(chunks)


def write(path: Path, kind: str, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write a model; the file appears whole or not at all.

    Raises:
        StorageFull: the disk is full; an older file of that name is untouched.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    text = orjson.dumps({"format": FORMAT, "kind": kind, **document}, option=orjson.OPT_SORT_KEYS)
    header = {KEY: _digest(text, arrays) + text.decode()}  # one key: safetensors writes several in any order
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(save(arrays, metadata=header))
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("The disk is full.", where=str(path), hint="Free some space and save again.") from error
        raise


def read(path: Path) -> tuple[str, dict[str, Any], dict[str, NDArray[Any]]]:
    """Kind, document and tensors of a written model.

    Raises:
        NotFound: there is no such file.
        BadFile: it is damaged, or no text model.
    """
    if not path.is_file():
        raise NotFound("There is no model file here.", where=str(path))
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if KEY not in header:
        raise BadFile("This is no text model of Sabbatical.", where=str(path))
    digest, text = header[KEY][: 2 * DIGEST_BYTES], header[KEY][2 * DIGEST_BYTES :].encode()
    if digest != _digest(text, tensors):
        raise _damaged(path, "its digest does not match what it holds")
    document = orjson.loads(text)
    if document["format"] != FORMAT:
        raise BadFile(f"It has format {document['format']}, this version reads {FORMAT}.", where=str(path))
    return str(document["kind"]), document, tensors


def beneath(name: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The tensors of one part of a model, by their names in it."""
    return {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}


def _damaged(path: Path, reason: str) -> BadFile:
    return BadFile(
        f"The model file is damaged: {reason}.", where=str(path), hint="Use another version, or train it again."
    )
