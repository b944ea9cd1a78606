"""Encoders of sentences: one vector of standard size for each, from its words or their order."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import EOS, PAD

Order = Literal["gru", "words"]
"""A recurrent network reads the words in their order; or their mean knows none."""


class SentenceEncoder(nn.Module):
    """Sentences as numbers of their tokens to vectors, each of mean 0 and standard deviation 1.

    Gated recurrent units (Cho et al. 2014, arXiv 1406.1078) read a sentence from both ends, and their last
    states are its vector; or the mean of its words' embeddings is, a bag of words. The layer norm keeps
    gradients with respect to sentences on one scale, so that a penalty of them means something.

    Args:
        space: of the sentences.
        size: of a vector.
        order: ``gru``, or ``words`` for a bag of words.
        vectors: embeddings of the tokens, frozen; learnt when None.

    Attributes:
        size: of a vector.
    """

    def __init__(
        self,
        space: TextSpace,
        size: int,
        order: Order = "gru",
        vectors: Float[Tensor, "token number"] | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        width = size if vectors is None else vectors.shape[1]
        self.embedding = nn.Embedding(space.tokens, width, padding_idx=PAD)
        if vectors is not None:
            self.embedding.weight.data.copy_(vectors)
            self.embedding.weight.requires_grad_(False)
        self.recurrent = nn.GRU(width, -(-size // 2), batch_first=True) if order == "gru" else None
        self.backward_recurrent = nn.GRU(width, size // 2, batch_first=True) if order == "gru" else None
        self.linear = nn.Linear(size if order == "gru" else width, size)
        self.norm = nn.LayerNorm(size, elementwise_affine=False)

    def forward(self, sentences: Int[Tensor, "batch length"]) -> Float[Tensor, "batch size"]:
        """A vector for every sentence; what stands after its end does not count."""
        there = (sentences != PAD) & (sentences != EOS)
        words = self.embedding(sentences)
        vectors: Tensor = self.norm(self.linear(self.read(words, there)))
        return vectors

    def read(
        self, words: Float[Tensor, "batch length width"], there: Bool[Tensor, "batch length"]
    ) -> Float[Tensor, "batch size"]:
        """The last states from both ends, or the mean of the words."""
        count = there.sum(1).clamp(min=1)
        if self.recurrent is None or self.backward_recurrent is None:
            return torch.as_tensor((words * there[:, :, None]).sum(1) / count[:, None])
        places = torch.arange(words.shape[1], device=words.device)
        turned = (count[:, None] - 1 - places).clamp(min=0)
        backwards = taken(words, turned)
        ends = [
            taken(network(x)[0], count[:, None] - 1)[:, 0]
            for network, x in ((self.recurrent, words), (self.backward_recurrent, backwards))
        ]
        return torch.cat(ends, 1)


def taken(
    x: Float[Tensor, "batch length width"], places: Int[Tensor, "batch places"]
) -> Float[Tensor, "batch places width"]:
    """What stands at some places of every row; by gather, which torch.export takes for any size of batch."""
    return x.gather(1, places[:, :, None].expand(-1, -1, x.shape[2]))


def numbers_of(c: Tensor | None) -> Int[Tensor, "batch length"]:
    """The numbers of the tokens of sentences, as batches hold them: whole numbers among floats.

    Raises:
        ValueError: there are none.
    """
    if c is None:
        raise ValueError("this network is conditional: give it a sentence for every sample")
    return c.long()
