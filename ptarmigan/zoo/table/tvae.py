"""TVAE: Xu et al. 2019, "Modeling tabular data using conditional GAN", arXiv 1907.00503, section 4.5.

    ptarmigan train table.tvae --data adult.csv
    ptarmigan sample runs/table.tvae-adult --n 1000 --where sex=Female --out women.csv

The variational autoencoder that CTGAN is compared with in its paper, with its networks and options. Encoder q
and decoder p maximise the evidence lower bound, whose reconstruction term is weighed:

    L = −w E_q[log p(r | z)] + KL(q(z | r) ‖ N(0, I))

As in ``table.ctgan``, and not in the paper, both networks are given a value that the row has, sampled so that
rare values come up often: so rows can be conditioned. Samples come from the EMA weights, and weight decay is
decoupled.
Cost and score: after 3,811 steps, 30 s of one core, on iris:
column shapes 0.939 (real samples: 0.856); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.latents import kl_divergence, reparameterise
from ptarmigan.core.optim import adamw
from ptarmigan.modalities.table.conditional import RowConditions
from ptarmigan.modalities.table.nets import RowDecoder
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.mlp import rectified, stack
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class TVAE(SinglePlayerGame):
    """An encoder of rows and a decoder of latents, which are trained together.

    Args:
        encoder: rows, and their conditions, to mean and logarithm of the variance of latents.
        decoder: latents, and conditions, to rows.
        conditions: draws conditions, and imposes them on rows.
        weight: w, of the reconstruction term.
    """

    ema = ("decoder",)

    def __init__(
        self, encoder: nn.Module, decoder: RowDecoder, conditions: RowConditions, weight: float
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.conditions = encoder, decoder, conditions
        self.latent, self.weight = decoder.latent, weight

    def loss(self, batch: Batch) -> Terms:
        """−w E_q[log p(r | z)] + KL(q(z | r) ‖ N(0, I)), up to a constant."""
        x, c = batch
        mean, log_variance = self.encoder(x if c is None else torch.cat([x, c], 1)).chunk(2, 1)
        nll = self.decoder.nll(self.decoder.logits(reparameterise(mean, log_variance), c), x)
        reconstruction = self.weight * nll.mean()
        return {"reconstruction": reconstruction, "divergence": kl_divergence(mean, log_variance).mean()}

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows that fulfil their conditions; without ``c``, of conditions as frequent as in the data."""
        c = self.conditions.draw(z.shape[0]) if c is None else c.to(z.dtype)
        x: Tensor = self.decoder(z, c)
        return x if c is None else self.conditions.impose(x, c)


@configurable
def recipe(
    data: Table = Table(),
    *,
    width: int = 128,
    latent: int = 128,
    lr: float = 1e-3,
    weight: float = 2.0,
    training: Training = Training(steps=3_000, batch=500),
) -> Run:
    """A TVAE; the paper trains for 300 epochs.

    Args:
        weight: w, of the reconstruction term.
    """
    samples = training.open(data, balanced=True)
    space, conditions = samples.space, RowConditions(samples.space)
    hidden = stack((space.shape[0] + conditions.size, width, width), rectified)
    encoder = nn.Sequential(hidden, nn.Linear(width, 2 * latent))
    decoder = RowDecoder(latent, conditions.size, space.owners, (width, width))
    both = [*encoder.parameters(), *decoder.parameters()]
    optimizers = {"autoencoder": adamw(both, lr, (0.9, 0.999), weight_decay=1e-5)}
    return training.run(TVAE(encoder, decoder, conditions, weight), samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
