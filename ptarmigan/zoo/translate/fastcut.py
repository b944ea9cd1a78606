"""FastCUT: Park et al. 2020, "Contrastive learning for unpaired image-to-image translation", 2007.15651.

    ptarmigan train translate.fastcut --data ./photos
    ptarmigan train translate.fastcut --data ./photos --size 32 --width 16 --steps 2000    # minutes of a CPU

CUT without its second half, the comparison of real pictures with what is made of them, so that a step costs
less; the first then weighs ten times as much, and half of the inputs are mirrored, which must mirror what is
made. As published, the rate falls to 0 over the last quarter; for the rest see translate.cut.
Cost and score: after 401 steps, 30 s of one core, on digits from their edges:
edge agreement -0.0523 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.history import History
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import linear
from ptarmigan.nets.patches import PatchHeads
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.translator import Reader, Translator
from ptarmigan.tasks.translate.contrastive import Contrastive
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.training.run import Run


def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    content: float = 10.0,
    patches: int = 256,
    temperature: float = 0.07,
    lr: float = 2e-4,
    half_life: float = 500.0,
    steps: int = 20_000,
    batch: int = 1,
    seed: int = 0,
) -> Run:
    """FastCUT.

    Args:
        data: two kinds of pictures.
        width: channels of the first layer, in both networks.
        content: weight of what inputs and pictures made of them have in common.
        patches: of a picture, that are compared with each other.
        temperature: of the comparison; lower ones look at the likest patches only.
        lr: Adam's learning rate over three quarters; it falls to 0 over the last.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pictures of each kind in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed, paired=False)
    inputs, shape = samples.require_inputs().shape, samples.space.shape
    generator = Translator(inputs, shape, width)
    game = Contrastive(
        generator,
        Reader(shape, inputs),
        PatchHeads(generator.channels),
        PatchGAN(shape, None, width, norm=nn.InstanceNorm2d),
        History(batch, shape),
        content=content,
        flip=0.5,
        patches=patches,
        temperature=temperature,
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
        rate=linear(1.0, 0.0, begin=0.75),
    )


small = dict(width=4, patches=16, steps=4, batch=4)
