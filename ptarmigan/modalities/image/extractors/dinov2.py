"""DINOv2: general features of natural images, learnt without labels; FD-DINOv2 is in them.

Oquab et al. 2023, "DINOv2: Learning robust visual features without supervision", arXiv 2304.07193, by way of
transformers. The protocol is that of Stein et al. 2023, "Exposing flaws of generative model evaluation
metrics and their unfair treatment of diffusion models", arXiv 2306.04675, who found these features to agree
with people best. Their FD-DINOv2 is the Fréchet distance in the 1,024 numbers of ViT-L/14's class token,
after its last normalisation: RGB of 8 bits, resized by Pillow to 224 × 224 (bicubic, antialiased), ImageNet's
mean and standard deviation taken out, and positions resampled as DINOv2's own code does, where transformers
does a little differently.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan.media.files import path_of
from ptarmigan.media.optional import needs
from ptarmigan.media.plain import read_json
from ptarmigan.modalities.image.extractors.frozen import Frozen
from ptarmigan.modalities.image.extractors.show import Picture, fit, normalised
from ptarmigan.modalities.image.extractors.weights import one_line, read, some
from ptarmigan.nets.digest import digest

VERSION = 1
"""Raised with every change that makes other features from the same weights."""
SIDE = 224
HUB = "facebook/dinov2-large"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
FIELDS = (
    *("hidden_size", "num_hidden_layers", "num_attention_heads", "mlp_ratio", "image_size", "patch_size"),
    *("qkv_bias", "layer_norm_eps", "layerscale_value", "use_swiglu_ffn", "hidden_act", "use_mask_token"),
)
"""What is read of a configuration; other fields can name code, adapters and quantisers."""
LARGEST = 8 << 30
"""Bytes of weights; the largest of the published networks has 4.5 billion."""


@dataclass(frozen=True)
class ClassToken:
    """What the network's class token is in the end."""

    net: nn.Module

    def __call__(self, x: Float[Tensor, "n 3 224 224"]) -> Float[Tensor, "n d"]:
        """Normalised images to features."""
        out: Tensor = self.net(pixel_values=x).last_hidden_state[:, 0]
        return out


def dinov2(weights: Path | None = None) -> Frozen:
    """The features of FD-DINOv2, 1,024 of an image; other ``weights`` may have other numbers of them.

    Args:
        weights: a folder with ``config.json`` and ``model.safetensors``, as the hub of Hugging Face has them;
            ``facebook/dinov2-large`` from there, or from its own cache, when None.

    Raises:
        FileNotFoundError: there is no such folder, or the hub is out of reach.
        ValueError: transformers is not installed, or the files are damaged, unsafe or something else.
    """
    needs("transformers", extra="dinov2", why="dinov2 needs transformers")
    config, file = _from_hub() if weights is None else _from_folder(path_of(weights))
    net = _load(config, file)
    hash = digest(net, "dinov2", VERSION)
    return Frozen("dinov2" if weights is None else f"dinov2:{hash[:8]}", hash, ClassToken(net), prepare)


def prepare(picture: Picture) -> NDArray[np.float32]:
    """One RGB image to the ``(224, 224, 3)`` that the network takes."""
    return normalised(fit(picture, SIDE, Image.Resampling.BICUBIC))


def _from_folder(folder: Path) -> tuple[Path, Path]:
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} is no folder of DINOv2's weights: it holds no {' and no '.join(missing)}"
        )
    return folder / CONFIG, folder / WEIGHTS


def _from_hub() -> tuple[Path, Path]:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(HUB, CONFIG)), Path(hf_hub_download(HUB, WEIGHTS))
    # the hub's client and what lies beneath it raise what they like
    except Exception as error:
        raise FileNotFoundError(
            f"{HUB} could not be downloaded ({one_line(error)}): "
            f"give a folder with its {CONFIG} and {WEIGHTS}"
        ) from None


def _load(config: Path, file: Path) -> nn.Module:
    from transformers import Dinov2Model

    state = read(file, LARGEST)
    described, wanted = _described(config, len(state))
    held = sum(value.numel() for value in state.values())
    if wanted != held:
        raise ValueError(f"{file} holds {held:,} numbers, but the network that {config} describes {wanted:,}")
    with _quietly():
        net, info = Dinov2Model.from_pretrained(
            None,
            config=described,
            state_dict=state,
            dtype=torch.float32,
            attn_implementation="sdpa",
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    wrong = {what: sorted(map(str, info[f"{what}_keys"])) for what in ("missing", "unexpected", "mismatched")}
    if any(wrong.values()):
        words = "; ".join(f"{what}: {some(names)}" for what, names in wrong.items() if names)
        raise ValueError(f"{file} does not hold the weights of the network that {config} describes: {words}")
    places = resampled(net.embeddings.position_embeddings, SIDE // described.patch_size)
    net.embeddings.position_embeddings = nn.Parameter(places)
    frozen: nn.Module = net.eval().requires_grad_(False)
    return frozen


def _described(path: Path, tensors: int) -> tuple[Any, int]:
    """The configuration of a network, and how many weights that has; before any of them takes memory."""
    from transformers import Dinov2Config, Dinov2Model

    try:
        plain: dict[str, Any] = read_json(path, 1 << 20)
        if plain["model_type"] != "dinov2" or not 0 < plain["num_hidden_layers"] <= tensors:
            raise ValueError("it is of another network")
        config = Dinov2Config(**{name: plain[name] for name in FIELDS if name in plain})
        with torch.device("meta"):
            return config, sum(p.numel() for p in Dinov2Model(config).parameters())
    # whatever json and transformers find wrong with what may be anything
    except Exception as error:
        raise ValueError(f"{path} does not describe a DINOv2 network ({one_line(error)})") from None


def resampled(positions: Float[Tensor, "1 places d"], side: int) -> Tensor:
    """Positional embeddings, the class token's first, for ``side`` × ``side`` patches.

    As in the authors' code, and unlike transformers', the scale is that of a side 0.1 longer.
    """
    learnt = math.isqrt(positions.shape[1] - 1)
    if learnt == side:
        return positions
    grid = positions[:, 1:].unflatten(1, (learnt, learnt)).permute(0, 3, 1, 2)
    scale = (side + 0.1) / learnt
    grid = F.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], 1)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the bars and reports of transformers, of which the errors here say the same."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
