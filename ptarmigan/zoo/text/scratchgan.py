"""ScratchGAN: de Masson d'Autume et al. 2019, "Training language GANs from scratch", arXiv 1905.09922.

    ptarmigan train text.scratchgan --data captions.txt

No maximum likelihood: what makes a policy gradient learn words is a discriminator that scores every token
given those before it, so that rewards are dense, in large batches, and regularised. With D_t the score of
token t,

    L_D = −E[mean_t log σ(D_t(x))] − E[mean_t log(1 − σ(D_t(y)))]
    L_G = −E[Σ_t (R_t − b) log G(y_t | y₁ … y_{t−1})],    R_t = Σ_{s ≥ t} γ^{s−t} (2 σ(D_s(y)) − 1)

(section 3; γ = 0.23, b a running mean that moves by 0.08). Published: a generator of two LSTM layers of
512, a discriminator of one with layer norm, dropout 0.1, an L2 penalty of 1e-6 and 8 features of the
position, batches of 512, Adam with β₁ = 0.5, learning rates 9.59e-5 and 9.38e-3 (the discriminator's is a
hundred times the generator's), and 200,000 steps. Here networks and batches are smaller, there are no GloVe
embeddings, and b is one of each position. The reward of the last token goes on for ever, as in a state that
is not left (Kostrikov et al. 2019, arXiv 1809.02925): as long as rewards are negative, sentences would else
be the better the sooner they end.
Cost and score: benchmarks/results/text.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.optim import adam
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.text.game import AdversarialText, Baseline, Language, Phases
from ptarmigan.modalities.text.nets import LanguageModel, embedded
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import PAD
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

POSITIONS = 8
SLOWLY = 0.92
"""What remains of the baseline at a step."""


class TokenDiscriminator(nn.Module):
    """One score of every token, given those before it: an LSTM between layer norms.

    Args:
        samples: the sentences.
        language: has its sizes: they are the generator's.
        dropout: the share of the state that is dropped where scores are ``noisy``.
    """

    waves: Tensor

    def __init__(self, samples: Samples[TextSpace], language: Language, dropout: float) -> None:
        super().__init__()
        space, width, hidden = samples.space, language.width, language.hidden
        classes = language.classes(samples)
        self.dropout = dropout
        self.embedding = nn.Embedding(space.tokens, width)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.classes = nn.Embedding(classes, width) if classes else None
        self.recurrent = nn.LSTM(width + POSITIONS, hidden, batch_first=True)
        self.before, self.after = nn.LayerNorm(width + POSITIONS), nn.LayerNorm(hidden)
        self.score = nn.Linear(hidden, 1)
        periods = 2.0 ** torch.arange(1, POSITIONS // 2 + 1)
        angles = 2 * torch.pi * torch.arange(space.length)[:, None] / periods
        self.register_buffer("waves", torch.cat([angles.sin(), angles.cos()], 1), persistent=False)

    def forward(self, x: Tensor, c: Tensor | None = None, *, noisy: bool = False) -> Tensor:
        """Scores ``(n, length)`` of numbers of tokens."""
        tokens = embedded(self.embedding, x)
        if self.classes is not None and c is not None:
            tokens = tokens + self.classes(c.long())[:, None]
        inputs = torch.cat([tokens, self.waves.to(tokens).expand(len(x), -1, -1)], 2)
        states = self.after(self.recurrent(self.before(inputs))[0])
        if noisy and self.dropout:
            states = states * (noise.uniform(*states.shape) >= self.dropout) / (1 - self.dropout)
        return torch.as_tensor(self.score(states)[:, :, 0])


class ScratchGAN(AdversarialText):
    """A reward for every token.

    Args:
        generator: the language model.
        discriminator: scores every token.
        discount: γ.
        l2: the weight of the squared weights of the discriminator.
    """

    def __init__(
        self, generator: LanguageModel, discriminator: TokenDiscriminator, discount: float, l2: float
    ) -> None:
        super().__init__(generator, discriminator, Phases())
        self.discount, self.l2 = discount, l2
        self.baseline = Baseline(generator.latent, 0.0, SLOWLY)

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[mean_t log σ(D_t(x))] − E[mean_t log(1 − σ(D_t(y)))], and the penalty."""
        fake = self.fake(batch)
        real_scores, fake_scores = (self.discriminator(x, batch.c, noisy=True) for x in (batch.x, fake))
        squares = torch.stack([p.square().sum() for p in self.discriminator.parameters()]).sum()
        real_loss = over_tokens(F.softplus(-real_scores), batch.x)
        return {
            "discriminator": real_loss + over_tokens(F.softplus(fake_scores), fake),
            "l2": self.l2 * squares,
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[Σ_t (R_t − b) log G(y_t | y₁ … y_{t−1})]."""
        ids = self.fake(batch)
        there = ids != PAD
        rewards = 2 * torch.sigmoid(self.discriminator(ids, batch.c)) - 1
        returns = discounted(rewards, there, self.discount)
        return self.policy_loss(ids, self.baseline.advantage(returns, there), batch.c)

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a sentence's tokens."""
        scores, there = self.discriminator(x, c), x != PAD
        return torch.as_tensor((scores * there).sum(1) / there.sum(1).clamp(min=1))


def discounted(rewards: Tensor, there: Tensor, discount: float) -> Tensor:
    """R_t = r_t + γ R_{t+1}; after the last token its reward goes on for ever."""
    ahead = rewards[torch.arange(len(rewards)), there.sum(1) - 1] / (1 - discount)
    returns = torch.zeros_like(rewards)
    for t in reversed(range(rewards.shape[1])):
        ahead = torch.where(there[:, t], rewards[:, t] + discount * ahead, ahead)
        returns[:, t] = ahead
    return returns * there


def over_tokens(values: Tensor, ids: Tensor) -> Tensor:
    """The mean over the tokens of a sentence, and over sentences."""
    there = ids != PAD
    return ((values * there).sum(1) / there.sum(1).clamp(min=1)).mean()


@configurable
def recipe(
    data: Text = Text(),
    *,
    dropout: float = 0.1,
    l2: float = 1e-6,
    discount: float = 0.23,
    generator_lr: float = 3e-4,
    discriminator_lr: float = 9e-3,
    language: Language = Language(layers=2),
    training: Training = Training(steps=4_000, batch=256),
) -> Run:
    """A ScratchGAN.

    Args:
        dropout: of the discriminator.
        l2: the weight of the squares of the discriminator's weights.
        discount: γ, by which a reward counts less for each token before it.
    """
    samples = training.open(data)
    game = ScratchGAN(
        language.model(samples),
        TokenDiscriminator(samples, language, dropout),
        discount,
        l2,
    )
    optimizers = {
        "generator": adam(game.generator, generator_lr, (0.5, 0.999)),
        "discriminator": adam(game.discriminator, discriminator_lr, (0.5, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(width=6, hidden=8, layers=1, steps=4, batch=8)
