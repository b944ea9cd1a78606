"""R3GAN: Huang et al. 2024, arXiv 2501.05441, as published for faces of 64 pixels (FFHQ).

    ptarmigan train image.r3gan_64 --data ./faces --size 64 --flip

``image.r3gan`` with 768 channels up to maps of 32 pixels and 384 at 64, a stronger penalty and less
augmentation than for CIFAR-10. All schedules end after 20 million images, and the run with them; --steps is
for longer ones. It is meant for GPUs.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.training.recipe import Training, variant
from ptarmigan.zoo.image import r3gan

recipe = variant(
    r3gan.recipe,
    __name__,
    width=768,
    blocks=2,
    group_size=16,
    lazy=1,
    gamma=2.0,
    augment=0.3,
    narrow=True,
    schedule=2e7,
    training=Training(steps=78_125, batch=256, half_life=500_000.0),
)

small = r3gan.small
