"""StyleGAN2: Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN", arXiv 1912.04958.

    ptarmigan train image.stylegan2 --data ./photos --size 64 --width 64
    ptarmigan train image.stylegan2 --data cifar10 --preset cifar --conditional

A mapping network makes w of z and of the class, and every convolution of the generator has a style s = A w,
by which its weights are modulated, and then demodulated to unit norm (eq. 1 and 3). Both are done to the
activations here, which is the same without grouped convolutions:

    y = σ ⊙ (W * (s ⊙ x)),    σ_o = (Σ_{i,k} (s_i W_oik)² + ε)^−½

The loss is the non-saturating one, with R1 at every 16th step and path length regularisation at every 4th,
each in a turn of its own (y is noise, and a the running mean of the norm):

    γ/2 E[‖∇D(x)‖²],    λ E[(‖J_wᵀ y‖ − a)²]    (eq. 4)

Generators sum up the RGB of all resolutions, discriminators are residual and end in the standard deviation
over small groups of samples; rates are equalised (Karras et al. 2018, arXiv 1710.10196), styles of two w are
mixed, and augmentation is adaptive (Karras et al. 2020, arXiv 2006.06676). Of that paper are the presets:
``auto`` has γ = 0.0002 · pixels / batch and EMA weights with a half-life of 312 batches; ``cifar`` is for
32×32 pixels, without path lengths, mixing and residual discriminator. At its own precision: autocast is
bfloat16, which needs no clamping. RGB is resampled with repeated edges, where the paper pads with zeros.
In evaluation mode noise maps are fixed ones, so that samples are a function of z.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal, TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.augment import Ada, Augment, augmentation
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import State, Terms, Turn, every
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import Adam, adam
from ptarmigan.core.penalties import gradients, second_derivatives
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.core.styles import StyleGenerator
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.layers import Classes, required
from ptarmigan.nets.minibatch import MinibatchStd
from ptarmigan.nets.players import Discriminator
from ptarmigan.nets.resample import Downsample, Upsample, separable
from ptarmigan.nets.sides import Sides, crop, doubled, halved, halvings
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

LABEL_LAYERS, LABEL_SIZE = 8, 512
"""Layers of the discriminator's mapping network of classes, and its greatest width."""
SLOW = 0.01
"""The rate of mapping networks, relative to the others'."""
R1_EVERY, PATH_EVERY, PATH_DECAY = 16, 4, 0.01
LARGE, LARGE_RATE = 1024, 0.8
"""From so many pixels a side the rate is lower."""


Layer = TypeVar("Layer", bound=nn.Module)


@dataclass(frozen=True)
class Preset:
    """What goes with the kind of data.

    Attributes:
        maps: channels times the side of a feature map, at most; twice as many from 512 pixels on.
        gamma: γ of R1, given height times width, and the batch.
        half_life: of the EMA weights, in samples, given the batch.
        mixing: how often styles of two w are mixed.
        path_weight: λ of path lengths.
        group: samples whose standard deviation is taken.
        residual: the discriminator is.
    """

    maps: int = 16_384
    gamma: float = 0.0
    half_life: float = 0.0
    mixing: float = 0.9
    path_weight: float = 2.0
    group: int = 4
    residual: bool = True


PRESETS = {
    "auto": Preset(),
    "cifar": Preset(32_768, 0.01, 500_000.0, mixing=0.0, path_weight=0.0, group=32, residual=False),
}


class EqualisedLinear(nn.Module):
    """A linear layer whose weights are standard normal numbers, scaled where they are used.

    Args:
        inputs: numbers in.
        outputs: numbers out.
        bias: its initial value.
        rate: the learning rate relative to that of other layers.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, x: Float[Tensor, "batch input"]) -> Float[Tensor, "batch output"]:
        """``x`` times the scaled weights, plus the bias."""
        return F.linear(x, self.scaled(), self.bias * self.rate)

    def scaled(self) -> Float[Tensor, "output input"]:
        """The weights as they are used."""
        return self.weight * self.scale


class EqualisedConv(nn.Module):
    """A convolution with such weights, that may halve the sides: then after a low-pass filter."""

    def __init__(self, inputs: int, outputs: int, kernel: int, halve: Sides | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        self.blur = Blur(halve, [2 * side + 1 for side in halved(halve, 1)], 2) if halve else None

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels lower narrower"]:
        """As tall and wide, or half as much, rounded up."""
        weight = self.weight * self.scale
        if self.blur is not None:
            return F.conv2d(self.blur(x), weight, self.bias, stride=2)
        return F.conv2d(x, weight, self.bias, padding=weight.shape[2] // 2)


class Blur(nn.Module):
    """The low-pass filter [1, 3, 3, 1], padded with zeros.

    Args:
        inputs: height and width of the input.
        outputs: of the output.
        before: zeros above and left of the input.
        gain: of the filter, in each direction.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int], before: int, gain: int = 1) -> None:
        super().__init__()
        rows, columns = (gain * filtering(a, b, before) for a, b in zip(inputs, outputs, strict=True))
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel up across"]:
        """Filtered."""
        return separable(x, self.rows, self.columns)


def filtering(inputs: int, outputs: int, before: int) -> Float[Tensor, "output input"]:
    """The matrix that filters numbers with [1, 3, 3, 1] / 8."""
    matrix, where = torch.zeros(outputs, inputs + 2 * outputs), torch.arange(outputs)
    for tap, weight in enumerate((1, 3, 3, 1)):
        matrix[where, where + tap] = weight / 8
    return matrix[:, before : before + inputs].clone()


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU, with the gain that keeps the variance."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def unit_moment(x: Float[Tensor, "batch number"]) -> Float[Tensor, "batch number"]:
    """Scaled so that the mean square of each row is 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Mapping(nn.Module):
    """Latents, classes or both to vectors of one size.

    Args:
        latent: the size of z; 0 for none.
        classes: how many; 0 for none.
        size: of the output.
        layers: how many.
    """

    def __init__(self, latent: int, classes: int, size: int, layers: int) -> None:
        super().__init__()
        self.classes = classes
        self.embed = EqualisedLinear(classes, size) if classes else None
        sizes = [latent + (size if classes else 0), *[size] * layers]
        self.layers = nn.ModuleList(EqualisedLinear(a, b, rate=SLOW) for a, b in pairwise(sizes))

    def forward(self, z: Tensor | None, c: Classes | None) -> Float[Tensor, "batch size"]:
        """In full precision."""
        with without_autocast(required(c) if z is None else z):
            parts = [] if z is None else [unit_moment(at_least_float32(z))]
            if self.embed is not None:
                chosen = F.one_hot(required(c), self.classes).to(self.embed.weight)
                parts.append(unit_moment(self.embed(chosen)))
            h = torch.cat(parts, 1)
            for layer in self.layers:
                h = leaky(layer(h))
        return h


class StyledConv(nn.Module):
    """A 3×3 convolution with a style, noise and an activation, that may double the sides.

    Args:
        inputs: channels in.
        outputs: channels out.
        size: of w.
        sides: of the output.
        up: whether it doubles the sides.
    """

    map: Tensor

    def __init__(self, inputs: int, outputs: int, size: int, sides: Sides, *, up: bool) -> None:
        super().__init__()
        self.affine = EqualisedLinear(size, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.strength = nn.Parameter(torch.zeros(()))
        self.scale = 1 / math.sqrt(inputs * 9)
        self.blur = Blur([side + 1 for side in sides], sides, 1, gain=2) if up else None
        self.register_buffer("map", torch.randn(1, 1, *sides))

    def forward(
        self,
        x: Float[Tensor, "batch channel height width"],
        w: Float[Tensor, "batch size"],
        map: Float[Tensor, "one 1 taller wider"],
    ) -> Float[Tensor, "batch channels taller wider"]:
        """Feature maps of a w; ``map`` is the noise."""
        style, weight = self.affine(w), self.weight * self.scale
        h = self.convolved(x * style[:, :, None, None].to(x.dtype), weight)
        h = h * demodulation(style, weight)[:, :, None, None].to(h.dtype)
        h = h + self.strength * map.to(h.dtype) + self.bias[:, None, None].to(h.dtype)
        return leaky(h)

    def convolved(self, x: Tensor, weight: Tensor) -> Tensor:
        """The convolution; where it doubles the sides, a transposed one and a low-pass filter."""
        if self.blur is None:
            return F.conv2d(x, weight, padding=1)
        return torch.as_tensor(self.blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)))

    def maps(self, n: int) -> Float[Tensor, "one 1 taller wider"]:
        """Noise for ``n`` samples: new in training, else the same for all."""
        return noise.normal(n, *self.map.shape[1:]) if self.training else self.map


def demodulation(
    style: Float[Tensor, "batch channel"], weight: Float[Tensor, "output channel 3 3"]
) -> Float[Tensor, "batch output"]:
    """σ: one over the norm of each sample's weights (eq. 3)."""
    with without_autocast(style):
        squares = weight.square().sum((2, 3))
        return (at_least_float32(style).square() @ squares.T + 1e-8).rsqrt()


class ToRGB(nn.Module):
    """A 1×1 convolution with a style, not demodulated."""

    def __init__(self, inputs: int, channels: int, size: int) -> None:
        super().__init__()
        self.affine = EqualisedLinear(size, inputs, bias=1.0)
        self.conv = EqualisedConv(inputs, channels, 1)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], w: Float[Tensor, "batch size"]
    ) -> Float[Tensor, "batch colour height width"]:
        """The part of the image that is added at this resolution."""
        return torch.as_tensor(self.conv(x * self.affine(w)[:, :, None, None].to(x.dtype)))


class StyleGAN2Generator(StyleGenerator):
    """A constant, then two convolutions at every resolution, whose RGB are summed up.

    Args:
        latent: the size of ``z``, and of w.
        shape: channels, height, width.
        width: channels of every layer, at most.
        classes: how many; 0 for no condition.
        layers: of the mapping network.
        maps: channels times the longer side, at most.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        width: int = 512,
        classes: int = 0,
        *,
        layers: int = 2,
        maps: int = 16_384,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent = self.size = latent
        self.sides = (height, across)
        stages = halvings(self.sides)
        start = halved(self.sides, stages)
        grids = [doubled(start, i) for i in range(stages + 1)]
        widths = [channels_at(sides, width, maps) for sides in grids]
        self.styles = 2 * stages + 2
        self.mapping = Mapping(latent, classes, latent, layers)
        self.start = nn.Parameter(torch.randn(widths[0], *start))
        convs = [StyledConv(widths[0], widths[0], latent, start, up=False)]
        for i in range(1, stages + 1):
            convs.append(StyledConv(widths[i - 1], widths[i], latent, grids[i], up=True))
            convs.append(StyledConv(widths[i], widths[i], latent, grids[i], up=False))
        self.convs = nn.ModuleList(convs)
        self.colours = nn.ModuleList(ToRGB(each, channels, latent) for each in widths)
        self.enlarge = nn.ModuleList(Upsample(sides) for sides in grids[:-1])

    def map(self, z: Float[Tensor, "batch latent"], c: Classes | None = None) -> Float[Tensor, "batch size"]:
        """The mapping network's w."""
        return torch.as_tensor(self.mapping(z, c))

    def synthesise(
        self, w: Float[Tensor, "batch style size"], maps: Sequence[Tensor] | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images, not bounded.

        Args:
            w: one for every layer; the RGB of a resolution has that of the convolution after it.
            maps: the noise of every convolution, ``(n or 1, 1, height, width)``; when None it is drawn in
                training, and always the same in evaluation.
        """
        maps = [conv.maps(w.shape[0]) for conv in layers_of(StyledConv, self.convs)] if maps is None else maps
        h = self.start.expand(w.shape[0], -1, -1, -1)
        image = w.new_zeros(())
        for i, conv in enumerate(self.convs):
            h = conv(h, w[:, i], maps[i])
            if i % 2 == 0:
                larger = self.enlarge[i // 2 - 1](image) if i else image
                image = larger + self.colours[i // 2](h, w[:, i + 1])
        return crop(image, self.sides)

    def style_weights(self) -> tuple[Tensor, ...]:
        """Of the affine maps of every w: of a convolution, and below it of the RGB before it."""
        convs = [conv.affine.scaled() for conv in layers_of(StyledConv, self.convs)]
        colours = [colour.affine.scaled() for colour in layers_of(ToRGB, self.colours)]
        both = [torch.cat([convs[i], colours[i // 2]]) if i % 2 else convs[i] for i in range(len(convs))]
        return (*both, colours[-1])


def layers_of(kind: type[Layer], layers: nn.ModuleList) -> list[Layer]:
    """The same layers, whose kind is known to a type checker too."""
    return [layer for layer in layers if isinstance(layer, kind)]


def channels_at(sides: Sides, width: int, maps: int) -> int:
    """Channels of feature maps: fewer where they are large."""
    return max(1, min(width, maps // max(sides)))


class DiscriminatorBlock(nn.Module):
    """Two convolutions, of which the second halves the sides, beside a linear path or alone."""

    def __init__(self, inputs: int, outputs: int, sides: Sides, *, residual: bool) -> None:
        super().__init__()
        self.conv1 = EqualisedConv(inputs, inputs, 3)
        self.conv2 = EqualisedConv(inputs, outputs, 3, halve=sides)
        self.pool = Downsample(sides) if residual else None
        self.shortcut = nn.Parameter(torch.randn(outputs, inputs, 1, 1)) if residual else None

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels lower narrower"]:
        """Half as tall and wide, rounded up."""
        h = leaky(self.conv2(leaky(self.conv1(x))))
        if self.pool is None or self.shortcut is None:
            return h
        skipped = F.conv2d(self.pool(x), self.shortcut / math.sqrt(x.shape[1]))
        return (h + skipped) * math.sqrt(0.5)


class MappedHead(nn.Module):
    """Features to scores; with classes, their product with a mapped class."""

    def __init__(self, feature_size: int, classes: int) -> None:
        super().__init__()
        size = min(feature_size, LABEL_SIZE)
        self.linear = EqualisedLinear(feature_size, size if classes else 1)
        self.mapping = Mapping(0, classes, size, LABEL_LAYERS) if classes else None

    def forward(
        self, features: Float[Tensor, "batch feature"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores, in full precision."""
        with without_autocast(features):
            h: Tensor = self.linear(at_least_float32(features))
            return (
                h.squeeze(1)
                if self.mapping is None
                else (h * self.mapping(None, c)).sum(1) / h.shape[1] ** 0.5
            )


class StyleGAN2Discriminator(Discriminator):
    """Blocks that halve the sides, the standard deviation over samples, a convolution and a hidden layer.

    Args:
        shape: channels, height, width.
        width: channels of every layer, at most.
        classes: how many; 0 for no condition.
        maps: channels times the longer side, at most.
        group: samples whose standard deviation is taken.
        residual: blocks have a linear path beside them.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 512,
        classes: int = 0,
        *,
        maps: int = 16_384,
        group: int = 4,
        residual: bool = True,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        stages = halvings((height, across))
        grids = [halved((height, across), i) for i in range(stages + 1)]
        widths = [channels_at(sides, width, maps) for sides in grids]
        self.extract = EqualisedConv(channels, widths[0], 1)
        self.blocks = nn.Sequential(
            *(
                DiscriminatorBlock(widths[i], widths[i + 1], grids[i], residual=residual)
                for i in range(stages)
            )
        )
        self.diversity = MinibatchStd(group)
        self.conv = EqualisedConv(widths[-1] + 1, widths[-1], 3)
        self.feature_size = widths[-1]
        self.hidden = EqualisedLinear(widths[-1] * math.prod(grids[-1]), self.feature_size)
        self.head = MappedHead(self.feature_size, classes)

    def features(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The hidden layer; ``c`` is ignored."""
        h = self.blocks(leaky(self.extract(x)))
        h = leaky(self.conv(self.diversity(h)))
        return leaky(self.hidden(h.flatten(1)))

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


class StyleGAN2(GAN):
    """Both players, each with a regularisation now and then in a turn of its own.

    Args:
        generator: has styles.
        discriminator: scores images.
        gamma: γ of R1.
        mixing: how often styles of two w are mixed.
        path_weight: λ of path lengths; 0 for none.
        augment: of what the discriminator sees.
    """

    generator: StyleGenerator

    def __init__(
        self,
        generator: StyleGenerator,
        discriminator: nn.Module,
        *,
        gamma: float,
        mixing: float,
        path_weight: float,
        augment: Augment | Ada | None,
    ) -> None:
        super().__init__(generator, discriminator, augment=augment)
        self.gamma, self.mixing, self.path_weight = gamma, mixing, path_weight
        self.path_length = State(torch.zeros(()), partial(torch.lerp, weight=PATH_DECAY))

    def turns(self) -> tuple[Turn, ...]:
        """The generator, its path lengths, the discriminator, its gradients."""
        generator, discriminator = ("generator",), ("discriminator",)
        paths = Turn(generator, self.path_loss, when=every(PATH_EVERY), reads=False)
        return (
            Turn(generator, self.generator_loss, reads=False),
            *([paths] if self.path_weight else []),
            Turn(discriminator, self.discriminator_loss),
            Turn(discriminator, self.gradient_loss, when=every(R1_EVERY)),
        )

    def fake(self, batch: Batch) -> Tensor:
        """Samples of mixed styles, of the same classes."""
        return self.generator.synthesise(self.mixed(len(batch.x), batch.c))

    def mixed(self, n: int, c: Tensor | None) -> Float[Tensor, "batch style size"]:
        """A w for every style: often those after some layer, one for the batch, are of another z."""
        styles = self.generator.styles
        w = self.mapped(n, c).expand(-1, styles, -1)
        if not self.mixing:
            return w
        happens, place = torch.special.ndtr(noise.shared(2))  # of normal numbers, uniform ones
        cut = torch.where(happens < self.mixing, 1 + (place * (styles - 1)).floor(), styles)
        return torch.where(torch.arange(styles, device=w.device)[:, None] < cut, w, self.mapped(n, c))

    def mapped(self, n: int, c: Tensor | None) -> Float[Tensor, "batch 1 size"]:
        """The w of new latents."""
        return self.generator.map(noise.normal(n, self.latent), c)[:, None]

    def gradient_loss(self, batch: Batch) -> Terms:
        """R1, of gradients with respect to the images before their augmentation."""
        squared = gradients(lambda x: self.score(x, batch.c), batch.x).square().sum(1).mean()
        return {"r1": R1_EVERY * self.gamma / 2 * squared}

    def path_loss(self, batch: Batch) -> Terms:
        """How far a step in w is from a fixed length in images, of half a batch (eq. 4)."""
        n = max(1, len(batch.x) // 2)
        w = self.mixed(n, None if batch.c is None else batch.c[:n])
        with second_derivatives(w):
            images = self.generator.synthesise(w)
            y = noise.normal(*images.shape) / math.sqrt(math.prod(images.shape[2:]))
            (slope,) = torch.autograd.grad((images * y).sum(), w, create_graph=True)
        lengths = slope.square().sum(2).mean(1).sqrt()
        self.path_length.note(lengths.mean())
        squared = (lengths - self.path_length.value).square().mean()
        return {"path_length": PATH_EVERY * self.path_weight * squared}


def lazily(network: nn.Module, lr: float, n: int) -> Adam:
    """Adam that takes n + 1 steps where it would take n: rate and decay are the power n / (n + 1) of one."""
    share = n / (n + 1)
    return adam(network, lr * share, (0.0, 0.99**share))


@configurable
def recipe(
    data: Images = Images(),
    *,
    preset: Literal["auto", "cifar"] = "auto",
    conditional: bool = False,
    width: int = 512,
    latent: int = 512,
    layers: int = 2,
    lr: float = 2.5e-3,
    gamma: float = 0.0,
    augment: Literal["none", "diffaugment", "ada"] = "ada",
    training: Training = Training(half_life=0.0),
) -> Run:
    """A StyleGAN2; --half-life 0 is the preset's.

    Args:
        preset: ``auto`` for any images, ``cifar`` for many of 32×32 pixels.
        width: channels of every layer, at most; there are fewer in large feature maps.
        latent: the size of z, and of w.
        layers: of the mapping network; 8 in the paper.
        lr: Adam's learning rate, for images of less than 1,024 pixels a side; 0.8 of it above.
        gamma: γ of R1; when 0, that of the preset.
        augment: of the discriminator's images: ADA is for up to about 100,000 of them.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes() if conditional else 0
    pixels, batch, settings = math.prod(shape[1:]), training.batch, PRESETS[preset]
    maps = max(settings.maps, 32_768) if max(shape[1:]) >= 512 else settings.maps
    game = StyleGAN2(
        StyleGAN2Generator(latent, shape, width, classes, layers=layers, maps=maps),
        StyleGAN2Discriminator(
            shape, width, classes, maps=maps, group=settings.group, residual=settings.residual
        ),
        gamma=gamma or settings.gamma or 0.0002 * pixels / batch,
        mixing=settings.mixing,
        path_weight=settings.path_weight,
        augment=augmentation(augment, batch),
    )
    lr *= LARGE_RATE if max(shape[1:]) >= LARGE else 1
    optimizers = {
        "generator": lazily(game.generator, lr, PATH_EVERY),
        "discriminator": lazily(game.discriminator, lr, R1_EVERY),
    }
    half_life = training.half_life or settings.half_life or batch * 10_000 / 32
    return training.run(game, samples, optimizers, half_life=half_life)


small = dict(conditional=True, width=8, latent=8, steps=4, batch=8)
