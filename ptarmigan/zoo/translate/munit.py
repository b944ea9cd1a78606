"""MUNIT: Huang et al. 2018, "Multimodal unsupervised image-to-image translation", arXiv 1804.04732.

    ptarmigan train translate.munit --data ./photos
    ptarmigan train translate.munit --data ./photos --size 32 --width 16 --batch 4 --steps 2000

The second command takes minutes of a CPU. A picture is its content, which two kinds of pictures share, and a
style of its own kind: an input's content in any style of the other kind is a translation, so there are as
many as styles. As published: no pairs, least squares, weights 10, 1 and 1, Adam 1e-4 (0.5, 0.999) with weight
decay 1e-4 added to the gradient, batch 1, a rate halved nine times. Not so: the discriminators are PatchGANs,
gains are 1 more than a style says, and weights are averaged.
Cost and score: after 112 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0162 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import least_squares
from ptarmigan.nets.munit import MultiScale, MUNITAutoencoder
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.run import Run

HALVED = 10
"""The run in so many parts; the rate is halved after each of them."""
DECAY = 1e-4


class MUNIT(Translation):
    """An autoencoder for each kind of pictures, and discriminators at several scales.

    Args:
        generator: takes pictures ``b`` apart, and makes them.
        inverse: the same for ``a``.
        discriminator: scores patches of ``b``, a map for each scale.
        input_discriminator: the same for ``a``.
        latent: numbers in a style.
        again: weight of the distance from pictures to what is made of their own content and style.
        content: weight of the distance from contents to those of what is made of them.
        style: the same for styles.
    """

    averaged = ("generator", "inverse")

    def __init__(
        self,
        generator: MUNITAutoencoder,
        inverse: MUNITAutoencoder,
        discriminator: nn.Module,
        input_discriminator: nn.Module,
        latent: int,
        again: float,
        content: float,
        style: float,
    ) -> None:
        super().__init__()
        self.generator, self.inverse = generator, inverse
        self.discriminator, self.input_discriminator = discriminator, input_discriminator
        self.latent, self.again, self.content, self.style = latent, again, content, style

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators, then the autoencoders."""
        return Turn(("discriminator",), self.discriminator_loss), Turn(("generator",), self.generator_loss)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real pictures are told from translations."""
        b, a = both(batch)
        made, inverted = self.translate(a, self.styles(a)), self.back(b, self.styles(b))
        return {
            "discriminator": against(self.discriminator, b, made),
            "input discriminator": against(self.input_discriminator, a, inverted),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How well translations are told, and how much of pictures, contents and styles is lost."""
        b, a = both(batch)
        z, y = self.styles(a), self.styles(b)
        (content_b, style_b), (content_a, style_a) = self.generator.encode(b), self.inverse.encode(a)
        made = cut(self.generator.decode(content_a, z), a)
        inverted = cut(self.inverse.decode(content_b, y), b)
        (content_made, style_made), (content_inverted, style_inverted) = (
            self.generator.encode(made),
            self.inverse.encode(inverted),
        )
        again = F.l1_loss(cut(self.generator.decode(content_b, style_b), b), b)
        again = again + F.l1_loss(cut(self.inverse.decode(content_a, style_a), a), a)
        contents = F.l1_loss(content_made, content_a) + F.l1_loss(content_inverted, content_b)
        styles = F.l1_loss(style_made, z) + F.l1_loss(style_inverted, y)
        return {
            "generator": taken(self.discriminator, made),
            "inverse": taken(self.input_discriminator, inverted),
            "reconstruction": self.again * again,
            "content": self.content * contents,
            "style": self.style * styles,
        }

    def styles(self, x: Tensor) -> Tensor:
        """A random style for each picture."""
        return noise.normal(len(x), self.latent).to(x)

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """The contents of inputs in styles of the other kind."""
        return cut(self.generator.decode(self.inverse.content(a), z), a)

    def back(self, b: Tensor, z: Tensor) -> Tensor:
        """The contents of pictures in styles of inputs."""
        return cut(self.inverse.decode(self.generator.content(b), z), b)

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a picture's patches, over the scales."""
        return torch.stack([scores.mean((1, 2)) for scores in self.discriminator(x)]).mean(0)


def cut(made: Tensor, like: Tensor) -> Tensor:
    """As high and wide as another picture."""
    return made[:, :, : like.shape[2], : like.shape[3]]


def against(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The squared distances of the scores to 1 and 0, added up over scales."""
    pairs = zip(discriminator(real), discriminator(fake), strict=True)
    return torch.stack([2 * least_squares.discriminator(x, y) for x, y in pairs]).sum()


def taken(discriminator: nn.Module, fake: Tensor) -> Tensor:
    """The squared distance of the scores to 1, added up over scales."""
    return torch.stack([2 * least_squares.generator(y, None) for y in discriminator(fake)]).sum()


def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    latent: int = 8,
    again: float = 10.0,
    content: float = 1.0,
    style: float = 1.0,
    lr: float = 1e-4,
    half_life: float = 500.0,
    steps: int = 20_000,
    batch: int = 1,
    seed: int = 0,
) -> Run:
    """MUNIT.

    Args:
        data: two kinds of pictures, of one size.
        width: channels of the first layer, in all networks.
        latent: numbers in a style.
        again: weight of the distance from pictures to what is made of their own content and style.
        content: weight of the distance from contents to those of what is made of them.
        style: the same for styles.
        lr: Adam's learning rate at the start.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pictures of each kind in a step.
        seed: names every random choice.

    Raises:
        ValueError: the pictures of the two kinds have different sizes.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed, paired=False)
    inputs, shape = samples.require_inputs().shape, samples.space.shape
    if inputs[1:] != shape[1:]:
        raise ValueError(
            f"translate.munit goes there and back between pictures of one size, not {inputs[1]}x{inputs[2]} "
            f"and {shape[1]}x{shape[2]}: make them alike with --size"
        )
    game = MUNIT(
        MUNITAutoencoder(shape[0], width, latent),
        MUNITAutoencoder(inputs[0], width, latent),
        MultiScale(shape, width),
        MultiScale(inputs, width),
        latent,
        again,
        content,
        style,
    )
    optimizers = {
        "discriminator": decaying(lr, game.discriminator, game.input_discriminator),
        "generator": decaying(lr, game.generator, game.inverse),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=half_life,
        rate=lambda progress: 0.5 ** int(HALVED * min(progress, 1 - 1e-9)),
    )


def decaying(lr: float, *networks: nn.Module) -> Adam:
    """Adam with a decay that is part of the gradient, as it was published, and not AdamW's."""
    held = [p for network in networks for p in network.parameters()]
    return Adam(held, lr, (0.5, 0.999), weight_decay=DECAY, fused=True)


small = dict(width=4, latent=2, steps=4, batch=4)
