"""Latents of variational autoencoders: a Gaussian for every sample.

Kingma and Welling 2014, arXiv 1312.6114; ``log_variance`` is the logarithm of the variance.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ptarmigan.core import noise


def reparameterise(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, "batch latent"]:
    """Sample a latent from each Gaussian: μ + σ ε, with ε standard normal."""
    return mean + (log_variance / 2).exp() * noise.normal(*mean.shape).to(mean)


def kl_divergence(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, " batch"]:
    """The Kullback-Leibler divergence of each Gaussian from the standard normal distribution."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
