"""f-AnoGAN: Schlegl et al. 2019, "f-AnoGAN: fast unsupervised anomaly detection", for images.

    ptarmigan train anomaly.fanogan_images --data ./good --size 64
    ptarmigan detect runs/anomaly.fanogan_images-good ./test --heat heat

``anomaly.fanogan`` on DCGAN's networks, smaller than the paper's residual ones; f is the critic's last
convolution, and the anomaly map is the error of every pixel's reconstruction. The loss, the score, κ = 1 and
five critic steps are the paper's.
Cost and score: after 1,179 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.466 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.modalities.image.source import Images
from ptarmigan.training.recipe import Training, variant
from ptarmigan.zoo.anomaly import fanogan

recipe = variant(
    fanogan.recipe,
    __name__,
    data=Images(),
    width=32,
    latent=32,
    lr=2e-4,
    training=Training(steps=6_000),
)

small = dict(width=4, latent=4, critic_steps=2, steps=4, batch=16)
