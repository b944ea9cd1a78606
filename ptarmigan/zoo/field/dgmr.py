"""DGMR: Ravuri et al. 2021, "Skilful precipitation nowcasting using deep generative models …", 2104.00954.

    ptarmigan train field.dgmr --data rain
    ptarmigan predict runs/dgmr last_hour.nc --members 16 --out next.nc

The last fields are seen at several scales, one stack for all, and begin the states of convolutional GRUs,
from the coarsest, which is given the same noise at every time, to the finest. One discriminator S looks at a
few times, each by itself, the other T at all of them in a part of the field, with those before. Both have
hinge losses; G has besides them a term of what cells hold, over a few members:

    L_D = Σ_k E[max(0, 1 − D_k(x)) + max(0, 1 + D_k(G(z; c)))],  D in {S, T}
    L_G = −E[S(G(z; c)) + T(c, G(z; c))] + λ/(H W N) ‖(E_z[G(z; c)] − x) · w(x)‖₁,   w = min(R(x), 24)

(equations 1 to 4 of the supplement; the text has max, and the authors' pseudocode min). An error of the mean
is none of the spread, so by default the term is the fair CRPS of the members instead, with the same weights;
``--content mean`` is the published one. Published: 4 fields of 256 × 256, 18 to come, 768 channels, G at 5e-5
and D at 2e-4, Adam (0, 0.999), two steps of D, 500,000 steps, λ 20. The defaults are a small one, for a CPU,
with 12 to come, that says how the last field changes; times are channels to T, whose convolutions are of two
dimensions; and spectral norm is in D alone.
Cost and score: benchmarks/results/field.json
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.field.conserve import as_data
from ptarmigan.modalities.field.crps import fair_crps
from ptarmigan.modalities.field.source import Fields
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

NOISE, SCALES = 8, 3
"""Maps of noise, and scales of the states: at a half, a quarter and an eighth of the sides."""
SEEN = 4
"""Times that S looks at."""
HEAVIEST = 24.0
"""Of the weights w, in units of the data: 24 mm in an hour."""
FIRST = 0.1
"""What the default first weights of the last layer are multiplied by: nothing changes at first."""


def relu(x: Tensor) -> Tensor:
    """Leaky, with a slope of 0.2."""
    return F.leaky_relu(x, 0.2)


class ConvGRU(nn.Module):
    """A convolutional GRU cell: Ballas et al. 2016, arXiv 1511.06432.

    Args:
        given: channels of what it is given.
        width: of its state.
    """

    def __init__(self, given: int, width: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(given + width, 2 * width, 3, padding=1)
        self.change = nn.Conv2d(given + width, width, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "n a y x"], state: Float[Tensor, "n b y x"]
    ) -> Float[Tensor, "n b y x"]:
        """The next state."""
        reset, update = self.gates(torch.cat([x, state], 1)).sigmoid().chunk(2, 1)
        new = torch.tanh(self.change(torch.cat([x, reset * state], 1)))
        return torch.as_tensor((1 - update) * state + update * new)


class Nowcaster(nn.Module):
    """Fields so far, and noise, to fields to come, of any size that eight divides.

    Args:
        past: of the fields so far.
        future: of those to come.
        width: channels of the finest state; doubled at each coarser scale.
    """

    def __init__(self, past: FieldSpace, future: FieldSpace, width: int) -> None:
        super().__init__()
        self.past, self.future, self.each = past, future, len(future.variables)
        widths = [width << i for i in range(SCALES)]
        given = [4 * self.each, *widths]
        self.context = nn.ModuleList(
            nn.Conv2d(a, b, 3, 2 if i else 1, 1) for i, (a, b) in enumerate(zip(given, widths, strict=False))
        )
        self.merge = nn.ModuleList(nn.Conv2d(past.times * w, w, 3, padding=1) for w in widths)
        self.noise = nn.Conv2d(NOISE, widths[-1], 3, padding=1)
        above = [*widths[1:], widths[-1]]
        self.cells = nn.ModuleList(ConvGRU(a, w) for a, w in zip(above, widths, strict=True))
        self.output = nn.Conv2d(width, 4 * self.each, 3, padding=1)
        self.latent = NOISE * (past.height >> SCALES) * (past.width >> SCALES)
        with torch.no_grad():
            self.output.weight *= FIRST

    def forward(
        self, c: Float[Tensor, "n channel y x"], z: Float[Tensor, "n latent"]
    ) -> Float[Tensor, "n channel_ y x"]:
        """Encoded fields to come."""
        states = self.states(c)
        begun = relu(self.noise(z.view(c.shape[0], NOISE, c.shape[2] >> SCALES, c.shape[3] >> SCALES)))
        last, found = c[:, -self.each :], []
        for _ in range(self.future.times):
            x = begun
            for scale in reversed(range(SCALES)):
                states[scale] = self.cells[scale](x, states[scale])
                x = F.interpolate(states[scale], scale_factor=2.0) if scale else states[scale]
            last = last + F.pixel_shuffle(self.output(x), 2)
            found.append(last)
        return as_data(torch.cat(found, 1), self.future)

    def states(self, c: Tensor) -> list[Tensor]:
        """The first states, from the finest to the coarsest: what all fields so far hold at each scale."""
        times = self.past.times
        x = F.pixel_unshuffle(c.reshape(-1, self.each, *c.shape[2:]), 2)
        found = []
        for layer, merge in zip(self.context, self.merge, strict=True):
            x = relu(layer(x))
            found.append(torch.tanh(merge(x.reshape(c.shape[0], times * x.shape[1], *x.shape[2:]))))
        return found


class Discriminators(nn.Module):
    """S of single times and T of all, each with its scores.

    Args:
        past: of the fields so far.
        future: of those to come.
        width: channels of the first layers; doubled as sides halve.
    """

    def __init__(self, past: FieldSpace, future: FieldSpace, width: int) -> None:
        super().__init__()
        self.each, self.times = len(future.variables), future.times
        sizes = [width, 2 * width, 4 * width]
        self.spatial, self.temporal = (
            nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise([channels, *sizes]))
            for channels in (self.each, past.count + future.count)
        )
        self.scores = nn.ModuleList(nn.Linear(sizes[-1], 1) for _ in range(2))
        spectral_norm(self)

    def forward(self, c: Tensor, x: Tensor, where: Tensor) -> Float[Tensor, "n 2"]:
        """The scores of S, a mean of some times, and of T in a part of the field.

        Args:
            c: encoded fields so far.
            x: those to come.
            where: uniform numbers ``(n, times + 2)`` that say which times, and which part.
        """
        which = where[:, : self.times].argsort(1)[:, : min(SEEN, self.times)]
        frames = x.unflatten(1, (self.times, self.each))
        some = frames[torch.arange(len(x))[:, None], which].flatten(0, 1)
        one = self.scored(some, self.spatial, self.scores[0]).view(len(x), -1).mean(1)
        every = halves(torch.cat([c, x], 1), where[:, self.times :])
        two = self.scored(every, self.temporal, self.scores[1])
        return torch.stack([one, two.view(-1)], 1)

    @staticmethod
    def scored(x: Tensor, layers: nn.ModuleList, score: nn.Module) -> Tensor:
        """Raw scores, of the sum of the last features over all places."""
        for layer in layers:
            x = relu(layer(x))
        return torch.as_tensor(score(x.flatten(2).mean(2)))


def halves(x: Float[Tensor, "n channel y x"], where: Float[Tensor, "n 2"]) -> Tensor:
    """A part of each field, of half its sides."""
    height, width = x.shape[-2] // 2, x.shape[-1] // 2
    corners = (where * torch.tensor([height + 1, width + 1], device=x.device)).long().tolist()
    return torch.stack(
        [one[..., y : y + height, x_ : x_ + width] for one, (y, x_) in zip(x, corners, strict=True)]
    )


class DGMR(Translation):
    """A generator ``(c, z) -> x`` of fields to come against two discriminators.

    Args:
        generator: G.
        discriminator: S and T.
        members: of which the term of cells is taken.
        weight: λ.
        content: ``crps`` or ``mean``: which term that is.
    """

    def __init__(
        self, generator: Nowcaster, discriminator: Discriminators, members: int, weight: float, content: str
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.latent = generator, discriminator, generator.latent
        self.members, self.weight, self.content = members, weight, content
        self.future: FieldSpace = generator.future

    def turns(self) -> tuple[Turn, ...]:
        """Two steps of the discriminators, then one of the generator."""
        return Turn(("discriminator",), self.loss_of_both, 2), Turn(("generator",), self.loss_of_generator)

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """G(z; c)."""
        return torch.as_tensor(self.generator(a, z))

    def scores(self, c: Tensor, x: Tensor) -> Tensor:
        """What S and T say of fields, at times and in parts by chance."""
        return torch.as_tensor(self.discriminator(c, x, noise.uniform(len(x), self.future.times + 2)))

    def loss_of_both(self, batch: Batch) -> Terms:
        """The hinge losses of S and of T."""
        x, c = both(batch)
        fake = self.translate(c, noise.normal(len(c), self.latent))
        real_scores, fake_scores = self.scores(c, x), self.scores(c, fake)
        return {
            name: hinge.discriminator(real_scores[:, k], fake_scores[:, k])
            for k, name in enumerate(("spatial", "temporal"))
        }

    def loss_of_generator(self, batch: Batch) -> Terms:
        """−E[S + T], and the term of cells."""
        x, c = both(batch)
        repeated = c.repeat_interleave(self.members, 0)
        z = noise.normal(len(c), self.members * self.latent).view(-1, self.latent)
        fake = self.translate(repeated, z)
        members = fake.unflatten(0, (len(c), self.members))
        weights = self.weights(x)
        error = (members.mean(1) - x).abs() if self.content == "mean" else fair_crps(members, x)
        return {
            "generator": -self.scores(repeated, fake).sum(1).mean(),
            "cells": self.weight * (weights * error).mean(),
        }

    def weights(self, x: Tensor) -> Tensor:
        """w: how much each cell counts, in units of the data from 1 to 24, over the mean of its sample."""
        raw = torch.as_tensor(self.future.decode(x)).flatten(1, 2).to(x)
        weights = raw.clamp(1.0, HEAVIEST)
        return weights / weights.mean((1, 2, 3), keepdim=True)

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The sum of both scores, at the first times and in the middle."""
        assert c is not None
        where = torch.linspace(0, 1, self.future.times + 2, device=x.device).repeat(len(x), 1)
        where[:, -2:] = 0.5
        return torch.as_tensor(self.discriminator(c, x, where)).sum(1)


@configurable
def recipe(
    data: Fields = Fields(),
    *,
    past: int = 4,
    future: int = 12,
    width: int = 16,
    discriminator_width: int = 8,
    members: int = 2,
    content: Literal["crps", "mean"] = "crps",
    weight: float = 20.0,
    generator_lr: float = 5e-4,
    discriminator_lr: float = 1e-3,
    training: Training = Training(batch=8, steps=10_000, half_life=8_000.0),
) -> Run:
    """DGMR, small.

    Args:
        past: fields that are given.
        future: fields to come.
        width: channels of the finest state; doubled at each coarser one.
        discriminator_width: channels of the first layers; doubled as sides halve.
        members: of which the term of cells is taken.
        content: that term: the fair CRPS of the members, or the error of their mean, as published.
        weight: λ, of that term.
    """
    if min(past, future) < 1 or members < 2:
        raise ValueError("--past and --future are one field or more, --members two or more")
    samples = training.open(data, past=past, future=future)
    space, given = samples.space, samples.require_inputs()
    assert isinstance(given, FieldSpace)
    if space.height % 16 or space.masked:
        raise ValueError(f"--size {space.height}: a multiple of 16 is needed, and no --missing mask")
    game = DGMR(
        Nowcaster(given, space, width),
        Discriminators(given, space, discriminator_width),
        members,
        weight,
        content,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.0, 0.999)),
        "generator": adam(game.generator, generator_lr, (0.0, 0.999)),
    }
    return training.run(game, samples, optimizers, rate=cosine(1.0, 0.1))


small = dict(
    size=16, transform="standard", past=2, future=2, width=4, discriminator_width=4, steps=4, batch=2
)
