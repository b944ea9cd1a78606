"""EGBAD: Zenati et al. 2018, "Efficient GAN-based anomaly detection", arXiv 1802.06222, for images.

    ptarmigan train anomaly.bigan_images --data ./good --size 64
    ptarmigan detect runs/anomaly.bigan_images-good ./test --heat heat

``anomaly.bigan`` on DCGAN's networks, whose discriminator has no batch norm and, as the paper's for MNIST,
layers for image and latent by themselves before those of both; the anomaly map is the error of every pixel's
reconstruction. The score and α are the paper's. Not as published: latents are smaller (200 there), and Adam's
learning rate is higher (1e-5 there), for fewer steps.
Cost and score: after 3,421 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.527 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.modalities.image.source import Images
from ptarmigan.training.recipe import Training, variant
from ptarmigan.zoo.anomaly import bigan

recipe = variant(
    bigan.recipe,
    __name__,
    data=Images(),
    width=32,
    latent=32,
    lr=2e-4,
    training=Training(steps=6_000),
)

small = dict(width=4, latent=4, steps=4, batch=16)
