"""R3GAN: Huang et al. 2024, "The GAN is dead; long live the GAN! A modern GAN baseline", arXiv 2501.05441.

    ptarmigan train image.r3gan --data fashion-mnist
    ptarmigan train image.r3gan --data cifar10 --width 768 --group-size 16 --blocks 2 --lazy 1 --conditional

A relativistic loss with zero-centred gradient penalties on real and on generated samples, and residual
networks without normalisation. Every schedule is the published one: rate, γ, Adam's second decay and the
half-life of the averaged weights go along a cosine. The width fits it to the machine: the second command is
the published network for CIFAR-10. Grouped convolutions (--group-size) are as published; their second
derivatives are ruinous on a CPU, so the default is dense ones and lazy penalties.
Cost and score: after 454 steps, 30 s of one core, on digits:
Fréchet distance 94.5 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.augment import Augment, blit, cutout, tint, warp
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.r3gan import R3GANDiscriminator, R3GANGenerator
from ptarmigan.training.run import Run


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
    half_life: float = 20_000.0,
    steps: int = 20_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """An R3GAN.

    Args:
        data: the images.
        conditional: learn the classes too.
        width: channels of every stage.
        blocks: residual blocks of every stage.
        group_size: channels in a group of the 3×3 convolutions; 0 for dense ones.
        latent: the size of z.
        lr: Adam's learning rate at the start; a quarter of it at the end.
        gamma: weight of the penalties at the start; a tenth of it at the end.
        lazy: the penalties are played every so many steps (1 as published).
        augment: probability of each augmentation at the end (0.55 for CIFAR-10).
        half_life: of the averaged weights at the end, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes() if conditional else 0
    penalty = cosine(gamma, gamma / 10)
    seen = Augment(blit, warp, half_tint, cutout, probability=cosine(0.0, augment)) if augment else None
    game = GAN(
        R3GANGenerator(latent, shape, width, classes, blocks=blocks, group_size=group_size or None),
        R3GANDiscriminator(shape, width, classes, blocks=blocks, group_size=group_size or None),
        loss=relativistic,
        penalties=(R1(penalty), R2(penalty)),
        lazy=lazy,
        augment=seen,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.0, 0.9)),
        "generator": adam(game.generator, lr, (0.0, 0.9)),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=cosine(0.0, half_life),
        rate=cosine(1.0, 0.25),
        beta2=cosine(0.9, 0.99),
    )


def half_tint(x: Tensor, p: float | Tensor) -> Tensor:
    """Colours change half as often as the rest, as published."""
    return tint(x, p * 0.5)


small = dict(conditional=True, width=8, latent=8, lazy=2, augment=0.5, steps=4, batch=8)
