"""The likelihood of tokens under a layer of logits, without the matrix of all logits.

Logits of all tokens of a batch are ``batch × length × vocabulary`` numbers, nine tenths of a step's time and
nearly all of its memory. Here they exist for ``CHUNK`` tokens at a time, and are worked out again on the way
back (Chen et al. 2016, "Training deep nets with sublinear memory cost", arXiv 1604.06174).
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

CHUNK = 128
"""Tokens whose logits are there at a time: of 5,000 words, 2.5 MB, which a processor's cache holds."""


def log_likelihood(
    features: Float[Tensor, "n width"],
    weight: Float[Tensor, "tokens width"],
    bias: Float[Tensor, " tokens"],
    targets: Int[Tensor, " n"],
    barred: tuple[Bool[Tensor, " n"], int] | None = None,
) -> Float[Tensor, " n"]:
    """Log softmax(features · weightᵀ + bias) at ``targets``, with gradients of the first three.

    Args:
        features: of a token each.
        weight: of the layer.
        bias: of the layer; −∞ for tokens that have no probability.
        targets: which token's likelihood is asked for, of each.
        barred: where one more token, and which, has none.
    """
    rows = torch.zeros_like(targets, dtype=torch.bool) if barred is None else barred[0]
    found = TiedLikelihood.apply(  # type: ignore[no-untyped-call]
        features.to(weight.dtype), weight, bias, targets, rows, barred[1] if barred else 0
    )
    return torch.as_tensor(found)


class TiedLikelihood(torch.autograd.Function):
    """The same with a derivative of its own: that of log p_t by the logits is 1 at t, less p."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, rows: Tensor, token: int
    ) -> Tensor:
        """Likelihoods; the normalising constant of each is kept, and no logit."""
        found, constant = features.new_empty(len(features)), features.new_empty(len(features))
        for part in parts(features):
            logits = logits_of(features[part], weight, bias, rows[part], token)
            constant[part] = logits.logsumexp(1)
            found[part] = logits.gather(1, targets[part, None])[:, 0] - constant[part]
        ctx.save_for_backward(features, weight, bias, targets, rows, constant)
        ctx.token = token
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of features, weight and bias."""
        features, weight, bias, targets, rows, constant = ctx.saved_tensors
        (above,) = gradients
        found, of_weight, of_bias = (torch.zeros_like(t) for t in (features, weight, bias))
        for part in parts(features):
            logits = logits_of(features[part], weight, bias, rows[part], ctx.token)
            minus = logits.sub_(constant[part, None]).exp_()  # p − 1 at the target, as if it were minimised
            minus.scatter_add_(1, targets[part, None], minus.new_full((len(minus), 1), -1.0))
            minus.mul_(-above[part, None])
            found[part] = minus @ weight
            of_weight.addmm_(minus.T, features[part])
            of_bias += minus.sum(0)
        return found, of_weight, of_bias, None, None, None


def logits_of(features: Tensor, weight: Tensor, bias: Tensor, rows: Tensor, token: int) -> Tensor:
    """Logits of a chunk, in full precision also under autocast."""
    with torch.autocast(features.device.type, enabled=False):
        logits = torch.addmm(bias, features, weight.T)
    logits[:, token].masked_fill_(rows, -torch.inf)
    return logits


def parts(features: Tensor) -> list[slice]:
    """Chunks."""
    return [slice(start, start + CHUNK) for start in range(0, len(features), CHUNK)]
