"""Dialogue: Li et al. 2017, "Adversarial learning for neural dialogue generation", arXiv 1701.06547.

    ptarmigan train text.dialogue --data talks.csv --question question --column answer
    ptarmigan sample runs/text.dialogue-talks --given "where have you been ?" --out answers.txt

A generator of answers y to questions q against a discriminator that reads both. What an answer is worth is
known before it ends: the discriminator scores every beginning of it (section 3.2, "reward for every
generation step"),

    L_G = −E[Σ_t (σ(D_t(q, y)) − b_t) log G(y_t | q, y₁ … y_{t−1})] − E[log G(x | q)]
    L_D = −E[mean_t log σ(D_t(q, x))] − E[mean_t log(1 − σ(D_t(q, y)))]

where b_t is a running mean. The second term is teacher forcing: real answers x are learnt in every round,
without which the generator, once it loses, is told that all it says is bad and nothing of what is good
(section 3.2). It begins with maximum likelihood. The generator is an encoder and a decoder with attention
(Luong et al. 2015, arXiv 1508.04025, general score); the published discriminator is a hierarchy of encoders
and is trained on one beginning of each answer; this one is an LSTM over question and answer with a score
after each token of the answer.

Without a question to answer, samples answer questions of the data, some of which are kept with the weights.
Cost and score: benchmarks/results/text.json
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Conditional, Terms
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.text.game import AdversarialText, Baseline, Language, Phases, Players
from ptarmigan.modalities.text.nets import LanguageModel, embedded, uniform_of
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import PAD
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

KEPT = 256
"""Questions that are kept with the weights."""


class Answers(LanguageModel, Conditional):
    """A language model that attends to a question.

    Args:
        space: of questions and answers.
        width: the size of embeddings, of both.
        hidden: the size of the states, of both.
        layers: of the decoder.
    """

    kept: Tensor

    def __init__(self, space: TextSpace, width: int, hidden: int, layers: int) -> None:
        super().__init__(space, width, hidden, layers)
        self.encoder = nn.LSTM(width, hidden, batch_first=True)
        self.into = nn.Linear(hidden, width)
        self.general = nn.Linear(hidden, hidden, bias=False)
        self.combined = nn.Linear(2 * hidden, hidden)
        self.register_buffer("kept", torch.zeros(KEPT, space.question, dtype=torch.long))

    def keep(self, samples: Samples[TextSpace]) -> None:
        """Questions of the data; none where there is none."""
        if n := len(samples):
            rows = permute(np.arange(KEPT) % n, n, "dialogue", "kept")
            raw = samples.source.read(rows)[:, : samples.space.question]
            self.kept.copy_(torch.from_numpy(raw.astype(np.int64)))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Questions and answers ``(n, question + length)`` of latents, to kept ones where none are given.

        The last number of a latent chooses among these.
        """
        u = uniform_of(z)
        asked = c.long() if c is not None and c.ndim == 2 else self.kept[(u[:, -1] * KEPT).long()]
        return torch.cat([asked, self.draw(u[:, :-1], self.encode(asked))], 1).to(z.dtype)

    def encode(self, asked: Tensor) -> Tensor:
        """The states of the encoder ``(n, question, hidden)``, 0 at padding."""
        states = self.encoder(self.embedding(asked))[0]
        return torch.as_tensor(states * (asked != PAD)[:, :, None])

    def inputs(self, ids: Tensor, c: Tensor | None) -> Tensor:
        """The embeddings of tokens, with the mean state of the question added."""
        assert c is not None
        there = (c != 0).any(2).sum(1, keepdim=True).clamp(min=1)
        return torch.as_tensor(self.embedding(ids) + self.into(c.sum(1) / there)[:, None])

    def features(self, states: Tensor, c: Tensor | None) -> Tensor:
        """States beside the mean of the question's, each weighted by how much it matters here."""
        assert c is not None
        scores = self.general(states) @ c.transpose(1, 2)
        weights = scores.masked_fill(~(c != 0).any(2)[:, None], -1e9).softmax(2)
        return super().features(torch.tanh(self.combined(torch.cat([states, weights @ c], 2))), c)


class Reader(nn.Module):
    """A score after each token of an answer: an LSTM that has read the question and the answer so far.

    Args:
        space: of questions and answers.
        width: the size of embeddings.
        hidden: the size of the state.
    """

    def __init__(self, space: TextSpace, width: int, hidden: int) -> None:
        super().__init__()
        self.question = space.question
        self.embedding = nn.Embedding(space.tokens, width, padding_idx=PAD)
        self.side = nn.Parameter(torch.zeros(2, width))
        self.recurrent = nn.LSTM(width, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Scores ``(n, length)`` of questions and answers ``(n, question + length)``."""
        side = (torch.arange(x.shape[1], device=x.device) >= self.question).long()
        states = self.recurrent(embedded(self.embedding, x) + self.side[side])[0]
        return torch.as_tensor(self.score(states[:, self.question :])[:, :, 0])


class Dialogue(AdversarialText):
    """Answers, rewarded token by token.

    Args:
        generator: answers questions.
        discriminator: scores each token of an answer.
        phases: when which player is trained.
    """

    reads = True
    generator: Answers

    def __init__(self, generator: Answers, discriminator: Reader, phases: Phases) -> None:
        super().__init__(generator, discriminator, phases)
        self.latent = generator.latent + 1
        self.question = discriminator.question
        self.baseline = Baseline(generator.latent, 0.5, 0.9)

    def likelihood_loss(self, batch: Batch) -> Terms:
        """−E[log G(x | q)], in nats an answer."""
        return {"likelihood": -self.logarithms(batch.x.long()).sum(1).mean()}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[mean_t log σ(D_t(q, x))] − E[mean_t log(1 − σ(D_t(q, y)))]."""
        real, fake = batch.x.long(), self.answered(batch)
        losses = (
            self.mean(F.softplus(sign * self.discriminator(x)), x) for sign, x in ((-1, real), (1, fake))
        )
        return {"discriminator": torch.stack([loss.mean() for loss in losses]).sum()}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[Σ_t (σ(D_t(q, y)) − b_t) log G(y_t | q, y₁ … y_{t−1})] − E[log G(x | q)]."""
        both = self.answered(batch)
        rewards = torch.sigmoid(self.discriminator(both))
        advantage = self.baseline.advantage(rewards, both[:, self.question :] != PAD)
        policy = -(advantage.detach() * self.logarithms(both, drawn=True)).sum(1).mean()
        return {"generator": policy, **self.likelihood_loss(batch)}

    def answered(self, batch: Batch) -> Tensor:
        """The questions of a batch with answers that are generated."""
        z = noise.normal(len(batch.x), self.latent)
        return self.sample(z, batch.x[:, : self.question]).long()

    def logarithms(self, both: Tensor, *, drawn: bool = False) -> Tensor:
        """The logarithms of G of each token of an answer; 0 at padding."""
        asked, said = both[:, : self.question], both[:, self.question :]
        return self.generator.log_probabilities(said, self.generator.encode(asked), drawn=drawn)

    def log_likelihood(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The logarithms of G of each token of an answer, NaN at padding."""
        ids = x.long()
        return self.logarithms(ids).masked_fill(ids[:, self.question :] == PAD, torch.nan)

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of an answer's tokens."""
        return self.mean(self.discriminator(x), x)

    def mean(self, values: Tensor, both: Tensor) -> Tensor:
        """The mean over the tokens of each answer."""
        there = both[:, self.question :] != PAD
        return (values * there).sum(1) / there.sum(1).clamp(min=1)


@configurable
def recipe(
    data: Text = Text("dialogue"),
    *,
    language: Language = Language(),
    players: Players = Players(lr=5e-3),
    training: Training = Training(steps=3_000),
) -> Run:
    """Answers to questions."""
    samples = training.open(data)
    space = samples.space
    if not space.question:
        raise ValueError("text.dialogue answers questions: name the column that holds them with --question")
    generator = Answers(space, language.width, language.hidden, language.layers)
    generator.keep(samples)
    discriminator = Reader(space, language.width, language.hidden)
    game = Dialogue(generator, discriminator, players.phases(training.steps))
    return training.run(game, samples, players.optimizers(game))


small = dict(width=6, hidden=8, pretraining=0.3, steps=4, batch=8)
