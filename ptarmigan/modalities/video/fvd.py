"""The features of FVD, by a network that one has: Unterthiner et al. 2018, arXiv 1812.01717.

    network = torch.jit.load("i3d_torchscript.pt")
    ptarmigan.score("clips", "made.npy", features=fvd_features(network), metrics=["frechet"], n=2048)

This is the protocol of StyleGAN-V (Skorokhodov et al. 2022, arXiv 2112.14683), ``fvd2048_16f``: 2,048 clips
of 16 frames on either side, one window of each video at random, shorter videos left out, the 400 logits of an
I3D that was trained on Kinetics-400, which resizes clips to 224 pixels itself. A network in TorchScript is a
program, so it is not loaded here: load what you trust.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.metrics.features import Vectors

FEWEST = 10
"""Frames that an I3D takes."""
TOGETHER = 16
"""Clips that it sees at once."""


def fvd_features(network: Callable[..., Any]) -> Callable[[NDArray[Any]], Vectors]:
    """Raw clips to the logits of a network.

    Args:
        network: ``(x, rescale=True, resize=True, return_features=True) -> (n, 400)`` of clips ``(n, 3,
        frames,
            height, width)`` from 0 to 255, as the TorchScript file of StyleGAN-V has it.
    """

    def features(raw: NDArray[Any]) -> Vectors:
        """The logits ``(n, 400)`` of raw clips.

        Raises:
            ValueError: clips have fewer than 10 frames.
        """
        if raw.ndim != 5 or raw.shape[1] < FEWEST:
            raise ValueError(
                f"FVD is of clips of {FEWEST} frames or more, and these are of shape {raw.shape[1:]}"
            )
        colour = raw.repeat(3, 4) if raw.shape[4] == 1 else raw
        found = []
        with torch.inference_mode():
            for start in range(0, len(colour), TOGETHER):
                some = np.ascontiguousarray(colour[start : start + TOGETHER])
                x = torch.from_numpy(some).permute(0, 4, 1, 2, 3).float()
                found.append(network(x, rescale=True, resize=True, return_features=True).float().numpy())
        return np.concatenate(found)

    return features
