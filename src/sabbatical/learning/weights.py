"""Weights on disk: safetensors with the configuration and a checksum in the header. Nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sabbatical.core.errors import BadFile, NotFound
from sabbatical.core.files import write_whole
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.joined import Joined, Network

FORMAT = "sabbatical-1"


def save_tensors(file: Path, tensors: Mapping[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and JSON-able facts as one file that is there wholly or not at all; the same bytes each time.

    Raises:
        StorageFull: the disk is full; what was there before is untouched.
    """
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Under one key, for safetensors writes several in any order, and a file's name is the hash of its bytes.
    header = {"facts": facts, "blake2b": checksum(stored)}
    write_whole(file, save(stored, metadata={FORMAT: json.dumps(header, sort_keys=True)}))


def load_tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_tensors` wrote.

    Raises:
        NotFound: there is no such file.
        BadFile: it is cut short, altered, or of another kind.
    """
    if not file.is_file():
        raise NotFound("There is no such file of weights.", where=str(file))
    try:
        with safe_open(str(file), framework="pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise _bad(file, f"The file is cut short or of another kind ({error}).") from error
    if FORMAT not in metadata:
        raise _bad(file, "The file was not written by Sabbatical.")
    header = json.loads(metadata[FORMAT])
    if header["blake2b"] != checksum(tensors):
        raise _bad(file, "The weights differ from what was written (checksum).")
    return tensors, header["facts"]


def save_detector(file: Path, detector: Network) -> None:
    """Write a detector, or several joined ones, with configurations, class names included. Raises StorageFull."""
    if isinstance(detector, Joined):
        parts = [each.config.to_dict() for each in detector.detectors]
        save_tensors(file, detector.state_dict(), {"kind": "joined", "parts": parts})
        return
    save_tensors(file, detector.state_dict(), {"kind": "detector", "config": detector.config.to_dict()})


def load_detector(file: Path) -> Network:
    """What `save_detector` wrote, on the CPU and ready to predict.

    Raises:
        NotFound: there is no such file.
        BadFile: it is damaged, or holds something else.
    """
    tensors, facts = load_tensors(file)
    if facts.get("kind") not in {"detector", "joined"}:
        raise _bad(file, "The file holds no detector.")
    detector = _made(facts)
    try:
        detector.load_state_dict(tensors)
    except RuntimeError as error:
        raise _bad(file, f"The weights do not fit their configuration ({error}).") from error
    return detector.eval()


def _made(facts: dict[str, Any]) -> Network:
    if facts["kind"] == "joined":
        return Joined([Detector(DetectorConfig.from_dict(part)) for part in facts["parts"]])
    return Detector(DetectorConfig.from_dict(facts["config"]))


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """BLAKE2b over names, types, shapes and bytes of tensors on the CPU."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).numpy().tobytes())
    return digest.hexdigest()


def _bad(file: Path, message: str) -> BadFile:
    return BadFile(message, where=str(file), hint="Take another copy, or train the model again.")
