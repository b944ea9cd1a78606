"""Patch qGAN: Huang et al. 2021, "Experimental quantum GANs for image generation", arXiv 2010.06201.

    ptarmigan train quantum.patch_qgan --data digits --only 0

Several small circuits draw a part of the image each. A latent z turns every qubit by RY(π/2 · Φ(z)), trained
layers follow, and a pixel is as bright as the probability of an outcome of the data qubits, where all
ancillas are measured 0 (eq. 4), over the largest one (so PennyLane's demonstration, whose circuits it has):

    x = P(j, 0 | z, θ) / max_j P(j, 0 | z, θ)

So one pixel of every part is white. The losses are the non-saturating ones, with a classical discriminator of
images and stochastic gradients from angles uniform in [0, 1), as in the demonstration. Not as there, R1,
without which the mean image swings to and fro, a learning rate of .03 for the discriminator in place of
.01, batches of 8, EMA angles. It is a simulation.
Cost and score: benchmarks/results/quantum.json
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import sgd
from ptarmigan.core.penalties import R1
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.quantum.circuit import embedded_layers
from ptarmigan.modalities.quantum.state import measured
from ptarmigan.nets.mlp import PointDiscriminator
from ptarmigan.nets.own import Unconditional
from ptarmigan.nets.players import Generator
from ptarmigan.training.meaning import FIXED, Kind, Meaning
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

START = 1.0
"""Angles are uniform from 0 to this at the start."""


class PatchGenerator(Generator):
    """Circuits that draw the parts of an image, from top to bottom.

    Args:
        shape: channels, height, width; a power of two in pixels.
        patches: circuits.
        ancillas: qubits of each that are not read.
        layers: of each.

    Raises:
        ValueError: pixels are no power of two, or fewer than patches.
    """

    def __init__(self, shape: tuple[int, ...], patches: int, ancillas: int, layers: int) -> None:
        super().__init__()
        pixels = math.prod(shape) // patches
        if pixels * patches != math.prod(shape) or pixels < 2 or pixels & (pixels - 1):
            raise ValueError(
                f"images of {math.prod(shape)} numbers in {patches} patches: each has to hold 2^n numbers, "
                "such as --size 8 of grey images"
            )
        self.shape, self.pixels = shape, pixels
        self.ancillas, self.latent = ancillas, pixels.bit_length() - 1 + ancillas
        self.circuit = embedded_layers(self.latent, layers)
        trained = len(self.circuit.with_angles) - self.latent
        self.angles = nn.Parameter(START * torch.rand(patches, trained))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Images from −1 to 1; ``c`` is ignored."""
        turns = math.pi / 2 * torch.special.ndtr(z)
        parts = [self.part(turns, angles) for angles in self.angles]
        return (2 * torch.cat(parts, 1) - 1).reshape(z.shape[0], *self.shape)

    def part(self, turns: Tensor, angles: Tensor) -> Tensor:
        """The pixels of one circuit, ``(n, pixels)``, the largest of which is 1."""
        both = torch.cat([turns, angles.expand(turns.shape[0], -1)], 1)
        # the first qubits are the ancillas, so outcomes in which all are 0 come first
        found = measured(self.circuit, both)[:, : self.pixels]
        return found / found.amax(1, keepdim=True)


def one_class(samples: Samples[ImageSpace], name: str, batch: int, seed: int) -> Samples[ImageSpace]:
    """The images of one class alone, without classes.

    Raises:
        ValueError: there is no such class.
    """
    known, labels = samples.space.classes, samples.source.labels
    if not known or labels is None or not name:
        return samples
    if name not in known:
        raise ValueError(f"there is no class {name!r}: choose --only from {', '.join(known)}")
    rows = np.flatnonzero(labels == known.index(name))
    space = replace(samples.space, classes=())
    return Samples(ArraySource(samples.source.read(rows)), space, batch=batch, seed=seed)


@configurable
def recipe(
    data: Images = Images(),
    *,
    only: Annotated[str, FIXED] = "0",
    patches: int = 4,
    ancillas: Annotated[int, Meaning(Kind.WIDTH, "generator")] = 1,
    layers: int = 6,
    width: int = 64,
    generator_lr: float = 0.3,
    discriminator_lr: float = 0.03,
    gamma: float = 1.0,
    training: Training = Training(steps=500, batch=8, half_life=400),
) -> Run:
    """A patch quantum GAN of small images.

    Args:
        only: the class that is learnt; all of them when empty.
        patches: circuits, of which each draws as many pixels.
        ancillas: qubits of each circuit that are not read.
        layers: of every circuit.
        width: of the discriminator's first hidden layer; the second has a quarter.
        gamma: γ, of R1.
    """
    samples = one_class(training.open(data), only, training.batch, training.seed)
    hidden = (width, max(1, width // 4))
    critic = nn.Sequential(nn.Flatten(), PointDiscriminator((math.prod(samples.shape),), hidden))
    generator = PatchGenerator(samples.shape, patches, ancillas, layers)
    game = GAN(generator, Unconditional(critic), penalties=(R1(gamma),))
    optimizers = {
        "discriminator": sgd(game.discriminator, discriminator_lr),
        "generator": sgd(game.generator, generator_lr),
    }
    return training.run(game, samples, optimizers)


small = dict(layers=1, width=32, steps=4, batch=8, size="4", patches=2)
