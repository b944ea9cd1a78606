"""MUNIT: Huang et al. 2018, "Multimodal unsupervised image-to-image translation", arXiv 1804.04732.

    ptarmigan train translate.munit --data ./photos
    ptarmigan train translate.munit --data ./photos --size 32 --width 16 --batch 4 --steps 2000

The second command takes minutes of a CPU. An image x is its content c, which two kinds of images share, and a
style s of its own kind: the content of an input in any style s ~ N(0, I) of the other kind is a translation,
so there are as many as styles. With encoders E and decoders G of both kinds,

    min_{E,G} max_D L_GAN + λ_x E[‖G(c, s) − x‖₁] + λ_c E[‖E_c(G(c, s')) − c‖₁] + λ_s E[‖E_s(G(c, s')) − s'‖₁]

where s' is a random style of the other kind. As published: no pairs, least squares, weights 10, 1 and 1, Adam
1e-4 (0.5, 0.999) with weight decay 1e-4 added to the gradient, batch 1, a learning rate halved nine times.
Not as published: the discriminators are PatchGANs, gains are 1 more than a style sets, and there is an EMA.
Cost and score: after 112 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0162 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import least_squares
from ptarmigan.core.optim import Adam
from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.patchgan import MultiScale
from ptarmigan.nets.sides import mirror
from ptarmigan.nets.unet import to_multiple
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

HALVED = 10
"""The run in so many parts; the learning rate is halved after each of them."""
DECAY = 1e-4
HALVINGS = 2
"""Of the sides, from a picture to its content."""
BLOCKS = 4
STYLE_HALVINGS = 4
HIDDEN = 256
"""Of the layers from a style to gains and biases."""
EPS = 1e-5

Pictures = Float[Tensor, "batch channel height width"]
Style = Float[Tensor, "batch latent"]


class MUNIT(Translation):
    """An autoencoder for each kind of pictures, and discriminators at several scales.

    Args:
        generator: encodes and decodes images ``b``.
        inverse: the same for ``a``.
        discriminator: scores patches of ``b``, a map for each scale.
        input_discriminator: the same for ``a``.
        latent: numbers in a style.
        again: λ_x.
        content: λ_c.
        style: λ_s.
    """

    ema = ("generator", "inverse")
    generator: MUNITAutoencoder

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
        """E[(D_B(b) − 1)²] + E[D_B(translation)²] over scales, and the same of D_A."""
        b, a = both(batch)
        output, inverted = self.translate(a, self.styles(a)), self.back(b, self.styles(b))
        return {
            "discriminator": real_fake_loss(self.discriminator, b, output),
            "input discriminator": real_fake_loss(self.input_discriminator, a, inverted),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """L_GAN + λ_x L_x + λ_c L_c + λ_s L_s."""
        b, a = both(batch)
        z, y = self.styles(a), self.styles(b)
        (content_b, style_b), (content_a, style_a) = self.generator.encode(b), self.inverse.encode(a)
        output = cropped(self.generator.decode(content_a, z), a)
        inverted = cropped(self.inverse.decode(content_b, y), b)
        (content_output, style_output), (content_inverted, style_inverted) = (
            self.generator.encode(output),
            self.inverse.encode(inverted),
        )
        again = F.l1_loss(cropped(self.generator.decode(content_b, style_b), b), b)
        again = again + F.l1_loss(cropped(self.inverse.decode(content_a, style_a), a), a)
        contents = F.l1_loss(content_output, content_a) + F.l1_loss(content_inverted, content_b)
        styles = F.l1_loss(style_output, z) + F.l1_loss(style_inverted, y)
        return {
            "generator": fake_loss(self.discriminator, output),
            "inverse": fake_loss(self.input_discriminator, inverted),
            "reconstruction": self.again * again,
            "content": self.content * contents,
            "style": self.style * styles,
        }

    def styles(self, x: Tensor) -> Tensor:
        """A random style for each image."""
        return noise.normal(len(x), self.latent).to(x)

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """The contents of inputs in the styles ``z`` of images ``b``."""
        return cropped(self.generator.decode(self.inverse.content(a), z), a)

    def back(self, b: Tensor, z: Tensor) -> Tensor:
        """The contents of images in the styles ``z`` of inputs."""
        return cropped(self.inverse.decode(self.generator.content(b), z), b)

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of an image's patches, over the scales."""
        return torch.stack([scores.mean((1, 2)) for scores in self.discriminator(x)]).mean(0)


def cropped(x: Tensor, like: Tensor) -> Tensor:
    """As high and wide as another image."""
    return x[:, :, : like.shape[2], : like.shape[3]]


def real_fake_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """E[(D(x) − 1)²] + E[D(y)²] of real x and generated y, a sum over scales."""
    pairs = zip(discriminator(real), discriminator(fake), strict=True)
    return torch.stack([2 * least_squares.discriminator(x, y) for x, y in pairs]).sum()


def fake_loss(discriminator: nn.Module, fake: Tensor) -> Tensor:
    """E[(D(y) − 1)²] of generated y, a sum over scales."""
    return torch.stack([2 * least_squares.generator(y, None) for y in discriminator(fake)]).sum()


class MUNITAutoencoder(nn.Module):
    """Pictures of one domain, taken apart into content and style, and made of these.

    Pictures whose sides are not multiples of what the encoders need are mirrored at their borders first, so
    what ``decode`` makes of a content may be larger than the picture was.

    Args:
        channels: of a picture.
        width: channels of the first layer; 64 as published.
        latent: numbers in a style; 8 as published.
    """

    def __init__(self, channels: int, width: int = 64, latent: int = 8) -> None:
        super().__init__()
        self.content = Content(channels, width)
        self.style = StyleEncoder(channels, width, latent)
        self.decoder = Decoder(channels, width, latent)
        initialise(self, nn.init.kaiming_normal_)

    def encode(self, x: Pictures) -> tuple[Float[Tensor, "batch deep high wide"], Style]:
        """The content and the style of pictures in [-1, 1]."""
        return self.content(x), self.style(x)

    def decode(self, content: Float[Tensor, "batch deep high wide"], style: Style) -> Pictures:
        """Pictures in [-1, 1] of a content, in a style; four times as high and wide as the content."""
        return torch.as_tensor(self.decoder(content, style))


class Content(nn.Module):
    """What of a picture is where; instance norm takes out its style."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [ReflectionConv(channels, width, 7), nn.InstanceNorm2d(width), nn.ReLU()]
        for i in range(HALVINGS):
            size = width * 2 ** (i + 1)
            layers += [ReflectionConv(size // 2, size, 4, 2), nn.InstanceNorm2d(size), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.blocks = nn.ModuleList(Block(width * 2**HALVINGS) for _ in range(BLOCKS))

    def forward(self, x: Pictures) -> Float[Tensor, "batch deep high wide"]:
        """A quarter as high and wide."""
        x = self.layers(to_multiple(x, 4 if min(x.shape[2:]) >= 8 else 8))
        for block in self.blocks:
            x = block(x)
        return x


class StyleEncoder(nn.Module):
    """What of a picture is everywhere: nothing is normalised, and places are averaged."""

    def __init__(self, channels: int, width: int, latent: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [ReflectionConv(channels, width, 7), nn.ReLU()]
        last = width
        for i in range(STYLE_HALVINGS):
            size = width * 2 ** min(i + 1, 2)
            layers += [ReflectionConv(last, size, 4, 2), nn.ReLU()]
            last = size
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(last, latent)

    def forward(self, x: Pictures) -> Style:
        """A style for each picture."""
        x = self.layers(to_multiple(x, 2**STYLE_HALVINGS))
        return torch.as_tensor(self.last(x.mean((2, 3))))


class Decoder(nn.Module):
    """Blocks whose gains and biases a style sets, then doublings."""

    def __init__(self, channels: int, width: int, latent: int) -> None:
        super().__init__()
        deep = width * 2**HALVINGS
        self.blocks = nn.ModuleList(Block(deep) for _ in range(BLOCKS))
        self.says = nn.Sequential(
            nn.Linear(latent, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, BLOCKS * 4 * deep),
        )
        rise: list[nn.Module] = []
        for i in range(HALVINGS):
            size = deep // 2 ** (i + 1)
            rise += [
                nn.Upsample(scale_factor=2),
                ReflectionConv(2 * size, size, 5),
                LayerNorm(size),
                nn.ReLU(),
            ]
        self.rise = nn.Sequential(*rise, ReflectionConv(width, channels, 7), nn.Tanh())

    def forward(self, content: Float[Tensor, "batch deep high wide"], style: Style) -> Pictures:
        """Pictures, four times as high and wide."""
        gains = self.says(style).unflatten(1, (BLOCKS, 4, -1))
        x = content
        for i, block in enumerate(self.blocks):
            x = block(x, gains[:, i])
        return torch.as_tensor(self.rise(x))


class Block(nn.Module):
    """What comes in, plus what two convolutions make of it, each normalised; a style may set how."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = ReflectionConv(width, width, 3), ReflectionConv(width, width, 3)

    def forward(self, x: Pictures, gains: Float[Tensor, "batch 4 deep"] | None = None) -> Pictures:
        """As many channels, as high and wide; ``said`` are a gain and a bias for both convolutions."""
        gain, bias, gain_2, bias_2 = (None,) * 4 if gains is None else gains.unbind(1)
        y = F.relu(adain(self.first(x), gain, bias))
        return x + adain(self.second(y), gain_2, bias_2)


def adain(x: Pictures, gain: Tensor | None, bias: Tensor | None) -> Pictures:
    """Every picture normalised by itself, then scaled (by 1 + gain) and shifted, channel by channel.

    Huang and Belongie 2017, arXiv 1703.06868.
    """
    normal = F.instance_norm(x)
    if gain is None or bias is None:
        return normal
    return normal * (1 + gain[:, :, None, None]) + bias[:, :, None, None]


class LayerNorm(nn.Module):
    """All channels and places of a picture normalised together, so that what a style said of each stays."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Pictures) -> Pictures:
        """Normalised, then scaled and shifted channel by channel."""
        y = at_least_float32(x)
        deviation, mean = torch.std_mean(y, (1, 2, 3), keepdim=True)
        y = (y - mean) / (deviation + EPS)
        return (y * self.gain[:, None, None] + self.bias[:, None, None]).to(x.dtype)


class ReflectionConv(nn.Module):
    """A convolution at whose borders pictures go on as in a mirror."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.reach = (size - 1) // 2
        self.conv = nn.Conv2d(inputs, outputs, size, stride)

    def forward(self, x: Pictures) -> Float[Tensor, "batch output high wide"]:
        """As high and wide as before; with stride 2 half of it, rounded down."""
        for dim in (2, 3):
            for reach in pieces(self.reach, x.shape[dim]):
                x = mirror(x, dim, reach, reach)
        return torch.as_tensor(self.conv(x))


def pieces(reach: int, side: int) -> list[int]:
    """A reach as steps, none longer than what a mirror shows of the side by then."""
    found = []
    while reach > 0:
        found.append(min(reach, max(1, side - 1)))
        side, reach = side + 2 * found[-1], reach - found[-1]
    return found


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    latent: int = 8,
    again: float = 10.0,
    content: float = 1.0,
    style: float = 1.0,
    lr: float = 1e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """MUNIT.

    Args:
        latent: numbers in a style.
        again: λ_x, of images reconstructed from their own content and style.
        content: λ_c, of contents recovered from translations.
        style: λ_s, of styles recovered from translations.

    Raises:
        ValueError: the images of the two kinds have different sizes.
    """
    samples = training.open(data, paired=False)
    inputs, shape = samples.require_inputs().shape, samples.shape
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
    return training.run(game, samples, optimizers, rate=halving)


def halving(progress: float) -> float:
    """A rate that is halved after each of ``HALVED`` parts of the run."""
    return 0.5 ** int(HALVED * min(progress, 1 - 1e-9))


def decaying(lr: float, *networks: nn.Module) -> Adam:
    """Adam with a decay that is part of the gradient, as it was published, and not AdamW's."""
    held = [p for network in networks for p in network.parameters()]
    return Adam(held, lr, (0.5, 0.999), weight_decay=DECAY, fused=True)


small = dict(width=4, latent=2, steps=4, batch=4)
