"""Super-resolution: ESRGAN, Wang et al. 2018, arXiv 1809.00219; after SRGAN, Ledig et al. 2017, 1609.04802.

    ptarmigan train translate.srgan --data ./photos --size 128 --pair lowres:4 --features squeezenet
    ptarmigan train translate.srgan --data cifar10 --width 16 --growth 8 --blocks 2 --steps 3000

The second command takes minutes of a CPU. A network of dense blocks first minimises L₁ alone, then goes on
against a relativistic average discriminator, which tells how much more real one image is than the mean of the
others:

    D_Ra(x, y) = σ(C(x) − E[C(y)]),    L_D = −E[log D_Ra(b, G(a))] − E[log(1 − D_Ra(G(a), b))]
    L_G = L_percep + λ L_G^Ra + η L₁,    L_G^Ra = −E[log(1 − D_Ra(b, G(a)))] − E[log D_Ra(G(a), b)]

As published: 23 blocks, weights 1, λ = 5e-3 and η = 1e-2, batch 16, Adam 2e-4 for L₁, then 1e-4, halved at an
eighth, a quarter, a half and three quarters. Not as published: the discriminator is a PatchGAN; the
perceptual loss takes all layers of a network of the evaluation, which is not VGG; the output is added to the
enlarged input; there is an EMA. Inputs as large as outputs will do.
Cost and score: after 121 steps, 30 s of one core, on digits from their edges:
L1 0.125 (bicubic upscaling: 0.171, mean image: 0.192, regression U-Net: 0.0566); benchmarks/results/zoo.json
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import Loss, relativistic, relativistic_average
from ptarmigan.core.optim import adams
from ptarmigan.core.precision import at_least_float32
from ptarmigan.core.schedule import Schedule
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.image.classifier import learn
from ptarmigan.modalities.image.extractors.squeezenet import MEAN, squeezenet
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.unet import enlarged
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

Network: TypeAlias = Literal["data", "squeezenet"]
LEAST = 64
"""Smaller images are enlarged to so many pixels a side, at least, before SqueezeNet sees them."""
TINY = 1e-6
LOSSES = {"relativistic_average": relativistic_average, "relativistic": relativistic}
HALVED = (1 / 8, 1 / 4, 1 / 2, 3 / 4)
"""At which parts of what follows L₁ alone the learning rate is halved."""
SHARE = 0.2
"""Of what a block makes, added to what came in."""
LEAK = 0.2
START = 0.1
"""What He et al.'s initial weights are multiplied by, so that deep networks begin near the identity."""

Pictures = Float[Tensor, "batch channel height width"]


class SRGAN(Translation):
    """A generator ``a -> b`` and a discriminator ``b -> scores`` of patches.

    Args:
        generator: G.
        discriminator: D.
        loss: of both players, a relativistic one.
        near: the perceptual distance; None where its weight is 0, or nothing is trained.
        weights: of L_percep, λ and η.
        alone: for so many steps the generator minimises L₁ alone.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: Loss,
        near: Perceptual | None,
        weights: tuple[float, float, float],
        alone: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.loss = generator, discriminator, loss
        self.near, self.weights, self.alone = near, weights, alone

    def turns(self) -> tuple[Turn, ...]:
        """The generator alone at first; then the discriminator, then the generator."""
        return (
            Turn(("generator",), self.pixel_loss, when=lambda step: step < self.alone),
            Turn(("discriminator",), self.discriminator_loss, when=lambda step: step >= self.alone),
            Turn(("generator",), self.generator_loss, when=lambda step: step >= self.alone),
        )

    def pixel_loss(self, batch: Batch) -> Terms:
        """L₁ = E[‖G(a) − b‖₁]."""
        return {"L1": F.l1_loss(self.generator(batch.c), batch.x)}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """L_D, of D_Ra."""
        real, fake = self.discriminator(batch.x), self.discriminator(self.generator(batch.c))
        return {"discriminator": self.loss.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """L_percep + λ L_G^Ra + η L₁."""
        percep, adversarial, pixels = self.weights
        output = self.generator(batch.c)
        scores = self.discriminator(output), self.discriminator(batch.x)
        terms = {
            "generator": adversarial * self.loss.generator(*scores),
            "pixels": pixels * F.l1_loss(output, batch.x),
        }
        if self.near is not None:
            terms["perceptual"] = percep * self.near(output, batch.x)
        return terms


class RRDBNet(nn.Module):
    """Blocks at the size of the inputs, then enlargements, nearest neighbour before a convolution.

    Nothing is normalised, so pictures keep their contrast. Of pictures of one size nothing is enlarged. Where
    inputs have as many channels, or are the greys of colours, what is made is added to the enlarged input
    (Kim et al. 2016, arXiv 1511.04587), so that it begins as a cubic interpolation: ESRGAN learns that too,
    but in hours.

    Args:
        inputs: channels, height and width of an input; of other heights and widths, too, once built.
        shape: of the output.
        width: channels; 64 as published.
        growth: channels that each layer of a dense block adds; 32 as published.
        blocks: 23 as published.

    Raises:
        ValueError: the output's sides are not the same whole multiple of the input's.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        width: int = 64,
        growth: int = 32,
        blocks: int = 23,
    ) -> None:
        super().__init__()
        times = shape[1] // inputs[1]
        if (times * inputs[1], times * inputs[2]) != tuple(shape[1:]):
            raise ValueError(
                f"pictures of {inputs[1]}x{inputs[2]} cannot be made into {shape[1]}x{shape[2]}: "
                "super-resolution enlarges both sides by one whole number"
            )
        self.times, self.added = times, (inputs[0], shape[0]) == (1, 3) or inputs[0] == shape[0]
        self.first = convolution(inputs[0], width)
        body = [nn.Sequential(*(Dense(width, growth) for _ in range(3))) for _ in range(blocks)]
        self.body = nn.ModuleList(body)
        self.trunk = convolution(width, width)
        self.factors = factors(times)
        self.rise = nn.ModuleList(convolution(width, width) for _ in self.factors)
        self.last = nn.Sequential(convolution(width, width), nn.LeakyReLU(LEAK), convolution(width, shape[0]))
        initialise(self, _begin)

    def forward(self, a: Float[Tensor, "batch input high wide"]) -> Pictures:
        """Pictures, near [-1, 1]."""
        x = first = self.first(a)
        for block in self.body:
            x = x + SHARE * block(x)
        x = first + self.trunk(x)
        for times, layer in zip(self.factors, self.rise, strict=True):
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=times, mode="nearest")), LEAK)
        outputs: Tensor = self.last(x)
        return outputs + enlarged(a, self.times) if self.added else outputs


class Dense(nn.Module):
    """Five convolutions, each of which sees what came in and what all before it made."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(convolution(width + i * growth, growth) for i in range(4))
        self.last = convolution(width + 4 * growth, width)

    def forward(self, x: Pictures) -> Pictures:
        """As many channels, as high and wide."""
        features = x
        for layer in self.layers:
            features = torch.cat([features, F.leaky_relu(layer(features), LEAK)], 1)
        return x + SHARE * torch.as_tensor(self.last(features))


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3 × 3 convolution that keeps the sides."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def factors(n: int) -> list[int]:
    """The prime factors of ``n``, the smallest first."""
    found, prime = [], 2
    while n > 1:
        if n % prime:
            prime += 1
        else:
            found.append(prime)
            n //= prime
    return found


def _begin(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight)
    with torch.no_grad():
        weight.mul_(START)


class Perceptual:
    """L_percep: the mean over layers of the L1 distance of feature maps, relative to their size.

    Johnson et al. 2016, arXiv 1603.08155, with the L1 distance of ESRGAN, of several layers instead of one.
    It is no module, so that nobody trains, averages or saves the network.

    Args:
        net: frozen, and moved to the images' device.
        layers: encoded images to feature maps.
    """

    def __init__(self, net: nn.Module, layers: Callable[[nn.Module, Tensor], Sequence[Tensor]]) -> None:
        self.net, self.layers = copy.deepcopy(net).eval().requires_grad_(False), layers

    def __call__(self, outputs: Tensor, real: Tensor) -> Tensor:
        """The mean distance of encoded pictures to their partners, both ``(n, channels, height, width)``."""
        net = self.net.to(outputs)
        with torch.no_grad():
            wanted = self.layers(net, real)
        apart = [
            _size(x - y) / (_size(y) + TINY) for x, y in zip(self.layers(net, outputs), wanted, strict=True)
        ]
        return torch.stack(apart).mean()


def perceptual(network: Network, samples: Samples, weights: str = "") -> Perceptual | None:
    """The distance in a network's layers; None where only the space of the samples is known.

    Args:
        network: ``data``, a classifier that is trained on the samples (it sees at most 64 pixels a side), or
            ``squeezenet``, which was trained on photos.
        samples: what is looked at.
        weights: a file of SqueezeNet's weights; the one in the cache where empty.

    Raises:
        FileNotFoundError: SqueezeNet's weights are not there.
        ValueError: samples are no images.
    """
    if not isinstance(space := samples.space, ImageSpace):
        raise ValueError(
            "a perceptual term compares pictures, and these are label maps: set --perceptual-weight 0"
        )
    if isinstance(samples.source, Blank):
        return None
    with _float32():
        if network == "data":
            return Perceptual(learn(samples.source, space).net, lambda net, x: net.layers(x))  # type: ignore[operator]
        net = squeezenet(Path(weights) if weights else None).net
    return Perceptual(net, lambda net, x: net.layers(prepared(x)))  # type: ignore[operator]


def prepared(x: Tensor) -> Tensor:
    """Encoded pictures of one to four channels as SqueezeNet takes them, over white where see-through."""
    if x.shape[1] in (2, 4):
        opaque = (x[:, -1:] + 1) / 2
        x = x[:, :-1] * opaque + 1 - opaque
    if x.shape[1] == 1:
        x = x.expand(-1, 3, -1, -1)
    times = -(-LEAST // min(x.shape[2:]))
    if times > 1:
        x = F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
    mean = torch.as_tensor(MEAN, dtype=x.dtype, device=x.device)
    return (x.flip(1) + 1) * 127.5 - mean[:, None, None]


def _size(maps: Tensor) -> Tensor:
    """The mean of the absolute values of each picture's maps, averaged over pictures."""
    return at_least_float32(maps).abs().mean()


@contextmanager
def _float32() -> Iterator[None]:
    """The networks of the evaluation are the same whatever precision a run has."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def halving(alone: float) -> Schedule:
    """Twice the rate while L₁ is minimised alone, then the rate, halved at each of ``HALVED``."""

    def rate(progress: float) -> float:
        if progress < alone:
            return 2.0
        done = (progress - alone) / max(1 - alone, 1e-9)
        return 0.5 ** sum(done >= part for part in HALVED)

    return rate


@configurable
def recipe(
    data: Pairs = Pairs(pair="lowres:2"),
    *,
    width: int = 64,
    growth: int = 32,
    blocks: int = 23,
    loss: Literal["relativistic_average", "relativistic"] = "relativistic_average",
    features: Network = "data",
    weights: str = "",
    perceptual_weight: float = 1.0,
    adversarial: float = 5e-3,
    pixels: float = 1e-2,
    alone: float = 0.25,
    lr: float = 1e-4,
    training: Training = Training(half_life=5_000.0, batch=16),
) -> Run:
    """ESRGAN.

    Args:
        width: channels of the generator, and of the discriminator's first layer.
        growth: channels that each layer of a dense block adds.
        blocks: of the generator, each of three dense blocks.
        loss: real images are compared with the mean of generated ones, or each with its own.
        features: the perceptual loss's network: one that is trained on the data, for images of up to 64
            pixels a side, or SqueezeNet.
        weights: a file of SqueezeNet's weights; the one in the cache where empty.
        perceptual_weight: of the perceptual loss; 0 needs no network.
        adversarial: λ, of the adversarial loss.
        pixels: η, of L₁.
        alone: the share of the run in which the generator minimises L₁ alone.
        lr: Adam's learning rate after that; twice as much until then.
    """
    samples = training.open(data)
    inputs, shape = samples.require_inputs().shape, samples.shape
    game = SRGAN(
        RRDBNet(inputs, shape, width, growth, blocks),
        PatchGAN(shape, width=width),
        LOSSES[loss],
        perceptual(features, samples, weights) if perceptual_weight else None,
        (perceptual_weight, adversarial, pixels),
        round(alone * training.steps),
    )
    return training.run(game, samples, adams(game, lr, (0.9, 0.999)), rate=halving(alone))


small = dict(width=4, growth=4, blocks=1, perceptual_weight=0.0, steps=4, batch=4)
