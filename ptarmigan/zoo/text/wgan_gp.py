"""WGAN-GP of characters: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train text.wgan_gp --data lines.txt

Without recurrence and without a policy gradient (section 5.2): a generator makes all 32 characters of a
line at once, as distributions over the alphabet, and the critic sees these beside the one-hot vectors of
real lines. The loss is that of images, with x̂ uniform between a real line and a generated one:

    L_D = E[D(ỹ)] − E[D(x)] + λ E[(‖∇D(x̂)‖ − 1)²],    L_G = −E[D(ỹ)]

Both networks are five residual blocks of two convolutions of width 5 between a dense and a 1×1 layer. A
sample is the likeliest character at each place. Published: 512 channels, latents of 128, batches of 64, 10
critic steps for one of the generator, Adam 1e-4 (0.5, 0.9), 200,000 steps. Lines are cut at 32 characters;
where shorter ones end, the end and padding are characters as others.
Cost and score: benchmarks/results/text.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import BOS, CHARACTERS, UNK
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

BLOCKS, SIZE, SHARE = 5, 5, 0.3
"""Residual blocks, the width of their convolutions, and the share of a block in its sum."""
MOST = 1_000
"""Characters of an alphabet, at most: one-hot vectors of words would take too much memory."""

Soft = Float[Tensor, "batch length tokens"]


class Block(nn.Module):
    """x + 0.3 conv(relu(conv(relu(x)))).

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv1d(width, width, SIZE, padding=SIZE // 2) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """``(n, width, length)`` to the same."""
        return torch.as_tensor(x + SHARE * self.second(F.relu(self.first(F.relu(x)))))


class LineGenerator(nn.Module):
    """All characters of a line at once.

    Args:
        latent: the size of z.
        space: of the lines.
        width: channels.
    """

    undrawn: Tensor

    def __init__(self, latent: int, space: TextSpace, width: int) -> None:
        super().__init__()
        self.latent, self.length, self.width = latent, space.length, width
        self.dense = nn.Linear(latent, width * space.length)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(BLOCKS)))
        self.out = nn.Conv1d(width, space.tokens, 1)
        undrawn = torch.zeros(space.tokens, dtype=torch.bool)
        undrawn[[BOS, UNK]] = True
        self.register_buffer("undrawn", undrawn, persistent=False)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Soft:
        """The distribution of every character."""
        x = self.dense(z).view(-1, self.width, self.length)
        logits = self.out(self.blocks(x)).transpose(1, 2)
        return torch.as_tensor(logits.masked_fill(self.undrawn, -torch.inf).softmax(2))

    def one_hot(self, ids: Tensor) -> Soft:
        """Numbers of tokens as distributions."""
        return F.one_hot(ids.long(), self.out.out_channels).to(self.out.weight.dtype)


class LineCritic(nn.Module):
    """One score of a line.

    Args:
        space: of the lines.
        width: channels.
    """

    def __init__(self, space: TextSpace, width: int) -> None:
        super().__init__()
        self.into = nn.Conv1d(space.tokens, width, 1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(BLOCKS)))
        self.score = nn.Linear(width * space.length, 1)

    def forward(self, x: Soft, c: Tensor | None = None) -> Float[Tensor, " batch"]:
        """Scores of distributions, or of one-hot vectors."""
        return torch.as_tensor(self.score(self.blocks(self.into(x.transpose(1, 2))).flatten(1))[:, 0])


class LineGAN(GAN):
    """A GAN whose critic sees distributions of characters, and whose samples are the likeliest of them."""

    generator: LineGenerator

    def augmented(self, x: Tensor) -> Tensor:
        """One-hot vectors of real lines; distributions as they are."""
        if x.ndim == 3:
            return x
        return self.generator.one_hot(x)

    def fake(self, batch: Batch) -> Tensor:
        """Distributions of as many lines as the batch has."""
        return torch.as_tensor(self.generator(noise.normal(len(batch.x), self.latent)))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """The likeliest characters, as numbers."""
        return torch.as_tensor(self.generator(z).argmax(2).to(z.dtype))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The critic's scores of lines."""
        return torch.as_tensor(self.discriminator(self.augmented(x)))


@configurable
def recipe(
    data: Text = Text(tokenizer=CHARACTERS, longest=32),
    *,
    width: int = 96,
    latent: int = 128,
    lr: float = 1e-4,
    weight: float = 10.0,
    critic_steps: int = 5,
    training: Training = Training(steps=10_000),
) -> Run:
    """A WGAN-GP of characters."""
    samples = training.open(data)
    space = samples.space
    space.check_alone()
    if space.tokens > MOST:
        raise ValueError(
            f"text.wgan_gp is of characters, at most {MOST:,} different ones, and these are {space.words}"
        )
    generator, critic = LineGenerator(latent, space, width), LineCritic(space, width)
    penalties = (GradientPenalty(weight),)
    game = LineGAN(generator, critic, loss=wasserstein, penalties=penalties, steps=critic_steps)
    return training.run(game, samples, adams(game, lr, (0.5, 0.9)))


small = dict(width=8, latent=8, critic_steps=2, longest=12, steps=4, batch=8)
