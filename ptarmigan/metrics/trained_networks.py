"""Networks that the evaluator trains itself: once for a set of samples, then from the cache."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.errors import Notice
from ptarmigan.core.noise import key
from ptarmigan.core.process import learning
from ptarmigan.data.cache import cache_dir
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Source
from ptarmigan.media.files import write
from ptarmigan.media.tensors import open_tensors
from ptarmigan.metrics.features import chunks
from ptarmigan.nets.digest import digest

Network = TypeVar("Network", bound=nn.Module)

HASHED = 10_000
"""How many samples are looked at to tell one set from another."""


def load_or_train(
    kind: str,
    name: str,
    version: int,
    make: Callable[[], Network],
    train: Callable[[Network], None],
    cache: Path | None = None,
) -> Network:
    """The network of that name: from the cache, or trained now and put there. It is not to be trained on.

    Whatever mode, precision or random stream the caller is in, the same network comes out, and they go on.

    Args:
        kind: what networks of its kind are called, such as classifier; with an s, their folder in the cache.
        name: a digest of all that decides what it learns.
        version: names its initial weights.
        make: a network with random weights.
        train: trains it in place.
        cache: a folder; ``$PTARMIGAN_CACHE`` or ``~/.cache/ptarmigan`` when None. A damaged network is
            trained again; where none can be written it goes on without.
    """
    path = (cache or cache_dir()) / f"{kind}s" / f"{name}.safetensors"
    with learning(), torch.autocast("cpu", enabled=False):
        with noise.isolated():
            noise.seed_torch(key(kind, version))
            net = make()
        if not _read(net, path, kind):
            train(net)
            _write(net, path, kind, version)
    net.eval().requires_grad_(False)
    return net


def fingerprint(source: Source, *said: object) -> str:
    """A digest of what is ``said``, of the labels, and of up to 10,000 of the samples themselves."""
    out = hashlib.blake2b(digest_size=16)
    out.update(repr(said).encode())
    if source.labels is not None:
        out.update(np.asarray(source.labels, np.int64).tobytes())
    hashed = permute(np.arange(min(HASHED, len(source))), len(source), "fingerprint")
    for raw in chunks(source, np.sort(hashed)):
        out.update(raw.tobytes())
    return out.hexdigest()


def rate(done: float) -> float:
    """What the learning rate is multiplied by: it rises for a tenth of the steps, then falls as a cosine."""
    return min(done / 0.1, 0.5 + 0.5 * math.cos(math.pi * max(0.0, done - 0.1) / 0.9))


def _read(net: nn.Module, path: Path, kind: str) -> bool:
    """Fill ``net`` from ``path``; False where there is no file, or none that can be trusted."""
    if not path.exists():
        return False
    try:
        with open_tensors(path) as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            wanted = (file.metadata() or {}).get("digest")
        initial = {name: value.clone() for name, value in net.state_dict().items()}
        if initial.keys() == state.keys() and all(initial[k].shape == state[k].shape for k in initial):
            net.load_state_dict(state)
            if digest(net) == wanted:
                return True
            net.load_state_dict(initial)
    except (SafetensorError, OSError, ValueError):
        pass
    warnings.warn(f"{path} is damaged: the {kind} is trained again", Notice, stacklevel=4)
    return False


def _write(net: nn.Module, path: Path, kind: str, version: int) -> None:
    state = {name: value.detach().contiguous() for name, value in net.state_dict().items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, save(state, {"digest": digest(net), "version": str(version)}))
    except OSError as error:
        words = f"the {kind} was not kept: {path} cannot be written ({error.strerror})"
        warnings.warn(words, Notice, stacklevel=4)
