"""DPGAN: Xie et al. 2018, "Differentially private generative adversarial network", arXiv 1802.06739.

    ptarmigan train table.dpgan --data adult.csv --epsilon 3
    ptarmigan train table.dpgan --data adult.csv --epsilon 3 --secret secret.bin

A WGAN of rows, whose critic, the only one to see them, moves down noisy gradients of pairs of a real and a
made row, so that no single row has much of a say: (ε, δ)-differential privacy of the generator. Each pair's
gradient is clipped (DP-SGD: Abadi et al. 2016, arXiv 1607.00133), where the paper takes the bound that
follows from clipped weights; every row comes into a batch by itself with the same probability. The noise is
the least that keeps ε in as many steps as are planned; a run that is made longer keeps its noise, and its ε
grows. So steps are few and long; the paper has rates and weights as small as in ``image.wgan``. Samples are
made with averaged weights. It takes thousands of rows: few, as of iris, drown in the noise.

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
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import clip_weights, rmsprop
from ptarmigan.data.poisson import by_chance
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.accountant import noise_for
from ptarmigan.training.meaning import KEPT
from ptarmigan.training.private import Judge, Privacy
from ptarmigan.training.run import Run

SECRET = 16
"""Bytes of a secret, at least."""


class DPGAN(Game):
    """A generator of rows against a critic that moves down private gradients.

    Args:
        generator: makes rows; never sees a real one.
        discriminator: scores single rows.
        privacy: makes the critic's loss private.
        steps: the critic's moves for one of the generator.
    """

    def __init__(
        self, generator: RowGenerator, discriminator: MLPDiscriminator, privacy: Privacy, steps: int
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.privacy = generator, discriminator, privacy
        self.latent, self.steps = generator.latent, steps

    def turns(self) -> tuple[Turn, ...]:
        """The critic ``steps`` times, then the generator, which reads nothing."""
        return (
            Turn(("discriminator",), self.discriminator_loss, self.steps),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly the critic tells rows that were drawn from made ones."""
        assert batch.c is not None
        made = self.made(len(batch.x))
        return {"discriminator": self.privacy.term(self.discriminator, apart, batch.c[:, 0], batch.x, made)}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well."""
        return {"generator": wasserstein.generator(self.discriminator(self.made(len(batch.x))), None)}

    def made(self, n: int) -> Tensor:
        """So many rows."""
        return self.sample(noise.normal(n, self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))

    def described(self) -> dict[str, Any]:
        """ε and δ of the weights."""
        return {**self.privacy.described()}

    def remark(self) -> str:
        """The same in words."""
        return self.privacy.remark()


def apart(judge: Judge, real: Tensor, made: Tensor) -> Tensor:
    """How far above a real row the critic puts a made one."""
    return judge(made) - judge(real)


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
    half_life: float = 10_000.0,
    steps: int = 500,
    batch: int = 500,
    seed: int = 0,
) -> Run:
    """A DPGAN.

    Args:
        data: the table.
        epsilon: ε after all steps, at most.
        delta: δ; well below one over the number of rows.
        limit: the length that the gradient of a pair has at most.
        secret: a file of random bytes, which names the random choices together with the seed.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: RMSprop's learning rate.
        clip: the largest magnitude of the critic's weights.
        critic_steps: the critic's moves for one of the generator.
        half_life: of the averaged weights, in rows that are made.
        steps: the length of the run.
        batch: rows in a move, on average.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    space, rows = samples.space, len(samples)
    assert isinstance(space, TableSpace)
    rate = amount = 0.0
    if rows:  # else it is rebuilt without its data, and plays no more
        if not 0 < delta * rows < 1:
            raise ValueError(f"--delta {delta:g}: of {rows:,} rows, choose one between 0 and {1 / rows:.1g}")
        seed = hidden(seed, secret) if secret else seed
        samples, rate = by_chance(samples, seed)
        amount = noise_for(epsilon, rate, critic_steps * steps, delta)
    privacy = Privacy(amount, limit, rate=rate, size=rate * rows, places=samples.batch, delta=delta)
    game = DPGAN(
        RowGenerator(latent, 0, space.owners, (width, width)),
        MLPDiscriminator(space.shape, (width, width), dropout=0.0),
        privacy,
        critic_steps,
    )
    optimizers = {
        "discriminator": clip_weights(rmsprop(game.discriminator, lr), clip),
        "generator": rmsprop(game.generator, lr),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
