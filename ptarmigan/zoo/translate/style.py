"""Style from few pictures: contrastive translation, Park et al. 2020, arXiv 2007.15651, judged by details.

    ptarmigan train translate.style --data ./photos-and-paintings
    ptarmigan train translate.style --data ./photos-and-paintings --size 32 --width 16 --steps 2000  # a CPU

Of one to twenty images of a style a discriminator memorises each. So it never sees a whole one: of every
image, real or generated, it sees a few random crops, as where the paper translates single images, with their
colours changed and a part cut out (DiffAugment: Zhao et al. 2020, arXiv 2006.10738). For the rest this is
``translate.cut``.
Cost and score: after 278 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0414 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.augment import Augment
from ptarmigan.core.transforms import Probability, color, cutout
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import alike
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run
from ptarmigan.zoo.translate.cut import contrastive

LEAST = 8
"""Pixels of a crop's side, at least."""

Images = Float[Tensor, "batch channel height width"]


def details(x: Images, p: Probability, times: int) -> Float[Tensor, "details channel high wide"]:
    """So many random crops of every image, of half its sides."""
    many = x.repeat_interleave(times, 0)
    for dim, side in zip((2, 3), parts(x.shape[2:]), strict=True):
        start = (noise.uniform(len(x), times).flatten() * (x.shape[dim] - side + 1)).long()
        places = start[:, None] + torch.arange(side, device=x.device)
        shape = list(many.shape)
        shape[dim] = side
        many = many.gather(dim, places[:, None, :, None].transpose(2, dim).expand(shape))
    return many


def parts(sides: tuple[int, ...]) -> tuple[int, ...]:
    """The sides of a crop of an image with these."""
    return tuple(min(side, max(LEAST, side // 2)) for side in sides)


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    content: float = 1.0,
    glimpses: int = 4,
    lr: float = 2e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """Style from few images.

    Args:
        content: λ_X, or λ_X + λ_Y, as in ``translate.cut``.
        glimpses: crops of every image that the discriminator sees.
    """
    samples = training.open(data, paired=False)
    return contrastive(
        training,
        samples,
        width=width,
        lr=lr,
        sides=parts(samples.shape[1:]),
        content=content,
        identity=alike(samples.require_inputs(), samples.space),
        augment=Augment(partial(details, times=glimpses), color, cutout),
    )


small = dict(width=4, glimpses=2, steps=4, batch=4)
