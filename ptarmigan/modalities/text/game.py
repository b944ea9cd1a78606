"""Games whose generator is a language model: its likelihood, and gradients of rewards for what it says."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, State, Terms, Turn
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import Adam, adam
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.text.nets import LanguageModel
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import PAD


class LanguageGame(Game):
    """Sentences of a language model, whose latent is one number a token."""

    def __init__(self, generator: LanguageModel) -> None:
        super().__init__()
        self.generator, self.latent = generator, generator.latent

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z, c)."""
        return torch.as_tensor(self.generator(z, c))

    def fake(self, batch: Batch) -> Tensor:
        """As many sentences, of the same classes, drawn without gradients: numbers of tokens."""
        return self.sample(noise.normal(len(batch.x), self.latent), batch.c).long()

    def log_likelihood(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The logarithms of p of every token and of the end, NaN at padding."""
        ids = x.long()
        return self.generator.log_probabilities(ids, c).masked_fill(ids == PAD, torch.nan)

    def likelihood_loss(self, batch: Batch) -> Terms:
        """−E[log p(x)], in nats a sentence."""
        return {"likelihood": -self.generator.log_probabilities(batch.x.long(), batch.c).sum(1).mean()}


@dataclass(frozen=True, kw_only=True)
class Language:
    """The language model that generates."""

    width: int = 64
    """The size of embeddings, of the discriminator too, where there is one."""
    hidden: int = 128
    """The size of the state of the LSTM."""
    layers: int = 1
    """Layers of the LSTM."""
    conditional: bool = False
    """Learn the classes too."""

    def classes(self, samples: Samples) -> int:
        """How many are learnt; 0 for none.

        Raises:
            ValueError: they are to be learnt, and there are none.
        """
        return samples.require_classes() if self.conditional else 0

    def model(self, samples: Samples[TextSpace], recurrent: nn.Module | None = None) -> LanguageModel:
        """A language model of such sentences.

        Args:
            samples: the sentences.
            recurrent: in place of the LSTM.

        Raises:
            ValueError: they answer questions.
        """
        samples.space.check_alone()
        classes = self.classes(samples)
        return LanguageModel(samples.space, self.width, self.hidden, self.layers, classes, recurrent)


@dataclass(frozen=True, kw_only=True)
class Players:
    """How the players of a GAN that begins with maximum likelihood are trained."""

    pretraining: float = 0.6
    """The share of the steps that are maximum likelihood; the discriminator has a tenth of that alone."""
    lr: float = 2e-3
    """The learning rate of maximum likelihood."""
    generator_lr: float = 1e-4
    """The generator's learning rate against the discriminator."""
    discriminator_lr: float = 1e-3
    """The discriminator's learning rate."""

    def phases(self, steps: int) -> Phases:
        """When which player is trained, of so many steps.

        Raises:
            ValueError: no step is left for the adversarial part.
        """
        if not 0 <= self.pretraining < 0.9:
            raise ValueError(f"--pretraining is a share of the steps below 0.9, not {self.pretraining:g}")
        begin = int(self.pretraining * steps)
        return Phases(begin, begin + int(self.pretraining * steps / 10))

    def optimizers(self, game: AdversarialText) -> dict[str, Adam]:
        """An Adam for each player."""
        betas = (0.9, 0.999)
        return {
            "likelihood": adam(game.generator, self.lr, betas),
            "generator": adam(game.generator, self.generator_lr, betas),
            "discriminator": adam(game.discriminator, self.discriminator_lr, betas),
        }


@dataclass(frozen=True)
class Phases:
    """When a game trains which player.

    Attributes:
        discriminator: the step at which maximum likelihood ends, and the discriminator begins.
        generator: the step at which the generator plays against it.
    """

    discriminator: int = 0
    generator: int = 0


class AdversarialText(LanguageGame):
    """A language model against a discriminator of sentences; a subclass adds the generator's loss.

    Players are ``likelihood`` and ``generator``, which both update the generator, and ``discriminator``.

    Args:
        generator: the language model.
        discriminator: ``(ids, c, noisy=…) -> scores``.
        phases: when which player is trained.
        steps: discriminator steps for one of the generator.

    Attributes:
        reads: the generator's loss reads real sentences.
    """

    reads: bool = False

    def __init__(
        self, generator: LanguageModel, discriminator: nn.Module, phases: Phases, steps: int = 1
    ) -> None:
        super().__init__(generator)
        self.discriminator, self.phases, self.steps = discriminator, phases, steps

    def turns(self) -> tuple[Turn, ...]:
        """Maximum likelihood, then the discriminator, then both players in turn."""
        first, second = self.phases.discriminator, self.phases.generator
        return (
            Turn(("likelihood",), self.likelihood_loss, when=lambda step: step < first),
            Turn(("discriminator",), self.discriminator_loss, self.steps, lambda step: step >= first),
            Turn(("generator",), self.generator_loss, when=lambda step: step >= second, reads=self.reads),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x)] − E[log(1 − D(y))], of real sentences x and generated ones y."""
        real, fake = (self.discriminator(x, batch.c, noisy=True) for x in (batch.x, self.fake(batch)))
        return {"discriminator": non_saturating.discriminator(real, fake)}

    @abstractmethod
    def generator_loss(self, batch: Batch) -> Terms:
        """What the generator minimises."""

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores, without dropout."""
        return torch.as_tensor(self.discriminator(x, c))

    def policy_loss(self, ids: Tensor, advantage: Tensor, c: Tensor | None) -> Terms:
        """−E[Σ_t A_t log p(y_t | y₁ … y_{t−1})]: the policy gradient (Williams 1992, REINFORCE).

        Args:
            ids: sentences that the generator drew.
            advantage: how much better than expected each token is, ``(n, length)`` or ``(n, 1)``.
            c: their classes.
        """
        found = self.generator.log_probabilities(ids, c, drawn=True)
        return {"generator": -(advantage.detach() * found).sum(1).mean()}


class Baseline(State):
    """The running mean of rewards at every position.

    Args:
        length: positions.
        initial: where it begins.
        decay: what remains of the old value.
    """

    def __init__(self, length: int, initial: float, decay: float) -> None:
        def update(value: Tensor, mean: Tensor) -> Tensor:
            rewards, seen = mean
            new = decay * value + (1 - decay) * rewards / seen.clamp(min=1e-12)
            return torch.where(seen > 0, new, value)

        super().__init__(torch.full((length,), initial), update, torch.zeros(2, length))

    def advantage(self, rewards: Tensor, there: Tensor) -> Tensor:
        """Rewards less their running means, which these change after the turn; 0 where there is no token.

        Args:
            rewards: ``(n, length)``.
            there: which positions have a token.
        """
        seen = there.to(rewards)
        self.note(torch.stack([(rewards * seen).mean(0), seen.mean(0)]))
        return (rewards - self.value) * seen
