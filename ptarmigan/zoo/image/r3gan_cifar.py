"""R3GAN: Huang et al. 2024, arXiv 2501.05441, as published for CIFAR-10.

    ptarmigan train image.r3gan_cifar --data cifar10 --conditional

``image.r3gan`` with 768 channels at all sizes of feature maps, grouped convolutions, both penalties at every
step, and augmentation. All schedules end after 20 million images of 250 million. The authors trained for four
days on eight L40 (issue 19 of their repository), so nobody waits for it on a CPU: there take image.r3gan.
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
    gamma=0.05,
    augment=0.55,
    schedule=2e7,
    training=Training(steps=488_281, batch=512, half_life=5e6),
)

small = r3gan.small
