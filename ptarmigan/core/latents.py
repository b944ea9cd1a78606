"""Latents as variational autoencoders have them: a Gaussian for every sample (Kingma and Welling 2014).

``log_variance`` is the logarithm of the variance; arXiv 1312.6114.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ptarmigan.core import noise


def drawn(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, "batch latent"]:
    """A latent from each Gaussian."""
    return mean + (log_variance / 2).exp() * noise.normal(*mean.shape).to(mean)


def divergence(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, " batch"]:
    """Kullback and Leibler's, of each Gaussian from the standard normal one."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
