"""A small GAN with a mapping network, as a recipe of one's own: what StyleGANs have that the zoo has not."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adams
from ptarmigan.core.styles import StyleGenerator
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.layers import ClassInput
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class Styles(StyleGenerator):
    """Three layers, each scaled by a linear map of its own w."""

    def __init__(self, latent: int, shape: tuple[int, ...], width: int, classes: int) -> None:
        super().__init__()
        self.latent, self.size, self.styles, self.shape = latent, 6, 3, shape
        self.input = ClassInput(latent, classes)
        self.mapping = nn.Sequential(nn.Linear(self.input.size, 6), nn.LeakyReLU(0.2), nn.Linear(6, 6))
        self.affine = nn.ModuleList(nn.Linear(6, width) for _ in range(3))
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.start = nn.Parameter(torch.randn(width))
        self.out = nn.Linear(width, math.prod(shape))

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.mapping(self.input(z, c))

    def synthesise(self, w: Tensor) -> Tensor:
        h = self.start.expand(len(w), -1)
        for i, (affine, hidden) in enumerate(zip(self.affine, self.hidden, strict=True)):
            h = torch.relu(hidden(h * (1 + affine(w[:, i]))))
        return torch.tanh(self.out(h)).reshape(-1, *self.shape)

    def style_weights(self) -> tuple[Tensor, ...]:
        return tuple(affine.weight for affine in self.affine)


@configurable
def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    width: int = 8,
    latent: int = 4,
    lr: float = 1e-3,
    training: Training = Training(steps=4, batch=16),
) -> Run:
    """A GAN with styles."""
    samples = training.open(data)
    classes = samples.require_classes() if conditional else 0
    generator = Styles(latent, samples.shape, width, classes)
    game = GAN(generator, MLPDiscriminator(samples.shape, (width,), classes))
    return training.run(game, samples, adams(game, lr))


small = dict(conditional=True)
