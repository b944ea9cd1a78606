"""How a discriminator scores real, held-out and generated samples, and its gradient at these."""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.doctor.features import Floats
from ptarmigan.doctor.real import Real

FEW = 16
"""Generated samples at which the gradient is taken: all of a probe would take long."""

Values = dict[str, float]


def scores(game: Game, real: Real, fake: Tensor, c: Tensor | None) -> Values:
    """The discriminator's scores of real, held-out and generated samples, and how well they separate.

    ``auc`` is the chance that a training sample scores above a generated one, the area under the
    discriminator's ROC curve; ``auc_held_out`` the same of held-out samples; and ``membership_auc`` the
    chance that a training sample scores above a held-out one, 0.5 where the discriminator does not overfit.
    """
    device = fake.device
    with torch.no_grad():
        mine, made = scores_of(game, *real.probe(device)), scores_of(game, fake, c)
        if mine is None or made is None:
            return {}
        others = None if real.held_out is None else scores_of(game, *real.held_out_probe(device))
    found = {
        "score_real": float(mine.mean()),
        "score_fake": float(made.mean()),
        "spread_real": float(mine.std()),
        "spread_fake": float(made.std()),
        "auc": above(mine, made),
    }
    if others is not None:
        found["score_held_out"] = float(others.mean())
        found["auc_held_out"], found["membership_auc"] = above(others, made), above(mine, others)
    return found | gradient_norm(game, fake, c, real.typical_distance)


def scores_of(game: Game, x: Tensor, c: Tensor | None) -> Floats | None:
    """The discriminator's scores; None where there is no discriminator."""
    scores = game.discriminate(x, c)
    return None if scores is None else scores.detach().float().cpu().double().numpy()


def gradient_norm(game: Game, fake: Tensor, c: Tensor | None, unit: float) -> Values:
    """The gradient norm at generated samples, in scores over ``unit``, the distance of two real samples."""
    x = fake[:FEW].detach().requires_grad_()
    with torch.enable_grad():
        scores = game.discriminate(x, None if c is None else c[:FEW])
        if scores is None or not scores.requires_grad:
            return {}
        (gradient,) = torch.autograd.grad(scores.sum(), x, allow_unused=True)
    if gradient is None:  # of what is looked up, as tokens are, there is none
        return {}
    return {"gradient_norm": float(gradient.float().flatten(1).norm(dim=1).mean()) * unit}


def above(a: Floats, b: Floats) -> float:
    """The chance that one of ``a`` is above one of ``b``; ties count half."""
    return float((a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean())
