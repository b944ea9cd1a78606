"""TVAE: Xu et al. 2019, "Modeling tabular data using conditional GAN", arXiv 1907.00503, section 4.5.

    ptarmigan train table.tvae --data adult.csv
    ptarmigan sample runs/table.tvae-adult --n 1000 --where sex=Female --out women.csv

The variational autoencoder that CTGAN is held against in its paper, with its networks and options. As in
``table.ctgan``, and not in the paper, both networks are told a value that the row has, drawn so that rare
values come up often: so rows can be asked for. What samples are made with are averaged weights, and weights
decay beside the gradient, not in it.
Cost and score: after 3,811 steps, 30 s of one core, on iris:
column shapes 0.939 (real samples: 0.856); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.latents import divergence, drawn
from ptarmigan.core.optim import adamw
from ptarmigan.modalities.table.conditional import Asked
from ptarmigan.modalities.table.nets import RowDecoder
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.nets.mlp import rectified, stack
from ptarmigan.training.run import Run


class TVAE(Game):
    """An encoder of rows and a decoder of latents, which move together.

    Args:
        encoder: rows, beside what they are asked to be, to mean and logarithm of the variance of latents.
        decoder: latents to rows.
        asked: draws conditions, and makes rows fulfil them.
        weight: of the reconstruction, beside the divergence.
    """

    averaged = ("decoder",)

    def __init__(self, encoder: nn.Module, decoder: RowDecoder, asked: Asked, weight: float) -> None:
        super().__init__()
        self.encoder, self.decoder, self.asked = encoder, decoder, asked
        self.latent, self.weight = decoder.latent, weight

    def turns(self) -> tuple[Turn, ...]:
        """Both at once."""
        return (Turn(("autoencoder",), self.loss),)

    def loss(self, batch: Batch) -> Terms:
        """How far rows are from what becomes of them, and latents from standard normal ones."""
        x, c = batch
        mean, variance = self.encoder(x if c is None else torch.cat([x, c], 1)).chunk(2, 1)
        surprise = self.decoder.surprise(self.decoder.said(drawn(mean, variance), c), x)
        lost = self.weight * surprise.mean()
        return {"reconstruction": lost, "divergence": divergence(mean, variance).mean()}

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows that have what is asked of them; of any column's values, as often as the data has them."""
        c = self.asked.draw(len(z)) if c is None else c.to(z.dtype)
        x: Tensor = self.decoder(z, c)
        return x if c is None else self.asked.fulfilled(x, c)


def recipe(
    data: Table = Table(),
    *,
    width: int = 128,
    latent: int = 128,
    lr: float = 1e-3,
    weight: float = 2.0,
    half_life: float = 10_000.0,
    steps: int = 3_000,
    batch: int = 500,
    seed: int = 0,
) -> Run:
    """A TVAE.

    Args:
        data: the table.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        weight: of the reconstruction, beside the divergence.
        half_life: of the averaged weights, in rows.
        steps: the length of the run; the paper has 300 epochs.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed, balanced=True)
    space = samples.space
    assert isinstance(space, TableSpace)
    asked = Asked(space)
    hidden = stack((space.shape[0] + asked.size, width, width), rectified)
    encoder = nn.Sequential(hidden, nn.Linear(width, 2 * latent))
    decoder = RowDecoder(latent, asked.size, space.owners, (width, width))
    game = TVAE(encoder, decoder, asked, weight)
    optimizers = {
        "autoencoder": adamw(
            [*encoder.parameters(), *decoder.parameters()], lr, (0.9, 0.999), weight_decay=1e-5
        )
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
