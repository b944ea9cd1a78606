"""Contrastive translation: a patch that is made is to be like the patch at its place in the input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.history import History
from ptarmigan.core.losses import least_squares
from ptarmigan.nets.patches import PatchHeads, patch_nce, somewhere
from ptarmigan.nets.translator import Reader, Translator
from ptarmigan.tasks.translate.translation import Translation, both


class Contrastive(Translation):
    """A generator ``a -> b``, a discriminator of patches of ``b``, and vectors by which patches are compared.

    Park et al. 2020, arXiv 2007.15651. The generator moves first, and the discriminator then reads what was
    made on its turn: so pictures are made once a step, as by the authors' code.

    Args:
        generator: makes ``b`` of ``a``, and has features of pictures.
        reader: makes of a ``b`` what the generator has features of.
        heads: vectors of its features.
        discriminator: scores patches of ``b``.
        made: the ``b`` made last.
        content: weight of PatchNCE between inputs and what is made of them.
        identity: half of that weight is for PatchNCE between a ``b`` and what is made of it.
        flip: the share of inputs that are mirrored; what is made of them is mirrored back to be compared.
        patches: of a picture, that are compared with each other.
        temperature: of PatchNCE.
        seen: what is done to pictures before the discriminator sees them, given the run's progress.
    """

    def __init__(
        self,
        generator: Translator,
        reader: Reader,
        heads: PatchHeads,
        discriminator: nn.Module,
        made: History,
        *,
        content: float,
        identity: bool = False,
        flip: float = 0.0,
        patches: int = 256,
        temperature: float = 0.07,
        seen: Callable[[Tensor, float], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.generator, self.reader, self.heads = generator, reader, heads
        self.discriminator, self.made = discriminator, made
        self.content, self.identity, self.flip = content, identity, flip
        self.patches, self.temperature, self.seen = patches, temperature, seen

    @property
    def makers(self) -> list[nn.Parameter]:
        """What moves on the generator's turn."""
        return [p for net in (self.generator, self.reader, self.heads) for p in net.parameters()]

    def turns(self) -> tuple[Turn, ...]:
        """The generator with the vectors, then the discriminator."""
        return Turn(("generator",), self.generator_loss), Turn(("discriminator",), self.discriminator_loss)

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made pictures are told from real ones, and how badly their patches are told apart."""
        b, a = both(batch)
        mirrored = noise.uniform(len(a)) < self.flip
        keys = self.generator.features(a)
        made = self.generator.finish(self.generator.features(turned(a, mirrored)) if self.flip else keys)
        self.made.note(made)
        queries = [turned(x, mirrored) for x in self.generator.features(self.reader(made))]
        share = 0.5 if self.identity else 1.0
        terms = {
            "generator": 2 * least_squares.generator(self.score(made), None),
            "content": share * self.content * self.apart(queries, keys),
        }
        if self.identity:
            keys = self.generator.features(b)
            queries = self.generator.features(self.generator.finish(keys))
            terms["identity"] = share * self.content * self.apart(queries, keys)
        return terms

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real pictures are told from those made last."""
        real, fake = self.score(batch.x), self.score(self.made(len(batch.x)))
        return {"discriminator": least_squares.discriminator(real, fake)}

    def apart(self, queries: list[Tensor], keys: list[Tensor]) -> Tensor:
        """PatchNCE, as a mean over the features. Keys stay where they are: what is made goes to them."""
        places = [somewhere(key, self.patches) for key in keys]
        with torch.no_grad():
            there = self.heads(keys, places)
        here = self.heads(queries, places)
        terms = [patch_nce(q, k, self.temperature) for q, k in zip(here, there, strict=True)]
        return torch.stack(terms).mean()

    def score(self, x: Tensor) -> Tensor:
        """What the discriminator says of patches of what it sees of ``x``."""
        return torch.as_tensor(self.discriminator(x if self.seen is None else self.seen(x, self.progress)))

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Pictures made of inputs."""
        return torch.as_tensor(self.generator(a))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a picture's patches."""
        return torch.as_tensor(self.discriminator(x)).mean((1, 2))


def turned(x: Tensor, mirrored: Tensor) -> Tensor:
    """Pictures, or features of them, some left to right."""
    return torch.where(mirrored[:, None, None, None], x.flip(3), x)
