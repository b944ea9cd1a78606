"""A key: the bits of a watermark, and the decoder that reads bits from any picture."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from ptarmigan.core.errors import must_fit
from ptarmigan.media.files import create
from ptarmigan.media.plain import parse
from ptarmigan.media.tensors import open_tensors

FEWEST, MOST = 32, 100
"""Bits of a key."""
FORM = "ptarmigan watermark 1"
LARGEST = 1_024


class Decoder(nn.Module):
    """Pictures ``(n, channels, height, width)`` in [-1, 1] to a number ``(n, bits)`` for each bit.

    A matched filter for every bit, and a small convolutional network for what moves it. Last, ``whiten``
    removes what bits of pictures without a mark have in common (Fernandez et al. 2023, arXiv 2303.15435), so
    that these are fair coins.
    """

    def __init__(self, shape: tuple[int, ...], bits: int, width: int = 32) -> None:
        super().__init__()
        channels, height, to_right = shape
        self.filter = nn.Linear(channels * height * to_right, bits)
        self.maps = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.AdaptiveAvgPool2d(7),
            nn.Flatten(),
            nn.Linear(98 * width, 4 * bits),
            nn.LeakyReLU(0.2),
            nn.Linear(4 * bits, bits),
        )
        self.mean: Tensor
        self.whitening: Tensor
        self.register_buffer("mean", torch.zeros(bits))
        self.register_buffer("whitening", torch.eye(bits))

    def forward(self, x: Tensor) -> Tensor:
        """A number for each bit, above 0 for 1."""
        found = self.filter(x.flatten(1)) + self.maps(x)
        return torch.as_tensor((found - self.mean) @ self.whitening)

    def whiten(self, found: Tensor) -> None:
        """Take the mean and the covariance of what was found in pictures without a mark to 0 and 1."""
        self.mean.copy_(found.mean(0))
        values, vectors = torch.linalg.eigh(torch.cov(found.T.double()))
        root = vectors @ torch.diag(values.clamp(1e-3 * float(values.max())).rsqrt()) @ vectors.T
        self.whitening.copy_(root)


@dataclass(frozen=True, eq=False)
class Key:
    """A watermark's key.

    Attributes:
        bits: as ``(bits,)`` of 0 and 1.
        shape: of the pictures that the decoder sees, ``(channels, height, width)``.
        decoder: reads bits.
    """

    bits: Tensor
    shape: tuple[int, int, int]
    decoder: Decoder

    @property
    def name(self) -> str:
        """What says which key it is, and nothing of its bits."""
        said = (
            self.bits.numpy().astype(np.uint8).tobytes()
            + self.decoder.filter.weight.detach().numpy().tobytes()
        )
        return hashlib.sha256(said).hexdigest()[:16]

    def write(self, path: Path) -> None:
        """Write a new file.

        Raises:
            ValueError: something is there.
        """
        said = {"form": FORM, "bits": self.bits.int().tolist(), "shape": self.shape}
        tensors = {
            name: value.detach().cpu().contiguous() for name, value in self.decoder.state_dict().items()
        }
        with create(path) as place:
            place.write_bytes(to_bytes(tensors, metadata={"ptarmigan": json.dumps(said)}))


def read_key(path: Path) -> Key:
    """The key in a file.

    Raises:
        ValueError: it is none.
        FileNotFoundError: there is no file.
    """
    try:
        with open_tensors(path) as opened:
            said = parse((opened.metadata() or {}).get("ptarmigan", "null"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no key of a watermark ({error})") from error
    if not isinstance(said, dict) or said.get("form") != FORM:
        raise ValueError(f"{path} is no key of a watermark")
    with must_fit(f"{path} is a damaged key"):
        bits, shape = list(said["bits"]), tuple(map(int, said["shape"]))
        if not FEWEST <= len(bits) <= MOST or {*bits} - {0, 1}:
            raise ValueError(f"{path} is a damaged key: {len(bits)} bits")
        if len(shape) != 3 or not (1 <= shape[0] <= 3 and all(4 <= side <= LARGEST for side in shape[1:])):
            raise ValueError(f"{path} is a damaged key: pictures of {shape}")
        with torch.device("meta"):
            decoder = Decoder(shape, len(bits))
        decoder.load_state_dict(tensors, assign=True)
        if not all(bool(value.isfinite().all()) for value in tensors.values()):
            raise ValueError(f"{path} is a damaged key: its weights are not numbers")
        return Key(torch.tensor(bits).float(), shape, decoder.eval().requires_grad_(False))
