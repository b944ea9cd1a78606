"""Transfer: a run starts from the weights of another one; the discriminator's first layers may stand still.

Wang et al. 2018, "Transferring GANs: generating images from limited data", arXiv 1805.01677; FreezeD: Mo et
al. 2020, "Freeze the discriminator: a simple baseline for fine-tuning GANs", arXiv 2002.10964.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ptarmigan.core.errors import one_line
from ptarmigan.core.game import Game
from ptarmigan.media.files import path_of
from ptarmigan.media.tensors import open_tensors
from ptarmigan.training.checkpoint import Checkpoints
from ptarmigan.training.power_ema import CHOSEN
from ptarmigan.training.restored import tensor
from ptarmigan.training.run import Run

LEAST = 0.5
"""The share of the numbers of a network's weights that has to fit: else these are other networks."""
NAMED = 3
"""Weights that are named in a message."""


@torch.no_grad()
def start_from(game: Game, source: str | os.PathLike[str]) -> str:
    """Take over the weights of a trained run that have the same names and shapes here.

    Of a run's folder these are the EMA weights and, from its latest checkpoint, those of the other networks;
    of a ``generator.safetensors`` the EMA weights alone.

    Args:
        game: whose networks are filled.
        source: a run's folder, or a file.

    Returns:
        How many were taken over, and which were not, in a line.

    Raises:
        ValueError: nothing is there, it cannot be read, or its networks are others.
    """
    theirs, mine = weights_of(source), dict(weights(game))
    fits = {name for name, own in mine.items() if name in theirs and theirs[name].shape == own.shape}
    generator = [name for name in mine if name.partition(".")[0] in game.ema]
    numbers = sum(mine[name].numel() for name in generator)
    if sum(mine[name].numel() for name in generator if name in fits) < LEAST * numbers:
        first = next(name for name in generator if name not in fits)
        reason = difference(first, mine, theirs)
        hint = "give the same recipe, size and widths"
        raise ValueError(f"--start-from {source}: its networks are others ({reason}): {hint}")
    for name in fits:
        mine[name].copy_(tensor(theirs[name], *mine[name].shape))
        if not bool(mine[name].isfinite().all()):
            raise ValueError(f"--start-from {source}: the weights {name} are not numbers")
    left = [difference(name, mine, theirs) for name in mine if name not in fits]
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    but = f"; not {', '.join(left[:NAMED])}{more}" if left else ""
    return f"{len(fits)} of {len(mine)} weights are those of {source}{but}"


def weights(game: Game) -> Iterator[tuple[str, Tensor]]:
    """The parameters and buffers of networks by name; what adapts beside them, as ADA does, begins anew."""
    for path, network in game.named_children():
        if any(True for _ in network.parameters()):
            tensors = network.state_dict().items()
            yield from ((f"{path}.{name}", p) for name, p in tensors if p.is_floating_point())


def weights_of(source: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """The weights of a run's folder, or of a file.

    Raises:
        ValueError: nothing is there, or it cannot be read.
    """
    place = path_of(source)
    if not place.is_dir():
        return from_file(place, source)
    state = Checkpoints(place, 1, lambda line: None).newest()
    files = [place / name for name in (CHOSEN, "generator.safetensors") if (place / name).exists()]
    average = from_file(files[0], source) if files else {} if state is None else state["ema"]
    if not average:
        raise ValueError(f"--start-from {source}: no run was trained there")
    found = {**({} if state is None else state["game"]), **average}
    return {name: value for name, value in found.items() if isinstance(value, Tensor)}


def from_file(path: Path, source: object) -> dict[str, Tensor]:
    """The weights in a file.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with open_tensors(path) as opened:
            return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"--start-from {source}: {one_line(error)}") from error


def difference(name: str, mine: Mapping[str, Tensor], theirs: Mapping[str, object]) -> str:
    """Why a weight was not taken over."""
    here = shape_of(mine[name])
    return f"{name}: {shape_of(theirs[name])} there, {here} here" if name in theirs else f"{name}: only here"


def shape_of(weight: object) -> str:
    """A shape in words."""
    found = tuple(weight.shape) if isinstance(weight, Tensor) else ()
    return "×".join(map(str, found)) or "a number"


def freeze_discriminator(run: Run, layers: int) -> str:
    """Take the first layers of the discriminator from its optimizer, so that they are not trained.

    A layer is a module with a weight matrix or kernels, with what stands behind it up to the next one.

    Args:
        run: its game has a network called ``discriminator``, and an optimizer of that name.
        layers: how many, fewer than there are.

    Returns:
        What was frozen, in a line.

    Raises:
        ValueError: there is no discriminator, or it has fewer layers.
    """
    network, optimizer = getattr(run.game, "discriminator", None), run.optimizers.get("discriminator")
    if not isinstance(network, nn.Module) or optimizer is None:
        raise ValueError("--freeze-discriminator: this recipe has no network called discriminator")
    groups = list(by_layer(network))
    if not 0 < layers < len(groups):
        raise ValueError(
            f"--freeze-discriminator {layers}: the discriminator has {len(groups)} layers, and the last is "
            "always trained"
        )
    still = {id(p) for group in groups[:layers] for p in group}
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in still]
    return f"the first {layers} of the discriminator's {len(groups)} layers stay as they are"


def by_layer(network: nn.Module) -> Iterator[list[nn.Parameter]]:
    """The parameters of a network, layer by layer."""
    found: list[nn.Parameter] = []
    seen = set[nn.Parameter]()
    for module in network.modules():
        # the weight under spectral norm is that of a part of the layer
        mine = module.parameters(recurse=parametrize.is_parametrized(module))
        own = [p for p in mine if p not in seen]
        seen.update(own)
        if found and any(p.dim() > 1 for p in own):
            yield found
            found = []
        found += own
    if found:
        yield found
