"""A generator against a discriminator: Goodfellow et al. 2014, arXiv 1406.2661."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ptarmigan.core import noise
from ptarmigan.core.augment import Ada, Adaptive, Augment
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn, always, between, every
from ptarmigan.core.losses import Loss, non_saturating
from ptarmigan.core.penalties import Penalty, PenaltyInputs
from ptarmigan.core.styles import StyleGenerator

GROUP = 4
"""Samples in a group of ``nets.minibatch.MinibatchStd``, whose places are a quarter of the batch apart."""


class TwoPlayerGame(Game):
    """A generator ``(z, c) -> x`` against a discriminator, trained in turn; a subclass adds the two losses.

    Args:
        generator: generates samples; has ``latent``, the size of its ``z``.
        discriminator: scores samples.

    Attributes:
        generator_reads: the generator's loss reads real samples.

    Raises:
        ValueError: the generator has no ``latent``.
    """

    generator_reads: bool = False

    def __init__(self, generator: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        if not hasattr(generator, "latent"):
            kind = type(generator).__name__
            hint = "put networks of your own into ptarmigan.nets.own.Unconditional"
            raise ValueError(f"the generator, a {kind}, has no 'latent', the size of its z: {hint}")
        self.generator, self.discriminator = generator, discriminator
        self.latent = int(generator.latent)  # type: ignore[arg-type]

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=self.generator_reads),
        )

    @abstractmethod
    def discriminator_loss(self, batch: Batch) -> Terms:
        """What the discriminator minimises, given a batch of real samples."""

    @abstractmethod
    def generator_loss(self, batch: Batch) -> Terms:
        """What the generator minimises."""

    def fake(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones, of the same classes."""
        return self.sample(noise.normal(len(batch.x), self.latent), batch.c)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z, c)."""
        return torch.as_tensor(self.generator(z, c))

    @property
    def style_generator(self) -> StyleGenerator | None:
        """The generator, where it is one."""
        return self.generator if isinstance(self.generator, StyleGenerator) else None

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores of samples, not augmented."""
        return torch.as_tensor(self.discriminator(x, c))


class GAN(TwoPlayerGame):
    """The game of most GANs: a loss of scores for each player, and penalties on the discriminator.

    Args:
        generator: generates samples; has ``latent``, the size of its ``z``.
        discriminator: ``(x, c) -> scores``.
        loss: a function of scores for each player.
        penalties: terms added to the discriminator's loss.
        lazy: penalties are added at every ``lazy``-th step, times ``lazy`` (Karras et al. 2020).
        steps: discriminator steps for one of the generator.
        augment: applied to all inputs of the discriminator, given the run's progress.
        alike: a real sample and the generated one beside it are augmented alike (Hyun et al. 2025, arXiv
            2509.24935).
        joint: real and generated samples are scored in one forward pass.

    Raises:
        ValueError: the generator has no ``latent``, or a discriminator with batch norm is to be ``joint``.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        loss: Loss = non_saturating,
        penalties: Sequence[Penalty] = (),
        lazy: int = 1,
        steps: int = 1,
        augment: Augment | Ada | None = None,
        alike: bool = False,
        joint: bool = False,
    ) -> None:
        super().__init__(generator, discriminator)
        if joint and any(isinstance(module, _BatchNorm) for module in discriminator.modules()):
            raise ValueError("real and generated samples share no forward pass through batch norm")
        self.alike, self.joint = alike, joint
        self.loss, self.penalties, self.lazy, self.steps = loss, tuple(penalties), lazy, steps
        self.penalty_modules = nn.ModuleList(p for p in penalties if isinstance(p, nn.Module))
        self.augment = augment

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator ``steps`` times, then the generator once."""
        who, when = ("discriminator",), between(self.lazy) if self.penalties else always
        turns = [Turn(who, self.discriminator_loss, self.steps, when)]
        if self.penalties:
            turns.append(Turn(who, self.penalised_loss, self.steps, every(self.lazy)))
        turns.append(Turn(("generator",), self.generator_loss, reads=self.loss.relative))
        return tuple(turns)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The loss of the scores D(x) of real and D(G(z)) of generated samples."""
        real_scores, fake_scores = self.scores(batch.x, self.fake(batch), batch.c)
        self.observe(real_scores)
        return {"discriminator": self.loss.discriminator(real_scores, fake_scores)}

    def penalised_loss(self, batch: Batch) -> Terms:
        """``discriminator_loss`` with the penalties, on the same generated samples."""
        if self.alike:
            real, fake = self.both_augmented(batch.x, self.fake(batch))
        else:
            real, fake = self.augmented(batch.x), self.augmented(self.fake(batch))

        def discriminator(x: Tensor) -> Tensor:
            return torch.as_tensor(self.discriminator(x, None if batch.c is None else batch.c[: len(x)]))

        real_scores, fake_scores = self.discriminated(real, fake, batch.c)
        self.observe(real_scores)
        inputs = PenaltyInputs(discriminator, real, fake, real_scores, fake_scores, self.progress)
        terms = {penalty.name: self.lazy * penalty(inputs) for penalty in self.penalties}
        return {"discriminator": self.loss.discriminator(real_scores, fake_scores), **terms}

    def generator_loss(self, batch: Batch) -> Terms:
        """The generator's loss of the scores D(G(z)), and of D(x) where the loss is relativistic."""
        if not self.loss.relative:
            return {"generator": self.loss.generator(self.score(self.fake(batch), batch.c), None)}
        fake_scores, real_scores = self.scores(self.fake(batch), batch.x, batch.c)
        return {"generator": self.loss.generator(fake_scores, real_scores)}

    def scores(self, first: Tensor, second: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor]:
        """The discriminator's scores of real and generated samples, in any order, augmented."""
        if not (self.alike or self.joint):
            return self.score(first, c), self.score(second, c)
        return self.discriminated(*self.both_augmented(first, second), c)

    def both_augmented(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Both augmented, sample by sample alike where that is asked for."""
        back = noise.mark()
        first = self.augmented(first)
        if self.alike:
            back()
        return first, self.augmented(second)

    def discriminated(self, first: Tensor, second: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor]:
        """The scores of what is augmented already."""
        if not self.joint:
            return torch.as_tensor(self.discriminator(first, c)), torch.as_tensor(
                self.discriminator(second, c)
            )
        both = joined(first, second), None if c is None else joined(c, c)
        return parted(torch.as_tensor(self.discriminator(*both)))

    def score(self, x: Tensor, c: Tensor | None) -> Tensor:
        """The discriminator's scores of augmented samples."""
        return torch.as_tensor(self.discriminator(self.augmented(x), c))

    def augmented(self, x: Tensor) -> Tensor:
        """Augmented samples, the discriminator's input."""
        return x if self.augment is None else self.augment(x, self.progress)

    def observe(self, real_scores: Tensor) -> None:
        """Pass the scores of real samples to what adapts to them: ADA, or a normalisation."""
        for module in self.modules():
            if isinstance(module, Adaptive):
                module.observe(real_scores)


def joined(first: Tensor, second: Tensor) -> Tensor:
    """Two batches as one, in which every group of a minibatch standard deviation is of one of them.

    Raises:
        ValueError: their size is no multiple of a group.
    """
    if len(first) % GROUP:
        raise ValueError(f"batches of {len(first)} share no forward pass: {GROUP}, 8, 12, ... do (--batch)")
    return torch.cat([each.unflatten(0, (GROUP, -1)) for each in (first, second)], 1).flatten(0, 1)


def parted(both: Tensor) -> tuple[Tensor, Tensor]:
    """What ``joined`` has made one."""
    first, second = both.unflatten(0, (GROUP, -1)).chunk(2, 1)
    return first.flatten(0, 1), second.flatten(0, 1)
