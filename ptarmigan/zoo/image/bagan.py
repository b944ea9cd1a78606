"""BAGAN: Mariani et al. 2018, "BAGAN: Data augmentation with balancing GAN", arXiv 1803.09655.

    ptarmigan train image.bagan --data digits

For imbalanced classes. An autoencoder is trained on all of them first; the generator starts as its decoder
and the discriminator as its encoder, which have learnt what the classes have in common. Latents of a class c
are drawn from a Gaussian fitted to its codes, z_c ~ N(μ_c, Σ_c), and all classes are drawn equally often. The
discriminator's softmax has one more class, fake, and both players minimise its cross-entropy:

    L_D = −E[log D(c | x)] − E[log D(fake | G(z_c))],    L_G = −E[log D(c | G(z_c))]

where generated images together weigh as much as one class. Not as published: the networks are DCGAN's, the
discriminator has no batch norm, and its gradient at real images is penalised (R1, arXiv 1801.04406), without
which it memorises the few images of a rare class.
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
from ptarmigan.core.penalties import R1, PenaltyInputs
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.codes import class_gaussians, note_codes, to_codes
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import required
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class BAGAN(Game):
    """An autoencoder for some steps, then its decoder as the generator against its encoder with a classifier.

    Args:
        generator: decodes codes.
        discriminator: whose features are the encoder's.
        classes: how many.
        start: the first step of the GAN.
        gamma: γ, of R1.
    """

    ema = ("generator", "codes")

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
        self.codes = class_gaussians(self.latent, classes)

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder; then the discriminator and the generator in turn."""
        return (
            Turn(("autoencoder",), self.reconstruction_loss, when=lambda step: step < self.start),
            Turn(("discriminator",), self.discriminator_loss, when=lambda step: step >= self.start),
            Turn(("generator",), self.generator_loss, when=lambda step: step >= self.start, reads=False),
        )

    def reconstruction_loss(self, batch: Batch) -> Terms:
        """E[‖x − G(E(x))‖²], a mean over pixels."""
        z = self.encoder(self.trunk(batch.x))
        note_codes(self.codes, z, required(batch.c))
        return {"reconstruction": F.mse_loss(self.generator(z), batch.x)}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(c | x)] − E[log D(fake | G(z_c))], weighed, and R1."""
        generated = self.generate(len(batch.x))[0]
        real, fake = self.logits(batch.x), self.logits(generated)
        fake_class = torch.full((len(generated),), self.classes, device=generated.device)
        inputs = PenaltyInputs(self.score, batch.x, generated, real, fake, self.progress)
        share = 1 / (self.classes + 1)
        return {
            "discriminator": (1 - share) * F.cross_entropy(real, required(batch.c)),
            "made": share * F.cross_entropy(fake, fake_class),
            self.penalty.name: self.penalty(inputs),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(c | G(z_c))]."""
        fake, c = self.generate(len(batch.x))
        return {"generator": F.cross_entropy(self.logits(fake), c)}

    def logits(self, x: Tensor) -> Tensor:
        """The logits of every class and of fake, ``(batch, classes + 1)``."""
        return at_least_float32(self.classifier(self.trunk(x)))

    def score(self, x: Tensor) -> Tensor:
        """The logit of any class against fake."""
        logits = self.logits(x)
        return logits[:, :-1].logsumexp(1) - logits[:, -1]

    def generate(self, n: int) -> tuple[Tensor, Tensor]:
        """Generated images and their classes, all of which are equally likely."""
        z = noise.normal(n, self.latent)
        c = (noise.uniform(n).to(z.device) * self.classes).long().clamp(max=self.classes - 1)
        return self.sample(z, c), c

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z_c), z_c the code that ``z`` stands for in its class."""
        return torch.as_tensor(self.generator(to_codes(self.codes, z, required(c))))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The same as ``score``: real samples are of some class."""
        return self.score(x)


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 2e-4,
    gamma: float = 1.0,
    first: float = 0.3,
    training: Training = Training(steps=10_000),
) -> Run:
    """A BAGAN.

    Args:
        latent: the size of codes and of z.
        gamma: γ, of R1.
        first: the fraction of the run in which the autoencoder is trained.

    Raises:
        ValueError: the data has no classes.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes()
    discriminator = DCGANDiscriminator(shape, width, norm=nn.Identity)
    start = max(1, round(first * training.steps))
    game = BAGAN(DCGANGenerator(latent, shape, width), discriminator, classes, start, gamma)
    networks = {
        "autoencoder": nn.ModuleList([game.trunk, game.encoder, game.generator]),
        "discriminator": nn.ModuleList([game.trunk, game.classifier]),
        "generator": game.generator,
    }
    optimizers = {player: adam(network, lr, (0.5, 0.999)) for player, network in networks.items()}
    return training.run(game, samples, optimizers)


small = dict(width=4, latent=6, first=0.5, steps=4, batch=8)
