"""R3GAN: Huang et al. 2024, arXiv 2501.05441, as published for faces of 256 pixels (FFHQ).

    ptarmigan train image.r3gan_256 --data ./faces --size 256 --flip

``image.r3gan`` with 768 channels up to maps of 32 pixels, then 384, 192 and 96, and γ from 150 to 15; the
rest is as in image.r3gan_64. It is meant for GPUs.
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
    gamma=150.0,
    augment=0.3,
    narrow=True,
    schedule=2e7,
    training=Training(steps=78_125, batch=256, half_life=500_000.0),
)

small = r3gan.small
