"""RelGAN: Nie et al. 2019, "RelGAN: relational generative adversarial networks for text generation", ICLR.

    ptarmigan train text.relgan --data captions.txt
    ptarmigan train text.relgan --data captions.txt --memory relational --hidden 512

The generator gets its gradient through its tokens: a token y_t is drawn by the Gumbel-max trick, and the
discriminator is given, in place of its one-hot vector, the softmax of the same perturbed logits,

    y_t = argmax(o_t + g_t),    ŷ_t = softmax(β (o_t + g_t)),    β = β_max^(n/N)

which is nearly one-hot where the inverse temperature β, which rises from 1 to β_max over the N steps, is
large. The discriminator embeds each token in many representations of one number each, scores them apart,
and the loss compares pairs of real and generated sentences (Jolicoeur-Martineau 2018):

    L_D = −E[log σ(D(x) − D(ŷ))],    L_G = −E[log σ(D(ŷ) − D(x))]

The noise is drawn here after the token: tokens are those of one uniform number each, as everywhere, and g_t
is what Gumbel noise is given that token (Maddison et al. 2014, arXiv 1411.0030, section 3), so that the
network runs over whole sentences at once. Published: relational memory of one slot and two heads of 256
(``--memory relational --hidden 512``), or an LSTM, which is several times as fast; 64 representations, 300
filters of each of the widths 2 to 5; maximum likelihood for 150 epochs at 1e-2, then Adam 1e-4, gradients
clipped at 5, 5 discriminator steps. Here β begins above 1: at 1 the discriminator tells soft rows from
one-hot ones by their entropy alone.
Cost and score: benchmarks/results/text.json
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.losses import relativistic
from ptarmigan.modalities.text.game import AdversarialText, Language, Phases, Players
from ptarmigan.modalities.text.nets import LanguageModel
from ptarmigan.modalities.text.relational import RelationalMemory
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import PAD
from ptarmigan.training.meaning import width_of
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

WIDTHS = (2, 3, 4, 5)
MEMORIES = ("lstm", "relational")
SMALLEST, LOWEST = 1e-20, -40.0
"""Of uniform numbers, and of the logarithms of probabilities."""


class Representations(nn.Module):
    """Scores of many representations of a sentence, each of one number a token.

    Args:
        space: of the sentences.
        representations: how many.
        filters: of each of the widths 2 to 5.
        classes: how many; a score has the product with the class's embedding added. 0 for none.
    """

    def __init__(self, space: TextSpace, representations: int, filters: int, classes: int = 0) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(space.tokens, representations).uniform_(-0.5, 0.5))
        fitting = [size for size in WIDTHS if size <= space.length] or [1]
        self.convolutions = nn.ModuleList(nn.Conv1d(1, filters, size) for size in fitting)
        features = filters * len(fitting)
        self.transform, self.gate = nn.Linear(features, features), nn.Linear(features, features)
        self.score = nn.Sequential(nn.Linear(features, 100), nn.Linear(100, 1))
        self.classes = nn.Embedding(classes, features) if classes else None

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Scores ``(n, representations)`` of ``(n, length, representations)``, which is 0 at padding."""
        one = x.transpose(1, 2).flatten(0, 1)[:, None]
        maxima = torch.cat([F.relu(layer(one)).amax(2) for layer in self.convolutions], 1)
        gate = torch.sigmoid(self.gate(maxima))
        features = gate * F.relu(self.transform(maxima)) + (1 - gate) * maxima
        found = self.score(features).view(len(x), -1)
        if self.classes is not None and c is not None:
            found = found + (features.view(*found.shape, -1) * self.classes(c.long())[:, None]).sum(2)
        return torch.as_tensor(found)

    def embed(self, ids: Tensor) -> Tensor:
        """Numbers of tokens as embedded ones."""
        return self.embedding[ids.long()] * (ids != PAD)[:, :, None]


class RelGAN(AdversarialText):
    """Gradients through softened tokens.

    Args:
        generator: the language model.
        discriminator: scores representations.
        phases: when which player is trained.
        steps: discriminator steps for one of the generator.
        begin: the inverse temperature where the adversarial part begins.
        end: β_max.
    """

    reads = True
    discriminator: Representations

    def __init__(
        self,
        generator: LanguageModel,
        discriminator: Representations,
        phases: Phases,
        steps: int,
        begin: float,
        end: float,
    ) -> None:
        super().__init__(generator, discriminator, phases, steps)
        self.begin, self.end = begin, end

    @property
    def sharpness(self) -> float:
        """β, which rises exponentially with the progress of the run."""
        return float(self.begin * (self.end / self.begin) ** self.progress)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log σ(D(x) − D(ŷ))]."""
        with torch.no_grad():
            soft = self.softened(batch)
        return {"discriminator": relativistic.discriminator(*self.both(batch, soft))}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log σ(D(ŷ) − D(x))]."""
        real, fake = self.both(batch, self.softened(batch))
        return {"generator": relativistic.generator(fake, real)}

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a sentence's representations."""
        return torch.as_tensor(self.discriminator(self.discriminator.embed(x), c).mean(1))

    def both(self, batch: Batch, soft: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Scores of real sentences, and of softened ones."""
        probabilities, there = soft
        rows = probabilities @ self.discriminator.embedding
        fake = rows.new_zeros(*there.shape, rows.shape[1])
        fake = fake.masked_scatter(there[:, :, None], rows)
        real = self.discriminator.embed(batch.x)
        return self.discriminator(real, batch.c), self.discriminator(fake, batch.c)

    def softened(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """ŷ_t of all tokens that are drawn ``(tokens, vocabulary)``, and where in sentences they are."""
        ids = self.fake(batch)
        there = ids != PAD
        logarithms = self.generator.token_logits(ids, batch.c).log_softmax(1).clamp(min=LOWEST)
        noises = gumbel_given(ids[there], logarithms.detach(), exponential(there, logarithms))
        return (self.sharpness * (logarithms + noises)).softmax(1), there


def exponential(there: Tensor, like: Tensor) -> Tensor:
    """Exponential noise for all tokens ``(tokens, vocabulary)``, drawn position by position."""
    found, at = torch.empty_like(like), there.nonzero()[:, 1]
    for t in range(int(there.sum(1).max())):
        u = noise.uniform(len(there), like.shape[1])[there[:, t]]
        found[at == t] = -u.clamp(SMALLEST, 1 - 1e-7).log().to(like)
    return found


@torch.no_grad()
def gumbel_given(tokens: Tensor, logarithms: Tensor, exponentials: Tensor) -> Tensor:
    """Gumbel noise g, given that ``argmax(log p + g)`` are these tokens.

    The largest sum is a Gumbel number of its own; all others are Gumbel numbers that are cut off there.

    Args:
        tokens: ``(tokens,)``.
        logarithms: log p ``(tokens, vocabulary)``.
        exponentials: −log of uniform numbers, as many.
    """
    rows = torch.arange(len(tokens), device=tokens.device)
    least = exponentials[rows, tokens]
    sums = -(least[:, None] + exponentials * (-logarithms).exp()).log()
    sums[rows, tokens] = -least.log()
    return sums - logarithms


@configurable
def recipe(
    data: Text = Text(),
    *,
    memory: str = "lstm",
    representations: int = 16,
    filters: Annotated[int, width_of("discriminator")] = 32,
    begin: float = 10.0,
    end: float = 100.0,
    discriminator_steps: int = 2,
    language: Language = Language(),
    players: Players = Players(),
    training: Training = Training(steps=2_500),
) -> Run:
    """A RelGAN.

    Args:
        memory: of the generator, lstm or relational: of one slot of ``hidden``, with two heads.
        representations: of the discriminator.
        filters: of the discriminator, of each of the widths 2 to 5.
        begin: the inverse temperature β at the first step.
        end: β at the last step.
        discriminator_steps: for one of the generator.
    """
    if not 0 < begin <= end:
        raise ValueError(f"--begin is above 0 and at most --end, and these are {begin:g} and {end:g}")
    if memory not in MEMORIES:
        raise ValueError(f"--memory {memory}: expected {' or '.join(MEMORIES)}")
    if memory == "relational" and language.layers != 1:
        raise ValueError("--layers are of an LSTM: a relational memory has one")
    samples = training.open(data)
    relational = RelationalMemory(language.width, language.hidden) if memory == "relational" else None
    game = RelGAN(
        language.model(samples, relational),
        Representations(samples.space, representations, filters, language.classes(samples)),
        players.phases(training.steps),
        discriminator_steps,
        begin,
        end,
    )
    return training.run(game, samples, players.optimizers(game))


small = dict(width=6, hidden=8, representations=4, filters=3, pretraining=0.3, steps=4, batch=8)
