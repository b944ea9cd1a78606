"""Style from few pictures: contrastive translation, Park et al. 2020, arXiv 2007.15651, judged by details.

    ptarmigan train translate.style --data ./photos-and-paintings
    ptarmigan train translate.style --data ./photos-and-paintings --size 32 --width 16 --steps 2000  # a CPU

With one to twenty pictures of a style, a discriminator learns them by heart. So it never sees a whole one: of
every picture, real or made, it is shown a few details, cut out at random as where the paper translates single
images, with their colours changed and a part left out (DiffAugment: Zhao et al. 2020, arXiv 2006.10738).
For the rest this is CUT: what is made keeps the content of its input, patch by patch.
Cost and score: after 278 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0414 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.augment import Augment, Probability, color, cutout
from ptarmigan.core.history import History
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import linear
from ptarmigan.nets.patches import PatchHeads
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.translator import Reader, Translator
from ptarmigan.tasks.translate.contrastive import Contrastive
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import alike
from ptarmigan.training.run import Run

LEAST = 8
"""Pixels of a detail's side."""

Pictures = Float[Tensor, "batch channel height width"]


def details(x: Pictures, p: Probability, times: int) -> Float[Tensor, "details channel high wide"]:
    """So many parts of every picture, of half its sides and anywhere in it."""
    many = x.repeat_interleave(times, 0)
    for dim, side in zip((2, 3), parts(x.shape[2:]), strict=True):
        start = (noise.uniform(len(x), times).flatten() * (x.shape[dim] - side + 1)).long()
        places = start[:, None] + torch.arange(side, device=x.device)
        shape = list(many.shape)
        shape[dim] = side
        many = many.gather(dim, places[:, None, :, None].transpose(2, dim).expand(shape))
    return many


def parts(sides: tuple[int, ...]) -> tuple[int, ...]:
    """The sides of a detail of a picture with these."""
    return tuple(min(side, max(LEAST, side // 2)) for side in sides)


def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    content: float = 1.0,
    glimpses: int = 4,
    lr: float = 2e-4,
    half_life: float = 500.0,
    steps: int = 20_000,
    batch: int = 1,
    seed: int = 0,
) -> Run:
    """Style from few pictures.

    Args:
        data: pictures, and a few of the style.
        width: channels of the first layer, in both networks.
        content: weight of what inputs and pictures made of them have in common. Half of it is for real
            pictures and what is made of them, where both kinds have one size and as many channels.
        glimpses: details of every picture that the discriminator is shown.
        lr: Adam's learning rate over the first half; it falls to 0 over the second.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pictures of each kind in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed, paired=False)
    given = samples.require_inputs()
    inputs, shape = given.shape, samples.space.shape
    generator = Translator(inputs, shape, width)
    game = Contrastive(
        generator,
        Reader(shape, inputs),
        PatchHeads(generator.channels),
        PatchGAN((shape[0], *parts(shape[1:])), None, width, norm=nn.InstanceNorm2d),
        History(batch, shape),
        content=content,
        identity=alike(given, samples.space),
        seen=Augment(partial(details, times=glimpses), color, cutout),
    )
    optimizers = {
        "generator": adam(game.makers, lr, (0.5, 0.999)),
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=half_life,
        rate=linear(1.0, 0.0, begin=0.5),
    )


small = dict(width=4, glimpses=2, steps=4, batch=4)
