"""CUT: Park et al. 2020, "Contrastive learning for unpaired image-to-image translation", arXiv 2007.15651.

    ptarmigan train translate.cut --data ./photos
    ptarmigan train translate.cut --data ./photos --size 32 --width 16 --steps 2000    # minutes of a CPU

One direction is enough, and no cycle is needed: a patch of the output must have more in common with the
input's patch at the same location than with its other patches. With unit vectors v = H(G_enc(output)) and k =
H(G_enc(input)) at locations s of a layer,

    PatchNCE = −E_s[log (exp(v_s · k_s / τ) / Σ_t exp(v_s · k_t / τ))]    (eq. 3)
    L_G = E[(D(G(a)) − 1)²] + λ_X PatchNCE(a, G(a)) + λ_Y PatchNCE(b, G(b))

over five layers of the generator itself. As published: least squares, five layers, 256 patches, batch 1, the
learning rate falling to 0 over the second half; Adam 2e-4 (0.5, 0.999) is from the authors' code. The
networks are CycleGAN's, without the blur of that code; patches are chosen for every image by itself; the EMA
is ours.
Cost and score: after 267 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0503 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.history import History
from ptarmigan.core.losses import least_squares
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.core.schedule import linear
from ptarmigan.data.samples import Samples
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.translator import InputAdapter, Translator
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation, alike, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

Places = Int[Tensor, "batch patch"]
Vectors = Float[Tensor, "batch patch size"]


class Contrastive(Translation):
    """A generator ``a -> b``, a discriminator of patches of ``b``, and vectors by which patches are compared.

    The generator moves first, and the discriminator reads what it generated: so that is done once a step, as
    by the authors' code.

    Args:
        generator: G, whose first layers have the features of images.
        reader: makes of a ``b`` an image of which the generator has features.
        heads: H.
        discriminator: scores patches of ``b``.
        made: outputs of the generator's last turn.
        content: λ_X, or λ_X + λ_Y.
        identity: half of that weight is for PatchNCE(b, G(b)).
        flip: the share of inputs that are mirrored; their outputs are mirrored back to be compared.
        patches: of an image, that are compared with each other.
        temperature: τ.
        augment: of the discriminator's images, given the run's progress.
    """

    generator: Translator

    def __init__(
        self,
        generator: Translator,
        reader: InputAdapter,
        heads: PatchHeads,
        discriminator: nn.Module,
        made: History,
        *,
        content: float,
        identity: bool = False,
        flip: float = 0.0,
        patches: int = 256,
        temperature: float = 0.07,
        augment: Callable[[Tensor, float], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.generator, self.reader, self.heads = generator, reader, heads
        self.discriminator, self.made = discriminator, made
        self.content, self.identity, self.flip = content, identity, flip
        self.patches, self.temperature, self.augment = patches, temperature, augment

    def turns(self) -> tuple[Turn, ...]:
        """The generator with the heads, then the discriminator."""
        return Turn(("generator",), self.generator_loss), Turn(("discriminator",), self.discriminator_loss)

    def generator_loss(self, batch: Batch) -> Terms:
        """E[(D(G(a)) − 1)²] + λ_X PatchNCE(a, G(a)) + λ_Y PatchNCE(b, G(b))."""
        b, a = both(batch)
        mirrored = noise.uniform(len(a)) < self.flip
        keys = self.generator.features(a)
        output = self.generator.finish(self.generator.features(turned(a, mirrored)) if self.flip else keys)
        self.made.note(output)
        queries = [turned(x, mirrored) for x in self.generator.features(self.reader(output))]
        share = 0.5 if self.identity else 1.0
        terms = {
            "generator": 2 * least_squares.generator(self.score(output), None),
            "content": share * self.content * self.contrast(queries, keys),
        }
        if self.identity:
            keys = self.generator.features(b)
            queries = self.generator.features(self.generator.finish(keys))
            terms["identity"] = share * self.content * self.contrast(queries, keys)
        return terms

    def discriminator_loss(self, batch: Batch) -> Terms:
        """½ E[(D(b) − 1)²] + ½ E[D(G(a))²]."""
        real, fake = self.score(batch.x), self.score(self.made(len(batch.x)))
        return {"discriminator": least_squares.discriminator(real, fake)}

    def contrast(self, queries: list[Tensor], keys: list[Tensor]) -> Tensor:
        """PatchNCE, a mean over layers; keys get no gradient."""
        places = [somewhere(key, self.patches) for key in keys]
        with torch.no_grad():
            there = self.heads(keys, places)
        here = self.heads(queries, places)
        terms = [patch_nce(q, k, self.temperature) for q, k in zip(here, there, strict=True)]
        return torch.stack(terms).mean()

    def score(self, x: Tensor) -> Tensor:
        """The discriminator's scores of patches of augmented images."""
        return torch.as_tensor(
            self.discriminator(x if self.augment is None else self.augment(x, self.progress))
        )


def turned(x: Tensor, mirrored: Tensor) -> Tensor:
    """Images, or features of them, some mirrored left to right."""
    return torch.where(mirrored[:, None, None, None], x.flip(3), x)


class PatchHeads(nn.Module):
    """H, two linear layers for each of several features, from the channels at a location to a unit vector.

    Args:
        channels: of each of the features.
        size: of the vectors.
    """

    def __init__(self, channels: Sequence[int], size: int = 256) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(each, size), nn.ReLU(), nn.Linear(size, size)) for each in channels
        )
        initialise(self, lambda weight: nn.init.xavier_normal_(weight))

    def forward(self, features: list[Tensor], places: list[Tensor]) -> list[Tensor]:
        """For each of the features, ``(batch, channel, height, width)``, the vectors at its ``places``."""
        return [
            F.normalize(at_least_float32(head(at(feature, where))), dim=2)
            for head, feature, where in zip(self.heads, features, places, strict=True)
        ]


def at(
    feature: Float[Tensor, "batch channel height width"], where: Places
) -> Float[Tensor, "batch patch channel"]:
    """The channels at the given locations of every image."""
    rows = torch.arange(len(feature), device=feature.device)[:, None]
    return feature.flatten(2).transpose(1, 2)[rows, where]


def somewhere(feature: Float[Tensor, "batch channel height width"], patches: int) -> Places:
    """So many different locations of every image, or all where there are no more."""
    places = feature.shape[2] * feature.shape[3]
    return noise.uniform(len(feature), places).topk(min(patches, places), sorted=False).indices


def patch_nce(queries: Vectors, keys: Vectors, temperature: float) -> Float[Tensor, ""]:
    """PatchNCE: −log softmax(q · k / τ) at each query's own location, a mean (eq. 3).

    Chance is the logarithm of the number of patches.
    """
    with without_autocast(queries):
        likeness = queries @ keys.transpose(1, 2) / temperature
        own = torch.arange(queries.shape[1], device=queries.device).expand(len(queries), -1)
        return F.cross_entropy(likeness.flatten(0, 1), own.flatten())


def contrastive(
    training: Training,
    samples: Samples,
    *,
    width: int,
    lr: float,
    begin: float = 0.5,
    sides: tuple[int, ...] = (),
    **options: Any,
) -> Run:
    """A contrastive translation, of CUT or one of its variants.

    Args:
        training: the length of the run, and so on.
        samples: images, and the inputs to translate.
        lr: Adam's learning rate until it falls.
        begin: when it begins to fall to 0.
        sides: of what the discriminator sees, where that is not a whole image.
        **options: of ``Contrastive``.
    """
    inputs, shape = samples.require_inputs().shape, samples.shape
    generator = Translator(inputs, shape, width)
    game = Contrastive(
        generator,
        InputAdapter(shape, inputs),
        PatchHeads(generator.channels),
        PatchGAN((shape[0], *(sides or shape[1:])), None, width, norm=nn.InstanceNorm2d),
        History(training.batch, shape),
        **options,
    )
    optimizers = {
        "generator": adam(nn.ModuleList([game.generator, game.reader, game.heads]), lr, (0.5, 0.999)),
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
    }
    return training.run(game, samples, optimizers, rate=linear(1.0, 0.0, begin=begin))


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    content: float = 1.0,
    patches: int = 256,
    temperature: float = 0.07,
    lr: float = 2e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """CUT.

    Args:
        content: λ_X of PatchNCE between inputs and outputs. It is halved, and λ_Y the other half, where both
            kinds of images have one size and as many channels.
        patches: of an image, that are compared with each other.
        temperature: τ; lower ones weigh the most similar patches more.
    """
    samples = training.open(data, paired=False)
    identity = alike(samples.require_inputs(), samples.space)
    options: dict[str, Any] = dict(patches=patches, temperature=temperature)
    return contrastive(training, samples, width=width, lr=lr, content=content, identity=identity, **options)


small = dict(width=4, patches=16, steps=4, batch=4)
