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
import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, State, Terms, Turn, latest
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import clip_weights, rmsprop
from ptarmigan.data.poisson import by_chance
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.optional import needs
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.meaning import FIXED
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

SECRET = 16
"""Bytes of a secret, at least."""
Critic = Callable[[Tensor], Tensor]
CHUNK = 128
"""Samples whose gradients are held at once, so that they stay near the processor."""
ORDERS = (*range(2, 64), 128, 256, 512, 1024)
"""Orders of the Rényi divergence: whole ones, whose sums are exact."""
TOLERANCE = 1e-4
"""Of the noise."""


class DPGAN(TwoPlayerGame):
    """A generator of rows against a critic that is trained by private gradients.

    Args:
        generator: generates rows; never sees a real one.
        discriminator: scores single rows.
        privacy: makes the critic's loss private.
        steps: critic steps for one of the generator.
    """

    discriminate = Game.discriminate  # scores of real rows are not private

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


def gap(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """f(G(z)) − f(x) of one pair."""
    return critic(fake) - critic(real)


class Privacy(nn.Module):
    """DP-SGD: makes the gradient of a loss private, and counts how often.

    Every sample's gradient is clipped to a length, the clipped ones are added up with noise, and divided by
    the number of samples that a batch has on average.

    Args:
        noise: standard deviation of the noise over ``limit``. A run that goes on keeps what it was begun
            with.
        limit: the length that a sample's gradient has at most.
        rate: the probability with which a sample is drawn.
        size: samples in a batch on average.
        places: that a batch has for them.
        delta: δ.
    """

    def __init__(
        self, noise: float, limit: float, *, rate: float, size: float, places: int, delta: float
    ) -> None:
        super().__init__()
        self.limit, self.rate, self.size, self.places, self.delta = limit, rate, size, places, delta
        self.noise = State(torch.tensor(noise), latest)
        self.times = State(torch.zeros(()), lambda value, once: value + once)

    def term(
        self,
        network: nn.Module,
        loss: Callable[..., Tensor],
        drawn: Float[Tensor, " batch"],
        *given: Float[Tensor, "batch *sample"],
    ) -> Tensor:
        """The mean loss of samples that were drawn, with a private gradient in place of its own.

        The value itself is not private.

        Args:
            network: judges each sample by itself, without batch statistics.
            loss: ``(critic, *sample) -> scalar``, of one sample.
            drawn: 1 of what counts, 0 of what only fills the batch.
            given: samples.
        """
        total, losses = clipped(network, loss, self.limit, drawn, *given)
        moved = losses.new_zeros(())
        for name, p in network.named_parameters():
            shaken = self.noise.value * self.limit * noise.shared(*p.shape).to(p)
            moved = moved + (p * (total[name] * self.places / len(drawn) + shaken)).sum() / self.size
        self.times.note(torch.ones_like(self.times.value))
        mean = (drawn * losses).sum() / drawn.sum().clamp(min=1)
        return mean + moved - moved.detach()

    @property
    def epsilon(self) -> float:
        """ε of what was played so far."""
        return epsilon_of(float(self.noise.value), self.rate, int(self.times.value), self.delta)

    def described(self) -> dict[str, float]:
        """ε and δ of what was played so far."""
        return {"epsilon": self.epsilon, "delta": self.delta}

    def remark(self) -> str:
        """The same in words, with ε rounded up."""
        return f"; ε is {math.ceil(100 * self.epsilon) / 100:g} at δ {self.delta:g}"


def clipped(
    network: nn.Module, loss: Callable[..., Tensor], limit: float, drawn: Tensor, *given: Tensor
) -> tuple[dict[str, Tensor], Float[Tensor, " batch"]]:
    """The sum of clipped gradients of samples that were drawn, by parameter, and the loss of every sample."""
    total = {name: torch.zeros_like(p) for name, p in network.named_parameters()}
    losses = []
    for some, *sample in zip(drawn.split(CHUNK), *(x.detach().split(CHUNK) for x in given), strict=True):
        gradients, found = each(network, loss, *sample)
        lengths = torch.stack([s.flatten(1).square().sum(1) for s in gradients.values()]).sum(0).sqrt()
        shares = some * limit / lengths.clamp(min=limit)
        for name, gradient in gradients.items():
            total[name] += torch.einsum("b,b...->...", shares, gradient)
        losses.append(found)
    return total, torch.cat(losses).detach()


def each(
    network: nn.Module, loss: Callable[..., Tensor], *given: Tensor
) -> tuple[dict[str, Tensor], Float[Tensor, " batch"]]:
    """Every sample's gradient of its own loss, ``(batch, *parameter)`` by name, and that loss."""
    weights = {name: p.detach() for name, p in network.named_parameters()}

    def one(held: dict[str, Tensor], *sample: Tensor) -> Tensor:
        def score(x: Tensor) -> Tensor:
            return torch.as_tensor(functional_call(network, held, (x.unsqueeze(0),))).squeeze(0)

        return loss(score, *sample)

    found: tuple[dict[str, Tensor], Tensor] = vmap(grad_and_value(one), in_dims=(None, *(0 for _ in given)))(
        weights, *given
    )
    return found


def library() -> Any:
    """Google's library.

    Raises:
        ValueError: it is missing.
    """
    return needs("dp_accounting", extra="private", why="private training needs dp-accounting")


def epsilon_of(noise: float, rate: float, times: int, delta: float) -> float:
    """ε after so many noisy gradients.

    Args:
        noise: standard deviation over the length that a sample's gradient has at most.
        rate: the probability with which a sample is drawn.
        times: how many gradients.
        delta: δ.
    """
    if not times:
        return 0.0
    account = library().rdp.RdpAccountant(ORDERS)
    return float(account.compose(event(noise, rate, times)).get_epsilon(delta))


@lru_cache
def noise_for(epsilon: float, rate: float, times: int, delta: float) -> float:
    """The least noise with which ε is not exceeded; see ``epsilon_of``.

    Raises:
        ValueError: dp-accounting is missing, or no noise is enough.
    """
    if epsilon <= 0:
        raise ValueError(f"--epsilon {epsilon:g}: it must be above 0")
    known = library()
    try:
        found = known.calibrate_dp_mechanism(
            lambda: known.rdp.RdpAccountant(ORDERS),
            lambda noise: event(noise, rate, times),
            epsilon,
            delta,
            known.LowerEndpointAndGuess(0.1, 2.0),
            tol=TOLERANCE,
        )
    except known.mechanism_calibration.NoBracketIntervalFoundError:
        raise ValueError(f"--epsilon {epsilon:g}: no noise gives it in {times:,} moves") from None
    return float(found) + TOLERANCE


def event(noise: float, rate: float, times: int) -> Any:
    """So many noisy gradients: Poisson-subsampled Gaussians, whose Rényi accounts are composed.

    Mironov et al. 2019, arXiv 1908.10530. Tables are neighbours if one has a row more than the other.
    """
    known = library()
    once = known.PoissonSampledDpEvent(rate, known.GaussianDpEvent(noise))
    return known.SelfComposedDpEvent(once, times)


def hidden(seed: int, secret: str) -> int:
    """A seed that nobody knows who does not have the file.

    Raises:
        ValueError: the file is missing or short.
    """
    path = path_of(secret)
    known = read_bytes(path) if path.is_file() else b""
    if len(known) < SECRET:
        raise ValueError(
            f"--secret {secret}: no file of {SECRET} bytes; head -c 32 /dev/urandom > secret.bin"
        )
    return noise.key(seed, hashlib.sha256(known).hexdigest())


@configurable
def recipe(
    data: Table = Table(),
    *,
    epsilon: Annotated[float, FIXED] = 3.0,
    delta: Annotated[float, FIXED] = 1e-5,
    limit: float = 1.0,
    secret: Annotated[str, FIXED] = "",
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
        clip: of the critic's weights, as in ``image.wgan``.
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
