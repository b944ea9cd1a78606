"""Distances of sounds from those they should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import sawtooth

from ptarmigan.modalities.sound.measures import MEASURES, pitches, si_sdr
from ptarmigan.modalities.sound.stoi import stoi
from ptarmigan.modalities.sound.vowels import RATE, vowels


def buzz(hertz: float, n: int = 8_000, rate: int = RATE) -> np.ndarray:
    return (0.5 * sawtooth(2 * np.pi * hertz * np.arange(n) / rate)).astype(np.float32)


@pytest.mark.parametrize("hertz", [80, 123.4, 220, 350])
@pytest.mark.parametrize("rate", [8_000, 22_050])
def test_a_pitch_is_found_to_a_few_cents(hertz, rate):
    found = pitches(buzz(hertz, rate, rate)[None], rate)[0, :-4]
    assert (found > 0).mean() > 0.95
    assert np.abs(1200 * np.log2(found[found > 0] / hertz)).max() < 20


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).standard_normal((2, 8_000)).astype(np.float32)
    noise[1] = 0
    assert (pitches(noise, RATE) > 0).mean() < 0.02


def test_nothing_is_nearer_than_itself_and_errors_count_as_they_are():
    raw, _ = vowels(6, "example")
    noise = 0.05 * np.random.default_rng(0).standard_normal(raw.shape).astype(np.float32)
    for key, (_, _, lower, of) in MEASURES.items():
        compare = of(RATE)
        itself, noisy, worse = (compare(raw, other) for other in (raw, raw + noise, raw + 4 * noise))
        assert itself.shape == (6,), key
        sign = 1 if lower else -1
        known = ~np.isnan(itself)  # some clips are too short for some measures
        assert known.any(), key
        assert (sign * itself <= sign * noisy + 1e-9)[known].all(), key
        assert (sign * noisy)[known].mean() < (sign * worse)[known].mean(), key
        if lower:
            np.testing.assert_allclose(itself, 0, atol=1e-6, err_msg=key)


def test_silence_after_a_clip_counts_nothing():
    raw, _ = vowels(4, "example")
    hiss = raw + 1e-5 * np.random.default_rng(0).standard_normal(raw.shape).astype(np.float32)
    for key in ("stft", "mel", "mcd", "voicing"):
        assert MEASURES[key][3](RATE)(raw, hiss).max() < 0.2, key


def test_pitch_error_is_in_cents():
    a, b = buzz(200)[None], buzz(200 * 2 ** (50 / 1200))[None]
    assert MEASURES["pitch"][3](RATE)(a, b)[0] == pytest.approx(50, abs=5)


def test_si_sdr_does_not_depend_on_loudness():
    a = buzz(200)[None]
    noise = np.random.default_rng(0).standard_normal(a.shape).astype(np.float32)
    noise -= noise.mean()
    noise -= (noise * a).sum() / (a * a).sum() * a
    fake = a + noise * np.linalg.norm(a) / np.linalg.norm(noise) * 10 ** (-12 / 20)
    for scale in (1, 0.1):
        assert si_sdr(a, scale * fake)[0] == pytest.approx(12, abs=0.05)


@pytest.mark.parametrize(("rate", "length"), [(8_000, 12_288), (10_000, 9_001), (22_050, 24_576)])
def test_intelligibility_is_that_of_the_reference(rate, length):
    from pystoi import stoi as reference

    raw, _ = vowels(18, "example")
    clean = raw.reshape(3, -1)[:, :length]
    noise = np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
    processed = clean + noise * np.array([[0.02], [0.1], [0.5]], np.float32)
    expected = [reference(a, b, rate) for a, b in zip(clean, processed, strict=True)]
    np.testing.assert_allclose(stoi(clean, processed, rate), expected, atol=1e-6)


def test_what_is_too_short_or_silent_has_no_intelligibility():
    assert np.isnan(stoi(np.zeros((2, 9_000), np.float32), np.zeros((2, 9_000), np.float32), RATE)).all()
    assert np.isnan(stoi(buzz(200, 2_000)[None], buzz(200, 2_000)[None], RATE)).all()
