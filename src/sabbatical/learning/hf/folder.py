"""A local folder of weights, as the `transformers` library writes it: `config.json` and safetensors. Free of torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sabbatical.core.errors import BadInput, NotFound

KINDS = {"rt-detr-v2": "rt_detr_v2", "d-fine": "d_fine"}
"""How the library calls the network of each head."""


def folder_settings(folder: str, head: str) -> str:
    """The settings of the folder's network, as JSON for `DetectorConfig.network`.

    Raises:
        NotFound: there is no such folder, or it holds no `config.json`.
        BadInput: it is of another kind than the head, or its weights are no safetensors.
    """
    place = Path(folder)
    file = place / "config.json"
    if not file.is_file():
        raise NotFound("There is no config.json in the folder of weights.", where=folder)
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"Its config.json cannot be read: {error}.", where=folder) from error
    kind = settings.get("model_type") if isinstance(settings, dict) else None
    if kind != KINDS.get(head):
        raise BadInput(f"The folder holds a network of kind '{kind}', the head is '{head}'.", where=folder)
    if not list(place.glob("*.safetensors")):
        raise BadInput("The folder holds no safetensors.", where=folder, hint="Pickled weights are never opened.")
    return json.dumps(settings, sort_keys=True)


def class_names(network: str) -> tuple[str, ...]:
    """The classes that the settings of a network name, in the order of its outputs."""
    named: dict[str, Any] = json.loads(network).get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}  # as the library
    return tuple(str(named[key]) for key in sorted(named, key=int))
