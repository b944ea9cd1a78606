"""SeqGAN: Yu et al. 2017, "Sequence generative adversarial nets with policy gradient", arXiv 1609.05473.

    ptarmigan train text.seqgan --data captions.txt
    ptarmigan train text.seqgan --data captions.txt --reward relativistic

A discriminator of sentences is the reward of a language model, which is trained by maximum likelihood
first. What a token is worth is what sentences are worth that begin so: from each prefix N of them are
rolled out by a copy G_β of the generator that lags behind it (eq. 4), and the policy gradient (eq. 7) is
that of

    L_G = −E[Σ_t (Q_t − b_t) log G(y_t | y₁ … y_{t−1})],    Q_t = 1/N Σ_n D(y₁ … y_t, rolled out by G_β)
    L_D = −E[log D(x)] − E[log(1 − D(y))],    G_β ← 0.8 G_β + 0.2 G

With ``--reward relativistic`` it is what GANs for language have become, without rollouts: generative
adversarial distillation (Ye et al. 2025, arXiv 2511.10643, eq. 2 and 3). The discriminator compares a real
sentence with a generated one, and a sentence's advantage is its score less the mean of its group, over
their standard deviation:

    L_D = −E[log σ(D(x) − D(y))],    A_i = (D(y_i) − mean_group) / std_group

Published settings: embeddings and states of 32; maximum likelihood for 120 epochs, Adam 1e-2, batch 64;
filters of widths 1 to 10, 15 and 20, 100 to 200 of each, dropout 0.25; 16 rollouts. Here embeddings are
larger, and tied to the output; filters are fewer, a batch is one discriminator step, and rewards have a
baseline b_t, a running mean for every position: without one hardly anything changes.
Cost and score: benchmarks/results/text.json
"""

from __future__ import annotations

import copy
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import State, Terms
from ptarmigan.core.losses import relativistic
from ptarmigan.modalities.text.game import AdversarialText, Baseline, Language, Phases, Players
from ptarmigan.modalities.text.nets import LanguageModel, SentenceCNN
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.tokens import EOS, PAD
from ptarmigan.training.meaning import width_of
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

FILTERS = {1: 2, 2: 4, 3: 4, 4: 4, 5: 4, 6: 2, 7: 2, 8: 2, 9: 2, 10: 2, 15: 3, 20: 3}
"""How many of each width, in fiftieths of the published number."""
LAG = 0.8
REWARDS = ("rollouts", "relativistic")


class SeqGAN(AdversarialText):
    """Rewards by rollouts.

    Args:
        generator: the language model.
        discriminator: of whole sentences.
        phases: when which player is trained.
        rollouts: N.
    """

    def __init__(
        self, generator: LanguageModel, discriminator: nn.Module, phases: Phases, rollouts: int
    ) -> None:
        super().__init__(generator, discriminator, phases)
        self.rollouts, self.baseline = rollouts, Baseline(generator.latent, 0.5, 0.9)
        self.lagging = State(
            parameters_to_vector(generator.parameters()).detach(),
            lambda old, new: LAG * old + (1 - LAG) * new,
        )
        self.copies = (copy.deepcopy(generator),)  # in a tuple: no network of the game, as it holds no state

    def likelihood_loss(self, batch: Batch) -> Terms:
        """−E[log p(x)]; the copy follows here too, lest the first rollouts be by weights of the beginning."""
        self.lagging.note(parameters_to_vector(self.generator.parameters()))
        return super().likelihood_loss(batch)

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[Σ_t (Q_t − b_t) log G(y_t | y₁ … y_{t−1})]."""
        ids = self.fake(batch)
        advantage = self.baseline.advantage(self.values(ids, batch.c), ids != PAD)
        self.lagging.note(parameters_to_vector(self.generator.parameters()))
        return self.policy_loss(ids, advantage, batch.c)

    @torch.no_grad()
    def values(self, ids: Tensor, c: Tensor | None) -> Tensor:
        """Q_t of every token, ``(n, length)``; the last one's is the reward of the sentence itself."""
        policy = self.copies[0].to(ids.device)
        vector_to_parameters(self.lagging.value, policy.parameters())
        whole = torch.sigmoid(self.discriminator(ids, c))
        found = whole[:, None].repeat(1, ids.shape[1])
        for t in range(1, ids.shape[1]):
            going = ~(ids[:, :t] == EOS).any(1)
            if not going.any():
                break
            u = noise.uniform(len(ids), self.rollouts, ids.shape[1]).double()[going]
            some = None if c is None else c[going].repeat_interleave(self.rollouts)
            begun = ids[going, :t].repeat_interleave(self.rollouts, 0)
            made = policy.draw(u.flatten(0, 1), some, begun)
            found[going, t - 1] = (
                torch.sigmoid(self.discriminator(made, some)).view(-1, self.rollouts).mean(1)
            )
        return found


class Distillation(AdversarialText):
    """Rewards by a relativistic discriminator, compared within groups.

    Args:
        generator: the language model.
        discriminator: of whole sentences.
        phases: when which player is trained.
        group: sentences of a group, which divides a batch.
    """

    def __init__(
        self, generator: LanguageModel, discriminator: nn.Module, phases: Phases, group: int
    ) -> None:
        super().__init__(generator, discriminator, phases)
        self.group = group

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log σ(D(x) − D(y))]."""
        real, fake = (self.discriminator(x, batch.c, noisy=True) for x in (batch.x, self.fake(batch)))
        return {"discriminator": relativistic.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[A Σ_t log G(y_t | y₁ … y_{t−1})]."""
        ids = self.fake(batch)
        scores = self.discriminator(ids, batch.c).view(-1, self.group)
        spread = scores.std(1, correction=0, keepdim=True).clamp(min=1e-6)
        return self.policy_loss(ids, ((scores - scores.mean(1, keepdim=True)) / spread).view(-1, 1), batch.c)


@configurable
def recipe(
    data: Text = Text(),
    *,
    reward: str = "rollouts",
    filters: Annotated[int, width_of("discriminator")] = 10,
    rollouts: int = 4,
    group: int = 8,
    language: Language = Language(),
    players: Players = Players(),
    training: Training = Training(steps=2_500),
) -> Run:
    """A SeqGAN.

    Args:
        reward: rollouts, or relativistic.
        filters: of the discriminator: the published numbers divided by 50, times this.
        rollouts: N, of every prefix; 16 in the paper.
        group: sentences whose scores are compared, where rewards are relativistic.
    """
    if reward not in REWARDS:
        raise ValueError(f"--reward {reward}: expected {' or '.join(REWARDS)}")
    samples = training.open(data)
    generator = language.model(samples)
    numbers = [(size, max(1, n * filters)) for size, n in FILTERS.items()]
    discriminator = SentenceCNN(samples.space, language.width, numbers, language.classes(samples))
    phases = players.phases(training.steps)
    game: AdversarialText = SeqGAN(generator, discriminator, phases, rollouts)
    if reward == "relativistic":
        if training.batch % group:
            raise ValueError(f"--group {group} does not divide a --batch of {training.batch}")
        game = Distillation(generator, discriminator, phases, group)
    return training.run(game, samples, players.optimizers(game))


small = dict(width=6, hidden=8, filters=1, rollouts=2, pretraining=0.3, longest=8, steps=4, batch=8)
