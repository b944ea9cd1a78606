"""DPGAN: Xie et al. 2018, "Differentially private generative adversarial network", arXiv 1802.06739.

    ptarmigan train table.dpgan --data adult.csv --epsilon 3
    ptarmigan train table.dpgan --data adult.csv --epsilon 3 --secret secret.bin

A WGAN of rows whose critic, the only network to see real ones, is trained by noisy gradients of pairs of a
real and a generated row, so that no single row matters much: the generator is (ε, δ)-differentially private.
The gradient g_i of each pair is clipped, and noise is added to their sum (DP-SGD: Abadi et al. 2016, arXiv
1607.00133, algorithm 1):

    ∇ = (Σ_i g_i / max(1, ‖g_i‖ / C) + N(0, σ²C²I)) / batch

The paper takes the bound that follows from clipped weights instead. Every row comes into a batch by itself
with the same probability (Poisson). σ is the least that keeps ε in as many steps as are planned; a run that
is made longer keeps its σ, and its ε grows. So steps are few and long; the paper has rates and weights as
small as in ``image.wgan``. Samples come from the EMA weights. It takes thousands of rows: few, as of iris,
drown in the noise.

ε is of the weights in generator.safetensors, against a table with a row more or less. Not covered: what is
known of the columns (ranges, modes, categories, counts) and the number of rows, which are as they are and lie
in that file; losses, scores, pictures and the report; and what is chosen by looking at real rows, as by
--patience, --rescue or in best.safetensors. Who knows the seed knows the noise: --secret adds what only you
know.
Cost and score: after 592 steps, 30 s of one core, on iris:
column shapes 0.699 (real samples: 0.915); benchmarks/results/zoo.json
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import clip_weights, rmsprop
from ptarmigan.data.poisson import by_chance
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.accountant import noise_for
from ptarmigan.training.meaning import KEPT
from ptarmigan.training.private import Judge, Privacy
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

SECRET = 16
"""Bytes of a secret, at least."""


class DPGAN(TwoPlayerGame):
    """A generator of rows against a critic that is trained by private gradients.

    Args:
        generator: generates rows; never sees a real one.
        discriminator: scores single rows.
        privacy: makes the critic's loss private.
        steps: critic steps for one of the generator.
    """

    def __init__(
        self, generator: RowGenerator, discriminator: MLPDiscriminator, privacy: Privacy, steps: int
    ) -> None:
        super().__init__(generator, discriminator)
        self.privacy, self.steps = privacy, steps

    def turns(self) -> tuple[Turn, ...]:
        """The critic ``steps`` times, then the generator, which reads no real rows."""
        return (
            Turn(("discriminator",), self.discriminator_loss, self.steps),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """E[f(G(z))] − E[f(x)] of rows that were drawn, with a private gradient."""
        assert batch.c is not None
        drawn, fake = batch.c[:, 0], self.generate(len(batch.x))
        return {"discriminator": self.privacy.term(self.discriminator, gap, drawn, batch.x, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[f(G(z))]."""
        return {"generator": wasserstein.generator(self.discriminator(self.generate(len(batch.x))), None)}

    def generate(self, n: int) -> Tensor:
        """So many rows."""
        return self.sample(noise.normal(n, self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z); ``c``, which says whether a real row was drawn, is ignored."""
        return torch.as_tensor(self.generator(z))

    def described(self) -> dict[str, Any]:
        """ε and δ of the weights."""
        return {**self.privacy.described()}

    def remark(self) -> str:
        """The same in words."""
        return self.privacy.remark()


def gap(critic: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """f(G(z)) − f(x) of one pair."""
    return critic(fake) - critic(real)


def hidden(seed: int, secret: str) -> int:
    """A seed that nobody knows who does not have the file.

    Raises:
        ValueError: the file is missing or short.
    """
    path = Path(secret)
    known = path.read_bytes() if path.is_file() else b""
    if len(known) < SECRET:
        raise ValueError(
            f"--secret {secret}: no file of {SECRET} bytes; head -c 32 /dev/urandom > secret.bin"
        )
    return noise.key(seed, hashlib.sha256(known).hexdigest())


@configurable
def recipe(
    data: Table = Table(),
    *,
    epsilon: Annotated[float, KEPT] = 3.0,
    delta: Annotated[float, KEPT] = 1e-5,
    limit: float = 1.0,
    secret: Annotated[str, KEPT] = "",
    width: int = 64,
    latent: int = 32,
    lr: float = 1e-3,
    clip: float = 0.1,
    critic_steps: int = 5,
    training: Training = Training(steps=500, batch=500),
) -> Run:
    """A DPGAN; a batch has as many rows on average.

    Args:
        epsilon: ε after all steps, at most.
        delta: δ; well below one over the number of rows.
        limit: C, the largest norm of a pair's gradient.
        secret: a file of random bytes, which is a part of the random seed.
        width: of the two hidden layers of both networks.
        lr: RMSprop's learning rate.
        clip: the largest magnitude of the critic's weights.
    """
    samples = training.open(data)
    space, rows = samples.space, len(samples)
    rate = sigma = 0.0
    if rows:  # else it is rebuilt without its data, and is trained no more
        if not 0 < delta * rows < 1:
            raise ValueError(f"--delta {delta:g}: of {rows:,} rows, choose one between 0 and {1 / rows:.1g}")
        training = replace(training, seed=hidden(training.seed, secret)) if secret else training
        samples, rate = by_chance(samples, training.seed)
        sigma = noise_for(epsilon, rate, critic_steps * training.steps, delta)
    game = DPGAN(
        RowGenerator(latent, 0, space.owners, (width, width)),
        MLPDiscriminator(space.shape, (width, width), dropout=0.0),
        Privacy(sigma, limit, rate=rate, size=rate * rows, places=samples.batch, delta=delta),
        critic_steps,
    )
    optimizers = {
        "discriminator": clip_weights(rmsprop(game.discriminator, lr), clip),
        "generator": rmsprop(game.generator, lr),
    }
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
