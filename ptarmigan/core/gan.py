"""A generator against a discriminator: Goodfellow et al. 2014, arXiv 1406.2661."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.augment import Ada, Augment
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn, always, between, every
from ptarmigan.core.losses import Loss, non_saturating
from ptarmigan.core.penalties import Penalty, PenaltyInputs
from ptarmigan.core.styles import StyleGenerator


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

    Raises:
        ValueError: the generator has no ``latent``.
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
    ) -> None:
        super().__init__(generator, discriminator)
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
        fake = self.fake(batch)
        real_scores, fake_scores = self.score(batch.x, batch.c), self.score(fake, batch.c)
        self.observe(real_scores)
        return {"discriminator": self.loss.discriminator(real_scores, fake_scores)}

    def penalised_loss(self, batch: Batch) -> Terms:
        """``discriminator_loss`` with the penalties, on the same generated samples."""
        real, fake = self.augmented(batch.x), self.augmented(self.fake(batch))

        def discriminator(x: Tensor) -> Tensor:
            return torch.as_tensor(self.discriminator(x, batch.c))

        real_scores, fake_scores = discriminator(real), discriminator(fake)
        self.observe(real_scores)
        inputs = PenaltyInputs(discriminator, real, fake, real_scores, fake_scores, self.progress)
        terms = {penalty.name: self.lazy * penalty(inputs) for penalty in self.penalties}
        return {"discriminator": self.loss.discriminator(real_scores, fake_scores), **terms}

    def generator_loss(self, batch: Batch) -> Terms:
        """The generator's loss of the scores D(G(z)), and of D(x) where the loss is relativistic."""
        fake_scores = self.score(self.fake(batch), batch.c)
        real_scores = self.score(batch.x, batch.c) if self.loss.relative else None
        return {"generator": self.loss.generator(fake_scores, real_scores)}

    def score(self, x: Tensor, c: Tensor | None) -> Tensor:
        """The discriminator's scores of augmented samples."""
        return torch.as_tensor(self.discriminator(self.augmented(x), c))

    def augmented(self, x: Tensor) -> Tensor:
        """Augmented samples, the discriminator's input."""
        return x if self.augment is None else self.augment(x, self.progress)

    def observe(self, real_scores: Tensor) -> None:
        """Pass the scores of real samples to an adaptive augmentation."""
        if isinstance(self.augment, Ada):
            self.augment.observe(real_scores)
