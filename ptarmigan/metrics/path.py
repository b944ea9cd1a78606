"""Perceptual path length: how smoothly samples change between two latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.process import full_float32
from ptarmigan.data.permutation import Indices
from ptarmigan.metrics.estimate import TIMES, Estimate, bootstrap

STEP = 1e-4
"""The length of a step, as a share of the path between the latents."""
PERCENTILES = (1, 99)
"""Distances outside of these percentiles are left out."""
CHUNK = 64
"""The batch size, fixed because the rounding of a matrix product depends on the number of its rows."""

Generate: TypeAlias = Callable[[Tensor, Tensor | None], Tensor]
"""Latents (n, latent) and classes (n,) or None to encoded samples; ``Game.sample`` is one."""


def flatten(x: Tensor) -> Tensor:
    """Encoded samples as rows, where there are no better features."""
    return x.flatten(1)


@torch.no_grad()
def path_length(
    generate: Generate,
    latent: int,
    *,
    n: int = 10_000,
    features: Callable[[Tensor], Tensor] = flatten,
    classes: Indices | None = None,
    at_ends: bool = False,
    seed: int = 0,
    device: torch.device = noise.CPU,
) -> Estimate:
    """The mean squared change of features for a small step on a great circle, per squared step.

    Karras, Laine and Aila 2019, "A style-based generator architecture for generative adversarial networks",
    arXiv 1812.04948, section 4.1, in z: two latents, a point between them, a step of 1e-4 of the path (with
    the same classes and the same noise inputs of the generator), and the mean of the changes between their
    1st and 99th percentile. The paper takes 100,000 steps and LPIPS; numbers in other features are not
    comparable, nor are those of data of another size. Smaller is smoother, and smallest in a mode collapse:
    never read it alone.

    It is computed on encoded samples, since a step is far below the 1/255 of a decoded pixel, and in float32,
    since half precision and TensorFloat-32 would round it away. Latents are drawn on the CPU, so that all
    devices have the same paths.

    Args:
        generate: the generator in evaluation mode, such as ``game.sample``, with weights in float32.
        latent: the size of its latents.
        n: steps.
        features: encoded samples to rows of numbers.
        classes: the class of every path, of shape (n,), where the generator is conditional.
        at_ends: every step begins at the first latent, not at a random point of the path.
        seed: the random seed of the paths.
        device: of the latents that ``generate`` takes.

    Raises:
        ValueError: ``n`` is not positive, latents have fewer than 2 numbers, classes do not fit, samples are
            not in float32 or float64, or a change is not finite.
    """
    if n < 1:
        raise ValueError(f"there is no mean of {n} steps: at least 1 is needed")
    if latent < 2:
        raise ValueError(f"latents of {latent} numbers lie on no great circle: at least 2 are needed")
    if classes is not None and len(classes) != n:
        raise ValueError(f"{len(classes)} classes do not fit {n} paths: each has one")

    @noise.isolated()
    def changes(chunk: int) -> NDArray[np.float64]:
        noise.at(seed, "path", chunk)
        a, b = noise.normal(CHUNK, latent).double(), noise.normal(CHUNK, latent).double()
        t = noise.uniform(CHUNK, 1).double() * (0 if at_ends else 1)
        c = None
        if classes is not None:
            c = torch.from_numpy(np.resize(classes[chunk * CHUNK : (chunk + 1) * CHUNK], CHUNK)).to(device)

        def features_at(place: Tensor) -> Tensor:
            # the generator's own noise is the same at both ends of a step
            noise.at(seed, "on the path", chunk, device=device)
            x = generate(slerp(a, b, place).float().to(device), c)
            return features(_check_precision(x)).double().flatten(1)

        return ((features_at(t + STEP) - features_at(t)) / STEP).square().sum(1).cpu().numpy()

    with full_float32(), torch.autocast(device.type, enabled=False):
        found = np.concatenate([changes(chunk) for chunk in range(-(-n // CHUNK))])[:n]
    wrong = int((~np.isfinite(found)).sum())
    if wrong:
        raise ValueError(f"{wrong} of {n} steps lead to samples or features that are not finite")
    return Estimate(_trimmed_mean(found), bootstrap(lambda i: _trimmed_mean(found[i]), n, TIMES, seed))


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation: the points at ``t`` (n, 1) on great circles from ``a`` to ``b`` (n, latent).

    Shoemake 1985, "Animating rotation with quaternion curves"; lengths are interpolated linearly.
    """
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=1).clamp(-1 + 1e-9, 1 - 1e-9)
    angle = torch.acos(cosine).unsqueeze(1)
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def _check_precision(x: Tensor) -> Tensor:
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"a path length needs samples in float32: in {x.dtype} a step is lost in rounding")
    return x


def _trimmed_mean(changes: NDArray[np.float64]) -> float:
    low = np.percentile(changes, PERCENTILES[0], method="lower")
    high = np.percentile(changes, PERCENTILES[1], method="higher")
    return float(changes[(low <= changes) & (changes <= high)].mean())
