"""AnoGAN: Schlegl et al. 2017, "Unsupervised anomaly detection with GANs", arXiv 1703.05921, for images.

    ptarmigan train anomaly.anogan_images --data ./good --size 64
    ptarmigan detect runs/anomaly.anogan_images-good ./test --heat heat

``anomaly.anogan`` on DCGAN's networks, as published, less the discriminator's batch norm; f is its last
convolution, and the anomaly map is the error of every pixel's reconstruction. Not as published: a search has
100 steps (500 there). Scores take a minute of a core for each thousand small images:
``anomaly.fanogan_images`` has an encoder instead.
Cost and score: after 5,241 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.372 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.modalities.image.source import Images
from ptarmigan.training.recipe import Training, variant
from ptarmigan.zoo.anomaly import anogan

recipe = variant(
    anogan.recipe,
    __name__,
    data=Images(),
    width=32,
    latent=32,
    lr=2e-4,
    search=100,
    training=Training(steps=6_000),
)

small = dict(width=4, latent=4, search=3, steps=4, batch=16)
