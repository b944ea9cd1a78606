"""Griffin and Lim 1984, "Signal estimation from modified short-time Fourier transform", with momentum.

A waveform is looked for whose spectrum has given magnitudes. In turn the spectrum is made that of a waveform,
and its magnitudes are made the given ones; the phases of the next iterate go on in the direction of the last
step (Perraudin, Balazs and Søndergaard 2013, "A fast Griffin-Lim algorithm").
"""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from ptarmigan.core.noise import key
from ptarmigan.modalities.sound.mel import overlapped, spectrum

MOMENTUM = 0.99


def griffin_lim(
    magnitudes: Float[Tensor, "batch bin frame"], window: int, hop: int, iterations: int
) -> Float[Tensor, "batch length"]:
    """Waveforms with these magnitudes; the first phases are random, and the same for all of them every time.

    Args:
        magnitudes: of frames that begin every ``hop`` samples, without padding.
        window: samples of a frame.
        hop: samples from one frame to the next.
        iterations: 0 leaves the first phases.
    """
    phases, before = start(*magnitudes.shape[1:]).to(magnitudes.device), torch.zeros(())
    for _ in range(iterations):
        made = spectrum(overlapped(magnitudes * phases, window, hop), window, hop)
        ahead = made + MOMENTUM * (made - before)
        phases, before = ahead / ahead.abs().clamp_min(1e-16), made
    return overlapped(magnitudes * phases, window, hop)


@cache
def start(bins: int, frames: int) -> Tensor:
    """Random phases ``(bins, frames)``, always the same."""
    generator = torch.Generator().manual_seed(key("griffin-lim", bins, frames))
    angles = 2 * torch.pi * torch.rand(bins, frames, generator=generator, dtype=torch.float32)
    return torch.polar(torch.ones_like(angles), angles)
