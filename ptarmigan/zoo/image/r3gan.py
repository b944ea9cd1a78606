"""R3GAN: Huang et al. 2024, "The GAN is dead; long live the GAN! A modern GAN baseline", arXiv 2501.05441.

    ptarmigan train image.r3gan --data fashion-mnist
    ptarmigan train image.r3gan --data cifar10 --width 768 --group-size 16 --blocks 2 --lazy 1 --conditional

A relativistic pairing loss (RpGAN) with zero-centred gradient penalties on real and on generated samples:

    L_D = E[f(D(G(z)) − D(x))] + γ/2 E[‖∇D(x)‖²] + γ/2 E[‖∇D(G(z))‖²]
    L_G = E[f(D(x) − D(G(z)))],    f(t) = log(1 + eᵗ)

and residual networks without normalisation. Every schedule is the paper's: the learning rate, γ, Adam's
second decay rate and the half-life of the EMA go along a cosine. The width fits it to the machine: the second
command is the published network for CIFAR-10. Grouped convolutions (--group-size) are as published; their
second derivatives are ruinous on a CPU, so the default is dense ones and lazy penalties.
Cost and score: after 454 steps, 30 s of one core, on digits:
Fréchet distance 94.5 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from torch import Tensor

from ptarmigan.core.augment import Augment, blit, cutout, tint, warp
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.r3gan import R3GANDiscriminator, R3GANGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    width: int = 48,
    blocks: int = 1,
    group_size: int = 0,
    latent: int = 64,
    lr: float = 2e-4,
    gamma: float = 0.5,
    lazy: int = 8,
    augment: float = 0.0,
    training: Training = Training(half_life=20_000.0),
) -> Run:
    """An R3GAN.

    Args:
        width: channels of every stage.
        blocks: residual blocks of every stage.
        group_size: channels in a group of the 3×3 convolutions; 0 for dense ones.
        lr: Adam's learning rate at the start; a quarter of it at the end.
        gamma: γ at the start; a tenth of it at the end.
        lazy: the penalties are added at every so many steps (1 in the paper).
        augment: probability of each augmentation at the end (0.55 for CIFAR-10).
    """
    samples = training.open(data)
    shape, classes = samples.space.shape, samples.require_classes() if conditional else 0
    penalty = cosine(gamma, gamma / 10)
    augmented = Augment(blit, warp, half_tint, cutout, probability=cosine(0.0, augment)) if augment else None
    game = GAN(
        R3GANGenerator(latent, shape, width, classes, blocks=blocks, group_size=group_size or None),
        R3GANDiscriminator(shape, width, classes, blocks=blocks, group_size=group_size or None),
        loss=relativistic,
        penalties=(R1(penalty), R2(penalty)),
        lazy=lazy,
        augment=augmented,
    )
    return training.run(
        game,
        samples,
        adams(game, lr, (0.0, 0.9)),
        half_life=cosine(0.0, training.half_life),
        rate=cosine(1.0, 0.25),
        beta2=cosine(0.9, 0.99),
    )


def half_tint(x: Tensor, p: float | Tensor) -> Tensor:
    """Colours change half as often as the rest, as published."""
    return tint(x, p * 0.5)


small = dict(conditional=True, width=8, latent=8, lazy=2, augment=0.5, steps=4, batch=8)
