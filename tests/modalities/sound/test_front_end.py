"""Mel bands, log-mel frames, spectra and their inverse."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ptarmigan.data.source import ArraySource
from ptarmigan.modalities.sound.audible import audible_mel
from ptarmigan.modalities.sound.griffin_lim import griffin_lim
from ptarmigan.modalities.sound.mel import FrontEnd, bands, hertz_of, magnitude, mel_of, overlapped, spectrum
from ptarmigan.modalities.sound.space import SoundSpace, lengths_of
from ptarmigan.modalities.sound.spectrogram import SpectrogramSpace
from ptarmigan.modalities.sound.vowels import RATE, vowels

BY_LIBROSA = [
    ((22_050, 1_024, 80, 0.0, 8_000.0), 3.7136882015278, 0.0400498014934368, (2, 80, 358)),
    ((8_000, 256, 40, 0.0, 0.0), 1.2792624321036694, 0.010959207391632121, (2, 39, 121)),
    ((16_000, 512, 80, 55.0, 7_600.0), 2.5611722963794934, 0.02876094792275413, (3, 55, 234)),
]
"""Arguments, and of librosa 0.11.0's ``filters.mel`` (float64) the sum, the sum of squares, and the highest
bins of the first, the middle and the last band."""


@pytest.mark.parametrize(("arguments", "total", "squares", "highest"), BY_LIBROSA)
def test_mel_bands_are_those_of_librosa(arguments, total, squares, highest):
    found = bands(*arguments)
    assert found.sum() == pytest.approx(total, rel=1e-12)
    assert np.square(found).sum() == pytest.approx(squares, rel=1e-12)
    middle = len(found) // 2
    assert tuple(int(found[k].argmax()) for k in (0, middle, -1)) == highest


def test_mels_are_slaneys():
    frequencies = np.array([0.0, 85.317, 938.49, 1024.856, 11025.0])  # of librosa's mel_frequencies(40)
    np.testing.assert_allclose(hertz_of(mel_of(frequencies)), frequencies, rtol=1e-12)
    ends = np.linspace(*mel_of(np.array([0.0, 11025.0])), 40)
    np.testing.assert_allclose(hertz_of(ends)[[0, 1, 11, 12, 39]], frequencies, atol=1e-3)


def test_a_front_end_has_a_frame_for_every_hop_and_hears_a_tone_where_it_is():
    tone = torch.sin(2 * torch.pi * 1_000 * torch.arange(8_192) / 16_000)[None]
    front = FrontEnd(16_000, 512, 128, 40)
    mel = front(tone)
    assert mel.shape == (1, 40, front.frames(8_192)) == (1, 40, 64)
    centres = hertz_of(np.linspace(*mel_of(np.array([0.0, 8_000.0])), 42))[1:-1]
    assert abs(centres[int(mel[0].mean(1).argmax())] - 1_000) < 60
    silent = front(torch.zeros(1, 8_192, requires_grad=True))
    silent.sum().backward()
    assert torch.isfinite(silent).all()


def test_a_waveform_comes_back_from_its_spectrum():
    wave = torch.from_numpy(vowels(5, "example")[0])
    frames = spectrum(wave, 256, 64)
    again = overlapped(frames, 256, 64)
    torch.testing.assert_close(again[:, 192:-192], wave[:, 192 : again.shape[1] - 192], atol=1e-5, rtol=0)


def test_griffin_lim_nears_the_magnitudes_and_does_the_same_every_time():
    wave = torch.from_numpy(vowels(5, "example")[0])
    wanted = magnitude(wave, 256, 64)

    def miss(iterations: int) -> float:
        made = magnitude(griffin_lim(wanted, 256, 64, iterations), 256, 64)
        return float((made - wanted).norm() / wanted.norm())

    assert miss(32) < 0.4 * miss(0)
    both, alone = griffin_lim(wanted, 256, 64, 8), griffin_lim(wanted[3:4], 256, 64, 8)
    torch.testing.assert_close(both[3:4], alone, atol=1e-4, rtol=0)
    assert torch.equal(both, griffin_lim(wanted, 256, 64, 8))


def test_a_spectrogram_is_heard_again_as_it_was():
    raw, _ = vowels(15, "example")
    waves = SoundSpace(RATE, raw.shape[1])
    space = SpectrogramSpace.of(ArraySource(raw), waves, 256, 128, 60)
    x = space.encode(raw)
    assert x.shape[1:] == space.shape == (1, 128, 32)
    assert float(x.abs().max()) <= 1
    again = space.decode(x)
    assert again.shape == raw.shape
    heard, before = (audible_mel(torch.from_numpy(wave), RATE, 40) for wave in (again, raw))
    assert float((heard - before).abs().mean()) < 0.05
    first = np.abs(again[:, :64]).max() - np.abs(raw[:, :64]).max()
    assert first < 0.1, "a click at the beginning"
    assert np.abs(space.embed(x) - waves.embed(waves.encode(raw))).mean() < 0.05


def test_what_nobody_hears_is_silence():
    raw = torch.from_numpy(vowels(5, "example")[0])
    hiss = 1e-4 * torch.randn(raw.shape, generator=torch.Generator().manual_seed(0))
    apart = (audible_mel(raw + hiss, RATE, 40) - audible_mel(raw, RATE, 40)).abs().mean()
    louder = (audible_mel(raw / 7, RATE, 40) - audible_mel(raw, RATE, 40)).abs().max()
    assert apart < 0.01
    assert louder < 1e-3


def test_a_clip_ends_with_its_last_sample_that_is_not_zero():
    raw = np.zeros((3, 9), np.float32)
    raw[0, 3], raw[1, 8] = 0.1, -0.1
    assert lengths_of(raw).tolist() == [4, 9, 0]
