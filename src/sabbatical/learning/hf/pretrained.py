"""A detector to begin with, from a local folder of the `transformers` library.

Its classes keep the names that they have there: a class of the super-taxonomy with the same name goes on from it, all
others begin anew on the trunk that the folder brings.
"""

from __future__ import annotations

from dataclasses import replace

from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.hf.folder import class_names
from sabbatical.learning.hf.head import SetHead
from sabbatical.learning.hf.network import network_from


def pretrained_detector(folder: str, config: DetectorConfig) -> Detector:
    """The folder's detector, as `start.carry` takes one.

    Args:
        folder: `config.json` and safetensors; nothing is downloaded.
        config: of the detector that is to go on from it, its `network` read from the same folder.

    Raises:
        NotReady: the library is not installed.
        BadFile: the weights cannot be read, or some are missing.
    """
    names = class_names(config.network)
    own = replace(config, classes=names, group_k=tuple(range(len(names))), class_c=())
    detector = Detector(own)
    detector.head = SetHead(own, network_from(folder, own))
    return detector.eval()
