"""An encoder for any generator, trained from its own samples: where projection starts."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.core.optim import Adam
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.media.progress import Bar
from ptarmigan.metrics.perceptual import Distance
from ptarmigan.metrics.trained_networks import rate
from ptarmigan.modalities.registry import modality_of
from ptarmigan.nets.mlp import PointGenerator
from ptarmigan.tasks.latents.projection import Start
from ptarmigan.tasks.latents.space import LatentSpace

WIDTH, BATCH, RATE = 32, 64, 1e-3


class Encoder(nn.Module):
    """Encoded samples to w, and to the class where a generator is given one.

    Args:
        space: of the samples.
        size: of a w.
        classes: how many the generator is given; 0 for none.
    """

    def __init__(self, space: Space, size: int, classes: int) -> None:
        super().__init__()
        self.size, networks = size, modality_of(space).networks
        if networks is None:
            numbers = torch.Size(space.shape).numel()
            self.net: nn.Module = nn.Sequential(
                nn.Flatten(), PointGenerator(numbers, (size + classes,), (8 * WIDTH, 8 * WIDTH))
            )
        else:
            self.net = networks(space).encoder(size + classes, WIDTH)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """W ``(n, size)``, in standard deviations around its mean, and the logits of the classes."""
        both = self.net(x.float())
        return both[:, : self.size], both[:, self.size :]


class Standard(nn.Module):
    """W in standard deviations around its mean, and back.

    Args:
        w: of some samples ``(n, size)``.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", w.mean(0))
        self.register_buffer("deviation", w.std(0).clamp(min=1e-6))

    def scale(self, w: Tensor) -> Tensor:
        """In standard deviations."""
        return (w - self.mean) / self.deviation

    def forward(self, scaled: Tensor) -> Tensor:
        """In the units of w."""
        return scaled * self.deviation + self.mean


class TrainedEncoder(nn.Module):
    """Encoded samples to where a projection of them starts.

    Args:
        encoder: to w in standard deviations.
        standard: of these.
        conditional: whether the generator is given a class.
    """

    def __init__(self, encoder: Encoder, standard: Standard, conditional: bool) -> None:
        super().__init__()
        self.encoder, self.standard, self.conditional = encoder, standard, conditional

    def forward(self, x: Tensor, c: Tensor | None = None) -> Start:
        """The start for samples ``(n, …)``, of the classes ``c``, or else of those that they look like."""
        w, logits = self.encoder(x)
        if c is None and self.conditional:
            c = logits.argmax(1)
        return Start(self.standard(w)[:, None], c)


def untrained(space: LatentSpace, samples_space: Space, classes: int) -> TrainedEncoder:
    """An encoder of a generator, to be filled."""
    with noise.isolated():
        noise.at(0, "encoder")
        encoder = Encoder(samples_space, space.size, classes)
    return TrainedEncoder(encoder, Standard(torch.zeros(2, space.size)), bool(classes))


def train_encoder(
    space: LatentSpace,
    samples_space: Space,
    conditions: Callable[[int, int], Tensor | None],
    distance: Distance,
    *,
    classes: int = 0,
    real: Samples | None = None,
    steps: int = 3_000,
    seed: int = 0,
) -> TrainedEncoder:
    """Train an encoder E of a generator G, by samples of which w is known.

        E‖E(G(w)) − w‖² + E[d(G(E(G(w))), G(w))] + E[d(G(E(x)), x)]

    with w in standard deviations, d the distance that projection minimises, real samples x where there are
    some (Zhu et al. 2020, "In-domain GAN inversion", arXiv 2004.00049, section 3.1), and the cross-entropy of
    the class where the generator is given one.

    Args:
        space: of the latents, whose game is in evaluation mode and does not require gradients.
        samples_space: what a sample is.
        conditions: so many of them, of a batch by its number.
        distance: of encoded samples.
        classes: how many the generator is given; 0 for none.
        real: real samples, in the batches in which they come.
        steps: how many.
        seed: the random seed.
    """
    standard = Standard(space.drawn(None) if not classes else _spread(space, conditions))
    device = next(space.game.parameters()).device
    with noise.isolated():
        noise.at(seed, "encoder", device=device)
        encoder = Encoder(samples_space, space.size, classes).to(device)
    optimizer = Adam(encoder.parameters(), RATE)
    with Bar(steps, "training the encoder") as bar:
        for step in range(steps):
            c = conditions(BATCH, step)
            x = None if real is None else real.draw(step).x.to(device)
            optimizer.param_groups[0]["lr"] = RATE * rate((step + 0.5) / steps)
            with inference(space.game, seed, "encoder", step, samples=BATCH), torch.enable_grad():
                optimizer.zero_grad()
                loss(space, encoder, standard, distance, c, x).backward()
            optimizer.step()
            bar.advance()
    if real is not None:
        real.close()
    encoder.eval().requires_grad_(False)
    return TrainedEncoder(encoder, standard, bool(classes))


def loss(
    space: LatentSpace,
    encoder: Encoder,
    standard: Standard,
    distance: Distance,
    c: Tensor | None,
    real: Tensor | None,
) -> Tensor:
    """What the encoder minimises on a batch."""
    with torch.no_grad():
        w = space.map(noise.normal(BATCH, space.game.latent), c)
        x = space.synthesise(w, c).float()
    found, logits = encoder(x)
    total = F.mse_loss(found, standard.scale(w[:, 0])) + distance(remade(space, standard(found), c), x).mean()
    if logits.shape[1] and c is not None:
        total = total + F.cross_entropy(logits, c)
    if real is not None:
        found, logits = encoder(real)
        likely = logits.argmax(1) if logits.shape[1] else None
        total = total + distance(remade(space, standard(found), likely), real.float()).mean()
    return total


def remade(space: LatentSpace, w: Tensor, c: Tensor | None) -> Tensor:
    """Samples of w ``(n, size)``, the same for all styles."""
    return space.synthesise(w[:, None].expand(-1, space.styles, -1), c)


def _spread(space: LatentSpace, conditions: Callable[[int, int], Tensor | None]) -> Tensor:
    """W of samples of all conditions."""
    with inference(space.game, 0, "spread", samples=BATCH):
        n = 16 * BATCH
        return space.map(noise.normal(n, space.game.latent), conditions(n, 0))[:, 0]
