"""The drift of generated samples towards the data: Deng et al. 2026, arXiv 2602.04770.

A field that is zero where generated and real samples are of one distribution, so that a generator can follow
it without an adversary: it attracts to real samples and repels from generated ones,

    V(x) = Σ_ij a(x, y_i) a(x, x_j) (y_i − x_j),    a = √(softmax over what x may go to · softmax over all x)

of exp(−‖x − y‖ / τ) over real y and generated x_j together.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def drift(
    generated: Float[Tensor, "n feature"], real: Float[Tensor, "m feature"], temperature: float
) -> Float[Tensor, "n feature"]:
    """V at every generated sample; samples do not repel themselves.

    Args:
        generated: vectors of generated samples.
        real: vectors of real ones.
        temperature: τ, as a fraction of the root of the mean square distance of two real samples.

    Raises:
        ValueError: there is one sample only.
    """
    if len(generated) < 2:
        raise ValueError("drifting compares the samples of a batch: it needs two or more (--batch)")
    spread = torch.sqrt(2 * real.var(0, correction=0).sum())
    own = torch.cdist(generated, generated).fill_diagonal_(torch.inf)
    logits = -torch.cat([torch.cdist(generated, real), own], 1) / (temperature * spread)
    affinity = (logits.softmax(1) * logits.softmax(0)).sqrt()
    attracts, repels = affinity.split([len(real), len(generated)], 1)
    towards = (attracts * repels.sum(1, keepdim=True)) @ real
    away = (repels * attracts.sum(1, keepdim=True)) @ generated
    return torch.sub(towards, away)
