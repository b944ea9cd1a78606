"""Networks with a code for content and one for style: MUNIT, Huang et al. 2018, arXiv 1804.04732."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.sides import mirror
from ptarmigan.nets.unet import to_multiple

HALVINGS = 2
"""Of the sides, from a picture to its content."""
BLOCKS = 4
STYLE_HALVINGS = 4
HIDDEN = 256
"""Of the layers from a style to gains and biases."""
EPS = 1e-5

Pictures = Float[Tensor, "batch channel height width"]
Style = Float[Tensor, "batch latent"]


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
        layers: list[nn.Module] = [Mirrored(channels, width, 7), nn.InstanceNorm2d(width), nn.ReLU()]
        for i in range(HALVINGS):
            size = width * 2 ** (i + 1)
            layers += [Mirrored(size // 2, size, 4, 2), nn.InstanceNorm2d(size), nn.ReLU()]
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
        layers: list[nn.Module] = [Mirrored(channels, width, 7), nn.ReLU()]
        last = width
        for i in range(STYLE_HALVINGS):
            size = width * 2 ** min(i + 1, 2)
            layers += [Mirrored(last, size, 4, 2), nn.ReLU()]
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
            rise += [nn.Upsample(scale_factor=2), Mirrored(2 * size, size, 5), LayerNorm(size), nn.ReLU()]
        self.rise = nn.Sequential(*rise, Mirrored(width, channels, 7), nn.Tanh())

    def forward(self, content: Float[Tensor, "batch deep high wide"], style: Style) -> Pictures:
        """Pictures, four times as high and wide."""
        said = self.says(style).unflatten(1, (BLOCKS, 4, -1))
        x = content
        for i, block in enumerate(self.blocks):
            x = block(x, said[:, i])
        return torch.as_tensor(self.rise(x))


class Block(nn.Module):
    """What comes in, plus what two convolutions make of it, each normalised; a style may set how."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Mirrored(width, width, 3), Mirrored(width, width, 3)

    def forward(self, x: Pictures, said: Float[Tensor, "batch 4 deep"] | None = None) -> Pictures:
        """As many channels, as high and wide; ``said`` are a gain and a bias for both convolutions."""
        gain, bias, gain_2, bias_2 = (None,) * 4 if said is None else said.unbind(1)
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


class Mirrored(nn.Module):
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


class MultiScale(nn.Module):
    """PatchGANs for pictures of full, half and a quarter of the size: Wang et al. 2018, arXiv 1711.11585.

    Args:
        shape: of a picture; small ones are looked at fewer times.
        width: channels of each one's first layer.
        scales: at most.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 64, scales: int = 3) -> None:
        super().__init__()
        channels, height, across = shape
        scales = max(1, min(scales, (min(height, across) // 8).bit_length()))
        self.nets = nn.ModuleList(
            PatchGAN((channels, height >> i, across >> i), width=width, norm=nn.Identity)
            for i in range(scales)
        )

    def forward(self, x: Pictures) -> Sequence[Float[Tensor, "batch down right"]]:
        """Raw scores of patches, a map for each scale."""
        found = []
        for i, net in enumerate(self.nets):
            x = F.avg_pool2d(x, 2) if i else x
            found.append(net(x))
        return found
