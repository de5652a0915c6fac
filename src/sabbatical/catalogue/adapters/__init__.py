"""Adapters: how each data set becomes taxonomies and sources like those of any customer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sabbatical.catalogue.adapters import blood, cameras, intents, nuclei, projects, signs, streets
from sabbatical.catalogue.plan import Plan
from sabbatical.catalogue.sets import describe
from sabbatical.catalogue.workbench import Workbench
from sabbatical.core.errors import BadInput

_ADAPTERS: dict[str, Callable[[Workbench], None]] = {
    "bccd": blood.prepare,
    "made-with-ml": projects.prepare,
    "road-signs": signs.prepare,
    "carla-sim": streets.prepare_simulated,
    "coco-permissive": streets.prepare_photographs,
    "nuclei-dsb2018": nuclei.prepare,
    "intel-camera-streams": cameras.prepare,
    "intents-banking77": intents.prepare_bank,
    "intents-clinc150": intents.prepare_assistant,
    "intents-hwu64": intents.prepare_home,
    "intents": intents.prepare_joined,
}


def prepare(name: str, raw: Path, into: Path) -> Plan:
    """Writes a data set as ordinary sources, taxonomies and `plan.yaml` into a folder.

    Args:
        name: of the catalogue.
        raw: the folder that `get` answered.
        into: the folder to write; what is there is written over.

    Raises:
        NotFound: no such data set.
        BadInput: it is built in.
        BadFile: a file of the data set is missing.
    """
    entry = describe(name)
    if name not in _ADAPTERS:
        raise BadInput(f"'{name}' is built in and needs no preparing.", hint="Use it by its name.")
    bench = Workbench(name, entry.task, raw, into)
    _ADAPTERS[name](bench)
    return bench.done()
