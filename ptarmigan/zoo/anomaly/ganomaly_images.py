"""GANomaly: Akcay et al. 2018, arXiv 1805.06725, for images.

    ptarmigan train anomaly.ganomaly_images --data ./good --size 64
    ptarmigan detect runs/anomaly.ganomaly_images-good ./test --heat heat

``anomaly.ganomaly`` on DCGAN's networks; the anomaly map is the error of every pixel's reconstruction.
Losses, their weights (1, 50 and 1), the size of the latent, Adam's learning rate and betas and the score are
the paper's. Not as published: latents lie on a sphere, so that samples can be generated, and the
discriminator has no batch norm.
Cost and score: after 3,331 steps, 30 s of one core, on digits:
sliced Wasserstein distance 1.43 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.modalities.image.source import Images
from ptarmigan.training.recipe import Training, variant
from ptarmigan.zoo.anomaly import ganomaly

recipe = variant(
    ganomaly.recipe,
    __name__,
    data=Images(),
    width=32,
    latent=100,
    lr=2e-4,
    weight=0.0,
    training=Training(steps=3_000),
)

small = dict(width=4, latent=4, steps=4, batch=16)
