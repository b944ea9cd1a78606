"""BAGAN: Mariani et al. 2018, "BAGAN: Data augmentation with balancing GAN", arXiv 1803.09655.

    ptarmigan train image.bagan --data digits

For classes of which some are rare. An autoencoder learns all of them first; the generator goes on from its
decoder and the discriminator from its encoder, which know what classes have in common. A class is a Gaussian
of its codes, from which its latents are drawn, and all classes are drawn alike often. The discriminator names
the class of an image, or that it is made; the generator wants made ones named as the class that was drawn.
Not as published: the networks are DCGAN's, the discriminator has no batch norm, and its slope at real images
is held down (R1, arXiv 1801.04406), without which it knows the few images of a rare class by heart.
Cost and score: after 6,221 steps, 30 s of one core, on digits:
Fréchet distance 55.8 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import R1, Judged
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.codes import coded, follow, gaussians
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import required
from ptarmigan.training.run import Run


class BAGAN(Game):
    """An autoencoder for some steps, then a decoder that generates against an encoder that names classes.

    Args:
        generator: decodes codes.
        discriminator: whose features are the encoder's.
        classes: how many.
        start: the first step of the GAN.
        gamma: weight of the penalty.
    """

    averaged = ("generator", "codes")

    def __init__(
        self,
        generator: DCGANGenerator,
        discriminator: DCGANDiscriminator,
        classes: int,
        start: int,
        gamma: float,
    ) -> None:
        super().__init__()
        self.generator, self.trunk, self.latent = generator, discriminator.layers, generator.latent
        self.encoder = nn.Linear(discriminator.feature_size, self.latent)
        self.classifier = nn.Linear(discriminator.feature_size, classes + 1)
        self.classes, self.start, self.penalty = classes, start, R1(gamma)
        self.codes = gaussians(self.latent, classes)

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder; then the discriminator and the generator in turn."""
        return (
            Turn(("autoencoder",), self.reconstruction_loss, when=lambda step: step < self.start),
            Turn(("discriminator",), self.discriminator_loss, when=lambda step: step >= self.start),
            Turn(("generator",), self.generator_loss, when=lambda step: step >= self.start, reads=False),
        )

    def reconstruction_loss(self, batch: Batch) -> Terms:
        """How far images are from what the autoencoder makes of them."""
        z = self.encoder(self.trunk(batch.x))
        follow(self.codes, z, required(batch.c))
        return {"reconstruction": F.mse_loss(self.generator(z), batch.x)}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real images are named, and made ones, which together weigh as much as one class."""
        fake = self.fake(len(batch.x))[0]
        real_names, fake_names = self.names(batch.x), self.names(fake)
        made = torch.full((len(fake),), self.classes, device=fake.device)
        judged = Judged(self.score, batch.x, fake, real_names, fake_names, self.progress)
        share = 1 / (self.classes + 1)
        return {
            "discriminator": (1 - share) * F.cross_entropy(real_names, required(batch.c)),
            "made": share * F.cross_entropy(fake_names, made),
            self.penalty.name: self.penalty(judged),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly made images are named as the class that was drawn."""
        fake, c = self.fake(len(batch.x))
        return {"generator": F.cross_entropy(self.names(fake), c)}

    def names(self, x: Tensor) -> Tensor:
        """A score for every class, and for being made: ``(batch, classes + 1)``."""
        return at_least_float32(self.classifier(self.trunk(x)))

    def score(self, x: Tensor) -> Tensor:
        """How much likelier images are of some class than made."""
        names = self.names(x)
        return names[:, :-1].logsumexp(1) - names[:, -1]

    def fake(self, n: int) -> tuple[Tensor, Tensor]:
        """Made images and their classes, all of which are alike likely."""
        z = noise.normal(n, self.latent)
        c = (noise.uniform(n).to(z.device) * self.classes).long().clamp(max=self.classes - 1)
        return self.sample(z, c), c

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Images of the codes that ``z`` stands for in its class."""
        return torch.as_tensor(self.generator(coded(self.codes, z, required(c))))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The same as ``score``: real samples are of some class."""
        return self.score(x)


def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 2e-4,
    gamma: float = 1.0,
    first: float = 0.3,
    half_life: float = 10_000.0,
    steps: int = 10_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A BAGAN.

    Args:
        data: the images, with classes.
        width: channels of the layer next to the image, in both networks.
        latent: the size of codes and of z.
        lr: Adam's learning rate.
        gamma: weight of the penalty.
        first: the fraction of the run that is the autoencoder's.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: the data has no classes.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes()
    discriminator = DCGANDiscriminator(shape, width, norm=nn.Identity)
    game = BAGAN(
        DCGANGenerator(latent, shape, width), discriminator, classes, max(1, round(first * steps)), gamma
    )
    optimizers = {
        "autoencoder": adam(nn.ModuleList([game.trunk, game.encoder, game.generator]), lr, (0.5, 0.999)),
        "discriminator": adam(nn.ModuleList([game.trunk, game.classifier]), lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=6, first=0.5, steps=4, batch=8)
