"""Networks for text: a recurrent language model, and a convolutional discriminator of sentences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import Tempered
from ptarmigan.core.inverse import first_above, normal_cdf
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tied import log_likelihood
from ptarmigan.modalities.text.tokens import BOS, EOS, PAD, UNK

Ids = Int[Tensor, "batch length"]
Classes = Int[Tensor, " batch"]
DROPOUT = 0.25
"""The share of features of a sentence that are dropped where scores are noisy."""
LARGEST = 1 - 1e-12
"""Of the uniform numbers that tokens are drawn by: none of probability 0 is drawn."""


class LanguageModel(Tempered):
    """p(x₁ … x_L) as a product of p(x_t | x₁ … x_{t−1}), each the softmax of an LSTM's state.

    The output layer is tied to the embedding (Press and Wolf 2017, arXiv 1608.05859): logits are products of
    a state's projection and the embeddings of tokens.

    Args:
        space: of the sentences.
        width: the size of embeddings.
        hidden: the size of the LSTM's state.
        layers: of the LSTM.
        classes: how many; their embeddings are added to those of tokens. 0 for none.
        recurrent: in place of the LSTM, with states of ``hidden``.
    """

    never: Tensor
    undrawn: Tensor

    def __init__(
        self,
        space: TextSpace,
        width: int,
        hidden: int,
        layers: int = 1,
        classes: int = 0,
        recurrent: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.latent = space.length
        self.embedding = nn.Embedding(space.tokens, width)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.classes = nn.Embedding(classes, width) if classes else None
        self.recurrent = recurrent or nn.LSTM(width, hidden, layers, batch_first=True)
        self.projection = nn.Linear(hidden, width)
        self.bias = nn.Parameter(torch.zeros(space.tokens))
        never = [PAD, BOS, *([] if space.ends else [EOS])]
        self.register_buffer("never", marked(space.tokens, never), persistent=False)
        self.register_buffer("undrawn", marked(space.tokens, [*never, UNK]), persistent=False)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Samples ``(n, length)`` of standard normal ``z``, one number a token, as floats."""
        return self.draw(uniform_of(z), c).to(z.dtype)

    def log_probabilities(
        self, ids: Ids, c: Tensor | None = None, *, drawn: bool = False
    ) -> Float[Tensor, "batch length"]:
        """Log p(x_t | x₁ … x_{t−1}) of tokens and ends; 0 at padding.

        Args:
            ids: sentences.
            c: their classes.
            drawn: under the distribution that samples are drawn from, which has no unknown tokens.
        """
        there = ids != PAD
        empty = (first(there), EOS) if drawn else None  # no sentence is empty
        bias = self.bias_without(self.undrawn if drawn else self.never)
        features = self.token_features(ids, c)
        found = log_likelihood(features, self.embedding.weight, bias, ids[there], empty)
        return torch.zeros_like(there, dtype=found.dtype).masked_scatter(there, found)

    def token_logits(self, ids: Ids, c: Tensor | None = None) -> Float[Tensor, "all tokens"]:
        """Logits given the tokens before, of all tokens and ends, one sentence after another.

        They are those of the distribution that samples are drawn from.

        Args:
            ids: sentences.
            c: their classes.
        """
        logits = self.logits(self.token_features(ids, c))
        logits[first(ids != PAD), EOS] = -torch.inf
        return logits

    def token_features(self, ids: Ids, c: Tensor | None) -> Float[Tensor, "all width"]:
        """What logits are products of, of all tokens and ends, one sentence after another."""
        there = ids != PAD
        most = int(there.sum(1).max())
        begun = torch.cat([ids.new_full((len(ids), 1), BOS), ids[:, : most - 1]], 1)
        return self.features(self.recurrent(self.inputs(begun, c))[0], c)[there[:, :most]]

    @torch.no_grad()
    def draw(
        self,
        u: Float[Tensor, "batch length"],
        c: Tensor | None = None,
        begun: Int[Tensor, "batch begun"] | None = None,
    ) -> Ids:
        """Sentences by one uniform number a token, the inverse of the cumulated softmax at ``temperature``.

        Args:
            u: uniform on [0, 1), float64.
            c: their classes.
            begun: the first tokens of each, where they are given.
        """
        ids = u.new_full(u.shape, PAD, dtype=torch.long)
        start = 0 if begun is None else begun.shape[1]
        if begun is not None:
            ids[:, :start] = begun
        ended = (ids == EOS).any(1)
        said = torch.cat([ids.new_full((ids.shape[0], 1), BOS), ids[:, :start]], 1)
        out, state = self.recurrent(self.inputs(said, c))
        for t in range(start, ids.shape[1]):
            logits = self.logits(self.features(out[:, -1:], c)[:, 0])
            if t == 0:
                logits[:, EOS] = -torch.inf
            token = inverse(logits if self.temperature == 1 else logits / self.temperature, u[:, t])
            ids[:, t] = torch.where(ended, PAD, token)
            ended = ended | (token == EOS)
            if not torch.compiler.is_exporting() and ended.all():  # a graph has no way out of a loop
                break
            out, state = self.recurrent(self.inputs(ids[:, t : t + 1], c), state)
        return ids

    def inputs(self, ids: Ids, c: Tensor | None) -> Float[Tensor, "batch length width"]:
        """The embeddings of tokens, with that of the class added to each."""
        x = self.embedding(ids)
        if self.classes is not None and c is not None:
            x = x + self.classes(c.long())[:, None]
        return torch.as_tensor(x)

    def features(
        self, states: Float[Tensor, "batch length hidden"], c: Tensor | None
    ) -> Float[Tensor, "batch length width"]:
        """What logits are products of."""
        return torch.as_tensor(self.projection(states))

    def logits(self, features: Float[Tensor, "n width"]) -> Float[Tensor, "n tokens"]:
        """Products with all embeddings; −∞ for tokens that are never drawn."""
        return F.linear(features, self.embedding.weight, self.bias_without(self.undrawn))

    def bias_without(self, without: Tensor) -> Float[Tensor, " tokens"]:
        """The bias of the logits, −∞ for tokens that are left out."""
        return self.bias.masked_fill(without, -torch.inf)


def first(there: Bool[Tensor, "batch length"]) -> Bool[Tensor, " all"]:
    """Which of all tokens begin a sentence."""
    return there.nonzero()[:, 1] == 0


class SentenceCNN(nn.Module):
    """One score of a sentence: convolutions of several widths, their maxima over time, and a highway layer.

    Kim 2014, arXiv 1408.5882; with the highway (Srivastava et al. 2015, arXiv 1505.00387) as SeqGAN has it.

    Args:
        space: of the sentences.
        width: the size of embeddings.
        filters: how many of every width, ``(width, number)``; those wider than sentences are left out.
        classes: how many; a score has the product with the class's embedding added (projection). 0 for none.
    """

    def __init__(
        self,
        space: TextSpace,
        width: int,
        filters: Sequence[tuple[int, int]],
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(space.tokens, width, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[PAD] = 0
        fitting = [(size, n) for size, n in filters if size <= space.length] or [(1, filters[0][1])]
        self.convolutions = nn.ModuleList(nn.Conv1d(width, n, size) for size, n in fitting)
        features = sum(n for _, n in fitting)
        self.transform, self.gate = nn.Linear(features, features), nn.Linear(features, features)
        self.score = nn.Linear(features, 1)
        self.classes = nn.Embedding(classes, features) if classes else None

    def forward(self, x: Tensor, c: Tensor | None = None, *, noisy: bool = False) -> Float[Tensor, " batch"]:
        """Scores ``(n,)`` of numbers of tokens, or of their probabilities, ``(n, length[, tokens])``."""
        there = embedded(self.embedding, x).transpose(1, 2)
        maxima = torch.cat([F.relu(layer(there)).amax(2) for layer in self.convolutions], 1)
        gate = torch.sigmoid(self.gate(maxima))
        features = gate * F.relu(self.transform(maxima)) + (1 - gate) * maxima
        if noisy:
            features = features * (noise.uniform(*features.shape) >= DROPOUT) / (1 - DROPOUT)
        scores = self.score(features)[:, 0]
        if self.classes is not None and c is not None:
            scores = scores + (self.classes(c.long()) * features).sum(1)
        return torch.as_tensor(scores)


def embedded(embedding: nn.Embedding, x: Tensor) -> Float[Tensor, "batch length width"]:
    """The embeddings of tokens by their numbers, or their means by probabilities."""
    return torch.as_tensor(x @ embedding.weight if x.ndim == 3 else embedding(x.long()))


def marked(n: int, which: Sequence[int]) -> Tensor:
    """A mask of ``n`` numbers in which some are set."""
    mask = torch.zeros(n, dtype=torch.bool)
    mask[list(which)] = True
    return mask


def uniform_of(z: Tensor) -> Tensor:
    """Standard normal numbers as uniform ones, in float64."""
    return normal_cdf(z.double()).clamp(max=LARGEST)


def inverse(logits: Float[Tensor, "batch tokens"], u: Float[Tensor, " batch"]) -> Int[Tensor, " batch"]:
    """The first token up to which the softmax has more than ``u``; what is summed up is in float64."""
    weights = (logits - logits.amax(1, keepdim=True)).exp()
    cumulated = weights.cumsum(1, dtype=torch.float64)
    return first_above(cumulated, u * cumulated[:, -1]).clamp(max=logits.shape[1] - 1)
