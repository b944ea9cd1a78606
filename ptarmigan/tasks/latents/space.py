"""The latents of a game that are edited: w where its generator has one, else z itself."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import Game, is_tempered
from ptarmigan.core.styles import StyleGenerator

DRAWN = 10_000
"""Latents of which a mean and a standard deviation are taken, as published (Karras et al. 2020, app. D)."""
CHUNK = 1_000
"""Of these, so many at once."""


class LatentSpace(ABC):
    """The space of w, ``(n, styles, size)``, in which samples are edited.

    Args:
        game: generates samples, in evaluation mode.

    Attributes:
        styles: how many layers take a w of their own.
        size: of a w.
        name: ``w`` or ``z``.
    """

    styles: int
    size: int
    name: str

    def __init__(self, game: Game) -> None:
        self.game = game
        self._means: dict[bytes, Tensor] = {}

    @abstractmethod
    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Latents z ``(n, latent)`` to w ``(n, styles, size)``, all styles of a row alike."""

    @abstractmethod
    def synthesise(self, w: Tensor, c: Tensor | None = None) -> Tensor:
        """Encoded samples of w ``(n, styles, size)``."""

    @abstractmethod
    def weights(self, c: Tensor | None = None) -> tuple[Tensor, ...]:
        """The linear map that every layer has of its w: ``styles`` tensors of shape ``(outputs, size)``.

        Args:
            c: any condition of two samples, where the game is conditional.

        Raises:
            ValueError: no layer is a linear map of it.
        """

    @abstractmethod
    def sample(self, z: Tensor, c: Tensor | None, truncation: float) -> Tensor:
        """Samples of z; below a ``truncation`` of 1 less diverse and more typical ones."""

    def means(self, c: Tensor | None, n: int) -> Tensor:
        """The mean w̄ of all w that are conditioned as each of ``n`` rows of ``c``: ``(n, 1, size)``."""
        if c is None:
            return self._mean(None).expand(n, 1, -1)
        rows, places = c.unique(dim=0, return_inverse=True)
        return torch.stack([self._mean(row) for row in rows])[places, None]

    def deviation(self, row: Tensor | None = None) -> float:
        """The standard deviation σ of a condition's w: the root of the mean squared distance from w̄."""
        return float(self.drawn(row).sub(self._mean(row)).square().sum(1).mean().sqrt())

    def truncate(self, w: Tensor, truncation: float, c: Tensor | None = None, cutoff: int = 0) -> Tensor:
        """w̄ + ψ (w − w̄), with ψ the ``truncation`` and w̄ the mean of each sample's condition.

        Args:
            w: of shape ``(n, styles, size)``.
            truncation: ψ, from 0 (the mean) to 1 (w itself).
            c: what the samples are conditioned on.
            cutoff: only the first so many styles are truncated; all when 0.
        """
        moved = torch.lerp(self.means(c, len(w)).expand_as(w), w, truncation)
        near = torch.arange(self.styles, device=w.device) < (cutoff or self.styles)
        return torch.where(near[:, None], moved, w)

    def drawn(self, row: Tensor | None) -> Tensor:
        """The w of ``DRAWN`` latents, the same every time, conditioned on a row of c: ``(DRAWN, size)``."""
        device, found = next(self.game.parameters()).device, []
        with noise.isolated(), torch.no_grad():
            for chunk in range(DRAWN // CHUNK):
                noise.at(0, "w", chunk, device=device)
                c = None if row is None else row.expand(CHUNK, *row.shape)
                found.append(self.map(noise.normal(CHUNK, self.game.latent), c)[:, 0])
        return torch.cat(found)

    def _mean(self, row: Tensor | None) -> Tensor:
        key = b"" if row is None else row.cpu().numpy().tobytes()
        if key not in self._means:
            self._means[key] = self.drawn(row).double().mean(0).float()
        return self._means[key]


class NormalSpace(LatentSpace):
    """z itself, of a generator without a w: w̄ is 0, and a condition goes into the generator."""

    name = "z"

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self.styles, self.size = 1, game.latent

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """The z of every row."""
        return z[:, None]

    def synthesise(self, w: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z, c)."""
        return self.game.sample(w[:, 0], c)

    def means(self, c: Tensor | None, n: int) -> Tensor:
        """Zero."""
        return torch.zeros(n, 1, self.size, device=next(self.game.parameters()).device)

    def deviation(self, row: Tensor | None = None) -> float:
        """That of a standard normal vector."""
        return float(self.size**0.5)

    def weights(self, c: Tensor | None = None) -> tuple[Tensor, ...]:
        """The weight of the first linear map that sees z, without the part for a class beside it."""
        return (first_linear(self.game, c),)

    def sample(self, z: Tensor, c: Tensor | None, truncation: float) -> Tensor:
        """Of z from the normal truncated to ± 2 ψ, as BigGAN's (Brock et al. 2019, arXiv 1809.11096)."""
        return self.game.sample(z if truncation >= 1 else truncate_normal(z, 2 * truncation), c)


class StyleSpace(LatentSpace):
    """The w of a generator that has one; what samples are conditioned on is in it."""

    name = "w"

    def __init__(self, game: Game, generator: StyleGenerator) -> None:
        super().__init__(game)
        self.generator, self.styles, self.size = generator, generator.styles, generator.size

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """The mapping network's w, for every style; in full precision, as w is edited and averaged."""
        with torch.autocast(z.device.type, enabled=False):
            return self.generator.map(z, c)[:, None].expand(-1, self.styles, -1)

    def synthesise(self, w: Tensor, c: Tensor | None = None) -> Tensor:
        """The synthesis network's samples."""
        return self.generator.synthesise(w)

    def weights(self, c: Tensor | None = None) -> tuple[Tensor, ...]:
        """Of the affine maps to the styles."""
        return self.generator.style_weights()

    def sample(self, z: Tensor, c: Tensor | None, truncation: float) -> Tensor:
        """Of w nearer to the mean of its condition."""
        w = self.map(z, c)
        return self.synthesise(w if truncation >= 1 else self.truncate(w, truncation, c))


def latent_space(game: Game) -> LatentSpace:
    """The latents of a game that are edited."""
    style = game.style_generator
    return NormalSpace(game) if style is None else StyleSpace(game, style)


def check_editable(game: Game, recipe: str) -> None:
    """See that a game's samples are functions of latents that can be edited.

    Raises:
        ValueError: they are not.
    """
    if game.latent < 1 or is_tempered(game):
        why = "draws its samples token by token" if is_tempered(game) else "has no latents"
        raise ValueError(f"this run of {recipe} {why}: there is nothing to edit, project or interpolate")


def truncate_normal(z: Tensor, limit: float) -> Tensor:
    """Normal numbers mapped to the normal truncated to ± ``limit``, keeping their order."""
    normal = torch.distributions.Normal(z.new_zeros(()).double(), 1.0)
    low, high = normal.cdf(z.new_tensor([-limit, limit]).double())
    u = low + (high - low) * normal.cdf(z.double())
    return torch.as_tensor(normal.icdf(u)).clamp(-limit, limit).to(z.dtype)


@torch.no_grad()
def first_linear(game: Game, c: Tensor | None = None) -> Tensor:
    """The weight ``(outputs, latent)`` of the first linear layer, or 1×1 input convolution, that takes z.

    It is found by a look at what every layer is given, so that networks of one's own have it too; what stands
    beside z, as an embedding of the class, is left out.

    Args:
        game: in evaluation mode.
        c: any condition of two samples, where the game is conditional.

    Raises:
        ValueError: z goes through something else first.
    """
    kinds = (nn.Linear, nn.ConvTranspose1d, nn.ConvTranspose2d)
    found: list[Tensor] = []
    device = next(game.parameters()).device
    with noise.isolated():
        noise.at(0, "first linear", device=device)
        z = noise.normal(2, game.latent)

        def look(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
            x = given[0].flatten(1) if given[0].dim() > 1 else given[0]
            if not found and x.dim() == 2 and torch.equal(x[:, : game.latent], z):
                weight = torch.as_tensor(layer.weight)
                rows = weight if isinstance(layer, nn.Linear) else weight.flatten(1).T
                found.append(rows[:, : game.latent].detach())

        layers = [module for module in game.modules() if isinstance(module, kinds)]
        hooks = [layer.register_forward_pre_hook(look) for layer in layers]
        try:
            game.sample(z, c)
        finally:
            for hook in hooks:
                hook.remove()
    if not found:
        raise ValueError("no layer of this generator is a linear map of z: find directions by features")
    return found[0]
