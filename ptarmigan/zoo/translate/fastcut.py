"""FastCUT: Park et al. 2020, "Contrastive learning for unpaired image-to-image translation", 2007.15651.

    ptarmigan train translate.fastcut --data ./photos
    ptarmigan train translate.fastcut --data ./photos --size 32 --width 16 --steps 2000    # minutes of a CPU

``translate.cut`` with λ_X = 10 and λ_Y = 0: without PatchNCE of real images, a step costs less. Half of the
inputs are mirrored, which must mirror the output. As published, the learning rate falls to 0 over the last
quarter.
Cost and score: after 401 steps, 30 s of one core, on digits from their edges:
edge agreement -0.0523 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run
from ptarmigan.zoo.translate.cut import contrastive


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    content: float = 10.0,
    patches: int = 256,
    temperature: float = 0.07,
    lr: float = 2e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """FastCUT.

    Args:
        content: λ_X, of PatchNCE between inputs and outputs.
        patches: as in ``translate.cut``.
        temperature: τ.
    """
    samples = training.open(data, paired=False)
    return contrastive(
        training,
        samples,
        width=width,
        lr=lr,
        begin=0.75,
        content=content,
        flip=0.5,
        patches=patches,
        temperature=temperature,
    )


small = dict(width=4, patches=16, steps=4, batch=4)
