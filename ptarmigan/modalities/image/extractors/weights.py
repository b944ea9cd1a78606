"""Where the weights of a pretrained network come from, and what is checked before they are believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from ptarmigan.data.cache import cache_dir
from ptarmigan.data.download import fetch
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import is_stored, open_binary, regular
from ptarmigan.media.tensors import open_tensors

Network = TypeVar("Network", bound=nn.Module)

COUNTER = "num_batches_tracked"
"""What batch normalisation counts in training: no weight, and absent from older files."""
ROOM = 4
"""A file may be so many times as large as the network's weights, such as with those of an optimizer."""
NAMED = 3
"""Tensors that an error names, of each kind."""
LONGEST = 200
"""Characters of other people's words in an error."""
NUMBERS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Published:
    """A file of weights as its authors published it.

    Attributes:
        name: the file's name.
        sha256: its checksum.
        size: its bytes.
        urls: where it is served; empty where it is nowhere.
    """

    name: str
    sha256: str
    size: int
    urls: tuple[str, ...] = ()

    def find(self, given: Path | None = None, cache: Path | None = None) -> Path:
        """The path that was ``given``, or else the file in the cache, downloaded into it if need be.

        Args:
            given: a file of weights, which need not be the published ones.
            cache: a folder, whose ``weights`` holds the file; ``$PTARMIGAN_CACHE`` or ``~/.cache/ptarmigan``
                when None.

        Raises:
            FileNotFoundError: there is no such file, and none can be downloaded.
            ValueError: the file in the cache is damaged.
        """
        if given is not None:
            if not path_of(given).is_file():
                raise FileNotFoundError(f"there is no file of weights at {given}")
            return path_of(given)
        path = (cache or cache_dir()) / "weights" / self.name
        if not path.is_file():
            if not self.urls:
                raise FileNotFoundError(
                    f"the weights {self.name} are served nowhere: say where the file is, or put it at {path}"
                )
            fetch(self.urls, path, self.sha256, self.size)
        elif not self.is_at(path):
            raise ValueError(f"{path} is damaged: its sha256 is not {self.sha256}; remove it")
        return path

    def title(self, name: str, path: Path, hash: str) -> str:
        """``name`` for the published weights; for others with a part of their hash, lest they be mixed up."""
        return name if self.is_at(path) else f"{name}:{hash[:8]}"

    def is_at(self, path: Path) -> bool:
        """Whether the file at ``path`` is the published one, to the last byte."""
        if path.stat().st_size != self.size:
            return False
        with open_binary(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def load(make: Callable[[], Network], path: Path) -> Network:
    """The network that ``make`` builds, with the weights in ``path``; it is frozen, and on the processor.

    Files are ``.safetensors``, or ``.pth`` and ``.pt`` with a state dict of plain tensors; what else those
    can hold, code among it, is refused. No random number is drawn, and no memory taken for other weights.

    Raises:
        ValueError: the file is damaged, unsafe, far too large, or the weights of another network.
    """
    with torch.device("meta"):
        net = make()
    wanted = net.state_dict()
    found = {name: value for name, value in read(path, _bytes(wanted)).items() if not name.endswith(COUNTER)}
    counters = {name for name in wanted if name.endswith(COUNTER)}
    wrong = differences({name: v for name, v in wanted.items() if name not in counters}, found)
    if wrong:
        raise ValueError(f"{path} does not hold the weights of this network: {wrong}")
    state = {name: _own(value) for name, value in found.items()}
    net.load_state_dict({**state, **dict.fromkeys(counters, torch.tensor(0, device="cpu"))}, assign=True)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a quarter faster
    return net.eval().requires_grad_(False)


def read(path: Path, expected: int) -> dict[str, Tensor]:
    """The tensors in a ``.safetensors``, ``.pth`` or ``.pt`` file by name.

    Args:
        path: the file.
        expected: bytes of the tensors that are wanted; nothing is read of a file of many times as many.

    Raises:
        ValueError: it is damaged, of another kind, too large, or holds anything but plain tensors.
    """
    size = path.stat().st_size
    if size > ROOM * expected + (1 << 20):
        raise ValueError(f"{path} has {size:,} bytes, and the network's weights {expected:,}")
    if path.suffix.lower() == ".safetensors":
        return _safe(path)
    if path.suffix.lower() in (".pth", ".pt"):
        return _plain(path)
    raise ValueError(f"{path} is no file of weights that is read: expected .safetensors, .pth or .pt")


def differences(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """What keeps the tensors ``found`` from being those that are ``wanted``, in words; ``""`` if nothing."""
    both = sorted(wanted.keys() & found.keys())
    unlike = [name for name in both if wanted[name].shape != found[name].shape]
    alike = [name for name in both if wanted[name].shape == found[name].shape]
    problems = {
        "missing": sorted(wanted.keys() - found.keys()),
        "not expected": sorted(found.keys() - wanted.keys()),
        "of another shape": [f"{n} {tuple(found[n].shape)}, not {tuple(wanted[n].shape)}" for n in unlike],
        "not of plain numbers": [name for name in alike if not _plain_numbers(found[name])],
        "not finite": [n for n in alike if _plain_numbers(found[n]) and not found[n].isfinite().all()],
    }
    return "; ".join(f"{what}: {some(names)}" for what, names in problems.items() if names)


def _safe(path: Path) -> dict[str, Tensor]:
    try:
        with open_tensors(path) as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged, or no safetensors file ({one_line(error)})") from None


def _plain(path: Path) -> dict[str, Tensor]:
    """A state dict that ``torch.save`` wrote."""
    with open_binary(path) as file:
        archive = file.read(2) == b"PK"
    if archive and not is_stored(path, path.stat().st_size):
        raise ValueError(f"{path} is damaged, or packed as torch.save never does, and is not unpacked")
    try:
        state = torch.load(regular(path), map_location="cpu", weights_only=True)
    # a pickle can be made to raise anything
    except Exception:
        raise ValueError(
            f"{path} is damaged, or holds more than plain tensors, which can run code and is not opened: "
            "save the state dict alone, best as .safetensors"
        ) from None
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ValueError(f"{path} holds no state dict: expected tensors by name and nothing else")
    return {str(name): value for name, value in state.items()}


def _plain_numbers(value: Tensor) -> bool:
    return value.layout is torch.strided and value.device.type == "cpu" and value.dtype in NUMBERS


def _own(value: Tensor) -> Tensor:
    """A copy, since the file may be mapped into memory, and change."""
    return value.detach().to(torch.float32, memory_format=torch.contiguous_format, copy=True)


def _bytes(state: Mapping[str, Tensor]) -> int:
    return sum(value.numel() * value.element_size() for value in state.values())


def some(names: list[str]) -> str:
    """The first few names, which a file may have made up, and how many more there are."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(one_line(name) for name in names[:NAMED]) + rest


def one_line(words: object) -> str:
    """What an error says, or anything else, in one line of decent length."""
    text = "".join(c if c.isprintable() else " " for c in str(words))
    return " ".join(text[:LONGEST].split()) + ("..." if len(text) > LONGEST else "")
