"""The first GAN: Goodfellow et al. 2014, "Generative adversarial networks", arXiv 1406.2661.

    ptarmigan train image.gan --data digits
    ptarmigan train image.gan --data digits --loss minimax --k 2

Two multilayer perceptrons play

    min_G max_D V(D, G) = E[log D(x)] + E[log(1 − D(G(z)))]    (eq. 1)

The discriminator minimises −V. The generator minimises log(1 − D(G(z))) (minimax), or −log D(G(z)), whose
gradient does not vanish where D(G(z)) is near 0 (non-saturating: section 3). Layers, Adam and its
rates are those of common reimplementations: the paper has maxout units and momentum, and does not give their
sizes.
Cost and score: after 2,244 steps, 30 s of one core, on digits:
Fréchet distance 93.9 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Literal

from torch import nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import minimax, non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.mlp import MLPDiscriminator, MLPGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

LOSSES = {"minimax": minimax, "non_saturating": non_saturating}


@configurable
def recipe(
    data: Images = Images(),
    *,
    loss: Literal["minimax", "non_saturating"] = "non_saturating",
    k: int = 1,
    hidden: tuple[int, ...] = (256, 512, 1024),
    dropout: float = 0.3,
    latent: int = 100,
    lr: float = 2e-4,
    training: Training = Training(),
) -> Run:
    """A GAN of multilayer perceptrons.

    Args:
        loss: the generator's.
        k: discriminator steps for one of the generator.
        hidden: sizes of the generator's hidden layers; the discriminator has them in reverse.
        dropout: the probability, in the discriminator's hidden layers.
    """
    samples = training.open(data)
    generator = MLPGenerator(latent, samples.shape, hidden, norm=nn.Identity)
    discriminator = MLPDiscriminator(samples.shape, hidden[::-1], dropout=dropout)
    game = GAN(generator, discriminator, loss=LOSSES[loss], steps=k)
    return training.run(game, samples, adams(game, lr))


small = dict(loss="minimax", k=2, hidden=(8, 16), latent=8, steps=4, batch=8)
