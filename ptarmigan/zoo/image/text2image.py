"""DF-GAN: Tao et al. 2022, "A simple and effective baseline for text-to-image synthesis", arXiv 2008.05865.

    ptarmigan train image.text2image --data scenes
    ptarmigan sample runs/image.text2image-scenes --given "a small red circle left of a large blue square"

One generator of pictures from a latent z and a sentence s, which stand together in every block: before each
convolution of a block features h are scaled and shifted twice, each time by small networks of both (section
3.4, "deep text-image fusion block"),

    h ← leaky(γ(z, s) h + β(z, s))

The discriminator reads the sentence beside its last feature map, gives one score, and tells three kinds of
pairs apart (equation 2): pictures with their sentences, generated ones, and pictures with sentences ŝ of
others. Where it is right of real pairs it is kept smooth in both, the matching-aware gradient penalty:

    L_D = E[max(0, 1 − D(x, s))] + ½ E[max(0, 1 + D(G(z, s), s))] + ½ E[max(0, 1 + D(x, ŝ))]
          + k E[(‖∇_x D(x, s)‖ + ‖∇_s D(x, s)‖)^p]
    L_G = −E[D(G(z, s), s)]

with k = 2 and p = 6. The ŝ are those of the batch moved by one; where that is the same sentence the pair is
left out. The paper's encoder of sentences is learnt beforehand (with AttnGAN's DAMSM) and frozen; here each
player has one of its own that is learnt with the game. With --augmentation λ sentences are drawn around what
they are, as StackGAN has it (Zhang et al. 2017, arXiv 1612.03242, section 3.2), which helps where they are
few: s = μ + σ ε, and λ KL(N(μ, σ²) ‖ N(0, I)) is added to L_G. The penalty is lazy (Karras et al. 2020, arXiv
1912.04958).
Cost and score: benchmarks/results/captions.json
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Conditional, Terms, Turn, every
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import at_least_float32, uncompiled, without_autocast
from ptarmigan.modalities.text.sentences import Order, SentenceEncoder, numbers_of
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.nets.sides import Sides, crop, doubled, halved, halvings
from ptarmigan.tasks.caption.illustrate import Illustrate
from ptarmigan.tasks.caption.source import Captions
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

POWER = 6.0
"""p, of the penalty."""


class Affine(nn.Module):
    """γ h + β, of which γ and β are small networks of the condition; at first the identity.

    Args:
        channels: of the features h.
        size: of the condition.
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(size, channels), nn.ReLU(), nn.Linear(channels, 2 * channels))
        last = self.network[2]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(
        self, h: Float[Tensor, "batch channel height width"], c: Float[Tensor, "batch size"]
    ) -> Float[Tensor, "batch channel height width"]:
        """Scaled and shifted, then leaky."""
        gamma, beta = self.network(c)[:, :, None, None].chunk(2, 1)
        return F.leaky_relu((1 + gamma) * h + beta, 0.2)


class Fusion(nn.Module):
    """Twice as tall and wide: two convolutions, each after two affine layers, beside a shortcut.

    The paper enlarges before the first of them, here it is after it, at a quarter of the cost.

    Args:
        inputs: channels.
        outputs: channels.
        size: of the condition.
    """

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.affines = nn.ModuleList(Affine(n, size) for n in (inputs, inputs, outputs, outputs))
        self.convolutions = nn.ModuleList(nn.Conv2d(n, outputs, 3, padding=1) for n in (inputs, outputs))
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Float[Tensor, "batch size"]
    ) -> Float[Tensor, "batch channels taller wider"]:
        """Features at twice the sides."""
        h = F.interpolate(self.convolve(0, x, c), scale_factor=2)
        shortcut = F.interpolate(self.shortcut(x), scale_factor=2)
        return shortcut + self.convolve(1, h, c)

    def convolve(self, i: int, x: Tensor, c: Tensor) -> Tensor:
        """The i-th convolution, after its two affine layers."""
        first, second = self.affines[2 * i : 2 * i + 2]
        return torch.as_tensor(self.convolutions[i](second(first(x, c), c)))


class Illustrator(Conditional):
    """Latents and sentences to pictures.

    Args:
        latent: the size of z.
        shape: channels, height, width.
        width: channels at the largest sides; those before have twice as many each, at most eight times.
        encoder: of sentences.
        augmented: draw sentences around what they are.

    Attributes:
        latent: the size of z, and of what sentences are drawn by.
    """

    def __init__(
        self, latent: int, shape: tuple[int, ...], width: int, encoder: SentenceEncoder, augmented: bool
    ) -> None:
        super().__init__()
        channels, *sides = shape
        self.sides: Sides = (sides[0], sides[1])
        stages = halvings(self.sides)
        sizes = [width << min(3, stages - i) for i in range(stages + 1)]
        self.encoder, self.noise = encoder, latent
        self.latent = latent + encoder.size * augmented
        self.spread = nn.Linear(encoder.size, 2 * encoder.size) if augmented else None
        self.start = (sizes[0], *halved(self.sides, stages))
        self.linear = nn.Linear(latent, sizes[0] * self.start[1] * self.start[2])
        c = latent + encoder.size
        self.blocks = nn.ModuleList(Fusion(a, b, c) for a, b in pairwise(sizes))
        self.out = nn.Conv2d(sizes[-1], channels, 3, padding=1)
        assert doubled(self.start[1:], stages) >= self.sides

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Tensor | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Pictures in [-1, 1] of latents and sentences, which are numbers of tokens."""
        mean, deviation = self.read(c)
        noise, epsilon = z[:, : self.noise], z[:, self.noise :]
        sentence = mean if deviation is None else mean + deviation * epsilon
        both = torch.cat([noise, sentence], 1)
        h = self.linear(noise).unflatten(1, self.start)
        for block in self.blocks:
            h = block(h, both)
        return torch.tanh(self.out(F.leaky_relu(crop(h, self.sides), 0.2)))

    def read(self, c: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The vectors of sentences, and the standard deviations of those around them."""
        vectors = self.encoder(numbers_of(c))
        if self.spread is None:
            return vectors, None
        mean, log_deviation = self.spread(vectors).chunk(2, 1)
        return mean, log_deviation.exp()


class Halving(nn.Module):
    """Half as tall and wide, rounded up: a shortcut, and two convolutions with a gain that is 0 at first.

    Args:
        inputs: channels.
        outputs: channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, outputs, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(outputs, outputs, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels lower narrower"]:
        """Features at half the sides."""
        x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))
        shortcut: Tensor = self.shortcut(F.avg_pool2d(x, 2))
        return shortcut + torch.as_tensor(self.gain * self.residual(x))


class PairDiscriminator(nn.Module):
    """Pictures and sentences to scores: the sentence stands beside every place of the last feature map.

    Args:
        shape: channels, height, width.
        width: channels at the largest sides; those after have twice as many each, at most eight times.
        encoder: of sentences.
    """

    def __init__(self, shape: tuple[int, ...], width: int, encoder: SentenceEncoder) -> None:
        super().__init__()
        channels, height, across = shape
        stages = halvings((height, across))
        sizes = [width << min(3, i) for i in range(stages + 1)]
        self.encoder = encoder
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Halving(a, b) for a, b in pairwise(sizes)))
        self.joint = nn.Conv2d(sizes[-1] + encoder.size, 2 * width, 3, padding=1, bias=False)
        self.last = nn.Conv2d(2 * width, 1, halved((height, across), stages), bias=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Tensor | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores of pictures with sentences, which are numbers of tokens."""
        return self.score(self.features(x), self.encoder(numbers_of(c)))

    def features(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels lower narrower"]:
        """The last feature map of pictures."""
        found: Tensor = self.blocks(self.first(x))
        return found

    def score(
        self, features: Float[Tensor, "batch channel height width"], sentences: Float[Tensor, "batch size"]
    ) -> Float[Tensor, " batch"]:
        """Raw scores of feature maps and vectors of sentences."""
        beside = sentences[:, :, None, None].expand(-1, -1, *features.shape[2:])
        joint = F.leaky_relu(self.joint(torch.cat([features, beside.to(features.dtype)], 1)), 0.2)
        return at_least_float32(torch.as_tensor(self.last(joint)).flatten())


class MatchingAware(TwoPlayerGame):
    """A generator of pictures from sentences against a discriminator of pairs of both.

    Args:
        generator: of pictures.
        discriminator: of pictures and sentences.
        penalty: k, of the gradient penalty.
        lazy: it is added at every ``lazy``-th step, times ``lazy``.
        augmentation: λ, of the divergence of sentences.
    """

    generator: Illustrator
    discriminator: PairDiscriminator
    task = Illustrate
    generator_reads = True

    def __init__(
        self,
        generator: Illustrator,
        discriminator: PairDiscriminator,
        *,
        penalty: float = 2.0,
        lazy: int = 1,
        augmentation: float = 0.0,
    ) -> None:
        super().__init__(generator, discriminator)
        self.penalty, self.lazy, self.augmentation = penalty, lazy, augmentation

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, at some steps its penalty too, and the generator."""
        discriminator, generator = super().turns()
        smoothing = Turn(("discriminator",), self.penalty_loss, when=every(self.lazy))
        return (discriminator, smoothing, generator) if self.penalty else (discriminator, generator)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """Real pairs against generated pictures, and against pictures with the sentences of others."""
        c = numbers_of(batch.c)
        sentences, features = self.discriminator.encoder(c), self.discriminator.features(batch.x)
        real = self.discriminator.score(features, sentences)
        fake = self.discriminator.score(self.discriminator.features(self.fake(batch)), sentences)
        mismatched = self.discriminator.score(features, sentences.roll(1, 0))
        other = (c != c.roll(1, 0)).any(1).to(mismatched)
        wrong = ((1 + mismatched).relu() * other).sum() / other.sum().clamp(min=1)
        return {
            "discriminator": (1 - real).relu().mean() + (1 + fake).relu().mean() / 2,
            "mismatched": wrong / 2,
        }

    def penalty_loss(self, batch: Batch) -> Terms:
        """K E[(‖∇_x D(x, s)‖ + ‖∇_s D(x, s)‖)^p] of real pairs, in full precision."""
        with without_autocast(batch.x), uncompiled():
            x = at_least_float32(batch.x.detach()).requires_grad_()
            s = self.discriminator.encoder(numbers_of(batch.c))
            score = self.discriminator.score(self.discriminator.features(x), s).sum()
            slopes = torch.autograd.grad(score, (x, s), create_graph=True)
            norm = sum((slope.flatten(1).norm(dim=1) for slope in slopes), torch.zeros(()).to(x))
        return {"gradient_penalty": self.lazy * self.penalty * norm.pow(POWER).mean()}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[D(G(z, s), s)], and λ KL(N(μ, σ²) ‖ N(0, I)) where sentences are drawn."""
        scores = self.discriminator(self.fake(batch), batch.c)
        terms = {"generator": -scores.mean()}
        mean, deviation = self.generator.read(batch.c) if self.augmentation else (scores, None)
        if deviation is not None:
            divergence = (mean.square() + deviation.square() - 1) / 2 - deviation.log()
            terms["divergence"] = self.augmentation * divergence.sum(1).mean()
        return terms


@configurable
def recipe(
    data: Captions = Captions(),
    *,
    encoder: Order = "gru",
    sentence: int = 64,
    width: int = 8,
    latent: int = 32,
    generator_lr: float = 5e-4,
    discriminator_lr: float = 1e-3,
    penalty: float = 2.0,
    lazy: int = 4,
    augmentation: float = 0.0,
    training: Training = Training(steps=20_000, batch=32, half_life=20_000.0),
) -> Run:
    """A DF-GAN.

    Args:
        encoder: of sentences: gru, or words for a bag of words.
        sentence: the size of a sentence's vector.
        width: channels at the largest sides, 32 in the paper.
        penalty: k, of the gradient penalty.
        augmentation: λ, of conditioning augmentation; none when 0.
    """
    samples = training.open(data)
    space = samples.require_inputs()
    assert isinstance(space, TextSpace)
    encoders = [SentenceEncoder(space, sentence, encoder) for _ in range(2)]
    game = MatchingAware(
        Illustrator(latent, samples.shape, width, encoders[0], augmentation > 0),
        PairDiscriminator(samples.shape, width, encoders[1]),
        penalty=penalty,
        lazy=lazy,
        augmentation=augmentation,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.0, 0.9)),
        "generator": adam(game.generator, generator_lr, (0.0, 0.9)),
    }
    return training.run(game, samples, optimizers)


small = dict(width=4, sentence=8, latent=8, augmentation=0.1, lazy=2, steps=4, batch=8)
