"""Losses: for each player a function of the discriminator's scores, which that player minimises.

Scores are raw logits, one or several (patches) for a sample, batch first; a loss is the mean over all of
them, in float32 or better. Each loss states its value at the equilibrium, where real and generated samples
have one distribution and the discriminator cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch.nn.functional as F
from torch import Tensor

from ptarmigan.core.precision import at_least_float32

Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""What was generated and what it should be, both encoded, to a scalar."""


@dataclass(frozen=True)
class Loss:
    """What the two players minimise.

    Attributes:
        discriminator: ``(real scores, fake scores) -> scalar``.
        generator: ``(fake scores, real scores) -> scalar``; real scores are None unless ``relative``.
        relative: the generator's loss uses real scores too.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor | None], Tensor]
    relative: bool = False


def _up(scores: Tensor) -> Tensor:
    """-log sigmoid(scores), minimised by high scores."""
    return F.softplus(-at_least_float32(scores)).mean()


def _down(scores: Tensor) -> Tensor:
    """-log(1 - sigmoid(scores)), minimised by low scores."""
    return F.softplus(at_least_float32(scores)).mean()


def _near(scores: Tensor, target: float) -> Tensor:
    return 0.5 * (at_least_float32(scores) - target).square().mean()


def _mean(scores: Tensor) -> Tensor:
    return at_least_float32(scores).mean()


def _above(scores: Tensor, centre: Tensor) -> Tensor:
    """Scores minus the mean of the other side, for every patch on its own."""
    return at_least_float32(scores) - at_least_float32(centre).mean(0)


def _given(real: Tensor | None) -> Tensor:
    if real is None:
        raise ValueError("a relativistic loss needs the real scores on the generator's turn too")
    return real


minimax = Loss(lambda real, fake: _up(real) + _down(fake), lambda fake, real: -_down(fake))
"""The game as first written: the generator maximises what the discriminator minimises.

Goodfellow et al. 2014, arXiv 1406.2661, equation 1. Equilibrium: scores 0, 2 log 2 and -log 2.
"""

non_saturating = Loss(lambda real, fake: _up(real) + _down(fake), lambda fake, real: _up(fake))
"""The generator maximises log D(G(z)) instead, whose gradient does not vanish where D rejects its samples.

Goodfellow et al. 2014, arXiv 1406.2661, section 3. Equilibrium: scores 0, 2 log 2 and log 2.
"""

least_squares = Loss(lambda real, fake: _near(real, 1) + _near(fake, 0), lambda fake, real: _near(fake, 1))
"""Squared distances to 1 for real and 0 for generated.

Mao et al. 2017, arXiv 1611.04076, equation 9. Equilibrium: scores 1/2, 1/4 and 1/8.
"""

wasserstein = Loss(lambda real, fake: _mean(fake) - _mean(real), lambda fake, real: -_mean(fake))
"""The earth mover's distance, if the discriminator is kept 1-Lipschitz.

Arjovsky et al. 2017, arXiv 1701.07875. Equilibrium: any constant score, 0 and minus that score.
"""

hinge = Loss(
    lambda real, fake: (
        (1 - at_least_float32(real)).relu().mean() + (1 + at_least_float32(fake)).relu().mean()
    ),
    lambda fake, real: -_mean(fake),
)
"""The hinge loss: scores beyond a margin of 1 on the right side add nothing.

Lim and Ye 2017, arXiv 1705.02894. Equilibrium: any constant score within the margin, 2 and minus that score.
"""

relativistic = Loss(
    lambda real, fake: _up(at_least_float32(real) - fake),
    lambda fake, real: _up(at_least_float32(fake) - _given(real)),
    relative=True,
)
"""Scores are compared in pairs: a real sample should score above the generated one, and the other way round.

Jolicoeur-Martineau 2018, arXiv 1807.00734 (RpGAN); with R1 and R2, Huang et al. 2024, arXiv 2501.05441
(R3GAN). Scores of both sides have one shape. Equilibrium: any constant score, log 2 and log 2.
"""

relativistic_average = Loss(
    lambda real, fake: _up(_above(real, fake)) + _down(_above(fake, real)),
    lambda fake, real: _up(_above(fake, _given(real))) + _down(_above(_given(real), fake)),
    relative=True,
)
"""Every score is compared with the mean score of the other side in the batch.

Jolicoeur-Martineau 2018, arXiv 1807.00734 (RaGAN). It is the one loss here with batch statistics: two shards
of a batch have two means, so they do not add up to the undivided batch. Equilibrium: any constant score,
2 log 2 twice.
"""
