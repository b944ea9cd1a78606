"""Normalisation that knows the class, or a reference batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.layers import Classes, required


class ConditionalBatchNorm(nn.Module):
    """Batch norm with a gain and a bias for every class (Dumoulin et al. 2017, arXiv 1610.07629).

    With no classes it is plain batch norm.
    """

    def __init__(self, features: int, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.norm = nn.BatchNorm2d(features, affine=False)
        self.gain = nn.Parameter(torch.ones(max(1, classes), features))
        self.bias = nn.Parameter(torch.zeros(max(1, classes), features))

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Normalised, then scaled and shifted as the class says."""
        normal: Tensor = self.norm(x)
        return normal * self.of(self.gain, c).to(x.dtype) + self.of(self.bias, c).to(x.dtype)

    def of(self, table: Tensor, c: Classes | None) -> Float[Tensor, "row channel 1 1"]:
        """The rows of ``table`` for the classes; its only row where there are none."""
        rows = F.embedding(required(c), table) if self.classes else table
        return rows[:, :, None, None]


class VirtualBatchNorm(nn.Module):
    """Each sample normalised by the statistics of a fixed reference batch and itself, and of no other.

    Salimans et al. 2016, arXiv 1606.03498. The first ``reference`` rows of what comes in are the reference
    batch: ``Referenced`` puts them there. Their statistics follow the weights, so none are stored.
    """

    def __init__(self, features: int, reference: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.reference, self.eps = reference, eps
        self.gain = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Float[Tensor, "batch channel *place"]) -> Float[Tensor, "batch channel *place"]:
        """Normalised, scaled and shifted, the reference rows by their own statistics alone.

        Raises:
            ValueError: there are fewer rows than the reference batch has.
        """
        n = self.reference
        if len(x) < n:
            raise ValueError(f"virtual batch norm needs its {n} reference rows first: wrap with Referenced")
        rows = at_least_float32(x)
        rows = rows.flatten(2) if rows.ndim > 2 else rows[:, :, None]
        mean, square = rows.mean(2), rows.square().mean(2)
        mean, square = self.blend(mean), self.blend(square)
        scale = self.gain * torch.rsqrt((square - mean.square()).clamp_min(0) + self.eps)
        shift = self.bias - mean * scale
        return (rows * scale[:, :, None] + shift[:, :, None]).reshape(x.shape).to(x.dtype)

    def blend(self, each: Float[Tensor, "batch channel"]) -> Float[Tensor, "batch channel"]:
        """Each row's statistic as one more row of the reference batch would have it."""
        n = self.reference
        reference = each[:n].mean(0, keepdim=True)
        return torch.cat([reference.expand(n, -1), torch.lerp(reference, each[n:], 1 / (n + 1))])


class Referenced(nn.Module):
    """A generator with virtual batch norm, which meets its fixed reference batch before every batch.

    Args:
        generator: a generator whose ``VirtualBatchNorm`` layers all want the same number of rows.
        latent: its latent size.
        classes: its number of classes; the reference batch goes through them in turn.

    Raises:
        ValueError: the layers disagree, or there are none.
    """

    reference: Tensor
    reference_classes: Tensor

    def __init__(self, generator: nn.Module, latent: int, classes: int = 0) -> None:
        super().__init__()
        wanted = {layer.reference for layer in generator.modules() if isinstance(layer, VirtualBatchNorm)}
        if len(wanted) != 1:
            raise ValueError(
                "a referenced generator needs VirtualBatchNorm layers with one number of reference rows, "
                f"not {sorted(wanted)}"
            )
        self.rows = wanted.pop()
        self.generator, self.latent, self.classes = generator, latent, classes
        self.register_buffer("reference", torch.randn(self.rows, latent))
        self.register_buffer("reference_classes", torch.arange(self.rows) % max(1, classes))

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch *sample"]:
        """The generator's samples of ``z``; each depends on its own ``z`` and the reference alone."""
        every_c = torch.cat([self.reference_classes, required(c)]) if self.classes else None
        x: Tensor = self.generator(torch.cat([self.reference.to(z.dtype), z]), every_c)
        return x[self.rows :]
