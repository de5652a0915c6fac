"""The networks of the `transformers` library: made of a configuration, or read from a local folder.

Nothing is downloaded, nothing is unpickled, and neither torchvision nor timm is asked for: the backbones are the
library's own ResNet (RT-DETR v2) and HGNet v2 (D-FINE).
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import nn

from sabbatical.core.errors import BadFile, BadInput, NotReady
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.hf.folder import KINDS

STRIDE = 32
"""Images are padded to a multiple of it: maps are halved and doubled on the way."""
STRIDES = (8, 16, 32)
LAYERS = 3
HEAD_WIDTH = 16
RARE = 0.01


def network_of(config: DetectorConfig) -> nn.Module:
    """The network with random weights: the library's model without its loss, class outputs as wide as the columns.

    Raises:
        NotReady: the library is not installed.
        BadInput: the fields of the configuration do not fit each other.
    """
    _, model_of = _classes(config.head)
    settings = settings_of(config)
    network: nn.Module = model_of(settings).model
    if not config.network:
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):  # the library draws their weights near 0: nothing would come through
                norm.reset_parameters()
    return network


def network_from(folder: str, config: DetectorConfig) -> nn.Module:
    """The network of a local folder, with its own classes; safetensors only.

    Raises:
        NotReady: the library is not installed, or the network needs what is never installed here.
        BadFile: the weights cannot be read, or some are missing.
    """
    _, model_of = _classes(config.head)
    try:
        model, told = model_of.from_pretrained(
            folder,
            config=settings_of(config),
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except ImportError as error:
        raise NotReady(f"The network cannot be built: {error}", where=folder) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise BadFile(f"The weights cannot be read ({error}).", where=folder) from error
    if told["missing_keys"]:
        missing = sorted(told["missing_keys"])
        raise BadFile(f"{len(missing)} weights are missing, such as {missing[0]}.", where=folder)
    network: nn.Module = model.model
    return network


def settings_of(config: DetectorConfig) -> Any:
    """The library's configuration of a detector's network."""
    settings_type, _ = _classes(config.head)
    stored = json.loads(config.network) if config.network else _small(config)
    columns, places = len(config.group_k), _places(config)
    own = {"num_queries": min(config.places, places), "anchor_image_size": None, "eval_size": None}
    settings = settings_type.from_dict({**stored, **own})
    settings.num_labels = columns
    return settings


def padded(canvas: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) that a canvas is padded to."""
    height, width = (-(-side // STRIDE) * STRIDE for side in canvas)
    return height, width


def _places(config: DetectorConfig) -> int:
    """How many places the encoder has to choose its queries from."""
    height, width = padded(config.canvas)
    return sum((height // stride) * (width // stride) for stride in STRIDES)


def _classes(head: str) -> tuple[Any, Any]:
    """The library's classes of the configuration and of the model."""
    try:
        import transformers  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise NotReady(
            f"The head '{head}' is a network of the transformers library, which is not installed.",
            hint="pip install 'sabbatical[hf]'",
        ) from error
    if head not in KINDS:
        raise BadInput(f"The head '{head}' is no network of the transformers library.")
    if head == "d-fine":
        return transformers.DFineConfig, transformers.DFineForObjectDetection
    return transformers.RTDetrV2Config, transformers.RTDetrV2ForObjectDetection


def _small(config: DetectorConfig) -> dict[str, Any]:
    """Settings of a small network from the fields of our own detectors: widths, depths, the pyramid's last width."""
    width = config.pyramid[-1]
    if width % HEAD_WIDTH:
        raise BadInput(f"With this head the last width of 'pyramid' must be a multiple of {HEAD_WIDTH}, not {width}.")
    heads = width // HEAD_WIDTH
    return {
        "backbone_config": _hgnet(config) if config.head == "d-fine" else _resnet(config),
        "freeze_backbone_batch_norms": False,
        "initializer_bias_prior_prob": RARE,
        "encoder_in_channels": list(config.widths[2:]),
        "encoder_hidden_dim": width,
        "encoder_ffn_dim": 2 * width,
        "encoder_attention_heads": heads,
        "hidden_expansion": 0.5,
        "depth_mult": 0.34,
        "d_model": width,
        "decoder_in_channels": [width] * len(STRIDES),
        "decoder_ffn_dim": 2 * width,
        "decoder_layers": LAYERS,
        "decoder_attention_heads": heads,
    }


def _resnet(config: DetectorConfig) -> dict[str, Any]:
    return {
        "model_type": "rt_detr_resnet",
        "embedding_size": config.widths[1],
        "hidden_sizes": list(config.widths[1:]),
        "depths": [max(1, depth) for depth in config.depths],
        "layer_type": "basic",
        "out_features": ["stage2", "stage3", "stage4"],
    }


def _hgnet(config: DetectorConfig) -> dict[str, Any]:
    stem, *widths = config.widths
    return {
        "model_type": "hgnet_v2",
        "embedding_size": widths[0],
        "hidden_sizes": widths,
        "depths": [max(1, depth) for depth in config.depths],
        "stem_channels": [3, stem, widths[0]],
        "stage_in_channels": [widths[0], *widths[:-1]],
        "stage_mid_channels": [max(8, width // 2) for width in widths],
        "stage_out_channels": widths,
        "stage_num_blocks": [max(1, depth) for depth in config.depths],
        "stage_numb_of_layers": [2, 2, 2, 2],
        "out_features": ["stage2", "stage3", "stage4"],
    }
