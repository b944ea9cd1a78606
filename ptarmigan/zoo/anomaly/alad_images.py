"""ALAD: Zenati et al. 2018, "Adversarially learned anomaly detection", arXiv 1812.02288, for images.

    ptarmigan train anomaly.alad_images --data ./good --size 64
    ptarmigan detect runs/anomaly.alad_images-good ./test --heat heat

``anomaly.alad`` on DCGAN's networks, whose discriminators have no batch norm; f is the last convolution of
D_xx, and the anomaly map is the error of every pixel's reconstruction. Not as published: latents are smaller
(100 there), and nothing is dropped between convolutions.
Cost and score: after 1,249 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.46 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.modalities.image.source import Images
from ptarmigan.training.recipe import Training, variant
from ptarmigan.zoo.anomaly import alad

recipe = variant(
    alad.recipe,
    __name__,
    data=Images(),
    width=32,
    lr=2e-4,
    pair_dropout=0.0,
    training=Training(steps=6_000),
)

small = dict(width=4, latent=4, steps=4, batch=16)
