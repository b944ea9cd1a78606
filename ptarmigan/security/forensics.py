"""Telling generated images from real ones, with a stated error.

Two detectors: logistic regression of azimuthal spectra (Durall et al. 2019, arXiv 1911.00686), and a small
network trained with blur and JPEG (Wang et al. 2020, arXiv 1912.11035). A published detector of the latter
kind has an average precision of 98 % and an accuracy of 68 % on StyleGAN2, at its threshold of one half: here
the threshold is that of held-out real images. Sizes are made equal, and both sides saved as JPEG of one
quality, since formats alone tell (arXiv 2403.17608).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.media.progress import status
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.two_sample import logistic
from ptarmigan.modalities.registry import modality
from ptarmigan.security.approximations import blur, jpeg
from ptarmigan.security.changes import changed
from ptarmigan.security.changes import jpeg as saved
from ptarmigan.security.rates import Scores, auroc, threshold
from ptarmigan.security.spectrum import profile

QUALITY, AGAIN = 90, 75
"""Of the JPEG that both sides are saved as, and of the one that real images of the control were before."""
FALSE = 0.05
"""Real images that are called generated."""
FEWEST = 40
BATCH = 32
LR = 1e-3

Raw = NDArray[Any]
Score = Callable[[Raw], Scores]
"""8-bit images to numbers that are higher for generated ones."""


@dataclass(frozen=True)
class Found:
    """How well a detector tells.

    Attributes:
        name: of the detector.
        auroc: the probability that a generated image scores higher than a real one.
        precision: the average precision.
        accuracy: the mean of the shares of real and of generated images that are told right, at the threshold
            above which ``FALSE`` of other real images are.
        false: the share of real images that are called generated at it.
        control: ``auroc`` of real images that were saved once more against real ones: one half, or the
            detector tells how files were saved.
    """

    name: str
    auroc: Estimate
    precision: float
    accuracy: float
    false: float
    control: Estimate

    @property
    def tells_codecs(self) -> bool:
        """Whether the control is not at chance."""
        return abs(self.control.value - 0.5) > 3 * max(self.control.error, 0.01)


@dataclass(frozen=True)
class Detection:
    """Two sets of images, and detectors.

    Attributes:
        real: how many there are.
        fake: how many there are.
        words: what one is.
        found: of each detector.
        spectra: the mean profiles of real and of generated images.
        falls_off: how much less power generated images have in the upper third of frequencies, in decibels.
    """

    real: int
    fake: int
    words: str
    found: tuple[Found, ...]
    spectra: tuple[Scores, Scores]
    falls_off: float

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        found = asdict(self)
        found["spectra"] = [spectrum.tolist() for spectrum in self.spectra]
        return found


def detect_generated(
    real: Any,
    fake: Any,
    *,
    size: str = "",
    n: int = 4_000,
    steps: int = 400,
    seed: int = 0,
    quiet: bool = True,
) -> Detection:
    """Learn to tell generated images from real ones, and measure it on others.

    Half of each are learnt from; a quarter of the real ones sets the threshold.

    Args:
        real: images, as training takes them.
        fake: the same.
        size: HxW, where sizes differ.
        n: images of each, at most.
        steps: of the network.
        seed: the random seed.
        quiet: show no progress.

    Raises:
        ValueError: images are too few, of other sizes, or none at all.
        FileNotFoundError: there is nothing of a name.
    """
    opened = [modality("image").options(data=data, size=size).open(batch=1) for data in (real, fake)]
    space = opened[0].space
    if reason := space.same_form(opened[1].space):
        raise ValueError(f"{reason}: --size makes sizes equal")
    if space.shape[0] not in (1, 3):
        raise ValueError(f"{space.words}: detectors are for images without alpha")
    raw = [taken(samples, n, seed) for samples in opened]
    both = [changed(some, saved(QUALITY)) for some in raw]
    (train, calibrate, test), (known, new) = (cut(both[0], (0.5, 0.75)), cut(both[1], (0.5,)))
    again = changed(changed(cut(raw[0], (0.5, 0.75))[2], saved(AGAIN)), saved(QUALITY))

    def encode(some: Raw) -> Tensor:
        return space.encode(some).float()

    with status(shown=not quiet) as notify:
        detectors = {
            "spectrum": by_spectrum(train, known, encode),
            "network": by_network(encode(train), encode(known), steps, seed, notify, encode),
        }
        found = tuple(
            judged(name, [score(some) for some in (calibrate, test, new, again)])
            for name, score in detectors.items()
        )
    spectra = tuple(profile(encode(some)).mean(0).double().numpy() for some in both)
    upper = len(spectra[0]) * 2 // 3
    less = float((spectra[0] - spectra[1])[upper:].mean() * 10 / np.log(10))
    return Detection(len(raw[0]), len(raw[1]), space.words, found, (spectra[0], spectra[1]), less)


def taken(samples: Samples, n: int, seed: int) -> Raw:
    """Some images of a source.

    Raises:
        ValueError: they are too few.
    """
    several = len(samples.source)
    if several < FEWEST:
        raise ValueError(f"detectors learn from {FEWEST} images of each side at least, not from {several}")
    return samples.source.read(permute(np.arange(min(n, several)), several, seed, "forensics"))


def cut(raw: Raw, shares: tuple[float, ...]) -> list[Raw]:
    """Images cut at shares of their number."""
    return np.split(raw, [int(share * len(raw)) for share in shares])


def by_spectrum(real: Raw, fake: Raw, encode: Callable[[Raw], Tensor]) -> Score:
    """Logistic regression of profiles."""
    model = logistic()

    def features(raw: Raw) -> Scores:
        return profile(encode(raw)).double().numpy()

    labels = np.repeat([0, 1], [len(real), len(fake)])
    model.fit(features(np.concatenate([real, fake])), labels)
    return lambda raw: np.asarray(model.decision_function(features(raw)), np.float64)


class Network(nn.Module):
    """Images to a score; it sees what is left of them without their blurred copy."""

    def __init__(self, channels: int, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, stride in enumerate((1, 2, 2)):
            layers += [
                nn.Conv2d(2 * channels if i == 0 else width, width, 3, stride, 1),
                nn.GroupNorm(4, width),
            ]
            layers += [nn.LeakyReLU(0.2)]
        self.maps = nn.Sequential(*layers)
        self.score = nn.Linear(2 * width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores ``(n,)`` of images."""
        rest = x - F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
        maps = self.maps(torch.cat([x, 4 * rest], 1)).flatten(2)
        return torch.as_tensor(self.score(torch.cat([maps.mean(2), maps.amax(2)], 1))[:, 0])


def by_network(
    real: Tensor,
    fake: Tensor,
    steps: int,
    seed: int,
    tell: Callable[[str], None],
    encode: Callable[[Raw], Tensor],
) -> Score:
    """A network, each batch of which is blurred and saved as JPEG with probabilities of one half."""
    rng = np.random.default_rng(noise.key(seed, "forensics"))
    with noise.isolated():
        noise.at(seed, "forensics", "weights")
        network = Network(real.shape[1])
    optimizer = torch.optim.Adam(network.parameters(), LR)
    labels = torch.cat([torch.zeros(BATCH), torch.ones(BATCH)])
    for step in range(steps):
        x = torch.cat([some[rng.integers(len(some), size=BATCH)] for some in (real, fake)])
        for change in (blur, jpeg):
            x = change(x, rng) if rng.random() < 0.5 else x
        x = x.flip(3) if rng.random() < 0.5 else x
        loss = F.binary_cross_entropy_with_logits(network(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            tell(f"learning to tell: {step:,} of {steps:,} steps, loss {loss.item():.3f}")
    network.eval().requires_grad_(False)
    return lambda raw: torch.cat([network(x) for x in encode(raw).split(256)]).double().numpy()


def judged(name: str, scores: list[Scores]) -> Found:
    """How well scores tell.

    Args:
        name: of the detector.
        scores: of real images that set the threshold, of others, of generated ones, and of the others saved
            once more.
    """
    from sklearn.metrics import average_precision_score

    calibrate, real, fake, again = scores
    limit = threshold(calibrate, FALSE)
    truth = np.repeat([0, 1], [len(real), len(fake)])
    false, right = float((real > limit).mean()), float((fake > limit).mean())
    return Found(
        name,
        auroc(fake, real),
        float(average_precision_score(truth, np.concatenate([real, fake]))),
        (right + 1 - false) / 2,
        false,
        auroc(again, real),
    )
